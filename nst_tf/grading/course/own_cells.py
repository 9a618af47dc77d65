"""What an exercise needs of a student's own cells: their statements, chosen by what they read and bind.

Nothing is run here. A cell is any text at all: what Python can't parse has no statements.
"""

import ast
import re
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest

_ROUNDS = 20  # of looking for what runs; a notebook that isn't made to be odd takes three

# ------------------------------------------------------------------------------- IPython's commands

_RUN_THE_REST = {"time", "timeit", "capture"}  # cell magics whose cell is Python
_COMMAND = re.compile(r"[ \t]*+[%!?](?:[^\\\n]|\\.)*+", re.DOTALL)  # with a backslash, it goes on
_PIECE = re.compile(
    r"""
    (?:'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z) | '(?:[^'\\\n]|\\.)*+'?)
    | (?:\"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\"|\Z) | "(?:[^"\\\n]|\\.)*+"?)
    | \#[^\n]*+
    | \\.
    | (?P<end>\n)
    | (?P<opening>[(\[{])
    | (?P<closing>[)\]}])
    | (?P<taken>=[ \t]*+[%!](?:[^\\\n]|\\.)*+)
    | (?P<help>\?++[ \t]*+(?=\n|\Z))
    | [^'"\#\\\n()\[\]{}=?]++
    | .
    """,
    re.DOTALL | re.VERBOSE,
)


def without_magics(cell: str) -> str:
    """A cell as plain Python, with every line in its place.

    ``%magic``, ``!command`` and ``help?`` do nothing, ``x = !command`` is None, and a cell for another
    language is empty. A cell that is Python already stays as it is.
    """
    if _parsed(cell) is not None:
        return cell
    return _without_commands(_without_cell_magics(_as_pasted(cell)))


def _as_pasted(cell: str) -> str:
    """A cell without what IPython takes off each line: an indentation that all share, and ``>>>``."""
    cell = cell.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = re.search(r"^([ \t]*+)(>>>)?(?=[^\n])", cell, re.MULTILINE)
    if first and first[1]:
        cell = "\n".join(line.removeprefix(first[1]) for line in cell.split("\n"))
    return re.sub(r"^(>>>|\.\.\.)( |$)", "", cell, flags=re.MULTILINE) if first and first[2] else cell


def _without_cell_magics(cell: str) -> str:
    lines = cell.split("\n")
    for place, line in enumerate(lines):
        magic = re.match(r"%%(\w*)", line)
        if magic and magic[1] not in _RUN_THE_REST:
            return ""
        if line.strip() and not magic:
            break
        lines[place] = ""
    return "\n".join(lines)


def _without_commands(cell: str) -> str:
    """A cell without the lines that Python knows nothing of, where a statement may begin."""
    parts: list[str] = []
    place, depth, statement = 0, 0, 0  # the last is the number of parts before the statement
    while place < len(cell):
        command = _COMMAND.match(cell, place) if statement == len(parts) else None
        if command:
            parts.append(_as_pass(command[0]))
            place = command.end()
            continue
        found = _PIECE.match(cell, place)
        assert found is not None  # its last branch takes anything
        place = found.end()
        if found["taken"] and not depth:
            parts.append("= None" + "\n" * found[0].count("\n"))
        elif found["help"] and not depth:
            parts[statement:] = [_as_pass("".join(parts[statement:]))]
        else:
            parts.append(found[0])
        depth = max(0, depth + bool(found["opening"]) - bool(found["closing"]))
        if found["end"] and not depth:
            statement = len(parts)
    return "".join(parts)


def _as_pass(statement: str) -> str:
    indentation = statement[: len(statement) - len(statement.lstrip(" \t"))]
    return f"{indentation}pass" + "\n" * statement.count("\n")


# ------------------------------------------------------------------------------------- definitions


def last_definition(name: str, cells: Sequence[str]) -> int | None:
    """The place of the last cell that defines a name, among those that Python can parse.

    If none of these does, the last that looks like it; its error is worth seeing.
    """
    looks_like_it = None
    for place in reversed(range(len(cells))):
        if name not in cells[place]:
            continue
        statements = _statements(cells[place])
        if statements is None:
            if looks_like_it is None and looks_like_a_definition(name, cells[place]):
                looks_like_it = place
        elif any(name in statement.defines for statement in statements):
            return place
    return looks_like_it


