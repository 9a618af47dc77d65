"""nbgrader's record of a class: points, feedback and a database, under names that nbgrader can take."""

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Assignment, Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from nst_tf.grading.course.assignment import HELPERS
from nst_tf.grading.course.isolation import end_with_parent
from nst_tf.grading.course.judge import Judged
from nst_tf.grading.course.nbgrader_plugin import GradeApart
from nst_tf.grading.course.tables import shown, write_table

_CLEANED = ".cleaned-"  # in place of nbgrader's folder "submitted", one for each that is being stored
_TAKEN_AS_IT_IS = " -_.@+,=~"  # in a student's name, besides letters and digits
_ONE_FORK = threading.Lock()  # so that no fork inherits another one's end of a pipe
_SECONDS = 60  # that nbgrader may take for a student
_ENDING = 5  # seconds that the end of its fork may take
_LONGEST = 180  # bytes of a student's name
_COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),  # as nbgrader exports them
    "status",
)


Grade = dict[str, Any]  # of a student, by the names of ``_COLUMNS``; there may be no "score"


class Record:
    """The course's gradebook, and the folders ``autograded`` and ``feedback``.

    Args:
        folder: the course's.
        config: nbgrader's, of this course.
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self._folder, self._config = folder, config

    def api(self, **changed: str) -> NbGraderAPI:
        """nbgrader's own interface, with some of the course's folders changed."""
        config = Config(self._config)
        config.CourseDirectory.update(changed)
        return NbGraderAPI(config=config)

    def store(self, assignment: str, student: str, judged: Judged, timestamp: str | None) -> None:
        """Store a student's points, and write the feedback.

        If highlighting the code takes forever, the solutions are left out of the feedback.

        Raises:
            ValueError: nbgrader can't; the text says why.
        """
        notebooks = judged.notebook, _without_solutions(judged.notebook)
        for notebook in notebooks:
            with contextlib.suppress(TimeoutError):
                in_time(lambda: self._store(assignment, student, judged, notebook, timestamp), _SECONDS)  # noqa: B023
                return
        self._clean_up(_cleaned(student))
        raise ValueError(f"it took longer than {_SECONDS} seconds")

    def _store(
        self, assignment: str, student: str, judged: Judged, notebook: str, timestamp: str | None
    ) -> None:
        name, submitted = name_for_nbgrader(student), _cleaned(student)
        folder = self._folder / submitted / name / assignment
        self._clean_up(submitted)
        try:
            folder.mkdir(parents=True)
            (folder / self._notebook(assignment)).write_text(notebook, encoding="utf8")
            if timestamp:
                (folder / "timestamp.txt").write_text(timestamp, encoding="utf8")
            GradeApart.judged = {name: judged.verdicts}
            api = self.api(submitted_directory=submitted)
            for step in (api.autograde, api.generate_feedback):
                result = step(assignment, name, force=True)
                if not result["success"]:
                    raise ValueError(last_line(result))
        finally:
            self._clean_up(submitted)

    def clean_up(self) -> None:
        """Remove what grading left that was killed."""
        for left in self._folder.glob(f"{_CLEANED}*"):
            self._clean_up(left.name)

    def _clean_up(self, submitted: str) -> None:
        shutil.rmtree(self._folder / submitted, ignore_errors=True)

    def has(self, assignment: str, student: str) -> bool:
        """Whether a student's points and feedback are there."""
        name = name_for_nbgrader(student)
        feedback = self._folder / "feedback" / name / assignment / self._notebook(assignment)
        if not feedback.with_suffix(".html").is_file():
            return False
        try:
            with Gradebook(self.api().coursedir.db_url) as gradebook:
                gradebook.find_submission(assignment, name)
        except Exception:  # MissingEntry, or what a database says that is locked or damaged
            return False
        return True

    def grades(self, problems: Mapping[tuple[str, str], str], students: list[str]) -> list[Grade]:
        """The grades of all students for all assignments: of the given students, and of those whom only
        nbgrader knows.

        Args:
            problems: why a student's assignment has no grade, by assignment and student.
            students: as their folders are called.
        """
        with Gradebook(self.api().coursedir.db_url) as gradebook:
            names = {name_for_nbgrader(student): student for student in students}
            known = {student.id: names.get(student.id, student.id) for student in gradebook.students}
            everybody = sorted({**known, **names}.items(), key=lambda pair: pair[1])
            return [
                {
                    **_row(gradebook, assignment, name, problems.get((assignment.name, student), "")),
                    "student_id": shown(student),
                }
                for assignment in gradebook.assignments
                for name, student in everybody
            ]

    def _notebook(self, assignment: str) -> str:
        (path,) = (self._folder / "source" / assignment).glob("*.ipynb")
        return path.name


