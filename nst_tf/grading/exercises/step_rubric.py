"""What is right about a training step, part by part: for the rubric, and for what is said of it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst_tf.grading.step_trial import STEPS, Scene, Step, StepTrial, network

DEFAULT_WEIGHTS = {"alpha": 10.0, "beta": 40.0}  # total_cost's
TOLERANCE_OF_J = 1e-2  # relative
_TOLERANCE_OF_GRADIENT = 1e-2  # relative to its largest entry
_TOLERANCE_OF_SLOPES = 5e-2  # relative to what the slope along a random direction comes to
_TOLERANCE_OF_PIXELS = 1e-2

Runs = tuple[list[Step], list[Step]]  # as the step is written, and inside tf.function


def weights_of(trial: StepTrial) -> tuple[float, float]:
    """α and β: the notebook's, or total_cost's defaults."""
    weights = trial.weights or DEFAULT_WEIGHTS
    return weights["alpha"], weights["beta"]


class Objective:
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
        return self._helpers["total_cost"](J_content, J_style, *weights_of(self._trial))

    def _costs(self, image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        a_G = self._network(image)
        content_cost, style_cost = (
            self._helpers[name] for name in ("compute_content_cost", "compute_style_cost")
        )
        return content_cost(self._a_C, a_G), style_cost(self._a_S, a_G, self._trial.style_layers)


class Parts(NamedTuple):
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


class JudgedRun:
    """The steps of one run, each judged from the image that the one before has left."""

    def __init__(
        self, helpers: Mapping[str, Callable], trial: StepTrial, scene: Scene, run: list[Step]
    ) -> None:
        self._objective, self._learning_rate = Objective(helpers, trial, scene), trial.learning_rate
        self._scene, self._run = scene, run

    @cached_property
    def parts(self) -> list[Parts]:
        """What is right about each step."""
        parts: list[Parts] = []
        image, velocity, applied = self._scene.start, np.zeros_like(self._scene.start), 0
        for step in self._run:
            if step.image.shape != image.shape:
                return [*parts, Parts()]
            J, gradient = self._objective.at(image)
            times = step.applied - applied
            moved, velocity = self._moved(image, velocity, step.gradient, times)
            moves = times > 0 and are_same_pixels(np.clip(step.image, 0, 1), np.clip(moved, 0, 1))
            parts.append(
                Parts(
                    returns_cost=_returns(step, J),
                    has_gradient=_is_same_gradient(step.gradient, gradient),
                    moves=moves,
                    is_applied_once=times == 1,
                    clips=moves and is_within(step.image),
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

    @cached_property
    def weights_in_gradient(self) -> tuple[float, float] | None:
        """The weights with which the first gradient is that of a sum of the two costs; None if it isn't."""
        gradient = self._run[0].gradient
        if gradient is None or gradient.shape != self._scene.start.shape or not np.isfinite(gradient).all():
            return None
        of_costs = self._objective.gradients_of_costs(self._scene.start)
        scales = [max(float(np.abs(each).max()), 1e-30) for each in of_costs]
        columns = np.stack([np.ravel(each) / scale for each, scale in zip(of_costs, scales, strict=True)], 1)
        weights = np.linalg.lstsq(columns, gradient.ravel(), rcond=None)[0]
        fitted = (columns @ weights).reshape(gradient.shape)
        if not gradient.any() or not _is_same_gradient(gradient, fitted):
            return None
        content, style = weights / scales
        return float(content), float(style)

    @property
    def has_clipped_gradient(self) -> bool:
        """Whether the first gradient is J's, clipped to [0, 1] or [-1, 1] where that makes a difference."""
        given, (_, right) = self._run[0].gradient, self._objective.at(self._scene.start)
        if given is None or given.shape != right.shape or _is_same_gradient(given, right):
            return False
        return any(_is_same_gradient(given, np.clip(right, lowest, 1)) for lowest in (0, -1))

    @property
    def costs(self) -> tuple[float, float]:
        """J_content and J_style of the image that it starts from."""
        return self._objective.costs(self._scene.start)

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


def met_by(helpers: Mapping[str, Callable], trial: StepTrial, observed: Runs) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    runs = [JudgedRun(helpers, trial, *each) for each in zip(trial.scenes, observed, strict=True)]
    written, traced = runs
    first = written.parts[0]
    of_returned = not first.has_gradient and traced.is_gradient_of_what_is_returned()
    has_gradient = first.has_gradient or of_returned
    is_no_accident = has_gradient or written.weights_in_gradient is not None
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
    return abs(value.item() - J) <= TOLERANCE_OF_J * abs(J)


def _is_same_gradient(one: np.ndarray | None, other: np.ndarray) -> bool:
    if one is None or one.shape != other.shape:
        return False
    return bool(np.allclose(one, other, 0, _TOLERANCE_OF_GRADIENT * np.abs(other).max()))


def are_same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two images are the same, up to rounding."""
    return one.shape == other.shape and bool(np.allclose(one, other, 0, _TOLERANCE_OF_PIXELS))


def is_within(image: np.ndarray) -> bool:
    """Whether every pixel lies in [0, 1]."""
    return bool(image.min() >= 0 and image.max() <= 1)
