"""Turns a strength of the style, which means about the same for any pictures, into β and γ.

The same β can wipe out a dark photograph and hardly change another, because activations differ in size from
picture to picture: J_content is quadratic in them, and J_style quartic (quadratic, too, with means and
deviations). So β is measured against what each cost would be if all activations were 0, and γ against how
smooth the painting is.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from nst_tf.control.styles import Region, everywhere
from nst_tf.costs import compute_content_cost, total_variation_cost
from nst_tf.images import resized
from nst_tf.inputs import Inputs
from nst_tf.large.compiled import Layers, activations_of
from nst_tf.layers import minimum_side
from nst_tf.objective import sums_of_paintings
from nst_tf.progress import Balance
from nst_tf.settings import BETA_AT_HALF, EXPONENTS, GAMMA_AT_HALF, LARGEST, LEAST, Settings, SettingsError
from nst_tf.terms import STATISTICS, style_cost, style_goals

SIZE = 256  # in pixels: activations are measured on pictures no larger than that, whatever the run's size


def balance_of(vgg: tf.keras.Model, inputs: Inputs, settings: Settings) -> Balance:
    """β/α and γ/α for these pictures at a strength of ½.

    J_content(0) and J_style(0) are the costs if all activations were 0, and J_C(0) is that style cost with C
    in place of S. Then

        β/α = b · J_content(0) / J_style(0) · (J_C(0) / J_style(0))^p
        γ/α = c · J_content(0) / J_tv(S)

    with b = 12.5, p = ½ and c = 0.2 for Gram matrices, and b = 50, p = 1 and c = 0.6 for means and
    deviations. In the first line, the first ratio alone gives too much style if S has strong activations and
    C weak ones; the second makes up for that, and p makes it a ratio of squared activations in both cases. We
    found all six numbers by measuring (docs/balance.md). J_tv(S) is that of S as large as in the run, because
    the larger S is, the less its neighbouring pixels differ. It counts as at least a quarter of J_tv(C), lest
    a flat S wipe out C; that quarter was not measured.

    With several paintings, J_style(0) is that of their averaged target, and J_style(0) and J_tv(S) are
    averaged over the regions by area. Masks play no other part. One β serves all regions, so where the β of
    their own would differ, one gets more style than the strength says, and another less.
    """
    activations = activations_of(vgg, settings)
    a_C = activations(tf.constant(_small(inputs.C, settings)))[-1]
    J_content = float(compute_content_cost(a_C, tf.zeros_like(a_C)))
    of_C, of_S = (
        _over_regions(regions, lambda region: _cost_of_silence(activations, region, settings))
        for regions in (everywhere(inputs.C), inputs.regions)
    )
    roughness = max(_over_regions(inputs.regions, _roughness), float(total_variation_cost(inputs.C)) / 4)
    statistics = settings.style_statistics
    correction = (of_C / of_S) ** EXPONENTS[statistics] / of_S if of_S else math.inf
    gamma = GAMMA_AT_HALF[statistics] * J_content / roughness if roughness else 0.0
    return Balance(BETA_AT_HALF[statistics] * J_content * correction, gamma)


def with_cost_weights(settings: Settings, balance: Balance) -> Settings:
    """The settings with the β that their strength means, and the γ unless they have their own.

    Raises:
        SettingsError: float32 doesn't hold that β or that γ.
    """
    strength = settings.style_strength
    if strength is None:
        return settings
    _, beta, gamma = balance.weights(strength, settings.alpha)
    if settings.gamma is not None:
        gamma = settings.gamma
    if strength and not (LEAST <= beta <= LARGEST and gamma <= LARGEST):
        raise SettingsError(
            f"style_strength {strength:g} means β = {beta:g} and γ = {gamma:g} for these pictures, which "
            "float32 can't hold: give beta instead."
        )
    return dataclasses.replace(settings, beta=beta, gamma=gamma, style_strength=None)


def _over_regions(regions: Sequence[Region], value: Callable[[Region], float]) -> float:
    """The mean of a value of each region, weighted by what it covers."""
    return sum(region.share * value(region) for region in regions) / sum(region.share for region in regions)


def _cost_of_silence(activations: Layers, region: Region, settings: Settings) -> float:
    """J_style in a region where nothing fires."""
    paintings = [
        painting._replace(S=_small(painting.S, settings), part=None) for painting in region.paintings
    ]
    whole = region._replace(paintings=tuple(paintings), mask=None)
    goals = style_goals(sums_of_paintings(activations, settings), whole, settings)
    statistic = STATISTICS[settings.style_statistics]
    silent = [tf.zeros([1, 1, 1, of_layer.shape[-1]]) for of_layer in goals.statistics]
    silence = [statistic.sums(of_layer, None, tf.constant(1.0)) for of_layer in silent]
    return float(style_cost(silence, goals, statistic))


def _roughness(region: Region) -> float:
    """J_tv of its paintings."""
    return sum(painting.weight * float(total_variation_cost(painting.S)) for painting in region.paintings)


def _small(image: np.ndarray, settings: Settings) -> np.ndarray:
    """The image at ``SIZE``, or larger where the layers need more."""
    longer, shorter = max(image.shape[1:3]), min(image.shape[1:3])
    least = minimum_side([name for name, _ in settings.layers]) * longer / shorter
    return resized(image, min(longer, max(SIZE, math.ceil(least))))
