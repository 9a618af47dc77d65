"""compute_content_cost: how far G's activations are from C's, in one layer."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import (
    ARRAY_FOR_TENSOR,
    GLOBAL,
    IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    NUMPY_NUMBER,
    POWERS,
    QUARTERS,
    compared_with_itself,
    from_the_notebook,
)
from nst_tf.grading.exercises.random_inputs import FACTORS, SHAPES, for_two_sides, random_outputs
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input


@dataclass(frozen=True)
class ContentCost(RightFunction):
    """compute_content_cost: Σ (a_C − a_G)² / (4 · n_H · n_W · n_C). Source: Gatys et al. 2015, eq. 1."""

    entries: Callable = lambda content_output, generated_output: (content_output[-1], generated_output[-1])
    difference: Callable = lambda a_C, a_G: a_C - a_G
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    sizes: Callable = lambda a_G: a_G.shape[1:]
    quarter: Callable = lambda: 4
    size: Callable = lambda n_H, n_W, n_C: n_H * n_W * n_C
    factor: Callable = lambda summed, divisor: summed / divisor
    result: Callable = the_same

    def __call__(self, content_output: list, generated_output: list) -> tf.Tensor:
        """J_content, a scalar."""
        a_C, a_G = self.entries(content_output, generated_output)
        summed = self.reduction(self.power(self.difference(a_C, a_G)))
        return self.result(self.factor(summed, self.quarter() * self.size(*self.sizes(a_G))))


def _inputs(random: Generator) -> list[Input]:
    calls = [(random_outputs(random, shape), random_outputs(random, shape)) for shape in SHAPES]
    others = [
        (random_outputs(random, SHAPES[0], factor), random_outputs(random, SHAPES[0], factor))
        for factor in FACTORS
    ]
    return for_two_sides("content_output", "generated_output", calls, others)


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    mistake(
        "first-entry",
        "It uses the first entry of each list. At which end of the list is the content layer's activation?",
        entries=lambda content_output, generated_output: (content_output[0], generated_output[0]),
    ),
    mistake(
        "entry-before-the-last",
        "It uses the second-to-last entry of each list, which is a style layer's. The content layer's is "
        "the very last.",
        entries=lambda content_output, generated_output: (content_output[-2], generated_output[-2]),
    ),
    mistake(
        "compared-with-itself",
        compared_with_itself("an activation", "content_output", "generated_output"),
        entries=lambda content_output, generated_output: (content_output[-1], content_output[-1]),
    ),
    mistake(
        "global-for-content-output",
        GLOBAL.format(argument="content_output"),
        ignores="content_output",
        entries=lambda content_output, generated_output: (
            from_the_notebook(content_output[-1]),
            generated_output[-1],
        ),
    ),
    mistake(
        "global-for-generated-output",
        GLOBAL.format(argument="generated_output"),
        ignores="generated_output",
        entries=lambda content_output, generated_output: (
            content_output[-1],
            from_the_notebook(generated_output[-1]),
        ),
    ),
    mistake(
        "argument-changed",
        "It changes the lists that are passed in, so the next code to use them finds one entry fewer. Read "
        "an entry without removing it.",
        entries=lambda content_output, generated_output: (content_output.pop(), generated_output.pop()),
    ),
    mistake(
        "all-layers",
        "It adds up the costs of all layers. Content is compared in a single layer only: the last one.",
        entries=lambda content_output, generated_output: (content_output, generated_output),
        difference=lambda C, G: (C, G),
        power=lambda sides: [tf.square(a_C - a_G) for a_C, a_G in zip(*sides, strict=True)],
        reduction=lambda squares: tf.add_n(
            [tf.reduce_sum(each) / tf.cast(tf.size(each), each.dtype) for each in squares]
        ),
        sizes=lambda G: (1, 1, 1),
        size=ContentCost.size,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two activations. The cost has to be 0 when they are equal: how should you combine them?",
        difference=lambda a_C, a_G: a_C + a_G,
    ),
    *POWERS,
    mistake(
        "mean-for-sum",
        "It divides by n_H · n_W · n_C twice. A mean already does so once, and the formula has no square "
        "there.",
        reduction=tf.reduce_mean,
        size=ContentCost.size,
    ),
    mistake(
        "sum-over-one-axis",
        "It sums over some axes only and treats what is left as the total: the cost is a single number, "
        "over all entries.",
        reduction=lambda squares: tf.reduce_sum(squares, axis=[1, 2])[0, 0],
    ),
    *QUARTERS,
    mistake(
        "size-missing",
        "It isn't divided by the number of entries: the formula has n_H, n_W and n_C in the denominator.",
        size=lambda n_H, n_W, n_C: 1,
    ),
    mistake(
        "channels-missing",
        "Either n_C is missing from the denominator, or the sizes are read one axis too early: an "
        "activation's first axis is the batch axis, of size 1.",
        size=lambda n_H, n_W, n_C: n_H * n_W,
    ),
    mistake(
        "everything-squared",
        "The whole denominator, 4 · n_H · n_W · n_C, is squared: this formula has no square there.",
        factor=lambda summed, divisor: summed / divisor**2,
        quarter=ContentCost.quarter,
        size=ContentCost.size,
    ),
    mistake(
        "positions-missing", "n_H · n_W is missing from the denominator.", size=lambda n_H, n_W, n_C: n_C
    ),
    mistake("width-missing", "n_W is missing from the denominator.", size=lambda n_H, n_W, n_C: n_H * n_C),
    mistake("height-missing", "n_H is missing from the denominator.", size=lambda n_H, n_W, n_C: n_W * n_C),
    mistake(
        "sizes-added",
        "n_H, n_W and n_C are added in the denominator. How many entries does a block of n_H by n_W by n_C "
        "have?",
        size=lambda n_H, n_W, n_C: n_H + n_W + n_C,
    ),
    mistake(
        "factor-upside-down",
        "It multiplies by n_H · n_W · n_C instead of dividing. In Python, `1 / 4 * n` is a quarter *of* n: "
        "where do the parentheses go?",
        size=lambda n_H, n_W, n_C: 1 / (n_H * n_W * n_C),
    ),
    mistake(
        "factor-multiplied",
        "It multiplies by 4 · n_H · n_W · n_C, but the formula divides by it.",
        factor=lambda summed, divisor: summed * divisor,
        quarter=ContentCost.quarter,
        size=ContentCost.size,
    ),
]


EXERCISE = ValueExercise(
    name="compute_content_cost",
    right=ContentCost(),
    differentiated=(1,),
    inputs=_inputs,
    mistakes=MISTAKES,
)
