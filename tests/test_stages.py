"""Coarse to fine: the sizes of a run, and what a run looks like that has several of them."""

import itertools

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME, opened

from nst_tf import load_image, stylize, tensor_to_image
from nst_tf.images import resized
from nst_tf.inputs import load_inputs
from nst_tf.objective import Objective
from nst_tf.palette import LIGHT
from nst_tf.plots import cost_curves
from nst_tf.progress import Ending
from nst_tf.settings import MOST_STEPS, Settings
from nst_tf.stages import TYPICAL_STEPS, Stage, stages, with_changes


def sizes(size, shorter_side=None, minimum_side=16, steps=100):
    shorter = of_shape(size, shorter_side or size)
    return [stage.size for stage in stages(size, shorter, minimum_side, steps, coarse_to_fine=True)]


def of_shape(longer, shorter):
    """The shorter side of a picture with these proportions, for any longer one."""
    return lambda size: size * shorter // longer


SQUARE = of_shape(1, 1)


# ------------------------------------------------------------------------------------- the plan


def test_a_run_begins_at_a_quarter_and_at_half_where_that_is_large_enough():
    assert sizes(400) == [100, 200, 400]
    assert sizes(1023) == [255, 511, 1023]
    assert sizes(399) == [199, 399]
    assert sizes(199) == [199]
    assert sizes(400, shorter_side=63) == [200, 400]  # at a quarter it has 15 pixels, too few for block 5
    assert sizes(400, shorter_side=63, minimum_side=8) == [100, 200, 400]


def test_the_last_stage_takes_more_than_half_of_the_steps():
    for steps in range(1, 150):
        ends = [-1, *(stage.last_step for stage in stages(400, SQUARE, 16, steps, coarse_to_fine=True))]
        evaluations = [after - before for before, after in itertools.pairwise(ends)]
        assert sum(evaluations) == steps + 1
        assert min(evaluations) > 1 or evaluations == [steps + 1]
        assert evaluations[-1] > steps / 2


def test_a_large_picture_gets_few_steps_at_its_largest_sizes():
    """Each takes four times as long as the one before."""
    assert sizes(1024) == [256, 512, 1024]
    assert sizes(4096) == [256, 512, 1024, 2048, 4096]
    assert sizes(1100) == [137, 275, 550, 1100]
    ends = [stage.last_step for stage in stages(4096, SQUARE, 16, 200, coarse_to_fine=True)]
    assert [after - before for before, after in itertools.pairwise(ends)] == [13, 108, 18, 22]
    small = stages(1024, SQUARE, 16, 162, coarse_to_fine=True)
    assert ends[:2] == [stage.last_step for stage in small[:2]]


def test_a_small_painting_is_not_taken_for_one_that_shrinks_with_the_picture():
    """It keeps its own size as long as it is the smaller one."""
    C = np.zeros((400, 400, 3), np.float32)
    inputs = load_inputs(C, np.zeros((60, 90, 3), np.float32), Settings(size=400))
    assert [inputs.shorter_side(size) for size in (400, 100, 45)] == [60, 60, 30]


def test_without_it_all_steps_are_taken_at_the_full_size():
    assert stages(400, SQUARE, 16, 100, coarse_to_fine=False) == [Stage(400, 100)]


def test_a_run_of_unknown_length_shares_out_a_typical_number_of_steps():
    assert stages(400, SQUARE, 16, 2000, coarse_to_fine=True, shared=240) == [
        Stage(100, 59),
        Stage(200, 79),
        Stage(400, 2000),
    ]
    seen = []
    stylize(
        LOUVRE,
        SUMMERTIME,
        size=200,
        steps="converged",
        progress=False,
        callback=lambda row: seen.append(row) or True,
    )
    assert seen[0].stages == stages(
        200, of_shape(200, 79), 16, MOST_STEPS, coarse_to_fine=True, shared=TYPICAL_STEPS
    )


