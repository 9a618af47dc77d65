"""A training step, judged by what it returns and what it does to the image, over a few steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from nst_tf.grading.exercises.base import Exercise, Judgement
from nst_tf.grading.exercises.common import ANOTHER_IMAGE
from nst_tf.grading.hints import advice_on
from nst_tf.grading.step_trial import STEPS, Step, StepTrial, network, random_trial
from nst_tf.grading.trial import Evidence, Trial

_LARGEST_CHANGE = 0.3  # of a pixel in the first step, so that clipping matters
_TOLERANCE_OF_J = 1e-2  # relative
_TOLERANCE_OF_PIXELS = 1e-2
_TEXT_COMPARED = 40  # characters of an error's text, before the names in it

Runs = tuple[list[Step], list[Step]]  # as the step is written, and inside tf.function


@dataclass(frozen=True)
class StepMistake:
    """One mistake: the whole step, as a learner writes it.

    Attributes:
        slug: its stable name.
        function: the step with the mistake.
        hint: what leads to the fix, in one or two sentences. ``{error}`` in it becomes the error's text.
        by_any_amount: whether the change to the image may differ in size from this function's.
        is_any_error: whether it stands for every error that is no other mistake's.
    """

    slug: str
    function: Callable
    hint: str
    by_any_amount: bool = False
    is_any_error: bool = False


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
        "moves the image that it is given by the optimizer's step": 0.3,
        "keeps every pixel in [0, 1]": 0.2,
        f"does the same {STEPS} times in a row, as it is written and inside tf.function": 0.2,
    }

    images: ClassVar[tuple[str, ...]] = ("generated_image",)

    name: str
    right: Callable
    mistakes: list[StepMistake]
    helpers: Mapping[str, Callable]

    def trial(self, seed: int, weights: Mapping[str, float] | None = None) -> StepTrial:
        """A few steps in which content and style count equally.
        The first changes a pixel by up to 0.3.

        Without ``weights``, total_cost's defaults apply. See ``Exercise``.
        """
        weights = weights or {}
        trial = random_trial(seed, weights)
        vgg_model_outputs, scene = network(trial.kernels), trial.scenes[0]
        a_C, a_S, a_G = (vgg_model_outputs(image) for image in (scene.C, scene.S, scene.start))
        J_content = self.helpers["compute_content_cost"](a_C, a_G)
        J_style = self.helpers["compute_style_cost"](a_S, a_G, trial.style_layers)
        alpha, beta = weights.values() or (10, 40)
        scale = float(alpha * J_content / (beta * J_style)) if alpha and beta else 1.0
        trial = replace(trial, style_layers=[(name, scale * weight) for name, weight in trial.style_layers])

        grey = [
            replace(scene, start=np.full_like(scene.start, 0.5)) for scene in trial.scenes
        ]  # far from clipping
        small = replace(trial, scenes=grey, learning_rate=1e-6)
        largest = np.abs(self._steps(small, self.right, count=1)[0].image - 0.5).max()
        return replace(trial, learning_rate=1e-6 * _LARGEST_CHANGE / float(largest))

    def _steps(
        self, trial: StepTrial, function: Callable, *, count: int = STEPS, scene: int = 0
    ) -> list[Step]:
        """Steps of the right function, or of a mistake, with all that they call."""
        return trial.steps_as_written(function, self._names(trial), count=count, scene=scene)

    def _names(self, trial: StepTrial) -> dict:
        """The globals that the right step and the mistakes find, as in a notebook."""
        return {**self.helpers, **trial.weights}

    def judged(self, trial: Trial, evidence: Evidence) -> Judgement:
        """Whether the step is right; see ``Exercise``."""
        if not isinstance(trial, StepTrial):
            raise TypeError(f"{self.name} is tried by its steps, not in a {type(trial).__name__}.")
        observed: Runs = (evidence.written, evidence.run)
        expected: Runs = (self._steps(trial, self.right), self._steps(trial, self.right, scene=1))
        met = _met(expected, observed)
        first = observed[0][0].returned
        value = f"{first.value.item():.5g}" if first.value is not None and first.value.size == 1 else ""
        if all(met):
            return Judgement(met, value=value)
        error = _error(observed)
        mistake = next((each for each in self.mistakes if self._is_like(each, trial, observed)), None)
        if mistake is None:
            return Judgement(met, None, _closest_true_statement(expected, observed), value)
        return Judgement(met, mistake.slug, mistake.hint.replace("{error}", error) + advice_on(error), value)

    def _is_like(self, mistake: StepMistake, trial: StepTrial, observed: Runs) -> bool:
        """Whether the steps as written agree; inside ``tf.function``, whether both fail or both don't."""
        written, traced = observed
        if ("{error}" in mistake.hint) != _fails(written[0]):
            return False
        if mistake.is_any_error:
            return True
        first = self._steps(trial, mistake.function, count=1)[0]  # tells most mistakes apart
        if _fails(written[0]):
            texts = [step.returned.text[:_TEXT_COMPARED] for step in (first, written[0])]
            return texts[0] == texts[1]
        if mistake.by_any_amount:
            return _have_same_pattern(first, written[0])
        if not _is_same(first, written[0]):
            return False
        again = self._steps(trial, mistake.function)
        graph = trial.traced(mistake.function, self._names(trial))
        return (
            len(again) == len(written)
            and all(map(_is_same, again, written))
            and _fails(trial.run(graph, count=1)[0]) == _fails(traced[0])
        )


