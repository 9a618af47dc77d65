"""Judges a submission from outside of the process that runs it (see ``worker.py``).

What comes back from there are values, taken as such: they are right or not. A gradient is believed of no process that
ran a submission: the function comes back as a graph, and another process runs that.
"""

import contextlib
import os
import secrets
import select
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from nst_tf.grading.exercises import step_exercise
from nst_tf.grading.course import protocol
from nst_tf.grading.course.own_solution import borrowed
from nst_tf.grading.diagnosis import conclude, nothing_to_try
from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.inputs import DIFFERENTIATED, inputs_for
from nst_tf.grading.comparison import Evidence
from nst_tf.grading.trial import Observation, Traced, printable
from nst_tf.grading.step_trial import Step, TracedStep, failed_step
from nst_tf.grading.verdict import Diagnosis

_STARTING = 120  # seconds that a worker may take to load TensorFlow, on a machine with much else to do


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


@dataclass(frozen=True)
class Verdict:
    """A diagnosis, and what a teacher should know of how it came about."""

    diagnosis: Diagnosis
    remarks: tuple[str, ...] = ()


class Stopped(Exception):  # noqa: N818 - the submission's failure, not ours
    """What became of a process that did not finish its task; and in a few words, for the teacher."""

    def __init__(self, hint: str, remark: str) -> None:
        super().__init__(hint)
        self.remark = remark


class Sandbox:
    """A worker to send tasks to; a context manager."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._worker: subprocess.Popen | None = None

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
        seed = zlib.crc32(cell.encode("utf8", "replace"))  # one submission, one input
        task = {"kind": "python", "name": name, "cell": cell, "given": given}
        if name == "train_step":
            training_task = training_diagnosis.task_for(seed, weights)
            task["training"] = asdict(training_task)
        else:
            inputs = inputs_for(name, seed)
            task["inputs"] = [each.arguments for each in inputs]
        lines = self._run(task)
        remarks.update("uses nst_tf's solution" for line in lines if "uses" in line)
        after = [line["stopped_after"] for line in lines if "stopped_after" in line]
        remarks.update(f"after the function, its cell stops with {printable(str(text))}" for text in after)
        try:
            if not _only(lines, "is_defined"):
                return nothing_to_try(name, f"The cell defines no function `{name}`.", "not-defined")
            traced = _only(lines, "traced")
            if name == "train_step":
                runs = [
                    _steps(_only(lines, "written")),
                    self._run_step(_traced_step(traced), task["training"]),
                ]
                return training_diagnosis.conclude_training(training_task, runs)
            observations = [_observation(line["observation"]) for line in lines if "observation" in line]
            if any("MemoryError" in each.text.partition(":")[0] for each in observations):
                remarks.add("memory")
            if len(observations) != len(inputs):
                raise ValueError("too few observations")
            run = self._run_graph(_traced(traced), task["inputs"][0], DIFFERENTIATED[name])
            return conclude(name, inputs, Evidence(observations, run))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise Stopped("What it sent back can't be read.", "sent back what can't be read") from None

    def _run_graph(self, traced: Traced, arguments: tuple, differentiated: tuple[int, ...]) -> GraphRun:
        if traced.graph is None:
            return GraphRun(None, text=traced.text)
        task = {"kind": "graph", "traced": traced, "arguments": arguments, "differentiated": differentiated}
        try:
            run = _only(self._run(task), "run")
        except Stopped as stopped:
            return GraphRun(None, text=str(stopped))
        return GraphRun(_array(run["value"]), _array(run["gradient"]), printable(str(run["text"])))

    def _run_step(self, traced: TracedStep, training_task: dict) -> list[Step]:
        try:
            return _steps(
                _only(self._run({"kind": "step", "traced": traced, "training": training_task}), "steps")
            )
        except Stopped as stopped:
            return [failed_step(str(stopped))]

    def _run(self, task: dict) -> list[dict]:
        """The lines that the task's process sent.

        Raises:
            Stopped: it did not come to its end.
        """
        done = self._ask({**task, "limits": asdict(self.limits)})
        if done["is_late"]:
            raise Stopped(
                f"It is not ready after {self.limits.seconds:g} seconds: is there a loop without an end?",
                "time",
            )
        try:
            lines = [wire.unpacked(line.encode()) for line in done["lines"]]
        except ValueError:
            lines = []
        if lines and lines[-1] == "done":
            return [line for line in lines if isinstance(line, dict)]
        stopped = next(
            (line["stopped"] for line in lines if isinstance(line, dict) and "stopped" in line), None
        )
        if stopped is not None:
            raise Stopped(*_in_words(str(stopped)))
        if done["exit"] >= 0:
            raise Stopped(
                "It ends the process that it runs in: leave `os._exit()` and the like out.",
                "ended its process",
            )
        raise Stopped(
            "It crashes the process that it runs in, or takes more memory than it may.", "crashed, or memory"
        )

    def _ask(self, task: dict) -> dict:
        """Have the worker do a task; a worker that was ended, or doesn't answer, is replaced by the next call.

        Raises:
            Stopped: there is no answer.
        """
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "nst_tf.grading.course.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        number = secrets.token_hex(8)
        try:
            self._worker.stdin.write(wire.packed({**task, "number": number}))
            self._worker.stdin.flush()
            answer = wire.unpacked(self._read_line(time.monotonic() + self.limits.seconds + _STARTING))
            if answer["number"] == number:
                return answer
        except (BrokenPipeError, KeyError, TypeError, ValueError):
            pass
        self._worker.kill()
        self._end_worker()
        raise Stopped(
            "The grader's worker ended, or did not answer, while it ran this.",
            "no answer from the grader's worker",
        )

    def _read_line(self, deadline: float) -> bytes:
        """What the worker answers, up to the end of the line; nothing more may come after it."""
        descriptor, line = self._worker.stdout.fileno(), b""
        while (
            not line.endswith(b"\n")
            and select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]
        ):
            part = os.read(descriptor, 1 << 20)
            if not part:
                break
            line += part
        return line

    def _end_worker(self) -> None:
        """Let the worker come to its end, if there is one."""
        if self._worker is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._worker.stdin.close()
        self._worker.wait()
        self._worker.stdout.close()
        self._worker = None


def _environment() -> dict[str, str]:
    """Nothing of the teacher's environment but what Python needs."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}


