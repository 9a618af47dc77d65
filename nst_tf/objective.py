"""The objective J(G), a sum of terms, and its gradient with respect to G alone:

    J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G)

A picture too large for the memory is processed tile by tile, in two passes: the first adds up what the tiles
have for each term, which gives J; the second pulls J's gradient with respect to these sums back to the pixels
of each tile and of its halo. Both J and the gradient are exact.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.control.styles import Painting, Region
from nst_tf.large.compiled import Layers, compiled_terms
from nst_tf.large.local_tiles import LocalTiles, TileData, TileProcessor, content_of
from nst_tf.large.spool import Spool
from nst_tf.large.tiles import Tile, tiles_of
from nst_tf.settings import Settings
from nst_tf.terms import (
    STATISTICS,
    Layout,
    Scene,
    Sums,
    SumsOf,
    masks_of,
    style_places,
    style_sums,
)

# Called with a function that gives a tile's data, the number of tiles, and what the terms' types depend on.
Elsewhere: TypeAlias = Callable[[Callable[[int], TileData], int, Layout], TileProcessor]


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

    Args:
        vgg: as ``load_vgg19`` gives it.
        C: shape (1, h, w, 3) in [0, 1].
        regions: at C's size.
        settings: the layers, what is compared there, and the weights.
        tile: side of a tile, in pixels; None computes all at once.
        spool: where C's activations are stored if there are several tiles; None: in one of its own.
        elsewhere: has the tiles, if there are several, processed by others; None: by this process.
    """

    def __init__(
        self,
        vgg: tf.keras.Model,
        C: np.ndarray,
        regions: Sequence[Region],
        settings: Settings,
        tile: int | None = None,
        spool: Spool | None = None,
        elsewhere: Elsewhere | None = None,
    ):
        self._scene = Scene(C, regions, settings)
        self._compiled = compiled_terms(vgg, settings, self._scene.layout)
        self._terms = self._compiled.terms
        self._tiles = tiles_of(C, tile, [name for name, _ in settings.layers])
        sums_of = sums_of_paintings(self._compiled.activations, settings, tile)
        self._goals = [term.goals(sums_of, self._scene, settings) for term in self._terms]
        if len(self._tiles) == 1:
            data = self._data_of(0)
            self._content = content_of(data, self._compiled), data.places
        else:
            number = len(self._tiles)
            self._processor = (
                elsewhere(self._data_of, number, self._scene.layout)
                if elsewhere
                else LocalTiles(self._data_of, number, self._compiled, spool or Spool())
            )
        self.reweigh(settings)

    def reweigh(self, settings: Settings) -> None:
        """Use the weights in these settings from now on."""
        self._weights = tf.constant([getattr(settings, term.weight) for term in self._terms], tf.float32)

    def __call__(self, G: np.ndarray) -> Evaluation:
        """J, its parts and its gradient at G, an image of C's shape."""
        J, costs, gradient = self._at_once(G) if len(self._tiles) == 1 else self._tile_by_tile(G)
        parts = {term.name: float(cost) for term, cost in zip(self._terms, costs, strict=True)}
        return Evaluation(float(J), parts, gradient)

    def _at_once(self, G: np.ndarray) -> tuple[tf.Tensor, list[tf.Tensor], np.ndarray]:
        J, costs, gradient = self._compiled.evaluate(
            tf.constant(G), *self._content, self._goals, self._weights
        )
        return J, costs, gradient.numpy()

    def _tile_by_tile(self, G: np.ndarray) -> tuple[tf.Tensor, list[tf.Tensor], np.ndarray]:
        windows = [G[:, *tile.window] for tile in self._tiles]
        total = added_up(self._processor.sums(windows))
        J, costs, of_total = self._compiled.costs(total, self._goals, self._weights)
        gradient = np.zeros_like(G)
        of_windows = self._processor.gradients(windows, of_total)
        for tile, of_window in zip(self._tiles, of_windows, strict=True):
            gradient[:, *tile.window] += of_window
        return J, costs, gradient

    def _data_of(self, number: int) -> TileData:
        """What is known of a tile."""
        tile, scene = self._tiles[number], self._scene
        places = [term.places(tile, scene) for term in self._terms]
        return TileData(scene.C[:, *tile.window], *_own(tile, scene.blocks), places)


def _own(tile: Tile, blocks: Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Where a tile's own pixels, with their neighbours, begin and end in its window, and its positions in
    the activations there: shapes (2, 2) and (layers, 2, 2), with rows first.
    """
    offsets = [each.start for each in tile.window]
    own = [
        [each.start - offset, each.stop - offset]
        for each, offset in zip(tile.with_neighbours, offsets, strict=True)
    ]
    positions = [[[each.start, each.stop] for each in tile.inside(block)] for block in blocks]
    return tf.constant(own), tf.constant(positions)


def sums_of_paintings(activations: Layers, settings: Settings, tile: int | None = None) -> SumsOf:
    """What a painting adds up to at each style layer, under its mask, if any; tile by tile."""
    layers, blocks = [name for name, _ in settings.layers], Scene.blocks_of(settings)[:-1]
    statistic = STATISTICS[settings.style_statistics]

    def sums_of(painting: Painting) -> list[tf.Tensor]:
        masks = masks_of(painting.part, settings, "The mask over a style")

        def of(part: Tile) -> list[tf.Tensor]:
            places = style_places(part, painting.S, masks, blocks)
            a_S = activations(tf.constant(painting.S[:, *part.window]))
            own = [a[:, *part.inside(block)] for a, block in zip(a_S[:-1], blocks, strict=True)]
            return style_sums(own, places, statistic)

        return added_up(map(of, tiles_of(painting.S, tile, layers)))

    return sums_of


def added_up(sums: Iterator[Sums]) -> Sums:
    """The tiles' sums, added up in float64, as there may be many; a single one stays as it is."""
    first = next(sums)
    total = None
    for each in sums:
        total = tf.nest.map_structure(_wide, first) if total is None else total
        total = tf.nest.map_structure(lambda one, other: one + _wide(other), total, each)
    if total is None:
        return first
    return tf.nest.map_structure(lambda wide, like: tf.cast(wide, like.dtype), total, first)


def _wide(tensor: tf.Tensor) -> tf.Tensor:
    return tf.cast(tensor, tf.float64)
