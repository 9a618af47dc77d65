"""What came of grading an assignment, for a student and for the class."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nst_tf.grading.course.judge import Judged
from nst_tf.grading.course.judging import Verdict
from nst_tf.grading.course.nbgrader_plugin import points
from nst_tf.grading.diagnosis import Diagnosis
from nst_tf.grading.exercises.base import TWO

_TELL_NOTHING = {"exception", "not-defined"}  # such a mistake is another one in each cell
_RAISED = re.compile(r"(Line \d+, `.*`,|It|For .*) raises ")


@dataclass(frozen=True)
class Graded:
    """One student's assignment.

    Attributes:
        student: the name of the folder.
        judged: None where it could not be judged.
        problem: why it has no grade; empty where it has one.
        untouched: the exercises whose cells are as they were handed out.
    """

    student: str
    judged: Judged | None = None
    problem: str = ""
    untouched: frozenset[str] = frozenset()

    @property
    def is_graded(self) -> bool:
        """Whether there is a grade."""
        return self.judged is not None and not self.problem

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on each exercise."""
        return self.judged.verdicts if self.judged else {}

    def remarks(self) -> list[str]:
        """What the teacher should look at; what is true of several exercises is said once."""
        alike: dict[tuple[str, ...], list[str]] = {}  # exercises by what is odd about them
        for name, verdict in self.verdicts.items():
            if verdict.remarks:
                alike.setdefault(verdict.remarks, []).append(name)
        own = [f"{', '.join(names)}: {', '.join(remarks)}" for remarks, names in alike.items()]
        return [*(self.judged.remarks if self.judged else ()), *own]

    def points(self, name: str, most: Mapping[str, float]) -> float:
        """The points for an exercise, out of the most for each."""
        return points(self.verdicts[name], most[name])

    def total(self, most: Mapping[str, float]) -> float:
        """All points."""
        return sum(self.points(name, most) for name in self.verdicts)


@dataclass(frozen=True)
class Made:
    """A mistake, and who made it."""

    exercise: str
    mistake: str
    hint: str
    students: list[str]


def mistakes(graded: Sequence[Graded]) -> list[Made]:
    """All mistakes that have a name, the most frequent first."""
    made: dict[tuple[str, str], Made] = {}
    for each in graded:
        for name, verdict in each.verdicts.items():
            for mistake, hint in named_mistakes(verdict.diagnosis) if name not in each.untouched else ():
                made.setdefault((name, mistake), Made(name, mistake, hint, [])).students.append(each.student)
    return sorted(made.values(), key=lambda each: -len(each.students))


def named_mistakes(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    """The name and the hint of each mistake that is in a function, of two at once one after the other."""
    if _RAISED.match(diagnosis.hint):
        return
    names = (diagnosis.mistake or "").split("+")
    hints = [diagnosis.hint]
    if len(names) > 1:
        hints = diagnosis.hint.removeprefix(TWO).split(" And: ")
    if len(hints) == len(names):  # it may be worded in another way
        yield from ((name, hint) for name, hint in zip(names, hints, strict=True) if _tells(name))
    elif _tells(names[0]):
        yield diagnosis.mistake or "", diagnosis.hint


def _tells(mistake: str) -> bool:
    return bool(mistake) and mistake not in _TELL_NOTHING


def untouched(graded: Sequence[Graded], exercises: Sequence[str]) -> dict[str, int]:
    """How many handed an exercise in as they got it, where there are any."""
    counts = {name: sum(name in each.untouched for each in graded) for name in exercises}
    return {name: count for name, count in counts.items() if count}
