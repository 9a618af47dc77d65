"""A training step, judged by what it returns and what it does to the image, over a few steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.base import Exercise, Judgement
from nst_tf.grading.exercises.common import ANOTHER_IMAGE
from nst_tf.grading.hints import advice_on
from nst_tf.grading.step_trial import STEPS, Scene, Step, StepTrial, network, random_trial
from nst_tf.grading.trial import Evidence, Trial

_LARGEST_CHANGE = 0.3  # of a pixel in the first step, so that clipping matters
_DEFAULT_WEIGHTS = {"alpha": 10.0, "beta": 40.0}  # total_cost's
_RATIOS = (1.0, 1.4, 0.7, 2.0, 0.5)  # of content and style in J; the first one that will do
_APART = 0.1  # relative: how far J should be from what is taken for it
_SMALLEST_WEIGHT, _LARGEST_WEIGHT = 1e-15, 1e15  # so that nothing that is computed leaves float32
_TOLERANCE_OF_J = 1e-2  # relative
# Of a mistake: the two costs, added up without weights, may differ from one of them by as little as 0.5 %.
_TOLERANCE_OF_MISTAKES = 2e-3
_TOLERANCE_OF_GRADIENT = 1e-2  # relative to its largest entry
_TOLERANCE_OF_SLOPES = 5e-2  # relative to what the slope along a random direction comes to
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
        "takes the gradient of the J that it returns, with respect to the image": 0.2,
        "hands it to the notebook's optimizer, once, for the image that it is given": 0.15,
        "keeps every pixel in [0, 1] after the step": 0.15,
        f"does the same {STEPS} times in a row, as it is written and inside tf.function": 0.2,
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
        J_content, J_style = _Objective(self.helpers, trial, scene).costs(scene.start)
        alpha, beta = _weights_of(trial)
        scale = _ratio(alpha, beta) * alpha * J_content / (beta * J_style) if alpha and beta else 1.0
        trial = replace(trial, style_layers=[(name, scale * weight) for name, weight in trial.style_layers])

        grey = np.full_like(scene.start, 0.5)  # far from clipping
        largest = np.abs(_Objective(self.helpers, trial, scene).at(grey)[1]).max()
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
        parts = _JudgedRun(self.helpers, trial, trial.scenes[1], run).parts
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
        met = _met(self.helpers, trial, observed)
        first = observed[0][0].returned
        value = f"{first.value.item():.5g}" if first.value is not None and first.value.size == 1 else ""
        if all(met):
            return Judgement(met, value=value)
        expected: Runs = (self._steps(trial, self.right), self._steps(trial, self.right, scene=1))
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
        graph = trial.traced(mistake.function, self.helpers)
        return (
            len(again) == len(written)
            and all(map(_is_same, again, written))
            and _fails(trial.run_steps(graph, count=1)[0]) == _fails(traced[0])
        )


def _usable(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights, or the defaults where a number is too large or too small, or is none, or all are 0."""
    numbers = [abs(weight) for weight in weights.values()]
    fit = all(number == 0 or _SMALLEST_WEIGHT <= number <= _LARGEST_WEIGHT for number in numbers)
    return dict(weights) if fit and (any(numbers) or not numbers) else dict(_DEFAULT_WEIGHTS)


def _weights_of(trial: StepTrial) -> tuple[float, float]:
    weights = trial.weights or _DEFAULT_WEIGHTS
    return weights["alpha"], weights["beta"]


def _ratio(alpha: float, beta: float) -> float:
    """The ratio of β J_style to α J_content at which J differs from the costs, their sum and the like."""

    def distances(ratio: float) -> list[float]:
        J_content, J_style = 1.0, ratio * alpha / beta
        J = alpha * J_content + beta * J_style
        others = [(1, 0), (0, 1), (1, 1), (beta, alpha), tuple(_DEFAULT_WEIGHTS.values())]
        return [min(abs((a * J_content + b * J_style) / J - 1), _APART) for a, b in others]

    return max(_RATIOS, key=lambda ratio: sum(distances(ratio)))


# --------------------------------------------------------------------------------- the rubric, part by part


