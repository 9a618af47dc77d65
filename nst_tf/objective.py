"""The objective J(G) = α J_content(C, G) + β J_style(S, G), and its gradient with respect to G alone.

The convolutions may be computed in bfloat16; costs, Gram matrices and the image are float32 in any case.
"""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nst_tf.costs import compute_content_cost, gram_distance, total_cost
from nst_tf.images import preprocess
from nst_tf.layers import CONV_LAYERS
from nst_tf.settings import Settings
from nst_tf.vgg import get_layer_outputs


class Objective:
    """J(G) for one content C and one style S, of any sizes."""

    def __init__(self, vgg: tf.keras.Model, C: np.ndarray, S: np.ndarray, settings: Settings):
        names = tuple(name for name, _ in settings.layers)
        self._activations, self._evaluate = _compiled(vgg, names, settings.preprocess)
        self._alpha, self._beta = _as_tensors(settings.alpha, settings.beta)
        self._lambdas = tf.constant([weight for _, weight in settings.layers[:-1]], tf.float32)
        # The targets: computed once, as C and S never change.
        self._a_C = self._activations(tf.constant(C))[-1]
        self._grams_S = [_gram_matrix_per_position(a_S) for a_S in self._activations(tf.constant(S))[:-1]]

    def reweigh(self, alpha: float, beta: float) -> None:
        """Other α and β from now on."""
        self._alpha, self._beta = _as_tensors(alpha, beta)

    def __call__(self, G: np.ndarray) -> tuple[float, float, float, np.ndarray]:
        """J, J_content, J_style and ∂J/∂G, which has G's shape."""
        *costs, gradient = self._evaluate(
            tf.constant(G), self._a_C, self._grams_S, self._lambdas, self._alpha, self._beta
        )
        return *(float(cost) for cost in costs), gradient.numpy()


@functools.lru_cache(
    maxsize=2
)  # tracing takes a second; a run with the same layers as the last need not wait for it
def _compiled(vgg: tf.keras.Model, layers: tuple[str, ...], preprocessed: bool) -> tuple[Callable, Callable]:
    """The activations of these layers, and J with its gradient: each traced once, for images of any size."""
    layer_outputs = get_layer_outputs(vgg, [(name, 1) for name in layers])
    channels = [CONV_LAYERS[name][1] for name in layers]
    image = _float32(1, None, None, 3)
    a_content = _float32(1, None, None, channels[-1])
    grams = [_float32(n_C, n_C) for n_C in channels[:-1]]

    compiled = functools.partial(
        tf.function, autograph=False
    )  # it has nothing to translate here, and takes its time

    @compiled(input_signature=[image])
    def activations(image: tf.Tensor) -> list[tf.Tensor]:
        return [tf.cast(a, tf.float32) for a in layer_outputs(preprocess(image) if preprocessed else image)]

    @compiled(input_signature=[image, a_content, grams, _float32(len(grams)), _float32(), _float32()])
    def evaluate(
        G: tf.Tensor,
        a_C: tf.Tensor,
        grams_S: list[tf.Tensor],
        lambdas: tf.Tensor,
        alpha: tf.Tensor,
        beta: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(G)
            *style_activations, content_activation = activations(G)
            J_content = compute_content_cost(a_C, content_activation)
            distances = [
                gram_distance(gram_S, _gram_matrix_per_position(a_G))
                for gram_S, a_G in zip(grams_S, style_activations, strict=True)
            ]
            J_style = tf.tensordot(lambdas, tf.stack(distances), 1)  # Σ_l λ_l J_style^[l]
            J = total_cost(J_content, J_style, alpha, beta)
        return J, J_content, J_style, tape.gradient(J, G)

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


def _as_tensors(alpha: float, beta: float) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.constant(alpha, tf.float32), tf.constant(beta, tf.float32)


def _float32(*shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.float32)
