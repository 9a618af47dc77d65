"""Judges a submission from outside of the process that runs it (see ``worker.py``).

The values that come back are simply right or wrong. A gradient is never trusted from a process that ran a
submission: the function comes back as a graph, and another process runs it.
"""

import contextlib
import os
import secrets
import select
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from nst_tf.grading.course import protocol
from nst_tf.grading.course.own_solution import borrowed
from nst_tf.grading.course.protocol import Limits
from nst_tf.grading.diagnosis import Diagnosis, conclude, nothing_to_try
from nst_tf.grading.exercises.registry import exercise
from nst_tf.grading.trial import Evidence, Observation, printable

_UNREADABLE = ("What it sent back can't be read.", "sent back what can't be read")
_STARTING = 120  # seconds that a worker may take to load TensorFlow, on a busy machine


@dataclass(frozen=True)
class Verdict:
    """A diagnosis, and what a teacher should know about how it was reached."""

    diagnosis: Diagnosis
    remarks: tuple[str, ...] = ()


Kind = TypeVar("Kind")


class Stopped(Exception):  # noqa: N818 - the submission's failure, not ours
    """Why a process did not finish its task, for the learner; ``remark`` says it briefly for the teacher."""

    def __init__(self, hint: str, remark: str) -> None:
        super().__init__(hint)
        self.remark = remark


class Sandbox:
    """A worker to send tasks to; a context manager."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worker()

    def judge(self, name: str, cell: str, given: list[str], weights: dict[str, float]) -> Verdict:
        """Judge the function that a solution's cell defines.

        Args:
            name: of the function.
            cell: the cell's code.
            given: the code of the notebook's own cells that it needs.
            weights: ``alpha`` and ``beta``, where the given cells make such names.
        """
        cell = _without_magics(cell)
        remarks = set(borrowed(name, cell))
        try:
            diagnosis = self._diagnosed(name, cell, given, weights, remarks)
        except Stopped as stopped:
            diagnosis = nothing_to_try(name, str(stopped))
            remarks.add(stopped.remark)
        return Verdict(diagnosis, tuple(sorted(remarks)))

    def _diagnosed(
        self, name: str, cell: str, given: list[str], weights: dict[str, float], remarks: set[str]
    ) -> Diagnosis:
        asked = exercise(name)
        seed = zlib.crc32(cell.encode("utf8", "replace"))  # one submission, one trial
        trial = asked.trial(seed, weights)
        events = self._run(protocol.CellTask(name, cell, given, trial))
        remarks.update(_remarks(events))
        try:
            if not _only(events, protocol.Defined).is_callable:
                return nothing_to_try(name, f"The cell defines no function `{name}`.", "not-defined")
            tried = _only(events, protocol.Tried)
            run = self._run_graph(protocol.GraphTask(tried.graph, trial))
            return conclude(asked, trial, Evidence(tried.written, run))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise Stopped(*_UNREADABLE) from None

    def _run_graph(self, task: protocol.GraphTask) -> protocol.AnyRun:
        try:
            return _only(self._run(task), protocol.Ran).run
        except Stopped as stopped:
            return task.trial.failed_run(str(stopped))

    def _run(self, task: protocol.CellTask | protocol.GraphTask) -> list[protocol.Event]:
        """The events that the task's process sent.

        Raises:
            Stopped: it did not come to its end.
        """
        reply = self._ask(task)
        if reply.is_late:
            raise Stopped(
                f"It is not ready after {self.limits.seconds:g} seconds: is there a loop without an end?",
                "time",
            )
        is_readable = True
        try:
            events = [protocol.unpacked(line.encode(), text=_readable) for line in reply.lines]
        except ValueError:
            events, is_readable = [], False
        if events and isinstance(events[-1], protocol.Done):
            return events
        for event in events:
            if isinstance(event, protocol.Failed):
                raise Stopped(*_explained(event.text))
        has_finished = bool(reply.lines) and reply.lines[-1].encode() == protocol.DONE.rstrip()
        if not is_readable and (has_finished or reply.exit >= 0):
            raise Stopped(*_UNREADABLE)
        if reply.exit < 0:
            raise Stopped(
                "It crashes the process that it runs in, or takes more memory than it may.",
                "crashed, or memory",
            )
        raise Stopped(
            "It ends the process that it runs in: leave `os._exit()` and the like out.", "ended its process"
        )

    def _ask(self, task: protocol.CellTask | protocol.GraphTask) -> protocol.Reply:
        """Have the worker do a task; a worker that has ended or doesn't answer
        is replaced at the next call.

        Raises:
            Stopped: there is no answer.
        """
        if self._worker is None:
            self._worker = _Worker()
        request = protocol.Request(secrets.token_hex(8), task, self.limits)
        deadline = time.monotonic() + self.limits.seconds + _STARTING
        try:
            reply = protocol.unpacked(self._worker.answer(protocol.packed(request), deadline))
            if isinstance(reply, protocol.Reply) and reply.number == request.number:
                return reply
        except (BrokenPipeError, ValueError):
            pass
        self._worker.process.kill()
        self._end_worker()
        raise Stopped(
            "The grader's worker ended, or did not answer, while it ran this.",
            "no answer from the grader's worker",
        )

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
        self._worker = None


class _Worker:
    """A process that runs what is not trusted (see ``worker.py``)."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "nst_tf.grading.course.worker"]
        ends, quiet = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=ends, stdout=ends, stderr=quiet, env=_environment())
        assert self.process.stdin is not None  # as asked for
        assert self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout

    def answer(self, line: bytes, deadline: float) -> bytes:
        """Its answer to a line, itself one line; nothing may come after it."""
        self._input.write(line)
        self._input.flush()
        descriptor, answer = self._output.fileno(), b""
        while not answer.endswith(b"\n") and _is_ready(descriptor, deadline):
            part = os.read(descriptor, 1 << 20)
            if not part:
                break
            answer += part
        return answer

    def end(self) -> None:
        """Let it come to its end."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        self.process.wait()
        self._output.close()


def _is_ready(descriptor: int, deadline: float) -> bool:
    return bool(select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0])


def _environment() -> dict[str, str]:
    """Nothing of the teacher's environment but what Python needs."""
    names = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "COVERAGE_PROCESS_CONFIG")  # the last is our own tests'
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}


