"""What a teacher is told of a graded assignment: a table, and a summary to print."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nst_tf.grading.course.results import Graded, mistakes, untouched
from nst_tf.grading.course.tables import shown, write_table

_COLUMNS = ("student", "exercise", "points", "of", "mistake", "hint", "remarks")
_MISTAKES = 10  # that are printed


def write_report(path: Path, graded: Sequence[Graded], most: Mapping[str, float]) -> None:
    """Write a line for each exercise of each student, and one for remarks on the whole submission, or for the
    reason why it has no grade.
    """
    rows = ((shown(each.student), *row) for each in graded for row in _rows(each, most))
    write_table(path, [_COLUMNS, *rows])


def _rows(graded: Graded, most: Mapping[str, float]) -> Iterator[tuple]:
    if graded.judged is None or not graded.is_graded:
        yield "", "", "", "", "", f"not graded: {graded.problem}"
        return
    if graded.judged.remarks:
        yield "", "", "", "", "", "; ".join(graded.judged.remarks)
    for name, verdict in graded.verdicts.items():
        diagnosis = verdict.diagnosis
        mistake = "untouched" if name in graded.untouched else diagnosis.mistake or ""
        given = graded.points(name, most)
        yield name, given, most[name], mistake, diagnosis.hint, "; ".join(verdict.remarks)


def print_summary(assignment: str, graded: Sequence[Graded], most: Mapping[str, float]) -> None:
    """Say how an assignment went, and what to look at."""
    marked = [each for each in graded if each.is_graded]
    totals = [each.total(most) for each in marked]
    average = f"{sum(totals) / len(totals):.1f} of {sum(most.values()):g} points on average" if totals else ""
    print(f"\n{assignment}: {len(graded)} submissions{', ' if average else ''}{average}.")
    left = untouched(marked, list(most))
    made = [f"{len(it.students)} × {it.exercise}: {it.mistake}" for it in mistakes(marked)[:_MISTAKES]]
    remarks = [(each.student, "; ".join(each.remarks())) for each in marked if each.remarks()]
    problems = [(each.student, each.problem) for each in graded if not each.is_graded]
    _print_list("Handed in untouched:", [f"{count} × {name}" for name, count in left.items()])
    _print_list("Most frequent mistakes:", made)
    _print_list("To look at:", [f"{shown(student)}: {remark}" for student, remark in remarks])
    _print_list("Not graded:", [f"{shown(student)}: {problem}" for student, problem in problems])


def _print_list(title: str, lines: list[str]) -> None:
    if lines:
        print(title, *(f"  {line}" for line in lines), sep="\n")