def looks_like_a_definition(name: str, cell: str) -> bool:
    """Whether a line of a cell that can't be parsed would define a name."""
    beginnings = rf"(async +)?def +{name}\b|class +{name}\b|{name}[ \t]*(:[^=\n]+)?=(?!=)"
    imports = rf"(from|import)\b[^\n#]*[ ,(]{name}[ \t]*($|[,)#;])"
    return re.search(rf"^[ \t]*+({beginnings}|{imports})", cell, re.MULTILINE) is not None


def defined_names(cells: Iterable[str]) -> set[str]:
    """What the top-level statements of some cells bind."""
    return {name for cell in cells for statement in _statements(cell, True) or () for name in statement.binds}


def statements_of(cells: Iterable[str]) -> set[str]:
    """The text of each of their top-level statements."""
    return {statement.text for cell in cells for statement in _statements(cell) or ()}


def without_statements(cell: str, unwanted: Collection[str]) -> str:
    """A cell in which some statements, known by their text, do nothing."""
    edits = [
        _Edit(statement.start, statement.end, "pass")
        for statement in _statements(cell) or ()
        if statement.text in unwanted
    ]
    return _edited(_plain(cell).encode(), edits) if edits else cell


# ------------------------------------------------------------------------------------------- needs


def needed(name: str, cells: Sequence[str], place: int, given: Collection[str]) -> list[str]:
    """The statements of the other cells that a defining cell needs, in the notebook's order.

    What is read inside a function's body is looked up when it is called, and means the last definition in the
    notebook; all else means the last one before. Imports, definitions and assignments are taken, alone or
    in ``if``, ``try`` and ``with``; no other statement is.

    Args:
        name: what the cell defines.
        cells: without magics.
        place: of the defining cell.
        given: the names that are there anyway, and are never overridden.
    """
    if _statements(cells[place], True) is None:
        return []
    kept = frozenset(given) - {name}
    return list(_texts(_Notebook(cells, place, kept).slice(), kept))


def _texts(statements: Iterable["_Statement"], given: Collection[str]) -> Iterator[str]:
    for statement in statements:
        edits = [edit for edit in statement.edits if edit.name is None or edit.name in given]
        text = _edited(statement.text.encode(), edits)
        if _can_run(text):
            yield text


