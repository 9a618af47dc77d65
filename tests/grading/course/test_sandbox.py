"""Functions that are tried in a room of their own: the right ones get what they earn, the others no more than
that, and none reaches anything outside.
"""

import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import nbformat
import psutil
import pytest
from classes import COURSE, POINTS, RELEASED, handed_in
from conftest import ROOT
from learners import RIGHT, WRONG, defined

from nst_tf.grading import diagnose
from nst_tf.grading.course.assignment import TeachersNotebook
from nst_tf.grading.course.judge import Case, Judge
from nst_tf.grading.course.judging import Code, verdicts_on
from nst_tf.grading.course.own_solution import borrowed
from nst_tf.grading.course.sandbox import Isolation, Limits, Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces")]

SOURCE = TeachersNotebook(ROOT / "notebooks/course/source/style_transfer/style_transfer.ipynb")
LIMITS = Limits(seconds=6, megabytes=1000, output_kilobytes=300)
TOO_LONG = "did not finish within 6 seconds"
WRONG_GRAM = "def gram_matrix(A):\n    return tf.transpose(A) @ A\n"
HALF_GRAM = "def gram_matrix(A):\n    return A @ tf.transpose(A) / 2\n"
NUMPY_GRAM = "def gram_matrix(A):\n    return tf.constant(np.asarray(A) @ np.asarray(A).T)\n"
RIGHT_GRAM = RIGHT["gram_matrix"]["course"]
OURS = ["sleep", f"60.{os.getpid()}"]  # started by a submission of these tests
OF_KERAS = ("uses Keras' preprocess_input",)
COMMENTS = "", "# one\n", "# one\n# two\n", ""
HALVES = "right = tf.matmul\ntf.matmul = lambda *a, **k: right(*a, **k) / 2"  # what others compute after it


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SOURCE.imports()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def open_sandbox():
    """As with ISOLATION=none."""
    with Sandbox(SOURCE.imports(), Isolation.NONE) as sandbox:
        yield sandbox


def judged(sandbox, name, cell, limits=LIMITS, needs=()):
    def run(order):
        return sandbox.run(order, limits)

    code = Code(dedent(cell), needs, SOURCE.given_for(name))
    verdict = verdicts_on({name: code}, SOURCE.weights(), limits, run)[name]
    return verdict.diagnosis.score, verdict.diagnosis.mistake, verdict.diagnosis.hint, verdict.remarks


@pytest.mark.parametrize("name", RIGHT)
def test_right_is_right(sandbox, name, sample):
    for how, cell in sample(RIGHT[name].items(), 10):
        remarks = OF_KERAS if (name, how) == ("preprocess", "Keras") else ()
        assert judged(sandbox, name, cell, Limits()) == (1.0, None, "", remarks), how


def test_a_mistake_gets_the_same_hint_as_in_the_notebook(sandbox, tmp_path, capsys, sample):
    for name, slug, cell in sample(WRONG, 10):
        score, mistake, hint, _ = judged(sandbox, name, cell)
        diagnosis = diagnose(name, defined(name, cell, tmp_path))
        assert (score, mistake, hint) == (diagnosis.score, slug, diagnosis.hint)


def together(sandbox, limits=LIMITS, **cells):
    """The verdicts on several functions of one submission, and how many orders they took."""
    orders = []

    def run(order):
        orders.append(order)
        return sandbox.run(order, limits)

    codes = {name: Code(dedent(cell), (), SOURCE.given_for(name)) for name, cell in cells.items()}
    return verdicts_on(codes, SOURCE.weights(), limits, run), len(orders)


def running():
    """The commands of all processes."""
    return [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]


def first(name):
    return next(iter(RIGHT[name].values()))


def test_the_functions_of_a_submission_share_processes(sandbox):
    cells = {name: first(name) for name in RIGHT}
    verdicts, orders = together(sandbox, **cells)
    assert all(verdict.diagnosis.passed and not verdict.remarks for verdict in verdicts.values())
    assert orders == 3  # cells, graphs, and two cells in real size


def test_what_does_the_same_alone_gets_the_same_verdict(sandbox):
    verdicts, orders = together(sandbox, gram_matrix=WRONG_GRAM, total_cost=first("total_cost"))
    assert verdicts["gram_matrix"].diagnosis.mistake == "positions-for-channels"
    assert not verdicts["gram_matrix"].is_shared
    assert orders == 3  # cells, graphs, and the wrong cell by itself


