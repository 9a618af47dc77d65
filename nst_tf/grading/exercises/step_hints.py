"""Which mistake a training step makes, by what it does; and what can truly be said of any other one."""

from collections.abc import Callable, Mapping

import numpy as np

from nst_tf.grading.advice import Advice, advice_on
from nst_tf.grading.errors import raised
from nst_tf.grading.exercises.base import TWO
from nst_tf.grading.exercises.common import ANOTHER_IMAGE
from nst_tf.grading.exercises.step_rubric import (
    TOLERANCE_OF_J,
    JudgedRun,
    Runs,
    are_same_pixels,
    is_within,
    weights_of,
)
from nst_tf.grading.readings import read_off_failing
from nst_tf.grading.signs import Text
from nst_tf.grading.step_trial import STEPS, Step, StepTrial

# Of a mistake: the two costs, added up without weights, may differ from one of them by as little as 0.5 %.
_TOLERANCE_OF_MISTAKES = 2e-3


def _does_the_same(one: Step, other: Step) -> bool:
    return _returns_alike(one, other) and are_same_pixels(one.image, other.image)


def is_same(one: Step, other: Step) -> bool:
    """Whether two steps return the same, and change the same in the same way."""
    counts = [(step.applied, step.has_changed_bystander) for step in (one, other)]
    return _does_the_same(one, other) and counts[0] == counts[1]


def _returns_alike(one: Step, other: Step) -> bool:
    kind = one.returned.kind
    if kind != other.returned.kind:
        return False
    if kind == "nothing":
        return one.returned.has_printed == other.returned.has_printed
    return _is_same_J(one, other, _TOLERANCE_OF_MISTAKES)


def _is_same_J(one: Step, other: Step, tolerance: float = TOLERANCE_OF_J) -> bool:
    a, b = one.returned.value, other.returned.value
    if a is None or b is None or a.size != b.size:
        return False
    return bool(np.allclose(a.ravel(), b.ravel(), 0, tolerance * np.abs(b).max()))


def have_same_pattern(one: Step, other: Step) -> bool:
    """Whether two steps change the same, by whatever amount."""

    def pattern(step: Step) -> tuple:
        return step.returned.kind, step.applied, step.has_changed_bystander, step.has_changed_image

    return pattern(one) == pattern(other)


def fails(step: Step) -> bool:
    """Whether it stops with an error."""
    return step.returned.kind == "error"


def stopped(step: Step, text: Text, when: str = "") -> Advice:
    """What is to be said of a step that fails; ``when`` says when it does, and ends in a comma."""
    advice = read_off_failing(text, advice_on(step.returned.text, text.name))
    return advice._replace(sentence=f"{raised(step.returned.text, when)} {advice.sentence}")


