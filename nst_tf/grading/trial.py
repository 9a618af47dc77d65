"""What a function does when it is called: its value as a plain array, and how it came by it.

Nothing here knows the right value. The same lines run in a learner's notebook and, for a grade, in the process that
the submission runs in, which hands on what it saw.
"""

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

ECHOED = 2000  # characters of what a function prints
PRINTED = 1_000_000  # characters that it may print


@dataclass(frozen=True)
class Observation:
    """One call.

    Attributes:
        kind: "tensor", "array", "number", "nothing" (None), "error", or the name of the type that came back.
        value: the value, if it is numeric.
        dtype: the tensor's.
        text: the error in one line, if it failed.
        has_changed_arguments: whether a list that it was given is another one afterwards.
        has_printed: whether it printed something.
    """

    kind: str
    value: np.ndarray | None = None
    text: str = ""
    has_changed_arguments: bool = False
    has_printed: bool = False
    dtype: str = ""


@dataclass(frozen=True)
class Traced:
    """A function as ``tf.function`` compiles it: a graph, to be run where its author can't reach (see ``run_graph``).

    Attributes:
        graph: a GraphDef, serialised, with every constant in it; None if it can't be compiled.
        inputs: names of the inputs' tensors, flat, in order.
        outputs: names of the outputs' tensors.
        text: why it can't be compiled, in one line.
    """

    graph: bytes | None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    text: str = ""


class _Printed(io.StringIO):
    """What is printed, up to a limit."""

    def write(self, text: str) -> int:
        if self.tell() + len(text) > PRINTED:
            raise OSError(f"it prints over {PRINTED:,} characters")
        return super().write(text)


def plain(function: Callable) -> Callable:
    """The Python function, also where it was decorated with ``tf.function``."""
    return getattr(function, "python_function", function)


@contextlib.contextmanager
def quietly() -> Iterator[_Printed]:
    """Keep what is printed, up to a limit."""
    with contextlib.redirect_stdout(_Printed()) as printed:
        yield printed


def globals_of(function: Callable) -> dict[str, object]:
    """The global names of a function, a method, or an object that can be called."""
    function = plain(function)
    for each in (function, getattr(function, "__func__", None), vars(type(function)).get("__call__")):
        if isinstance(getattr(each, "__globals__", None), dict):
            return each.__globals__
    return {}


@contextlib.contextmanager
def with_globals(function: Callable, values: dict[str, object]) -> Iterator[dict[str, object]]:
    """Give a function other global names for a while, and put back what was there; gives its globals."""
    names = globals_of(function)
    before = {name: names[name] for name in values if name in names}
    names.update(values)
    try:
        yield names
    finally:
        for name in values:
            names.pop(name, None)
        names.update(before)


def tensors(arguments: tuple, dtype: tf.DType = tf.float32) -> list:
    """The arguments as a function gets them: arrays become tensors; lists are new, so that they may be changed."""
    return _converted(arguments, lambda array: tf.constant(array, dtype))


def _converted(arguments: tuple | list, convert: Callable) -> list:
    """The arguments with their arrays converted, those in lists, too; pairs and numbers as they are."""

    def one(argument: object) -> object:
        if isinstance(argument, list):
            return _converted(argument, convert)
        return convert(argument) if isinstance(argument, np.ndarray | np.generic) else argument

    return [one(argument) for argument in arguments]


def observe(
    function: Callable, arguments: tuple, dtype: tf.DType = tf.float32, echo: bool = False
) -> Observation:
    """Call a function once, as it is written (not inside ``tf.function``)."""
    given = tensors(arguments, dtype)
    before = [list(argument) if isinstance(argument, list) else argument for argument in given]
    try:
        with quietly() as printed:
            returned = plain(function)(*given)
    except (Exception, SystemExit) as error:
        return Observation("error", text=in_one_line(error))
    finally:
        if echo:
            print(printed.getvalue()[:ECHOED], end="…\n" if len(printed.getvalue()) > ECHOED else "")
    is_changed = any(not _is_same(was, now) for was, now in zip(before, given, strict=True))
    kind, value = _kind_and_value(returned)
    dtype = str(returned.dtype.name) if kind == "tensor" else ""
    return Observation(kind, value, "", is_changed, bool(printed.getvalue().strip()), dtype)


def _is_same(was: object, now: object) -> bool:
    if isinstance(was, list):
        return len(was) == len(now) and all(one is other for one, other in zip(was, now, strict=True))
    return was is now


def _kind_and_value(returned: object) -> tuple[str, np.ndarray | None]:
    if returned is None:
        return "nothing", None
    kind = type(returned).__name__
    if tf.is_tensor(returned):
        kind = "tensor"
    elif isinstance(returned, np.ndarray):
        kind = "array"
    elif isinstance(returned, float | int | np.number):
        kind = "number"
    try:
        return kind, np.array(returned, np.float64)
    except Exception:
        return type(returned).__name__[:60], None


def trace(function: Callable, arguments: tuple) -> Traced:
    """Compile a function for these arguments."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    shapes = _converted(arguments, lambda array: tf.TensorSpec(array.shape, tf.float32))
    try:
        with quietly():
            compiled = tf.function(plain(function)).get_concrete_function(*shapes)
            frozen = convert_variables_to_constants_v2(compiled, lower_control_flow=False)
    except (Exception, SystemExit) as error:
        return Traced(None, text=in_one_line(error))
    graph = frozen.graph.as_graph_def().SerializeToString()
    return Traced(
        graph, tuple(tensor.name for tensor in frozen.inputs), tuple(tensor.name for tensor in frozen.outputs)
    )


def in_one_line(error: BaseException) -> str:
    """An error's name and the line of its text that matters: inside ``tf.function`` the last one, otherwise the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    is_traced = lines[:1] == ["in user code:"]
    line, name = (lines[-1 if is_traced else 0] if lines else ""), type(error).__name__
    line = re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*", "", line)  # TensorFlow's names for where it happened
    text = line if line.startswith(name) else f"{name}: {line}"
    return printable(text).rstrip(".: ")


def printable(text: str) -> str:
    """At most 300 characters, and none that can't be shown."""
    return "".join(character for character in text[:300] if character.isprintable())
