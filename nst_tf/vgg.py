"""VGG-19, frozen, and the outputs of its layers.

Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).
"""

import os
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from nst_tf.layers import CONV_LAYERS
from nst_tf.settings import PRECISIONS
from nst_tf.weights import Weights, load_weights


class WeightsOrigin(NamedTuple):
    """Which weights a network has. ``checksum`` is a SHA-256 over all layers."""

    name: str
    path: str
    checksum: str


class Network(NamedTuple):
    """VGG-19, and where its weights come from."""

    vgg: tf.keras.Model
    origin: WeightsOrigin


# The network loaded last, by its choice of weights and then by precision.
_loaded: dict[object, dict[str, Network]] = {}
_loading = threading.Lock()


def load_vgg19(
    weights: str | os.PathLike | None = "auto",
    *,
    precision: str = "float32",
    say: Callable[[str], object] = print,
) -> tf.keras.Model:
    """VGG-19 without its classifier, frozen: nothing in it is ever trained.

    Args:
        weights: see ``nst_tf.weights.load_weights``.
        precision: ``"float32"`` or ``"bfloat16"``, in which it computes, and which its outputs have.
        say: is given the line that tells which weights were loaded and from where.

    Returns:
        A Keras model for input of shape (1, h, w, 3) as ``preprocess`` gives it. The network loaded last is
        kept, so that loading it again takes no time.

    Raises:
        ValueError: there is no such precision.
        WeightsError: the weights can't be had; the text names the ways out.
    """
    return load_network(weights, precision=precision, say=say).vgg


def load_network(
    weights: str | os.PathLike | None, *, precision: str, say: Callable[[str], object] = print
) -> Network:
    """Like ``load_vgg19``, together with where the weights come from."""
    if precision not in PRECISIONS[1:]:
        raise ValueError(f"precision is {precision!r}: VGG-19 is loaded in float32 or in bfloat16.")
    with _loading:
        if weights not in _loaded:
            trained = load_weights(weights, say)
            network = _build(trained)
            _loaded.clear()
            _loaded[weights] = {"float32": network}
            say(str(trained))
        networks = _loaded[weights]
        if precision not in networks:
            networks[precision] = _converted(networks["float32"], precision)
        return networks[precision]


def _build(trained: Weights) -> Network:
    vgg = tf.keras.applications.VGG19(weights=None, include_top=False)
    for name, layer in trained.layers.items():
        vgg.get_layer(name).set_weights(layer)
    vgg.trainable = False
    return Network(vgg, WeightsOrigin(trained.name, trained.origin, trained.checksum()))


def _converted(network: Network, precision: str) -> Network:
    """A copy of the network that computes in another precision."""

    def convert(layer: tf.keras.Layer) -> tf.keras.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": precision})

    copy = tf.keras.models.clone_model(network.vgg, clone_function=convert)
    copy.set_weights(network.vgg.get_weights())
    copy.trainable = False
    return network._replace(vgg=copy)


def get_layer_outputs(vgg: tf.keras.Model, layer_names: Sequence[tuple[str, float]]) -> tf.keras.Model:
    """A model from VGG's input to the outputs of some of its layers.

    Only what these layers need is computed: nothing beyond the deepest of them.

    Args:
        vgg: as ``load_vgg19`` gives it.
        layer_names: pairs (layer name, weight), such as ``STYLE_LAYERS + [("block5_conv4", 1)]``. The
            weights play no part here.

    Returns:
        A model whose output is a list of activations of shape (1, n_H, n_W, n_C), in the order given;
        for a single layer, Keras gives that activation itself.

    Raises:
        ValueError: VGG-19 has no layer of that name.
    """
    known = {layer.name for layer in vgg.layers}
    for name, _ in layer_names:
        if name not in known:
            raise ValueError(f"VGG-19 has no layer {name!r}: choose among {', '.join(CONV_LAYERS)}.")
    return tf.keras.Model(vgg.input, [vgg.get_layer(name).output for name, _ in layer_names])
