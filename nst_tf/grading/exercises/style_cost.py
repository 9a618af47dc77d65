"""compute_style_cost: the weighted sum of the layers' style costs."""

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
    NUMBER_FOR_TENSOR,
    NUMPY,
    NUMPY_NUMBER,
    compared_with_itself,
    from_the_notebook,
)
from nst_tf.grading.exercises.layer_style_cost import OVERFLOWS, LayerStyleCost
from nst_tf.grading.exercises.random_inputs import (
    FACTORS,
    LARGE_SHAPE,
    SHAPES,
    STYLE_SHAPES,
    for_two_sides,
    large_activations,
    random_activation,
    random_outputs,
    random_style_layers,
)
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input


@dataclass(frozen=True)
class StyleCost(RightFunction):
    """compute_style_cost: Σ λ_l J_style^[l] over all outputs but the last.

    Source: Gatys et al. 2015, eq. 5.
    """

    outputs: Callable = lambda S, G: (S[:-1], G[:-1])
    weights: Callable = lambda style_layers: [weight for _, weight in style_layers]
    layer_cost: Callable = LayerStyleCost()  # noqa: RUF009 - it is frozen
    reduction: Callable = tf.add_n
    factor: Callable = lambda summed, number_of_layers: summed
    result: Callable = the_same

    def __call__(
        self, style_image_output: list, generated_image_output: list, STYLE_LAYERS: list
    ) -> tf.Tensor:
        """J_style, a scalar."""
        outputs = self.outputs(style_image_output, generated_image_output)
        weights = self.weights(STYLE_LAYERS)
        costs = [
            weight * self.layer_cost(a_S, a_G) for weight, a_S, a_G in zip(weights, *outputs, strict=False)
        ]
        return self.result(self.factor(self.reduction(costs), len(STYLE_LAYERS)))


def _inputs(random: Generator) -> list[Input]:
    calls = [(random_outputs(random, shape), random_outputs(random, shape)) for shape in SHAPES]
    others = [
        (random_outputs(random, SHAPES[0], factor), random_outputs(random, SHAPES[0], factor))
        for factor in FACTORS
    ]
    weights = random_style_layers(random, len(STYLE_SHAPES))
    S, G = calls[0]
    return [
        *(
            Input((*each.arguments, weights), each.words, each.only, each.is_equal)
            for each in for_two_sides("style_image_output", "generated_image_output", calls, others)
        ),
        *(
            Input(
                (S, G, random_style_layers(random, len(weights), factor)), "different λ", only="STYLE_LAYERS"
            )
            for factor in (*FACTORS, 0.2)
        ),
        Input(([*S[:3], S[-1]], [*G[:3], G[-1]], random_style_layers(random, 3)), "three style layers"),
    ]


def _large() -> Input:
    random = np.random.default_rng(0)
    small = [(random_activation(random, SHAPES[0]), random_activation(random, SHAPES[0])) for _ in range(2)]
    S, G = (list(each) for each in zip(large_activations(), *small, strict=True))
    words = f"outputs whose first layer has a real layer's shape, (1, {', '.join(map(str, LARGE_SHAPE))})"
    return Input((S, G, random_style_layers(random, len(S) - 1)), words, is_large=True)


