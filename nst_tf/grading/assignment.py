"""The assignment's notebook, as the teacher wrote it, and what a student made of it."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nst_tf.grading.diagnosis import EXERCISES, HELPERS

_TEST = "-test"  # behind the exercise's name, in the grade_id of its test's cell
_PICTURES = ("image/jpeg", "image/png")


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, or nothing."""
    value = cell.get("metadata", {}).get("nbgrader", {})
    return str(value.get("grade_id", "")) if isinstance(value, dict) else ""


def exercise_of_test(cell: NotebookNode) -> str | None:
    """The exercise that a cell tests, if it does."""
    name = grade_id(cell).removesuffix(_TEST)
    return name if name in EXERCISES and grade_id(cell) != name else None


class Source:
    """The teacher's notebook: what an exercise's cell finds when it is run."""

    def __init__(self, path: Path) -> None:
        self._cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        self.exercises = [name for name in map(exercise_of_test, self._cells) if name]

    def given_for(self, name: str) -> list[str]:
        """The code of the cells tagged ``given``, and the solutions of what the exercise calls."""
        helpers = self.exercises if name == "train_step" else HELPERS.get(name, ())
        return [
            cell.source
            for cell in self._cells
            if "given" in cell.metadata.get("tags", []) or (grade_id(cell) in helpers and grade_id(cell) != name)
        ]


@dataclass(frozen=True)
class Submission:
    """What a student handed in, put into the notebook that was handed out.

    Attributes:
        notebook: the released notebook, with the student's solutions in it, and nothing else of theirs but pictures.
        remarks: what a teacher should know of it.
    """

    notebook: NotebookNode
    remarks: tuple[str, ...] = ()

    def cells(self) -> dict[str, str]:
        """The code of each exercise."""
        return {grade_id(cell): cell.source for cell in self.notebook.cells if grade_id(cell) in EXERCISES}


def read_submission(folder: Path, released: Path) -> Submission:
    """Read the notebook in a student's folder, whatever state it is in."""
    notebook = nbformat.read(released, as_version=4)
    path = folder / released.name
    others = sorted(folder.glob("*.ipynb"))
    if not path.is_file() and len(others) == 1:
        (path,) = others
    if not path.is_file():
        return Submission(notebook, ("there is no notebook",))
    try:
        theirs = _code_cells(path)
    except (OSError, ValueError, RecursionError, AttributeError, TypeError, KeyError) as problem:
        return Submission(notebook, (f"the file is no notebook ({type(problem).__name__})",))
    return Submission(notebook, tuple(_fill_in(notebook, theirs)))


def _code_cells(path: Path) -> list[NotebookNode]:
    document = json.loads(path.read_text(encoding="utf8"))
    cells = nbformat.from_dict(document)["cells"]
    for cell in cells:
        source = cell.get("source", "")
        cell["source"] = source if isinstance(source, str) else "".join(source)
    return [cell for cell in cells if cell.get("cell_type") == "code"]


def _fill_in(notebook: NotebookNode, theirs: list[NotebookNode]) -> Iterator[str]:
    """Put a student's solutions and pictures into the released notebook; yields what is odd about them."""
    by_id = {grade_id(cell): cell for cell in reversed(theirs) if grade_id(cell)}
    for cell in notebook.cells:
        name = grade_id(cell)
        if cell.cell_type != "code":
            continue
        found = by_id.get(name)
        if exercise_of_test(cell):
            if found is None or found["source"].strip() != cell.source.strip():
                yield f"the test of {exercise_of_test(cell)} was changed or deleted"
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            found = found or _defining(name, theirs)
            if found is None:
                yield f"the cell of {name} is missing"
                cell.source = ""
            else:
                cell.source = found["source"]
        if found is not None and name not in EXERCISES and not exercise_of_test(cell):
            cell.outputs = list(_pictures(found))


def _defining(name: str, cells: list[NotebookNode]) -> NotebookNode | None:
    """The last cell that defines a function, for a notebook whose cells lost their names."""
    return next((cell for cell in reversed(cells) if re.search(rf"^def {name}\b", cell["source"], re.MULTILINE)), None)


def _pictures(cell: NotebookNode) -> Iterator[NotebookNode]:
    """The pictures below a cell, and nothing that could run in the teacher's browser."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        kept = {kind: copy.copy(data[kind]) for kind in _PICTURES if isinstance(data.get(kind), str)}
        if kept and all(re.fullmatch(r"[A-Za-z0-9+/=\s]+", value) for value in kept.values()):
            yield nbformat.v4.new_output("display_data", data=kept)