def test_what_has_changed_is_carried_up_and_the_details_stay():
    rng = np.random.default_rng(0)
    image = rng.uniform(0.2, 0.6, (1, 60, 80, 3)).astype(np.float32)
    small = resized(image, (40, 30))
    np.testing.assert_allclose(with_changes(image, small, small), image, atol=1e-6)
    np.testing.assert_allclose(with_changes(image, small, small + np.float32(0.3)), image + 0.3, atol=1e-5)
    assert with_changes(image, small, np.ones_like(small)).max() == 1  # clipped
    assert with_changes(image, small, np.zeros_like(small)).min() == 0


# -------------------------------------------------------------------------------------- real runs


@pytest.fixture(scope="module")
def painted():
    """A run of three stages, and what its callback was given."""
    seen = []
    options = {"size": 400, "steps": 24, "init": "noisy_content", "progress": False}
    return stylize(LOUVRE, SUMMERTIME, **options, callback=seen.append), seen


def test_a_run_in_three_stages(painted):
    result, seen = painted
    assert [row.step for row in result.history] == list(range(25))
    assert [row.size for row in result.history] == [100] * 6 + [200] * 2 + [400] * 17
    assert [progress.costs for progress in seen] == result.history
    for progress in seen:
        height = {100: 40, 200: 79, 400: 158}[progress.costs.size]
        assert progress.G.shape == progress.best.shape == (1, height, progress.costs.size, 3)
        assert progress.picture().size == (400, 158)
    assert result.image.size == (400, 158)
    for _, stage in itertools.groupby(result.history, key=lambda row: row.size):
        costs = [row.J for row in stage]
        assert min(costs[1:]) < costs[0]
    full = [progress for progress in seen if progress.costs.size == 400]
    best = min(full, key=lambda progress: progress.costs.J)
    np.testing.assert_array_equal(result.image, np.round(best.G[0] * 255))


def test_a_run_tells_its_plan(painted):
    assert {tuple(progress.stages) for progress in painted[1]} == {
        (Stage(100, 5), Stage(200, 7), Stage(400, 24)),
    }


def test_the_plan_knows_how_narrow_the_style_is():
    """A style of 400×40 pixels has 10 on its shorter side at a quarter of the size: too few for block 5."""
    seen = []

    def until_the_full_size(progress):
        seen.append(progress)
        return progress.costs.size == 400

    narrow = np.asarray(opened(SUMMERTIME))[:30, :300]
    stylize(LOUVRE, narrow, size=400, steps=24, progress=False, callback=until_the_full_size)
    assert [stage.size for stage in seen[0].stages] == [200, 400]
    assert list(dict.fromkeys(progress.costs.size for progress in seen)) == [200, 400]


