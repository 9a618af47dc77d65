"""The names that a statement reads and binds, by Python's rules of scopes.

Nothing is run here.
"""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_RUNNING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.With)


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


class Names:
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
        elif isinstance(node, Definition):
            self._bind(node.name, node, scope)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                self.is_star = True
            else:
                self._bind(bound_by(node), node, scope)
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


def bound_by(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.split(".")[0]
