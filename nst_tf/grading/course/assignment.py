"""The assignment's notebook, as the teacher wrote it, and what a student made of it."""

import ast
import contextlib
import json
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from nst_tf.grading.course.magics import without_magics
from nst_tf.grading.course.own_cells import (
    defined_names,
    last_definition,
    looks_like_a_definition,
    needed,
    statements_of,
    without_statements,
)
from nst_tf.grading.exercises.registry import EXERCISES, exercise

LARGEST = 20_000_000  # bytes of a notebook; [],[],… takes forty times its size in memory
LONGEST = 50_000  # characters of a cell; parsing some takes time quadratic in their length
_MOST_CODE = 300_000  # characters of all cells; a statement takes a thousand times its size in memory
_MOST_PICTURES = 3_000_000  # characters of all pictures
_LEAST_PICTURE = 10_000  # what a picture counts at least, so that there are not too many of them
_LONGEST_TIMESTAMP = 200  # bytes
_TEST_ENDING = "-test"  # behind the exercise's name, in the grade_id of its test's cell
_PICTURES = ("image/jpeg", "image/png")
# What train_step's trial makes anew for each run (see ``step_trial.py``): a student's own is never used.
_BROUGHT = {"train_step": {"STYLE_LAYERS", "vgg_model_outputs", "a_C", "a_S", "optimizer", "generated_image"}}


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, or nothing."""
    value = cell.get("metadata", {}).get("nbgrader", {})
    return str(value.get("grade_id", "")) if isinstance(value, dict) else ""


def exercise_of_test(cell: NotebookNode) -> str | None:
    """The exercise that a cell tests, if it does."""
    return _tested(grade_id(cell))


def _tested(cell_id: str) -> str | None:
    name = cell_id.removesuffix(_TEST_ENDING)
    return name if name in EXERCISES and cell_id != name else None


class TeachersNotebook:
    """The teacher's notebook: what an exercise's cell finds when it is run."""

    def __init__(self, path: Path) -> None:
        self._cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        self.exercises = [name for name in map(exercise_of_test, self._cells) if name]

    def imports(self) -> str:
        """The import statements of the cells tagged ``given``, a line each."""
        cells = [without_magics(cell.source) for cell in self._cells if _is_given(cell)]
        statements = [statement for cell in cells for statement in ast.parse(cell).body]
        return "\n".join(
            ast.unparse(each) for each in statements if isinstance(each, ast.Import | ast.ImportFrom)
        )

    def weights(self) -> dict[str, float]:
        """α and β, from the given cell ``alpha, beta = …``; nothing if there is none."""
        for cell in self._cells:
            found = re.search(r"^alpha, beta = ([^#\n]+)", cell.source, re.MULTILINE)
            if found:
                alpha, beta = ast.literal_eval(found[1].strip())
                return {"alpha": float(alpha), "beta": float(beta)}
        return {}

    def given_for(self, name: str) -> list[str]:
        """The code of the cells tagged ``given``, and the solutions of what the exercise calls."""
        helpers = exercise(name).helpers
        return [cell.source for cell in self._cells if _is_given(cell) or grade_id(cell) in helpers]


def _is_given(cell: NotebookNode) -> bool:
    return "given" in cell.metadata.get("tags", [])


# ------------------------------------------------------------------------------ a student's folder


@dataclass(frozen=True)
class HandedIn:
    """What lies in a student's folder, as bytes.

    Attributes:
        notebook: the notebook's; None if there is none that can be read.
        remark: why there is none.
        timestamp: when it was handed in, in UTC and ISO's format; None if that can't be read.
    """

    notebook: bytes | None
    remark: str = ""
    timestamp: str | None = None

    @property
    def can_be_graded(self) -> bool:
        """Whether it can: a notebook, or none at all, which earns nothing."""
        return self.notebook is not None or self.remark == "there is no notebook"


class _Unreadable(Exception):  # noqa: N818 - says what is wrong with a file
    """Why a file is not read, as a remark."""


def handed_in(folder: Path, name: str, largest: int = LARGEST) -> HandedIn:
    """Take a notebook out of a student's folder, without trusting anything in there.

    Links are not followed, and nothing but a file is opened, so that no pipe is waited for.

    Args:
        folder: the assignment's, in the student's.
        name: of the notebook's file. A file by another name is taken if it is the only notebook.
        largest: the most bytes that are read.
    """
    timestamp = None
    with contextlib.ExitStack() as opened:
        try:
            descriptor = _open_folder(folder, opened)
            timestamp = _timestamp(descriptor)
            content = _read(descriptor, _chosen(descriptor, name), "the notebook", largest)
        except _Unreadable as problem:
            return HandedIn(None, str(problem), timestamp)
    return HandedIn(content, timestamp=timestamp)


def _open_folder(folder: Path, opened: contextlib.ExitStack) -> int:
    """Open the student's folder, and the assignment's in it."""
    descriptor = None
    for part, what in ((folder.parent, "the student's folder"), (Path(folder.name), "the folder")):
        with _named(what):
            mode = os.lstat(part, dir_fd=descriptor).st_mode
            if stat.S_ISLNK(mode):
                raise _Unreadable(f"{what} is a link")
            if not stat.S_ISDIR(mode):
                raise _Unreadable(f"{what} is a file")
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            descriptor = os.open(part, flags, dir_fd=descriptor)
            opened.callback(os.close, descriptor)
    assert descriptor is not None
    return descriptor


@contextlib.contextmanager
def _named(what: str) -> Iterator[None]:
    """Says in a remark what went wrong with a file."""
    try:
        yield
    except FileNotFoundError:
        raise _Unreadable("there is no notebook") from None
    except PermissionError:
        raise _Unreadable(f"there is no permission to read {what}") from None
    except (OSError, ValueError) as problem:
        raise _Unreadable(f"{what} can't be read ({type(problem).__name__})") from None


def _chosen(folder: int, name: str) -> str:
    """The name of the notebook's file."""
    with _named("the folder"):
        files = os.listdir(folder)
    others = [file for file in files if file.lower().endswith(".ipynb") and not file.startswith(".")]
    if name in files:
        return name
    if len(others) == 1:
        return others[0]
    raise _Unreadable(
        f"there is no notebook {name}, but {len(others)} others" if others else "there is no notebook"
    )