def _can_run(text: str) -> bool:
    """Whether Python takes a statement by itself; ``await`` is taken by a notebook only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "statement", "exec")
    except Exception:  # as for ``_parsed``
        return False
    return True


class _Notebook:
    """All statements that may be run, numbered in their order."""

    def __init__(self, cells: Sequence[str], place: int, given: Collection[str]) -> None:
        self._statements: list[_Statement] = []
        self._roots: set[int] = set()  # of the cell itself
        self._stars: set[int] = set()
        self._binders: dict[str, list[int]] = defaultdict(list)
        for cell_place, cell in enumerate(cells):
            for statement in _statements(cell, cell_place == place) or ():
                if statement.is_kept:
                    self._add(statement, cell_place == place, given)

    def _add(self, statement: "_Statement", is_root: bool, given: Collection[str]) -> None:
        number = len(self._statements)
        self._statements.append(statement)
        if is_root:
            self._roots.add(number)
        elif statement.is_star:
            self._stars.add(number)
        for bound in statement.binds.difference(given):
            self._binders[bound].append(number)

    def slice(self) -> list["_Statement"]:
        """What the cell needs of the others."""
        running: Sequence[int] = []
        for _ in range(_ROUNDS):
            chosen = self._closure(running)
            found = sorted(number for number in chosen if self._statements[number].runs)
            if found == running:
                break
            running = found
        else:
            chosen = self._closure(range(len(self._statements) + 1))
        return [self._statements[number] for number in sorted(chosen - self._roots)]

    def _closure(self, running: Sequence[int]) -> set[int]:
        """All that the cell needs, where a function may be called by the running statements,
        and at the end.
        """
        chosen = self._roots | self._stars
        todo = list(chosen)
        followed: set[str] = set()
        while todo:
            number = todo.pop()
            statement = self._statements[number]
            found = {before for name in statement.now for before in self._before(name, number)}
            for name in statement.later - followed:
                found.update(self._visible(name, running))
            followed.update(statement.later)
            todo.extend(found - chosen)
            chosen |= found
        return chosen

    def _before(self, name: str, number: int) -> list[int]:
        """The last binding of a name before a statement."""
        binders = self._binders.get(name, [])
        place = bisect_left(binders, number)
        return binders[place - 1 : place] if place else []

    def _visible(self, name: str, running: Sequence[int]) -> Iterator[int]:
        """The bindings of a name that are in force when a statement runs, or at the end."""
        binders = self._binders.get(name, [])
        for binder, following in zip_longest(binders, binders[1:]):
            place = bisect_left(running, binder + 1)
            if following is None or (place < len(running) and running[place] <= following):
                yield binder


# -------------------------------------------------------------------------------------- statements

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Import = ast.Import | ast.ImportFrom
_Block = ast.If | ast.Try | ast.TryStar | ast.With
_TYPE_ALIAS: tuple[type, ...] = (ast.TypeAlias,) if hasattr(ast, "TypeAlias") else ()  # from Python 3.12 on
_RUNNING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.With)


@dataclass(frozen=True)
class _Edit:
    """Bytes to replace: always, or where ``name`` is not to be bound."""

    start: int
    end: int
    replacement: str
    name: str | None = None


@dataclass(frozen=True)
class _Statement:
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
    edits: tuple[_Edit, ...]


def _plain(cell: str) -> str:
    """A cell whose lines and columns are as the parser counts them."""
    return cell.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parsed(cell: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(cell)
    except Exception:  # RecursionError and MemoryError among others
        return None


@lru_cache(maxsize=20_000)
def _statements(cell: str, is_whole: bool = False) -> tuple[_Statement, ...] | None:
    """A cell's top-level statements; None if it can't be parsed.

    Args:
        cell: the text.
        is_whole: keep every statement, as the cell itself is run.
    """
    cell = _plain(cell)
    tree = _parsed(cell)
    if tree is None:
        return None
    positions = _Positions(cell)
    return tuple(_described(statement, positions, is_whole) for statement in tree.body)


def _described(statement: ast.stmt, positions: "_Positions", is_whole: bool) -> _Statement:
    inner = list(_inner(statement))
    dropped = set() if is_whole else {each for each in inner if not _is_taken(each)}
    names = _Names()
    names.read(statement, dropped)  # which is nothing, if all of it is dropped
    start, end = positions.of(statement)
    edits = [
        *(_Edit(*positions.of(each), "pass") for each in dropped - {statement}),
        *(_without_name(name, node, positions) for name, node in names.bindings),
    ]
    return _Statement(
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
        edits=tuple(_Edit(e.start - start, e.end - start, e.replacement, e.name) for e in edits),
    )


def _inner(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement, and those inside of it that are at the top level too."""
    todo = [statement]
    while todo:
        each = todo.pop()
        yield each
        if isinstance(each, _Block):
            handlers = getattr(each, "handlers", [])
            bodies = [each.body, *(handler.body for handler in handlers)]
            todo.extend(inner for body in bodies for inner in body)
            todo.extend([*getattr(each, "orelse", []), *getattr(each, "finalbody", [])])


