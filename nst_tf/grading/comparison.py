"""What the right function does with some inputs, and whether another one does the same."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.inputs import DIFFERENTIATED, Input
from nst_tf.grading.trial import Observation, observe, tensors
from nst_tf.grading.references import REFERENCES

TOLERANCE = (
    1e-2  # relative; a matrix product in a GPU's TF32 is off by up to 4e-3, the mildest mistake by over 5e-2
)


@dataclass(frozen=True)
class Evidence:
    """What a cost function did: with each input as it is written, and with the first one as a graph."""

    observations: list[Observation]
    run: GraphRun


class Right:
    """What the right function does with each input, and how far from it is still right."""

    def __init__(self, name: str, inputs: list[Input]) -> None:
        self.name, self.inputs = name, inputs
        self.observations = [observe(REFERENCES[name], each.arguments, tf.float64) for each in inputs]
        self.values = [each.value for each in self.observations]
        self._scales = [np.abs(value).max() for value in self.values]
        self.gradient = _gradient(REFERENCES[name], inputs[0].arguments, DIFFERENTIATED[name])

    def is_right(self, place: int, value: np.ndarray | None) -> bool:
        """Whether it is the value for the input in that place."""
        return self.is_close(place, value, self.values[place])

    def is_close(self, place: int, value: np.ndarray | None, expected: np.ndarray) -> bool:
        """Whether two values are as good as the same, on the scale of that input's right value."""
        if value is None or not is_shape(value, expected):
            return False
        scale = max(np.abs(expected).max(), 1e-6 * max(self._scales)) if np.isfinite(expected).all() else 1.0
        with np.errstate(invalid="ignore"):
            return bool(
                np.allclose(value.reshape(expected.shape), expected, 0, TOLERANCE * scale, equal_nan=True)
            )

    def is_gradient(self, gradient: np.ndarray | None) -> bool:
        """Whether it is the gradient for the first input."""
        scale = np.abs(self.gradient).max()
        return gradient is not None and bool(np.allclose(gradient, self.gradient, 0, TOLERANCE * scale))


def is_shape(value: np.ndarray | None, expected: np.ndarray) -> bool:
    """Whether the shapes agree; (1,) will do for a scalar."""
    return value is not None and (
        value.shape == expected.shape or (value.shape == (1,) and expected.shape == ())
    )


def _gradient(function: Callable, arguments: tuple, differentiated: tuple[int, ...]) -> np.ndarray:
    given = tensors(arguments, tf.float64)
    watched = tf.nest.flatten([given[place] for place in differentiated])
    with tf.GradientTape() as tape:
        tape.watch(watched)
        total = tf.reduce_sum(function(*given))
    gradients = tape.gradient(total, watched, unconnected_gradients="zero")
    return np.concatenate([np.ravel(gradient) for gradient in gradients])


def constant_factor(right: Right, values: list[np.ndarray | None]) -> float | None:
    """c, where each value is c times the right one; None where there is no such number but 0."""
    first = values[0]
    if first is None or not is_shape(first, right.values[0]) or not np.isfinite(first).all():
        return None
    largest = np.unravel_index(np.abs(right.values[0]).argmax(), right.values[0].shape)
    factor = float(first.reshape(right.values[0].shape)[largest] / right.values[0][largest])
    if abs(factor) < 1e-9:
        return None
    is_factor = all(
        value is not None and right.is_close(place, value / factor, right.values[place])
        for place, value in enumerate(values)
    )
    return factor if is_factor else None


def ignored_arguments(right: Right, evidence: Evidence) -> list[str]:
    """The arguments that make no difference to the value, where they should."""
    values = [each.value for each in evidence.observations]
    if values[0] is None:
        return []
    return [
        each.only
        for place, each in enumerate(right.inputs)
        if each.only and values[place] is not None and right.is_close(place, values[place], values[0])
    ]
