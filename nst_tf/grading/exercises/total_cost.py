"""total_cost: content and style, each with its weight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    NUMPY,
    NUMPY_NUMBER,
)
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input

# How many times larger other values are: far apart, so that the larger or the smaller of the two costs is not
# the same one in all of them.
_TIMES = (7.0, 100.0, 0.005)


@dataclass(frozen=True)
class TotalCost(RightFunction):
    """total_cost: α J_content + β J_style. Source: Gatys et al. 2015, eq. 7."""

    costs: Callable = lambda J_content, J_style: (J_content, J_style)
    weights: Callable = lambda alpha, beta: (alpha, beta)
    content: Callable = lambda alpha, J_content: alpha * J_content
    style: Callable = lambda beta, J_style: beta * J_style
    together: Callable = lambda content, style: content + style
    factor: Callable = lambda J, alpha, beta: J
    result: Callable = the_same

    def __call__(
        self, J_content: tf.Tensor, J_style: tf.Tensor, alpha: float = 10, beta: float = 40
    ) -> tf.Tensor:
        """J, a scalar."""
        J_content, J_style = self.costs(tf.convert_to_tensor(J_content), tf.convert_to_tensor(J_style))
        alpha, beta = self.weights(*(tf.cast(each, J_content.dtype) for each in (alpha, beta)))
        J = self.together(self.content(alpha, J_content), self.style(beta, J_style))
        return self.result(self.factor(J, alpha, beta))


def _inputs(random: Generator) -> list[Input]:
    values = random.uniform([1, 5, 11, 17], [4, 9, 15, 29])
    inputs = [_input(values)]
    for place, name in enumerate(("J_content", "J_style", "alpha", "beta")):
        for times in _TIMES:
            other = times * values[place] * random.uniform(1.5, 2)
            inputs.append(_input([*values[:place], other, *values[place + 1 :]], only=name))
    costs = inputs[0].arguments[:2]
    return [*inputs, Input(costs, "the default alpha and beta")]


def _input(values: Sequence[float] | np.ndarray, only: str | None = None) -> Input:
    J_content, J_style, alpha, beta = (float(f"{value:.3g}") for value in values)
    words = f"J_content = {J_content}, J_style = {J_style}, alpha = {alpha}, beta = {beta}"
    return Input((np.float32(J_content), np.float32(J_style), alpha, beta), words, only)


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    mistake(
        "numpy-inside",
        NUMPY,
        result=lambda J: tf.convert_to_tensor(np.add(J, 0)),
    ),
    mistake(
        "weights-swapped",
        "α and β are swapped: which cost does α belong to?",
        weights=lambda alpha, beta: (beta, alpha),
    ),
    mistake(
        "weights-ignored",
        "The costs are added up without α and β.",
        weights=lambda alpha, beta: (1, 1),
    ),
    mistake(
        "weights-hard-coded",
        "It always uses α = 10 and β = 40, whatever values are passed in: those are only the defaults. Use "
        "the parameters `alpha` and `beta`.",
        weights=lambda alpha, beta: (10, 40),
    ),
    mistake(
        "alpha-hard-coded",
        "It always uses α = 10, whatever value is passed in: use the parameter `alpha`.",
        weights=lambda alpha, beta: (10, beta),
    ),
    mistake(
        "beta-hard-coded",
        "It always uses β = 40, whatever value is passed in: use the parameter `beta`.",
        weights=lambda alpha, beta: (alpha, 40),
    ),
    mistake("alpha-ignored", "J_content isn't multiplied by α.", weights=lambda alpha, beta: (1, beta)),
    mistake("beta-ignored", "J_style isn't multiplied by β.", weights=lambda alpha, beta: (alpha, 1)),
    mistake("alpha-for-beta", "Both costs are multiplied by α.", weights=lambda alpha, beta: (alpha, alpha)),
    mistake("beta-for-alpha", "Both costs are multiplied by β.", weights=lambda alpha, beta: (beta, beta)),
    mistake(
        "content-twice",
        "J_content is used twice, and J_style not at all.",
        costs=lambda J_content, J_style: (J_content, J_content),
    ),
    mistake(
        "style-twice",
        "J_style is used twice, and J_content not at all.",
        costs=lambda J_content, J_style: (J_style, J_style),
    ),
    mistake(
        "global-for-J-content",
        GLOBAL.format(argument="J_content"),
        ignores="J_content",
        costs=lambda J_content, J_style: (tf.cast(5.43, J_style.dtype), J_style),
    ),
    mistake(
        "global-for-J-style",
        GLOBAL.format(argument="J_style"),
        ignores="J_style",
        costs=lambda J_content, J_style: (J_content, tf.cast(5.43, J_content.dtype)),
    ),
    mistake(
        "alpha-added",
        "α is added to J_content: what should a weight do to its cost?",
        content=lambda alpha, J_content: alpha + J_content,
    ),
    mistake(
        "beta-added",
        "β is added to J_style: what should a weight do to its cost?",
        style=lambda beta, J_style: beta + J_style,
    ),
    mistake(
        "divided-by-alpha",
        "J_content is divided by α: what should a weight do to its cost?",
        content=lambda alpha, J_content: J_content / alpha,
    ),
    mistake(
        "divided-by-beta",
        "J_style is divided by β: what should a weight do to its cost?",
        style=lambda beta, J_style: J_style / beta,
    ),
    mistake(
        "content-missing",
        "J_content is missing.",
        content=lambda alpha, J_content: 0.0,
        costs=lambda *costs: costs,
    ),
    mistake(
        "style-missing", "J_style is missing.", style=lambda beta, J_style: 0.0, costs=lambda *costs: costs
    ),
    mistake(
        "style-subtracted",
        "J_style is subtracted. Both costs should become small, so both are added.",
        together=lambda content, style: content - style,
    ),
    mistake(
        "costs-multiplied",
        "The two weighted costs are multiplied, but the formula adds them.",
        together=lambda content, style: content * style,
    ),
    mistake(
        "divided-by-the-weights",
        "The sum is divided by α + β, as for a weighted mean. The formula only adds.",
        factor=lambda J, alpha, beta: J / (alpha + beta),
    ),
    mistake(
        "halved",
        "The result is half of what the formula gives: there is no other factor.",
        factor=lambda J, alpha, beta: J / 2,
    ),
    mistake(
        "doubled",
        "The result is twice what the formula gives: there is no other factor.",
        factor=lambda J, alpha, beta: 2 * J,
    ),
]


EXERCISE = ValueExercise(
    name="total_cost",
    right=TotalCost(),
    differentiated=(0, 1),
    inputs=_inputs,
    mistakes=MISTAKES,
)
