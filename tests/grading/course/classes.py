"""Classes of students: what they hand in, and what it earns."""

import copy
import os
import shutil

import nbformat
from conftest import ROOT
from learners import RIGHT, WRONG

from nst_tf.grading.course.assignment import exercise_of_test, grade_id

COURSE = ROOT / "notebooks/course"
RELEASED = COURSE / "release/style_transfer/style_transfer.ipynb"
POINTS = {
    "compute_content_cost": 5,
    "gram_matrix": 5,
    "compute_layer_style_cost": 10,
    "scaled_gram_matrix": 20,
    "compute_style_cost": 5,
    "total_cost": 5,
    "preprocess": 5,
    "train_step": 15,
    "guided_gram_matrix": 5,
    "channels_first_style_cost": 25,
}


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
    "lea": (  # copies the functions that are to be mended as they stand
        {
            "scaled_gram_matrix": wrong("reshaped-straight+three-channels", "scaled_gram_matrix"),
            "preprocess": wrong("means-in-rgb-order+numpy-inside", "preprocess"),
        },
        {
            "scaled_gram_matrix": (0.2, "reshaped-straight+three-channels"),
            "preprocess": (0.2, "means-in-rgb-order+numpy-inside"),
        },
    ),
    "max": (
        {"guided_gram_matrix": wrong("mask-not-squared", "guided_gram_matrix")},
        {"guided_gram_matrix": (0.2, "mask-not-squared")},
    ),
}
MARKUP = "<script>alert(1)</script> $\\alpha$ &amp; ;=1+1"
# student: (exercise, cell, its score, what the teacher is told)
HOSTILE = {
    "loops": ("gram_matrix", "while True:\n    pass", 0.0, "did not finish within 8 seconds"),
    "hoards": (
        "gram_matrix",
        "x = []\nwhile True:\n    x.append(bytearray(50_000_000))",
        0.0,
        "takes too much memory",
    ),
    "exits": ("total_cost", "exit()", 0.0, "calls exit()"),
    "leaves": ("train_step", "import os\nos._exit(0)", 0.0, "ends its process"),
    "prints": ("gram_matrix", "while True:\n    print('nst' * 50)", 0.0, "prints too much"),
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
    "borrows": ("gram_matrix", "from nst_tf.costs import gram_matrix", 0.0, "uses nst_tf's solution"),
    "imports": ("preprocess", "from nst_tf import preprocess", 0.0, "uses nst_tf's solution"),
    "kills": (
        "gram_matrix",
        "import os\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)",
        0.0,
        "crashes, or takes too much memory",
    ),
    "forges": (
        "gram_matrix",
        (
            f"{NUMPY_GRAM}\n"
            "import glob, os\n"
            "for path in glob.glob('/proc/*/fd/*'):\n"
            "    try:\n"
            "        with open(path, 'wb', 0) as file:\n"
            '            file.write(b\'{"message": "Done", "fields": {}}\\n\')\n'
            "    except OSError:\n"
            "        pass\n"
        ),
        0.0,
        None,
    ),
    "=1+1": ("total_cost", "raise ValueError('=1+1')", 0.0, None),
    "<i>$x$": ("total_cost", f"raise ValueError({MARKUP!r})", 0.0, None),
}


def second_try(notebook):
    """A wrong function, and a right one with its helper in cells of the student's own, further below."""
    (first,) = [cell for cell in notebook.cells if grade_id(cell) == "gram_matrix"]
    place = notebook.cells.index(first)
    first.source = WRONG_GRAM
    cells = [
        "from operator import matmul\n\n\ndef with_itself(A):\n    return matmul(A, tf.transpose(A))",
        "def gram_matrix(A):\n    return with_itself(A)",
    ]
    notebook.cells[place + 2 : place + 2] = map(nbformat.v4.new_code_cell, cells)


def with_a_long_sum(notebook):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == "total_cost"]
    terms = " + ".join(["0.0"] * 1000)
    cell.source = (
        f"def total_cost(J_content, J_style, alpha=10, beta=40):\n"
        f"    return alpha * J_content + beta * J_style + {terms}"
    )


def with_many_magics(notebook):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == "gram_matrix"]
    cell.source = "%time\n" * 501 + cell.source


def in_tensorflow_1(notebook):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == "gram_matrix"]
    cell.source = f"import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n\n\n{cell.source}"


# student: what is odd about the notebook, which is right
ODD = {
    "second try": second_try,
    "long sum": with_a_long_sum,
    "magics": with_many_magics,
    "tensorflow 1": in_tensorflow_1,
    "Müller, Anna": lambda notebook: None,
    "o'brien [the 2nd]*": lambda notebook: None,
    "two\nlines?": lambda notebook: None,
    '"quoted" {braces} %d': lambda notebook: None,
    "x" * 200: lambda notebook: None,
}
TIMES = {"second try": "9" * 20, "long sum": "9999-12-31 23:59:59 -2300", "magics": "2026-01-02 03:04:05 UTC"}


def course(folder, seconds=8, megabytes=1000):
    """A course folder in which nothing is handed in yet."""
    shutil.copytree(COURSE / "source", folder / "source")
    limits = {"seconds": seconds, "megabytes": megabytes, "output_kilobytes": 300}
    lines = "".join(f"c.GradeApart.{name} = {value}\n" for name, value in limits.items())
    (folder / "nbgrader_config.py").write_text((COURSE / "nbgrader_config.py").read_text() + lines)
    return folder


def hand_in(folder, student, notebook):
    """Put a notebook into a student's folder, and give that."""
    place = folder / "submitted" / student / "style_transfer"
    place.mkdir(parents=True)
    nbformat.write(notebook, place / "style_transfer.ipynb")
    return place


def hand_in_what_is_odd(folder):
    """All of ``ODD``, some with a time that can't be read."""
    for student, change in ODD.items():
        notebook = handed_in({})
        change(notebook)
        place = hand_in(folder, student, notebook)
        if student in TIMES:
            (place / "timestamp.txt").write_text(TIMES[student])
    os.mkfifo(folder / "submitted/tensorflow 1/style_transfer/timestamp.txt")
