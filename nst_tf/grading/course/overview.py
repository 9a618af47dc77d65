"""A graded assignment on one page: how it went, who needs help with what, and whom to look at.

The page is ``overview.html`` beside this file, a template of Jinja's, which escapes whatever is put into it.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from nst_tf.files import written_aside
from nst_tf.grading.course.gradebook import name_for_nbgrader
from nst_tf.grading.course.results import Graded, Made, mistakes, named_mistakes, untouched
from nst_tf.grading.course.tables import shown

_ENOUGH = 0.7  # of all points: who has less needs help
_HALF = 0.5  # of an exercise's points: with less, it is what to help with
_BARS = 10  # of the distribution
_MISTAKES = 4  # of an exercise, made by two students or more, that are shown at once


@dataclass(frozen=True)
class _Exercise:
    """How an exercise went.

    Attributes:
        name: of its function.
        share: of the points, on average, in percent.
        right: how many have it right.
        untouched: how many handed it in as they got it.
        frequent: the most frequent mistakes.
        rare: the others.
        others: students with a mistake that has no name, and the hint.
    """

    name: str
    share: float
    right: int
    untouched: int
    frequent: list[Made]
    rare: list[Made]
    others: list[tuple[Graded, str]]


def write_overview(
    path: Path, assignment: str, graded: Sequence[Graded], most: Mapping[str, float], page: str
) -> None:
    """Write the page.

    Args:
        path: of the page, in the course's folder.
        assignment: its name.
        graded: all who handed something in.
        most: the points of each exercise.
        page: the name of a student's page of feedback.
    """
    marked = [each for each in graded if each.is_graded]
    by_points = sorted(marked, key=lambda each: (each.total(most), each.student))
    full = sum(most.values()) or 1.0
    totals = [each.total(most) for each in marked]

    def feedback(student: str) -> str:
        return quote(f"feedback/{name_for_nbgrader(student)}/{assignment}/{page}")

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(shown=shown, points=_points, prose=_prose)
    text = environment.get_template("overview.html").render(
        assignment=assignment,
        graded=graded,
        marked=marked,
        full=full,
        mean=statistics.fmean(totals) if totals else 0.0,
        median=statistics.median(totals) if totals else 0.0,
        bars=_distribution(totals, full),
        exercises=[_exercise(name, marked, most) for name in most],
        helped=[(each, _help(each, most)) for each in by_points if each.total(most) < _ENOUGH * full],
        enough=_ENOUGH * full,
        remarked=[each for each in marked if each.remarks()],
        problems=[each for each in graded if not each.is_graded],
        most=most,
        feedback=feedback,
    )
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf8")


def _points(value: float) -> str:
    """Points with one digit at most."""
    return f"{round(value, 1):g}"


def _prose(text: str) -> Markup:
    """A hint, with the code in it set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def _distribution(totals: Sequence[float], full: float) -> list[int]:
    """How many students are in each tenth of the points."""
    bars = [0] * _BARS
    for total in totals:
        bars[min(int(total / full * _BARS), _BARS - 1)] += 1
    return bars


def _exercise(name: str, marked: Sequence[Graded], most: Mapping[str, float]) -> _Exercise:
    made = [each for each in mistakes(marked) if each.exercise == name]
    shown_at_once = max(1, sum(len(each.students) > 1 for each in made[:_MISTAKES]))
    shares = [each.points(name, most) / (most[name] or 1.0) for each in marked]
    diagnoses = [(each, each.verdicts[name].diagnosis) for each in marked if name not in each.untouched]
    return _Exercise(
        name,
        100 * statistics.fmean(shares) if shares else 0.0,
        sum(diagnosis.passed for _, diagnosis in diagnoses),
        untouched(marked, [name]).get(name, 0),
        made[:shown_at_once],
        made[shown_at_once:],
        [
            (each, diagnosis.hint)
            for each, diagnosis in diagnoses
            if not diagnosis.passed and not list(named_mistakes(diagnosis))
        ],
    )


def _help(each: Graded, most: Mapping[str, float]) -> list[tuple[str, str]]:
    """The exercises that a student needs help with, and the hints; those not begun are taken together."""
    if each.untouched >= each.verdicts.keys():
        return [("", "Nothing is begun.")]
    begun = [
        (name, verdict.diagnosis.hint)
        for name, verdict in each.verdicts.items()
        if name not in each.untouched and each.points(name, most) < _HALF * most[name]
    ]
    missing = [name for name in each.verdicts if name in each.untouched]
    return [*begun, *([(", ".join(missing), "not begun.")] if missing else [])]
