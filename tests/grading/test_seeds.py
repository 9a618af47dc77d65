"""The random numbers that a function is tried on make no difference to what is said of it."""

import sys

import pytest

from benchmarks import seeds
from benchmarks.seeds import Case, others, references, surprises
from nst_tf.grading.exercises.registry import EXERCISES, exercise


@pytest.mark.parametrize("name", EXERCISES)
def test_the_right_function_is_right_with_any_seed(name, sample):
    count = {"train_step": 1, "compute_style_cost": 4}.get(name, 15)
    for seed, case in enumerate(sample(references(name), 3)):
        assert list(surprises(case, range(seed, seed + count))) == [], case.what


@pytest.mark.parametrize("name", EXERCISES)
def test_a_mistake_has_its_name_with_any_seed(name, tmp_path, sample):
    for seed, case in enumerate(sample(others(name, tmp_path), 20)):
        assert list(surprises(case, range(seed, seed + 1))) == [], case.what


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_all_that_is_known_is_judged_the_same_with_another_seed(name, tmp_path, sample):
    """``python -m benchmarks.seeds`` does it with many seeds."""
    for seed, case in enumerate(sample(others(name, tmp_path), 20, first=1), 1000):
        assert list(surprises(case, range(seed, seed + 1))) == [], case.what


def test_a_surprise_is_one():
    right = exercise("preprocess").right
    ((seed, said),) = surprises(Case("preprocess", "right, as a mistake", right, "rgb-kept"), range(3, 4))
    assert (seed, said) == (3, "right")
    wrong = list(surprises(Case("preprocess", "wrong", lambda image: image), range(2)))
    assert [seed for seed, _ in wrong] == [0, 1]
    assert all(said.startswith("no mistake: The result is wrong") for _, said in wrong)


def test_what_is_listed_ends_with_exit_code_1(monkeypatch, capsys):
    right, wrong = exercise("total_cost").right, lambda *_: None
    monkeypatch.setattr(sys, "argv", ["seeds", "--seeds", "2", "total_cost"])
    monkeypatch.setattr(seeds, "others", lambda *_: iter(()))
    for function, code, listed in ((right, 0, 0), (wrong, 1, 2)):
        case = Case("total_cost", "the one", function)
        monkeypatch.setattr(seeds, "references", lambda _, case=case: [case])
        assert seeds.main() == code
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1] == f"total_cost: {listed} of 2 diagnoses are not what they should be"
        assert all("the one: 2 of 2 seeds, such as 0: returns-none" in line for line in lines[:-1])
