"""``python -m nst_tf.grading.course.judge``: reads and judges submissions, in a room of its own.

It parses what students handed in, and knows the right answers. So it can reach nothing of the teacher's, and
nothing that runs a submission can reach it. It has each task done by asking for it on its standard output.
"""

import ast
import contextlib
import functools
import os
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

import nbformat

from nst_tf.grading.course import protocol
from nst_tf.grading.course.assignment import Submission, TeachersNotebook, read_submission
from nst_tf.grading.course.isolation import end_with_parent
from nst_tf.grading.course.judging import Code, Verdict, verdicts_on
from nst_tf.grading.course.magics import without_magics
from nst_tf.grading.course.protocol import Limits, Reply
from nst_tf.grading.course.sandbox import Sandbox
from nst_tf.grading.course.statements import parsed
from nst_tf.grading.diagnosis import Diagnosis

_SECONDS = 120  # that it may think, or load TensorFlow, on a busy machine
_ENDING = 3  # seconds that its end may take
_MEGABYTES = 4000  # of memory
_ANSWER = 100_000_000  # bytes


@dataclass(frozen=True)
class Case:
    """What a student handed in, to be judged.

    Attributes:
        notebook: the file; None if there is none.
        remark: what was odd about it.
    """

    notebook: bytes | None
    remark: str


@dataclass(frozen=True)
class Wanted:
    """An order that the judge wants to be done."""

    order: bytes


@dataclass(frozen=True)
class Judged:
    """What the judge makes of a submission.

    Attributes:
        notebook: the one that was handed out with the student's solutions in it, as JSON.
        remarks: what a teacher should know of it.
        verdicts: on each exercise, by name.
    """

    notebook: str
    remarks: tuple[str, ...]
    verdicts: dict[str, Verdict]


JUDGED = (Judged, Verdict, Diagnosis)
_MESSAGES = (Case, Wanted, Reply, *JUDGED)


class JudgeError(Exception):
    """There is no judgement; the text says why."""


class Judge:
    """A process that judges, started when it is needed; a context manager.

    Args:
        sandbox: where the tasks are done.
        source: the teacher's notebook.
        released: the notebook that was handed out.
        limits: what each task may take.
    """

    def __init__(self, sandbox: Sandbox, source: Path, released: Path, limits: Limits) -> None:
        self._sandbox, self._source, self._released, self._limits = sandbox, source, released, limits
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def judged(self, case: Case) -> Judged:
        """Judge a submission.

        Raises:
            JudgeError: the process ended, or did not come to an end.
        """
        try:
            message: Case | Reply = case
            while True:
                answer = self._answer(message)
                if isinstance(answer, Judged):
                    return answer
                message = self._sandbox.run(answer.order, self._limits)
        except BaseException as problem:
            self.end()  # it may be in the middle of a case
            if isinstance(problem, Exception):
                raise JudgeError(str(problem) or type(problem).__name__) from None
            raise

    def _answer(self, message: Case | Reply) -> Wanted | Judged:
        if self._process and self._process.poll() is not None:
            self.end()
        process = self._process or self._started()
        assert process.stdin is not None  # as asked for
        assert process.stdout is not None
        late = threading.Timer(_SECONDS, process.kill)
        late.start()
        try:
            process.stdin.write(protocol.packed(message))
            process.stdin.flush()
        finally:
            late.cancel()
        line = _line(process.stdout, time.monotonic() + _SECONDS)
        answer = protocol.unpacked(line, kinds=_MESSAGES)
        if not isinstance(answer, Wanted | Judged):
            raise ValueError("the judge's answer can't be read")
        return answer

    def _started(self) -> subprocess.Popen:
        settings = [str(self._source), str(self._released), *map(str, vars(self._limits).values())]
        files = [self._source, self._released]
        self._process = self._sandbox.started("nst_tf.grading.course.judge", *settings, files=files)
        return self._process

    def kill(self) -> None:
        """End the process from another thread."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """End the process; another one is started when it is needed."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError):
                self._process.communicate(timeout=_ENDING)  # it ends when there is no more to judge
            self._process.kill()
            self._process.communicate()
        self._process = None


