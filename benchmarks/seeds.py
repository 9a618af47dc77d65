"""Judges the same functions with many seeds: is what is right always accepted, and each mistake always named?

    python -m benchmarks.seeds [--seeds N] [NAME…]

The seed makes the random numbers that a function is tried on. With each of N seeds (1,000 by default) it
judges the right function of each exercise, ``train_step`` with several α and β; with each of N/50 the other
right functions of ``tests/grading/learners.py``, the wrong ones there, and every mistake of the catalogue. It
lists every wrong diagnosis, and ends with exit code 1 if there are any.
"""

import argparse
import contextlib
import io
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from benchmarks.mutants import loaded
from nst_tf.grading import diagnose
from nst_tf.grading.exercises.registry import EXERCISES, exercise
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.trial import with_globals

LEARNERS = Path(__file__).parent.parent / "tests/grading/learners.py"
SHARE = 50  # one in this many seeds is used for all but the right function of each exercise
WEIGHTS = (
    *((10.0, 40.0), (10.0, 0.05), (0.1, 0.0005), (1e-12, 1e-12), (1e6, 1e-6), (1e-6, 1e6)),
    *((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (-1.0, 2.0), (-3.0, -4.0), (float("nan"), 1.0)),
)
WEIGHTS_OF_MISTAKES = ((10.0, 0.05), (10.0, 0.5), (0.3, 7.0))


@dataclass(frozen=True)
class Case:
    """A function to judge, and which mistake it makes; None if it is right."""

    name: str
    what: str
    function: Callable
    mistake: str | None = None
    names: Mapping[str, object] = field(default_factory=dict)


def references(name: str) -> Iterator[Case]:
    """The right function of an exercise."""
    asked = exercise(name)
    if isinstance(asked, ValueExercise):
        yield Case(name, "the right function", asked.right)
        return
    for alpha, beta in WEIGHTS:
        names = {"alpha": alpha, "beta": beta}
        yield Case(name, f"the right step with α = {alpha:g}, β = {beta:g}", asked.right, names=names)


def others(name: str, folder: str) -> Iterator[Case]:
    """What learners hand in, and the mistakes of the catalogue."""
    asked, learners = exercise(name), loaded(LEARNERS)
    handed_in = [(how, None, cell) for how, cell in learners.RIGHT[name].items()]
    handed_in += [(f"{slug}, as handed in", slug, cell) for of, slug, cell in learners.WRONG if of == name]
    for how, slug, cell in handed_in:
        yield Case(name, how, learners.defined(name, cell, Path(tempfile.mkdtemp(dir=folder))), slug)
    for mistake in asked.mistakes:
        if isinstance(asked, ValueExercise):
            yield Case(name, mistake.slug, mistake.in_place_of(asked.right), mistake.slug)
            continue
        for alpha, beta in WEIGHTS_OF_MISTAKES:
            what = f"{mistake.slug} with α = {alpha:g}, β = {beta:g}"
            yield Case(name, what, mistake.function, mistake.slug, {"alpha": alpha, "beta": beta})


def surprises(case: Case, seeds: range) -> Iterator[tuple[int, str]]:
    """(seed, what was said) wherever something else was to be said."""
    for seed in seeds:
        with with_globals(case.function, case.names), contextlib.redirect_stdout(io.StringIO()):
            diagnosis = diagnose(case.name, case.function, seed)
        if diagnosis.passed != (case.mistake is None) or diagnosis.mistake != case.mistake:
            said = "right" if diagnosis.passed else f"{diagnosis.mistake or 'no mistake'}: {diagnosis.hint}"
            yield seed, said


def main() -> int:
    """Judge, list the surprises, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seeds", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of the exercises; all by default")
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    options = parser.parse_args()
    if unknown := set(options.names) - EXERCISES.keys():
        parser.error(f"no exercise {', '.join(sorted(unknown))}: choose from {', '.join(EXERCISES)}")
    names, few = options.names or list(EXERCISES), range(max(1, options.seeds // SHARE))
    judged, found = Counter(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        of_references = ((case, range(options.seeds)) for name in names for case in references(name))
        of_others = ((case, few) for name in names for case in others(name, folder))
        for case, seeds in tqdm(itertools.chain(of_references, of_others), unit=" functions", leave=False):
            judged[case.name] += len(seeds)
            surprising = list(surprises(case, seeds))
            found[case.name] += len(surprising)
            if surprising:
                seed, said = surprising[0]
                shares = f"{len(surprising)} of {len(seeds)} seeds"
                tqdm.write(f"{case.name}: {case.what}: {shares}, such as {seed}: {said}", file=sys.stdout)
    for name in names:
        print(f"{name}: {found[name]} of {judged[name]} diagnoses are not what they should be")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
