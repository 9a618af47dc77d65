"""Changes every constant, operator and axis of the right functions, one at a time:
is each mutant graded as wrong?

    python -m benchmarks.mutants

The right functions are the assignment's solutions and the steps of ``nst_tf/grading/exercises/``. A mutant
that is graded as right is listed; it should be one that computes the same for every input (see
``EQUIVALENT``).
"""

import ast
import contextlib
import copy
import importlib.util
import inspect
import io
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from nst_tf import costs
from nst_tf.grading import diagnose
from nst_tf.grading.course.assignment import grade_id
from nst_tf.grading.exercises.registry import EXERCISES, exercise
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.images import clip_0_1

SOURCE = Path(__file__).parent.parent / "notebooks/course/source/style_transfer/style_transfer.ipynb"
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
CALLS = {
    "reduce_sum": ("reduce_mean", "reduce_max", "reduce_prod"),
    "square": ("abs", "sqrt", "identity", "negative"),
    "transpose": ("identity",),
    "matrix_transpose": ("identity",),
    "matmul": ("multiply",),
    "add_n": ("stack",),
}

# Mutants that compute the same for every input: a pattern of what is different, and why.
EQUIVALENT = {
    r"swap the operands of (Mult|Add)$": "a product or a sum of numbers does not depend on their order",
    r"swap the operands of Sub$": "the difference is squared, so its sign is lost",
    r"\((_, )?n_H, n_W(, n_C)?\): swap [01] and [12]$": "n_H and n_W only come in as their product",
    r"\(_, n_C, n_H, n_W\): swap 2 and 3$": "n_H and n_W only come in as their product",
    r"compute_content_cost: .*\(_, n_H, n_W, n_C\): swap 2 and 3$": (
        "here n_C, too, only comes in by the product"
    ),
    r"n_H, n_W(, n_C)?\): swap arguments$": "n_H and n_W only come in as their product",
    r"\(weight, a_S, a_G\): swap 1 and 2$": "the cost of S and G is that of G and S",
    r"[(\[]\w*([aAGJ]_|content|style|C|S)\w*(\[.*\])?, .*(swap arguments|swap 0 and 1)$": (
        "the cost of S and G is that of G and S"
    ),
    r"as_outputs\(content_output\), .*swap arguments$": "the cost of C and G is that of G and C",
    r"self\.(together|content|style|factor|weighted|divisor)\(.*swap arguments$": (
        "a sum, products, and steps that leave their first argument as it is"
    ),
    r"\[:-1\]: no end$": "the λ are one fewer than the outputs, and the shorter list ends the loop",
    r"\.py, .*(True → False|False → True)$": (
        "no part of the formula: a dataclass that can't be changed, a zip that is strict"
    ),
}


def mutants(tree):
    """Every tree that differs from this one in one place, and what is different in words."""
    for place, node in enumerate(ast.walk(tree)):
        for what, change in changes(node):
            mutant = copy.deepcopy(tree)
            change(next(each for number, each in enumerate(ast.walk(mutant)) if number == place))
            yield f"line {getattr(node, 'lineno', '?')}: {what}", ast.fix_missing_locations(mutant)