class _Objective:
    """J and its gradient in a scene, at any image."""

    def __init__(self, helpers: Mapping[str, Callable], trial: StepTrial, scene: Scene) -> None:
        self._helpers, self._trial, self._network = helpers, trial, network(trial.kernels)
        self._a_C, self._a_S = self._network(scene.C), self._network(scene.S)

    def costs(self, image: np.ndarray) -> tuple[float, float]:
        """J_content and J_style."""
        J_content, J_style = self._costs(tf.constant(image, tf.float32))
        return float(J_content), float(J_style)

    def at(self, image: np.ndarray) -> tuple[float, np.ndarray]:
        """J and its gradient."""
        J, (gradient,) = self._with_gradients(image, lambda *costs: (self._J(*costs),))
        return J, gradient

    def gradients_of_costs(self, image: np.ndarray) -> list[np.ndarray]:
        """The gradients of J_content and J_style."""
        return self._with_gradients(image, lambda *costs: costs)[1]

    def _with_gradients(self, image: np.ndarray, parts_of: Callable) -> tuple[float, list[np.ndarray]]:
        given = tf.constant(image, tf.float32)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(given)
            parts = parts_of(*self._costs(given))
        return float(parts[0]), [tape.gradient(part, given).numpy() for part in parts]

    def _J(self, J_content: tf.Tensor, J_style: tf.Tensor) -> tf.Tensor:
        return self._helpers["total_cost"](J_content, J_style, *_weights_of(self._trial))

    def _costs(self, image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        a_G = self._network(image)
        content_cost, style_cost = (
            self._helpers[name] for name in ("compute_content_cost", "compute_style_cost")
        )
        return content_cost(self._a_C, a_G), style_cost(self._a_S, a_G, self._trial.style_layers)


class _Parts(NamedTuple):
    """Which parts of one step are right, given the image that it starts from.

    Attributes:
        returns_cost: as a tensor.
        has_gradient: whether the optimizer was given J's.
        moves: whether the image goes where the optimizer takes it with the gradient that it was given, but
            for clipping.
        is_applied_once: whether the optimizer was used once.
        clips: whether it moves, and every pixel is clipped to [0, 1].
    """

    returns_cost: bool = False
    has_gradient: bool = False
    moves: bool = False
    is_applied_once: bool = False
    clips: bool = False


class _JudgedRun:
    """The steps of one run, each judged from the image that the one before has left."""

    def __init__(
        self, helpers: Mapping[str, Callable], trial: StepTrial, scene: Scene, run: list[Step]
    ) -> None:
        self._objective, self._learning_rate = _Objective(helpers, trial, scene), trial.learning_rate
        self._scene, self._run = scene, run

    @cached_property
    def parts(self) -> list[_Parts]:
        """What is right about each step."""
        parts: list[_Parts] = []
        image, velocity, applied = self._scene.start, np.zeros_like(self._scene.start), 0
        for step in self._run:
            if step.image.shape != image.shape:
                return [*parts, _Parts()]
            J, gradient = self._objective.at(image)
            times = step.applied - applied
            moved, velocity = self._moved(image, velocity, step.gradient, times)
            moves = times > 0 and _are_same_pixels(np.clip(step.image, 0, 1), np.clip(moved, 0, 1))
            parts.append(
                _Parts(
                    returns_cost=_returns(step, J),
                    has_gradient=_is_same_gradient(step.gradient, gradient),
                    moves=moves,
                    is_applied_once=times == 1,
                    clips=moves and _is_within(step.image),
                )
            )
            image, applied = step.image, step.applied
        return parts

    def _moved(
        self, image: np.ndarray, velocity: np.ndarray, gradient: np.ndarray | None, times: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The image and the velocity after the optimizer was given a gradient so many times."""
        if gradient is None or gradient.shape != image.shape:
            return image, velocity
        for _ in range(min(times, STEPS)):
            velocity = self._scene.momentum * velocity - self._learning_rate * gradient
            image = image + velocity
        return image, velocity

    def is_gradient_of_costs(self) -> bool:
        """Whether the first gradient is that of a sum of the two costs, whatever their weights."""
        gradient = self._run[0].gradient
        if gradient is None or gradient.shape != self._scene.start.shape or not np.isfinite(gradient).all():
            return False
        of_costs = self._objective.gradients_of_costs(self._scene.start)
        columns = np.stack([np.ravel(each) / max(np.abs(each).max(), 1e-30) for each in of_costs], axis=1)
        weights = np.linalg.lstsq(columns, gradient.ravel(), rcond=None)[0]
        fitted = (columns @ weights).reshape(gradient.shape)
        return bool(gradient.any()) and _is_same_gradient(gradient, fitted)

    def is_gradient_of_what_is_returned(self) -> bool:
        """Whether the first gradient is that of the value returned, as its slopes tell."""
        first = self._run[0]
        gradient, slopes = first.gradient, first.slopes
        if gradient is None or gradient.shape != self._scene.start.shape or not slopes or not any(slopes):
            return False
        for direction, slope in zip(self._scene.directions(), slopes, strict=True):
            along = float(np.sum(gradient * direction, dtype=np.float64))
            typical = float(np.linalg.norm(gradient) * np.linalg.norm(direction)) / gradient.size**0.5
            if not abs(slope - along) <= _TOLERANCE_OF_SLOPES * typical:
                return False
        return True


def _met(helpers: Mapping[str, Callable], trial: StepTrial, observed: Runs) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    runs = [_JudgedRun(helpers, trial, *each) for each in zip(trial.scenes, observed, strict=True)]
    written, traced = runs
    first = written.parts[0]
    of_returned = not first.has_gradient and traced.is_gradient_of_what_is_returned()
    has_gradient = first.has_gradient or of_returned
    is_no_accident = has_gradient or written.is_gradient_of_costs()
    applies = is_no_accident and first.moves and first.is_applied_once
    clips = is_no_accident and first.clips
    repeats = all(
        (each.has_gradient or of_returned)
        and (each.moves and each.is_applied_once)
        and (each.returns_cost or not first.returns_cost)
        and (each.clips or not clips)
        for run in runs
        for each in run.parts
    )
    are_all = all(len(run) == STEPS for run in observed)
    return [first.returns_cost, has_gradient, applies, clips, applies and are_all and repeats]


def _returns(step: Step, J: float) -> bool:
    value = step.returned.value
    is_tensor = (step.returned.kind, step.returned.dtype) == ("tensor", "float32")
    if not is_tensor or value is None or value.size != 1:
        return False
    return abs(value.item() - J) <= _TOLERANCE_OF_J * abs(J)


def _is_same_gradient(one: np.ndarray | None, other: np.ndarray) -> bool:
    if one is None or one.shape != other.shape:
        return False
    return bool(np.allclose(one, other, 0, _TOLERANCE_OF_GRADIENT * np.abs(other).max()))


# ------------------------------------------------------------------------------------- which mistake it is


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
    return _is_same_J(one, other, _TOLERANCE_OF_MISTAKES)


def _is_same_J(one: Step, other: Step, tolerance: float = _TOLERANCE_OF_J) -> bool:
    a, b = one.returned.value, other.returned.value
    if a is None or b is None or a.size != b.size:
        return False
    return bool(np.allclose(a.ravel(), b.ravel(), 0, tolerance * np.abs(b).max()))


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
