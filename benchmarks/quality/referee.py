"""The referee: looks at pictures with layers of VGG-19 that no contender's style cost uses."""

import functools

import numpy as np
import tensorflow as tf

from benchmarks.quality import measures
from benchmarks.quality.pairs import Pair
from nst_tf.images import preprocess
from nst_tf.progress import say_nothing
from nst_tf.vgg import get_layer_outputs, load_vgg19

STYLE_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")
CONTENT_LAYER = "block3_conv4"


def be_ready() -> None:
    """Load the weights."""
    load_vgg19(say=say_nothing)


def marks(pair: Pair, size: int, image: np.ndarray) -> dict[str, float]:
    """All measures of a picture, uint8 of shape (h, w, 3); grain is relative to the painting's."""
    C, S, style_C, style_S, a_C = _references(pair, size)
    G = image / np.float32(255)
    *style_G, a_G = activations(G)
    return {
        "grain": measures.grain(G) / measures.grain(S),
        "median_grain": measures.median_grain(G) / measures.median_grain(S),
        "style": measures.style_distance(projected(style_G), style_S, style_C),
        "content": measures.relative_feature_error(a_G, a_C),
        "edges": measures.edge_correlation(G, C),
    }


@functools.lru_cache(maxsize=1)
def _references(pair: Pair, size: int) -> tuple:
    """C and S, and what the layers make of them."""
    C, S = (image[0] for image in pair.images(size))
    *style_C, a_C = activations(C)
    *style_S, _ = activations(S)
    return C, S, projected(style_C), projected(style_S), a_C


def activations(image: np.ndarray) -> list[np.ndarray]:
    """Of an image (h, w, 3), at the style's layers and last at the content's: shape (n_H, n_W, n_C) each."""
    return [a.numpy()[0] for a in _network()(tf.constant(image[np.newaxis]))]


@functools.cache
def _network() -> tf.types.experimental.PolymorphicFunction:
    names = [(name, 1) for name in (*STYLE_LAYERS, CONTENT_LAYER)]
    outputs = get_layer_outputs(load_vgg19(say=say_nothing), names)
    image = tf.TensorSpec((1, None, None, 3), tf.float32)
    return tf.function(lambda x: outputs(preprocess(x)), input_signature=[image], autograph=False)


def projected(layers: list[np.ndarray]) -> list[np.ndarray]:
    """Each layer's activations along its fixed directions."""
    directions = [measures.unit_vectors(measures.DIRECTIONS, a.shape[-1]) for a in layers]
    return [measures.sorted_projections(a, along) for a, along in zip(layers, directions, strict=True)]
