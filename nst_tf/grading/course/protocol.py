"""The messages between the sandbox and its worker, and how they travel: as lines of JSON,
which can't execute anything.

The sandbox sends one ``Request`` per line. The worker answers each with a ``Reply``, which holds the lines
sent by the fork that did the task.
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
    """What one exercise of one submission may take.

    Attributes:
        seconds: on the clock.
        megabytes: of memory, beyond what TensorFlow takes by itself.
        output_kilobytes: printed, and in any file.
    """

    seconds: float = 20
    megabytes: int = 2000
    output_kilobytes: int = 1000


# ---------------------------------------------------------------------------- from the sandbox to the worker


@dataclass(frozen=True)
class CellTask:
    """Run a solution's cell after the notebook's own, and try the function of that name that it defines."""

    name: str
    cell: str
    given: list[str]
    trial: Trial


@dataclass(frozen=True)
class GraphTask:
    """Run a function that was compiled."""

    graph: AnyGraph
    trial: Trial


@dataclass(frozen=True)
class Request:
    """One task, under a number that its reply has to bear, too."""

    number: str
    task: CellTask | GraphTask
    limits: Limits


# ------------------------------------------------------------------------ from a task's process to the worker


@dataclass(frozen=True)
class Uses:
    """The task looked at one of the package's own solutions."""

    what: str


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
    """What a graph did."""

    run: AnyRun


@dataclass(frozen=True)
class Failed:
    """The task ended with this error."""

    text: str


@dataclass(frozen=True)
class Done:
    """The task has come to its end: nothing follows."""


Event = Uses | StoppedAfter | Defined | Tried | Ran | Failed | Done


# -------------------------------------------------------------------------- from the worker to the sandbox


@dataclass(frozen=True)
class Reply:
    """What became of a task.

    Attributes:
        number: the request's.
        lines: the events that its process sent, packed.
        is_late: whether its time was up.
        exit: its exit code; negative if a signal ended it.
    """

    number: str
    lines: list[str]
    is_late: bool
    exit: int


# -------------------------------------------------------------------------------------------- on the way

_MESSAGES: dict[str, Any] = {
    each.__name__: each
    for each in (
        *(Limits, CellTask, GraphTask, Request, Reply),
        *(Uses, StoppedAfter, Defined, Tried, Ran, Failed, Done),
        *(Input, ValueTrial, Observation, Traced, GraphRun),
        *(Scene, StepTrial, Step, TracedStep),
    )
}
_DTYPES = ("float32", "float64")


def packed(message: Any) -> bytes:
    """A message as one line."""
    return json.dumps(_to_json(message)).encode() + b"\n"


def unpacked(line: bytes, text: Callable[[str], str] = str) -> Any:
    """The message of a line.

    Args:
        line: as ``packed`` gives it, or anything else.
        text: what is done with each text in it.

    Raises:
        ValueError: it is not a message, or a field has the wrong type.
    """
    try:
        return _from_json(json.loads(line), text)
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


def _from_json(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_from_json(part, text) for part in value]
    if not isinstance(value, dict):
        return value
    if "message" in value:
        return _message(
            value["message"], {name: _from_json(part, text) for name, part in value["fields"].items()}
        )
    if "array" in value:
        if value["dtype"] not in _DTYPES:
            raise ValueError(f"no array of {value['dtype']}")
        return np.frombuffer(base64.b64decode(value["array"]), value["dtype"]).reshape(value["shape"])
    if "bytes" in value:
        return base64.b64decode(value["bytes"])
    if "tuple" in value:
        return tuple(_from_json(part, text) for part in value["tuple"])
    return {key: _from_json(part, text) for key, part in value["dict"].items()}


def _message(name: str, fields: dict[str, Any]) -> Any:
    kind = _MESSAGES[name]
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


DONE = packed(Done())
