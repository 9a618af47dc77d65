"""A run that is killed goes on to the same picture, and what can't go on says so."""

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import LOUVRE, ROOT, SUMMERTIME, opened

from nst_tf import stylize, transfer
from nst_tf.large import checkpoint as checkpoints
from nst_tf.large.checkpoint import MANIFEST, Checkpoint, CheckpointError
from nst_tf.large.saved import Saved
from nst_tf.large.spool import Spool
from nst_tf.optimizers import MEMORY, State, lbfgs, next_image

EVERY_STEP = "import sys, nst_tf.large.checkpoint as c; c.EVERY = 0; from nst_tf.cli.main import main; "
RUN = {
    **{"size": 64, "steps": 24, "beta": 0.1, "coarse_to_fine": False},
    **{"precision": "float32", "weights": None, "progress": False},
}


@pytest.fixture
def at_every_step(monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0)


def start(folder, *options):
    """The command line in a process of its own, which saves the run at every step."""
    words = [str(LOUVRE), str(SUMMERTIME), "--size", "200", "--steps", "40", "--precision", "float32"]
    return subprocess.Popen(
        [sys.executable, "-c", f"{EVERY_STEP} sys.exit(main(sys.argv[1:]))", *words, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def saved_steps(folder):
    """How many steps the manifest in a folder has, whole at any time."""
    path = folder / "out.png.unfinished" / MANIFEST
    return len(json.loads(path.read_text())["history"]) if path.exists() else 0


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_in_the_same_picture(tmp_path):
    options = ["--tile", "96"]  # which is saved as a run without tiles is, and keeps more on the disk
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    run = start(whole, "-o", "out.png", *options)
    assert "after step" not in run.communicate()[0]
    assert run.returncode == 0
    draw, resume = random.Random(2), []
    for steps in (2, 14):  # the first at half of the size, which takes 3 evaluations
        run = start(killed, "-o", "out.png", *options, *resume)
        while saved_steps(killed) < steps:
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.1))  # somewhere in an evaluation or in a save
        run.send_signal(signal.SIGKILL)
        run.communicate()
        assert not (killed / "out.png").exists()
        resume = ["--resume"]
    reached = saved_steps(killed)
    run = start(killed, "-o", "out.png", *options, *resume)
    out, error = run.communicate()
    assert run.returncode == 0, error
    assert f"The run goes on after step {reached - 1}" in out + error
    np.testing.assert_array_equal(opened(killed / "out.png"), opened(whole / "out.png"))
    assert [path.name for path in killed.iterdir()] == ["out.png"]


def test_the_history_goes_on_as_if_nothing_had_happened(tmp_path, at_every_step):
    folder = tmp_path / "run"
    whole = stylize(LOUVRE, SUMMERTIME, **RUN)
    for last in (5, 15):
        stylize(
            LOUVRE,
            SUMMERTIME,
            **RUN,
            checkpoint=folder,
            callback=lambda seen, last=last: seen.costs.step >= last,
        )
        assert folder.exists()
    again = stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder)
    assert [row._replace(seconds=0) for row in again.history] == [
        row._replace(seconds=0) for row in whole.history
    ]
    seconds = [row.seconds for row in again.history]
    assert seconds == sorted(seconds)
    np.testing.assert_array_equal(again.image, whole.image)
    assert not folder.exists()


@pytest.fixture
def saved(tmp_path, at_every_step):
    """The folder of a run that was ended early."""
    stylize(
        LOUVRE, SUMMERTIME, **RUN, checkpoint=tmp_path / "run", callback=lambda seen: seen.costs.step == 15
    )
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("style", "changes", "what"),
    [
        (SUMMERTIME, {"steps": 30}, "steps was 24"),
        (SUMMERTIME, {"beta": 0.2}, r"beta was 0\.1"),
        (SUMMERTIME, {"colours": "content"}, "colours was 'style'"),
        (LOUVRE, {}, "the pictures were others"),
    ],
)
def test_only_the_same_run_goes_on(saved, style, changes, what):
    with pytest.raises(CheckpointError, match=rf"run holds another run \({what}\): repeat its command, or"):
        stylize(LOUVRE, style, **{**RUN, **changes}, checkpoint=saved)
    assert (saved / MANIFEST).exists()


