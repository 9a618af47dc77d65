"""What a teacher is told of a graded assignment."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nst_tf.files import written_aside
from nst_tf.grading.course.gradebook import safe_cell, shown
from nst_tf.grading.course.judge import Judged
from nst_tf.grading.course.nbgrader_plugin import points


@dataclass(frozen=True)
class Graded:
    """One student's assignment.

    Attributes:
        student: the name of the folder.
        judged: None where it could not be judged.
        problem: why it has no grade; empty where it has one.
    """

    student: str
    judged: Judged | None = None
    problem: str = ""

    def remarks(self) -> Iterator[str]:
        """What the teacher should look at."""
        if self.judged is None:
            return
        yield from self.judged.remarks
        for name, verdict in self.judged.verdicts.items():
            yield from (f"{name}: {remark}" for remark in verdict.remarks)

    def total(self, most: Mapping[str, float]) -> float:
        """The points, out of the most for each exercise."""
        verdicts = self.judged.verdicts if self.judged else {}
        return sum(points(verdict, most[name]) for name, verdict in verdicts.items())


def write_report(path: Path, graded: Sequence[Graded], most: Mapping[str, float]) -> None:
    """Write a line for each exercise of each student, and one for a student who has no grade."""
    with written_aside(path) as aside, aside.open("w", newline="", encoding="utf8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "exercise", "points", "of", "mistake", "hint", "remarks"])
        for each in graded:
            for row in _rows(each, most):
                writer.writerow([safe_cell(value) for value in (shown(each.student), *row)])


def _rows(graded: Graded, most: Mapping[str, float]) -> Iterator[tuple]:
    if graded.problem or graded.judged is None:
        yield "", "", "", "", "", f"not graded: {graded.problem}"
        return
    for name, verdict in graded.judged.verdicts.items():
        diagnosis = verdict.diagnosis
        remarks = "; ".join((*graded.judged.remarks, *verdict.remarks))
        given = points(verdict, most[name])
        yield name, given, most[name], diagnosis.mistake or "", diagnosis.hint, remarks


def print_summary(assignment: str, graded: Sequence[Graded], most: Mapping[str, float]) -> None:
    """Say how an assignment went, and what to look at."""
    marked = [each for each in graded if not each.problem]
    totals = [each.total(most) for each in marked]
    average = f"{sum(totals) / len(totals):.1f} of {sum(most.values()):g} points on average" if totals else ""
    print(f"\n{assignment}: {len(graded)} submissions{', ' if average else ''}{average}.")
    _print_list("Most frequent mistakes:", _frequent_mistakes(marked))
    _print_list("To look at:", [f"{shown(each.student)}: {it}" for each in marked for it in each.remarks()])
    _print_list("Not graded:", [f"{shown(each.student)}: {each.problem}" for each in graded if each.problem])


def _frequent_mistakes(graded: Sequence[Graded]) -> list[str]:
    mistakes = Counter(
        f"{name}: {verdict.diagnosis.mistake}"
        for each in graded
        if each.judged
        for name, verdict in each.judged.verdicts.items()
        if verdict.diagnosis.mistake
    )
    return [f"{count} × {mistake}" for mistake, count in mistakes.most_common(10)]


def _print_list(title: str, lines: list[str]) -> None:
    if lines:
        print(title, *(f"  {line}" for line in lines), sep="\n")
