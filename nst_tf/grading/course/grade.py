"""Makes an assignment, and grades a class, with nbgrader."""

import contextlib
import csv
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.plugins import CsvExportPlugin
from nbgrader.utils import parse_utc
from tqdm.auto import tqdm
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from nst_tf.files import written_aside
from nst_tf.grading.course.assignment import Submission, TeachersNotebook, read_submission
from nst_tf.grading.course.nbgrader_plugin import GradeApart, judge, points
from nst_tf.grading.course.sandbox import Limits, Sandbox, Verdict
from nst_tf.grading.diagnosis import nothing_to_try

_SETTINGS = "nbgrader_config.py"
_CLEANED = ".cleaned"  # in place of nbgrader's folder "submitted", while a class is being graded


class CourseError(Exception):
    """A course folder that can't be used; the text names the way out."""


@dataclass(frozen=True)
class Graded:
    """One student's assignment."""

    student: str
    submission: Submission
    verdicts: dict[str, Verdict]

    def remarks(self) -> Iterator[str]:
        """What the teacher should look at."""
        yield from self.submission.remarks
        for name, verdict in self.verdicts.items():
            yield from (f"{name}: {remark}" for remark in verdict.remarks)


class Course:
    """A course folder of nbgrader's."""

    def __init__(self, folder: Path) -> None:
        if not (folder / _SETTINGS).is_file():
            raise CourseError(
                f"{folder} is no course folder: there is no {_SETTINGS} in it. Name another with COURSE=…"
            )
        self.folder = folder.resolve()
        self.config = PyFileConfigLoader(_SETTINGS, path=str(self.folder)).load_config()
        self.config.CourseDirectory.root = str(self.folder)
        self.assignments = sorted(path.parent.name for path in self.folder.glob("source/*/*.ipynb"))
        if not self.assignments or len(set(self.assignments)) < len(self.assignments):
            raise CourseError(f"{folder}/source needs a folder for each assignment, with one notebook in it.")

    def make_assignments(self) -> list[Path]:
        """Make the students' version of each assignment, in the folder ``release``; gives the notebooks."""
        for assignment in self.assignments:
            _check(self._api().generate_assignment(assignment, force=True), f"{assignment} can't be made")
        return [self._released(assignment) for assignment in self.assignments]

    def grade(self) -> None:
        """Grade all that was handed in: points, feedback, ``grades.csv`` and a report for each assignment."""
        handed_in = {
            assignment: sorted((self.folder / "submitted").glob(f"[!.]*/{assignment}"))
            for assignment in self.assignments
        }
        if not any(handed_in.values()):
            raise CourseError(
                f"Nothing was handed in: there is no {self.folder}/submitted/STUDENT/{self.assignments[0]}."
            )
        for assignment, folders in handed_in.items():
            if not folders:
                continue
            if not self._released(assignment).is_file() or not (self.folder / "gradebook.db").is_file():
                self.make_assignments()
            graded = self._judged(assignment, folders)
            failures = self._store(assignment, graded)
            self._report(assignment, graded, failures)
        self._export()

    def _released(self, assignment: str) -> Path:
        (path,) = (self.folder / "source" / assignment).glob("*.ipynb")
        return self.folder / "release" / assignment / path.name

    def _api(self, **changed: str) -> NbGraderAPI:
        config = Config(self.config)
        config.CourseDirectory.update(changed)
        return NbGraderAPI(config=config)

    def _judged(self, assignment: str, folders: list[Path]) -> list[Graded]:
        """Judge all submissions, as many at once as there are cores."""
        released = self._released(assignment)
        source = self.folder / "source" / assignment / released.name
        limits = GradeApart(config=self.config).limits()
        tasks = [
            (folder.parent.name, read_submission(folder, released), source, limits) for folder in folders
        ]
        done = {}
        with _pool(os.cpu_count()) as pool:
            futures = {task[0]: pool.submit(_judge, *task) for task in tasks}
            for student, future in tqdm(futures.items(), desc="judged", unit=" submissions"):
                try:
                    done[student] = future.result()
                except BrokenProcessPool:
                    break
        left = [task for task in tasks if task[0] not in done]
        for task in left:  # one of them ended the process that judges: each gets its own
            student, submission, *_ = task
            with _pool(1) as pool:
                try:
                    done[student] = pool.submit(_judge, *task).result()
                except BrokenProcessPool:
                    done[student] = _given_up(student, submission, TeachersNotebook(source))
        return [done[student] for student, *_ in tasks]

    def _store(self, assignment: str, graded: list[Graded]) -> dict[str, str]:
        """Let nbgrader store the points and write the feedback; gives what failed, by student."""
        cleaned = self.folder / _CLEANED
        shutil.rmtree(cleaned, ignore_errors=True)
        GradeApart.judged = {each.student: each.verdicts for each in graded}
        failures = {}
        try:
            for each in tqdm(graded, desc="stored", unit=" submissions"):
                folder = cleaned / each.student / assignment
                folder.mkdir(parents=True)
                nbformat.write(each.submission.notebook, folder / self._released(assignment).name)
                _copy_timestamp(self.folder / "submitted" / each.student / assignment, folder)
                api = self._api(submitted_directory=_CLEANED)
                for step in (api.autograde, api.generate_feedback):
                    result = step(assignment, each.student, force=True)
                    if not result["success"]:
                        failures[each.student] = _last_line(result)
        finally:
            GradeApart.judged = {}
            shutil.rmtree(cleaned, ignore_errors=True)
        return failures

    def _export(self) -> None:
        exporter = CsvExportPlugin(config=self.config)
        with (
            written_aside(self.folder / "grades.csv") as aside,
            Gradebook(self._api().coursedir.db_url) as gradebook,
        ):
            exporter.to = str(aside)
            exporter.export(gradebook)
        print(f"Grades: {self.folder / 'grades.csv'}")

    def _report(self, assignment: str, graded: list[Graded], failures: dict[str, str]) -> None:
        """Write a line for each exercise of each student, and say what to look at."""
        report = self.folder / f"report_{assignment}.csv"
        most = _points_of(self._released(assignment))
        totals = [
            sum(points(verdict, most[name]) for name, verdict in each.verdicts.items()) for each in graded
        ]
        with written_aside(report) as aside, aside.open("w", newline="", encoding="utf8") as file:
            writer = csv.writer(file)
            writer.writerow(["student", "exercise", "points", "of", "mistake", "hint", "remarks"])
            for each in graded:
                for name, verdict in each.verdicts.items():
                    diagnosis = verdict.diagnosis
                    remarks = "; ".join((*each.submission.remarks, *verdict.remarks))
                    row = [
                        points(verdict, most[name]),
                        most[name],
                        diagnosis.mistake or "",
                        diagnosis.hint,
                        remarks,
                    ]
                    writer.writerow([_cell(value) for value in (each.student, name, *row)])
        print(
            f"\n{assignment}: {len(graded)} submissions, {sum(totals) / len(totals):.1f} of "
            f"{sum(most.values()):g} points on average."
        )
        mistakes = Counter(
            f"{name}: {verdict.diagnosis.mistake}"
            for each in graded
            for name, verdict in each.verdicts.items()
            if verdict.diagnosis.mistake
        )
        _print_list(
            "Most frequent mistakes:", [f"{count} × {mistake}" for mistake, count in mistakes.most_common(10)]
        )
        to_look_at = [f"{each.student}: {remark}" for each in graded for remark in each.remarks()]
        _print_list("To look at:", to_look_at)
        _print_list("Not stored by nbgrader:", [f"{student}: {why}" for student, why in failures.items()])
        print(f"Feedback: {self.folder / 'feedback'}\nEach exercise of each student: {report}")


