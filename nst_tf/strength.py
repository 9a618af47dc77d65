"""Turns a strength of the style, which means about the same for any two pictures, into β.

The same β can wipe out a dark photograph and hardly change another, because activations differ in size from
picture to picture: J_content is quadratic in them, and J_style quartic. So β is measured against what each
cost would be if all activations were 0.
"""

import math

import numpy as np
import tensorflow as tf

from nst_tf.costs import compute_content_cost, compute_style_cost
from nst_tf.images import resized
from nst_tf.inputs import Inputs
from nst_tf.layers import minimum_side
from nst_tf.objective import activations_of
from nst_tf.settings import LARGEST, LEAST, Settings, SettingsError

SIZE = 256  # in pixels: the costs are measured on pictures no larger than that, whatever the run's size
HALF = 12.5  # β/α at ½ if all three costs were equal: docs/balance.md says how it was measured


def beta_of(vgg: tf.keras.Model, inputs: Inputs, settings: Settings) -> float:
    """β for the settings' strength of the style, s.

    J_content(0) and J_style(0) are the costs if all activations were 0, and J_C(0) is that style cost with C
    in place of S. Then

        β/α = 12.5 · J_content(0) / J_style(0) · √(J_C(0) / J_style(0)) · (s / (1 − s))^1.5

    The first ratio alone gives too much style if S has strong activations and C weak ones; the root makes up
    for that. We found the root and the exponent by measuring: 0.1 is a little style, and 0.9 is a lot.

    Raises:
        SettingsError: float32 doesn't hold that β.
    """
    strength = settings.style_strength
    if not strength:
        return 0.0
    activations = activations_of(vgg, settings)
    a_C, a_S = (activations(tf.constant(_small(image, settings))) for image in (inputs.C, inputs.S))
    J_content = float(compute_content_cost(a_C, _silent(a_C)))
    of_C, of_S = (float(compute_style_cost(a, _silent(a), settings.layers[:-1])) for a in (a_C, a_S))
    beta = settings.alpha * HALF * J_content * (strength / (1 - strength)) ** 1.5
    beta *= math.sqrt(of_C / of_S) / of_S if of_S else math.inf
    if not LEAST <= beta <= LARGEST:
        raise SettingsError(
            f"style_strength {strength:g} means β = {beta:g} for these two pictures, which float32 can't "
            "hold: give beta instead."
        )
    return beta


def _silent(a: list[tf.Tensor]) -> list[tf.Tensor]:
    return [tf.zeros_like(layer) for layer in a]


def _small(image: np.ndarray, settings: Settings) -> np.ndarray:
    """The image at ``SIZE``, or larger where the layers need more."""
    longer, shorter = max(image.shape[1:3]), min(image.shape[1:3])
    least = minimum_side([name for name, _ in settings.layers]) * longer / shorter
    return resized(image, min(longer, max(SIZE, math.ceil(least))))
