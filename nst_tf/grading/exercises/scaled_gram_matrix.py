"""scaled_gram_matrix: the Gram matrix of an activation, divided by the number of its entries."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    NUMPY_PRODUCT,
    OF_THE_PRODUCT,
    from_the_notebook,
)
from nst_tf.grading.exercises.random_inputs import FACTORS, random_activation
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input

_SHAPES = ((3, 5, 4), (2, 3, 6), (2, 2, 5))  # n_H, n_W, n_C: none has three channels


@dataclass(frozen=True)
class ScaledGramMatrix(RightFunction):
    """scaled_gram_matrix: A Aᵀ / (n_H·n_W·n_C), for an activation of shape (1, n_H, n_W, n_C).

    Source: Johnson et al. 2016, section 3.2.
    """

    activation: Callable = the_same
    unrolled: Callable = lambda a: tf.reshape(a, [-1, a.shape[-1]])
    turned: Callable = tf.transpose
    product: Callable = lambda A: tf.matmul(A, tf.transpose(A))
    positions: Callable = lambda n_H, n_W: n_H * n_W
    channels: Callable = the_same
    divided: Callable = lambda product, positions, channels: product / (positions * channels)
    result: Callable = the_same

    def __call__(self, a: tf.Tensor) -> tf.Tensor:
        """A matrix of shape (n_C, n_C)."""
        a = self.activation(a)
        n_H, n_W, n_C = a.shape[-3:]
        product = self.product(self.turned(self.unrolled(a)))
        sizes = {"positions": self.positions(n_H, n_W), "channels": self.channels(n_C)}
        return self.result(self.divided(product, **sizes))


def _inputs(random: Generator) -> list[Input]:
    activations = [random_activation(random, shape) for shape in _SHAPES]
    others = [random_activation(random, _SHAPES[0], factor) for factor in (*FACTORS, 0.2)]
    return [
        *(Input((a,), f"an activation of shape {a.shape}") for a in activations),
        *(Input((other,), "a different activation", only="a") for other in others),
    ]


MULTIPLIED = (
    "It is divided by one size and multiplied by the others: in Python, `x / y * z` is `(x / y) * z`. What "
    "is missing?"
)
MISTAKES = [
    *IN_PLACE_OF_RESULT,
    ARRAY_FOR_TENSOR,
    NUMPY_PRODUCT,
    *OF_THE_PRODUCT,
    mistake("global-for-argument", GLOBAL.format(argument="a"), ignores="a", activation=from_the_notebook),
    mistake(
        "reshaped-straight",
        "The activation is reshaped straight to (n_C, n_H·n_W), so no row holds one channel: a reshape "
        "keeps the order in memory, where the channels of one position stand side by side.",
        unrolled=lambda a: tf.reshape(a, [a.shape[-1], -1]),
        turned=the_same,
    ),
    mistake(
        "reshaped-straight-and-turned",
        "It has shape (n_H·n_W, n_H·n_W): the reshape mixes the channels as before, and the transpose comes "
        "after it. Which shape keeps the channels of one position side by side?",
        unrolled=lambda a: tf.reshape(a, [a.shape[-1], -1]),
        turned=tf.transpose,
    ),
    mistake(
        "positions-for-channels",
        "It has shape (n_H·n_W, n_H·n_W) and compares positions. Which axis of A has to hold the channels?",
        turned=the_same,
    ),
    mistake(
        "three-channels",
        "The divisor always has 3 channels. That is right for a picture: how many has the activation?",
        channels=lambda n_C: 3,
    ),
    mistake(
        "channels-forgotten",
        "It is divided by n_H·n_W only. The divisor is the number of all entries: what is missing?",
        channels=lambda n_C: 1,
    ),
    mistake(
        "channels-squared",
        "The number of channels is squared in the divisor, as in the style cost. Here it isn't.",
        channels=lambda n_C: n_C**2,
    ),
    mistake(
        "positions-forgotten",
        "It is divided by n_C only. The divisor is the number of all entries: what is missing?",
        positions=lambda n_H, n_W: 1,
    ),
    mistake(
        "one-side-only",
        "Only one side of the layer is in the divisor: it has n_H·n_W positions.",
        positions=lambda n_H, n_W: n_H,
    ),
    mistake(
        "width-only",
        "Only one side of the layer is in the divisor: it has n_H·n_W positions.",
        positions=lambda n_H, n_W: n_W,
    ),
    mistake(
        "positions-squared",
        "The number of positions is squared in the divisor, as in the style cost. Here it isn't.",
        positions=lambda n_H, n_W: (n_H * n_W) ** 2,
    ),
    mistake(
        "sides-added",
        "The two sides are added, but a layer has n_H·n_W positions.",
        positions=lambda n_H, n_W: n_H + n_W,
    ),
    mistake(
        "not-divided",
        "It isn't divided by anything, so a larger layer gives larger numbers: what is the divisor?",
        divided=lambda product, positions, channels: product,
    ),
    mistake(
        "multiplied-for-divided",
        "It is multiplied by the number of entries: what should be done with it?",
        divided=lambda product, positions, channels: product * (positions * channels),
    ),
    mistake(
        "divided-by-the-root",
        "It is divided by a square root. The divisor is the number of entries as it is.",
        divided=lambda product, positions, channels: product / (positions * channels) ** 0.5,
    ),
    mistake(
        "divided-as-the-cost",
        "It is divided by what the style cost of a layer is divided by. Here the divisor is the number of "
        "entries.",
        divided=lambda product, positions, channels: product / (4 * positions**2 * channels**2),
    ),
    mistake(
        "multiplied-by-channels",
        MULTIPLIED,
        divided=lambda product, positions, channels: product / positions * channels,
    ),
    mistake(
        "multiplied-by-positions",
        MULTIPLIED,
        divided=lambda product, positions, channels: product / channels * positions,
    ),
    mistake(
        "multiplied-by-width-and-channels",
        MULTIPLIED,
        positions=lambda n_H, n_W: n_H / n_W,
        divided=lambda product, positions, channels: product / positions * channels,
    ),
]


EXERCISE = ValueExercise(
    name="scaled_gram_matrix",
    right=ScaledGramMatrix(),
    differentiated=(0,),
    inputs=_inputs,
    mistakes=MISTAKES,
    helpers=stand_ins("gram_matrix"),
)
