"""Random activations and weights, as NumPy arrays, for the inputs that a function is tried on."""

from functools import cache

import numpy as np
from numpy.random import Generator

from nst_tf.grading.value_trial import Input

SHAPES = ((3, 5, 4), (2, 3, 6))  # n_H, n_W, n_C: all different, and once n_H·n_W = n_C
# n_H, n_W, n_C of the layers before the content layer
STYLE_SHAPES = ((6, 5, 2), (5, 3, 3), (4, 3, 5), (2, 4, 6), (3, 2, 7))


# By how much other values of an argument are larger: a function that takes a maximum, clips, rounds or
# saturates may give the same value for two of one kind, but not for all.
FACTORS = (1.0, 5.0)
# n_H, n_W, n_C of a layer of real size, the smallest for which (n_H·n_W)² is too large for an int32
LARGE_SHAPE = (215, 216, 2)


def for_two_sides(of_S: str, of_G: str, calls: list[tuple], others: list[tuple]) -> list[Input]:
    """Inputs for a function that compares two images.

    Args:
        of_S: name of the argument that belongs to S (or C).
        of_G: name of the argument that belongs to G.
        calls: the arguments of some calls.
        others: pairs of arguments more, to take the place of the first call's, one at a time. So does each
            argument of the other side.
    """
    first, second = calls[0]
    return [
        *(Input(call, _shapes_in_words(call)) for call in calls),
        *(Input((other_S, second), f"a different {of_S}", only=of_S) for other_S, _ in others),
        *(Input((first, other_G), f"a different {of_G}", only=of_G) for _, other_G in others),
        Input((second, second), f"{of_S} = {of_G}", only=of_S, is_equal=True),
        Input((first, first), f"{of_S} = {of_G}", only=of_G, is_equal=True),
    ]


def random_activation(random: Generator, shape: tuple[int, ...], factor: float = 1.0) -> np.ndarray:
    """Mostly positive, as VGG-19's are, and at a different level in each channel."""
    levels = factor * random.uniform(0.2, 1.5, size=shape[-1])
    return (random.normal(size=(1, *shape)) * levels + levels).astype(np.float32)


def random_outputs(
    random: Generator, content_shape: tuple[int, ...], factor: float = 1.0
) -> list[np.ndarray]:
    """Activations of the style layers, then of the content layer."""
    return [random_activation(random, shape, factor) for shape in (*STYLE_SHAPES, content_shape)]


@cache
def large_activations() -> tuple[np.ndarray, np.ndarray]:
    """S's and G's activations of a layer of real size, which differ much in style."""
    random = np.random.default_rng(0)
    noise = random.normal(size=(2, 1, *LARGE_SHAPE))
    a_S, a_G = (noise * 0.5 + [[[[[1.0]]]], [[[[2.0]]]]]).astype(np.float32)
    return a_S, a_G


def random_style_layers(random: Generator, count: int, factor: float = 1.0) -> list[tuple[str, float]]:
    """Pairs (name, λ)."""
    return [
        (f"layer {number}", round(float(weight), 3))
        for number, weight in enumerate(factor * random.uniform(0.1, 2, count))
    ]


def _shapes_in_words(call: tuple) -> str:
    of_G = call[1][-1] if isinstance(call[1], list) else call[1]
    where = "random activations, the last of" if isinstance(call[1], list) else "random activations of"
    return f"{where} shape {of_G.shape}"
