"""From a strength of the style, which means about the same for every two pictures, to β.

With one β, a dark photograph and a busy painting give a picture in which nothing of the photograph is left,
and others hardly change: activations differ in size from picture to picture, J_content is quadratic in them
and J_style quartic. So β is measured in what each cost would be if no layer fired at all.
"""

import numpy as np
import tensorflow as tf

from nst_tf.costs import compute_content_cost, gram_distance, gram_matrix_per_position
from nst_tf.images import resized
from nst_tf.inputs import Inputs
from nst_tf.layers import minimum_side
from nst_tf.objective import activations_of
from nst_tf.settings import Settings

SIZE = 256  # of the pictures in which the costs are measured; a strength then is one β at every size
HALF = 16  # β/α at the strength ½ where the costs of nothing are alike: for an error of 0.9, on 22 pairs


def beta_of(strength: float, vgg: tf.keras.Model, inputs: Inputs, settings: Settings) -> float:
    """β for a strength of the style.

    With J_content(0) and J_style(0), the costs of activations that are all 0, and J_C(0), the style cost of
    such activations with C in place of S, this is

        β/α = 16 · J_content(0) / J_style(0) · √(J_C(0) / J_style(0)) · (s / (1 − s))²

    Args:
        strength: s, from 0, which leaves C as it is, to less than 1, where hardly anything of it is left.
        vgg: the network.
        inputs: of the run.
        settings: α and the layers. Where α is 0, any β gives the same picture: 1.
    """
    if settings.alpha == 0:
        return 1.0
    activations = activations_of(vgg, settings)
    a_C, a_S = (activations(tf.constant(_small(image, settings))) for image in (inputs.C, inputs.S))
    lambdas = [weight for _, weight in settings.layers[:-1]]
    J_content = float(compute_content_cost(a_C[-1], tf.zeros_like(a_C[-1])))
    of_C, of_S = (_cost_of_nothing(a[:-1], lambdas) for a in (a_C, a_S))
    odds = strength / (1 - strength)
    return float(settings.alpha * HALF * J_content / of_S * np.sqrt(of_C / of_S) * odds**2)


def _cost_of_nothing(a: list[tf.Tensor], lambdas: list[float]) -> float:
    """J_style of activations that are all 0, for a style with the activations ``a``."""
    grams = [gram_matrix_per_position(layer) for layer in a]
    return sum(
        weight * float(gram_distance(gram, tf.zeros_like(gram)))
        for weight, gram in zip(lambdas, grams, strict=True)
    )


def _small(image: np.ndarray, settings: Settings) -> np.ndarray:
    """The image at ``SIZE``, or larger where the layers need more."""
    longer, shorter = max(image.shape[1:3]), min(image.shape[1:3])
    least = minimum_side([name for name, _ in settings.layers]) * longer / shorter
    return resized(image, min(longer, max(SIZE, int(np.ceil(least)))))
