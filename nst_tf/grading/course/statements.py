"""A cell's top-level statements: what each reads, binds and may run, and how it is changed.

Nothing is run here. A cell is any text at all: what Python can't parse has no statements.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from nst_tf.grading.course.scopes import Definition, Names, bound_by

_Import = ast.Import | ast.ImportFrom
Block = ast.If | ast.Try | ast.TryStar | ast.With
_TYPE_ALIAS: tuple[type, ...] = (ast.TypeAlias,) if hasattr(ast, "TypeAlias") else ()  # from Python 3.12 on


@dataclass(frozen=True)
class Edit:
    """Bytes to replace: always, or where ``name`` is not to be bound."""

    start: int
    end: int
    replacement: str
    name: str | None = None


@dataclass(frozen=True)
class Statement:
    """A top-level statement.

    Attributes:
        text: of the statement.
        start: its place in its cell, in bytes.
        end: of that place.
        is_kept: whether it may be taken.
        is_star: whether it binds names that can't be known.
        defines: the names that it would define for a reader.
        binds: all names that it binds or changes.
        now: the names that are looked up when it runs.
        later: the names that are looked up when a function in it is called.
        runs: whether it may call functions.
        edits: what to change in its text.
    """

    text: str
    start: int
    end: int
    is_kept: bool
    is_star: bool
    defines: frozenset[str]
    binds: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    runs: bool
    edits: tuple[Edit, ...]


def plain(cell: str) -> str:
    """A cell whose lines and columns are as the parser counts them."""
    return cell.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def parsed(cell: str) -> ast.Module | None:
    """A cell's tree; None if Python can't parse it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(cell)
    except Exception:  # RecursionError and MemoryError among others
        return None


@lru_cache(maxsize=20_000)
def statements(cell: str, is_whole: bool = False) -> tuple[Statement, ...] | None:
    """A cell's top-level statements; None if it can't be parsed.

    Args:
        cell: the text.
        is_whole: keep every statement, as the cell itself is run.
    """
    cell = plain(cell)
    tree = parsed(cell)
    if tree is None:
        return None
    positions = _Positions(cell)
    return tuple(_described(statement, positions, is_whole) for statement in tree.body)


def _described(statement: ast.stmt, positions: "_Positions", is_whole: bool) -> Statement:
    inner = list(_inner(statement))
    dropped = set() if is_whole else {each for each in inner if not _is_taken(each)}
    names = Names()
    names.read(statement, dropped)  # which is nothing, if all of it is dropped
    start, end = positions.of(statement)
    edits = [
        *(Edit(*positions.of(each), "pass") for each in dropped - {statement}),
        *(_without_name(name, node, positions) for name, node in names.bindings),
    ]
    return Statement(
        text=positions.text(start, end),
        start=start,
        end=end,
        is_kept=is_whole or statement not in dropped,
        is_star=names.is_star,
        defines=frozenset(name for each in inner for name in _defines(each)),
        binds=frozenset(names.module.binds),
        now=frozenset(names.now | (names.module.binds if _is_addition(statement, names) else set())),
        later=frozenset(names.later),
        runs=names.runs,
        edits=tuple(Edit(e.start - start, e.end - start, e.replacement, e.name) for e in edits),
    )


def _inner(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement, and those inside of it that are at the top level too."""
    todo = [statement]
    while todo:
        each = todo.pop()
        yield each
        if isinstance(each, Block):
            handlers = getattr(each, "handlers", [])
            bodies = [each.body, *(handler.body for handler in handlers)]
            todo.extend(inner for body in bodies for inner in body)
            todo.extend([*getattr(each, "orelse", []), *getattr(each, "finalbody", [])])


def _is_taken(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    kinds = (Definition | _Import | Block | ast.Assign | ast.AugAssign, *_TYPE_ALIAS)
    return isinstance(statement, kinds)


def _is_addition(statement: ast.stmt, names: "Names") -> bool:
    """Whether what it binds may still mean what was bound before."""
    return isinstance(statement, Block | ast.Import | ast.AugAssign) or names.changes


def _defines(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Definition):
        yield statement.name
    elif isinstance(statement, _Import):
        yield from (bound_by(alias) for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        nodes = (node for target in statement.targets for node in ast.walk(target))
        yield from (
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _without_name(name: str, node: ast.AST, positions: "_Positions") -> Edit:
    """How a statement is changed that must not bind a name."""
    start, end = positions.of(node)
    if isinstance(node, ast.Name):
        return Edit(start, end, "_", name)
    if isinstance(node, ast.alias):
        return Edit(start, end, f"{node.name} as _", name)
    return Edit(start, end, "pass", name)


def edited(text: bytes, edits: Iterable[Edit]) -> str:
    """A text after some edits, of which the outer ones count."""
    parts, place = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= place:
            parts += [text[place : edit.start], edit.replacement.encode()]
            place = edit.end
    return b"".join([*parts, text[place:]]).decode("utf8", "replace")


class _Positions:
    """Where the parts of a cell are, in bytes, as the parser counts."""

    def __init__(self, cell: str) -> None:
        self._bytes = cell.encode()
        self._lines = [0, *(found.end() for found in re.finditer(rb"\n", self._bytes))]

    def of(self, node: ast.AST) -> tuple[int, int]:
        """Its start and end."""
        decorators = getattr(node, "decorator_list", [])
        line = min([node.lineno, *(each.lineno for each in decorators)])  # type: ignore[attr-defined]
        start = self._lines[line - 1] + node.col_offset  # type: ignore[attr-defined]
        return start, self._lines[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def text(self, start: int, end: int) -> str:
        """What is there."""
        return self._bytes[start:end].decode("utf8", "replace")
