"""Arrays on the disk: what is kept, what is used again, and what is said where there is no room."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nst_tf.large import spool
from nst_tf.large.spool import Spool, SpoolError
from nst_tf.optimizers import lbfgs, next_image


def array(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_arrays_come_back_as_they_were(monkeypatch):
    monkeypatch.setattr(spool, "PIECE", 7)
    kept_in = Spool()
    arrays = [array(seed, *shape) for seed, shape in enumerate([(3, 5, 2), (1,), (0, 4), (14,)])]
    kept = [kept_in.keep(each) for each in arrays]
    for each, waiting in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(waiting.load(), each)
        pieces = list(waiting.pieces())
        assert all(len(values) <= 7 for _, values in pieces)
        joined = np.concatenate([values for _, values in pieces] or [np.zeros(0)])
        np.testing.assert_array_equal(joined, each.ravel())


def test_the_place_of_what_is_gone_is_used_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kept_in, size = Spool(), os.statvfs(tmp_path).f_frsize
    last = [kept_in.keep(array(seed, size)) for seed in range(3)]
    for seed in range(3, 50):
        last = [*last[1:], kept_in.keep(array(seed, size))]
    for seed, waiting in zip(range(47, 50), last, strict=True):
        np.testing.assert_array_equal(waiting.load(), array(seed, size))
    assert kept_in.size <= 4 * 4 * size


def test_nothing_is_left_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    waiting = Spool().keep(array(0, 1000))
    assert not list(tmp_path.iterdir())  # it has no name even while it is open
    np.testing.assert_array_equal(waiting.load(), array(0, 1000))


@pytest.mark.parametrize("spooling", ["Spool().keep(np.zeros(1_000_000))", "Spool(room=8_000_000)"])
def test_no_room_on_the_disk(spooling):
    """The limit on a file's size stands in for a full disk: it comes from the system, too."""
    code = f"""
import resource, signal
import numpy as np
from nst_tf.large.spool import Spool, SpoolError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    {spooling}
except SpoolError as problem:
    print(problem)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("A large picture needs room for temporary data in /")
    assert ended.stdout.endswith("make some, or name another folder in TMPDIR.\n")
    assert ended.stderr == ""


def test_a_folder_that_is_not_there(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nowhere/at/all")
    with pytest.raises(SpoolError, match="/nowhere/at/all"):
        Spool()


@pytest.mark.parametrize("piece", [7, 1000])
def test_lbfgs_with_its_last_steps_on_the_disk(monkeypatch, piece):
    monkeypatch.setattr(spool, "PIECE", piece)
    A, target = array(0, 30, 30), np.random.default_rng(1).uniform(-0.2, 1.2, 30).astype(np.float32)
    A = A @ A.T / 30

    def evaluate(G):
        x = G.ravel() - target
        return float(x @ A @ x / 2 + np.sum(x**4)), (A @ x + 4 * x**3).reshape(G.shape)

    def lowest(images):
        J, G = [], next(images)
        while G is not None and len(J) < 60:
            J.append(evaluate(G)[0])
            G = next_image(images, *evaluate(G))
        return min(J), J[0]

    start = np.full((1, 2, 5, 3), 0.5, np.float32)
    (in_memory, first), (on_disk, _) = lowest(lbfgs(start)), lowest(lbfgs(start, keep=Spool().keep))
    assert in_memory < 0.3 * first
    assert on_disk == pytest.approx(in_memory, rel=1e-4)
