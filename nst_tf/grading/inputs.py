"""The random inputs that a cost function is tried on, as NumPy arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

NAMES = {
    "compute_content_cost": ("content_output", "generated_output"),
    "gram_matrix": ("A",),
    "compute_layer_style_cost": ("a_S", "a_G"),
    "compute_style_cost": ("style_image_output", "generated_image_output", "STYLE_LAYERS"),
    "total_cost": ("J_content", "J_style", "alpha", "beta"),
}
DIFFERENTIATED = {  # the arguments that G comes in by
    "compute_content_cost": (1,),
    "gram_matrix": (0,),
    "compute_layer_style_cost": (1,),
    "compute_style_cost": (1,),
    "total_cost": (0, 1),
}
_SHAPES = ((3, 5, 4), (2, 3, 6))  # n_H, n_W, n_C: all different, and once n_H·n_W = n_C
_STYLE_SHAPES = (
    (6, 5, 2),
    (5, 3, 3),
    (4, 3, 5),
    (2, 4, 6),
    (3, 2, 7),
)  # of the layers before the content layer


@dataclass(frozen=True)
class Input:
    """One call's arguments, in order.

    Attributes:
        arguments: arrays, lists of arrays, numbers, or pairs (name, λ).
        words: what is special about it, to stand behind "for".
        only: the argument in which alone it differs from the first input, if there is one.
        is_equal: whether S (or C) and G are the same, so that the cost is 0.
    """

    arguments: tuple
    words: str
    only: str | None = None
    is_equal: bool = False


def inputs_for(name: str, seed: int) -> list[Input]:
    """The inputs for the function of that name; one seed, one list."""
    random = np.random.default_rng(seed)
    make = {
        "compute_content_cost": _for_content_cost,
        "gram_matrix": _for_gram_matrix,
        "compute_layer_style_cost": _for_layer_style_cost,
        "compute_style_cost": _for_style_cost,
        "total_cost": _for_total_cost,
    }
    return make[name](random)


def _for_content_cost(random: Generator) -> list[Input]:
    calls = [(_outputs(random, shape), _outputs(random, shape)) for shape in _SHAPES]
    return _for_two_sides(
        "compute_content_cost", calls, (_outputs(random, _SHAPES[0]), _outputs(random, _SHAPES[0]))
    )


def _for_layer_style_cost(random: Generator) -> list[Input]:
    calls = [(_activation(random, shape), _activation(random, shape)) for shape in _SHAPES]
    others = _activation(random, _SHAPES[0]), _activation(random, _SHAPES[0])
    return _for_two_sides("compute_layer_style_cost", calls, others)


def _for_style_cost(random: Generator) -> list[Input]:
    calls = [(_outputs(random, shape), _outputs(random, shape)) for shape in _SHAPES]
    others = _outputs(random, _SHAPES[0]), _outputs(random, _SHAPES[0])
    weights = _style_layers(random, len(_STYLE_SHAPES))
    S, G = calls[0]
    return [
        *(
            Input((*each.arguments, weights), each.words, each.only, each.is_equal)
            for each in _for_two_sides("compute_style_cost", calls, others)
        ),
        Input((S, G, _style_layers(random, len(_STYLE_SHAPES))), "other λ", only="STYLE_LAYERS"),
        Input(([*S[:3], S[-1]], [*G[:3], G[-1]], _style_layers(random, 3)), "three style layers"),
    ]


def _for_two_sides(name: str, calls: list[tuple], others: tuple) -> list[Input]:
    (first, second), other_S, other_G = calls[0], *others
    of_S, of_G = NAMES[name][:2]
    return [
        *(Input(call, _shapes_in_words(call)) for call in calls),
        Input((other_S, second), f"another {of_S}", only=of_S),
        Input((first, other_G), f"another {of_G}", only=of_G),
        Input((first, first), f"{of_S} = {of_G}", is_equal=True),
    ]


def _for_gram_matrix(random: Generator) -> list[Input]:
    shapes = ((4, 15), (6, 6), (7, 3))
    other = random.normal(size=shapes[0]).astype(np.float32)
    return [
        *(Input((random.normal(size=shape).astype(np.float32),), f"A of shape {shape}") for shape in shapes),
        Input((other,), "another A", only="A"),
    ]


def _for_total_cost(random: Generator) -> list[Input]:
    values = random.uniform([1, 5, 11, 17], [4, 9, 15, 29])
    others = random.uniform([31, 47, 61, 83], [43, 59, 79, 97])
    inputs = [_total_cost_input(values)]
    for place, name in enumerate(NAMES["total_cost"]):
        inputs.append(_total_cost_input([*values[:place], others[place], *values[place + 1 :]], only=name))
    costs = inputs[0].arguments[:2]
    return [*inputs, Input(costs, "alpha and beta left to their defaults")]


def _total_cost_input(values: list[float], only: str | None = None) -> Input:
    J_content, J_style, alpha, beta = (round(float(value), 1) for value in values)
    words = f"J_content = {J_content}, J_style = {J_style}, alpha = {alpha}, beta = {beta}"
    return Input((np.float32(J_content), np.float32(J_style), alpha, beta), words, only)


def _activation(random: Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Mostly positive, as VGG-19's are, and in every channel at another level."""
    levels = random.uniform(0.2, 1.5, size=shape[-1])
    return (random.normal(size=(1, *shape)) * levels + levels).astype(np.float32)


def _outputs(random: Generator, content_shape: tuple[int, int, int]) -> list[np.ndarray]:
    """Activations of the style layers, and last of the content layer."""
    return [_activation(random, shape) for shape in (*_STYLE_SHAPES, content_shape)]


def _style_layers(random: Generator, count: int) -> list[tuple[str, float]]:
    return [
        (f"layer {number}", round(float(weight), 3))
        for number, weight in enumerate(random.uniform(0.1, 2, count))
    ]


def _shapes_in_words(call: tuple) -> str:
    of_G = call[1][-1] if isinstance(call[1], list) else call[1]
    where = "random activations, the last of" if isinstance(call[1], list) else "random activations of"
    return f"{where} shape {of_G.shape}"
