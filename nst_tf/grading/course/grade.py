"""Makes an assignment, and grades a class, with nbgrader."""

import contextlib
import fcntl
import multiprocessing
import os
import queue
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
from tqdm.auto import tqdm
from traitlets.config.loader import PyFileConfigLoader

from nst_tf.grading.course.assignment import TeachersNotebook, untouched
from nst_tf.grading.course.elsewhere import Assignment, judged_elsewhere
from nst_tf.grading.course.exports import write_export
from nst_tf.grading.course.gradebook import Record, last_line, write_grades
from nst_tf.grading.course.hand_in import HandedIn, handed_in
from nst_tf.grading.course.judge import Case, Judge, Judged
from nst_tf.grading.course.judgements import Judgements, Kept
from nst_tf.grading.course.nbgrader_plugin import GradeApart
from nst_tf.grading.course.overview import write_overview
from nst_tf.grading.course.report import print_summary, write_report
from nst_tf.grading.course.results import Graded
from nst_tf.grading.course.sandbox import Isolation, Sandbox
from nst_tf.grading.course.tables import shown

_SETTINGS = "nbgrader_config.py"
_KEPT = ".graded"  # judgements, so that grading goes on where it stopped
_SPACE = 50_000_000  # bytes that have to be free
_MOST_AT_ONCE = 32
_MEMORY = 2_000_000_000  # bytes for each submission that is judged at the same time
_WITHOUT_ISOLATION = (
    "Without isolation, submissions run as you: they can read and change your files, and use your network."
)


class CourseError(Exception):
    """A course folder that can't be used; the text names the way out."""


class Course:
    """A course folder of nbgrader's.

    Args:
        folder: the course's.
        isolation: how submissions are kept from the rest of the machine; None as the course's settings say.
    """

    def __init__(self, folder: Path, isolation: Isolation | None = None) -> None:
        if not (folder / _SETTINGS).is_file():
            raise CourseError(
                f"{folder} is no course folder: there is no {_SETTINGS} in it. Name another with COURSE=…"
            )
        self.folder = folder.resolve()
        self.config = PyFileConfigLoader(_SETTINGS, path=str(self.folder)).load_config()
        self.config.CourseDirectory.root = str(self.folder)
        if isolation:
            self.config.GradeApart.isolation = isolation.name
        self.assignments = sorted(path.parent.name for path in self.folder.glob("source/*/*.ipynb"))
        if not self.assignments or len(set(self.assignments)) < len(self.assignments):
            raise CourseError(f"{folder}/source needs a folder for each assignment, with one notebook in it.")
        self._record = Record(self.folder, self.config)

    def make_assignments(self) -> list[Path]:
        """Make the students' version of each assignment, in the folder ``release``; gives the notebooks."""
        for assignment in self.assignments:
            made = self._record.api().generate_assignment(assignment, force=True)
            if not made["success"]:
                raise CourseError(f"{assignment} can't be made: {last_line(made)}")
        return [self._released(assignment) for assignment in self.assignments]

    def grade(self, platform: str | None = None, scheduler: str | None = None) -> None:
        """Grade all that was handed in: points, feedback, ``grades.csv``, and a report and an overview for
        each assignment. What was graded before, and has not changed, is taken from there.

        Args:
            platform: one of ``exports.PLATFORMS``, for which the grades are written, too.
            scheduler: address of a Dask cluster whose workers judge; None for the cores of this machine.
        """
        folders = {
            assignment: sorted(_folders(self.folder / "submitted", assignment))
            for assignment in self.assignments
        }
        if not any(folders.values()):
            raise CourseError(
                f"Nothing was handed in: there is no {self.folder}/submitted/STUDENT/{self.assignments[0]}."
            )
        if GradeApart(config=self.config).isolation is Isolation.NONE:
            print(_WITHOUT_ISOLATION, file=sys.stderr)
        _check_space(self.folder)
        problems = {}
        with _alone(self.folder):
            for assignment in filter(folders.get, self.assignments):
                if not self._released(assignment).is_file() or not (self.folder / "gradebook.db").is_file():
                    self.make_assignments()
                graded = self._graded(assignment, folders[assignment], scheduler)
                self._report(assignment, graded)
                problems.update({(assignment, each.student): each.problem for each in graded if each.problem})
            students = [
                folder.name for folder in (self.folder / "submitted").glob("[!.]*") if folder.is_dir()
            ]
            self._write_grades(problems, students, platform)

    def _write_grades(
        self, problems: dict[tuple[str, str], str], students: list[str], platform: str | None
    ) -> None:
        grades = self._record.grades(problems, students)
        write_grades(self.folder / "grades.csv", grades)
        print(f"Grades: {self.folder / 'grades.csv'}")
        if platform is None:
            return
        here = {*map(shown, students)}  # not who left or has another name by now
        wanted = [grade for grade in grades if grade["student_id"] in here or "score" not in grade]
        for assignment in self.assignments:
            path = self.folder / f"{platform}_{assignment}.csv"
            write_export(path, platform, assignment, [it for it in wanted if it["assignment"] == assignment])
            print(f"For {platform.capitalize()}: {path}")

    def _released(self, assignment: str) -> Path:
        (path,) = (self.folder / "source" / assignment).glob("*.ipynb")
        return self.folder / "release" / assignment / path.name

    def _graded(self, assignment: str, folders: list[Path], scheduler: str | None) -> list[Graded]:
        released = self._released(assignment)
        handed = {folder.parent.name: handed_in(folder, released.name) for folder in folders}
        marking = _Marking(self.folder, assignment, released, GradeApart(config=self.config), handed)
        marking.judge(scheduler)
        marking.store(self._record)
        return marking.graded()

    def _report(self, assignment: str, graded: list[Graded]) -> None:
        report = self.folder / f"report_{assignment}.csv"
        overview = self.folder / f"overview_{assignment}.html"
        released = self._released(assignment)
        exercises = TeachersNotebook(self.folder / "source" / assignment / released.name).exercises
        most = {name: each for name, each in _points_of(released).items() if name in exercises}
        write_report(report, graded, most)
        write_overview(overview, assignment, graded, most, released.with_suffix(".html").name)
        print_summary(assignment, graded, most)
        print(f"Overview: {overview}\nFeedback: {self.folder / 'feedback'}")
        print(f"Each exercise of each student: {report}")