def test_files_that_are_damaged_in_any_way(saved):
    """What is cut off, is missing, or is another kind of JSON gets a sentence."""
    whole = (saved / MANIFEST).read_text()
    arrays = [path for path in saved.iterdir() if path.suffix == ".float32"]
    assert len(arrays) > 2
    fields = [json.dumps({**json.loads(whole), name: value}) for name, value in BAD_FIELDS]
    manifests = ["", "[]", "7", '"run"', "{}", whole[: len(whole) // 2], *fields]
    for manifest in manifests:
        (saved / MANIFEST).write_text(manifest)
        require_sentence(saved)
    (saved / MANIFEST).write_text(whole)
    for array in arrays:
        content = array.read_bytes()
        array.write_bytes(content[:-3])
        require_sentence(saved)
        array.unlink()
        require_sentence(saved)
        array.write_bytes(content)
    stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved)


BAD_FIELDS = [
    *(
        ("version", 2),
        ("history", []),
        ("history", [{}]),
        ("history", 3),
        ("memory", None),
        ("memory", "many"),
    ),
    *(("arrays", []), ("arrays", ["../../etc/passwd", "x"]), ("changes", [{}]), ("changes", 1), ("J", "x")),
    *(("settings", 1), ("shape", [1, 2, 3, 3]), ("shape", "x"), ("memory", math.inf), ("J", math.nan)),
    *(("shape", [math.inf]), ("J", None), ("best", "x"), ("pictures", 1), ("settings", {"precision": 1})),
]


def require_sentence(folder):
    with pytest.raises(CheckpointError, match=r"run (is damaged|holds another run).* remove the folder"):
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder)


def test_two_programs_at_once(saved):
    with (
        Checkpoint(saved),
        pytest.raises(
            CheckpointError, match=r"Another program is painting what is saved in .*run: end it, or"
        ),
    ):
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved)
    stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved)


def test_of_two_that_begin_at_once_the_second_neither_saves_nor_removes(tmp_path, at_every_step):
    """Both find the folder free. The one that saves first has it."""
    folder = tmp_path / "run"
    with Checkpoint(folder) as other:
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder, callback=lambda seen: seen.costs.step == 12)
        files = sorted(path.name for path in folder.iterdir())
        other.remove()
        assert not other.has_saved
    assert sorted(path.name for path in folder.iterdir()) == files


def test_interrupted_before_it_goes_on_it_does_not_take_the_photograph_for_a_result(saved, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(transfer, "Objective", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved)
    assert stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved).ending.is_regular


def test_a_call_that_fails_lets_go_of_the_folder(saved):
    with pytest.raises(CheckpointError, match="another run"):
        stylize(LOUVRE, SUMMERTIME, **{**RUN, "steps": 30}, checkpoint=saved)
    with pytest.raises(ZeroDivisionError):
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved, callback=lambda _: 1 / 0)
    assert stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=saved).ending.is_regular


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda folder: folder.write_text("mine"),
            r"run isn't a folder of unfinished runs alone: choose another",
        ),
        (
            lambda folder: (folder / "thesis").mkdir(parents=True),
            r"run isn't a folder of unfinished runs alone",
        ),
    ],
)
def test_what_is_not_a_checkpoint_is_left_alone(tmp_path, make, said):
    make(tmp_path / "run")
    with pytest.raises(CheckpointError, match=said):
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("folder", "said"), [("", "The name of the checkpoint is empty"), ("no/such/run", "run can't be made")]
)
def test_a_folder_that_cannot_be_used_is_refused_at_once(tmp_path, monkeypatch, folder, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(CheckpointError, match=said):
        stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_that_is_removed_during_the_run_is_made_again(tmp_path, at_every_step):
    folder = tmp_path / "run"

    def remove(progress):
        if progress.costs.step == 8:
            shutil.rmtree(folder)
        return progress.costs.step == 15

    stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder, callback=remove)
    again = stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder)
    np.testing.assert_array_equal(again.image, stylize(LOUVRE, SUMMERTIME, **RUN).image)


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_save_that_fails_halfway_harms_neither_the_last_one_nor_the_next(
    tmp_path, at_every_step, monkeypatch, capsys, failing
):
    """The disk is full for one of the writes of one save, whichever that is."""
    folder, left, fsync = tmp_path / "run", [], os.fsync

    def full_once(descriptor):
        if left:
            left[0] -= 1
            if left[0] == 0:
                left.clear()
                raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full_once)

    def watch(progress):
        if progress.costs.step == 8:
            left.append(failing)
        if progress.costs.step >= 8:
            Saved(folder, json.loads((folder / MANIFEST).read_text()))  # which finds each file
        return progress.costs.step == 15

    stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder, callback=watch)
    assert not left
    assert stylize(LOUVRE, SUMMERTIME, **RUN, checkpoint=folder).ending.is_regular


