"""compute_layer_style_cost: how far G's Gram matrix is from S's, in one layer."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    AN_OVERFLOW,
    ARRAY_FOR_TENSOR,
    IN_PLACE_OF_RESULT,
    INT32_OVERFLOW,
    NUMBER_FOR_TENSOR,
    NUMPY_NUMBER,
    POWERS,
    QUARTERS,
    TWO_ACTIVATIONS,
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
    words = f"activations of a real layer's shape, (1, {', '.join(map(str, LARGE_SHAPE))})"
    return Input(large_activations(), words, is_large=True)


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    *TWO_ACTIVATIONS,
    mistake(
        "not-unrolled",
        "`gram_matrix` takes a matrix of shape (n_C, n_H·n_W), but here it gets activations with all four "
        "axes: unroll both first.",
        reshape=lambda a, n_H, n_W, n_C: a,
        transpose=the_same,
        gram=lambda a: tf.matmul(a, a, transpose_b=True),
    ),
    mistake(
        "reshaped-straight",
        "The rows of the unrolled matrices mix the channels. In memory, the channels of each position lie "
        "side by side: which shape can a reshape give, then, and what has to come after it?",
        reshape=lambda a, n_H, n_W, n_C: tf.reshape(a, [n_C, n_H * n_W]),
        transpose=lambda A: A,
    ),
    mistake(
        "positions-for-channels",
        "The Gram matrices compare positions, not channels: their shape is (n_H·n_W, n_H·n_W). Which axis "
        "has to hold the channels before you take the product?",
        gram=lambda A: tf.matmul(A, A, transpose_a=True),
    ),
    mistake(
        "elementwise-product",
        "The activations are multiplied entry by entry. A matrix product compares every channel with every "
        "other.",
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
        "It divides by n_H·n_W twice: once in the Gram matrices and again in the formula's factor.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W),
        positions=LayerStyleCost.positions,
    ),
    mistake(
        "gram-divided-by-size",
        "It divides by the layer's size twice: once in the Gram matrices and again in the formula's factor.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W * n_C),
        positions=LayerStyleCost.positions,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two Gram matrices. The cost has to be 0 when they are equal: how should you combine "
        "them?",
        difference=lambda G_S, G_G: G_S + G_G,
    ),
    *POWERS,
    mistake(
        "mean-for-sum",
        "It divides by n_C² twice: taking the mean of the squares already does so once.",
        reduction=tf.reduce_mean,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "diagonal-only",
        "Only the diagonals of the Gram matrices are compared: what about pairs of different channels?",
        reduction=lambda squares: tf.linalg.trace(squares),
    ),
    *QUARTERS,
    mistake(
        "channels-missing",
        "Either n_C² is missing from the denominator, or the sizes are read one axis too early: an "
        "activation's first axis is the batch axis, of size 1.",
        channels=lambda n_C: 1,
    ),
    mistake(
        "channels-not-squared",
        "The denominator contains n_C, but the formula has its square.",
        channels=lambda n_C: n_C,
    ),
    mistake(
        "three-channels",
        "In the denominator, the number of channels is always 3. A picture has 3 colours, but n_C is the "
        "number of channels of the layer: where can you read it?",
        channels=lambda n_C: 3**2,
    ),
    mistake("positions-missing", "(n_H·n_W)² is missing from the denominator.", positions=lambda n_H, n_W: 1),
    mistake(
        "positions-not-squared",
        "The denominator contains n_H·n_W, but the formula has its square.",
        positions=lambda n_H, n_W: n_H * n_W,
    ),
    mistake(
        "width-not-squared",
        "In the denominator only n_H is squared: the parentheses in (n_H·n_W)² contain both.",
        positions=lambda n_H, n_W: n_H**2 * n_W,
    ),
    mistake(
        "height-not-squared",
        "In the denominator only n_W is squared: without parentheses, Python squares only what comes right "
        "before the `**`.",
        positions=lambda n_H, n_W: n_H * n_W**2,
    ),
    mistake(
        "factor-upside-down",
        "It multiplies by n_C² (n_H·n_W)² instead of dividing. In Python, `1 / 4 * n` is a quarter *of* n: "
        "where do the parentheses go?",
        channels=lambda n_C: 1 / n_C**2,
        positions=lambda n_H, n_W: 1 / (n_H * n_W) ** 2,
    ),
    mistake(
        "factor-missing",
        "The factor is missing: the formula divides by 4 n_C² (n_H·n_W)².",
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
