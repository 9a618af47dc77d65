"""Painting in a thread, with the real network at a small size, and what those who look on are told."""

import threading
import time

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME, opened
from PIL import Image

from nst_tf import load_image, stylize, tensor_to_image
from nst_tf.painter import Painter
from nst_tf.painting import SNAPSHOTS, Job, Original, Pace, Painting
from nst_tf.settings import Settings
from nst_tf.transfer import Costs, Progress

LOUVRE_TO_PAINT = Original("louvre", str(LOUVRE), "louvre.jpg", opened(LOUVRE))
SUMMERTIME_TO_PAINT = Original("summertime", str(SUMMERTIME), "summertime.jpg", opened(SUMMERTIME))


def job(**settings):
    return Job(LOUVRE_TO_PAINT, SUMMERTIME_TO_PAINT, Settings(**{"size": 96, "steps": 12, **settings}))


def wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finished(painter):
    wait(lambda: not painter.running)
    return painter.painting


# ----------------------------------------------------------------------------------- the painter


def test_it_paints_what_stylize_paints():
    painter = Painter()
    assert painter.start(job())
    painting = finished(painter)
    assert (painter.status, painter.failed) == ("Done", False)
    alone = stylize(LOUVRE, SUMMERTIME, size=96, steps=12, progress=False)
    np.testing.assert_array_equal(painting.picture, alone.image)
    assert [row[:4] for row in painting.history] == [row[:4] for row in alone.history]
    assert painting.settings == alone.settings
    assert list(painting.snapshots) == list(range(13))
    assert painting.name == "louvre_summertime"
    assert painting.command().startswith(
        "python -m nst_tf louvre.jpg summertime.jpg -o louvre_summertime.png --size 96"
    )
    assert painting.repeatable


def test_one_job_at_a_time():
    go_on = threading.Event()
    painter = Painter(is_watched=lambda: not painter.begun or go_on.wait(60))
    assert not painter.resume(job())  # there is no picture yet
    assert painter.start(job(steps=1000))
    assert not painter.start(job())
    wait(lambda: painter.painting.picture)
    assert not painter.resume(job())
    painter.stop()
    assert painter.stopping
    go_on.set()
    painting = finished(painter)
    assert painter.status == "Stopped"
    assert not painter.stopping
    assert len(painting.history) < 1000
    assert not painting.repeatable
    assert len(painting.jobs) == 1


def test_it_goes_on_from_the_picture():
    painter = Painter()
    painter.start(job())
    before = finished(painter)
    picture, rows = before.picture, list(before.history)
    assert painter.resume(job(steps=5, beta=0.5))
    painting = finished(painter)
    assert painting is before
    assert painting.history[:13] == rows
    assert [row.step for row in painting.history] == list(range(18))
    assert [row.beta for row in painting.history[13:]] == [0.5] * 5
    assert all(a.seconds < b.seconds for a, b in zip(painting.history, painting.history[1:], strict=False))
    assert painting.steps == 17
    alone = stylize(LOUVRE, SUMMERTIME, size=96, steps=5, beta=0.5, init=picture, progress=False)
    np.testing.assert_array_equal(painting.picture, alone.image)
    assert "--init" not in painting.command()
    assert "--steps 17 " in painting.command()
    assert not painting.repeatable


def test_other_weights_take_effect_in_the_run():
    painter = Painter()
    painter.start(job(steps=300))
    wait(lambda: len(painter.painting.history) > 3)
    painter.reweigh(10, 0.5)
    wait(lambda: painter.painting.history[-1].beta == 0.5)
    painter.stop()
    painting = finished(painter)
    assert painting.settings["beta"] == 0.5
    assert not painting.repeatable


def test_a_run_that_nobody_watches_stops():
    watched = threading.Event()
    watched.set()
    painter = Painter(is_watched=watched.is_set)
    painter.start(job(steps=100_000))
    wait(lambda: painter.painting.picture)
    watched.clear()
    assert len(finished(painter).history) < 100_000
    assert painter.status == "Stopped, as the page did not answer"


class Broken:
    def __array__(self, *_, **__):
        raise RuntimeError("no\ndisk")


def test_what_goes_wrong_is_told_in_a_sentence_and_the_picture_stays(tmp_path):
    painter = Painter()
    painter.start(job())
    painting = finished(painter)
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
        assert painter.start(wrong)
        wait(lambda: not painter.running)
        assert painter.failed
        assert painter.status.startswith(sentence)
        assert "\n" not in painter.status
        assert painter.painting is painting
    assert painter.resume(job()._replace(style=Original("broken", Broken(), "broken", narrow)))
    assert len(finished(painter).jobs) == 1  # it never came to paint
    assert painting.name == "louvre_summertime"
    assert painter.start(job(steps=2))
    assert len(finished(painter).history) == 3
    assert not painter.failed


def test_preparing_measures_the_pace():
    painter = Painter()
    painter.prepare(job())
    painter.start(job(steps=2))  # waits for it
    finished(painter)
    assert painter.pace.seconds >= 0
    assert painter.pace.seconds_per_pixel > 0


# ----------------------------------------------------------------------------------- the painting


def recorded(taken, size, seconds, **settings):
    """A painting of 400×300 pixels after so many steps of that many seconds, without the run."""
    painting = Painting()
    painting.begin_run(Job(LOUVRE_TO_PAINT, SUMMERTIME_TO_PAINT, Settings(**settings)))
    G = np.zeros((1, 300, 400, 3), np.float32)
    for step in range(taken + 1):
        row = Costs(step, 1.0, 1.0, 1.0, seconds * (step + 1), size, 10.0, 0.05)
        painting.record(Progress(row, painting.steps, G, G, G, G))
    return painting


@pytest.mark.parametrize("last", [1, 59, 60, 61, 119, 120, 237, 238, 400, 479])
def test_at_most_so_many_snapshots_evenly_spread_and_the_last_step_s(last):
    painting = recorded(last, size=400, seconds=0.1, steps=500)
    assert min(last, SNAPSHOTS / 2) <= len(painting.snapshots) <= SNAPSHOTS
    assert len(set(np.diff(list(painting.snapshots)))) == 1
    picture = tensor_to_image(load_image(LOUVRE, 96))
    painting.end_run(picture, {})
    assert painting.snapshots[last] is picture
    assert len(painting.snapshots) <= SNAPSHOTS + 1


def test_a_stop_before_the_first_step():
    painter = Painter()
    painter.prepare(job())
    painter.start(job())
    painter.stop()
    assert finished(painter).picture is None
    assert painter.status == "Stopped before the first step"


def test_the_time_left_at_one_size():
    painting = recorded(40, size=400, seconds=0.5, steps=100, coarse_to_fine=False)
    assert painting.seconds_left(None) == pytest.approx(60 * 0.5)
    assert painting.seconds_left(Pace(0.1, 1e-6)) == pytest.approx(60 * 0.5)


def test_the_time_left_from_a_coarse_size_on():
    """Steps 0 to 24 at 100 px, 25 to 32 at 200, 33 to 100 at 400; the machine is twice as slow as when its pace was taken."""
    painting = recorded(10, size=100, seconds=0.035, steps=100)
    expected = 2 * (14 * 0.0175 + 8 * (0.01 + 0.03) + 68 * (0.01 + 0.12))
    assert painting.seconds_left(Pace(0.01, 1e-6)) == pytest.approx(expected)


def test_a_painting_without_a_step_has_no_time_left():
    assert Painting().seconds_left(Pace(0, 1)) is None
