"""The messages between what judges and what runs a submission, and how they travel: as lines of JSON,
which can't execute anything.

An ``Order`` goes to the process that does its task, which sends events, a line each. What became of the task
goes back as a ``Reply``, which holds these lines as they are.
"""

import base64
import dataclasses
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nst_tf.grading.graphs import GraphRun, Traced
from nst_tf.grading.step_trial import Scene, Step, StepTrial, TracedStep
from nst_tf.grading.trial import Observation, Trial
from nst_tf.grading.value_trial import Input, ValueTrial

AnyGraph = Traced | TracedStep
AnyWritten = list[Observation] | list[Step]
AnyRun = GraphRun | list[Step]


@dataclass(frozen=True)
class Limits:
    """What the tasks of an order may take together, those of one submission.

    Attributes:
        seconds: on the clock.
        megabytes: of memory, beyond what TensorFlow takes by itself.
        output_kilobytes: printed, and in any file.
    """

    seconds: float = 20
    megabytes: int = 2000
    output_kilobytes: int = 1000


# --------------------------------------------------------------------------------- to the process of a task


@dataclass(frozen=True)
class CellTask:
    """Run a solution's cell, and try the function of that name that it defines.

    Attributes:
        name: of the function.
        cell: the cell's code.
        needs: statements of the student's other cells, to be run before it.
        given: the notebook's own cells, to be run before those.
        helpers: the functions in them that the function calls, whatever the student makes of these names.
        trial: what the function is tried on.
    """

    name: str
    cell: str
    needs: tuple[str, ...]
    given: list[str]
    helpers: tuple[str, ...]
    trial: Trial


@dataclass(frozen=True)
class GraphTask:
    """Run a function that was compiled, in its trial, and in one that it can't know."""

    graph: AnyGraph
    trial: Trial
    unseen: Trial


@dataclass(frozen=True)
class Order:
    """Tasks, to be done one after another in one process, and what they may take together."""

    tasks: tuple[CellTask | GraphTask, ...]
    limits: Limits


# ------------------------------------------------------------------------ from the process of a task


@dataclass(frozen=True)
class StoppedAfter:
    """The cell defined the function, and then stopped with this error."""

    text: str


@dataclass(frozen=True)
class Defined:
    """Whether the cell defines the function."""

    is_callable: bool


@dataclass(frozen=True)
class Tried:
    """What the function did as it is written, and the graph that it becomes."""

    written: AnyWritten
    graph: AnyGraph


@dataclass(frozen=True)
class Ran:
    """What a graph did, in both trials."""

    run: AnyRun
    unseen: AnyRun


@dataclass(frozen=True)
class Next:
    """What follows belongs to the next task."""


@dataclass(frozen=True)
class Failed:
    """The task ended with this error."""

    text: str


@dataclass(frozen=True)
class Done:
    """All tasks have come to their end: nothing follows."""


Event = StoppedAfter | Defined | Tried | Ran | Next | Failed | Done


# ------------------------------------------------------------------------------------- what became of a task


@dataclass(frozen=True)
class Reply:
    """What became of a task.

    Attributes:
        lines: the events that its process sent, packed.
        stopped: what it had too much of when it was stopped: "time", "memory", "processes",
            "output", or nothing.
        exit: its exit code; negative if a signal ended it.
    """

    lines: list[str]
    stopped: str
    exit: int

    @property
    def is_done(self) -> bool:
        """Whether the task says that it has come to its end."""
        return bool(self.lines) and self.lines[-1].encode() == DONE.rstrip()

    def parts(self, count: int) -> "list[Reply] | None":
        """The replies to each of so many tasks; None unless all came to their end."""
        parts: list[list[str]] = [[]]
        for line in self.lines[:-1]:
            if line.encode() == NEXT.rstrip():
                parts.append([])
            else:
                parts[-1].append(line)
        if self.stopped or not self.is_done or len(parts) != count:
            return None
        return [Reply([*lines, self.lines[-1]], "", self.exit) for lines in parts]


# -------------------------------------------------------------------------------------------- on the way

MESSAGES: tuple[type, ...] = (
    *(Limits, CellTask, GraphTask, Order, Reply),
    *(StoppedAfter, Defined, Tried, Ran, Next, Failed, Done),
    *(Input, ValueTrial, Observation, Traced, GraphRun),
    *(Scene, StepTrial, Step, TracedStep),
)
_DTYPES = ("float32", "float64")


def packed(message: Any) -> bytes:
    """A message as one line."""
    return json.dumps(_to_json(message)).encode() + b"\n"


def unpacked(line: bytes, text: Callable[[str], str] = str, kinds: tuple[type, ...] = MESSAGES) -> Any:
    """The message of a line.

    Args:
        line: as ``packed`` gives it, or anything else.
        text: what is done with each text in it.
        kinds: the messages that it may hold.

    Raises:
        ValueError: it is not a message, or a field has the wrong type.
    """
    try:
        return _Reading(text, kinds).value(json.loads(line))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no message: {error}") from None


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = {field.name: _to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"message": type(value).__name__, "fields": fields}
    if isinstance(value, np.ndarray | np.floating):
        array = np.asarray(value)
        data = base64.b64encode(array.tobytes()).decode()
        return {"array": data, "dtype": array.dtype.name, "shape": array.shape}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"tuple": [_to_json(part) for part in value]}
    if isinstance(value, dict):
        return {"dict": {key: _to_json(part) for key, part in value.items()}}
    return [_to_json(part) for part in value] if isinstance(value, list) else value


class _Reading:
    """Turns what ``_to_json`` gave back into values."""

    def __init__(self, text: Callable[[str], str], kinds: tuple[type, ...]) -> None:
        self._text = text
        self._kinds = {kind.__name__: kind for kind in kinds}

    def value(self, part: Any) -> Any:
        if isinstance(part, str):
            return self._text(part)
        if isinstance(part, list):
            return [self.value(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "message" in part:
            return self._message(
                part["message"], {name: self.value(each) for name, each in part["fields"].items()}
            )
        if "array" in part:
            if part["dtype"] not in _DTYPES:
                raise ValueError(f"no array of {part['dtype']}")
            return np.frombuffer(base64.b64decode(part["array"]), part["dtype"]).reshape(part["shape"])
        if "bytes" in part:
            return base64.b64decode(part["bytes"])
        if "tuple" in part:
            return tuple(self.value(each) for each in part["tuple"])
        return {key: self.value(each) for key, each in part["dict"].items()}

    def _message(self, name: str, fields: dict[str, Any]) -> Any:
        kind = self._kinds[name]
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            if not _fits(fields[field.name], hints[field.name]):
                raise ValueError(f"{name}.{field.name} is of another type")
        return kind(**fields)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value matches an annotation, including each part of a list, tuple or dict."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return any(_fits(value, part) for part in parts)
    if origin is list:
        return isinstance(value, list) and all(_fits(part, parts[0]) for part in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(part, parts[1]) for part in value.values())
    if origin is tuple and parts[1:] == (...,):
        return isinstance(value, tuple) and all(_fits(part, parts[0]) for part in value)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(parts) and all(map(_fits, value, parts))
    if hint is float:
        return isinstance(value, float | int)
    return isinstance(value, hint)


DONE, NEXT = packed(Done()), packed(Next())
