"""From the cell that defines a function to the verdict on it.

The process of a submission only says what it saw: what is right is decided here. A gradient is never believed
of a process that ran a submission: the function comes back as a graph, and another process runs it.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from nst_tf.grading.advice import advice_on
from nst_tf.grading.course import protocol
from nst_tf.grading.course.own_solution import borrowed
from nst_tf.grading.course.protocol import Limits, Reply
from nst_tf.grading.course.together import Hearing, together
from nst_tf.grading.diagnosis import Diagnosis, conclude, nothing_to_try
from nst_tf.grading.errors import printable, raised
from nst_tf.grading.exercises.base import Exercise
from nst_tf.grading.exercises.registry import exercise
from nst_tf.grading.exercises.stand_ins import text_of
from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.trial import Evidence, Observation, Trial

Kind = TypeVar("Kind")
Run = Callable[[bytes], Reply]  # has a packed order done

_UNREADABLE = ("The result that it sent back can't be read.", "sent back what can't be read")
_MOST_EVENTS = 4  # of a task that does what it should
_TOO_MUCH_MEMORY = "takes too much memory"
_OUTPUT = ("It prints or writes more than it is allowed to.", "prints too much")
_STOPPED = {
    "memory": ("It uses more memory than it is allowed to.", _TOO_MUCH_MEMORY),
    "processes": ("It starts more processes or threads than it is allowed to.", "starts too many processes"),
    "output": _OUTPUT,
}
_NOT_HERE = "nst_tf's own solutions are not there"  # see worker.py


@dataclass(frozen=True)
class Verdict:
    """A diagnosis, and how it was reached.

    Attributes:
        diagnosis: the diagnosis.
        remarks: what a teacher should know about it.
        is_shared: whether other cells of the submission ran in the same process.
    """

    diagnosis: Diagnosis
    remarks: tuple[str, ...] = ()
    is_shared: bool = False


@dataclass(frozen=True)
class Code:
    """What is run to get a function.

    Attributes:
        cell: the one that defines it, as plain Python.
        needs: statements of the student's other cells, to be run before it.
        given: the notebook's own cells, to be run before those.
        solution: the teacher's; it is never run, but a copy of it is noticed.
    """

    cell: str
    needs: Sequence[str] = ()
    given: Sequence[str] = ()
    solution: str = ""


class Stopped(Exception):  # noqa: N818 - the submission's failure, not ours
    """Why a task did not come to its end, for the learner; ``remark`` says it briefly for the teacher."""

    def __init__(self, hint: str, remark: str) -> None:
        super().__init__(hint)
        self.remark = remark


def verdicts_on(
    codes: Mapping[str, Code], weights: Mapping[str, float], limits: Limits, run: Run
) -> dict[str, Verdict]:
    """Judge the functions of one submission.

    What isn't right where several cells run in one process is tried once more in a process of its own:
    another cell, which ran before, might be the reason.

    Args:
        codes: what defines each function, by its name.
        weights: ``alpha`` and ``beta``, where the given cells make such names.
        limits: what each task may take.
        run: has an order done.
    """

    hearings = {name: _Hearing(exercise(name), codes[name], dict(weights), limits) for name in codes}

    def heard(names: Iterable[str]) -> dict[str, tuple[Verdict, bool]]:
        return together(
            {name: hearings[name].verdict() for name in names},
            lambda tasks: run(protocol.packed(protocol.Order(tasks, limits))),
        )

    verdicts = heard(codes)
    for name, (verdict, is_shared) in list(verdicts.items()):
        if is_shared and not verdict.diagnosis.passed:
            verdicts.update(heard([name]))
    return {name: replace(verdict, is_shared=is_shared) for name, (verdict, is_shared) in verdicts.items()}


@dataclass
class _Hearing:
    """One function, while it is tried and judged: its generators ask for the tasks that it takes.

    Attributes:
        depends_on_others: whether others could have affected it after its first reply.
        reached: its first reply, and the verdict, if that rests on nothing else.
    """

    asked: Exercise
    code: Code
    weights: dict[str, float]
    limits: Limits
    remarks: set[str] = field(default_factory=set)
    depends_on_others: bool = False
    reached: tuple[list[str], Verdict] | None = None

    def verdict(self) -> Hearing[Verdict]:
        """The diagnosis, or why there is none. When heard again, the same evidence isn't judged twice."""
        seed = zlib.crc32(self.code.cell.encode("utf8", "replace"))  # one submission, one trial
        trial = self.asked.trial(seed, self.weights)
        reply = yield self._task(trial)
        if self.reached and self.reached[0] == reply.lines:
            return self.reached[1]
        self.depends_on_others = False
        verdict = yield from self._verdict(reply, trial)
        self.reached = None if self.depends_on_others else (reply.lines, verdict)
        return verdict

    def _verdict(self, reply: Reply, trial: Trial) -> Hearing[Verdict]:
        name = self.asked.name
        self.remarks = set(borrowed(name, "\n".join([*self.code.needs, self.code.cell]), self.code.solution))
        try:
            diagnosis = yield from self._diagnosis(reply, trial)
        except Stopped as stopped:
            diagnosis = nothing_to_try(name, str(stopped))
            self.remarks.add(stopped.remark)
        if _NOT_HERE in diagnosis.hint:
            self.remarks.add("uses nst_tf's solution")
        return Verdict(diagnosis, tuple(sorted(self.remarks)))

    def _diagnosis(self, reply: Reply, trial: Trial) -> Hearing[Diagnosis]:
        """Judge what the function did in a trial, and run further trials if needed.

        Raises:
            Stopped: it can't be tried.
        """
        try:
            tried = self._tried(reply)
            if tried is None:
                name = self.asked.name
                return nothing_to_try(name, f"The cell defines no function `{name}`.", "not-defined")
            run = yield from self._run_of_graph(tried.graph, trial)
            evidence = Evidence(tried.written, run, self.code.cell)
            diagnosis = conclude(self.asked, trial, evidence)
            larger = self.asked.larger(trial) if diagnosis.passed else None
            if larger is None:
                return diagnosis
            written = yield from self._written(larger)
            return conclude(self.asked, larger, replace(evidence, written=written)) if written else diagnosis
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise Stopped(*_UNREADABLE) from None

    def _written(self, trial: Trial) -> Hearing[protocol.AnyWritten | None]:
        """What the function does as it is written, in a further trial. None says that it can't be tried
        there, which counts neither for nor against it.
        """
        self.depends_on_others = True
        reply = yield self._task(trial)
        try:
            tried = self._tried(reply)
        except Stopped:
            return None
        return tried.written if tried else None

    def _task(self, trial: Trial) -> protocol.CellTask:
        code, helpers = self.code, tuple(self.asked.helpers)
        given = [*code.given, text_of(helpers)]
        return protocol.CellTask(self.asked.name, code.cell, tuple(code.needs), given, helpers, trial)

    def _tried(self, reply: Reply) -> protocol.Tried | None:
        """What the function did; None if there is no function."""
        events = self._events(reply)
        self.remarks.update(_remarks(events))
        return _only(events, protocol.Tried) if _only(events, protocol.Defined).is_callable else None

    def _run_of_graph(self, graph: protocol.AnyGraph, trial: Trial) -> Hearing[protocol.AnyRun]:
        """What the graph does. One made for the numbers that the function was tried on fails."""
        unseen = self.asked.unseen(trial)
        reply = yield protocol.GraphTask(graph, trial, unseen)
        try:
            ran = _only(self._events(reply), protocol.Ran)
        except Stopped as stopped:
            self.depends_on_others = True
            return trial.failed_run(f"an error ({stopped.remark})")
        self.depends_on_others = graph.graph is not None and _has_failed(ran.run)
        is_right = self.asked.is_right_run(trial, ran.run)
        if is_right and not self.asked.is_right_run(unseen, ran.unseen):
            return trial.failed_run(
                "an error: its result depends on the numbers that the function was tried on"
            )
        return ran.run

    def _events(self, reply: Reply) -> list[protocol.Event]:
        """The events that a task's process sent.

        Raises:
            Stopped: it did not come to its end.
        """
        if reply.stopped == "time":
            raise Stopped(
                f"It didn't finish within {self.limits.seconds:g} seconds: is there an endless loop?",
                f"did not finish within {self.limits.seconds:g} seconds",
            )
        if reply.stopped:
            raise Stopped(*_STOPPED[reply.stopped])
        return _events(reply, self.asked.name)


