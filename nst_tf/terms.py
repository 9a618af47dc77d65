"""The terms of the objective

    J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G)

Each is computed in two steps: sums over the positions of G, and from these the cost. So G can be processed in
tiles.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.control.masks import masks_at_layers
from nst_tf.control.styles import Painting, Region, coverage
from nst_tf.costs import VARIANCE_FLOOR, compute_content_cost, gram_distance, moments_distance
from nst_tf.large.tiles import Tile
from nst_tf.layers import block_of
from nst_tf.settings import Settings

Activations: TypeAlias = list[tf.Tensor]  # one per style layer, then the content layer's
Goals: TypeAlias = Any  # tensors, in lists and tuples; so are places and sums
Places: TypeAlias = Any
Sums: TypeAlias = Any


class Layout(NamedTuple):
    """What the types of the goals and the places depend on.

    Attributes:
        masked: for each region, whether it has a mask.
        is_partial: whether the regions leave a part of C.
    """

    masked: tuple[bool, ...]
    is_partial: bool


class Scene:
    """What a run is about, at one size: C, the regions and their masks at each layer.

    Attributes:
        C: shape (1, h, w, 3) in [0, 1].
        regions: where G takes on which styles.
        covered: what they cover together, shape (h, w) in [0, 1]; None if that is all of C.
        masks: of each region, a mask over the positions of each style layer; empty where it is everywhere.
        blocks: the numbers of the style layers' blocks, and last the content layer's.
    """

    def __init__(self, C: np.ndarray, regions: Sequence[Region], settings: Settings):
        self.C, self.regions, self.covered = C, regions, coverage(regions)
        self.blocks = self.blocks_of(settings)
        self.masks = [masks_of(region.mask, settings, region.name) for region in regions]

    @staticmethod
    def blocks_of(settings: Settings) -> list[int]:
        """The numbers of the style layers' blocks, and last the content layer's."""
        return [block_of(name) for name, _ in settings.layers]

    @property
    def layout(self) -> Layout:
        """What the types of the terms' tensors depend on."""
        return Layout(tuple(bool(masks) for masks in self.masks), self.covered is not None)


class Term(Protocol):
    """One term of J: a cost of G with a weight.

    Everything that depends on the run is in the goals and in the places, so a term is compiled only once.

    Attributes:
        name: of the cost, as in ``nst_tf.progress.Costs``.
        weight: the setting that it is multiplied by.
    """

    name: str
    weight: str

    def goals(self, sums_of: "SumsOf", scene: Scene, settings: Settings) -> Goals:
        """What G as a whole should get close to. Computed once a size, as the paintings never change."""

    def places(self, tile: Tile, scene: Scene) -> Places:
        """What has to be known about the positions of a tile, a part of G."""

    def goal_types(self, channels: Sequence[int], layout: Layout) -> Any:
        """The goals' types, for layers with these numbers of channels."""

    def place_types(self, channels: Sequence[int], layout: Layout) -> Any:
        """The places' types."""

    def sums(self, G: tf.Tensor, a_G: Activations, a_C: tf.Tensor, places: Places) -> Sums:
        """What a tile adds.

        Args:
            G: the tile's pixels, and those below and to the right of them.
            a_G: activations at its positions.
            a_C: C's there, at the content layer.
            places: of the tile.
        """

    def cost(self, total: Sums, goals: Goals) -> tf.Tensor:
        """How far G is from the goals, a scalar, from what its tiles add up to."""