def _line(stream: IO[bytes], deadline: float) -> bytes:
    """A line of an answer.

    Raises:
        ValueError: there is none.
    """
    line = b""
    while not line.endswith(b"\n") and len(line) < _ANSWER:
        if not select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise ValueError(f"the judge was not ready after {_SECONDS} seconds")
        part = os.read(stream.fileno(), 1 << 20)
        if not part:
            raise ValueError("the judging process ended unexpectedly")
        line += part
    return line


# ---------------------------------------------------------------------------------- in the judge's process


def main() -> None:
    """Judge submissions until there are no more."""
    end_with_parent()
    source, released, *limits = sys.argv[1:]
    _limit_memory()
    with os.fdopen(os.dup(1), "wb") as answers, contextlib.redirect_stdout(None):
        court = _Court(Path(source), Path(released), _limits(*limits), _sender(answers))
        for line in sys.stdin.buffer:
            case = protocol.unpacked(line, kinds=_MESSAGES)
            court.send(court.judged(case))


def _limits(seconds: str, megabytes: str, output_kilobytes: str) -> Limits:
    return Limits(float(seconds), int(megabytes), int(output_kilobytes))


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MEGABYTES * 1_000_000,) * 2)


def _sender(stream: IO[bytes]) -> Callable[[object], None]:
    def send(message: object) -> None:
        stream.write(protocol.packed(message))
        stream.flush()

    return send


@dataclass
class _Court:
    """The teacher's notebook, against which submissions are judged."""

    source: Path
    released: Path
    limits: Limits
    send: Callable[[Any], None]

    def __post_init__(self) -> None:
        self.teacher = TeachersNotebook(self.source)
        self._seen: set[tuple[str, Code]] = set()
        self._known: dict[tuple[str, Code], Verdict] = {}

    def judged(self, case: Case) -> Judged:
        submission = read_submission(case.notebook, self.released, case.remark)
        codes = {name: self._code(name, submission) for name in self.teacher.exercises}
        verdicts = self._verdicts(
            {name: code for name, code in codes.items() if (name, _without_comments(code)) not in self._seen}
        )
        for name, code in codes.items():
            if name not in verdicts:
                known = self._known.get((name, code)) or self._known.get((name, _without_comments(code)))
                verdicts[name] = known or self._verdicts({name: code})[name]
        in_order = {name: verdicts[name] for name in codes}
        return Judged(nbformat.writes(submission.notebook), submission.remarks, in_order)

    def _verdicts(self, codes: dict[str, Code]) -> dict[str, Verdict]:
        """The verdicts. One is reused for the same code unless this student's other cells could have affected
        it: the second time that a cell comes in, it is judged by itself, and that verdict is reused. A right
        cell may differ in its comments; a wrong one may not, because its hint names a line.
        """
        verdicts = verdicts_on(codes, self.teacher.weights(), self.limits, self._run)
        for name, verdict in verdicts.items():
            code = codes[name]
            bare = _without_comments(code)
            self._seen.add((name, bare))
            if not verdict.is_shared and not verdict.remarks:
                self._known[name, bare if verdict.diagnosis.passed else code] = verdict
        return verdicts

    def _code(self, name: str, submission: Submission) -> Code:
        cell = without_magics(submission.cells().get(name, ""))
        needs, given = submission.needs.get(name, ()), self.teacher.given_for(name)
        return Code(cell, tuple(needs), tuple(given), self.teacher.solution(name))

    def _run(self, order: bytes) -> Reply:
        self.send(Wanted(order))
        reply = protocol.unpacked(sys.stdin.buffer.readline(), kinds=_MESSAGES)
        assert isinstance(reply, Reply)
        return reply


@functools.lru_cache(maxsize=64)
def _without_comments(code: Code) -> Code:
    """The same code with the cell's text replaced by its syntax tree, if it parses."""
    tree = parsed(code.cell)
    with contextlib.suppress(RecursionError, MemoryError):
        return code if tree is None else replace(code, cell=ast.dump(tree))
    return code


if __name__ == "__main__":
    main()
