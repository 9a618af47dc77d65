"""The assignment's notebook, as the teacher wrote it, and what a student made of it."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from nst_tf.grading.course.pictures import MOST_PICTURES, joined, pictures, that_fit
from nst_tf.grading.exercises.registry import EXERCISES, exercise

LONGEST = 50_000  # characters of a cell; parsing some takes time quadratic in their length
_MOST_CODE = 300_000  # characters of all cells; a statement takes a thousand times its size in memory
_LEFT_OUT = f"# longer than {LONGEST:,} characters"  # in place of such a cell
_TEST_ENDING = "-test"  # behind the exercise's name, in the grade_id of its test's cell
HELPERS = "helpers"  # the tag of a cell with what a solution needs of the student's other cells
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

    def solution(self, name: str) -> str:
        """The teacher's own solution of an exercise; nothing if there is none."""
        return "\n".join(cell.source for cell in self._cells if grade_id(cell) == name)

    def given_for(self, name: str) -> list[str]:
        """The code of the cells tagged ``given``, and the solutions of what the exercise calls."""
        helpers = exercise(name).helpers
        return [cell.source for cell in self._cells if _is_given(cell) or grade_id(cell) in helpers]


def _is_given(cell: NotebookNode) -> bool:
    return "given" in cell.metadata.get("tags", [])


# ---------------------------------------------------------------------------- what a student made of it


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
        remark: why there is none, or what is odd about it.
    """
    ours = nbformat.read(released, as_version=4)
    if notebook is None:
        return Submission(ours, (remark or "there is no notebook",))
    try:
        return _filled_in(ours, _Theirs(_code_cells(notebook), ours), remark)
    except _NoNotebook as problem:
        why = str(problem)
    except Exception as problem:  # it may be anything
        why = type(problem).__name__
    remarks = [f"the file is no notebook ({why})", *([remark] if remark else [])]
    return Submission(nbformat.read(released, as_version=4), tuple(remarks))


class _NoNotebook(Exception):  # noqa: N818 - says what is wrong with a file
    """Why a file is no notebook, for a remark."""


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
        raise _NoNotebook("it has no cells")
    return [
        _CodeCell(_id(cell), joined(cell.get("source", cell.get("input"))), cell.get("outputs"))
        for cell in cells
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _id(cell: dict) -> str:
    """``grade_id``, of a cell whose metadata may be anything."""
    value: Any = cell
    for key in ("metadata", "nbgrader", "grade_id"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


class _Theirs:
    """A student's code cells, beside the notebook that was handed out."""

    def __init__(self, cells: list[_CodeCell], ours: NotebookNode) -> None:
        self._cells = cells
        self.by_name = {cell.name: cell for cell in cells if cell.name}  # of two, the last
        self.texts = {_text_of(cell.source) for cell in cells}
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


def _text_of(source: str) -> str:
    """What a cell says, whatever editor it went through: without blanks at its lines' ends."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _filled_in(ours: NotebookNode, theirs: _Theirs, remark: str) -> Submission:
    """The released notebook with a student's solutions and pictures in it."""
    number = sum(grade_id(cell) in EXERCISES for cell in ours.cells)
    filled, room, cells = _Filled(theirs, number), MOST_PICTURES, []
    for cell in ours.cells:
        name, tested = grade_id(cell), exercise_of_test(cell)
        found = theirs.by_name.get(name)
        if cell.cell_type == "code" and tested:
            filled.check_test(tested, cell)
        elif cell.cell_type == "code" and name in EXERCISES:
            cells += filled.with_solution(name, cell)
        elif cell.cell_type == "code" and found is not None:
            cell.outputs, room = that_fit(pictures(found.outputs), room)
        cells.append(cell)
    ours.cells = cells
    return Submission(ours, tuple(filter(None, (remark, *filled.remarks()))), filled.needs)


class _Filled:
    """What becomes of the solutions of one student, and what is odd about them.

    Args:
        theirs: the student's cells.
        number: how many exercises there are.
    """

    def __init__(self, theirs: _Theirs, number: int) -> None:
        self._theirs, self._number = theirs, number
        self._changed: list[str] = []  # exercises whose tests are not as they were
        self._elsewhere: list[str] = []
        self._missing: list[str] = []
        self._too_long: list[str] = []
        self._helpers: set[str] = set()  # statements that are shown already
        self.needs: dict[str, tuple[str, ...]] = {}

    def check_test(self, name: str, cell: NotebookNode) -> None:
        """Notice a test that the student's notebook doesn't have in the teacher's words."""
        if _text_of(cell.source) not in self._theirs.texts:
            self._changed.append(name)

    def with_solution(self, name: str, cell: NotebookNode) -> list[NotebookNode]:
        """Put a solution into its cell: that of the cell that defines the function, wherever it is.

        Gives a cell to stand before it, with what it needs of the student's other cells, if it needs any.
        """
        place, own = self._theirs.place_of(name), self._theirs.by_name.get(name)
        found = own if place is None else self._theirs.cell(place)
        cell.source = "" if found is None else _LEFT_OUT if _is_too_long(found) else found.source
        if self._theirs.has_too_long(name):
            self._too_long.append(name)
        elif found is None:
            self._missing.append(name)
        if place is None:
            return []
        if self._theirs.cell(place).name != name:
            self._elsewhere.append(name)
        self.needs[name] = self._theirs.needs(name, place)
        return self._helper_cells(name)

    def _helper_cells(self, name: str) -> list[NotebookNode]:
        """What an exercise needs, unless an earlier one has shown it."""
        new = [text for text in self.needs[name] if text not in self._helpers]
        self._helpers.update(new)
        lines = [f"# From your other cells, for {name}:", *new]
        return [nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": [HELPERS]})] if new else []

    def remarks(self) -> Iterator[str]:
        """What a teacher should know, once for all exercises."""
        if self._theirs.has_too_much:
            yield f"the cells have more than {_MOST_CODE:,} characters of code"
        yield from self._said("the test{s} of {names} {were} changed or deleted", self._changed)
        yield from self._said(
            f"the cell{{s}} of {{names}} {{are}} longer than {LONGEST:,} characters", self._too_long
        )
        yield from self._said("the cell{s} of {names} {are} missing", self._missing)
        yield from self._said("{names} {were} found in {other} cell{s}", self._elsewhere)

    def _said(self, sentence: str, names: list[str]) -> Iterator[str]:
        """A sentence on some exercises, if there are any."""
        if len(names) == 1:
            yield sentence.format(names=names[0], s="", were="was", are="is", other="another")
        elif names:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            listed = "all exercises" if len(names) == self._number else listed
            yield sentence.format(names=listed, s="s", were="were", are="are", other="other")


def untouched(notebook: str, released: Path) -> frozenset[str]:
    """The exercises whose cells are empty or as they were handed out.

    Args:
        notebook: a submission's, as JSON.
        released: the notebook that was handed out.
    """
    stubs = Submission(nbformat.read(released, as_version=4)).cells()
    cells = Submission(nbformat.reads(notebook, as_version=4)).cells()
    return frozenset(
        name for name, source in cells.items() if _text_of(source) in ("", _text_of(stubs.get(name, "")))
    )
