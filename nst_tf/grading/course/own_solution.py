"""Notices where a submission asks for the package's own solution, or has a copy of it or of the teacher's.

While a submission is graded, only what the notebook's own cells and the worker load is there (see
``worker.py``). A teacher judges what it means.
"""

import ast
import contextlib
import inspect
import re
from collections.abc import Iterator

import nst_tf
from nst_tf.grading.exercises.registry import EXERCISES, exercise

_TELLING = 4  # statements; shorter solutions are alike by themselves
_HOMES = ("costs", "transfer", "probes")
_OF_KERAS = {"preprocess": "preprocess_input"}  # what Keras has for the whole of an exercise


def borrowed(name: str, cell: str, teachers: str = "") -> Iterator[str]:
    """What a solution's cell takes from nst_tf or from the teacher, in words; nothing if it takes nothing.

    Args:
        name: of the exercise.
        cell: the student's.
        teachers: the cell with the teacher's solution.
    """
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.parse(cell)
        yield from _borrowed(name, tree)
        if _is_copy(_function(name, tree), _function(name, ast.parse(teachers)), _TELLING):
            yield "the same as the course's solution, word for word"


def _borrowed(name: str, tree: ast.Module) -> Iterator[str]:
    names = {name, "stylize", *_HOMES, *(EXERCISES.keys() & exercise(name).helpers.keys())}
    roots = set(_names_of_the_package(tree))
    if any(_asks_for(node, names, roots) for node in ast.walk(tree)):
        yield "uses nst_tf's solution"
    of_keras = _OF_KERAS.get(name)
    if any(of_keras in _names_in(node) for node in ast.walk(tree)):
        yield f"uses Keras' {of_keras}"
    ours = getattr(nst_tf, name, None)
    if ours is None:
        return
    original = ast.parse(inspect.getsource(getattr(ours, "python_function", ours)))
    if _is_copy(_function(name, tree), _function(name, original), 2):
        yield "uses nst_tf's solution (a copy of it)"


def _function(name: str, tree: ast.Module) -> ast.FunctionDef | None:
    return next(
        (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name), None
    )


def _is_copy(function: ast.FunctionDef | None, original: ast.FunctionDef | None, least: int) -> bool:
    """Whether two functions say the same, in that many statements at least."""
    if function is None or original is None:
        return False
    size = sum(isinstance(node, ast.stmt) for each in _body(original) for node in ast.walk(each))
    return size >= least and _bare(function) == _bare(original)


def _names_of_the_package(tree: ast.AST) -> Iterator[str]:
    """What the package, or a module of it, is called in the cell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases = [alias for alias in node.names if _is_ours(alias.name)]
            yield from (alias.asname or alias.name.split(".")[0] for alias in aliases)
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            yield from (alias.asname or alias.name for alias in node.names)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "nst_tf"


def _names_in(node: ast.AST) -> list[str]:
    """What a node takes from a module."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [node.name] if isinstance(node, ast.alias) else []


def _asks_for(node: ast.AST, names: set[str], roots: set[str]) -> bool:
    if isinstance(node, ast.ImportFrom):
        return _is_ours(node.module or "") and (
            (node.module or "").split(".")[1:2] in [[home] for home in _HOMES]
            or any(alias.name in names for alias in node.names)
        )
    if isinstance(node, ast.Import):
        return any(re.fullmatch(rf"nst_tf\.({'|'.join(_HOMES)})\b.*", alias.name) for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr in names and _root(node) in roots


def _root(node: ast.expr) -> str | None:
    """``a`` of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _bare(function: ast.FunctionDef) -> list[str]:
    """A function's statements without its docstring, comments and annotations."""
    return [ast.dump(statement) for statement in _body(function)]


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function) else function.body
