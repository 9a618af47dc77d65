"""guided_gram_matrix: which channels fire together in a part of the positions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    NUMPY,
    from_the_notebook,
)
from nst_tf.grading.exercises.random_inputs import FACTORS
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input


@dataclass(frozen=True)
class GuidedGramMatrix(RightFunction):
    """guided_gram_matrix: (A∘m)(A∘m)ᵀ / Σ m², for A of shape (n_C, n_H·n_W) and m of shape (n_H·n_W).

    Source: Gatys et al. 2017, eq. 6 and 7.
    """

    activations: Callable = the_same
    mask: Callable = the_same
    weighted: Callable = lambda A, mask: A * mask
    product: Callable = lambda weighted, A: tf.matmul(weighted, tf.linalg.matrix_transpose(weighted))
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    divisor: Callable = lambda total, A, mask: total
    divided: Callable = lambda product, divisor: product / divisor
    result: Callable = the_same

    def __call__(self, A: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The Gram matrix of the masked activations, of shape (n_C, n_C)."""
        A, mask = self.activations(A), self.mask(mask)
        product = self.product(self.weighted(A, mask), A)
        total = self.reduction(self.power(mask))
        return self.result(self.divided(product, self.divisor(total, A, mask)))


def _random_matrix(random: Generator, shape: tuple[int, int], factor: float = 1.0) -> np.ndarray:
    """Activations with a mean other than 0 in each channel."""
    levels = random.uniform(0.3, 0.8, size=(shape[0], 1))
    return (factor * (random.normal(size=shape) + levels)).astype(np.float32)


