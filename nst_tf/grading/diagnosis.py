"""From a learner's function to a diagnosis: how much of it is right, and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nst_tf.grading.exercises.base import Exercise
from nst_tf.grading.exercises.registry import exercise
from nst_tf.grading.signs import source_of
from nst_tf.grading.step_trial import as_number
from nst_tf.grading.trial import Evidence, Trial, as_tensorflow_2, globals_of


@dataclass(frozen=True)
class Diagnosis:
    """What is to be said about a learner's function.

    Attributes:
        name: of the function.
        score: 0 to 1, the sum of what the rubric gives.
        mistake: the slug of the mistake, two joined by "+", or None where it is right or the mistake is not
            in the catalogue.
        hint: one or two sentences that lead to the fix; empty where it is right.
        rubric: (what, points it is worth, points given), in order.
        value: what it gave, in words, for a random input.
    """

    name: str
    score: float
    mistake: str | None = None
    hint: str = ""
    rubric: tuple[tuple[str, float, float], ...] = ()
    value: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is right."""
        return self.score == 1 and not self.hint

    def __str__(self) -> str:
        verdict = "right" if self.passed else self.hint
        lines = [f"{given:g} of {points:g}: {what}" for what, points, given in self.rubric]
        return "\n".join(
            [f"{self.name}: {verdict}", f"Score: {self.score:g} of 1", *(f"  {line}" for line in lines)]
        )


def diagnose(name: str, target: Callable, seed: int = 0) -> Diagnosis:
    """Judge a learner's function: whether it is right, how many points it gets, and which mistake it makes.

    Args:
        name: of the function, one of ``nst_tf.grading.exercises.registry.EXERCISES``.
        target: the function, decorated with ``tf.function`` or not. It is tried in its own globals, with
            what it calls (``gram_matrix`` in ``compute_layer_style_cost``, for instance) replaced by the
            right function.
        seed: of the random input.

    Raises:
        ValueError: the course has no function of that name.
    """
    asked = exercise(name)
    if not callable(target):
        return nothing_to_try(name, f"`{name}` isn't a function: its type is {type(target).__name__}.")
    with as_tensorflow_2():
        trial = asked.trial(seed, _weights_among(globals_of(target)))
        written = trial.written(target, asked.helpers, echo=True)
        run = trial.run(trial.traced(target, asked.helpers))
        evidence = Evidence(written, run, source_of(target))
        diagnosis = conclude(asked, trial, evidence)
        larger = asked.larger(trial) if diagnosis.passed else None
        if larger is None:
            return diagnosis
        return conclude(asked, larger, replace(evidence, written=larger.written(target, asked.helpers)))


def conclude(asked: Exercise, trial: Trial, evidence: Evidence) -> Diagnosis:
    """The diagnosis, from what a function did in a trial.

    Raises:
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError: see ``Exercise.judged``.
    """
    found = asked.judged(trial, evidence)
    rubric = _marked(asked.rubric, found.met)
    score = 1.0 if all(found.met) else round(sum(given for _, _, given in rubric), 2)
    return Diagnosis(asked.name, score, found.mistake, found.hint, rubric, found.value)


def nothing_to_try(name: str, hint: str, mistake: str | None = None) -> Diagnosis:
    """The diagnosis where there is no function that could be tried."""
    rubric = exercise(name).rubric
    return Diagnosis(name, 0.0, mistake, hint, _marked(rubric, [False] * len(rubric)))


def _marked(rubric: Mapping[str, float], met: list[bool]) -> tuple[tuple[str, float, float], ...]:
    """A rubric with the points given: (what, points it counts, points given) for each line."""
    return tuple(
        (what, points, points * is_met) for (what, points), is_met in zip(rubric.items(), met, strict=True)
    )


def _weights_among(names: Mapping[str, Any]) -> dict[str, float]:
    """``alpha`` and ``beta``, where the notebook has both; NaN for what is no number."""
    both = ("alpha", "beta")
    return {name: as_number(names[name]) for name in both} if names.keys() >= set(both) else {}