def _cleaned(student: str) -> str:
    return f"{_CLEANED}{hashlib.sha256(os.fsencode(student)).hexdigest()[:12]}"


def in_time(action: Callable[[], None], seconds: float) -> None:
    """Do something in a fork of this process.

    Raises:
        TimeoutError: it took longer, and was stopped.
        ValueError: it failed; the text says why.
    """
    context = multiprocessing.get_context("fork")
    with _ONE_FORK:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_report_of, args=(action, theirs))
        process.start()
        theirs.close()
    try:
        if not ours.poll(seconds):
            raise TimeoutError
        problem = ours.recv()
        process.join(_ENDING)
    except EOFError:
        problem = "its process ended"
    finally:
        process.kill()
        process.join()
    if problem:
        raise ValueError(problem)


def _report_of(action: Callable[[], None], connection: Connection) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        action()
        connection.send("")
    except Exception as problem:
        connection.send(str(problem) or type(problem).__name__)


def _without_solutions(notebook: str) -> str:
    """A notebook in which what the student wrote is not shown."""
    whole = nbformat.reads(notebook, as_version=4)
    for cell in whole.cells:
        is_helper = HELPERS in cell.metadata.get("tags", [])
        if cell.cell_type == "code" and (is_helper or cell.metadata.get("nbgrader", {}).get("solution")):
            cell.source = "# This cell could not be shown."
    return nbformat.writes(whole)


def write_grades(path: Path, grades: list[Grade]) -> None:
    """Write the grades as nbgrader exports them, with their ``status``."""
    write_table(path, [_COLUMNS, *([row.get(column, "") for column in _COLUMNS] for row in grades)])


def _row(gradebook: Gradebook, assignment: Assignment, name: str, problem: str) -> Grade:
    """A student's assignment; without a score where there is none."""
    row = {"assignment": assignment.name, "duedate": assignment.duedate, "max_score": assignment.max_score}
    try:
        student = gradebook.find_student(name)
        row.update(last_name=student.last_name, first_name=student.first_name, email=student.email)
        submission = gradebook.find_submission(assignment.name, name)
    except MissingEntry:
        return {**row, "status": f"not graded: {problem}" if problem else "nothing handed in"}
    if problem:
        return {**row, "status": f"not graded: {problem}"}
    penalty = submission.late_submission_penalty
    score = max(0.0, submission.score - (penalty or 0.0))
    numbers = {"raw_score": submission.score, "late_submission_penalty": penalty, "score": score}
    return {**row, "timestamp": submission.timestamp, **numbers, "status": "graded"}


def name_for_nbgrader(student: str) -> str:
    """A student's name without what nbgrader takes for a pattern, a path or the end of a line:
    such characters are written as in an address, with a percent sign.
    """
    name = "".join(_characters(student))
    if len(os.fsencode(name)) > _LONGEST:
        digest = hashlib.sha256(os.fsencode(student)).hexdigest()[:12]
        name = os.fsencode(name)[: _LONGEST - 13].decode("utf8", "ignore").rstrip("%") + f"-{digest}"
    return name


def _characters(student: str) -> Iterator[str]:
    inner = range(1, len(student) - 1)
    for place, character in enumerate(student):
        if character.isalnum() or (
            character in _TAKEN_AS_IT_IS and (place in inner or character not in " .")
        ):
            yield character
        else:
            yield "".join(f"%{byte:02X}" for byte in os.fsencode(character))


def last_line(result: dict) -> str:
    """What nbgrader says last of something that it did."""
    lines = (result.get("error") or result.get("log") or "").strip().splitlines()
    return lines[-1] if lines else "it doesn't say why"
