"""The objective J(G), a sum of terms, and its gradient with respect to G alone:

    J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G)

The convolutions may be computed in bfloat16; costs, statistics and the image are float32 in any case.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.control.masks import masks_at_layers
from nst_tf.control.styles import Region, coverage
from nst_tf.costs import (
    compute_content_cost,
    gram_distance,
    moments_distance,
    moments_over_positions,
    total_variation_cost,
)
from nst_tf.images import preprocess
from nst_tf.settings import Settings
from nst_tf.vgg import get_layer_outputs

Activations: TypeAlias = list[tf.Tensor]  # one per style layer, then the content layer's
Layers: TypeAlias = Callable[[tf.Tensor], Activations]  # from an image (1, h, w, 3) in [0, 1]
Targets: TypeAlias = Any  # tensors, in lists and tuples


class Layout(NamedTuple):
    """What the types of the targets depend on.

    Attributes:
        masked: for each region, whether it has a mask.
        is_partial: whether the regions leave a part of C.
    """

    masked: tuple[bool, ...]
    is_partial: bool


class Term(Protocol):
    """One term of J: a cost of G with a weight.

    Everything that depends on the run is in the targets, so a term is compiled only once.

    Attributes:
        name: of the cost, as in ``nst_tf.progress.Costs``.
        weight: the setting that it is multiplied by.
    """

    name: str
    weight: str

    def targets(
        self, activations: Layers, C: np.ndarray, regions: Sequence[Region], settings: Settings
    ) -> Targets:
        """What G should get close to. Computed once a size, as C and the paintings never change."""

    def types(self, channels: Sequence[int], layout: Layout) -> Any:
        """The targets' types, for layers with these numbers of channels."""

    def cost(self, G: tf.Tensor, a_G: Activations, targets: Targets) -> tf.Tensor:
        """How far G is from them, a scalar."""


class _Content:
    """J_content."""

    name, weight = "J_content", "alpha"

    def targets(
        self, activations: Layers, C: np.ndarray, regions: Sequence[Region], settings: Settings
    ) -> tf.Tensor:
        return activations(tf.constant(C))[-1]

    def types(self, channels: Sequence[int], layout: Layout) -> tf.TensorSpec:
        return _float32(1, None, None, channels[-1])

    def cost(self, G: tf.Tensor, a_G: Activations, targets: tf.Tensor) -> tf.Tensor:
        return compute_content_cost(targets, a_G[-1])


class Statistic(NamedTuple):
    """What is compared at a style layer.

    Attributes:
        of: from a layer's activations and a mask, as ``masks_at_layers`` gives it, or None.
        distance: how far two of them are apart, J_style^[l].
        rows: how many there are for n_C channels; the columns are n_C.
    """

    of: Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]
    distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    rows: Callable[[int], int]


def _gram_matrix(a: tf.Tensor, m: tf.Tensor | None) -> tf.Tensor:
    """The Gram matrix per position, or the guided one, as ``costs.guided_gram_matrix``."""
    return _gram_matrix_per_position(a) if m is None else _gram_matrix_of_columns(_positions(a) * m)


def _gram_matrix_per_position(a: tf.Tensor) -> tf.Tensor:
    """As ``costs.gram_matrix_per_position``, with a faster gradient,
    which can't leave this process as part of a graph.
    """
    positions = _positions(a)
    return _gram_matrix_of_columns(positions) / tf.cast(tf.shape(positions)[0], a.dtype)


