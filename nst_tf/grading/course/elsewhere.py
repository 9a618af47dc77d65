"""Judging on the workers of a cluster: each submission in a sandbox of the machine that judges it.

The scheduler only passes on what was handed in, as bytes. Nothing of it runs there.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from nst_tf.cluster import ClusterError, Unfit, spread
from nst_tf.grading.course import protocol
from nst_tf.grading.course.assignment import TeachersNotebook
from nst_tf.grading.course.isolation import IsolationError
from nst_tf.grading.course.judge import JUDGED, Case, Judge, Judged, JudgeError
from nst_tf.grading.course.judgements import graders_version
from nst_tf.grading.course.protocol import Limits
from nst_tf.grading.course.sandbox import Isolation, Sandbox


@dataclass(frozen=True)
class Assignment:
    """What a submission is judged by.

    Attributes:
        name: of the notebooks.
        source: the teacher's, as bytes.
        released: the one that was handed out, likewise.
        limits: what each task may take.
        isolation: how tasks are kept apart from everything else.
    """

    name: str
    source: bytes
    released: bytes
    limits: Limits
    isolation: Isolation


class Brief(NamedTuple):
    """What a worker is given: a submission, and what it is judged by."""

    assignment: Assignment
    case: Case


def judged_elsewhere(
    cases: Mapping[str, Case], assignment: Assignment, scheduler: str
) -> Iterator[tuple[str, Judged | Exception]]:
    """Each student with the judgement, or with what went wrong, as they come.

    Raises:
        ClusterError: there is no such scheduler, or a worker can't judge.
    """
    if assignment.isolation is Isolation.NONE:
        raise ClusterError(
            "Without isolation, a submission could reach the scheduler, and all machines through it: leave "
            "out SCHEDULER, or ISOLATION=none."
        )
    fit = partial(why_no_judge, assignment.isolation, graders_version())
    with spread(len(cases), scheduler, fit) as workers:
        briefs = {student: Brief(assignment, case) for student, case in cases.items()}
        outcomes = workers.each(judged_here, briefs)
        try:
            for student, outcome in tqdm(outcomes, "judged", len(cases), unit=" submissions"):
                yield student, _read(outcome)
        finally:
            workers.have_done(partial(close, assignment))


def _read(outcome: bytes | str | ClusterError) -> Judged | Exception:
    """What a worker has sent."""
    if isinstance(outcome, ClusterError):
        return outcome
    if isinstance(outcome, str):
        return JudgeError(outcome)
    try:
        judged = protocol.unpacked(outcome, kinds=JUDGED)
    except ValueError:
        judged = None
    return judged if isinstance(judged, Judged) else JudgeError("the worker's answer can't be read")


# ------------------------------------------------------------------------------------------- in a worker


def why_no_judge(isolation: Isolation, version: str) -> str | None:
    """Why this machine can't judge as another one would, or None."""
    if graders_version() != version:
        return "its grader or its TensorFlow differs from the one here: install the same."
    try:
        with Sandbox(isolation=isolation):
            return None
    except IsolationError as problem:
        return str(problem)


_one_at_a_time = threading.Lock()
_open: list[tuple[Assignment, contextlib.ExitStack, Judge]] = []  # the last one


def judged_here(brief: Brief) -> bytes | str:
    """The judgement as a message, or the sentence that says why there is none."""
    with _one_at_a_time:
        try:
            return protocol.packed(_judge_of(brief.assignment).judged(brief.case))
        except JudgeError as problem:
            return str(problem)
        except (IsolationError, OSError) as trouble:
            raise Unfit(str(trouble)) from None


def _judge_of(assignment: Assignment) -> Judge:
    """A judge with a sandbox, which stays for the next submission to the same assignment."""
    if _open and _open[0][0] != assignment:
        close(_open[0][0])
    if not _open:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nst_tf-class-")))
            source, released = (folder / kind / assignment.name for kind in ("source", "released"))
            for path, data in ((source, assignment.source), (released, assignment.released)):
                path.parent.mkdir()
                path.write_bytes(data)
            imports = TeachersNotebook(source).imports()
            sandbox = stack.enter_context(Sandbox(imports, assignment.isolation, [folder]))
            judge = stack.enter_context(Judge(sandbox, source, released, assignment.limits))
            _open.append((assignment, stack.pop_all(), judge))
    return _open[0][2]


def close(assignment: Assignment) -> None:
    """End what is kept for that assignment's next submission, and nothing of another class's."""
    if _open and _open[0][0] == assignment:
        _open.pop()[1].close()
