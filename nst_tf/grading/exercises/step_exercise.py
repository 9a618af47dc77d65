"""A training step, judged by what it returns and what it does to the image, over a few steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from nst_tf.grading.advice import Advice
from nst_tf.grading.exercises.base import Exercise, Judgement
from nst_tf.grading.exercises.step_hints import Statement, fails, have_same_pattern, is_same, stopped
from nst_tf.grading.exercises.step_rubric import (
    DEFAULT_WEIGHTS,
    JudgedRun,
    Objective,
    Runs,
    met_by,
    weights_of,
)
from nst_tf.grading.readings import TOO_EARLY
from nst_tf.grading.signs import Text
from nst_tf.grading.step_trial import STEPS, Step, StepTrial, random_trial
from nst_tf.grading.trial import Evidence, Trial

_LARGEST_CHANGE = 0.3  # of a pixel in the first step, so that clipping matters
_RATIOS = (1.0, 1.4, 0.7, 2.0, 0.5)  # of content and style in J; the first one that will do
_APART = 0.1  # relative: how far J should be from what is taken for it
_SMALLEST_WEIGHT, _LARGEST_WEIGHT = 1e-15, 1e15  # so that nothing that is computed leaves float32


@dataclass(frozen=True)
class StepMistake:
    """One mistake: the whole step, as a learner writes it.

    Attributes:
        slug: its stable name.
        function: the step with the mistake.
        hint: what leads to the fix, in one or two sentences.
        by_any_amount: whether the change to the image may differ in size from this function's.
    """

    slug: str
    function: Callable
    hint: str
    by_any_amount: bool = False


@dataclass(frozen=True)
class StepExercise(Exercise):
    """A function that takes a step on an image.

    Attributes:
        name: of the function.
        right: the right step.
        mistakes: what learners do instead.
        helpers: see ``Exercise``; the five cost functions are among them.
    """

    rubric: ClassVar[Mapping[str, float]] = {
        "returns J as it was before the step, a scalar tensor": 0.3,
        "takes the gradient of the J that it returns, with respect to the image": 0.2,
        "passes it to the notebook's optimizer, once, for the image that it is given": 0.15,
        "keeps every pixel in [0, 1] after the step": 0.15,
        f"does the same {STEPS} times in a row, outside and inside tf.function": 0.2,
    }

    images: ClassVar[tuple[str, ...]] = ("generated_image",)

    name: str
    right: Callable
    mistakes: list[StepMistake]
    helpers: Mapping[str, Callable]

    def trial(self, seed: int, weights: Mapping[str, float] | None = None) -> StepTrial:
        """A few steps in which content and style count about equally.
        The first changes a pixel by up to 0.3.

        Without ``weights``, or if no J can be computed with them, total_cost's defaults are
        used. See ``Exercise``.
        """
        trial = random_trial(seed, _usable(weights or {}))
        scene = trial.scenes[0]
        J_content, J_style = Objective(self.helpers, trial, scene).costs(scene.start)
        alpha, beta = weights_of(trial)
        scale = _ratio(alpha, beta) * alpha * J_content / (beta * J_style) if alpha and beta else 1.0
        trial = replace(trial, style_layers=[(name, scale * weight) for name, weight in trial.style_layers])

        grey = np.full_like(scene.start, 0.5)  # far from clipping
        largest = np.abs(Objective(self.helpers, trial, scene).at(grey)[1]).max()
        return replace(trial, learning_rate=_LARGEST_CHANGE / float(largest))

    def unseen(self, trial: Trial) -> StepTrial:
        """Another image to start from inside ``tf.function``; see ``Exercise``."""
        assert isinstance(trial, StepTrial)
        first, second = trial.scenes
        start = np.random.default_rng().random(second.start.shape, dtype=np.float32)
        return replace(trial, scenes=[first, replace(second, start=start)])

    def is_right_run(self, trial: Trial, run: list[Step]) -> bool:
        """Whether all parts of all steps are right; see ``Exercise``."""
        assert isinstance(trial, StepTrial)
        parts = JudgedRun(self.helpers, trial, trial.scenes[1], run).parts
        return len(run) == STEPS and all(all(each) for each in parts)

    def _steps(
        self, trial: StepTrial, function: Callable, *, count: int = STEPS, scene: int = 0
    ) -> list[Step]:
        """Steps of the right function, or of a mistake, with all that they call."""
        return trial.steps_as_written(function, self.helpers, count=count, scene=scene)

    def judged(self, trial: Trial, evidence: Evidence) -> Judgement:
        """Whether the step is right; see ``Exercise``."""
        if not isinstance(trial, StepTrial):
            raise TypeError(f"{self.name} is tried by its steps, not in a {type(trial).__name__}.")
        observed: Runs = (evidence.written, evidence.run)
        met = met_by(self.helpers, trial, observed)
        first = observed[0][0].returned
        value = f"{first.value.item():.5g}" if first.value is not None and first.value.size == 1 else ""
        if all(met):
            return Judgement(met, value=value)
        slug, hint = self._explained(trial, observed, Text(self.name, evidence.source))
        return Judgement(met, slug, hint, value)

    def _explained(self, trial: StepTrial, observed: Runs, text: Text) -> tuple[str | None, str]:
        """The mistake's name, if it has one, and the hint."""
        if fails(observed[0][0]):
            return stopped(observed[0][0], text)
        mistake = next((each for each in self.mistakes if self._is_like(each, trial, observed)), None)
        if text.returns_too_early and (mistake is None or mistake.slug in ("no-update", "no-clipping")):
            return TOO_EARLY
        if mistake:
            return mistake.slug, mistake.hint
        expected: Runs = (self._steps(trial, self.right), self._steps(trial, self.right, scene=1))
        said = Statement(self.helpers, trial, expected, observed, text).closest()
        return said if isinstance(said, Advice) else (None, said)

    def _is_like(self, mistake: StepMistake, trial: StepTrial, observed: Runs) -> bool:
        """Whether the steps as written agree; inside ``tf.function``, whether both fail or both don't."""
        written, traced = observed
        first = self._steps(trial, mistake.function, count=1)[0]  # tells most mistakes apart
        if fails(first):
            return False
        if mistake.by_any_amount:
            return have_same_pattern(first, written[0])
        if not is_same(first, written[0]):
            return False
        again = self._steps(trial, mistake.function)
        graph = trial.traced(mistake.function, self.helpers)
        return (
            len(again) == len(written)
            and all(map(is_same, again, written))
            and fails(trial.run_steps(graph, count=1)[0]) == fails(traced[0])
        )


def _usable(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights, or the defaults where a number is too large or too small, or is none, or all are 0."""
    numbers = [abs(weight) for weight in weights.values()]
    fit = all(number == 0 or _SMALLEST_WEIGHT <= number <= _LARGEST_WEIGHT for number in numbers)
    return dict(weights) if fit and (any(numbers) or not numbers) else dict(DEFAULT_WEIGHTS)


def _ratio(alpha: float, beta: float) -> float:
    """The ratio of β J_style to α J_content at which J differs from the costs, their sum and the like."""

    def distances(ratio: float) -> list[float]:
        J_content, J_style = 1.0, ratio * alpha / beta
        J = alpha * J_content + beta * J_style
        others = [(1, 0), (0, 1), (1, 1), (beta, alpha), tuple(DEFAULT_WEIGHTS.values())]
        return [min(abs((a * J_content + b * J_style) / J - 1), _APART) for a, b in others]

    return max(_RATIOS, key=lambda ratio: sum(distances(ratio)))
