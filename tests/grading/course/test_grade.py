"""A class of students, through the real nbgrader: handed out, handed in, graded, given back."""

import copy
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from learners import RIGHT, WRONG

from nst_tf.grading.course.assignment import TeachersNotebook, exercise_of_test, grade_id, read_submission

COURSE = ROOT / "notebooks/course"
RELEASED = COURSE / "release/style_transfer/style_transfer.ipynb"
POINTS = {
    "compute_content_cost": 15,
    "gram_matrix": 15,
    "compute_layer_style_cost": 20,
    "compute_style_cost": 15,
    "total_cost": 10,
    "train_step": 25,
}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the worker forks")


def released():
    return nbformat.read(RELEASED, as_version=4)


def handed_in(cells):
    """The released notebook with these solutions in it, and right ones in the place of the others."""
    notebook = released()
    for cell in notebook.cells:
        name = grade_id(cell)
        if name in POINTS:
            cell.source = cells.get(name, next(iter(RIGHT[name].values())))
    return notebook


def with_tests(notebook, change):
    notebook = copy.deepcopy(notebook)
    notebook.cells = [
        kept for cell in notebook.cells if (kept := change(cell) if exercise_of_test(cell) else cell)
    ]
    return notebook


def pass_always(cell):
    cell.source = "print('All tests passed')"
    return cell


def wrong(slug, name):
    return next(cell for each, mistake, cell in WRONG if (each, mistake) == (name, slug))


def run_course(command, folder):
    return subprocess.run(
        [sys.executable, "-m", "nst_tf.grading", command, folder],
        capture_output=True,
        text=True,
        encoding="utf8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},  # no environment is activated
        timeout=1500,
    )


@pytest.mark.slow
def test_the_released_notebook_is_the_source_without_its_solutions(tmp_path):
    shutil.copytree(COURSE / "source", tmp_path / "source")
    shutil.copy(COURSE / "nbgrader_config.py", tmp_path)
    done = run_course("assignment", tmp_path)
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "release/style_transfer/style_transfer.ipynb").read_text())
    assert made == json.loads(RELEASED.read_text()), "run `make assignment`"
    text = RELEASED.read_text()
    for hidden in ("SOLUTION", "HIDDEN", "reduce_sum(tf.square"):
        assert hidden not in text


def test_the_assignment_has_points_and_locked_cells():
    cells = {grade_id(cell): cell.metadata.nbgrader for cell in released().cells if grade_id(cell)}
    for name, points in POINTS.items():
        assert (cells[name].solution, cells[name].grade) == (True, False)
        test = cells[f"{name}-test"]
        assert (test.grade, test.locked, test.points) == (True, True, points)
    assert sum(POINTS.values()) == 100
    assert all(cell.locked for cell in cells.values() if not cell.solution)


def test_the_source_gives_each_exercise_what_it_needs():
    source = TeachersNotebook(COURSE / "source/style_transfer/style_transfer.ipynb")
    assert source.exercises == list(POINTS)
    for name in POINTS:
        given = "\n".join(source.given_for(name))
        assert source.weights() == {"alpha": 10.0, "beta": 0.05}
        assert f"def {name}(" not in given
        assert "import tensorflow as tf" in given
    assert "def compute_layer_style_cost(" in "\n".join(source.given_for("compute_style_cost"))


# ----------------------------------------------------------------------------------------- a class

NUMPY_GRAM = wrong("numpy-inside", "gram_matrix")
WRONG_GRAM = wrong("positions-for-channels", "gram_matrix")