def changes(node):
    """(in words, what changes the node in place) for each change of a node."""
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        for value in {node.value + 1, node.value - 1, 2 * node.value, -node.value} - {node.value}:
            yield f"{node.value} → {value}", lambda other, value=value: setattr(other, "value", value)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} → {not node.value}", lambda other: setattr(other, "value", not other.value)
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for operator in OPERATORS:
            if not isinstance(node.op, operator):
                words = f"{ast.unparse(node)}: {type(node.op).__name__} → {operator.__name__}"
                yield words, lambda other, operator=operator: setattr(other, "op", operator())
    if isinstance(node, ast.BinOp):
        yield f"{ast.unparse(node)}: swap the operands of {type(node.op).__name__}", swap_operands
    if isinstance(node, ast.UnaryOp):
        yield f"{ast.unparse(node)}: drop the sign", lambda other: setattr(other, "op", ast.UAdd())
    if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1:
        for place in range(len(node.elts) - 1):
            yield (
                f"{ast.unparse(node)}: swap {place} and {place + 1}",
                lambda other, i=place: swap(other.elts, i),
            )
    if isinstance(node, ast.Call):
        for place in range(len(node.args) - 1):
            yield f"{ast.unparse(node)}: swap arguments", lambda other, i=place: swap(other.args, i)
    if isinstance(node, ast.Attribute):
        for name in CALLS.get(node.attr, ()):
            yield f"tf.{node.attr} → tf.{name}", lambda other, name=name: setattr(other, "attr", name)
    if isinstance(node, ast.Slice) and node.upper is not None:
        yield f"[{ast.unparse(node)}]: no end", lambda other: setattr(other, "upper", None)
    if isinstance(node, ast.Slice) and node.lower is not None:
        yield f"[{ast.unparse(node)}]: no start", lambda other: setattr(other, "lower", None)


def swap_operands(node):
    node.left, node.right = node.right, node.left


def swap(values, place):
    values[place], values[place + 1] = values[place + 1], values[place]


def solutions():
    """(name, source) of the assignment's solutions."""
    for cell in nbformat.read(SOURCE, as_version=4).cells:
        if grade_id(cell) in EXERCISES:
            yield grade_id(cell), cell.source


def mutated_solutions(folder):
    """(name, what is different, the function or None where it can't be made)
    for every mutant of a solution.
    """
    for name, source in solutions():
        for what, tree in mutants(ast.parse(source)):
            code = ast.unparse(tree)
            names = {each: getattr(costs, each) for each in costs.__all__}
            names |= {
                "tf": tf,
                "np": np,
                "clip_0_1": clip_0_1,
                "alpha": tf.constant(10.0),
                "beta": tf.constant(0.05),
            }
            with contextlib.suppress(Exception):
                exec(compile(code, written(folder, code), "exec"), names)
                yield name, what, names[name]


def mutated_references(folder):
    """The same for every mutant of a step of the references."""
    for name, exercised in ((name, exercise(name)) for name in EXERCISES):
        if not isinstance(exercised, ValueExercise):
            continue
        right = type(exercised.right)
        tree = ast.parse(Path(inspect.getsourcefile(right)).read_text(encoding="utf8"))
        place = next(
            place for place, node in enumerate(tree.body) if getattr(node, "name", "") == right.__name__
        )
        for what, mutant in mutants(tree.body[place]):
            tree.body[place] = mutant
            module = loaded(written(folder, ast.unparse(tree)))
            if module is not None:
                yield name, f"{EXERCISES[name]}.py, {what}", getattr(module, right.__name__)()


def loaded(file):
    """The module in a file, or None where it can't be loaded."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    sys.modules[file.stem] = module = importlib.util.module_from_spec(spec)
    with contextlib.suppress(Exception):
        spec.loader.exec_module(module)
        return module


def written(folder, code):
    """The code in a file of its own, where tf.function finds it."""
    file = Path(folder) / f"mutant_{len(list(Path(folder).iterdir()))}.py"
    file.write_text(code, encoding="utf8")
    return file


def reason(name, change):
    """Why a mutant computes the same, if it is known to."""
    return next((why for pattern, why in EQUIVALENT.items() if re.search(pattern, f"{name}: {change}")), None)


def survivors(made):
    """How many mutants there are, and those that are graded as right: (name, what is different)."""
    count, left = 0, []
    for name, what, function in tqdm(made, unit=" mutants", leave=False):
        count += 1
        with contextlib.redirect_stdout(io.StringIO()):
            if diagnose(name, function).passed:
                left.append((name, what))
    return count, left


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for what, made in (
            ("solutions", mutated_solutions(folder)),
            ("references", mutated_references(folder)),
        ):
            count, left = survivors(made)
            print(f"{count} mutants of the {what}, {count - len(left)} graded as wrong; the others:")
            for name, change in left:
                print(f"  {name}: {change} ({reason(name, change) or 'WRONG, AND GRADED AS RIGHT'})")
