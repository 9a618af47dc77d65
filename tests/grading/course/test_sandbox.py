"""Submissions that are tried in a process of their own: the honest get what they earn,
the hostile no more than that.
"""

import os
import sys
import time
from textwrap import dedent

import psutil
import pytest
from conftest import ROOT
from learners import RIGHT, WRONG, defined

from nst_tf.grading import diagnose
from nst_tf.grading.course.assignment import TeachersNotebook
from nst_tf.grading.course.own_solution import borrowed
from nst_tf.grading.course.sandbox import Limits, Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the worker forks")]

SOURCE = TeachersNotebook(ROOT / "notebooks/course/source/style_transfer/style_transfer.ipynb")
WRONG_GRAM = "def gram_matrix(A):\n    return tf.transpose(A) @ A\n"
HALF_GRAM = "def gram_matrix(A):\n    return A @ tf.transpose(A) / 2\n"
NUMPY_GRAM = "def gram_matrix(A):\n    return tf.constant(np.asarray(A) @ np.asarray(A).T)\n"
RIGHT_GRAM = RIGHT["gram_matrix"]["course"]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(seconds=6, megabytes=1000, output_kilobytes=300)) as sandbox:
        yield sandbox


def judged(sandbox, name, cell):
    verdict = sandbox.judge(name, dedent(cell), SOURCE.given_for(name), SOURCE.weights())
    return verdict.diagnosis.score, verdict.diagnosis.mistake, verdict.diagnosis.hint, verdict.remarks


@pytest.mark.parametrize("name", RIGHT)
def test_right_is_right(sandbox, name):
    for how, cell in RIGHT[name].items():
        assert judged(sandbox, name, cell) == (1.0, None, "", ()), how


def test_a_mistake_gets_the_same_hint_as_in_the_notebook(sandbox, tmp_path, capsys):
    for name, slug, cell in WRONG:
        score, mistake, hint, _ = judged(sandbox, name, cell)
        diagnosis = diagnose(name, defined(name, cell, tmp_path))
        assert (score, mistake, hint) == (diagnosis.score, slug, diagnosis.hint)


def test_magics_do_nothing(sandbox):
    for cell in (f"%matplotlib inline\n!ls\n{RIGHT_GRAM}", f"%%time\n{RIGHT_GRAM}"):
        assert judged(sandbox, "gram_matrix", cell)[:3] == (1.0, None, "")