def test_each_stage_starts_from_what_the_one_before_has_changed(painted):
    _, seen = painted
    start, first, last = seen[0].G, seen[6], seen[5]
    assert (last.costs.size, first.costs.size) == (100, 200)
    carried = resized(first.G, (100, 40)) - start  # back to where it comes from
    changed = last.best - start
    assert np.corrcoef(carried.ravel(), changed.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(("size", "quarter_turns"), [(401, 0), (406, 1)])
def test_any_size_and_proportions(size, quarter_turns):
    content = np.rot90(np.asarray(opened(LOUVRE)), quarter_turns)
    result = stylize(
        content, SUMMERTIME, size=size, steps=24, progress=False, callback=lambda row: row.costs.step == 9
    )
    assert [row.size for row in result.history] == [size // 4] * 6 + [size // 2] * 2 + [size] * 2
    assert result.image.size == tensor_to_image(load_image(content, size)).size


def test_a_start_picture_is_not_painted_over_at_a_coarse_size(painted):
    before = painted[0]
    result = stylize(
        LOUVRE, SUMMERTIME, size=400, steps=24, init=before.image, progress=False, callback=lambda _: True
    )
    assert [row.size for row in result.history] == [400]
    assert result.history[0].J == pytest.approx(
        min(row.J for row in before.history if row.size == 400), rel=0.05
    )


def test_a_stop_between_two_stages_keeps_what_the_first_has_changed(monkeypatch):
    evaluate, seen = Objective.__call__, []

    def interrupted_at_the_full_size(objective, G):
        if G.shape[2] == 200:
            raise KeyboardInterrupt
        return evaluate(objective, G)

    monkeypatch.setattr(Objective, "__call__", interrupted_at_the_full_size)
    result = stylize(LOUVRE, SUMMERTIME, size=200, steps=60, progress=False, callback=seen.append)
    assert result.ending is Ending.INTERRUPTED
    np.testing.assert_array_equal(result.image, seen[-1].picture())
    np.testing.assert_allclose(
        np.asarray(result.image) / 255,
        with_changes(load_image(LOUVRE, 200), seen[0].G, seen[-1].best)[0],
        atol=0.01,
    )


def test_a_picture_of_a_coarse_stage_keeps_the_start_images_details():
    seen = []
    stylize(
        LOUVRE, SUMMERTIME, size=400, steps=24, progress=False, callback=lambda row: seen.append(row) or True
    )
    np.testing.assert_array_equal(seen[0].picture(), np.round(load_image(LOUVRE, 400)[0] * 255))


@pytest.mark.long
def test_with_coarse_stages_before_as_many_full_evaluations_come_further():
    course = {"alpha": 10, "beta": 40, "content_layer": "block5_conv4", "style_layers": "course"}
    options = {"size": 400, "init": "noisy_content", "progress": False, **course}
    with_coarse = stylize(LOUVRE, SUMMERTIME, steps=24, **options).history
    without = stylize(LOUVRE, SUMMERTIME, steps=16, coarse_to_fine=False, **options).history
    full, alone = ([row.J for row in history if row.size == 400] for history in (with_coarse, without))
    assert len(full) == len(alone) == len(without)
    assert min(full) < min(alone)


def test_a_run_that_ends_early_has_a_picture_of_the_full_size():
    result = stylize(LOUVRE, SUMMERTIME, size=200, steps=24, progress=False, callback=lambda progress: True)
    assert result.ending is Ending.CALLBACK
    assert [row.size for row in result.history] == [100]
    assert result.image.size == (200, 79)


def test_a_stage_with_nothing_to_gain_does_not_end_the_run():
    """With no style J is 0 from the content on, at every size."""
    result = stylize(LOUVRE, SUMMERTIME, size=200, steps=24, beta=0, progress=False)
    assert result.ending is Ending.CONVERGED
    assert [row.size for row in result.history] == [100, 200]
    np.testing.assert_array_equal(result.image, np.round(load_image(LOUVRE, 200)[0] * 255))


def test_the_curves_break_where_the_size_changes(painted, tmp_path):
    figure = cost_curves(painted[0].history)
    figure.savefig(tmp_path / "curves.png")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["400 px", "200 px", "100 px"]
    (J,) = [line for line in axes.lines if line.get_color() == LIGHT["ink"]]
    drawn = [step for step, value in zip(J.get_xdata(), J.get_ydata(), strict=True) if np.isfinite(value)]
    assert drawn == list(range(25))
    gaps = [step for step, value in zip(J.get_xdata(), J.get_ydata(), strict=True) if not np.isfinite(value)]
    assert gaps == [5.5, 7.5]
    assert len(axes.get_legend().get_texts()) == 4


def test_the_curves_break_where_alpha_or_beta_change(painted, tmp_path):
    history = [
        row._replace(beta=0.05 if row.step < 16 else 0.5) for row in painted[0].history if row.size == 400
    ]
    figure = cost_curves(history, compact=True)
    figure.savefig(tmp_path / "curves.png")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["β/α = 0.05", "β/α = 0.005"]
    (legend,) = figure.legends
    assert [label.get_text() for label in legend.get_texts()] == ["J", "α J_content", "β J_style", "γ J_tv"]
    (style,) = [line for line in axes.lines if line.get_color() == LIGHT["style"]]
    drawn = [value for value in style.get_ydata() if np.isfinite(value)]
    np.testing.assert_allclose(drawn, [row.beta * row.J_style for row in history])
