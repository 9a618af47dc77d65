"""gram_matrix: which channels fire together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    A_CONSTANT,
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    NUMPY_PRODUCT,
    OF_THE_PRODUCT,
)
from nst_tf.grading.exercises.random_inputs import FACTORS
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input


@dataclass(frozen=True)
class GramMatrix(RightFunction):
    """gram_matrix: A Aᵀ, for A of shape (n_C, n_H·n_W). Source: Gatys et al. 2015, eq. 3."""

    product: Callable = lambda A: tf.matmul(A, tf.linalg.matrix_transpose(A))
    factor: Callable = lambda G, A: G
    result: Callable = the_same

    def __call__(self, A: tf.Tensor) -> tf.Tensor:
        """The Gram matrix, of shape (n_C, n_C); of each, where A has a batch's axis in front."""
        A = tf.convert_to_tensor(A)
        return self.result(self.factor(self.product(A), A))


def _inputs(random: Generator) -> list[Input]:
    shapes = ((4, 15), (6, 6), (7, 3))
    others = [(factor * random.normal(size=shapes[0])).astype(np.float32) for factor in (*FACTORS, 0.2)]
    return [
        *(Input((random.normal(size=shape).astype(np.float32),), f"A of shape {shape}") for shape in shapes),
        *(Input((other,), "a different A", only="A") for other in others),
    ]


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    ARRAY_FOR_TENSOR,
    NUMPY_PRODUCT,
    *OF_THE_PRODUCT,
    mistake(
        "positions-for-channels",
        "This is Aᵀ A: it has shape (n_H·n_W, n_H·n_W) and compares positions. Which axis of A holds the "
        "channels, and which one should be summed over?",
        product=lambda A: tf.matmul(A, A, transpose_a=True),
    ),
    mistake(
        "reshape-for-transpose",
        "The second factor has the right shape, but its entries are in the wrong order: a reshape keeps the "
        "order in memory and doesn't turn rows into columns.",
        product=lambda A: tf.matmul(A, tf.reshape(A, [A.shape[1], A.shape[0]])),
    ),
    mistake(
        "norms-only",
        "It gives one number for each channel: its strength. The Gram matrix has one for each *pair* of "
        "channels.",
        product=lambda A: tf.reduce_sum(A * A, axis=1),
    ),
    mistake(
        "rows-normalised",
        "Each channel is scaled to length 1 first, as for a cosine similarity. The Gram matrix uses the "
        "activations as they are.",
        product=lambda A: tf.matmul(tf.math.l2_normalize(A, 1), tf.math.l2_normalize(A, 1), transpose_b=True),
    ),
    mistake(
        "global-for-argument",
        GLOBAL.format(argument="A"),
        ignores="A",
        product=lambda A: tf.cast(tf.reshape(A_CONSTANT[:16], [4, 4]), A.dtype),
    ),
    mistake(
        "divided-by-size",
        "It is divided by the number of entries in A. The Gram matrix has no such factor; the style cost "
        "does.",
        factor=lambda G, A: G / (A.shape[0] * A.shape[1]),
    ),
    mistake(
        "divided-by-positions",
        "It is divided by n_H·n_W. The Gram matrix has no such factor; the style cost does.",
        factor=lambda G, A: G / A.shape[1],
    ),
    mistake(
        "divided-by-channels",
        "It is divided by n_C. The Gram matrix has no such factor; the style cost does.",
        factor=lambda G, A: G / A.shape[0],
    ),
    mistake("halved", "It is half of A Aᵀ: the Gram matrix has no factor.", factor=lambda G, A: G / 2),
    mistake("doubled", "It is twice A Aᵀ: the Gram matrix has no factor.", factor=lambda G, A: 2 * G),
    mistake(
        "root",
        "It takes the square root of the entries: the Gram matrix is A Aᵀ and nothing else.",
        factor=lambda G, A: tf.sqrt(tf.abs(G)),
    ),
    mistake(
        "squared",
        "The entries are squared: the Gram matrix is A Aᵀ and nothing else.",
        factor=lambda G, A: tf.square(G),
    ),
]


EXERCISE = ValueExercise(
    name="gram_matrix",
    right=GramMatrix(),
    differentiated=(0,),
    inputs=_inputs,
    mistakes=MISTAKES,
)