def _events(reply: Reply, name: str) -> list[protocol.Event]:
    is_readable = True
    try:
        events = [protocol.unpacked(line.encode(), text=_readable) for line in reply.lines]
    except ValueError:
        events, is_readable = [], False
    for event in events:
        if isinstance(event, protocol.Failed):
            raise Stopped(*_explained(event.text, name))
    if events and isinstance(events[-1], protocol.Done) and len(events) <= _MOST_EVENTS:
        return events
    is_readable = is_readable and len(events) <= _MOST_EVENTS
    if not is_readable and (reply.is_done or reply.exit >= 0):
        raise Stopped(*_UNREADABLE)
    if reply.exit < 0:
        raise Stopped(
            "It crashes the process that it runs in, or uses more memory than it is allowed to.",
            "crashes, or takes too much memory",
        )
    raise Stopped(
        "It ends the process that it runs in: remove `os._exit()` and similar calls.", "ends its process"
    )


def _remarks(events: Sequence[protocol.Event]) -> set[str]:
    """What a teacher should know of how a cell ran."""
    remarks = set()
    for event in events:
        if isinstance(event, protocol.StoppedAfter):
            remarks.add(f"after the function, its cell stops with {printable(event.text)}")
        if isinstance(event, protocol.Tried) and any(map(_ran_out_of_memory, event.written)):
            remarks.add(_TOO_MUCH_MEMORY)
    return remarks


def _ran_out_of_memory(call: object) -> bool:
    return isinstance(call, Observation) and "MemoryError" in call.text.partition(":")[0]


def _explained(error: str, name: str) -> tuple[str, str]:
    """What ended the cell, for the learner and for the teacher."""
    error = printable(error)
    if error.startswith("SystemExit"):
        return "The cell ends its process: remove `exit()` and `quit()`.", "calls exit()"
    if "MemoryError" in error.partition(":")[0]:
        return _STOPPED["memory"]
    if "File too large" in error or "No space left" in error:
        return _OUTPUT
    sentence = advice_on(error, name).sentence
    return f"{raised(error)} {sentence}", "the cell stops with an error"


def _has_failed(run: protocol.AnyRun) -> bool:
    """Whether a graph could not be run: others in its process may have left it too little memory."""
    texts = [run.text] if isinstance(run, GraphRun) else [step.returned.text for step in run]
    return any(texts)


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
