"""The messages between the grader and what runs a submission: they come back as they went, or not at all."""

import dataclasses
import json

import numpy as np
import pytest

from nst_tf.grading.course import protocol
from nst_tf.grading.exercises.registry import EXERCISES, exercise
from nst_tf.grading.graphs import GraphRun, Traced
from nst_tf.grading.step_trial import Step, TracedStep
from nst_tf.grading.trial import Observation

IMAGE = np.linspace(0, 1, 12, dtype=np.float32).reshape(1, 2, 2, 3)
OBSERVATION = Observation("tensor", np.float64([[1, np.nan], [-np.inf, 4]]), "", False, True, "float32")
STEP = Step(OBSERVATION, IMAGE, 3, True, False)
TRACED = Traced(b"\x00graph\xff", ("x:0", "y:0"), ("Identity:0",))
TRACED_STEP = TracedStep(b"\x01", (("image:0", 0), ("a_C:0", IMAGE)), ("J:0",), ("assign",), "")
TRIALS = {name: exercise(name).trial(0) for name in EXERCISES}
MESSAGES = [
    *(
        protocol.CellTask(name, "x = 1\n# é\t", ("x = 2",), ["a", "b"], ("gram_matrix",), trial)
        for name, trial in TRIALS.items()
    ),
    protocol.GraphTask(TRACED, TRIALS["gram_matrix"], TRIALS["total_cost"]),
    protocol.GraphTask(TRACED_STEP, TRIALS["train_step"], TRIALS["train_step"]),
    protocol.Order(
        (protocol.GraphTask(TRACED, TRIALS["gram_matrix"], TRIALS["gram_matrix"]),),
        protocol.Limits(seconds=0.5),
    ),
    protocol.Next(),
    protocol.Reply(["one\n", "two"], "time", -9),
    protocol.StoppedAfter("NameError"),
    protocol.Defined(True),
    protocol.Tried([OBSERVATION], TRACED),
    protocol.Tried([STEP, STEP], TRACED_STEP),
    protocol.Ran(GraphRun(None, text="it has no value"), GraphRun(None)),
    protocol.Ran([STEP], [STEP, STEP]),
    protocol.Failed("SystemExit"),
    protocol.Done(),
]


def same(one, other):
    """Whether two messages are of the same types and equal, arrays entry by entry."""
    if type(one) is not type(other) and not isinstance(one, np.ndarray | np.floating):
        return False
    if dataclasses.is_dataclass(one):
        return same(vars(one), vars(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.floating):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    return one == other


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_went(message):
    line = protocol.packed(message)
    assert line.count(b"\n") == 1
    assert same(message, protocol.unpacked(line))


def test_the_last_event_is_recognised_by_its_bytes():
    assert protocol.packed(protocol.Done()) == protocol.DONE


def wrong_values(message):
    """The message as JSON, each field in turn with a value of another type, or missing, or one too many."""
    whole = json.loads(protocol.packed(message))
    for name in whole["fields"]:
        for value in (1.5, [[]], {"dict": {}}, "x" if name != "text" else 3):
            yield {**whole, "fields": {**whole["fields"], name: value}}
        yield {**whole, "fields": {key: value for key, value in whole["fields"].items() if key != name}}
    yield {**whole, "fields": {**whole["fields"], "surplus": 1}}


@pytest.mark.parametrize(
    "message",
    [
        OBSERVATION,
        STEP,
        TRACED,
        TRACED_STEP,
        GraphRun(IMAGE, IMAGE),
        protocol.Defined(False),
        protocol.Failed("x"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_field_of_another_type_is_refused(message):
    strings = {"kind", "dtype"}  # for which "x" would do
    for wrong in wrong_values(message):
        changed = {name for name, value in wrong["fields"].items() if value == "x"}
        if changed & strings:
            continue
        with pytest.raises(ValueError, match=r"."):
            protocol.unpacked(json.dumps(wrong).encode())


ARRAY = {"array": "AAAAAA==", "dtype": "float32", "shape": [1]}


@pytest.mark.parametrize(
    "value",
    [
        {"message": "Popen", "fields": {}},
        {"message": ["Done"], "fields": {}},
        {"message": "Done"},
        {"message": "Done", "fields": []},
        {**ARRAY, "dtype": "object"},
        {**ARRAY, "dtype": "int64"},
        {**ARRAY, "shape": [2]},
        {**ARRAY, "shape": "1"},
        {**ARRAY, "array": 3},
        {"array": "AA=="},
        {"tuple": 3},
        {"dict": 3},
        {"surprise": 3},
        {},
    ],
)
def test_what_is_no_message_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        protocol.unpacked(json.dumps(value).encode())


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"\xff\xfe", b"[" * 100_000, b'{"message": "Done"'])
def test_what_is_no_json_is_refused(line):
    with pytest.raises(ValueError, match=r"."):
        protocol.unpacked(line)


def test_a_submissions_texts_are_made_readable():
    line = protocol.packed(protocol.Failed("\x1b[31mred"))
    assert protocol.unpacked(line, text=str.upper) == protocol.Failed("\x1b[31MRED")