# student: (cells, the score and the mistake of each exercise that isn't right)
HONEST = {
    "ada": ({name: next(iter(cells.values())) for name, cells in RIGHT.items()}, {}),
    "bela": ({name: list(cells.values())[1] for name, cells in RIGHT.items()}, {}),
    "chloé": ({name: list(cells.values())[2] for name, cells in RIGHT.items()}, {}),
    "dana": ({name: list(cells.values())[3] for name, cells in RIGHT.items()}, {}),
    "emre": ({name: list(cells.values())[-1] for name, cells in RIGHT.items()}, {}),
    "fay": ({"gram_matrix": WRONG_GRAM}, {"gram_matrix": (0.0, "positions-for-channels")}),
    "gao": (
        {
            "compute_content_cost": wrong("first-entry", "compute_content_cost"),
            "total_cost": wrong("weights-swapped", "total_cost"),
        },
        {"compute_content_cost": (0.2, "first-entry"), "total_cost": (0.2, "weights-swapped")},
    ),
    "hana": (
        {"compute_layer_style_cost": wrong("reshaped-straight", "compute_layer_style_cost")},
        {"compute_layer_style_cost": (0.2, "reshaped-straight")},
    ),
    "ivo": (
        {
            "compute_content_cost": wrong("half-for-quarter", "compute_content_cost"),
            "gram_matrix": NUMPY_GRAM,
        },
        {"compute_content_cost": (0.4, "half-for-quarter"), "gram_matrix": (0.7, "numpy-inside")},
    ),
    "jo ann": (
        {"compute_style_cost": wrong("lambda-forgotten", "compute_style_cost")},
        {"compute_style_cost": (0.2, "lambda-forgotten")},
    ),
    "kim": (
        {"train_step": wrong("no-clipping", "train_step")},
        {"train_step": (0.85, "no-clipping")},
    ),
}
# student: (exercise, cell, its score, what the teacher is told)
HOSTILE = {
    "loops": ("gram_matrix", "while True:\n    pass", 0.0, "time"),
    "hoards": ("gram_matrix", "x = []\nwhile True:\n    x.append(bytearray(50_000_000))", 0.0, "memory"),
    "exits": ("total_cost", "exit()", 0.0, "calls exit()"),
    "leaves": ("train_step", "import os\nos._exit(0)", 0.0, "ended its process"),
    "prints": ("gram_matrix", "while True:\n    print('nst' * 50)", 0.0, "output"),
    "patches": (
        "gram_matrix",
        (
            f"{WRONG_GRAM}\n"
            "import builtins, nst_tf.grading.graphs\n"
            "tf.GradientTape.gradient = lambda *_: 0\n"
            "np.allclose = lambda *_, **__: True\n"
            "builtins.all = lambda _: True"
        ),
        0.0,
        None,
    ),
    "equals": (
        "total_cost",
        (
            "class E:\n"
            "    def __eq__(self, other):\n"
            "        return True\n"
            "def total_cost(*_, **__):\n"
            "    return E()"
        ),
        0.0,
        None,
    ),
    "borrows": ("gram_matrix", "from nst_tf.costs import gram_matrix", 1.0, "uses nst_tf's solution"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded; the folder and what was printed."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE / "source", folder / "source")
    limits = "c.GradeApart.seconds = 8\nc.GradeApart.megabytes = 1000\nc.GradeApart.output_kilobytes = 300\n"
    (folder / "nbgrader_config.py").write_text((COURSE / "nbgrader_config.py").read_text() + limits)

    def hand_in(student, notebook):
        place = folder / "submitted" / student / "style_transfer"
        place.mkdir(parents=True)
        nbformat.write(notebook, place / "style_transfer.ipynb")

    for student, (cells, _) in HONEST.items():
        hand_in(student, handed_in(cells))
    for student, (name, cell, _, _) in HOSTILE.items():
        hand_in(student, handed_in({name: cell}))
    lazy = with_tests(released(), pass_always)
    hand_in("replaces the tests", lazy)
    hand_in("deletes the tests", with_tests(handed_in({"gram_matrix": WRONG_GRAM}), lambda cell: None))
    hand_in("empty", released())
    hand_in("json", released())
    (folder / "submitted/json/style_transfer/style_transfer.ipynb").write_text('{"cells": [')
    (folder / "submitted/nothing/style_transfer").mkdir(parents=True)
    done = run_course("grade", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def grades(folder):
    with (folder / "grades.csv").open(newline="", encoding="utf8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def report(folder):
    with (folder / "report_style_transfer.csv").open(newline="", encoding="utf8") as file:
        return {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}


@pytest.mark.slow
class TestAClass:
    def test_is_a_class(self, graded):
        assert len(list((graded[0] / "submitted").iterdir())) >= 20

    @pytest.mark.parametrize("student", HONEST)
    def test_the_honest_get_what_they_earn(self, graded, student):
        _, wrong_ones = HONEST[student]
        lost = sum((1 - score) * POINTS[name] for name, (score, _) in wrong_ones.items())
        assert grades(graded[0])[student] == pytest.approx(100 - lost)
        for name in POINTS:
            row = report(graded[0])[student, name]
            assert row["mistake"] == wrong_ones.get(name, (1.0, ""))[1]
            assert bool(row["hint"]) == (name in wrong_ones)
            assert not row["remarks"]

    @pytest.mark.parametrize("student", HOSTILE)
    def test_the_hostile_lose_one_exercise_and_are_named(self, graded, student):
        name, _, score, remark = HOSTILE[student]
        assert grades(graded[0])[student] == pytest.approx(100 - (1 - score) * POINTS[name])
        if remark:
            assert f"  {student}: {name}: {remark}" in graded[1]
            assert remark in report(graded[0])[student, name]["remarks"]

    def test_tests_that_are_replaced_or_deleted_are_put_back(self, graded):
        assert grades(graded[0])["replaces the tests"] == 0
        assert grades(graded[0])["deletes the tests"] == 85
        assert "  deletes the tests: the test of gram_matrix was changed or deleted" in graded[1]

    def test_what_can_not_be_read_counts_nothing(self, graded):
        assert [grades(graded[0])[student] for student in ("json", "nothing", "empty")] == [0, 0, 0]
        assert "  json: the file is no notebook (JSONDecodeError)" in graded[1]
        assert "  nothing: there is no notebook" in graded[1]

    def test_the_feedback_has_the_hints(self, graded):
        pages = graded[0] / "feedback"
        page = (pages / "fay/style_transfer/style_transfer.html").read_text()
        assert "This is Aᵀ A" in page
        assert "0.0 of 0.2: returns a tensor of the right shape" in page
        assert "0 of 15 points" in page
        assert len(list(pages.glob("*/style_transfer/style_transfer.html"))) == len(grades(graded[0]))

    def test_grading_again_changes_nothing(self, graded):
        folder = graded[0]
        files = [folder / "grades.csv", folder / "report_style_transfer.csv"]
        before = [file.read_bytes() for file in files]
        again = run_course("grade", folder)
        assert again.returncode == 0
        assert again.stdout == graded[1]
        assert [file.read_bytes() for file in files] == before
        assert not (folder / ".cleaned").exists()

    def test_nbgrader_alone_grades_alike(self, graded):
        """The command that its web page calls."""
        folder = graded[0]
        command = [
            sys.executable,
            "-m",
            "nbgrader",
            "autograde",
            "style_transfer",
            "--student=ivo",
            "--force",
        ]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path}
        )
        assert done.returncode == 0, done.stderr
        page = nbformat.read(folder / "autograded/ivo/style_transfer/style_transfer.ipynb", as_version=4)
        (test,) = [cell for cell in page.cells if grade_id(cell) == "compute_content_cost-test"]
        assert test.outputs[-1].data["text/plain"] == "6.0"


# ---------------------------------------------------------------------------------- odd submissions


def notebook_file(folder, notebook, name="style_transfer.ipynb"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(
        notebook if isinstance(notebook, str) else nbformat.writes(notebook), encoding="utf8"
    )
    return read_submission(folder, RELEASED)


def test_a_file_by_another_name_is_taken_if_it_is_the_only_one(tmp_path):
    submission = notebook_file(
        tmp_path / "one", handed_in({"gram_matrix": WRONG_GRAM}), "style_transfer (1).ipynb"
    )
    assert submission.cells()["gram_matrix"] == WRONG_GRAM
    assert submission.remarks == ()


def test_cells_without_names_are_found_by_their_functions(tmp_path):
    notebook = handed_in({"gram_matrix": WRONG_GRAM})
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    submission = notebook_file(tmp_path / "one", notebook)
    assert submission.cells()["gram_matrix"] == WRONG_GRAM
    assert len(submission.remarks) == 2 * len(POINTS)  # the tests have no names either
    assert "gram_matrix was found in another cell" in submission.remarks


def test_a_line_that_compares_is_no_definition(tmp_path):
    notebook = handed_in({})
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    notebook.cells.append(nbformat.v4.new_code_cell("gram_matrix(tf.ones([2, 3])).shape == (2, 2)"))
    assert notebook_file(tmp_path / "one", notebook).cells()["gram_matrix"] == RIGHT["gram_matrix"]["course"]


def test_a_deleted_solution_is_empty(tmp_path):
    notebook = handed_in({})
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "total_cost"]
    submission = notebook_file(tmp_path / "one", notebook)
    assert submission.cells()["total_cost"] == ""
    assert submission.remarks == ("the cell of total_cost is missing",)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"cells": 3}', '{"cells": [null]}', '{"cells": [{"source": 3}]}']
)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, text):
    submission = notebook_file(tmp_path / "one", text)
    assert submission.remarks[0].startswith("the file is no notebook") or len(submission.remarks) == 2 * len(
        POINTS
    )