def _without_magics(cell: str) -> str:
    """A cell as Python, where ``%magic`` and ``!command`` are calls that do nothing in the worker."""
    from IPython.core.inputtransformer2 import TransformerManager

    first, _, rest = cell.lstrip().partition("\n")
    try:
        return TransformerManager().transform_cell(rest if first.startswith("%%") else cell)
    except SyntaxError:
        return cell


def _remarks(events: Sequence[protocol.Event]) -> set[str]:
    """What a teacher should know of how a cell ran."""
    remarks = set()
    for event in events:
        if isinstance(event, protocol.Uses):
            remarks.add("uses nst_tf's solution")
        if isinstance(event, protocol.StoppedAfter):
            remarks.add(f"after the function, its cell stops with {printable(event.text)}")
        if isinstance(event, protocol.Tried) and any(map(_ran_out_of_memory, event.written)):
            remarks.add("memory")
    return remarks


def _ran_out_of_memory(call: object) -> bool:
    return isinstance(call, Observation) and "MemoryError" in call.text.partition(":")[0]


def _explained(error: str) -> tuple[str, str]:
    """What ended the cell, for the learner and for the teacher."""
    error = printable(error)
    if error.startswith("SystemExit"):
        return "The cell ends its process: leave `exit()` and `quit()` out.", "calls exit()"
    if "MemoryError" in error.partition(":")[0]:
        return "It takes more memory than it may.", "memory"
    if "File too large" in error:
        return "It prints, or writes, more than it may.", "output"
    return f"The cell stops with {error}.", "the cell stops with an error"


def _only(events: Sequence[protocol.Event], kind: type[Kind]) -> Kind:
    """The one event of that kind.

    Raises:
        ValueError: there is none, or there are several.
    """
    (event,) = (event for event in events if isinstance(event, kind))
    return event


def _readable(text: str) -> str:
    """A submission's text, of bounded length, without characters that can't be shown."""
    return "".join(character for character in text[:10_000] if character.isprintable())
