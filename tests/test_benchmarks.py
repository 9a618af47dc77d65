"""The race is fair: everyone minimises the same J, from the same image, and the goal is found where it is."""

import numpy as np
import pytest

from benchmarks.__main__ import _ratio
from benchmarks.cases import OBJECTIVES, PAIRS, Case, Goal, Track
from benchmarks.race import CONTENDERS, COURSE, DEFAULT, PYTORCH, SEEDS, Lap, _judged, cases
from nst_tf.control.styles import everywhere
from nst_tf.objective import Objective


def test_every_pair_seed_and_objective_is_raced():
    raced = cases()
    assert len(raced) == len(PAIRS) * len(SEEDS) * len(OBJECTIVES) == 18
    assert all({PYTORCH, DEFAULT} <= set(names) <= set(CONTENDERS) for names in raced.values())
    assert {case.objective for case, names in raced.items() if len(names) == len(CONTENDERS)} == set(
        OBJECTIVES
    )


def test_a_contender_may_stop_at_the_goal_or_when_its_time_is_over(tmp_path):
    track = Track(Goal(J=10, seconds=5), started=100)
    image = np.ones((1, 2, 3, 3))
    assert not track.add(101, 11, image)
    assert track.add(102, 10, image)
    assert track.add(106, 11, image)
    track.save(tmp_path / "track.npz")
    saved = np.load(tmp_path / "track.npz")
    np.testing.assert_array_equal(saved["seconds"], [1, 2, 6])
    assert saved["images"].shape == (3, 2, 3, 3)


@pytest.mark.parametrize("reached", [0, 1, 37, 99, None])
def test_the_referee_finds_the_step_at_which_the_goal_is_reached(tmp_path, reached):
    costs = [100.0 if reached is None or step < reached else 10.0 for step in range(100)]
    np.savez(tmp_path / "track.npz", seconds=np.arange(100) / 2)
    asked = []

    class Referee:
        def call(self, _, case, path, indices):
            asked.extend(indices)
            return [costs[index] for index in indices]

    lap = _judged(Referee(), None, tmp_path / "track.npz", goal=10, is_course=False)
    assert lap.seconds == (None if reached is None else reached / 2)
    assert len(asked) < 25
    assert all(before[1] >= after[1] for before, after in zip(lap.curve, lap.curve[1:], strict=False))


def test_a_ratio_says_who_missed_the_goal():
    def laps(course, ours):
        return {COURSE: Lap(course, []), DEFAULT: Lap(ours, [])}

    of = {
        Case("c", "s", seed, "course"): laps(*pair)
        for seed, pair in enumerate([(80, 10), (90, 10), (70, None)])
    }
    assert _ratio(of, "course", COURSE) == "8.5 (8.0 to 9.0; 3 runs, ours missed 1)"
    assert _ratio(of, "default", COURSE) == ""


@pytest.mark.parametrize("name", OBJECTIVES)
def test_pytorch_minimises_the_same_objective(vgg, name):
    torch = pytest.importorskip("torch", reason="needs benchmarks/requirements.txt")
    from benchmarks import in_pytorch

    in_pytorch.be_ready()
    case = Case("louvre", "summertime", 0, name)
    settings = case.settings(size=96)
    C, S, G = (image[:, :38, :96] for image in case.images())
    J, _, gradient = Objective(vgg, C, everywhere(S), settings)(G)
    tensor = in_pytorch.to_tensor(G).requires_grad_()
    theirs = in_pytorch.Objective(C, S, settings)(tensor)
    theirs.backward()
    assert theirs.item() == pytest.approx(J, rel=1e-4)
    their_gradient = torch.permute(tensor.grad, (0, 2, 3, 1)).cpu().numpy()
    np.testing.assert_allclose(their_gradient, gradient, atol=1e-3 * np.abs(gradient).max())
