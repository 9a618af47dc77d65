"""Grades in the columns of a learning platform.

Moodle: those of an assignment's offline grading worksheet. Its import reads "Identifier", "Grade" and "Last
modified (grade)" (``mod/assign/feedback/offline/importgradeslib.php`` in Moodle's source); the import of
Moodle's gradebook takes any column that has the e-mail addresses or ID numbers (``grade/import/csv``).
Canvas: those of the gradebook's export, with the row "Points Possible". Its import finds a student by ID, SIS
User ID, SIS Login ID or name, in this order (``process_student`` in Canvas' ``lib/gradebook_importer.rb``).
Gradescope: those of *Download Grades*. Gradescope imports no grades; what takes its file takes this one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nst_tf.grading.course.gradebook import Grade
from nst_tf.grading.course.tables import write_table

Row = tuple[object, ...]

# As Moodle calls the folders of what it collected, or shorter: with the platform's number of the student.
_WITH_NUMBER = re.compile(r"(?P<name>.+?)_(LATE_)?(?P<number>\d+)(_assignsubmission_file_?)?")


def write_export(path: Path, platform: str, assignment: str, grades: list[Grade]) -> None:
    """Write the grades of an assignment as a platform takes them; no grade is an empty cell.

    Args:
        path: of the table.
        platform: one of ``PLATFORMS``.
        assignment: its name.
        grades: of all students.
    """
    write_table(path, PLATFORMS[platform](assignment, grades))


def _moodle(assignment: str, grades: list[Grade]) -> Iterator[Row]:
    yield (
        *("Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade"),
        *("Last modified (submission)", "Last modified (grade)"),
    )
    for grade in grades:
        who = _identity(grade)
        identifier = f"Participant {who.number}" if who.number else ""
        time, most = grade.get("timestamp"), grade["max_score"]
        yield identifier, who.name, who.id, who.email, grade["status"], _score(grade), most, time, ""


def _canvas(assignment: str, grades: list[Grade]) -> Iterator[Row]:
    yield "Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment
    yield "    Points Possible", "", "", "", "", grades[0]["max_score"] if grades else ""
    for grade in grades:
        who = _identity(grade)
        name = ", ".join(filter(None, (who.last, who.first)))
        yield name, who.number, who.id, who.id or who.email, "", _score(grade)


def _gradescope(assignment: str, grades: list[Grade]) -> Iterator[Row]:
    yield (
        *("First Name", "Last Name", "SID", "Email", "Total Score", "Max Points", "Status"),
        *("Submission ID", "Submission Time", "Lateness (H:M:S)"),
    )
    for grade in grades:
        who = _identity(grade)
        status = {"graded": "Graded", "nothing handed in": "Missing"}.get(grade["status"], "Ungraded")
        time = grade.get("timestamp")
        score, most = _score(grade), grade["max_score"]
        yield who.first, who.last, who.number or who.id, who.email, score, most, status, "", time, ""


PLATFORMS: dict[str, Callable[[str, list[Grade]], Iterator[Row]]] = {
    "moodle": _moodle,
    "canvas": _canvas,
    "gradescope": _gradescope,
}


def _score(grade: Grade) -> object:
    return round(grade["score"], 2) if "score" in grade else ""


@dataclass(frozen=True)
class _Identity:
    """Who a student is to a platform.

    Attributes:
        last: name.
        first: name.
        number: the platform's own of the student, or nothing.
        id: the folder's name if it is neither an address nor ends with such a number; else nothing.
        email: the address, or nothing.
    """

    last: str
    first: str
    number: str
    id: str
    email: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


def _identity(grade: Grade) -> _Identity:
    folder = grade["student_id"]
    found = _WITH_NUMBER.fullmatch(folder)
    is_address = "@" in folder and not found
    names = grade.get("last_name") or "", grade.get("first_name") or ""
    last, first = names if any(names) else _parted(found["name"] if found else folder)
    return _Identity(
        last,
        first,
        found["number"] if found else "",
        "" if found or is_address else folder,
        grade.get("email") or (folder if is_address else ""),
    )


def _parted(name: str) -> tuple[str, str]:
    """The last and the first name in "Last, First" or "First Last"."""
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.rpartition(" ")
    return last.strip(), first.strip()
