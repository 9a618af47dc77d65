"""Tries a function: calls it, and watches what it does. Nothing here knows the right value.

The same lines run in a learner's notebook and, for a grade, in the process that the submission runs in, which
reports what it saw.
"""

import contextlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import tensorflow as tf

from nst_tf.grading.errors import error_line, file_of

ECHOED = 2000  # characters of what a function prints
PRINTED = 1_000_000  # characters that it may print

Written = TypeVar("Written")
Graph = TypeVar("Graph")
Run = TypeVar("Run")


class Trial(ABC, Generic[Written, Graph, Run]):
    """What a function is tried on."""

    @abstractmethod
    def written(self, target: Callable, helpers: Mapping[str, Callable], echo: bool = False) -> Written:
        """What the function does as it is written, not inside ``tf.function``.

        Args:
            target: the function.
            helpers: what to put into its globals meanwhile, by name.
            echo: show what it prints when it is called first.
        """

    @abstractmethod
    def traced(self, target: Callable, helpers: Mapping[str, Callable]) -> Graph:
        """The function as ``tf.function`` compiles it, to be run where its author can't reach."""

    @abstractmethod
    def run(self, graph: Graph) -> Run:
        """What a function that was compiled does."""

    @abstractmethod
    def failed_run(self, text: str) -> Run:
        """What to report if the function could not be run as a graph; ``text`` says why."""


@dataclass(frozen=True)
class Evidence(Generic[Written, Run]):
    """What a function did in a trial: as it is written, and as a graph; and its text, where it is known."""

    written: Written
    run: Run
    source: str = ""


@dataclass(frozen=True)
class Observation:
    """One call.

    Attributes:
        kind: "tensor", "array", "number", "nothing" (None), "error", or the name of the type that came back.
        value: the value, if it is numeric.
        text: the error in one line, if it failed.
        has_changed_arguments: whether it changed a list that it was given.
        has_printed: whether it printed something.
        dtype: the tensor's.
    """

    kind: str
    value: np.ndarray | None = None
    text: str = ""
    has_changed_arguments: bool = False
    has_printed: bool = False
    dtype: str = ""


class _Printed(io.StringIO):
    """What is printed, up to a limit."""

    def write(self, text: str) -> int:
        if self.tell() + len(text) > PRINTED:
            raise OSError(f"it prints over {PRINTED:,} characters")
        return super().write(text)


def python_function(function: Callable) -> Callable:
    """The Python function, also where it was decorated with ``tf.function``."""
    return getattr(function, "python_function", function)


@contextlib.contextmanager
def quietly() -> Iterator[_Printed]:
    """Keep what is printed, up to a limit."""
    with contextlib.redirect_stdout(_Printed()) as printed:
        yield printed


def globals_of(function: Callable) -> dict[str, Any]:
    """The global names of a function, a method, or an object that can be called."""
    function = python_function(function)
    for each in (function, getattr(function, "__func__", None), vars(type(function)).get("__call__")):
        names = getattr(each, "__globals__", None)
        if isinstance(names, dict):
            return names
    return {}


@contextlib.contextmanager
def with_globals(function: Callable, values: Mapping[str, object]) -> Iterator[None]:
    """Give a function other global names for a while, and put back what was there."""
    names = globals_of(function)
    before = {name: names[name] for name in values if name in names}
    names.update(values)
    try:
        yield
    finally:
        for name in values:
            names.pop(name, None)
        names.update(before)


@contextlib.contextmanager
def as_tensorflow_2() -> Iterator[None]:
    """Let TensorFlow behave as version 2 does for a while, also where a notebook that was written for
    version 1 has switched that off.
    """
    from tensorflow.python.eager import context

    v1 = tf.compat.v1
    switches = (  # is it on, switch it on, switch it off
        (isinstance(tf.TensorShape([1])[0], int), v1.enable_v2_tensorshape, v1.disable_v2_tensorshape),
        (v1.resource_variables_enabled(), v1.enable_resource_variables, v1.disable_resource_variables),
        (v1.control_flow_v2_enabled(), v1.enable_control_flow_v2, v1.disable_control_flow_v2),
        (tf.Tensor._USE_EQUALITY, v1.enable_tensor_equality, v1.disable_tensor_equality),
    )
    are_off = [(switch_on, switch_off) for is_on, switch_on, switch_off in switches if not is_on]
    for switch_on, _ in are_off:
        switch_on()
    try:
        with contextlib.nullcontext() if tf.executing_eagerly() else context.eager_mode():
            yield
    finally:
        for _, switch_off in are_off:
            switch_off()


def tensors(arguments: tuple, dtype: tf.DType = tf.float32) -> list:
    """The arguments as a function gets them: arrays become tensors; lists are copied,
    so that they may be changed.
    """
    return converted(arguments, lambda array: tf.constant(array, dtype))


def converted(arguments: tuple | list, convert: Callable[[Any], object]) -> list:
    """The arguments with their arrays converted, those in lists, too; pairs and numbers as they are."""

    def one(argument: Any) -> Any:
        if isinstance(argument, list):
            return converted(argument, convert)
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
            returned = python_function(function)(*given)
    except (Exception, SystemExit) as error:
        return Observation("error", text=error_line(error, file_of(python_function(function))))
    finally:
        if echo:
            print(printed.getvalue()[:ECHOED], end="…\n" if len(printed.getvalue()) > ECHOED else "")
    is_changed = any(not _is_same(was, now) for was, now in zip(before, given, strict=True))
    kind, value = _kind_and_value(returned)
    returned_dtype = str(returned.dtype.name) if kind == "tensor" else ""
    return Observation(kind, value, "", is_changed, bool(printed.getvalue().strip()), returned_dtype)


def _is_same(was: object, now: object) -> bool:
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(one is other for one, other in zip(was, now, strict=True))
    return was is now


def _kind_and_value(returned: Any) -> tuple[str, np.ndarray | None]:
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