def _read(folder: int, name: str, what: str, largest: int) -> bytes:
    with _named(what):
        _check_kind(os.lstat(name, dir_fd=folder).st_mode, what)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            _check_kind(os.fstat(file.fileno()).st_mode, what)  # it may be another one by now
            content = file.read(largest + 1)
    if len(content) > largest:
        raise _Unreadable(f"{what} is larger than {largest / 1e6:g} MB")
    return content


def _check_kind(mode: int, what: str) -> None:
    if stat.S_ISLNK(mode):
        raise _Unreadable(f"{what} is a link")
    if stat.S_ISDIR(mode):
        raise _Unreadable(f"{what} is a folder")
    if not stat.S_ISREG(mode):
        raise _Unreadable(f"{what} is no file")


def _timestamp(folder: int) -> str | None:
    from nbgrader.utils import parse_utc  # takes seconds to load

    try:
        text = _read(folder, "timestamp.txt", "the time", _LONGEST_TIMESTAMP).decode()
        if re.search(r"\.\.|(?<!\w)/", text):  # what stands for a time zone may be a file's path
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse_utc(text.strip()).replace(tzinfo=UTC).isoformat()
    except Exception:  # it may be anything
        return None


# ------------------------------------------------------------------------------------- its notebook


@dataclass(frozen=True)
class Submission:
    """What a student handed in, put into the notebook that was handed out.

    Attributes:
        notebook: the released notebook, with the student's solutions in it,
            and nothing else of theirs but pictures.
        remarks: what a teacher should know of it.
        needs: for each exercise that was found, the statements of the student's other cells
            that its cell needs.
    """

    notebook: NotebookNode
    remarks: tuple[str, ...] = ()
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def cells(self) -> dict[str, str]:
        """The code of each exercise."""
        return {grade_id(cell): cell.source for cell in self.notebook.cells if grade_id(cell) in EXERCISES}


def read_submission(notebook: bytes | None, released: Path, remark: str = "") -> Submission:
    """Read a student's notebook, whatever state it is in.

    Args:
        notebook: its file's content, if there is any.
        released: the notebook that was handed out.
        remark: why there is none.
    """
    ours = nbformat.read(released, as_version=4)
    if notebook is None:
        return Submission(ours, (remark or "there is no notebook",))
    try:
        return _filled_in(ours, _Theirs(_code_cells(notebook), ours))
    except _Unreadable as problem:
        remark = str(problem)
    except Exception as problem:  # it may be anything
        remark = type(problem).__name__
    return Submission(nbformat.read(released, as_version=4), (f"the file is no notebook ({remark})",))


@dataclass(frozen=True)
class _CodeCell:
    """A student's cell: nothing but ``name`` and ``source`` has been looked at."""

    name: str
    source: str
    outputs: Any


def _code_cells(notebook: bytes) -> list[_CodeCell]:
    document = json.loads(notebook)
    cells = document.get("cells") if isinstance(document, dict) else None
    if isinstance(document, dict) and cells is None and isinstance(document.get("worksheets"), list):
        sheets = document["worksheets"]  # as notebooks had before 2015
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    if not isinstance(cells, list):
        raise _Unreadable("it has no cells")
    return [
        _CodeCell(_id(cell), _joined(cell.get("source", cell.get("input"))), cell.get("outputs"))
        for cell in cells
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _id(cell: dict) -> str:
    """``grade_id``, of a cell whose metadata may be anything."""
    value: Any = cell
    for key in ("metadata", "nbgrader", "grade_id"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _joined(text: Any) -> str:
    """A text that may be split into lines, with lone surrogates replaced."""
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str)).encode("utf8", "replace").decode()