@tf.custom_gradient
def _gram_matrix_of_columns(X: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """XᵀX.

    TensorFlow's own gradient, X D + X Dᵀ, takes two large products; X (D + Dᵀ) is the same with one.
    """
    return tf.matmul(X, X, transpose_a=True), lambda D: tf.matmul(X, D + tf.transpose(D))


def _moments(a: tf.Tensor, m: tf.Tensor | None) -> tf.Tensor:
    """As ``costs.channel_moments``; the squares of such a mask are weights that add up to 1."""
    return moments_over_positions(_positions(a), None if m is None else tf.square(m))


def _positions(a: tf.Tensor) -> tf.Tensor:
    """Activations with one position in each row: shape (n_H·n_W, n_C)."""
    return tf.reshape(a, [-1, tf.shape(a)[-1]])


STATISTICS = {
    "gram": Statistic(_gram_matrix, gram_distance, lambda n_C: n_C),
    "moments": Statistic(_moments, moments_distance, lambda n_C: 2),
}


class StyleTargets(NamedTuple):
    """What G should get close to in one region.

    Attributes:
        lambdas: λ of each style layer, times the region's share of C.
        statistics: of the paintings at each.
        masks: the region's at each, as ``masks_at_layers`` gives them; empty where it is everywhere.
    """

    lambdas: tf.Tensor
    statistics: list[tf.Tensor]
    masks: list[tf.Tensor]


class _Style:
    """J_style = Σ_r s_r Σ_l λ_l J_style^[l, r], where s_r is the share of C that region r covers.

    So a position of G gets as much style in a small region as in a large one.
    """

    name, weight = "J_style", "beta"

    def __init__(self, statistic: Statistic):
        self._statistic = statistic

    def targets(
        self, activations: Layers, C: np.ndarray, regions: Sequence[Region], settings: Settings
    ) -> list[StyleTargets]:
        return [style_targets(activations, region, settings) for region in regions]

    def types(self, channels: Sequence[int], layout: Layout) -> list[StyleTargets]:
        statistics = [_float32(self._statistic.rows(n_C), n_C) for n_C in channels[:-1]]
        lambdas, masks = _float32(len(statistics)), [_float32(None, 1) for _ in statistics]
        return [StyleTargets(lambdas, statistics, masks if has_mask else []) for has_mask in layout.masked]

    def cost(self, G: tf.Tensor, a_G: Activations, targets: list[StyleTargets]) -> tf.Tensor:
        return tf.add_n([style_cost(a_G[:-1], of_region, self._statistic) for of_region in targets])


def style_targets(activations: Layers, region: Region, settings: Settings) -> StyleTargets:
    """The targets of one region.

    Where it has several paintings, the mean of their Gram matrices is enough: with weights w_i that add up
    to 1, Σ_i w_i ‖G_G − G_i‖² is ‖G_G − Σ_i w_i G_i‖² and a number that G doesn't change. The same holds for
    means and deviations.
    """
    statistic = STATISTICS[settings.style_statistics]
    layers = [name for name, _ in settings.layers[:-1]]
    lambdas = tf.constant([weight for _, weight in settings.layers[:-1]], tf.float32)

    def masks(mask: np.ndarray | None, name: str) -> list[tf.Tensor]:
        return [] if mask is None else [tf.constant(m) for m in masks_at_layers(mask, layers, name)]

    weighted = []
    for painting in region.paintings:
        a_S, part = activations(tf.constant(painting.S))[:-1], masks(painting.part, "The mask over a style")
        weighted.append([painting.weight * of_layer for of_layer in _statistics_of(a_S, part, statistic)])
    statistics = [tf.add_n(of_layer) for of_layer in zip(*weighted, strict=True)]
    return StyleTargets(region.share * lambdas, statistics, masks(region.mask, region.name))


def style_cost(a_G: Activations, targets: StyleTargets, statistic: Statistic) -> tf.Tensor:
    """J_style in one region, before β."""
    of_G = _statistics_of(a_G, targets.masks, statistic)
    distances = [statistic.distance(S, G) for S, G in zip(targets.statistics, of_G, strict=True)]
    return tf.tensordot(targets.lambdas, tf.stack(distances), 1)


def _statistics_of(a: Activations, masks: list[tf.Tensor], statistic: Statistic) -> list[tf.Tensor]:
    """What is compared at each style layer. An empty list of masks means that all positions count."""
    return [statistic.of(*of_layer) for of_layer in zip(a, masks or [None] * len(a), strict=True)]


class _Smoothness:
    """J_tv, of G where there is style, and of C where there is none and nothing is to be smoothed."""

    name, weight = "J_tv", "gamma"

    def targets(
        self, activations: Layers, C: np.ndarray, regions: Sequence[Region], settings: Settings
    ) -> list[tf.Tensor]:
        covered = coverage(regions)
        if covered is None:
            return []
        m = covered[np.newaxis, ..., np.newaxis]
        return [tf.constant(m), tf.constant((1 - m) * C)]

    def types(self, channels: Sequence[int], layout: Layout) -> list[tf.TensorSpec]:
        return [_float32(1, None, None, 1), _float32(1, None, None, 3)] if layout.is_partial else []

    def cost(self, G: tf.Tensor, a_G: Activations, targets: list[tf.Tensor]) -> tf.Tensor:
        if not targets:
            return total_variation_cost(G)
        m, rest_of_C = targets
        return total_variation_cost(m * G + rest_of_C)


# For each ``style_statistics``, the terms of J.
TERMS: dict[str, tuple[Term, ...]] = {
    name: (_Content(), _Style(statistic), _Smoothness()) for name, statistic in STATISTICS.items()
}


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
    """J(G) for one content C, and regions with the styles that G is to have there.

    The settings' β and γ have to be numbers.
    """

    def __init__(self, vgg: tf.keras.Model, C: np.ndarray, regions: Sequence[Region], settings: Settings):
        activations, self._terms = activations_of(vgg, settings), TERMS[settings.style_statistics]
        masked = tuple(region.mask is not None for region in regions)
        self._evaluate = _evaluation(activations, self._terms, Layout(masked, coverage(regions) is not None))
        self._targets = [term.targets(activations, C, regions, settings) for term in self._terms]
        self.reweigh(settings)

    def reweigh(self, settings: Settings) -> None:
        """Use the weights in these settings from now on."""
        self._weights = tf.constant([getattr(settings, term.weight) for term in self._terms], tf.float32)

    def __call__(self, G: np.ndarray) -> Evaluation:
        """J, its parts and its gradient at G, an image of C's shape."""
        J, costs, gradient = self._evaluate(tf.constant(G), self._targets, self._weights)
        parts = {term.name: float(cost) for term, cost in zip(self._terms, costs, strict=True)}
        return Evaluation(float(J), parts, gradient.numpy())


def activations_of(vgg: tf.keras.Model, settings: Settings) -> Layers:
    """The activations of these settings' layers."""
    return _activations(vgg, tuple(name for name, _ in settings.layers), settings.preprocess)


# Tracing takes a second, and a run with the same layers as the last need not wait for it. Autograph has
# nothing to translate here, and takes its time.
_kept = functools.lru_cache(maxsize=2)
_compiled = functools.partial(tf.function, autograph=False)


@_kept
def _activations(vgg: tf.keras.Model, layers: tuple[str, ...], preprocessed: bool) -> Layers:
    """The activations of these layers, traced once, for images of any size."""
    layer_outputs = get_layer_outputs(vgg, [(name, 1) for name in layers])

    # The targets are computed by this, too, so that they are rounded as in J: J_content of C itself is 0 in
    # bfloat16 as well.
    @_compiled(input_signature=[_float32(1, None, None, 3)])
    def activations(image: tf.Tensor) -> Activations:
        return [tf.cast(a, tf.float32) for a in layer_outputs(preprocess(image) if preprocessed else image)]

    return activations.get_concrete_function()


@_kept
def _evaluation(activations: Any, terms: tuple[Term, ...], layout: Layout) -> Callable:
    """J with its gradient, traced once, for images of any size."""
    channels = [a.shape[-1] for a in activations.structured_outputs]
    types = [term.types(channels, layout) for term in terms]

    @_compiled(input_signature=[_float32(1, None, None, 3), types, _float32(len(terms))])
    def evaluate(
        G: tf.Tensor, targets: list[Targets], weights: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(G)
            a_G = activations(G)
            costs = [term.cost(G, a_G, target) for term, target in zip(terms, targets, strict=True)]
            J = tf.add_n([weight * cost for weight, cost in zip(tf.unstack(weights), costs, strict=True)])
        return J, costs, tape.gradient(J, G)

    return evaluate.get_concrete_function()


def forget_compiled() -> None:
    """Have the next objective traced anew, as the first one in a process is."""
    for kept in (_activations, _evaluation):
        kept.cache_clear()


def _float32(*shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.float32)
