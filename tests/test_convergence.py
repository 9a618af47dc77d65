"""Has J stopped falling? The definition on histories made up for it, and a run that ends when it has."""

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME
from PIL import Image

from nst_tf import stylize
from nst_tf.convergence import convergence, fall_of
from nst_tf.progress import Costs, CostWeights, Ending, Result
from nst_tf.settings import MOST_STEPS, Settings

SMALL = {"size": 64, "precision": "float32", "progress": False}


def falling_costs(steps, lowest):
    return [lowest + 200 / (step + 1) ** 1.4 for step in range(steps + 1)]


def result(*pieces, ending=Ending.FINISHED, size=400):
    """A run without pictures: pieces of a history, each the J's at one size and one β."""
    rows = [(J, *rest) for costs, *rest in pieces for J in costs]
    history = [Costs(step, J, 0.0, J, 0.0, size, 1.0, beta) for step, (J, size, beta) in enumerate(rows)]
    return Result(Image.new("RGB", (size, size // 2)), history, {}, ending)


# ------------------------------------------------------------------------------------ the definition


def test_the_fall_is_that_of_the_best_J_in_the_last_tenth_of_the_steps():
    costs = [1000.0 - step for step in range(301)]
    assert fall_of(costs, 300) == pytest.approx(30 / 730)  # from 730, at step 270, to 700
    assert fall_of(costs[:296], 295) == pytest.approx(30 / 735)  # a tenth of 295 steps is 30, rounded up


def test_what_is_tried_in_vain_does_not_count():
    costs = [1000.0 - step for step in range(301)]
    spoilt = [9999.0 if step % 3 else J for step, J in enumerate(costs)]
    assert fall_of(spoilt, 300) == pytest.approx(30 / 730)
    assert fall_of([*costs[:-40], *[9999.0] * 40], 300) == 0


def test_at_least_ten_evaluations_are_compared():
    costs = [100.0 - step for step in range(21)]
    assert fall_of(costs, 20) == pytest.approx(10 / 90)
    assert fall_of(costs[:11], 10) == pytest.approx(10 / 100)
    assert fall_of(costs[:10], 9) is None


def test_a_J_of_zero_does_not_fall():
    assert fall_of([0.0] * 20, 19) == 0
    assert fall_of([1.0] * 10 + [0.0] * 10, 19) == 1


@pytest.mark.parametrize("lowest", [1.0, 2.0])
@pytest.mark.parametrize("after", [100, 150])
def test_the_estimate_where_J_falls_as_it_supposes(lowest, after):
    """It is right up to the fifty steps to which it is rounded, as far as J is near to its lowest."""
    costs = falling_costs(3000, lowest)
    needed = next(steps for steps in range(100, 3000) if fall_of(costs[: steps + 1], steps) < 0.01)
    found = convergence(costs[: after + 1], after)
    assert not found.has_converged
    assert found.steps_to_converge % 50 == 0
    assert needed <= found.steps_to_converge <= needed + 50


# ------------------------------------------------------------------------------------------- a result


def test_a_run_that_has_converged_and_one_that_has_not():
    early, late = (result((falling_costs(steps, 1), 400, 0.5)).convergence for steps in (150, 400))
    assert not early.has_converged
    assert early.fall == pytest.approx(1 - (1 + 200 / 151**1.4) / (1 + 200 / 136**1.4))
    assert str(early) == (
        "J was still falling, by 2.33 % in the last 15 steps: "
        "about 300 steps in all would probably be enough."
    )
    assert late.has_converged
    assert late.steps_to_converge is None
    assert str(late) == "J has converged: it fell by 0.68 % in the last 40 steps."


def test_only_evaluations_of_one_function_are_compared():
    """The J of 400 px is larger than that of 200 px, and that of β = 5 larger than that of β = 0.5."""
    falling = [1000.0 - step for step in range(100)]
    coarse, full = (falling, 200, 0.5), ([2000.0 - step for step in range(101)], 400, 0.5)
    assert result(coarse, full).convergence.fall == pytest.approx(20 / 1920)  # a tenth of all 200 steps
    assert result(full, ([9000.0] * 10, 400, 5)).convergence.fall is None
    assert result(full, ([9000.0] * 30, 400, 5)).convergence.fall == 0


def test_a_run_that_ended_at_a_coarse_size_tells_nothing():
    for ending in (Ending.INTERRUPTED, Ending.CALLBACK, Ending.CONVERGED):
        found = result(([5.0] * 100, 200, 0.5), ending=ending).convergence
        assert (found.fall, found.has_converged, found.steps_to_converge) == (None, False, None)
        assert str(found) == "There were too few steps at the full size to tell whether J has converged."


def test_an_interrupted_run_tells_how_far_it_is():
    found = result(
        ([100 / (step + 1) for step in range(61)], 400, 0.5), ending=Ending.INTERRUPTED
    ).convergence
    assert found.fall == pytest.approx(10 / 61)
    assert not found.has_converged


def test_where_no_step_lowers_J_it_has_converged():
    for costs in ([5.0], [5.0 - 0.1 * step for step in range(30)]):
        found = result((costs, 400, 0.5), ending=Ending.CONVERGED).convergence
        assert found.has_converged
        assert found.steps_to_converge is None
        assert str(found) == "J has converged: no step lowers it any further."


def test_a_J_that_is_no_number_has_not_converged():
    found = result(([5.0] * 50, 400, 0.5), ending=Ending.NOT_FINITE).convergence
    assert (found.fall, found.has_converged) == (None, False)


# ---------------------------------------------------------------------------------- until it has


@pytest.fixture(scope="module")
def converged():
    """A run until J has converged, and what its callback was given."""
    seen = []
    return stylize(LOUVRE, SUMMERTIME, steps="converged", **SMALL, callback=seen.append), seen


def test_it_ends_at_the_first_step_at_which_J_has_converged(converged):
    run, seen = converged
    assert run.ending is Ending.CONVERGED
    assert run.convergence.has_converged
    best = np.minimum.accumulate([row.J for row in run.history])
    last = run.history[-1].step
    falls = {step: 1 - best[step] / best[step - max(10, -(-step // 10))] for step in range(10, last + 1)}
    assert [step for step, fall in falls.items() if fall < 0.01] == [last]
    assert run.convergence.fall == pytest.approx(falls[last])
    assert 30 < last < MOST_STEPS
    assert {progress.steps for progress in seen} == {MOST_STEPS}
    assert [progress.fall for progress in seen[:10]] == [None] * 10
    assert [progress.fall for progress in seen[10:]] == pytest.approx(list(falls.values()))


def test_the_settings_of_such_a_run_repeat_it(converged):
    run, _ = converged
    settings = {name: value for name, value in run.settings.items() if name != "weights_sha256"}
    assert settings["steps"] == "converged"
    again = stylize(LOUVRE, SUMMERTIME, progress=False, **settings)
    np.testing.assert_array_equal(run.image, again.image)
    counted = stylize(LOUVRE, SUMMERTIME, progress=False, **{**settings, "steps": run.history[-1].step})
    np.testing.assert_array_equal(run.image, counted.image)
    assert counted.ending is Ending.FINISHED
    assert counted.convergence == run.convergence


def test_other_weights_have_to_converge_anew(converged):
    last = converged[0].history[-1].step
    run = stylize(
        LOUVRE,
        SUMMERTIME,
        steps="converged",
        **SMALL,
        callback=lambda progress: CostWeights(10, 0.5) if progress.costs.step == last else None,
    )
    rows = [row for row in run.history if row.beta == 0.5]
    assert rows[0].step == last + 1
    assert len(rows) > run.convergence.steps
    assert run.convergence.has_converged


def test_it_ends_after_so_many_steps_in_any_case(monkeypatch):
    monkeypatch.setattr("nst_tf.settings.MOST_STEPS", 15)
    run = stylize(LOUVRE, SUMMERTIME, steps="converged", **SMALL)
    assert run.ending is Ending.FINISHED
    assert run.history[-1].step == 15
    assert not run.convergence.has_converged


def test_a_coarse_size_may_converge_and_the_run_goes_on():
    """With no style there is nothing to gain at any size."""
    run = stylize(LOUVRE, SUMMERTIME, steps="converged", beta=0, **{**SMALL, "size": 200})
    assert [row.size for row in run.history] == [100, 200]
    assert str(run.convergence) == "J has converged: no step lowers it any further."


@pytest.mark.parametrize("steps", ["Converged", "many", "100", None, 2.5])
def test_other_words_are_no_number_of_steps(steps):
    with pytest.raises(
        ValueError, match=r"^steps is .*: give a whole number .* such as 100, or \"converged\"\.$"
    ):
        Settings(steps=steps)