def _add_up(costs: list) -> tf.Tensor:
    """As ``tf.add_n``, where a cost might be None or a number."""
    return sum(costs[1:], start=costs[0])


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    NUMBER_FOR_TENSOR,
    ARRAY_FOR_TENSOR,
    NUMPY_NUMBER,
    mistake(
        "compared-with-itself",
        compared_with_itself("an image", "style_image_output", "generated_image_output"),
        outputs=lambda S, G: (S[:-1], S[:-1]),
    ),
    mistake(
        "first-layer-always",
        "Every λ is paired with the first layer's activations: does the loop move on in both lists?",
        outputs=lambda S, G: ([S[0]] * (len(S) - 1), [G[0]] * (len(G) - 1)),
    ),
    mistake(
        "shifted-by-one",
        "Each λ is paired with the layer after its own, and the last λ with the content layer. Which end of "
        "the list has the entry that shouldn't be used?",
        outputs=lambda S, G: (S[1:], G[1:]),
    ),
    mistake(
        "argument-changed",
        "It changes the lists that are passed in, so the next code to use them finds one entry fewer.",
        outputs=lambda S, G: (S, G) if S.pop() is not None and G.pop() is not None else None,
    ),
    mistake(
        "last-style-layer-missing",
        "The last style layer is left out: only the content layer's entry should be dropped, and one `[:-1]` "
        "does that.",
        outputs=lambda S, G: (S[:-2], G[:-2]),
        reduction=_add_up,
    ),
    mistake(
        "global-for-style-image-output",
        GLOBAL.format(argument="style_image_output"),
        ignores="style_image_output",
        outputs=lambda S, G: ([from_the_notebook(a) for a in S[:-1]], G[:-1]),
    ),
    mistake(
        "global-for-generated-image-output",
        GLOBAL.format(argument="generated_image_output"),
        ignores="generated_image_output",
        outputs=lambda S, G: (S[:-1], [from_the_notebook(a) for a in G[:-1]]),
    ),
    mistake(
        "lambda-forgotten",
        "The layers' costs are added up without their λ.",
        weights=lambda style_layers: [1.0 for _ in style_layers],
    ),
    mistake(
        "lambda-twice",
        "Each λ is applied twice.",
        weights=lambda style_layers: [weight**2 for _, weight in style_layers],
    ),
    mistake(
        "lambda-hard-coded",
        "Every layer is weighted by 0.2. That is just one choice of λ: take each layer's own from "
        "STYLE_LAYERS.",
        weights=lambda style_layers: [0.2 for _ in style_layers],
    ),
    mistake(
        "lambda-of-the-first-layer",
        "Every layer is weighted by the first layer's λ: does the λ move on with the loop?",
        weights=lambda style_layers: [style_layers[0][1] for _ in style_layers],
    ),
    mistake(
        "lambda-in-reverse",
        "The λ are used in reverse order.",
        weights=lambda style_layers: [weight for _, weight in style_layers][::-1],
    ),
    mistake(
        "content-layer-counted",
        "The last entry, the content layer's, is counted as a style layer with the last λ.",
        outputs=lambda S, G: (S, G),
        weights=lambda style_layers: [weight for _, weight in [*style_layers, style_layers[-1]]],
    ),
    mistake(
        "content-layer-counted-without-lambda",
        "The last entry, the content layer's, is counted as a style layer too.",
        outputs=lambda S, G: (S, G),
        weights=lambda style_layers: [weight for _, weight in [*style_layers, ("content", 1.0)]],
    ),
    mistake(
        "first-layer-only",
        "Only the first layer counts: is the `return` inside the loop?",
        reduction=lambda costs: costs[0],
    ),
    mistake(
        "last-layer-only",
        "Only the last style layer counts: does the loop add each cost to the running total, or overwrite "
        "it?",
        reduction=lambda costs: costs[-1],
    ),
    mistake(
        "content-cost-for-style-cost",
        "The layers are compared without Gram matrices. Which function computes the style cost of one layer?",
        layer_cost=lambda a_S, a_G: tf.reduce_mean(tf.square(a_S - a_G)) / 4,
    ),
    mistake(
        "numpy-inside",
        NUMPY,
        reduction=lambda costs: tf.convert_to_tensor(np.sum(np.stack(costs))),
    ),
    mistake(
        "divided-by-number-of-layers",
        "The sum is divided by the number of layers. The formula only adds them up: the λ do the rest.",
        factor=lambda summed, number_of_layers: summed / number_of_layers,
    ),
    mistake(
        "divided-by-number-of-outputs",
        "The sum is divided by the number of outputs. The formula only adds up the layers: the λ do the "
        "rest.",
        factor=lambda summed, number_of_layers: summed / (number_of_layers + 1),
    ),
    mistake(
        "halved",
        "The result is half of the weighted sum: the formula has no other factor.",
        factor=lambda summed, _: summed / 2,
    ),
    mistake(
        "doubled",
        "The result is twice the weighted sum: the formula has no other factor.",
        factor=lambda summed, _: 2 * summed,
    ),
]


EXERCISE = ValueExercise(
    name="compute_style_cost",
    right=StyleCost(),
    differentiated=(1,),
    inputs=_inputs,
    mistakes=MISTAKES,
    helpers=stand_ins("gram_matrix", "compute_layer_style_cost"),
    large=_large,
    mistakes_at_large=[
        mistake(each.slug, each.hint, layer_cost=each.in_place_of(LayerStyleCost())) for each in OVERFLOWS
    ],
)