def test_what_one_function_does_is_not_the_others_trouble(sandbox, sample):
    for spoiler in sample((HALVES, "tf.matmul = tf.transpose = len"), 2):
        cells = {"total_cost": f"{spoiler}\n{first('total_cost')}", "gram_matrix": RIGHT_GRAM}
        verdicts, orders = together(sandbox, **cells)
        assert verdicts["gram_matrix"].diagnosis.passed
        assert not verdicts["gram_matrix"].is_shared
        assert orders == 4  # cells, graphs, and both again for the one that was spoilt
    endings = "while True:\n    pass", "raise SystemExit", "import os\nos._exit(0)", "[[]] * 10**12"
    for ending in sample(endings, 2):
        verdicts, orders = together(sandbox, Limits(8), total_cost=ending, gram_matrix=RIGHT_GRAM)
        assert verdicts["gram_matrix"].diagnosis.passed, ending
        assert verdicts["total_cost"].diagnosis.score == 0
        assert verdicts["total_cost"].remarks
        assert orders <= 4
    wrong = dict(sample({name: cell for name, slug, cell in WRONG}.items(), 3))
    alone = {name: judged(sandbox, name, cell) for name, cell in wrong.items()}
    verdicts, _ = together(sandbox, **wrong)
    for name, expected in alone.items():
        diagnosis, remarks = verdicts[name].diagnosis, verdicts[name].remarks
        assert (diagnosis.score, diagnosis.mistake, diagnosis.hint, remarks) == expected


class Counting(Sandbox):
    """Counts the orders."""

    orders = 0

    def run(self, order, limits):
        self.orders += 1
        return super().run(order, limits)


def test_what_several_hand_in_is_judged_by_itself_and_then_known():
    spoiler = f"{HALVES}\n{first('compute_content_cost')}"
    with_comments = {name: f"# by me\n{first(name)}\n" for name in POINTS}
    hand_ins = [{"compute_content_cost": spoiler}, {}, {}, {}, with_comments]
    hand_ins += [
        {"gram_matrix": f"{comments}def gram_matrix(A):\n    return A @ B\n"} for comments in COMMENTS
    ]
    points, orders, hints = [], [], []
    source = COURSE / "source/style_transfer/style_transfer.ipynb"
    with Counting(SOURCE.imports()) as sandbox, Judge(sandbox, source, RELEASED, Limits()) as judge:
        for cells in hand_ins:
            notebook = nbformat.writes(handed_in(cells)).encode()
            verdicts = judge.judged(Case(notebook, "")).verdicts
            points.append([each.diagnosis.score for each in verdicts.values()])
            orders.append(sandbox.orders)
            hints.append(verdicts["gram_matrix"].diagnosis.hint)
    assert points[:5] == [[1.0] * len(POINTS)] * 5
    assert [re.findall(r"[Ll]ine (\d)", hint) for hint in hints[5:]] == [["2"], ["3"], ["4"], ["2"]]
    assert orders[4] == orders[3] == orders[2]  # all is known


def test_what_a_function_does_in_real_size_is_not_the_others_trouble(sandbox):
    spoiler = "    if a_G.shape[1] > 50:\n        tf.reduce_mean = lambda *_, **__: tf.constant(0.0)\n"
    head, *body = first("compute_layer_style_cost").strip().splitlines(keepends=True)
    cells = {
        "compute_layer_style_cost": head + spoiler + "".join(body),
        "compute_style_cost": first("compute_style_cost"),
    }
    verdicts, orders = together(sandbox, **cells)
    assert all(verdict.diagnosis.passed for verdict in verdicts.values())
    assert not verdicts["compute_style_cost"].is_shared
    assert orders == 6  # three for both, and three for the one that was spoilt


def test_what_can_not_be_tried_in_real_size_counts_as_it_is(sandbox):
    name = "compute_layer_style_cost"
    slow = first(name).replace("    _, n_H", "    while a_G.shape[1] > 50:\n        pass\n    _, n_H", 1)
    assert "while" in slow
    verdicts, orders = together(sandbox, **{name: slow})
    assert verdicts[name].diagnosis.passed
    assert orders == 3  # the cell, its graph, and the cell in real size