def _met(expected: Runs, observed: Runs) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    first, right = observed[0][0], expected[0][0]
    is_tensor = (first.returned.kind, first.returned.dtype) == ("tensor", "float32")
    returns_J = is_tensor and _is_same_J(first, right)
    moves = _are_same_pixels(np.clip(first.image, 0, 1), right.image)
    clips = moves and _is_within(first.image)
    repeats = all(
        len(run) == STEPS and all(_does_the_same(*steps) for steps in zip(run, runs_right, strict=True))
        for run, runs_right in zip(observed, expected, strict=True)
    )
    return [returns_J, moves, clips, returns_J and clips and repeats]


def _error(observed: Runs) -> str:
    return next((step.returned.text for run in observed for step in run if step.returned.kind == "error"), "")


def _does_the_same(one: Step, other: Step) -> bool:
    return _returns_alike(one, other) and _are_same_pixels(one.image, other.image)


def _is_same(one: Step, other: Step) -> bool:
    counts = [(step.applied, step.has_changed_bystander) for step in (one, other)]
    return _does_the_same(one, other) and counts[0] == counts[1]


def _returns_alike(one: Step, other: Step) -> bool:
    kind = one.returned.kind
    if kind != other.returned.kind:
        return False
    if kind == "nothing":
        return one.returned.has_printed == other.returned.has_printed
    return _is_same_J(one, other)


def _is_same_J(one: Step, other: Step) -> bool:
    a, b = one.returned.value, other.returned.value
    if a is None or b is None or a.size != b.size:
        return False
    return bool(np.allclose(a.ravel(), b.ravel(), 0, _TOLERANCE_OF_J * np.abs(b).max()))


def _are_same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, 0, _TOLERANCE_OF_PIXELS))


def _is_within(image: np.ndarray) -> bool:
    return bool(image.min() >= 0 and image.max() <= 1)


def _have_same_pattern(one: Step, other: Step) -> bool:
    def pattern(step: Step) -> tuple:
        return step.returned.kind, step.applied, step.has_changed_bystander, step.has_changed_image

    return pattern(one) == pattern(other)


def _fails(step: Step) -> bool:
    return step.returned.kind == "error"


def _closest_true_statement(expected: Runs, observed: Runs) -> str:
    written, traced = observed
    first, right = written[0], expected[0][0]
    if first.returned.kind == "nothing":
        return "It returns None: J, a scalar tensor, is asked for."
    if first.returned.value is None:
        return f"It returns a value of type {first.returned.kind}: J, a scalar tensor, is asked for."
    if not np.isfinite(first.image).all():
        return "After the step, the image has values that are no numbers."
    if not _is_within(first.image):
        return (
            f"After the step, the image has values from {first.image.min():.3g} to {first.image.max():.3g}: "
            "clip it to [0, 1]."
        )
    if first.returned.value.size != 1:
        return f"It returns a value of shape {first.returned.value.shape}: J, a scalar, is asked for."
    if right.returned.value is not None and not _is_same_J(first, right):
        given, asked = first.returned.value.item(), right.returned.value.item()
        return f"J before the step is given as {given:.5g}, where {asked:.5g} is expected."
    if first.has_changed_bystander:
        return ANOTHER_IMAGE
    if first.applied != 1:
        return (
            f"J is right, but the notebook's `optimizer` is used {first.applied} times in the first step: "
            "once is asked for."
        )
    if first.returned.kind != "tensor" or first.returned.dtype != "float32":
        kind = first.returned.dtype or first.returned.kind
        return f"J is right, but of type {kind}: a tensor of type float32 is asked for."
    if not _are_same_pixels(first.image, right.image):
        return (
            "J is right, but the image is not changed as it should be: is it the gradient of J with respect "
            "to the image?"
        )
    if len(written) < STEPS or not all(map(_is_same, written, expected[0])):
        return f"The first step is right, but not those after it. {_error((written, []))}".strip()
    if _fails(traced[-1]):
        return (
            "It is right as it is written, but inside `tf.function` it stops with "
            f"{traced[-1].returned.text}."
        )
    return "It is right as it is written, but inside `tf.function` the steps are others."