def _is_taken(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    kinds = (_Definition | _Import | _Block | ast.Assign | ast.AugAssign, *_TYPE_ALIAS)
    return isinstance(statement, kinds)


def _is_addition(statement: ast.stmt, names: "_Names") -> bool:
    """Whether what it binds may still mean what was bound before."""
    return isinstance(statement, _Block | ast.Import | ast.AugAssign) or names.changes


def _defines(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _Definition):
        yield statement.name
    elif isinstance(statement, _Import):
        yield from (_bound_by(alias) for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        nodes = (node for target in statement.targets for node in ast.walk(target))
        yield from (
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _without_name(name: str, node: ast.AST, positions: "_Positions") -> _Edit:
    """How a statement is changed that must not bind a name."""
    start, end = positions.of(node)
    if isinstance(node, ast.Name):
        return _Edit(start, end, "_", name)
    if isinstance(node, ast.alias):
        return _Edit(start, end, f"{node.name} as _", name)
    return _Edit(start, end, "pass", name)


def _edited(text: bytes, edits: Iterable[_Edit]) -> str:
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


# ------------------------------------------------------------------------------------------- names


@dataclass(eq=False)
class _Scope:
    """A part of a statement with names of its own."""

    outer: "_Scope | None" = None
    kind: str = "module"  # or "function", "class", "comprehension"
    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    of_module: set[str] = field(default_factory=set)  # by ``global``
    of_others: set[str] = field(default_factory=set)  # by ``nonlocal``

    def __post_init__(self) -> None:
        self.is_later: bool = self.kind == "function" or (self.outer is not None and self.outer.is_later)

    def without_comprehensions(self) -> "_Scope":
        """Where ``:=`` binds."""
        scope = self
        while scope.kind == "comprehension" and scope.outer:
            scope = scope.outer
        return scope

    def finds_outside(self, name: str) -> bool:
        """Whether a name that is read here is the module's."""
        scope = self
        while scope.outer is not None:
            if name in scope.of_module:
                return True
            if scope.kind != "class" and name in scope.binds and name not in scope.of_others:
                return False
            scope = scope.outer
        return True


class _Names:
    """The names that a statement reads and binds, at the module's level.

    The way through the tree is no recursion: a sum of a thousand terms is a thousand deep.
    """

    def __init__(self) -> None:
        self.module = _Scope()
        self.bindings: list[tuple[str, ast.AST]] = []
        self.is_star = self.runs = self.changes = False
        self.now: set[str] = set()
        self.later: set[str] = set()

    def read(self, statement: ast.stmt, dropped: Collection[ast.AST]) -> None:
        """Read a statement, but for the parts of it that are dropped."""
        scopes = {self.module}
        todo: list[tuple[ast.AST, _Scope]] = [(statement, self.module)]
        while todo:
            node, scope = todo.pop()
            if node in dropped:
                continue
            self.runs = self.runs or (not scope.is_later and _is_running(node))
            self._note(node, scope)
            for child, inner in _children(node, scope):
                scopes.add(inner)
                todo.append((child, inner))
        for scope in scopes:
            found = {name for name in scope.reads if scope.finds_outside(name)}
            (self.later if scope.is_later else self.now).update(found)

    def _note(self, node: ast.AST, scope: _Scope) -> None:
        """Note what a node itself reads or binds."""
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.reads.add(node.id)
            else:
                self._bind(node.id, node, scope)
        elif isinstance(node, _Definition):
            self._bind(node.name, node, scope)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                self.is_star = True
            else:
                self._bind(_bound_by(node), node, scope)
        elif isinstance(node, ast.NamedExpr):
            self._bind(node.target.id, node.target, scope.without_comprehensions())
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            scope.reads.add(node.target.id)
            self._bind(node.target.id, node, scope)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            self._change(node, scope)
        elif isinstance(node, ast.Global):
            scope.of_module.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            scope.of_others.update(node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            scope.binds.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.binds.add(node.rest)

    def _bind(self, name: str, node: ast.AST, scope: _Scope) -> None:
        scope.binds.add(name)
        if scope is self.module:
            self.bindings.append((name, node))

    def _change(self, target: ast.Attribute | ast.Subscript, scope: _Scope) -> None:
        """Note an assignment to a part of something."""
        root: ast.expr = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name) and scope is self.module:
            self.changes = True
            scope.binds.add(root.id)


def _is_running(node: ast.AST) -> bool:
    return isinstance(node, _RUNNING) or bool(getattr(node, "decorator_list", None))


def _children(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """The parts of a node, each with the scope in which it is looked up."""
    if isinstance(node, _Function):
        inner = _Scope(scope, "function")
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        named += [each for each in (arguments.vararg, arguments.kwarg) if each]
        inner.binds.update(each.arg for each in named)
        defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
        outside = [*defaults, *(each.annotation for each in named if each.annotation)]
        if isinstance(node, ast.Lambda):
            inside: list[ast.AST] = [node.body]
        else:
            inside = [*node.body, *getattr(node, "type_params", [])]
            outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
        yield from ((each, scope) for each in outside)
        yield from ((each, inner) for each in inside)
    elif isinstance(node, ast.ClassDef):
        inner = _Scope(scope, "class")
        yield from ((each, scope) for each in (*node.bases, *node.keywords, *node.decorator_list))
        yield from ((each, inner) for each in (*node.body, *getattr(node, "type_params", [])))
    elif isinstance(node, _Comprehension):
        inner = _Scope(scope, "comprehension")
        yield from ((child, inner) for child in ast.iter_child_nodes(node))
    elif isinstance(node, ast.NamedExpr) or (
        isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    ):
        yield node.value, scope
    else:
        yield from ((child, scope) for child in ast.iter_child_nodes(node))