HOSTILE = {
    "loops for ever": ("while True:\n    pass", "time"),
    "loops when called": ("def gram_matrix(A):\n    while True:\n        pass", "time"),
    "sleeps": ("import time\ntime.sleep(1000)", "time"),
    "eats memory": ("hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))", "memory"),
    "exits": (f"{RIGHT_GRAM}\nexit()", "calls exit()"),
    "exits when called": ("def gram_matrix(A):\n    quit()", None),
    "leaves at once": (f"{RIGHT_GRAM}\nimport os\nos._exit(0)", "ended its process"),
    "leaves when called": (
        "import os\ndef gram_matrix(A):\n    os._exit(0)",
        "ended its process",
    ),
    "crashes": ("import ctypes\nctypes.string_at(0)", "crashed, or memory"),
    "kills the worker": ("import os\nos.kill(os.getppid(), 9)", "no answer from the grader's worker"),
    "prints without end": (f"for _ in range(1_000_000):\n    print('nst' * 20)\n{RIGHT_GRAM}", "output"),
    "prints without end when called": (
        f"def gram_matrix(A):\n    for _ in range(1_000_000):\n        print('nst' * 20)\n{RIGHT_GRAM[20:]}",
        None,
    ),
    "equals everything": (
        """
        class Everything:
            def __getattr__(self, name):
                return self
            def __call__(self, *_):
                return self
            def __eq__(self, other):
                return True
            __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
            def __float__(self):
                return 1.0
            def __array__(self, *_, **__):
                return np.ones(())
        def gram_matrix(A):
            return Everything()
        """,
        None,
    ),
    "sends nonsense": (
        """
        import os, stat
        DONE = b'{"message": "Done", "fields": {}}\\n'
        for descriptor in range(3, 30):
            try:
                if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                    os.write(descriptor, b'{"message": "Tried", "fields": {"written": 3}}\\n' + DONE)
            except OSError:
                pass
        os._exit(0)
        """,
        "sent back what can't be read",
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_the_hostile_get_nothing_and_are_named(sandbox, how):
    cell, remark = HOSTILE[how]
    score, _, hint, remarks = judged(sandbox, "gram_matrix", cell)
    assert score == 0
    assert hint
    assert remarks == ((remark,) if remark else ())
    assert judged(sandbox, "gram_matrix", RIGHT_GRAM)[0] == 1  # the next one is judged as ever


PATCHES = {
    "the comparison": (
        "np.allclose = lambda *_, **__: True\nnp.testing.assert_allclose = lambda *_, **__: None"
    ),
    "the grading": """
        import nst_tf.grading.trial as trial, nst_tf.grading.graphs as graphs
        import nst_tf.grading.value_trial as value_trial
        value_trial.ValueTrial.run = lambda *_: None
        graphs.run_graph = value_trial.run_graph = trial.observe
        """,
    "builtins": (
        "import builtins\n"
        "builtins.all = lambda *_: True\n"
        "builtins.abs = lambda *_: 0\n"
        "builtins.AssertionError = Exception"
    ),
    "the gradient": """
        def gradient(self, target, sources, **_):
            return tf.nest.map_structure(lambda a: 2 * tf.ones_like(a), sources)
        tf.GradientTape.gradient = gradient
        """,
    "tf.function": "tf.function = lambda function=None, **_: function",
    "the exit": (
        "import atexit, os, sys\natexit.register(lambda: os._exit(0))\nsys.excepthook = lambda *_: None"
    ),
    "IPython": (
        "import IPython\n"
        "IPython.get_ipython = lambda: None\n"
        "IPython.core.interactiveshell.InteractiveShell = None"
    ),
}


@pytest.mark.parametrize("what", PATCHES)
@pytest.mark.parametrize("cell", [WRONG_GRAM, HALF_GRAM, NUMPY_GRAM], ids=["wrong", "half", "numpy"])
def test_no_patch_earns_more_than_the_honest_score(sandbox, what, cell):
    honest = judged(sandbox, "gram_matrix", cell)[0]
    patch = dedent(PATCHES[what])
    for patched in (f"{cell}\n{patch}", f"{patch}\n{cell}"):
        assert judged(sandbox, "gram_matrix", patched)[0] <= honest < 1


def test_a_gradient_is_not_believed(sandbox):
    """The right value by NumPy, and a tape that gives the right gradient by hand:
    still no function that can be trained.
    """
    cell = f"""
{NUMPY_GRAM}
def gradient(self, target, sources, **_):
    return [2 * tf.reduce_sum(A, axis=0, keepdims=True) * tf.ones_like(A) for A in tf.nest.flatten(sources)]
tf.GradientTape.gradient = gradient
"""
    assert judged(sandbox, "gram_matrix", cell)[0] == 0.7


@pytest.mark.parametrize(
    "cell",
    [
        "from nst_tf.costs import gram_matrix",
        "from nst_tf import gram_matrix",
        "import nst_tf\ndef gram_matrix(A):\n    return nst_tf.gram_matrix(A)",
        (
            "import importlib\n"
            "gram_matrix = getattr(importlib.import_module('nst_tf.' + 'costs'), 'gram_matrix')"
        ),
        "from nst_tf.grading.exercises.registry import exercise\ngram_matrix = exercise('gram_matrix').right",
    ],
)
def test_the_packages_own_solution_is_graded_and_reported(sandbox, cell):
    score, _, _, remarks = judged(sandbox, "gram_matrix", cell)
    assert score == 1
    assert remarks == ("uses nst_tf's solution",)


@pytest.mark.parametrize(
    "cell",
    [
        "from nst_tf import preprocess",
        "import nst_tf as n\npreprocess = n.preprocess",
        "from nst_tf import images\npreprocess = images.preprocess",
        "import nst_tf.images\npreprocess = nst_tf.images.preprocess",
    ],
)
def test_what_is_loaded_already_is_reported_too(cell):
    assert list(borrowed("preprocess", cell)) == ["uses nst_tf's solution"]
    assert list(borrowed("gram_matrix", cell)) == []


def test_a_copy_of_the_packages_solution_is_reported(sandbox):
    cell = (ROOT / "nst_tf/costs.py").read_text()
    start = cell.index("def compute_content_cost")
    copied = cell[start : cell.index("def gram_matrix")] + cell[cell.index("def _content_layer_of") :]
    copied = f"from collections.abc import Sequence\nTensor = Outputs = StyleLayers = object\n{copied}"
    score, _, _, remarks = judged(sandbox, "compute_content_cost", copied)
    assert score == 1
    assert remarks == ("uses nst_tf's solution (a copy of it)",)


def test_what_it_starts_is_ended(sandbox):
    before = {process.pid for process in psutil.process_iter()}
    cell = (
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        + RIGHT_GRAM
    )
    judged(sandbox, "gram_matrix", cell)
    time.sleep(1)
    left = [process for process in psutil.process_iter(["cmdline"]) if process.pid not in before]
    assert not [process for process in left if "time.sleep(60)" in " ".join(process.info["cmdline"] or [])]


def test_it_sees_neither_the_teachers_environment_nor_folder(sandbox, monkeypatch):
    monkeypatch.setenv("TEACHERS_TOKEN", "secret")
    cell = f"""
import os
assert "TEACHERS_TOKEN" not in os.environ
own = sorted(name for name in os.listdir() if not name.startswith("given_"))
assert own == ["output", "solution.py"], os.listdir()
assert os.environ["HOME"] == os.getcwd()
{RIGHT_GRAM}
"""
    with Sandbox(Limits()) as fresh:
        assert judged(fresh, "gram_matrix", cell)[:3] == (1.0, None, "")
    assert os.environ["TEACHERS_TOKEN"] == "secret"


def test_a_submission_without_the_function(sandbox):
    score, mistake, hint, remarks = judged(sandbox, "gram_matrix", "def gram(A):\n    return A")
    assert (score, mistake, remarks) == (0, "not-defined", ())
    assert hint == "The cell defines no function `gram_matrix`."
    score, _, hint, _ = judged(sandbox, "gram_matrix", "def gram_matrix(A) return A")
    assert score == 0
    assert "SyntaxError" in hint
