"""nst_tf with the mean and standard deviation of each channel in place of Gram matrices.

It has a process to itself, as it takes the place of a term of J there.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.quality.contenders import MOMENTS_AT_HALF
from benchmarks.quality.pairs import Painted, Pair, Task
from benchmarks.quality.tensorflow_contenders import stylized
from benchmarks.style_costs import COSTS, lambdas, of_silence
from nst_tf import objective
from nst_tf.control.styles import Region
from nst_tf.costs import compute_content_cost
from nst_tf.inputs import load_inputs
from nst_tf.objective import Activations, Layers, Layout, activations_of
from nst_tf.precision import fastest_precision
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings
from nst_tf.strength import balance_of
from nst_tf.vgg import load_vgg19

MEASURED_AT = 256  # pixels: of the pictures that β is worked out from, as in nst_tf.strength
MOMENTS = COSTS["moments"]


class _Moments:
    """The term in place of J_style, for one painting without a mask."""

    name, weight = "J_style", "beta"

    def targets(
        self, activations: Layers, C: np.ndarray, regions: Sequence[Region], settings: Settings
    ) -> list[tf.Tensor]:
        S = tf.constant(regions[0].paintings[0].S)
        return [MOMENTS.target(a) for a in activations(S)[:-1]]

    def types(self, channels: Sequence[int], layout: Layout) -> Any:
        return [tf.TensorSpec([2, n_C], tf.float32) for n_C in channels[:-1]]

    def cost(self, G: tf.Tensor, a_G: Activations, targets: list[tf.Tensor]) -> tf.Tensor:
        distances = [MOMENTS.distance(*both) for both in zip(targets, a_G[:-1], strict=True)]
        return tf.tensordot(tf.constant(lambdas("moments"), tf.float32), tf.stack(distances), 1)


def be_ready() -> None:
    """Load the weights, measure λ, and take the term's place."""
    for precision in ("float32", "bfloat16"):
        load_vgg19(precision=precision, say=say_nothing)
    lambdas("moments")
    content, _, smoothness = objective.TERMS
    objective.TERMS = (content, _Moments(), smoothness)


def moments(task: Task) -> Painted:
    """The default in all else; γ grows with the root of β, as the default's does."""
    beta, gamma_at_half = _weights_of_one(task.pair)
    gamma = gamma_at_half * math.sqrt(task.weight / MOMENTS_AT_HALF)
    return stylized(task, {"beta": float(f"{task.weight * beta:.3g}"), "gamma": float(f"{gamma:.3g}")})


@functools.cache
def _weights_of_one(pair: Pair) -> tuple[float, float]:
    """β where α J_content(0) is J_style(0), and the default's γ at a strength of ½."""
    settings = Settings(size=MEASURED_AT, precision=fastest_precision()[0])
    vgg = load_vgg19(precision=settings.precision, say=say_nothing)
    inputs, layers = load_inputs(*pair.paths(), settings), activations_of(vgg, settings)
    a_C = layers(tf.constant(inputs.C))[-1]
    a_S = layers(tf.constant(inputs.regions[0].paintings[0].S))[:-1]
    J_style = np.dot(lambdas("moments"), of_silence("moments", a_S))
    J_content = float(compute_content_cost(a_C, tf.zeros_like(a_C)))
    gamma = balance_of(vgg, inputs, settings).weights(0.5, settings.alpha)[2]
    return settings.alpha * J_content / J_style, gamma