def _copy_timestamp(submitted: Path, folder: Path) -> None:
    """When it was handed in, where that can be read."""
    with contextlib.suppress(OSError, ValueError):
        text = (submitted / "timestamp.txt").read_text(encoding="utf8")
        parse_utc(text)
        (folder / "timestamp.txt").write_text(text, encoding="utf8")


def _pool(size: int | None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(size, mp_context=multiprocessing.get_context("spawn"))


@cache
def _sandbox(limits: Limits) -> Sandbox:
    """One for each process of the pool, and its worker with it, as long as it lives."""
    return Sandbox(limits)


def _judge(student: str, submission: Submission, source: Path, limits: Limits) -> Graded:
    """In a process of the pool."""
    return Graded(student, submission, judge(submission, TeachersNotebook(source), _sandbox(limits)))


def _given_up(student: str, submission: Submission, source: TeachersNotebook) -> Graded:
    remark = "ended the process that judges"
    verdicts = {name: Verdict(nothing_to_try(name, f"It {remark}."), (remark,)) for name in source.exercises}
    return Graded(student, submission, verdicts)


def _points_of(released: Path) -> dict[str, float]:
    cells = nbformat.read(released, as_version=4).cells
    tests = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return {
        cell.metadata.nbgrader.grade_id.removesuffix("-test"): cell.metadata.nbgrader.points for cell in tests
    }


def _cell(value: object) -> object:
    """What a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def _check(result: dict, what: str) -> None:
    if not result["success"]:
        raise CourseError(f"{what}: {_last_line(result)}")


def _last_line(result: dict) -> str:
    lines = (result.get("error") or result.get("log") or "no reason given").strip().splitlines()
    return lines[-1]


def _print_list(title: str, lines: list[str]) -> None:
    if lines:
        print(title, *(f"  {line}" for line in lines), sep="\n")