class _Theirs:
    """A student's code cells, beside the notebook that was handed out."""

    def __init__(self, cells: list[_CodeCell], ours: NotebookNode) -> None:
        self._cells = cells
        self.by_name = {cell.name: cell for cell in cells if cell.name}  # of two, the last
        self.has_too_much = False
        self._code = [cell for cell in ours.cells if cell.cell_type == "code"]
        self._python = list(self._as_python())

    def _as_python(self) -> Iterator[str]:
        """What is the student's own of each cell."""
        unwanted, size = self._teachers_statements(), 0
        for cell in self._cells:
            is_read = not _is_too_long(cell) and not _tested(cell.name)
            size += 100 + (len(cell.source) if is_read else 0)  # many empty cells are too much as well
            self.has_too_much = size > _MOST_CODE
            is_read = is_read and not self.has_too_much
            yield without_statements(without_magics(cell.source), unwanted) if is_read else ""

    def _teachers_statements(self) -> set[str]:
        """What the teacher's cells do: not the student's, and the given ones are run anyway.

        What the others import is kept, as a function may use it.
        """
        teachers = [cell for cell in self._code if grade_id(cell) not in EXERCISES]
        given = statements_of(without_magics(cell.source) for cell in teachers if _is_given(cell))
        others = statements_of(without_magics(cell.source) for cell in teachers if not _is_given(cell))
        return given | {text for text in others if not re.match(r"(import|from)\b.*[^*]\Z", text, re.DOTALL)}

    def place_of(self, name: str) -> int | None:
        """The place of the cell that defines a function."""
        return last_definition(name, self._python)

    def cell(self, place: int) -> _CodeCell:
        """The cell in some place."""
        return self._cells[place]

    def needs(self, name: str, place: int) -> tuple[str, ...]:
        """The statements of the other cells that an exercise's cell needs."""
        given = defined_names(without_magics(cell.source) for cell in self._code if _is_given(cell))
        replaced = {*exercise(name).helpers, *_BROUGHT.get(name, ())}
        return tuple(needed(name, self._python, place, given | replaced))

    def has_too_long(self, name: str) -> bool:
        """Whether a function is, or may be, in a cell that is too long to be read."""
        return any(
            _is_too_long(cell) and (cell.name == name or looks_like_a_definition(name, cell.source))
            for cell in self._cells
        )


def _is_too_long(cell: _CodeCell) -> bool:
    return len(cell.source) > LONGEST


def _filled_in(ours: NotebookNode, theirs: _Theirs) -> Submission:
    """The released notebook with a student's solutions and pictures in it."""
    remarks = [f"the cells have more than {_MOST_CODE:,} characters of code"] if theirs.has_too_much else []
    needs: dict[str, tuple[str, ...]] = {}
    room = _MOST_PICTURES
    for cell in ours.cells:
        name, tested = grade_id(cell), exercise_of_test(cell)
        found = theirs.by_name.get(name)
        if cell.cell_type != "code":
            continue
        if tested:
            if found is None or found.source.strip() != cell.source.strip():
                remarks.append(f"the test of {tested} was changed or deleted")
        elif name in EXERCISES:
            place = theirs.place_of(name)
            remarks += _take_over(cell, theirs, place)
            if place is not None:
                needs[name] = theirs.needs(name, place)
        elif found is not None:
            cell.outputs, room = _that_fit(_pictures(found.outputs), room)
    return Submission(ours, tuple(remarks), needs)


def _take_over(cell: NotebookNode, theirs: _Theirs, place: int | None) -> Iterator[str]:
    """Put a solution into its cell: that of the cell that defines the function, wherever it is.

    Yields what is odd about it.
    """
    name = grade_id(cell)
    own = theirs.by_name.get(name)
    found = own if place is None else theirs.cell(place)
    cell.source = "" if found is None or _is_too_long(found) else found.source
    if theirs.has_too_long(name):
        yield f"the cell of {name} is longer than {LONGEST:,} characters"
    elif found is None:
        yield f"the cell of {name} is missing"
    if place is not None and theirs.cell(place).name != name:
        yield f"{name} was found in another cell"


def _pictures(outputs: Any) -> Iterator[dict[str, str]]:
    """The pictures below a cell, and nothing that could run in the teacher's browser."""
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, dict) else None
        kept = {kind: _joined(data.get(kind)) for kind in _PICTURES} if isinstance(data, dict) else {}
        kept = {kind: value for kind, value in kept.items() if value}
        if kept and all(re.fullmatch(r"[A-Za-z0-9+/=\s]+", value, re.ASCII) for value in kept.values()):
            yield kept


def _that_fit(pictures: Iterator[dict[str, str]], room: int) -> tuple[list[NotebookNode], int]:
    """The pictures that there is room for, as outputs, and the room that is left."""
    outputs = []
    for picture in pictures:
        size = max(_LEAST_PICTURE, sum(map(len, picture.values())))
        if size <= room:
            room -= size
            outputs.append(nbformat.v4.new_output("display_data", data=picture))
    return outputs, room