def _random_mask(random: Generator, positions: int, largest: float = 0.8) -> np.ndarray:
    """Zeros, and values on both sides of ½ up to about the largest, in any order."""
    zeros = max(1, positions // 4)
    values = np.linspace(0.2, largest, positions - zeros) + random.uniform(-0.05, 0.05, positions - zeros)
    return random.permutation(np.concatenate([np.zeros(zeros), values])).astype(np.float32)


def _inputs(random: Generator) -> list[Input]:
    calls = [
        (_random_matrix(random, shape), _random_mask(random, shape[1], largest))
        for shape, largest in (((4, 15), 0.8), ((6, 6), 0.9), ((7, 3), 0.6))
    ]
    A, mask = calls[0]
    zeros_and_ones = random.permutation(np.arange(mask.size) % 3 > 0).astype(np.float32)
    return [
        *(Input(call, f"A of shape {call[0].shape} and a mask of values from 0 to 1") for call in calls),
        *(
            Input((_random_matrix(random, A.shape, factor), mask), "a different A", only="A")
            for factor in (*FACTORS, 0.2)
        ),
        Input((A, _random_mask(random, mask.size)), "a different mask", only="mask"),
        Input((A, zeros_and_ones), "a mask of zeros and ones", only="mask"),
        Input((A, np.ones_like(mask)), "a mask of ones", only="mask"),
    ]


def _mask_from_the_notebook(mask: tf.Tensor) -> tf.Tensor:
    return tf.linspace(tf.constant(0.1, mask.dtype), 0.9, mask.shape[0])


ALL_POSITIONS = "This is the Gram matrix of all the positions: where does the mask come in?"
FOURTH_POWER = (
    "Each position counts with m⁴, but the formula has m². Multiplying the two factors already squares the "
    "mask."
)
PICKED = (
    "The mask only picks positions, and each of them counts in full. In the formula, the activations are "
    "multiplied by the mask's values."
)
INVERTED = "It uses 1 − m, so the positions that count are those the mask leaves out."
COVARIANCE = (
    "Each channel's mean is subtracted first, as for a covariance. The formula uses the activations as they "
    "are."
)
SUM_OVER_POSITIONS = (
    "The number of channels is in the divisor. Each entry of the matrix is a sum over positions: what should "
    "it be divided by, then?"
)
OF_THE_ACTIVATIONS = "The divisor is made of activations. In the formula it depends on the mask alone."
MISTAKES = [
    *IN_PLACE_OF_RESULT,
    ARRAY_FOR_TENSOR,
    mistake("global-for-A", GLOBAL.format(argument="A"), ignores="A", activations=from_the_notebook),
    mistake("global-for-mask", GLOBAL.format(argument="mask"), ignores="mask", mask=_mask_from_the_notebook),
    mistake(
        "mask-ignored",
        ALL_POSITIONS,
        weighted=lambda A, mask: A,
        divisor=lambda total, A, mask: A.shape[1],
    ),
    mistake(
        "mask-ignored-not-divided",
        ALL_POSITIONS,
        weighted=lambda A, mask: A,
        divided=lambda product, divisor: product,
    ),
    mistake(
        "mask-not-applied",
        "The activations aren't multiplied by the mask, so the positions that it leaves out still count.",
        weighted=lambda A, mask: A,
    ),
    mistake(
        "mask-in-one-factor",
        "Each position counts with m, but the formula has m²: how many of the two factors have the mask in "
        "them?",
        weighted=GuidedGramMatrix.weighted,  # with the mask's square there, it would be right
        product=lambda weighted, A: tf.matmul(weighted, A, transpose_b=True),
    ),
    mistake("mask-squared-in-the-product", FOURTH_POWER, weighted=lambda A, mask: A * mask**2),
    mistake("mask-squared", FOURTH_POWER, mask=tf.square),
    mistake(
        "mask-thresholded",
        "Every position where the mask isn't 0 counts in full. What should a value between 0 and 1 do?",
        mask=lambda mask: tf.cast(mask > 0, mask.dtype),
        weighted=GuidedGramMatrix.weighted,  # with the mask in the divisor alone, those not 0 are counted
    ),
    mistake(
        "mask-rounded",
        "The mask is turned into zeros and ones. The values between them say how much a position counts.",
        mask=tf.round,
    ),
    mistake("positions-picked", PICKED, weighted=lambda A, mask: A * tf.cast(mask > 0, A.dtype)),
    mistake("positions-above-half-picked", PICKED, weighted=lambda A, mask: A * tf.round(mask)),
    mistake("mask-inverted", INVERTED, mask=lambda mask: 1 - mask),
    mistake("mask-inverted-in-the-product", INVERTED, weighted=lambda A, mask: A * (1 - mask)),
    mistake(
        "mask-rescaled-in-the-product",
        "The mask is rescaled before the product, but not in the divisor: use the same mask in both.",
        weighted=lambda A, mask: A * (mask / tf.reduce_max(mask)),
    ),
    mistake(
        "positions-for-channels",
        "It has shape (n_H·n_W, n_H·n_W) and compares positions. Which axis of A holds the channels, and "
        "which one should be summed over?",
        product=lambda weighted, A: tf.matmul(weighted, weighted, transpose_a=True),
    ),
    mistake(
        "elementwise-product",
        "The masked activations are multiplied by themselves entry by entry. A matrix product compares every "
        "row with every other.",
        product=lambda weighted, A: weighted * weighted,
    ),
    mistake(
        "reshape-for-transpose",
        "The second factor has the right shape, but its entries are in the wrong order: a reshape keeps the "
        "order in memory and doesn't turn rows into columns.",
        product=lambda weighted, A: tf.matmul(weighted, tf.reshape(weighted, [A.shape[1], A.shape[0]])),
    ),
    mistake(
        "one-number",
        "It adds up the whole matrix to a single number. The Gram matrix has one entry for each pair of "
        "channels.",
        product=lambda weighted, A: tf.reduce_sum(tf.matmul(weighted, weighted, transpose_b=True)),
    ),
    mistake(
        "diagonal-only",
        "Only the diagonal is right: each channel is compared with itself, but not with the others.",
        product=lambda weighted, A: tf.linalg.diag(tf.reduce_sum(weighted**2, axis=1)),
    ),
    mistake(
        "norms-only",
        "It gives one number for each channel: its strength. The Gram matrix has one for each *pair* of "
        "channels.",
        product=lambda weighted, A: tf.reduce_sum(weighted**2, axis=1),
    ),
    mistake(
        "numpy-inside",
        NUMPY,
        product=lambda weighted, A: tf.convert_to_tensor(np.matmul(weighted, np.transpose(weighted))),
    ),
    mistake("covariance", COVARIANCE, activations=lambda A: A - tf.reduce_mean(A, axis=1, keepdims=True)),
    mistake(
        "covariance-of-the-masked",
        COVARIANCE,
        weighted=lambda A, mask: A * mask - tf.reduce_mean(A * mask, axis=1, keepdims=True),
    ),
    mistake(
        "not-divided",
        "It isn't divided by anything, so a larger part of the picture gives larger numbers: what does the "
        "formula divide by?",
        divided=lambda product, divisor: product,
    ),
    mistake(
        "multiplied-for-divided",
        "It is multiplied by the mask's sum of squares: what does the formula do with it?",
        divided=lambda product, divisor: product * divisor,
    ),
    mistake(
        "mask-not-squared",
        "The divisor has the mask's values as they are. In the product each position counts with m²: what "
        "should be added up, then?",
        power=the_same,
    ),
    mistake(
        "mean-for-sum",
        "It is divided by a mean over the positions, where the formula has a sum.",
        reduction=tf.reduce_mean,
    ),
    mistake(
        "root-of-the-sum",
        "It is divided by a square root, as for a vector's length. The formula uses the sum of the squares "
        "as it is.",
        reduction=lambda squares: tf.sqrt(tf.reduce_sum(squares)),
    ),
    mistake(
        "square-of-the-sum",
        "It is divided by (Σ m)², but the formula has Σ m²: which comes first, the square or the sum?",
        power=the_same,
        reduction=lambda mask: tf.square(tf.reduce_sum(mask)),
    ),
    mistake(
        "divided-twice",
        "It is divided by the mask's sum of squares twice: is each of the two factors divided by it?",
        reduction=lambda squares: tf.square(tf.reduce_sum(squares)),
    ),
    mistake(
        "divided-by-positions",
        "It is divided by n_H·n_W, as if every position counted in full: how much does each one count here?",
        divisor=lambda total, A, mask: A.shape[1],
    ),
    mistake(
        "divided-by-positions-too",
        "It is divided by n_H·n_W as well as by what the mask gives: in the formula, Σ m² takes the place of "
        "n_H·n_W.",
        reduction=GuidedGramMatrix.reduction,  # with a mean there, it would be right
        divisor=lambda total, A, mask: total * A.shape[1],
    ),
    mistake(
        "divided-by-counted",
        "It is divided by the number of positions where the mask isn't 0, as if each of them counted in "
        "full: how much does each one count here?",
        divisor=lambda total, A, mask: tf.cast(tf.math.count_nonzero(mask), mask.dtype),
    ),
    mistake("divided-by-channels", SUM_OVER_POSITIONS, divisor=lambda total, A, mask: A.shape[0]),
    mistake("divided-by-size", SUM_OVER_POSITIONS, divisor=lambda total, A, mask: A.shape[0] * A.shape[1]),
    mistake(
        "divided-by-activations",
        OF_THE_ACTIVATIONS,
        divisor=lambda total, A, mask: tf.reduce_sum(A**2),
    ),
    mistake(
        "divided-by-masked-activations",
        OF_THE_ACTIVATIONS,
        divisor=lambda total, A, mask: tf.reduce_sum((A * mask) ** 2),
    ),
]


EXERCISE = ValueExercise(
    name="guided_gram_matrix",
    right=GuidedGramMatrix(),
    differentiated=(0,),
    inputs=_inputs,
    mistakes=MISTAKES,
    helpers=stand_ins("gram_matrix"),
)
