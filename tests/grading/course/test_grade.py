"""A class of students, through the real nbgrader: handed out, handed in, graded, given back."""

import csv
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import psutil
import pytest
from classes import (
    COURSE,
    HONEST,
    HOSTILE,
    MARKUP,
    NUMPY_GRAM,
    ODD,
    POINTS,
    RELEASED,
    TIMES,
    WRONG_GRAM,
    course,
    hand_in,
    hand_in_what_is_odd,
    handed_in,
    pass_always,
    released,
    with_tests,
    wrong,
)
from conftest import ROOT, wait_until

from nst_tf.grading.course.assignment import TeachersNotebook, grade_id
from nst_tf.grading.course.gradebook import name_for_nbgrader
from nst_tf.grading.course.hand_in import handed_in as read_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces")


def run_course(command, folder, *options, **environment):
    return subprocess.run(
        [sys.executable, "-m", "nst_tf.grading", command, folder, *options],
        capture_output=True,
        text=True,
        encoding="utf8",
        env={  # no environment is activated
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            **environment,
        },
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


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded; the folder and what was printed."""
    folder = course(tmp_path_factory.mktemp("course"))
    for student, (cells, _) in HONEST.items():
        hand_in(folder, student, handed_in(cells))
    for student, (name, cell, _, _) in HOSTILE.items():
        hand_in(folder, student, handed_in({name: cell}))
    hand_in_what_is_odd(folder)
    hand_in(folder, "replaces the tests", with_tests(released(), pass_always))
    deleted = with_tests(handed_in({"gram_matrix": WRONG_GRAM}), lambda cell: None)
    hand_in(folder, "deletes the tests", deleted)
    hand_in(folder, "empty", released())
    (hand_in(folder, "json", released()) / "style_transfer.ipynb").write_text('{"cells": [')
    for student in ("nothing", "links"):
        (folder / "submitted" / student / "style_transfer").mkdir(parents=True)
    link = folder / "submitted/links/style_transfer/style_transfer.ipynb"
    link.symlink_to(folder / "submitted/ada/style_transfer/style_transfer.ipynb")
    done = run_course("grade", folder, "--export", "moodle")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def table(folder):
    with (folder / "grades.csv").open(newline="", encoding="utf8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def grades(folder):
    return {student: float(row["score"]) for student, row in table(folder).items() if row["score"]}


def text_of(page):
    """What a page shows, without its markup."""
    return html.unescape(re.sub(r"<[^>]*>", "", page.read_text(encoding="utf8")))


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
        in_table = f"'{student}" if student.startswith("=") else student
        assert grades(graded[0])[in_table] == pytest.approx(100 - (1 - score) * POINTS[name])
        if remark:
            (line,) = re.findall(rf"^  {student}: {name}: .*$", graded[1], re.MULTILINE)
            assert remark in line
            assert remark in report(graded[0])[student, name]["remarks"]

    @pytest.mark.parametrize("student", ODD)
    def test_the_odd_get_what_they_earn(self, graded, student):
        row = table(graded[0])[student.replace("\n", " ")]
        assert (row["score"], row["max_score"], row["status"]) == ("100.0", "100.0", "graded")

    def test_a_time_that_can_not_be_read_is_left_out(self, graded):
        times = {student: table(graded[0])[student]["timestamp"] for student in TIMES}
        assert times == {"second try": "", "long sum": "", "magics": "2026-01-02 03:04:05"}

    def test_what_has_no_grade_says_so(self, graded):
        row = table(graded[0])["links"]
        assert (row["score"], row["status"]) == ("", "not graded: the notebook is a link")
        assert "Not graded:\n  links: the notebook is a link" in graded[1]

    def test_no_cell_of_a_table_is_a_formula(self, graded):
        for name in ("grades.csv", "report_style_transfer.csv", "moodle_style_transfer.csv"):
            with (graded[0] / name).open(newline="", encoding="utf8") as file:
                cells = [cell for row in csv.reader(file) for cell in row]
            assert not [cell for cell in cells if cell.startswith("=") or ";=" in cell]
            assert [cell for cell in cells if "'=1+1" in cell]

    def test_tests_that_are_replaced_or_deleted_are_put_back(self, graded):
        assert grades(graded[0])["replaces the tests"] == 0
        assert grades(graded[0])["deletes the tests"] == 95
        assert "  deletes the tests: the tests of all exercises were changed or deleted\n" in graded[1]

    def test_what_can_not_be_read_counts_nothing(self, graded):
        assert [grades(graded[0])[student] for student in ("json", "nothing", "empty")] == [0, 0, 0]
        assert "  json: the file is no notebook (JSONDecodeError)" in graded[1]
        assert "  nothing: there is no notebook" in graded[1]

    def test_the_feedback_has_the_hints(self, graded):
        pages = graded[0] / "feedback"
        page = (pages / "fay/style_transfer/style_transfer.html").read_text()
        assert "This is Aᵀ A" in page
        assert "0 of 0.2: returns a tensor of the right shape" in page
        assert "0 of 5 points" in page
        assert len(list(pages.glob("*/style_transfer/style_transfer.html"))) == len(grades(graded[0]))
        assert all("<script>alert" not in page.read_text() for page in pages.rglob("*.html"))

    def test_the_feedback_shows_what_a_solution_needs(self, graded):
        pages = graded[0] / "feedback"
        (page,) = pages.glob("second try/style_transfer/style_transfer.html")
        assert "From your other cells, for gram_matrix" in page.read_text()
        assert text_of(page).count("def with_itself(A):") == 1

    def test_markup_in_an_error_is_shown_as_it_is(self, graded):
        name = name_for_nbgrader("<i>$x$")
        page = graded[0] / "feedback" / name / "style_transfer/style_transfer.html"
        assert f"raises ValueError: {MARKUP}" in " ".join(text_of(page).split())

    def test_a_platform_gets_the_grades(self, graded):
        with (graded[0] / "moodle_style_transfer.csv").open(newline="", encoding="utf8") as file:
            exported = {row["ID number"]: row["Grade"] for row in csv.DictReader(file)}
        assert (exported["fay"], exported["empty"], exported["links"]) == ("95.0", "0.0", "")
        assert len(exported) == len(table(graded[0]))

    def test_the_overview_has_everyone(self, graded):
        page = text_of(graded[0] / "overview_style_transfer.html")
        assert all(student in page for student in [*HONEST, *HOSTILE, "links"])

    def test_grading_again_changes_nothing(self, graded):
        folder = graded[0]
        names = ("grades.csv", "report_style_transfer.csv", "overview_style_transfer.html")
        files = [folder / name for name in (*names, "moodle_style_transfer.csv")]
        before = [file.read_bytes() for file in files]
        again = run_course("grade", folder, "--export", "moodle")
        assert again.returncode == 0
        assert again.stdout == graded[1]
        assert [file.read_bytes() for file in files] == before
        assert not list(folder.glob(".cleaned*"))

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
        earned = 0.4 * POINTS["compute_content_cost"]
        assert test.outputs[-1].data["text/plain"] == f"{earned:.1f}"


@pytest.mark.slow
def test_archives_of_moodle_and_canvas_are_taken_apart(tmp_path):
    course(tmp_path)
    shutil.copytree(COURSE / "release", tmp_path / "release")
    archive = tmp_path / "downloaded/style_transfer/archive/DL101-4711.zip"
    archive.parent.mkdir(parents=True)
    files = {
        "Ada Byron_1234_assignsubmission_file_/style_transfer.ipynb": "Ada Byron_1234",
        "Chloé Müller_99_assignsubmission_file/style_transfer (1).ipynb": "Chloé Müller_99",
        "José O'Neil_7_assignsubmission_file_style_transfer.ipynb": "José O'Neil_7",
        "doejane_LATE_556_6667_style_transfer-1.ipynb": "doejane_LATE_556",
    }
    with zipfile.ZipFile(archive, "w") as written:
        for name in (*files, "Ada Byron_1234_assignsubmission_file_/notes.txt"):
            written.writestr(name, RELEASED.read_bytes())
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "style_transfer"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folders = (tmp_path / "submitted").iterdir()
    found = {folder.name: read_folder(folder / "style_transfer", RELEASED.name) for folder in folders}
    assert sorted(found) == sorted(files.values())
    assert {each.notebook for each in found.values()} == {RELEASED.read_bytes()}


# ------------------------------------------------------------------------------- stopped, and gone on


@pytest.fixture
def small_class(tmp_path):
    """Three students, of whom the last one's submission takes its time."""
    course(tmp_path, seconds=20, megabytes=2000)
    shutil.copytree(COURSE / "release", tmp_path / "release")
    slow = f"import time\ntime.sleep(3)\n{NUMPY_GRAM}"
    for student, cells in {
        "ada": {},
        "bela": {"gram_matrix": WRONG_GRAM},
        "zoe": {"gram_matrix": slow},
    }.items():
        hand_in(tmp_path, student, handed_in(cells))
    return tmp_path


def started(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "nst_tf.grading", "grade", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        # Background jobs of a shell ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def graders_processes():
    """The numbers of all processes on this machine that grading has started."""
    marks = ("nst_tf.grading", "/room")
    return {
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(mark in part for part in process.info["cmdline"] or [] for mark in marks)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long),
        (signal.SIGKILL, -9),
    ],
)
def test_grading_that_is_stopped_leaves_nothing_and_goes_on(small_class, number, code):
    others = graders_processes()
    grading = started(small_class)
    kept = small_class / ".graded/style_transfer"
    wait_until(lambda: len(list(kept.glob("[!.]*.json"))) >= 2)  # those who are quick, written whole
    before = {path: path.stat().st_mtime_ns for path in kept.glob("[!.]*.json")}
    grading.send_signal(number)
    _, complaint = grading.communicate(timeout=60)
    assert grading.returncode == code
    assert b"Traceback" not in complaint
    left = graders_processes() - others
    wait_until(lambda: not left & graders_processes(), 10)
    done = run_course("grade", small_class)
    assert done.returncode == 0, done.stderr
    assert "judged: 100%" in done.stderr
    assert "1/1" in done.stderr  # only zoe
    assert grades(small_class) == {"ada": 100, "bela": 95, "zoe": 98.5}
    assert len(before) == 2


