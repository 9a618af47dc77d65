"""Painting in a thread, with the real network at a small size, and what those who look on are told."""

import threading
import time

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME, opened
from PIL import Image

from nst_tf import load_image, stylize, tensor_to_image
from nst_tf.classroom.runner import Runner
from nst_tf.classroom.session import SNAPSHOTS, Job, Original, Pace, Session
from nst_tf.progress import Costs, Progress
from nst_tf.settings import Settings
from nst_tf.stages import stages

LOUVRE_TO_PAINT = Original("louvre", str(LOUVRE), "louvre.jpg", opened(LOUVRE))
SUMMERTIME_TO_PAINT = Original("summertime", str(SUMMERTIME), "summertime.jpg", opened(SUMMERTIME))


def job(**settings):
    return Job(LOUVRE_TO_PAINT, SUMMERTIME_TO_PAINT, Settings(**{"size": 96, "steps": 12, **settings}))


def wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finished(runner):
    wait(lambda: not runner.running)
    return runner.session


# ----------------------------------------------------------------------------------- the runner


def test_it_paints_what_stylize_paints():
    runner = Runner()
    assert runner.start(job())
    session = finished(runner)
    assert (runner.status, runner.failed) == ("Done", False)
    alone = stylize(LOUVRE, SUMMERTIME, size=96, steps=12, progress=False)
    np.testing.assert_array_equal(session.picture, alone.image)
    assert [row[:4] for row in session.history] == [row[:4] for row in alone.history]
    assert session.settings == alone.settings
    assert list(session.snapshots) == list(range(13))
    assert session.name == "louvre_summertime"
    assert session.command().startswith(
        "python -m nst_tf louvre.jpg summertime.jpg -o louvre_summertime.png --size 96"
    )
    assert session.repeatable


def test_one_job_at_a_time():
    go_on = threading.Event()
    runner = Runner(is_watched=lambda: not runner.begun or go_on.wait(60))
    assert not runner.resume(job())  # there is no picture yet
    assert runner.start(job(steps=1000))
    assert not runner.start(job())
    wait(lambda: runner.session.picture)
    assert not runner.resume(job())
    runner.stop()
    assert runner.stopping
    go_on.set()
    session = finished(runner)
    assert runner.status == "Stopped"
    assert not runner.stopping
    assert len(session.history) < 1000
    assert not session.repeatable
    assert len(session.jobs) == 1


def test_it_goes_on_from_the_picture():
    runner = Runner()
    runner.start(job())
    before = finished(runner)
    picture, rows = before.picture, list(before.history)
    assert runner.resume(job(steps=5, beta=0.5))
    session = finished(runner)
    assert session is before
    assert session.history[:13] == rows
    assert [row.step for row in session.history] == list(range(18))
    assert [row.beta for row in session.history[13:]] == [0.5] * 5
    assert all(a.seconds < b.seconds for a, b in zip(session.history, session.history[1:], strict=False))
    assert session.steps == 17
    alone = stylize(LOUVRE, SUMMERTIME, size=96, steps=5, beta=0.5, init=picture, progress=False)
    np.testing.assert_array_equal(session.picture, alone.image)
    assert "--init" not in session.command()
    assert "--steps 17 " in session.command()
    assert not session.repeatable


def test_other_weights_take_effect_in_the_run():
    runner = Runner()
    runner.start(job(steps=300))
    wait(lambda: len(runner.session.history) > 3)
    balance = runner.session.balance
    runner.reweigh(0.8)
    weights = balance.weights(0.8, 10)
    wait(lambda: runner.session.history[-1].beta == weights[1])
    runner.stop()
    session = finished(runner)
    assert tuple(session.settings[name] for name in ("alpha", "beta", "gamma")) == weights
    assert session.settings["beta"] == pytest.approx(8 * session.history[0].beta, rel=1e-2)
    assert not session.repeatable


def test_the_weights_of_a_job_stay_if_none_are_set(monkeypatch):
    monkeypatch.setattr("nst_tf.classroom.runner.RESTED", 0)
    runner = Runner()
    runner.reweigh(0.9)  # for no job
    runner.start(job())
    assert len({row.beta for row in finished(runner).history}) == 1
    assert runner.session.balance


def test_weights_that_a_job_gives_stay(monkeypatch):
    monkeypatch.setattr("nst_tf.classroom.runner.RESTED", 0)
    for given, kept in (({"beta": 0.3}, ["beta", "gamma"]), ({"gamma": 5e5}, ["gamma"])):
        runner = Runner()
        runner.start(job(steps=40, **given))
        wait(lambda runner=runner: runner.session.history)
        runner.reweigh(0.9)
        history = finished(runner).history
        for name in ("beta", "gamma"):
            assert (len({getattr(row, name) for row in history}) == 1) == (name in kept)