def test_only_pictures_are_taken_over_from_below_the_cells(tmp_path):
    notebook = handed_in({})
    script = nbformat.v4.new_output("display_data", data={"text/html": "<script>alert(1)</script>"})
    picture = nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0KGgo="})
    (training,) = [cell for cell in notebook.cells if grade_id(cell) == "training"]
    training.outputs = [script, picture]
    submission = notebook_file(tmp_path / "one", notebook)
    (training,) = [cell for cell in submission.notebook.cells if grade_id(cell) == "training"]
    assert [dict(output.data) for output in training.outputs] == [{"image/png": "iVBORw0KGgo="}]
    assert "<script>" not in nbformat.writes(submission.notebook)


@pytest.mark.slow
def test_a_folder_that_is_no_course(tmp_path):
    done = run_course("grade", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path} is no course folder: there is no nbgrader_config.py in it. Name another with COURSE=…\n"
    )
    shutil.copytree(COURSE / "source", tmp_path / "source")
    shutil.copy(COURSE / "nbgrader_config.py", tmp_path)
    done = run_course("grade", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was handed in: there is no ")


# -------------------------------------------------------------------------------------- a student


def executed(notebook, folder, **environment):
    """Run a notebook as a student does, in a kernel; gives what each named cell printed, and its errors."""
    from nbclient import NotebookClient

    kept = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            allow_errors=True,
            resources={"metadata": {"path": folder}},
        ).execute()
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    texts = {}
    for cell in notebook.cells:
        printed = [output for output in cell.get("outputs", []) if output.get("name") == "stderr"]
        assert not [output.text for output in printed if "it/s" not in output.text]  # but for progress bars
        if cell.cell_type == "code":
            parts = [output.get("text") or output.get("evalue") or "" for output in cell.outputs]
            texts[grade_id(cell)] = "".join(parts)
    return texts


