"""The objective J(G), a sum of terms, and its gradient with respect to G alone:

    J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G)

The convolutions may be computed in bfloat16; costs, Gram matrices and the image are float32 in any case.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.costs import compute_content_cost, gram_distance, total_variation_cost
from nst_tf.images import preprocess
from nst_tf.layers import CONV_LAYERS
from nst_tf.settings import Settings
from nst_tf.vgg import get_layer_outputs

Activations: TypeAlias = list[tf.Tensor]  # one per style layer, then the content layer's
Targets: TypeAlias = Any  # tensors, in lists and tuples


class Term(Protocol):
    """One term of J: a cost of G with a weight.

    Everything that depends on the run is in the targets, so a term is compiled only once.

    Attributes:
        name: of the cost, as in ``nst_tf.progress.Costs``.
        weight: the setting that it is multiplied by.
    """

    name: str
    weight: str

    def targets(self, a_C: Activations, a_S: Activations, settings: Settings) -> Targets:
        """What G should get close to. Computed once a size, as C and S never change."""

    def types(self, channels: Sequence[int]) -> Any:
        """The targets' types, for layers with these numbers of channels."""

    def cost(self, G: tf.Tensor, a_G: Activations, targets: Targets) -> tf.Tensor:
        """How far G is from them, a scalar."""


class _Content:
    """J_content."""

    name, weight = "J_content", "alpha"

    def targets(self, a_C: Activations, a_S: Activations, settings: Settings) -> tf.Tensor:
        return a_C[-1]

    def types(self, channels: Sequence[int]) -> tf.TensorSpec:
        return _float32(1, None, None, channels[-1])

    def cost(self, G: tf.Tensor, a_G: Activations, targets: tf.Tensor) -> tf.Tensor:
        return compute_content_cost(targets, a_G[-1])


class _Style:
    """J_style = Σ_l λ_l J_style^[l]. Its targets are the λ's, and the Gram matrices of S."""

    name, weight = "J_style", "beta"

    def targets(self, a_C: Activations, a_S: Activations, settings: Settings) -> list:
        lambdas = tf.constant([weight for _, weight in settings.layers[:-1]], tf.float32)
        return [lambdas, [_gram_matrix_per_position(a) for a in a_S[:-1]]]

    def types(self, channels: Sequence[int]) -> list:
        grams = [_float32(n_C, n_C) for n_C in channels[:-1]]
        return [_float32(len(grams)), grams]

    def cost(self, G: tf.Tensor, a_G: Activations, targets: list) -> tf.Tensor:
        lambdas, grams_S = targets
        distances = [
            gram_distance(gram_S, _gram_matrix_per_position(a))
            for gram_S, a in zip(grams_S, a_G[:-1], strict=True)
        ]
        return tf.tensordot(lambdas, tf.stack(distances), 1)


class _Smoothness:
    """J_tv, which has no targets."""

    name, weight = "J_tv", "gamma"

    def targets(self, a_C: Activations, a_S: Activations, settings: Settings) -> list:
        return []

    def types(self, channels: Sequence[int]) -> list:
        return []

    def cost(self, G: tf.Tensor, a_G: Activations, targets: list) -> tf.Tensor:
        return total_variation_cost(G)


TERMS: tuple[Term, ...] = (_Content(), _Style(), _Smoothness())


class Evaluation(NamedTuple):
    """J at one G.

    Attributes:
        J: the weighted sum of the costs.
        costs: each term's cost before weighting, by name.
        gradient: ∂J/∂G, which has G's shape.
    """

    J: float
    costs: dict[str, float]
    gradient: np.ndarray


class Objective:
    """J(G) for one content C and one style S, of any sizes. The settings' β and γ have to be numbers."""

    def __init__(self, vgg: tf.keras.Model, C: np.ndarray, S: np.ndarray, settings: Settings):
        names = tuple(name for name, _ in settings.layers)
        activations, self._evaluate = _compiled(vgg, names, settings.preprocess)
        a_C, a_S = activations(tf.constant(C)), activations(tf.constant(S))
        self._targets = [term.targets(a_C, a_S, settings) for term in TERMS]
        self.reweigh(settings)

    def reweigh(self, settings: Settings) -> None:
        """Use the weights in these settings from now on."""
        self._weights = tf.constant([getattr(settings, term.weight) for term in TERMS], tf.float32)

    def __call__(self, G: np.ndarray) -> Evaluation:
        """J, its parts and its gradient at G, an image of C's shape."""
        J, costs, gradient = self._evaluate(tf.constant(G), self._targets, self._weights)
        parts = {term.name: float(cost) for term, cost in zip(TERMS, costs, strict=True)}
        return Evaluation(float(J), parts, gradient.numpy())


def activations_of(vgg: tf.keras.Model, settings: Settings) -> Callable[[tf.Tensor], Activations]:
    """A function from an image (1, h, w, 3) in [0, 1] to the activations of these settings' layers."""
    return _compiled(vgg, tuple(name for name, _ in settings.layers), settings.preprocess)[0]


@functools.lru_cache(
    maxsize=2
)  # tracing takes a second; a run with the same layers as the last need not wait for it
def _compiled(vgg: tf.keras.Model, layers: tuple[str, ...], preprocessed: bool) -> tuple[Callable, Callable]:
    """The activations of these layers, and J with its gradient: each traced once, for images of any size."""
    layer_outputs = get_layer_outputs(vgg, [(name, 1) for name in layers])
    channels = [CONV_LAYERS[name][1] for name in layers]
    image = _float32(1, None, None, 3)

    compiled = functools.partial(
        tf.function, autograph=False
    )  # it has nothing to translate here, and takes its time

    @compiled(input_signature=[image])
    def activations(image: tf.Tensor) -> Activations:
        return [tf.cast(a, tf.float32) for a in layer_outputs(preprocess(image) if preprocessed else image)]

    @compiled(input_signature=[image, [term.types(channels) for term in TERMS], _float32(len(TERMS))])
    def evaluate(
        G: tf.Tensor, targets: list[Targets], weights: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(G)
            a_G = activations(G)
            costs = [term.cost(G, a_G, target) for term, target in zip(TERMS, targets, strict=True)]
            J = tf.add_n([weight * cost for weight, cost in zip(tf.unstack(weights), costs, strict=True)])
        return J, costs, tape.gradient(J, G)

    # The targets are compiled as well, so that they are rounded as evaluate rounds: J_content of C itself is
    # 0 in bfloat16 too.
    return activations.get_concrete_function(), evaluate.get_concrete_function()


def forget_compiled() -> None:
    """Have the next objective traced anew, as the first one in a process is."""
    _compiled.cache_clear()


def _gram_matrix_per_position(a: tf.Tensor) -> tf.Tensor:
    """As ``costs.gram_matrix_per_position``, with a faster gradient,
    which can't leave this process as part of a graph.
    """
    positions = tf.reshape(a, [-1, tf.shape(a)[-1]])
    return _gram_matrix_of_columns(positions) / tf.cast(tf.shape(positions)[0], a.dtype)


@tf.custom_gradient
def _gram_matrix_of_columns(X: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """XᵀX.

    TensorFlow's own gradient, X D + X Dᵀ, takes two large products; X (D + Dᵀ) is the same with one.
    """
    return tf.matmul(X, X, transpose_a=True), lambda D: tf.matmul(X, D + tf.transpose(D))


def _float32(*shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.float32)