def test_a_run_that_nobody_watches_stops():
    watched = threading.Event()
    watched.set()
    runner = Runner(is_watched=watched.is_set)
    runner.start(job(steps=100_000))
    wait(lambda: runner.session.picture)
    watched.clear()
    assert len(finished(runner).history) < 100_000
    assert runner.status == "Stopped, as the page did not answer"


class Broken:
    def __array__(self, *_, **__):
        raise RuntimeError("no\ndisk")


def test_what_goes_wrong_is_told_in_a_sentence_and_the_picture_stays(tmp_path):
    runner = Runner()
    runner.start(job())
    session = finished(runner)
    narrow = Image.new("RGB", (2000, 60))
    weights = tmp_path / "weights.npz"
    weights.write_text("none")
    for wrong, sentence in (
        (
            job()._replace(content=Original("narrow", narrow, "narrow.png", narrow)),
            "content at size 96 becomes 96×3 pixels",
        ),
        (job(weights=weights), f"The file of weights {weights} is damaged"),
        (job()._replace(style=Original("none", None, "none", narrow)), "style is a NoneType"),
        (
            job()._replace(style=Original("broken", Broken(), "broken", narrow)),
            "The run failed (RuntimeError: no disk): start again.",
        ),
    ):
        assert runner.start(wrong)
        wait(lambda: not runner.running)
        assert runner.failed
        assert runner.status.startswith(sentence)
        assert "\n" not in runner.status
        assert runner.session is session
    assert runner.resume(job()._replace(style=Original("broken", Broken(), "broken", narrow)))
    assert len(finished(runner).jobs) == 1  # it never came to paint
    assert session.name == "louvre_summertime"
    assert runner.start(job(steps=2))
    assert len(finished(runner).history) == 3
    assert not runner.failed


def test_preparing_measures_the_pace():
    runner = Runner()
    runner.prepare(job())
    runner.start(job(steps=2))  # waits for it
    finished(runner)
    assert runner.pace.seconds >= 0
    assert runner.pace.seconds_per_pixel > 0


# ----------------------------------------------------------------------------------- the session


def recorded(taken, size, seconds, **settings):
    """A painting of 400×300 pixels after so many steps of that many seconds, without the run."""
    session = Session()
    session.begin_run(Job(LOUVRE_TO_PAINT, SUMMERTIME_TO_PAINT, Settings(**settings)))
    G = np.zeros((1, 300, 400, 3), np.float32)
    plan = stages(400, lambda size: size * 3 // 4, 16, session.steps, settings.get("coarse_to_fine", True))
    for step in range(taken + 1):
        row = Costs(step, 1.0, 1.0, 1.0, seconds * (step + 1), size, 10.0, 0.05)
        session.record(Progress(row, session.steps, plan, G, G, G, G))
    return session


@pytest.mark.parametrize("last", [1, 59, 60, 61, 119, 120, 237, 238, 400, 479])
def test_at_most_so_many_snapshots_evenly_spread_and_the_last_step_s(last):
    session = recorded(last, size=400, seconds=0.1, steps=500)
    assert min(last, SNAPSHOTS / 2) <= len(session.snapshots) <= SNAPSHOTS
    assert len(set(np.diff(list(session.snapshots)))) == 1
    picture = tensor_to_image(load_image(LOUVRE, 96))
    session.end_run(picture, {})
    assert session.snapshots[last] is picture
    assert len(session.snapshots) <= SNAPSHOTS + 1


def test_a_painting_until_J_has_converged():
    runner = Runner()
    runner.start(job(size=64, steps="converged"))
    session = finished(runner)
    assert session.steps == 2000
    assert 30 < session.history[-1].step < 2000
    assert session.repeatable
    assert "--steps converged " in session.command()


def test_a_stop_before_the_first_step():
    runner = Runner()
    runner.prepare(job())
    runner.start(job())
    runner.stop()
    assert finished(runner).picture is None
    assert runner.status == "Stopped before the first step"


def test_the_time_left_at_one_size():
    session = recorded(40, size=400, seconds=0.5, steps=100, coarse_to_fine=False)
    assert session.seconds_left(None) == pytest.approx(60 * 0.5)
    assert session.seconds_left(Pace(0.1, 1e-6)) == pytest.approx(60 * 0.5)


def test_the_time_left_from_a_coarse_size_on():
    """Steps 0 to 24 at 100 px, 25 to 32 at 200, 33 to 100 at 400;
    the machine is twice as slow as when its pace was taken.
    """
    session = recorded(10, size=100, seconds=0.035, steps=100)
    expected = 2 * (14 * 0.0175 + 8 * (0.01 + 0.03) + 68 * (0.01 + 0.12))
    assert session.seconds_left(Pace(0.01, 1e-6)) == pytest.approx(expected)


def test_a_session_without_a_step_has_no_time_left():
    assert Session().seconds_left(Pace(0, 1)) is None