@pytest.mark.slow
def test_without_weights_and_network_all_but_the_last_exercise_can_be_done(tmp_path):
    notebook = handed_in({})
    environment = {
        "HOME": str(tmp_path),
        "KERAS_HOME": str(tmp_path / "keras"),
        "PIP_INDEX_URL": "http://127.0.0.1:9",
    }
    pip = {"PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}
    texts = executed(notebook, tmp_path, **environment, **pip)
    for name in POINTS:
        assert "All tests passed" in texts[f"{name}-test"]
    assert "VGG-19's weights are not on this machine" in texts["network"]
    assert not [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


@pytest.mark.slow
def test_a_wrong_function_is_not_used_to_paint(tmp_path):
    """With Aᵀ A of a whole picture, it would fill the memory."""
    notebook = handed_in({"gram_matrix": WRONG_GRAM})
    texts = executed(notebook, tmp_path)
    assert texts["gram_matrix-test"].startswith("gram_matrix: This is Aᵀ A")
    assert texts["network"] == "First finish gram_matrix and run this cell again.\n"
    errors = [
        cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", []))
    ]
    assert [grade_id(cell) for cell in errors] == ["gram_matrix-test"]
    (error,) = errors[0].outputs
    assert len(error.traceback) == 1  # the hint, and nothing of how it came about


@pytest.mark.slow
def test_with_weights_it_ends_in_a_picture(tmp_path):
    notebook = handed_in({})
    texts = executed(notebook, tmp_path)
    assert not [name for name, text in texts.items() if "Error" in text]
    (training,) = [cell for cell in notebook.cells if grade_id(cell) == "training"]
    assert any("image/jpeg" in output.get("data", {}) for output in training.outputs)


@pytest.mark.slow
def test_validate_gives_the_hints(tmp_path):
    path = tmp_path / "style_transfer.ipynb"
    nbformat.write(
        handed_in({"gram_matrix": WRONG_GRAM, "total_cost": wrong("weights-swapped", "total_cost")}), path
    )
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "validate", path], capture_output=True, text=True, cwd=tmp_path
    )
    assert "VALIDATION FAILED ON 2 CELL(S)" in done.stdout
    assert "This is Aᵀ A" in done.stdout
    assert "α and β are swapped" in done.stdout