@pytest.mark.slow
def test_only_what_is_new_is_graded(small_class):
    assert run_course("grade", small_class).returncode == 0
    assert run_course("grade", small_class).stderr == ""  # nothing is left to do
    place = small_class / "submitted/bela/style_transfer/style_transfer.ipynb"
    nbformat.write(handed_in({}), place)
    done = run_course("grade", small_class)
    assert "1/1" in done.stderr
    assert grades(small_class) == {"ada": 100, "bela": 100, "zoe": 98.5}
    shutil.rmtree(small_class / "feedback/ada")
    for path in (small_class / ".graded/style_transfer").glob("*.json"):
        path.write_text(path.read_text()[:100])  # as a full disk would leave it
    (small_class / "submitted/ada").rename(small_class / "submitted/Lovelace, Ada")
    assert "3/3" in run_course("grade", small_class, "--export", "canvas").stderr
    assert (small_class / "feedback/Lovelace, Ada/style_transfer/style_transfer.html").is_file()
    assert grades(small_class) == {"Lovelace, Ada": 100, "ada": 100, "bela": 100, "zoe": 98.5}
    exported = (small_class / "canvas_style_transfer.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in exported[2:]] == ['"Lovelace', "bela", "zoe"]


@pytest.mark.long
@pytest.mark.slow
def test_it_grades_alike_however_many_threads_tensorflow_has(tmp_path):
    course(tmp_path)
    hand_in(tmp_path, "ada", handed_in({}))
    hand_in(tmp_path, "bela", handed_in({"gram_matrix": WRONG_GRAM}))
    tables = []
    for number in ("2", "64"):
        threads = {f"TF_NUM_{which}_THREADS": number for which in ("INTRAOP", "INTEROP")}
        done = run_course("grade", tmp_path, **threads, OMP_NUM_THREADS=number, OPENBLAS_NUM_THREADS=number)
        assert done.returncode == 0, done.stderr
        tables.append(report(tmp_path))
        shutil.rmtree(tmp_path / ".graded")
    assert grades(tmp_path) == {"ada": 100, "bela": 95}
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_a_class_is_graded_by_one_process_at_a_time(small_class):
    grading = started(small_class)
    try:
        wait_until((small_class / ".graded/lock").is_file)
        time.sleep(0.5)
        done = run_course("grade", small_class)
        assert done.returncode == 1
        assert done.stderr == f"{small_class} is being graded already: wait until that is done.\n"
    finally:
        grading.kill()
        grading.communicate()


@pytest.mark.slow
def test_without_bubblewrap_it_says_what_to_do(small_class):
    bare = {"PATH": str(small_class), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "nst_tf.grading", "grade", small_class]
    done = subprocess.run(command, capture_output=True, text=True, env=bare, timeout=300)
    assert done.returncode == 1
    assert done.stderr == (
        "Submissions are isolated by bubblewrap, which isn't installed: "
        "`sudo apt install bubblewrap` installs it, and ISOLATION=none grades without it.\n"
    )
    bare["PATH"] = "/usr/bin:/bin"  # rm
    done = subprocess.run(
        [*command, "--isolation", "none"], capture_output=True, text=True, env=bare, timeout=300
    )
    assert done.returncode == 0
    assert done.stderr.startswith("Without isolation, submissions run as you")
    assert grades(small_class) == {"ada": 100, "bela": 95, "zoe": 98.5}


# ---------------------------------------------------------------------------------- odd folders


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
    # The last is what Exercise 10 costs by hand, for pictures that differ in size: there, Aᵀ A fits nothing.
    assert [grade_id(cell) for cell in errors] == ["gram_matrix-test", "hand-channels-first"]
    (error,) = errors[0].outputs
    assert len(error.traceback) == 1  # the hint, and nothing of how it came about


@pytest.mark.slow
def test_with_weights_it_ends_in_a_picture(tmp_path):
    notebook = handed_in({})
    (training,) = [cell for cell in notebook.cells if grade_id(cell) == "training"]
    training.source = training.source.replace("else 50", "else 3")
    texts = executed(notebook, tmp_path)
    assert not [name for name, text in texts.items() if "Error" in text]
    assert "After 3 steps" in str(training.outputs)
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