class Statement:
    """What can truly be said of a step that does not fail when it is called first.

    Args:
        helpers: the five cost functions, right.
        trial: what it was tried on.
        expected: the right step's runs.
        observed: its runs.
        text: its text.
    """

    def __init__(
        self, helpers: Mapping[str, Callable], trial: StepTrial, expected: Runs, observed: Runs, text: Text
    ) -> None:
        self._trial, self._expected, self._text = trial, expected, text
        self._written, self._traced = observed
        self._first, self._right = self._written[0], expected[0][0]
        self._judged, self._judged_traced = (
            JudgedRun(helpers, trial, *each) for each in zip(trial.scenes, observed, strict=True)
        )

    def closest(self) -> Advice | str:
        """The coarsest thing that is wrong, with a name if it has one."""
        for say in (self._on_what_is_returned, self._on_the_way, self._on_J, self._on_the_change):
            if said := say():
                break
        else:
            return self._on_later_steps()
        if isinstance(said, Advice) and said.slug == "no-clipping" and (on_J := self._on_J()):
            more = on_J.sentence if isinstance(on_J, Advice) else on_J
            return said._replace(sentence=f"{TWO}{said.sentence} And: {more}")
        return said

    def _on_what_is_returned(self) -> Advice | str:
        returned = self._first.returned
        if returned.kind == "nothing":
            return "It returns None instead of J, a scalar tensor."
        if returned.value is None:
            return f"It returns a value of type {returned.kind} instead of J, a scalar tensor."
        if returned.value.size != 1:
            return f"It returns a value of shape {returned.value.shape} instead of J, a scalar."
        return ""

    def _on_the_way(self) -> Advice | str:
        """What the image, the gradient and the optimizer tell, whatever J is."""
        image, gradient, times = self._first.image, self._first.gradient, self._first.applied
        if not np.isfinite(image).all():
            return "After the step, the image contains NaN or infinite values."
        if gradient is not None and any(
            are_same_pixels(image, each) for each in (gradient, np.clip(gradient, 0, 1))
        ):
            return Advice(
                "gradient-assigned",
                "After the step, the image is overwritten with the gradient: clip and assign the image "
                "itself instead.",
            )
        if self._judged.has_clipped_gradient:
            return Advice(
                "gradient-clipped",
                "It clips the gradient. Pass the gradient to the optimizer as it is, and clip the image "
                "after the step: `generated_image.assign(clip_0_1(generated_image))`.",
            )
        if self._text.has_random_numbers:
            return Advice(
                "random-numbers",
                "The step uses random numbers, so the same image gets a different J on every call: add noise "
                "to the initial image, not inside the step.",
            )
        if times > 1:
            return Advice(
                "several-steps",
                f"The notebook's `optimizer` is applied {times} times in one call. This function should take "
                "a single step: the loop that calls it does the repeating.",
            )
        return "" if is_within(image) else self._on_the_range()

    def _on_the_range(self) -> Advice:
        image = self._first.image
        what = f"After the step, the image's values range from {image.min():.3g} to {image.max():.3g}:"
        fix = "clip them to [0, 1], and `assign` the result to the variable."
        if self._text.rebound:
            fix = (
                "`generated_image = …` only gives the name to another tensor. To change the variable's "
                "pixels, write `generated_image.assign(clip_0_1(generated_image))`."
            )
        return Advice("no-clipping", f"{what} {fix}")

    def _is_right_J(self) -> bool:
        return self._right.returned.value is None or _is_same_J(self._first, self._right)

    def _on_J(self) -> Advice | str:
        value, right = self._first.returned.value, self._right.returned.value
        if value is None or right is None or self._is_right_J():
            return ""
        J = value.item()
        given = f"It returns J = {J:.5g} for the image before the step, instead of {right.item():.5g}."
        weights, costs = self._judged.weights_in_gradient, self._judged.costs
        if weights and np.isclose(J, np.dot(weights, costs), TOLERANCE_OF_J):
            alpha, beta = weights_of(self._trial)
            return Advice(
                "other-weights",
                f"J is {weights[0]:.3g} · J_content + {weights[1]:.3g} · J_style, but `alpha` is {alpha:.3g} "
                f"and `beta` is {beta:.3g}: pass these two to `total_cost`.",
            )
        if weights is None and self._judged_traced.is_gradient_of_what_is_returned():
            return Advice(
                "another-J",
                f"{given} It isn't a weighted sum of J_content and J_style: do you add something else to it, "
                "or pass anything other than the full `a_C`, `a_S` and `a_G` to a cost function?",
            )
        return given

    def _on_the_change(self) -> Advice | str:
        first, returned = self._first, self._first.returned
        if first.has_changed_bystander:
            return ANOTHER_IMAGE
        if first.applied != 1:
            return "J is right, but the notebook's `optimizer` is never used: pass it the gradient and image."
        if returned.kind != "tensor" or returned.dtype != "float32":
            kind = returned.dtype or returned.kind
            return f"J is right, but its type is {kind}: return a float32 tensor."
        if not are_same_pixels(first.image, self._right.image):
            return (
                "J is right, but the image isn't updated correctly: do you use the gradient of J with "
                "respect to the image, and does anything else change the image?"
            )
        return ""

    def _on_later_steps(self) -> Advice | str:
        last, traced = self._written[-1], self._traced[-1]
        if fails(last):
            return stopped(last, self._text, "The first step is right, but in a later one,")
        if len(self._written) < STEPS or not all(map(is_same, self._written, self._expected[0])):
            return "The first step is right, but the ones after it aren't."
        if fails(traced):
            return stopped(traced, self._text, "It works without `@tf.function`, but with it,")
        return "It works without `@tf.function`, but with it the steps are different."