class _Marking:
    """An assignment that is being graded: what happens to one submission stays with it."""

    def __init__(
        self, course: Path, assignment: str, released: Path, plugin: GradeApart, handed: dict[str, HandedIn]
    ) -> None:
        self._course, self._assignment, self._released = course, assignment, released
        self._source = course / "source" / assignment / released.name
        self._limits, self._isolation = plugin.limits(), plugin.isolation
        self._handed = handed
        self._problems = {name: each.remark for name, each in handed.items() if not each.can_be_graded}
        self._cases = {
            name: Case(each.notebook, each.remark)
            for name, each in handed.items()
            if name not in self._problems
        }
        depends_on = self._source.read_bytes(), released.read_bytes(), repr(self._limits).encode()
        self._judgements = Judgements(
            course / _KEPT / assignment, *depends_on, self._isolation.value.encode()
        )
        self._kept: dict[str, Kept] = {}

    def judge(self, scheduler: str | None) -> None:
        """Judge what is new, as much at once as there are cores, here or in a cluster."""
        left = {}
        for student, case in self._cases.items():
            kept = self._judgements.find(student, self._judgements.key(case))
            if kept is None:
                left[student] = case
            else:
                self._kept[student] = kept
        if not left:
            return
        for student, judgement in self._judged(left, scheduler):
            if isinstance(judgement, Judged):
                self._keep(student, Kept(self._judgements.key(left[student]), judgement))
            else:
                self._problems[student] = str(judgement) or type(judgement).__name__

    def _judged(
        self, cases: dict[str, Case], scheduler: str | None
    ) -> Iterator[tuple[str, Judged | BaseException]]:
        """Each student with the judgement, or with what went wrong, as they come."""
        if scheduler is None:
            imports = TeachersNotebook(self._source).imports()
            with Sandbox(imports, self._isolation, [self._course]) as sandbox:
                yield from self._judged_here(cases, sandbox)
            return
        notebooks = self._source.read_bytes(), self._released.read_bytes()
        assignment = Assignment(self._released.name, *notebooks, self._limits, self._isolation)
        yield from judged_elsewhere(cases, assignment, scheduler)

    def _judged_here(
        self, cases: dict[str, Case], sandbox: Sandbox
    ) -> Iterator[tuple[str, Judged | BaseException]]:
        size = min(_cores(), len(cases), psutil.virtual_memory().available // _MEMORY + 1)
        judges: queue.SimpleQueue[Judge] = queue.SimpleQueue()
        everyone = [Judge(sandbox, self._source, self._released, self._limits) for _ in range(size)]
        with contextlib.ExitStack() as stack:
            for judge in everyone:
                judges.put(stack.enter_context(judge))

            def judged(case: Case) -> Judged:
                judge = judges.get()
                try:
                    return judge.judged(case)
                finally:
                    judges.put(judge)

            pool = ThreadPoolExecutor(size)
            try:
                futures = {pool.submit(judged, case): student for student, case in cases.items()}
                for future in tqdm(as_completed(futures), "judged", len(futures), unit=" submissions"):
                    yield futures[future], future.exception() or future.result()
            finally:
                sandbox.close()  # whatever is still running ends with it
                for judge in everyone:
                    judge.kill()
                pool.shutdown(cancel_futures=True)

    def _keep(self, student: str, kept: Kept) -> None:
        self._kept[student] = kept
        self._judgements.keep(student, kept)

    def store(self, record: Record) -> None:
        """Have nbgrader store what it has not."""
        left = [
            student
            for student, kept in self._kept.items()
            if kept.stored != self._stored_as(student, kept) or not record.has(self._assignment, student)
        ]
        record.clean_up()
        with ThreadPoolExecutor(_cores()) as pool:
            futures = {pool.submit(self._store, record, student): student for student in left}
            try:
                done = tqdm(as_completed(futures), "stored", len(left), unit=" submissions", disable=not left)
                again = [futures[future] for future in done if future.exception()]
            except BaseException:  # Ctrl-C, for instance
                for process in multiprocessing.active_children():
                    process.kill()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
        for student in again:  # two at once may be in each other's way
            try:
                self._store(record, student)
            except CourseError:
                raise
            except Exception as problem:  # nbgrader's, of whatever kind: the others go on
                self._problems[student] = f"nbgrader can't store it ({problem})"

    def _store(self, record: Record, student: str) -> None:
        kept = self._kept[student]
        _check_space(self._course)
        record.store(self._assignment, student, kept.judged, self._handed[student].timestamp)
        self._keep(student, replace(kept, stored=self._stored_as(student, kept)))

    def _stored_as(self, student: str, kept: Kept) -> str:
        return f"{kept.key} {self._handed[student].timestamp}"

    def graded(self) -> list[Graded]:
        """All students of the assignment, by name."""
        judged = {student: kept.judged for student, kept in self._kept.items()}
        return [
            Graded(
                student,
                judged.get(student),
                self._problems.get(student, ""),
                untouched(judged[student].notebook, self._released) if student in judged else frozenset(),
            )
            for student in sorted(self._handed)
        ]


def _folders(submitted: Path, assignment: str) -> Iterator[Path]:
    """The folders of an assignment, of all students."""
    for student in sorted(submitted.iterdir() if submitted.is_dir() else []):
        if not student.name.startswith(".") and os.path.lexists(student / assignment):
            yield student / assignment


def _cores() -> int:
    """How many submissions are judged at the same time."""
    return min(len(os.sched_getaffinity(0)), _MOST_AT_ONCE)


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _SPACE:
        raise CourseError(
            f"There are only {free // 1_000_000} MB free for {folder}, and grading takes "
            f"{_SPACE // 1_000_000} MB: free some space and run it again. What has been graded is kept."
        )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Grade a course in one process only."""
    (folder / _KEPT).mkdir(exist_ok=True)
    with (folder / _KEPT / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"{folder} is being graded already: wait until that is done.") from None
        yield


def _points_of(released: Path) -> dict[str, float]:
    cells = nbformat.read(released, as_version=4).cells
    tests = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return {
        cell.metadata.nbgrader.grade_id.removesuffix("-test"): cell.metadata.nbgrader.points for cell in tests
    }