def _without_magics(cell: str) -> str:
    """A cell as Python, where ``%magic`` and ``!command`` call what the worker has put there: nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    first, _, rest = cell.lstrip().partition("\n")
    try:
        return TransformerManager().transform_cell(rest if first.startswith("%%") else cell)
    except SyntaxError:
        return cell


def _in_words(stopped: str) -> tuple[str, str]:
    """What ended the cell, for the learner and for the teacher."""
    stopped = printable(stopped)
    if stopped.startswith("SystemExit"):
        return "The cell ends its process: leave `exit()` and `quit()` out.", "calls exit()"
    if "MemoryError" in stopped.partition(":")[0]:
        return "It takes more memory than it may.", "memory"
    if "File too large" in stopped:
        return "It prints, or writes, more than it may.", "output"
    return f"The cell stops with {stopped}.", "the cell stops with an error"


def _only(lines: Iterable[dict], key: str) -> object:
    (value,) = (line[key] for line in lines if key in line)
    return value


def _array(value: object) -> np.ndarray | None:
    if value is not None and not isinstance(value, np.ndarray):
        raise ValueError("no array")
    return value


def _observation(line: dict) -> Observation:
    return Observation(
        printable(str(line["kind"])),
        _array(line["value"]),
        printable(str(line["text"])),
        bool(line["has_changed_arguments"]),
        bool(line["has_printed"]),
        printable(str(line["dtype"])),
    )


def _traced(line: dict) -> Traced:
    names = (tuple(map(str, line[which])) for which in ("inputs", "outputs"))
    return Traced(_graph(line["graph"]), *names, printable(str(line["text"])))


def _traced_step(line: dict) -> TracedStep:
    fed = tuple((str(name), what if isinstance(what, int) else _array(what)) for name, what in line["fed"])
    names = (tuple(map(str, line[which])) for which in ("returned", "effects"))
    return TracedStep(_graph(line["graph"]), fed, *names, printable(str(line["text"])))


def _graph(value: object) -> bytes | None:
    if value is not None and not isinstance(value, bytes):
        raise ValueError("no graph")
    return value


def _steps(run: list) -> list[Step]:
    steps = [
        Step(
            _observation(step["returned"]),
            _array(step["image"]),
            int(step["applied"]),
            bool(step["has_changed_image"]),
            bool(step["has_changed_bystander"]),
        )
        for step in run
    ]
    if not steps or any(step.image is None for step in steps):
        raise ValueError("a run has steps")
    return steps
