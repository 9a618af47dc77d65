"""A class that is judged on the workers of a cluster."""

import subprocess
import sys
import threading

import pytest
from classes import NUMPY_GRAM, WRONG_GRAM, course, hand_in, handed_in
from conftest import ROOT, dask_worker
from test_grade import run_course

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces"),
]


@pytest.fixture
def a_class(tmp_path):
    """A way to make the same class in another folder."""

    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        course(folder, seconds=20, megabytes=2000)
        slow = f"import time\ntime.sleep(2)\n{NUMPY_GRAM}"
        for number, cell in enumerate([None, WRONG_GRAM, slow, slow]):
            cells = {} if cell is None else {"gram_matrix": f"{cell}\n# {number}\n"}
            hand_in(folder, f"student {number}", handed_in(cells))
        return folder

    return make


def graded(folder, *options):
    done = run_course("grade", folder, *options)
    assert done.returncode == 0, done.stderr
    return (folder / "grades.csv").read_bytes()


@pytest.mark.long
def test_the_grades_are_the_same_with_one_worker_and_with_two(a_class, scheduler, tmp_path):
    here = graded(a_class("here"))
    with dask_worker(scheduler, tmp_path):
        assert graded(a_class("one"), "--scheduler", scheduler) == here
        with dask_worker(scheduler, tmp_path):
            assert graded(a_class("two"), "--scheduler", scheduler) == here


def test_the_grades_are_the_same_with_two_workers_of_which_one_is_killed(a_class, scheduler, tmp_path):
    here = graded(a_class("here"))
    assert here.count(b"\n") == 5
    with dask_worker(scheduler, tmp_path), dask_worker(scheduler, tmp_path) as second:
        folder = a_class("killed")
        kept = folder / ".graded/style_transfer"
        over = threading.Event()

        def kill():
            while not (kept.is_dir() and any(kept.glob("[!.]*.json"))):  # in the middle
                if over.wait(0.1):
                    return
            second.kill()

        killing = threading.Thread(target=kill)
        killing.start()
        try:
            assert graded(folder, "--scheduler", scheduler) == here
        finally:
            over.set()
            killing.join()
        assert second.wait(10) == -9


def test_a_worker_without_bubblewrap_is_refused(a_class, scheduler, tmp_path):
    folder = a_class("class")
    done = run_course("grade", folder, "--scheduler", scheduler)
    assert done.returncode == 1
    assert "has no workers: start some" in done.stderr
    with dask_worker(scheduler, tmp_path, PATH=str(tmp_path)):
        done = run_course("grade", folder, "--scheduler", scheduler)
    assert done.returncode == 1
    assert done.stderr.startswith("The worker tcp://127.0.0.1:")
    assert "Submissions are isolated by bubblewrap, which isn't installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_scheduler(a_class):
    done = run_course("grade", a_class("class"), "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "No scheduler answers at tcp://127.0.0.1:9" in done.stderr


def test_without_isolation_no_other_machine_judges(a_class):
    folder = a_class("class")
    done = run_course("grade", folder, "--scheduler", "tcp://127.0.0.1:9", "--isolation", "none")
    assert done.returncode == 1
    assert "Without isolation, a submission could reach the scheduler" in done.stderr


def test_make_hands_on_the_address():
    words = ["make", "--dry-run", "grade", "SCHEDULER=tcp://10.0.0.1:8786"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert '--scheduler "tcp://10.0.0.1:8786"' in done.stdout
