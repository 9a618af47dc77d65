"""Compares what a function did with what is expected."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import tensorflow as tf

from nst_tf.grading.trial import observe, tensors
from nst_tf.grading.value_trial import ValueTrial

# Relative: a product in a GPU's TF32 is off by up to 4e-3, the mildest mistake by over 5e-2.
TOLERANCE = 1e-2
# Relative: two values are the same if they differ by less. What doesn't depend on an argument is computed by
# the same operations on the same numbers, so that hardly a bit differs.
ROUNDING = 4 * float(np.finfo(np.float32).eps)

Values = Sequence[np.ndarray | None]  # one for each call


class Expected:
    """What the right function does in a trial, and how close to it counts as right.

    Attributes:
        values: the right value for each input.
    """

    def __init__(self, right: Callable, trial: ValueTrial, tolerance: float = TOLERANCE) -> None:
        self.inputs = trial.inputs
        self.values = [_value(right, each.arguments) for each in trial.inputs]
        self._right, self._trial, self._tolerance = right, trial, tolerance
        self._scales = [np.abs(value).max() for value in self.values]

    @cached_property
    def gradient(self) -> np.ndarray:
        """The right gradient for the first input."""
        return _gradient(self._right, self._trial.first, self._trial.differentiated)

    def is_right(self, place: int, value: np.ndarray | None) -> bool:
        """Whether it is the value for the input in that place."""
        return self.is_close(value, self.values[place])

    def is_close(self, value: np.ndarray | None, expected: np.ndarray) -> bool:
        """Whether two values are as good as the same, on the scale of the expected one."""
        if value is None or not is_shape(value, expected):
            return False
        scale = max(np.abs(expected).max(), 1e-6 * max(self._scales)) if np.isfinite(expected).all() else 1.0
        value = value.reshape(expected.shape)
        with np.errstate(invalid="ignore"):
            return bool(np.allclose(value, expected, 0, self._tolerance * scale, equal_nan=True))

    def is_gradient(self, gradient: np.ndarray | None) -> bool:
        """Whether it is the gradient for the first input."""
        scale = np.abs(self.gradient).max()
        return gradient is not None and bool(np.allclose(gradient, self.gradient, 0, self._tolerance * scale))

    def wrong_places(self, values: Values) -> list[int]:
        """The places of the inputs for which a value is wrong."""
        return [place for place, value in enumerate(values) if not self.is_right(place, value)]


def is_shape(value: np.ndarray | None, expected: np.ndarray) -> bool:
    """Whether the shapes agree; (1,) will do for a scalar."""
    return value is not None and value.shape in (expected.shape, *([(1,)] if expected.shape == () else []))


def _value(function: Callable, arguments: tuple) -> np.ndarray:
    observed = observe(function, arguments, tf.float64)
    if observed.value is None:
        raise ValueError(f"the right function has no value: {observed.text or observed.kind}")
    return observed.value


def _gradient(function: Callable, arguments: tuple, differentiated: tuple[int, ...]) -> np.ndarray:
    given = tensors(arguments, tf.float64)
    watched = tf.nest.flatten([given[place] for place in differentiated])
    with tf.GradientTape() as tape:
        tape.watch(watched)
        total = tf.reduce_sum(function(*given))
    gradients = tape.gradient(total, watched, unconnected_gradients="zero")
    return np.concatenate([np.ravel(gradient) for gradient in gradients])


def is_unchanged(value: np.ndarray | None, first: np.ndarray) -> bool:
    """Whether two values of one function differ by no more than rounding."""
    if value is None or value.shape != first.shape:
        return False
    finite = np.abs(first[np.isfinite(first)])
    scale = finite.max() if finite.size else 0.0
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(value, first, 0, ROUNDING * scale, equal_nan=True))


def constant_factor(expected: Expected, values: Values) -> float | None:
    """The c for which each value is c times the right one; None if there is none, or it is 0."""
    first, right = values[0], expected.values[0]
    if first is None or not is_shape(first, right) or not np.isfinite(first).all():
        return None
    largest = np.unravel_index(np.abs(right).argmax(), right.shape)
    factor = float(first.reshape(right.shape)[largest] / right[largest])
    if abs(factor) < 1e-9:
        return None
    is_factor = all(
        value is not None and expected.is_close(value / factor, expected.values[place])
        for place, value in enumerate(values)
    )
    return factor if is_factor else None


def ignored_arguments(expected: Expected, values: Values) -> list[str]:
    """The arguments that should make a difference to the value but don't, in any of the inputs."""
    first = values[0]
    if first is None:
        return []
    is_ignored: dict[str, bool] = {}
    for each, value in zip(expected.inputs, values, strict=True):
        if each.only:
            is_ignored[each.only] = is_ignored.get(each.only, True) and is_unchanged(value, first)
    return [argument for argument, ignored in is_ignored.items() if ignored]