def test_it_grades_alike_without_isolation(open_sandbox):
    assert judged(open_sandbox, "gram_matrix", RIGHT_GRAM) == (1.0, None, "", ())
    assert judged(open_sandbox, "gram_matrix", WRONG_GRAM)[1] == "positions-for-channels"
    assert judged(open_sandbox, "gram_matrix", "while True:\n    pass")[3] == (TOO_LONG,)
    cell = f"import os\nif os.fork() == 0:\n    os.setsid()\n    os.execlp('sleep', *{OURS})\n{RIGHT_GRAM}"
    assert judged(open_sandbox, "gram_matrix", cell)[0] == 1
    assert OURS not in running()


def test_what_a_cell_needs_runs_before_it(sandbox):
    cell = "def gram_matrix(A):\n    return product(A, flipped(A))"
    needs = ["def flipped(A):\n    return tf.transpose(A)", "1 / 0", "from operator import matmul as product"]
    assert judged(sandbox, "gram_matrix", cell, needs=needs) == (1.0, None, "", ())
    assert "NameError" in judged(sandbox, "gram_matrix", cell)[2]


HOSTILE = {
    "loops for ever": ("while True:\n    pass", TOO_LONG),
    "loops when called": ("def gram_matrix(A):\n    while True:\n        pass", TOO_LONG),
    "sleeps": ("import time\ntime.sleep(1000)", TOO_LONG),
    "waits for a pipe": ("import os\nos.mkfifo('pipe')\nopen('pipe')", TOO_LONG),
    "closes what it reports by": ("import os, time\nos.closerange(3, 200)\ntime.sleep(1000)", TOO_LONG),
    "eats memory": (
        "hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))",
        "takes too much memory",
    ),
    "eats memory in many processes": (
        """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                hoard = bytearray(400_000_000)
                time.sleep(1000)
        time.sleep(1000)
        """,
        "takes too much memory",
    ),
    "starts many processes": (
        "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(1000)",
        "starts too many processes",
    ),
    "starts many threads": (
        """
        import hashlib, threading
        for _ in range(100):
            threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"", b"", 2**31 - 1)).start()
        """,
        None,
    ),
    "exits": (f"{RIGHT_GRAM}\nexit()", "calls exit()"),
    "exits when called": ("def gram_matrix(A):\n    quit()", None),
    "leaves at once": (f"{RIGHT_GRAM}\nimport os\nos._exit(0)", "ends its process"),
    "leaves when called": (
        "import os\ndef gram_matrix(A):\n    os._exit(0)",
        "ends its process",
    ),
    "crashes": ("import ctypes\nctypes.string_at(0)", "crashes, or takes too much memory"),
    "kills its parent": ("import os\nos.kill(os.getppid(), 9)", "crashes, or takes too much memory"),
    "kills all that it sees": (
        "import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(2, 9)\nwhile True: pass",
        None,
    ),
    "prints without end": (
        f"for _ in range(1_000_000):\n    print('nst' * 20)\n{RIGHT_GRAM}",
        "prints too much",
    ),
    "fills its folder": (
        "for number in range(1000):\n    open(f'{number}', 'wb').write(bytes(200_000))",
        "prints too much",
    ),
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
    "sends without end": (
        """
        import os
        for descriptor in range(3, 30):
            try:
                while True:
                    os.write(descriptor, b'[' * 100_000)
            except OSError:
                pass
        """,
        "prints too much",
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_the_hostile_get_nothing_and_are_named(sandbox, how):
    cell, remark = HOSTILE[how]
    score, _, hint, remarks = judged(sandbox, "gram_matrix", cell)
    assert score == 0
    assert hint
    assert not remark or remarks == (remark,)
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


@pytest.mark.parametrize("where", ["sandbox", "open_sandbox"])
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
def test_the_packages_own_solution_is_not_there(request, where, cell):
    score, _, hint, remarks = judged(request.getfixturevalue(where), "gram_matrix", cell)
    assert score == 0
    assert "nst_tf's own solutions are not there: write the formula yourself" in hint
    assert "uses nst_tf's solution" in remarks


IMPORTED = [
    "from nst_tf import preprocess",
    "import nst_tf as n\npreprocess = n.preprocess",
    "from nst_tf import images\npreprocess = images.preprocess",
    "import nst_tf.images\npreprocess = nst_tf.images.preprocess",
    "import nst_tf\ndef preprocess(image):\n    return nst_tf.preprocess(image)",
]


@pytest.mark.parametrize("where", ["sandbox", "open_sandbox"])
@pytest.mark.parametrize("cell", IMPORTED)
def test_what_the_given_cells_load_is_not_there_either(request, where, cell):
    """They need what else is in the module of ``preprocess``."""
    score, _, hint, remarks = judged(request.getfixturevalue(where), "preprocess", cell)
    assert score == 0
    assert "nst_tf's own solutions are not there: write the formula yourself" in hint
    assert remarks == ("uses nst_tf's solution",)
    assert list(borrowed("preprocess", cell)) == ["uses nst_tf's solution"]
    assert list(borrowed("gram_matrix", cell)) == []


def test_loading_it_again_does_not_bring_it_back(sandbox):
    cell = "import importlib, nst_tf.images\npreprocess = importlib.reload(nst_tf.images).preprocess"
    assert judged(sandbox, "preprocess", cell)[0] == 0


def test_what_is_given_is_still_there_beside_it(sandbox):
    cell = "def preprocess(image):\n    return clip_0_1(image)[..., ::-1] * 255 - [103.939, 116.779, 123.68]"
    assert judged(sandbox, "preprocess", cell) == (1.0, None, "", ())


@pytest.mark.parametrize(
    "cell",
    [
        "from tensorflow.keras.applications.vgg19 import preprocess_input",
        "import keras\ndef preprocess(image):\n    return keras.applications.vgg19.preprocess_input(image)",
    ],
)
def test_a_call_of_what_keras_has_is_reported(cell):
    assert tuple(borrowed("preprocess", cell)) == OF_KERAS
    assert list(borrowed("gram_matrix", cell)) == []


def test_a_copy_of_the_packages_solution_is_reported(sandbox):
    cell = (ROOT / "nst_tf/costs.py").read_text()
    start = cell.index("def compute_content_cost")
    copied = cell[start : cell.index("def gram_matrix")] + cell[cell.index("def _content_layer_of") :]
    copied = f"from collections.abc import Sequence\nTensor = Outputs = StyleLayers = object\n{copied}"
    score, _, _, remarks = judged(sandbox, "compute_content_cost", copied)
    assert score == 1
    assert remarks == ("uses nst_tf's solution (a copy of it)",)


def test_a_copy_of_the_courses_solution_is_reported():
    for name in SOURCE.exercises:
        solution = SOURCE.solution(name)
        is_told = name in (
            "compute_content_cost",
            "compute_layer_style_cost",
            "compute_style_cost",
            "train_step",
            "channels_first_style_cost",
        )
        expected = ["the same as the course's solution, word for word"] if is_told else []  # of three lines
        assert list(borrowed(name, f"# mine\n{solution}", solution)) == expected
        ways = [cell for how, cell in RIGHT[name].items() if (name, how) != ("preprocess", "Keras")]
        assert not [cell for cell in ways if list(borrowed(name, cell, solution))]


def test_a_copy_of_a_lessons_solution_is_reported():
    """Where it is long enough: as docs/teaching.md says."""
    told, asked = set(), set()
    for lesson in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        for cell in nbformat.read(lesson, as_version=4).cells:
            if "solution" in cell.metadata.get("tags", ()):
                name = re.search(r"def (\w+)_solution", cell.source)[1]
                asked.add(name)
                renamed = cell.source.replace(f"{name}_solution", name)
                told |= {name} if list(borrowed(name, renamed, SOURCE.solution(name))) else set()
    assert "scaled_gram_matrix" not in asked  # what copying doesn't get
    assert told >= {"compute_content_cost", "compute_layer_style_cost", "train_step"}


# ------------------------------------------------------------------------- what can be reached from a room


def seen_from_inside(sandbox, statements):
    """What ``found`` is after some statements in a room, as text."""
    cell = f"found = None\n{dedent(statements)}\nraise RuntimeError(f'found: {{found}}')"
    return re.search(r"raises RuntimeError: found: (.*)\. Print", judged(sandbox, "gram_matrix", cell)[2])[1]


def test_nothing_of_the_teachers_can_be_seen(sandbox, monkeypatch):
    monkeypatch.setenv("TEACHERS_TOKEN", "secret")
    statements = f"""
    import os, glob
    hidden = ["notebooks", "tests", "nst_tf/costs.py", "nst_tf/grading/exercises/gram_matrix.py", ".git"]
    places = [os.path.join("{ROOT}", name) for name in hidden] + ["{Path.home()}/.keras", "/etc/passwd"]
    found = [place for place in places if os.path.exists(place)]
    found += ["TEACHERS_TOKEN"] if "TEACHERS_TOKEN" in os.environ else []
    found += [file for file in glob.glob("{ROOT}/**/*.py", recursive=True)
              if "/nst_tf/" in file and "def gram_matrix" in open(file).read()]
    """
    with Sandbox(SOURCE.imports()) as fresh:
        assert seen_from_inside(fresh, statements) == "[]"


def test_only_its_own_processes_and_descriptors_are_there(sandbox):
    statements = """
    import os
    numbers = [number for number in os.listdir("/proc") if number.isdecimal()]
    found = sorted(open(f"/proc/{number}/comm").read().strip() for number in numbers), os.getppid()
    """
    assert seen_from_inside(sandbox, statements) == "(['bwrap', 'cat', 'python'], 0)"
    found = seen_from_inside(
        sandbox,
        """
        import os
        paths = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
        found = sorted(os.readlink(path).split(":")[0] for path in paths if os.path.islink(path))
        """,
    )
    assert found == "['/room/null', '/room/output', '/room/output', 'pipe']"


def test_nothing_outside_can_be_written(sandbox):
    statements = f"""
    import os
    found = []
    system = ["/", "/tmp", "/usr", "/dev", "/dev/shm", "/proc/sys/kernel"]
    python = ["{sys.prefix}", os.path.dirname(tf.__file__), "{ROOT}/nst_tf", "{ROOT}/nst_tf/grading"]
    for folder in system + python:
        try:
            open(folder + "/nst_tf_was_here", "w").close()
            found.append(folder)
        except OSError:
            pass
    """
    assert seen_from_inside(sandbox, statements) == "[]"


def test_nothing_of_the_machine_can_be_changed_by_root_either(sandbox):
    statements = """
    import os
    found = []
    for folder, _, files in os.walk("/proc"):
        if not folder.split("/")[2:3] or not folder.split("/")[2].isdecimal():
            found += [path for path in (f"{folder}/{file}" for file in files) if os.access(path, os.W_OK)]
    for path in ("/dev/urandom", "/usr", "/proc/sys/kernel/core_pattern"):
        try:
            os.chmod(path, 0o777)
            found.append(path)
        except OSError:
            pass
    """
    assert seen_from_inside(sandbox, statements) == "[]"


def test_who_waits_for_a_core_gets_more_time(sandbox):
    """Beside a submission that keeps all cores busy, one that needs most of its time is not stopped."""
    hog = "import os\nfor _ in range(3):\n    os.fork()\nwhile True:\n    pass"
    busy = f"import time\nwhile time.process_time() < 6:\n    pass\n{RIGHT_GRAM}"
    others = Limits(seconds=12, megabytes=1000, output_kilobytes=300)
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(judged, sandbox, "gram_matrix", hog, others) for _ in range(2)]
        time.sleep(1)
        score, _, _, remarks = judged(sandbox, "gram_matrix", busy, Limits(10, 1000, 300))
        assert (score, remarks) == (1, ())
        assert all(each.result()[3] == ("did not finish within 12 seconds",) for each in first)


def test_there_is_no_network(sandbox):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        statements = f"""
        import socket
        try:
            socket.create_connection(("127.0.0.1", {port}), 1)
            found = "connected"
        except OSError as error:
            found = type(error).__name__
        """
        assert seen_from_inside(sandbox, statements) in {"ConnectionRefusedError", "OSError"}


def test_no_privilege_is_left(sandbox):
    statements = """
    import ctypes, os, re
    libc = ctypes.CDLL(None)
    found = [libc.unshare(0x10000000), libc.unshare(0x00020000), libc.umount2(b"/proc", 2)]
    found.append(libc.mount(b"x", b"/room", b"tmpfs", 0, None))
    found += re.findall(r"Cap(?:Prm|Eff):\\s*(\\w+)", open("/proc/self/status").read())
    """
    assert seen_from_inside(sandbox, statements) == f"[-1, -1, -1, -1, '{'0' * 16}', '{'0' * 16}']"


def test_its_memory_holds_nothing_of_another_submission(sandbox):
    marker = "a name that " + "no other cell has"
    judged(sandbox, "gram_matrix", f"{RIGHT_GRAM}\nx = '{marker}'")
    statements = """
    import re
    found = 0
    wanted = b"a name that " + b"no other cell has"
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in open("/proc/self/maps"):
            start, end, rights = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
            if rights[0] == "r":
                try:
                    memory.seek(int(start, 16))
                    found += memory.read(int(end, 16) - int(start, 16)).count(wanted)
                except (OSError, ValueError, OverflowError):
                    pass
    found = 1 <= found <= 3  # what is looked for, itself
    """
    assert seen_from_inside(sandbox, statements) == "True"


def test_what_it_starts_is_ended(sandbox):
    cell = f"""
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execlp("sleep", *{OURS})
    os._exit(0)
{RIGHT_GRAM}
"""
    assert judged(sandbox, "gram_matrix", cell)[0] == 1
    assert OURS not in running()


def test_nothing_is_left_in_the_systems_temporary_folder(sandbox, open_sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = f"import os\nfor _ in range(500):\n    os.mkdir('d' * 50)\n    os.chdir('d' * 50)\n{RIGHT_GRAM}"
    for each in (sandbox, open_sandbox):
        judged(each, "gram_matrix", deep)
    assert list(tmp_path.iterdir()) == []


def test_a_submission_without_the_function(sandbox):
    score, mistake, hint, remarks = judged(sandbox, "gram_matrix", "def gram(A):\n    return A")
    assert (score, mistake, remarks) == (0, "not-defined", ())
    assert hint == "The cell defines no function `gram_matrix`."
    score, _, hint, _ = judged(sandbox, "gram_matrix", "def gram_matrix(A) return A")
    assert score == 0
    assert "SyntaxError" in hint


def test_a_graph_that_was_made_for_the_numbers_seen_earns_nothing_more(sandbox):
    """NumPy has no gradient. A linear stand-in has, which is right where it was made, and nowhere else."""
    cell = """
    seen = []

    def by_numpy(A):
        return A @ A.T

    def gram_matrix(A):
        if tf.executing_eagerly():
            seen.append(np.array(A, np.float64))
            return tf.constant(by_numpy(seen[-1]), tf.float32)
        at, h = seen[0], 1e-4
        value, units = by_numpy(at), np.eye(at.size).reshape(-1, *at.shape)
        slopes = np.stack([(by_numpy(at + h * unit) - value).ravel() / h for unit in units])
        change = tf.reshape(A - at.astype(np.float32), [1, -1]) @ slopes.astype(np.float32)
        return tf.reshape(change, value.shape) + value.astype(np.float32)
    """
    score, _, hint, _ = judged(sandbox, "gram_matrix", cell)
    assert score == 0.7
    assert "depends on the numbers that the function was tried on" in hint


def test_system_calls_that_no_namespace_holds_are_refused(sandbox):
    statements = """
    import ctypes, os, socket
    libc = ctypes.CDLL(None)
    found = [libc.shmget(0, 4096, 0o1600), libc.msgget(0, 0o1600), libc.ptrace(16, 1, 0, 0)]
    for attempt in (
        lambda: os.memfd_create("x"),
        lambda: os.sched_setaffinity(0, {0}),
        lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    ):
        try:
            attempt()
            found.append("done")
        except OSError:
            pass
    """
    assert seen_from_inside(sandbox, statements) == "[-1, -1, -1]"


@pytest.mark.parametrize("where", ["sandbox", "open_sandbox"])
def test_a_task_that_is_ended_from_outside_is_done_again(request, where):
    """Whatever has ended it, the submission is not to blame."""
    sandbox = request.getfixturevalue(where)
    slow = f"import time\ntime.sleep(1)\n{RIGHT_GRAM}"
    with ThreadPoolExecutor(1) as pool:
        judgement = pool.submit(judged, sandbox, "gram_matrix", slow)
        time.sleep(0.5)
        for process in psutil.Process(sandbox._worker.pid).children(recursive=True):
            process.kill()  # the task, and what watches over it
        assert judgement.result() == (1, None, "", ())


def test_what_hides_its_memory_counts_with_all_of_it(sandbox, monkeypatch):
    """Without a control group, as for most teachers."""
    monkeypatch.setattr("nst_tf.grading.course.memory._possible_parents", list)
    cell = """
    import ctypes, os, time
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    for _ in range(3):
        if os.fork() == 0:
            hoard = bytearray(400_000_000)
            time.sleep(1000)
    time.sleep(1000)
    """
    assert judged(sandbox, "gram_matrix", cell)[3] == ("takes too much memory",)
    assert judged(sandbox, "gram_matrix", RIGHT_GRAM)[0] == 1


def test_a_worker_that_has_ended_is_replaced(sandbox):
    sandbox._worker.kill()
    time.sleep(0.5)
    assert judged(sandbox, "gram_matrix", RIGHT_GRAM)[0] == 1
