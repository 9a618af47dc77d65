"""What can be read off the text of a wrong function, where its behaviour alone has several explanations."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent

from nst_tf.grading.trial import python_function

SIGNATURES = {
    "compute_content_cost": "compute_content_cost(content_output, generated_output)",
    "gram_matrix": "gram_matrix(A)",
    "compute_layer_style_cost": "compute_layer_style_cost(a_S, a_G)",
    "compute_style_cost": (
        "compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS)"
    ),
    "total_cost": "total_cost(J_content, J_style, alpha=10, beta=40)",
    "train_step": "train_step(generated_image)",
    "preprocess": "preprocess(image)",
    "guided_gram_matrix": "guided_gram_matrix(A, mask)",
    "scaled_gram_matrix": "scaled_gram_matrix(a)",
    "channels_first_style_cost": "channels_first_style_cost(a_S, a_G)",
}
_LONGEST = 5_000  # characters of a text that is read
_LONGEST_SHOWN = 60
_COMPUTING = re.compile(
    r"(tf|np)\.([\w.]+\.)?(add|add_n|subtract|multiply|divide|square|transpose|reshape|cast|clip_by_value|reverse)"
    r"|clip_0_1"
)


def source_of(function: Callable) -> str:
    """The text of a function; empty where it is not known."""
    try:
        return dedent(inspect.getsource(python_function(function)))
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""


@dataclass(frozen=True)
class Text:
    """A learner's text.

    Attributes:
        name: of the function that it defines.
        source: the text.
    """

    name: str
    source: str

    @cached_property
    def _function(self) -> ast.FunctionDef | None:
        """The last definition of the function; None where there is none that can be read."""
        if len(self.source) > _LONGEST:
            return None
        try:
            nodes = list(ast.walk(ast.parse(self.source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        found = [each for each in nodes if isinstance(each, ast.FunctionDef) and each.name == self.name]
        return found[-1] if found else None

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        body = self._function.body if self._function else []
        return [node for statement in body for node in ast.walk(statement)]

    def _of(self, *kinds: type) -> Iterator:
        return (each for each in self._nodes if isinstance(each, kinds))

    def _has_operator(self, operator: type) -> bool:
        return any(isinstance(each.op, operator) for each in self._of(ast.BinOp, ast.AugAssign))

    @property
    def has_caret(self) -> bool:
        """Whether it computes with ``^``."""
        return self._has_operator(ast.BitXor)

    @property
    def has_plus_after_equals(self) -> bool:
        """Whether it assigns a value with a plus before it, as in ``J =+ x``."""
        first = [each.value for each in self._of(ast.Assign)]
        for place, value in enumerate(first):
            while isinstance(value, ast.BinOp):
                value = value.left
            first[place] = value
        return any(isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.UAdd) for each in first)

    @property
    def has_floor_division(self) -> bool:
        """Whether it computes with ``//``."""
        return self._has_operator(ast.FloorDiv)

    @property
    def dropped(self) -> str:
        """The code of a line that computes a value and does nothing with it."""
        for each in self._of(ast.Expr):
            called = _dotted(each.value.func) if isinstance(each.value, ast.Call) else ""
            if isinstance(each.value, ast.BinOp) or _COMPUTING.fullmatch(called):
                code = _code(each.value)
                return code if len(code) <= _LONGEST_SHOWN else f"{code[:_LONGEST_SHOWN]}…"
        return ""

    def calls(self, name: str) -> bool:
        """Whether it calls a function of that name, as it is written there."""
        return any(_dotted(each.func) == name for each in self._of(ast.Call))

    def passes(self, *names: str) -> bool:
        """Whether it passes something of one of these names to a function, such as ``tf.uint8``."""
        return any(
            _dotted(part).rpartition(".")[2] in names or getattr(part, "value", None) in names
            for each in self._of(ast.Call)
            for part in (*each.args, *(keyword.value for keyword in each.keywords))
        )

    @property
    def rebound(self) -> dict[str, bool]:
        """The arguments whose names are given to other values; whether the argument is read by then."""
        read: dict[str, int] = {}
        for each in self._of(ast.Name):
            if isinstance(each.ctx, ast.Load):
                read[each.id] = min(each.lineno, read.get(each.id, each.lineno))
        return {
            target.id: target.id in read and read[target.id] <= each.lineno
            for each in self._of(ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name) and target.id in self.parameters
        }

    @property
    def multiplied_sum(self) -> str:
        """The code of a line that multiplies a sum in a loop."""
        added = {
            each.target.id
            for each in self._of(ast.AugAssign)
            if isinstance(each.op, ast.Add) and isinstance(each.target, ast.Name)
        }
        lines = (
            each
            for loop in self._of(ast.For)
            for each in loop.body
            if isinstance(each, ast.AugAssign) and isinstance(each.op, ast.Mult)
        )
        return next((_code(each) for each in lines if _names(each.target) <= added), "")

    @property
    def returns_too_early(self) -> bool:
        """Whether lines follow a return that is not inside of an ``if`` or a loop."""
        body = list(self._function.body) if self._function else []
        while body:
            first, *body = body
            if isinstance(first, ast.With):
                body = [*first.body, *body]
            elif isinstance(first, ast.Return):
                return bool(body)
        return False

    @property
    def returned_as_it_began(self) -> str:
        """The name that is returned with the constant that it was given first, and never another value."""
        returned = {each.value.id for each in self._of(ast.Return) if isinstance(each.value, ast.Name)}
        for name in sorted(returned):
            values = [
                each.value
                for each in self._of(ast.Assign, ast.AugAssign, ast.AnnAssign)
                for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
                if isinstance(target, ast.Name) and target.id == name
            ]
            if len(values) == 1 and values[0] is not None and _is_constant(values[0]):
                return name
        return ""

    @property
    def has_random_numbers(self) -> bool:
        """Whether it uses random numbers."""
        return any(each.attr in ("random", "noise") for each in self._of(ast.Attribute)) or any(
            "noise" in each.id.lower() for each in self._of(ast.Name)
        )

    @property
    def reads_sizes_after_reshape(self) -> str:
        """The name that is reshaped and keeps its name, and whose sizes are read only after that."""
        reshaped: dict[str, int] = {}
        for each in self._of(ast.Assign):
            parts = list(ast.walk(each.value))
            if any(getattr(part, "attr", "") == "reshape" for part in parts):
                names = {part.id for part in parts if isinstance(part, ast.Name)}
                for target in each.targets:
                    if isinstance(target, ast.Name) and target.id in names:
                        reshaped.setdefault(target.id, each.lineno)
        read: dict[str, set[int]] = {}
        for each in self._of(ast.Attribute, ast.Call):
            if name := _whose_shape(each):
                read.setdefault(name, set()).add(each.lineno)
        for name, line in reshaped.items():
            others = read.get(name, set()) - {line}
            if others and min(others) > line:
                return name
        return ""

    @property
    def parameters(self) -> list[str]:
        """The function's parameters, in order."""
        function = self._function
        return [each.arg for each in function.args.args] if function else []

    @property
    def has_other_order(self) -> bool:
        """Whether the parameters are those asked for, in another order."""
        asked = parameters_of(self.name)
        return self.parameters != asked and sorted(self.parameters) == sorted(asked)


def parameters_of(name: str) -> list[str]:
    """The parameters of an exercise's function, in order."""
    return Text(name, f"def {SIGNATURES[name]}: pass").parameters


def _code(node: ast.AST) -> str:
    """A node as code; empty if it is too deep."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _is_constant(node: ast.AST) -> bool:
    return not _names(node) - {"tf", "np", "float", "int"}


def _whose_shape(node: ast.AST) -> str:
    """The name whose sizes are read, by ``.shape``, ``.get_shape`` or ``tf.shape``."""
    if isinstance(node, ast.Attribute) and node.attr in ("shape", "get_shape"):
        return _dotted(node.value)
    if isinstance(node, ast.Call) and _dotted(node.func) == "tf.shape" and node.args:
        return _dotted(node.args[0])
    return ""


def _dotted(node: ast.AST) -> str:
    """A name with dots in it, such as ``tf.math.add``; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
