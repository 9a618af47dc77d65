"""channels_first_style_cost: the style cost of a layer in PyTorch's layout, for S and G of any two sizes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    ARRAY_FOR_TENSOR,
    IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    NUMPY_NUMBER,
    POWERS,
    PRODUCTS,
    QUARTERS,
    TWO_ACTIVATIONS,
)
from nst_tf.grading.exercises.random_inputs import FACTORS, for_two_sides, random_activation
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input

# n_C, and n_H, n_W of S and of G. S can also be reshaped to rows as long as G is wide, so that a function for
# channels that come last gives numbers, and not an error.
_SHAPES = ((4, (3, 5), (6, 5)), (5, (2, 6), (4, 3)))


@dataclass(frozen=True)
class ChannelsFirstStyleCost(RightFunction):
    """channels_first_style_cost: Σ (G_S / p_S − G_G / p_G)² / (4 · n_C²), where p is the number of positions.

    Source: Gatys et al. 2015, eq. 4, where both have one size.
    """

    activations: Callable = lambda a_S, a_G: (a_S, a_G)
    sizes: Callable = lambda a: a.shape[-3:]
    unrolled: Callable = lambda a, n_C: tf.reshape(a, [n_C, -1])
    product: Callable = lambda A: tf.matmul(A, tf.transpose(A))
    counted: Callable = lambda A, n_H, n_W: n_H * n_W
    positions: Callable = lambda p_S, p_G: (p_S, p_G)
    difference: Callable = lambda G_S, G_G: G_S - G_G
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    quarter: Callable = lambda: 4
    channels: Callable = lambda n_C: n_C**2
    result: Callable = the_same

    def __call__(self, a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
        """J_style^[l], a scalar, from activations of shape (1, n_C, n_H, n_W)."""
        both = self.activations(a_S, a_G)
        (_, *of_S), (n_C, *of_G) = map(self.sizes, both)
        A_S, A_G = (self.unrolled(a, n_C) for a in both)
        p_S, p_G = self.positions(self.counted(A_S, *of_S), self.counted(A_G, *of_G))
        G_S, G_G = (self.product(A) / p for A, p in ((A_S, p_S), (A_G, p_G)))
        summed = self.reduction(self.power(self.difference(G_S, G_G)))
        return self.result(summed / (self.quarter() * self.channels(n_C)))


def _random_call(random: Generator, n_C: int, *sizes: tuple[int, int], factor: float = 1.0) -> tuple:
    """Activations of S and G, with a level of its own for each channel."""
    last = (random_activation(random, (*size, n_C), factor) for size in sizes)
    return tuple(np.ascontiguousarray(np.moveaxis(a, 3, 1)) for a in last)


def _inputs(random: Generator) -> list[Input]:
    calls = [_random_call(random, *shape) for shape in _SHAPES]
    others = [_random_call(random, *_SHAPES[0], factor=factor) for factor in FACTORS]
    return for_two_sides("a_S", "a_G", calls, others)


_PER_SIZE = "S and G may differ in size: each Gram matrix is divided by the number of its *own* positions."
MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    *TWO_ACTIVATIONS,
    *PRODUCTS,
    mistake(
        "channels-last",
        "This is for channels that come last, as in exercise 3. Here the shape is (1, n_C, n_H, n_W): on "
        "which axis are the channels, and does the reshape still need a transpose?",
        sizes=lambda a: (a.shape[-1], a.shape[-3], a.shape[-2]),
        unrolled=lambda a, n_C: tf.transpose(tf.reshape(a, [-1, n_C])),
        counted=lambda A, n_H, n_W: A.shape[1],
    ),
    mistake(
        "transposed-after-the-reshape",
        "The rows of the unrolled matrices mix the channels. In this layout, all positions of one channel "
        "stand side by side in memory: what does that save you?",
        unrolled=lambda a, n_C: tf.transpose(tf.reshape(a, [-1, n_C])),
    ),
    mistake(
        "no-gram-matrix",
        "Each channel is compared by its sum alone. Style is compared through the Gram matrices.",
        product=lambda A: tf.reduce_sum(A, axis=1),
    ),
    mistake("positions-of-G-for-both", _PER_SIZE, positions=lambda p_S, p_G: (p_G, p_G)),
    mistake("positions-of-S-for-both", _PER_SIZE, positions=lambda p_S, p_G: (p_S, p_S)),
    mistake(
        "positions-missing",
        "The Gram matrices aren't divided by anything, so the larger picture has the larger one.",
        positions=lambda p_S, p_G: (1, 1),
    ),
    mistake(
        "positions-squared",
        "The number of positions is squared already before the difference is: each Gram matrix is divided by "
        "n_H·n_W.",
        positions=lambda p_S, p_G: (p_S**2, p_G**2),
    ),
    mistake(
        "one-side-only",
        "Each Gram matrix is divided by one side of the layer only: it has n_H·n_W positions.",
        counted=lambda A, n_H, n_W: n_H,
    ),
    mistake(
        "width-only",
        "Each Gram matrix is divided by one side of the layer only: it has n_H·n_W positions.",
        counted=lambda A, n_H, n_W: n_W,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two Gram matrices. The cost has to be 0 when they are equal: how should you combine "
        "them?",
        difference=lambda G_S, G_G: G_S + G_G,
    ),
    *POWERS,
    mistake(
        "channels-twice",
        "It divides by n_C² twice. A mean of the squares does so once, and so does n_C beside n_H·n_W in "
        "both Gram matrices.",
        reduction=tf.reduce_mean,
        channels=ChannelsFirstStyleCost.channels,
    ),
    *QUARTERS,
    mistake(
        "channels-missing",
        "n_C² is missing from the denominator: which axis has the number of channels here?",
        channels=lambda n_C: 1,
    ),
    mistake(
        "channels-not-squared",
        "The denominator contains n_C, but the formula has its square.",
        channels=lambda n_C: n_C,
    ),
]


EXERCISE = ValueExercise(
    name="channels_first_style_cost",
    right=ChannelsFirstStyleCost(),
    differentiated=(1,),
    inputs=_inputs,
    mistakes=MISTAKES,
    helpers=stand_ins("gram_matrix", "compute_layer_style_cost"),
)
