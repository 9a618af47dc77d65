"""The assignment's notebook, as the teacher wrote it, and what a student made of it."""

import ast
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nst_tf.grading.exercises.registry import EXERCISES, exercise

_TEST_ENDING = "-test"  # behind the exercise's name, in the grade_id of its test's cell
_PICTURES = ("image/jpeg", "image/png")


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, or nothing."""
    value = cell.get("metadata", {}).get("nbgrader", {})
    return str(value.get("grade_id", "")) if isinstance(value, dict) else ""


def exercise_of_test(cell: NotebookNode) -> str | None:
    """The exercise that a cell tests, if it does."""
    name = grade_id(cell).removesuffix(_TEST_ENDING)
    return name if name in EXERCISES and grade_id(cell) != name else None


class TeachersNotebook:
    """The teacher's notebook: what an exercise's cell finds when it is run."""

    def __init__(self, path: Path) -> None:
        self._cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        self.exercises = [name for name in map(exercise_of_test, self._cells) if name]

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
        return [
            cell.source
            for cell in self._cells
            if "given" in cell.metadata.get("tags", []) or grade_id(cell) in helpers
        ]


@dataclass(frozen=True)
class Submission:
    """What a student handed in, put into the notebook that was handed out.

    Attributes:
        notebook: the released notebook, with the student's solutions in it,
            and nothing else of theirs but pictures.
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
        return Submission(
            notebook,
            (
                f"there is no notebook {released.name}, but {len(others)} others"
                if others
                else "there is no notebook",
            ),
        )
    try:
        return Submission(notebook, tuple(_fill_in(notebook, _code_cells(path))))
    except Exception as problem:  # it may be anything
        empty = nbformat.read(released, as_version=4)
        return Submission(empty, (f"the file is no notebook ({type(problem).__name__})",))


def _code_cells(path: Path) -> list[NotebookNode]:
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    if "worksheets" in document:  # as notebooks were before 2015
        document = nbformat.convert(nbformat.from_dict(document), 4)
    cells = nbformat.from_dict(document)["cells"]
    for cell in cells:
        source = cell.get("source", "")
        source = source if isinstance(source, str) else "".join(source)
        cell["source"] = source.encode("utf8", "replace").decode()  # without halves of characters
    return [cell for cell in cells if cell.get("cell_type") == "code"]


def _fill_in(notebook: NotebookNode, theirs: list[NotebookNode]) -> Iterator[str]:
    """Put a student's solutions and pictures into the released notebook; yields what is odd about them."""
    by_id = {grade_id(cell): cell for cell in theirs if grade_id(cell)}  # of two, the last
    for cell in notebook.cells:
        name, tested = grade_id(cell), exercise_of_test(cell)
        found = by_id.get(name)
        if cell.cell_type != "code":
            continue
        if tested:
            if found is None or found["source"].strip() != cell.source.strip():
                yield f"the test of {tested} was changed or deleted"
        elif name in EXERCISES:
            yield from _take_over(cell, found, _defining(name, theirs))
        elif found is not None:
            cell.outputs = list(_pictures(found))


def _take_over(
    cell: NotebookNode, found: NotebookNode | None, defining: NotebookNode | None
) -> Iterator[str]:
    """Put a solution into its cell: from the student's cell of that name,
    or from another one that defines the function.
    """
    name = grade_id(cell)
    if found is not None and (defining is None or _defines(name, found)):
        cell.source = found["source"]
    elif defining is not None:
        cell.source = defining["source"]
        yield f"{name} was found in another cell"
    else:
        cell.source = ""
        yield f"the cell of {name} is missing"


def _defines(name: str, cell: NotebookNode) -> bool:
    return (
        re.search(rf"^(def|class) {name}\b|^{name}\s*(:[^=\n]+)?=(?!=)", cell["source"], re.MULTILINE)
        is not None
    )


def _defining(name: str, cells: list[NotebookNode]) -> NotebookNode | None:
    """The last cell that defines a function."""
    return next((cell for cell in reversed(cells) if _defines(name, cell)), None)


def _pictures(cell: NotebookNode) -> Iterator[NotebookNode]:
    """The pictures below a cell, and nothing that could run in the teacher's browser."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        kept = {kind: copy.copy(data[kind]) for kind in _PICTURES if isinstance(data.get(kind), str)}
        if kept and all(re.fullmatch(r"[A-Za-z0-9+/=\s]+", value) for value in kept.values()):
            yield nbformat.v4.new_output("display_data", data=kept)