class _Content:
    """J_content."""

    name, weight = "J_content", "alpha"

    def goals(self, sums_of: "SumsOf", scene: Scene, settings: Settings) -> list:
        return []

    def places(self, tile: Tile, scene: Scene) -> tf.Tensor:
        """The tile's share of all positions."""
        block = scene.blocks[-1]
        rows, columns = (each.stop - each.start for each in tile.at(block))
        return tf.constant(rows * columns / _positions(scene.C, block), tf.float32)

    def goal_types(self, channels: Sequence[int], layout: Layout) -> list:
        return []

    def place_types(self, channels: Sequence[int], layout: Layout) -> tf.TensorSpec:
        return float32()

    def sums(self, G: tf.Tensor, a_G: Activations, a_C: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        return places * compute_content_cost(a_C, a_G[-1])

    def cost(self, total: tf.Tensor, goals: list) -> tf.Tensor:
        return total


class Statistic(NamedTuple):
    """What is compared at a style layer.

    Attributes:
        sums: what some positions add to it: from their activations, their part of a mask, as
            ``masks_at_layers`` gives it, or None, and the number of all positions.
        of: the statistic, from these sums over all positions.
        distance: how far two statistics are apart, J_style^[l].
        rows: how many there are for n_C channels; the columns are n_C.
    """

    sums: Callable[[tf.Tensor, tf.Tensor | None, tf.Tensor], tf.Tensor]
    of: Callable[[tf.Tensor], tf.Tensor]
    distance: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    rows: Callable[[int], int]

    def whole(self, a: tf.Tensor, m: tf.Tensor | None = None) -> tf.Tensor:
        """The statistic of all of a layer's activations, shape (1, n_H, n_W, n_C)."""
        number = tf.cast(tf.shape(a)[1] * tf.shape(a)[2], a.dtype)
        return tf.cast(self.of(self.sums(a, m, number)), a.dtype)


def _gram_sums(a: tf.Tensor, m: tf.Tensor | None, number: tf.Tensor) -> tf.Tensor:
    """Of the Gram matrix per position, or of the guided one, as ``costs.guided_gram_matrix``."""
    columns = _rows_of_positions(a)
    return _gram_matrix_of_columns(columns) / number if m is None else _gram_matrix_of_columns(columns * m)


@tf.custom_gradient
def _gram_matrix_of_columns(X: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """XᵀX, with a faster gradient, which can't leave this process as part of a graph.

    TensorFlow's own gradient, X D + X Dᵀ, takes two large products; X (D + Dᵀ) is the same with one.
    """
    return tf.matmul(X, X, transpose_a=True), lambda D: tf.matmul(X, D + tf.transpose(D))


def _moment_sums(a: tf.Tensor, m: tf.Tensor | None, number: tf.Tensor) -> tf.Tensor:
    """Σ w a, Σ w a² and Σ w, shape (3, n_C), in float64.

    w is 1/number or m². The squares are taken of what is left beside the mean, as squares of large numbers
    would bury a small deviation, and they are added up by a matrix product, which rounds less than a sum.
    """
    positions = _rows_of_positions(a)
    w = tf.ones_like(positions[:, :1]) / number if m is None else tf.square(m)
    first, weight = _weighted(w, positions), tf.reduce_sum(tf.cast(w, tf.float64))
    mean = tf.cast(tf.stop_gradient(tf.math.divide_no_nan(first, weight)), a.dtype)
    beside, mean64 = _weighted(w, tf.square(positions - mean)), tf.cast(mean, tf.float64)
    second = beside + 2 * mean64 * first - weight * tf.square(mean64)
    return tf.stack([first, second, weight * tf.ones_like(first)])


def _weighted(w: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Σ w · values over the rows, in float64."""
    return tf.cast(tf.matmul(w, values, transpose_a=True)[0], tf.float64)


def _moments(sums: tf.Tensor) -> tf.Tensor:
    """As ``costs.channel_moments``."""
    first, second, weight = tf.unstack(sums)
    mean = tf.math.divide_no_nan(first, weight)
    variance = tf.maximum(tf.math.divide_no_nan(second, weight) - tf.square(mean), 0)
    return tf.stack([mean, tf.sqrt(variance + VARIANCE_FLOOR)])


def _rows_of_positions(a: tf.Tensor) -> tf.Tensor:
    """Activations with one position in each row: shape (n_H·n_W, n_C)."""
    return tf.reshape(a, [-1, tf.shape(a)[-1]])


STATISTICS = {
    "gram": Statistic(_gram_sums, lambda gram: gram, gram_distance, lambda n_C: n_C),
    "moments": Statistic(_moment_sums, _moments, moments_distance, lambda n_C: 2),
}

# What all positions of a painting, or those in its masks, add up to at each style layer.
SumsOf = Callable[[Painting], list[tf.Tensor]]


class StyleGoals(NamedTuple):
    """What G should get close to in one region.

    Attributes:
        lambdas: λ of each style layer, times the region's share of C.
        statistics: of the paintings at each.
    """

    lambdas: tf.Tensor
    statistics: list[tf.Tensor]


class StylePlaces(NamedTuple):
    """A tile's positions in one region.

    Attributes:
        numbers: how many positions each style layer has, in all of the picture.
        masks: the region's at those of the tile, shape (positions, 1); empty where it is everywhere.
    """

    numbers: tf.Tensor
    masks: list[tf.Tensor]


class _Style:
    """J_style = Σ_r s_r Σ_l λ_l J_style^[l, r], where s_r is the share of C that region r covers.

    So a position of G gets as much style in a small region as in a large one.
    """

    name, weight = "J_style", "beta"

    def __init__(self, statistic: Statistic):
        self._statistic = statistic

    def goals(self, sums_of: SumsOf, scene: Scene, settings: Settings) -> list[StyleGoals]:
        return [style_goals(sums_of, region, settings) for region in scene.regions]

    def places(self, tile: Tile, scene: Scene) -> list[StylePlaces]:
        blocks = scene.blocks[:-1]
        return [style_places(tile, scene.C, masks, blocks) for masks in scene.masks]

    def goal_types(self, channels: Sequence[int], layout: Layout) -> list[StyleGoals]:
        statistics = [float32(self._statistic.rows(n_C), n_C) for n_C in channels[:-1]]
        return [StyleGoals(float32(len(statistics)), statistics) for _ in layout.masked]

    def place_types(self, channels: Sequence[int], layout: Layout) -> list[StylePlaces]:
        masks = [float32(None, 1) for _ in channels[:-1]]
        return [StylePlaces(float32(len(masks)), masks if has_mask else []) for has_mask in layout.masked]

    def sums(
        self, G: tf.Tensor, a_G: Activations, a_C: tf.Tensor, places: list[StylePlaces]
    ) -> list[list[tf.Tensor]]:
        return [style_sums(a_G[:-1], of_region, self._statistic) for of_region in places]

    def cost(self, total: list[list[tf.Tensor]], goals: list[StyleGoals]) -> tf.Tensor:
        regions = zip(total, goals, strict=True)
        return tf.add_n([style_cost(of_G, of_region, self._statistic) for of_G, of_region in regions])


def masks_of(mask: np.ndarray | None, settings: Settings, name: str) -> list[np.ndarray]:
    """A mask over the positions of each style layer, as ``masks_at_layers``, shape (n_H, n_W, 1)."""
    if mask is None:
        return []
    layers, (height, width) = [layer for layer, _ in settings.layers[:-1]], mask.shape
    strides = [2 ** (block_of(layer) - 1) for layer in layers]
    at_layers = zip(masks_at_layers(mask, layers, name), strides, strict=True)
    return [m.reshape(height // stride, width // stride, 1) for m, stride in at_layers]


def style_places(
    tile: Tile, image: np.ndarray, masks: list[np.ndarray], blocks: Sequence[int]
) -> StylePlaces:
    """A tile's positions at style layers of these blocks, in the image and under its masks, if any."""
    numbers = tf.constant([_positions(image, block) for block in blocks], tf.float32)
    of_tile = [mask[tile.at(block)] for mask, block in zip(masks, blocks, strict=bool(masks))]
    return StylePlaces(numbers, [tf.constant(mask.reshape(-1, 1)) for mask in of_tile])


def style_sums(a: Activations, places: StylePlaces, statistic: Statistic) -> list[tf.Tensor]:
    """What a tile adds at each style layer."""
    layers = zip(a, places.masks or [None] * len(a), tf.unstack(places.numbers), strict=True)
    return [statistic.sums(*of_layer) for of_layer in layers]


def style_goals(sums_of: SumsOf, region: Region, settings: Settings) -> StyleGoals:
    """The goals of one region.

    Where it has several paintings, the mean of their Gram matrices is enough: with weights w_i that add up
    to 1, Σ_i w_i ‖G_G − G_i‖² is ‖G_G − Σ_i w_i G_i‖² and a number that G doesn't change. The same holds for
    means and deviations.
    """
    statistic = STATISTICS[settings.style_statistics]
    weighted = [
        [painting.weight * tf.cast(statistic.of(of_layer), tf.float32) for of_layer in sums_of(painting)]
        for painting in region.paintings
    ]
    lambdas = tf.constant([weight for _, weight in settings.layers[:-1]], tf.float32)
    return StyleGoals(
        region.share * lambdas, [tf.add_n(of_layer) for of_layer in zip(*weighted, strict=True)]
    )


def style_cost(total: list[tf.Tensor], goals: StyleGoals, statistic: Statistic) -> tf.Tensor:
    """J_style in one region, before β, from what G's positions add up to at each style layer."""
    layers = zip(goals.statistics, total, strict=True)
    distances = [statistic.distance(S, tf.cast(statistic.of(sums), S.dtype)) for S, sums in layers]
    return tf.tensordot(goals.lambdas, tf.stack(distances), 1)


class NeighbourPlaces(NamedTuple):
    """A tile's neighbouring pixels.

    Attributes:
        size: the tile's height and width.
        numbers: how many values have one below them, and how many one to the right, in all of the picture.
        cover: how much style there is, shape (1, h, w, 1), and what C has there besides; empty where there is
            style everywhere.
    """

    size: tf.Tensor
    numbers: tf.Tensor
    cover: list[tf.Tensor]


class _Smoothness:
    """J_tv, of G where there is style, and of C where there is none and nothing is to be smoothed.

    As ``costs.total_variation_cost``, for a tile.
    """

    name, weight = "J_tv", "gamma"

    def goals(self, sums_of: SumsOf, scene: Scene, settings: Settings) -> list:
        return []

    def places(self, tile: Tile, scene: Scene) -> NeighbourPlaces:
        _, height, width, channels = scene.C.shape
        numbers = [max(1, (height - 1) * width * channels), max(1, height * (width - 1) * channels)]
        size = [tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start]
        return NeighbourPlaces(tf.constant(size), tf.constant(numbers, tf.float32), self._cover(tile, scene))

    def _cover(self, tile: Tile, scene: Scene) -> list[tf.Tensor]:
        if scene.covered is None:
            return []
        m = scene.covered[tile.with_neighbours][np.newaxis, ..., np.newaxis]
        return [tf.constant(m), tf.constant((1 - m) * scene.C[:, *tile.with_neighbours])]

    def goal_types(self, channels: Sequence[int], layout: Layout) -> list:
        return []

    def place_types(self, channels: Sequence[int], layout: Layout) -> NeighbourPlaces:
        cover = [float32(1, None, None, 1), float32(1, None, None, 3)] if layout.is_partial else []
        return NeighbourPlaces(tf.TensorSpec([2], tf.int32), float32(2), cover)

    def sums(self, G: tf.Tensor, a_G: Activations, a_C: tf.Tensor, places: NeighbourPlaces) -> tf.Tensor:
        if places.cover:
            m, rest_of_C = places.cover
            G = m * G + rest_of_C
        height, width = tf.unstack(places.size)
        down = (G[:, 1:] - G[:, :-1])[:, :, :width]
        across = (G[:, :, 1:] - G[:, :, :-1])[:, :height]
        squares = [tf.reduce_sum(tf.square(differences)) for differences in (down, across)]
        return tf.reduce_sum(tf.stack(squares) / places.numbers)

    def cost(self, total: tf.Tensor, goals: list) -> tf.Tensor:
        return total


# For each ``style_statistics``, the terms of J.
TERMS: dict[str, tuple[Term, ...]] = {
    name: (_Content(), _Style(statistic), _Smoothness()) for name, statistic in STATISTICS.items()
}


def float32(*shape: int | None) -> tf.TensorSpec:
    """The type of such a tensor."""
    return tf.TensorSpec(shape, tf.float32)


def _positions(image: np.ndarray, block: int) -> int:
    """How many an image has in that block of VGG-19."""
    stride = 2 ** (block - 1)
    return (image.shape[1] // stride) * (image.shape[2] // stride)
