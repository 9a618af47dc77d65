"""compute_layer_style_cost: how far G's Gram matrix is from S's, in one layer."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    AN_OVERFLOW,
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    INT32_OVERFLOW,
    NUMBER_FOR_TENSOR,
    NUMPY_NUMBER,
    POWERS,
    QUARTERS,
    compared_with_itself,
    from_the_notebook,
)
from nst_tf.grading.exercises.random_inputs import (
    FACTORS,
    LARGE_SHAPE,
    SHAPES,
    for_two_sides,
    large_activations,
    random_activation,
)
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input


@dataclass(frozen=True)
class LayerStyleCost(RightFunction):
    """compute_layer_style_cost: Σ (G_S − G_G)² / (4 · n_C² · (n_H·n_W)²).

    Source: Gatys et al. 2015, eq. 4.
    """

    activations: Callable = lambda a_S, a_G: (a_S, a_G)
    reshape: Callable = lambda a, n_H, n_W, n_C: tf.reshape(a, [n_H * n_W, n_C])
    transpose: Callable = tf.transpose
    gram: Callable = lambda A: tf.matmul(A, tf.transpose(A))
    gram_factor: Callable = lambda G, n_H, n_W, n_C: G
    difference: Callable = lambda G_S, G_G: G_S - G_G
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    quarter: Callable = lambda: 4
    channels: Callable = lambda n_C: n_C**2
    positions: Callable = lambda n_H, n_W: (n_H * n_W) ** 2
    factor: Callable = lambda summed, divisor: summed / divisor
    result: Callable = the_same

    def __call__(self, a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
        """J_style^[l], a scalar."""
        a_S, a_G = self.activations(a_S, a_G)
        n_H, n_W, n_C = a_G.shape[-3:]
        A_S, A_G = (self.transpose(self.reshape(a, n_H, n_W, n_C)) for a in (a_S, a_G))
        G_S, G_G = (self.gram_factor(self.gram(A), n_H, n_W, n_C) for A in (A_S, A_G))
        summed = self.reduction(self.power(self.difference(G_S, G_G)))
        return self.result(
            self.factor(summed, self.quarter() * self.channels(n_C) * self.positions(n_H, n_W))
        )


def _inputs(random: Generator) -> list[Input]:
    calls = [(random_activation(random, shape), random_activation(random, shape)) for shape in SHAPES]
    others = [
        (random_activation(random, SHAPES[0], factor), random_activation(random, SHAPES[0], factor))
        for factor in FACTORS
    ]
    return for_two_sides("a_S", "a_G", calls, others)


def _large() -> Input:
    words = f"activations of a real layer's shape (1, {', '.join(map(str, LARGE_SHAPE))})"
    return Input(large_activations(), words, is_large=True)


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    mistake(
        "compared-with-itself",
        compared_with_itself("an image's style", "a_S", "a_G"),
        activations=lambda a_S, a_G: (a_S, a_S),
    ),
    mistake(
        "global-for-a-S",
        GLOBAL.format(argument="a_S"),
        ignores="a_S",
        activations=lambda a_S, a_G: (from_the_notebook(a_S), a_G),
    ),
    mistake(
        "global-for-a-G",
        GLOBAL.format(argument="a_G"),
        ignores="a_G",
        activations=lambda a_S, a_G: (a_S, from_the_notebook(a_G)),
    ),
    mistake(
        "not-unrolled",
        "`gram_matrix` takes a matrix of shape (n_C, n_H·n_W), but here it gets the activations with all "
        "four axes: unroll both first.",
        reshape=lambda a, n_H, n_W, n_C: a,
        transpose=the_same,
        gram=lambda a: tf.matmul(a, a, transpose_b=True),
    ),
    mistake(
        "reshaped-straight",
        "The rows of the unrolled matrices mix the channels. In memory the channels stand side by side at "
        "every position, so which shape can a reshape give, and what has to follow?",
        reshape=lambda a, n_H, n_W, n_C: tf.reshape(a, [n_C, n_H * n_W]),
        transpose=lambda A: A,
    ),
    mistake(
        "positions-for-channels",
        "The Gram matrices compare positions, not channels: they are of shape (n_H·n_W, n_H·n_W). Which axis "
        "has to be the channels' before the product is taken?",
        gram=lambda A: tf.matmul(A, A, transpose_a=True),
    ),
    mistake(
        "elementwise-product",
        "The Gram matrices are products entry by entry. "
        "A matrix product compares every channel with every other.",
        gram=lambda A: A * A,
    ),
    mistake(
        "no-gram-matrix",
        "It compares the activations themselves, position by position. "
        "Style is compared through the Gram matrices.",
        gram=lambda A: A,
    ),
    mistake(
        "gram-divided-by-positions",
        "Divided by n_H·n_W twice: the Gram matrices are divided by it, "
        "and the factor of the formula does it once more.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W),
        positions=LayerStyleCost.positions,
    ),
    mistake(
        "gram-divided-by-size",
        "The Gram matrices are divided by their layer's size, "
        "and the factor of the formula does it once more.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W * n_C),
        positions=LayerStyleCost.positions,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two Gram matrices. The cost is 0 when they are equal: what has to be done with them?",
        difference=lambda G_S, G_G: G_S + G_G,
    ),
    *POWERS,
    mistake(
        "mean-for-sum",
        "It takes the mean of the squares, and divides by n_C² once more: a mean has that in it already.",
        reduction=tf.reduce_mean,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "diagonal-only",
        "Only the diagonals of the Gram matrices are compared: what about the pairs of different channels?",
        reduction=lambda squares: tf.linalg.trace(squares),
    ),
    *QUARTERS,
    mistake(
        "channels-missing",
        "n_C² is missing below the line, or the sizes are read one axis too early: an activation's first "
        "axis is the batch of 1.",
        channels=lambda n_C: 1,
    ),
    mistake(
        "channels-not-squared",
        "Below the line there is n_C: the formula has its square.",
        channels=lambda n_C: n_C,
    ),
    mistake("positions-missing", "(n_H·n_W)² is missing below the line.", positions=lambda n_H, n_W: 1),
    mistake(
        "positions-not-squared",
        "Below the line there is n_H·n_W: the formula has its square.",
        positions=lambda n_H, n_W: n_H * n_W,
    ),
    mistake(
        "width-not-squared",
        "Below the line only n_H is squared: the brackets of (n_H·n_W)² hold both.",
        positions=lambda n_H, n_W: n_H**2 * n_W,
    ),
    mistake(
        "height-not-squared",
        "Below the line only n_W is squared: without brackets, "
        "Python squares what stands right before the power.",
        positions=lambda n_H, n_W: n_H * n_W**2,
    ),
    mistake(
        "factor-upside-down",
        "It is multiplied by n_C² (n_H·n_W)². In Python, `1 / 4 * n` is a quarter *of* n: "
        "where do the brackets go?",
        channels=lambda n_C: 1 / n_C**2,
        positions=lambda n_H, n_W: 1 / (n_H * n_W) ** 2,
    ),
    mistake(
        "factor-missing",
        "There is no factor: the formula divides by 4 n_C² (n_H·n_W)².",
        factor=lambda summed, divisor: summed,
        quarter=LayerStyleCost.quarter,
        channels=LayerStyleCost.channels,
        positions=LayerStyleCost.positions,
    ),
]


def _wrapped(number: int) -> int:
    """What is left of a whole number in 32 bits."""
    return (number + 2**31) % 2**32 - 2**31


# The product of the sizes in an int32 tensor; each has taken in more of the formula.
OVERFLOWS = [
    mistake(INT32_OVERFLOW, AN_OVERFLOW, **steps)
    for steps in (
        {"positions": lambda n_H, n_W: _wrapped((n_H * n_W) ** 2)},
        {"factor": lambda summed, divisor: summed / (4 * _wrapped(divisor // 4))},
        {"factor": lambda summed, divisor: summed / _wrapped(divisor)},
    )
]


EXERCISE = ValueExercise(
    name="compute_layer_style_cost",
    right=LayerStyleCost(),
    differentiated=(1,),
    inputs=_inputs,
    mistakes=MISTAKES,
    helpers=stand_ins("gram_matrix"),
    large=_large,
    mistakes_at_large=OVERFLOWS,
)