def test_a_disk_that_is_full_leaves_the_last_save_whole(tmp_path):
    """A limit on the size of files stands in for the disk."""
    code = f"""
import resource, signal
import nst_tf.large.checkpoint as c
from nst_tf import stylize, transfer
c.EVERY = 0
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def fill_up(progress):
    if progress.costs.step == 12:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
    return progress.costs.step == 20

stylize({str(LOUVRE)!r}, {str(SUMMERTIME)!r}, **{RUN!r},
        checkpoint={str(tmp_path / "run")!r}, callback=fill_up)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == 0, ended.stderr
    assert "The run goes on, but can't be saved" in ended.stderr
    manifest = json.loads((tmp_path / "run" / MANIFEST).read_text())
    assert 8 <= len(manifest["history"]) <= 13
    named = {*manifest["arrays"], *(name for change in manifest["changes"] for name in change["arrays"])}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*named, MANIFEST, "lock"}


def test_the_command_line_asks_before_it_begins_anew(saved, tmp_path):
    def said(*options):
        run = start(tmp_path, *options)
        _, error = run.communicate()
        return run.returncode, error

    code, error = said("-o", "out.png", "--resume")
    assert code == 2
    assert error == "nst-tf: No run is saved in out.png.unfinished: leave out --resume to begin one.\n"
    shutil.move(saved, tmp_path / "out.png.unfinished")
    code, error = said("-o", "out.png")
    assert code == 2
    assert error.startswith(
        "nst-tf: out.png.unfinished holds a run that wasn't finished: add --resume to go on"
    )
    assert (tmp_path / "out.png.unfinished" / MANIFEST).exists()


def test_a_short_run_saves_nothing(tmp_path):
    seen = []
    options = {**RUN, "steps": 2, "checkpoint": tmp_path / "run"}
    stylize(LOUVRE, SUMMERTIME, **options, callback=lambda _: seen.append((tmp_path / "run").exists()))
    assert not any(seen)


# ------------------------------------------------------------------------------------ L-BFGS by itself


def bowl(seed, side=2):
    """A function with minima outside of [0, 1], so that values come to the border."""
    rng, shape = np.random.default_rng(seed), (1, side, side, 3)
    stiffness, target = 10 ** rng.uniform(-1, 1, shape), rng.uniform(-0.3, 1.3, shape)

    def evaluate(G):
        x = G.astype(float) - target
        J = math.fsum((stiffness * x**2 + np.sin(5 * x) + x * np.roll(x, 1, axis=-1)).flat)
        neighbours = np.roll(x, 1, axis=-1) + np.roll(x, -1, axis=-1)
        return J, (2 * stiffness * x + 5 * np.cos(5 * x) + neighbours).astype(np.float32)

    return evaluate


def test_from_any_state_it_goes_on_to_the_same_images():
    """300 functions, each stopped after some step."""
    for seed in range(300):
        evaluate, states = bowl(seed), []

        def copied(state, states=states):
            states.append(State(state.G.copy(), state.gradient.copy(), *state[2:4], list(state.changes)))

        def images(start, at_step=None, evaluate=evaluate):
            generator = lbfgs(start, at_step=at_step)
            G, seen = next(generator, None), []
            while G is not None and len(seen) < 60:
                seen.append(G.copy())
                G = next_image(generator, *evaluate(G))
            return seen

        whole = images(np.full((1, 2, 2, 3), 0.5, np.float32), copied)
        stopped = states[seed % len(states)]
        again = images(stopped)
        assert len(again) <= len(whole)
        for one, other in zip(reversed(again), reversed(whole), strict=False):
            np.testing.assert_array_equal(one, other)


def test_after_it_goes_on_it_keeps_no_more_than_before():
    spool, evaluate, states = Spool(), bowl(0, side=20), []
    start = np.full((1, 20, 20, 3), 0.5, np.float32)

    def copied(state):
        states[:] = [State(state.G.copy(), state.gradient.copy(), *state[2:4], list(state.changes))]

    def run(generator, steps):
        G = next(generator)
        for _ in range(steps):
            G = next_image(generator, *evaluate(G))
        generator.close()

    run(lbfgs(start, keep=spool.keep, at_step=copied), 25)
    assert len(states[0].changes) == MEMORY
    run(lbfgs(states.pop(), keep=spool.keep), 25)
    assert spool.size <= 2 * (MEMORY + 1) * start.nbytes
