"""The objective J(G), a sum of terms, and its gradient with respect to G alone:

    J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G)

The convolutions may be computed in bfloat16; costs, statistics and the image are float32 in any case.

A picture too large for the memory is processed tile by tile, in two passes: the first adds up what the tiles
have for each term, which gives J; the second pulls J's gradient with respect to these sums back to the pixels
of each tile and of its halo. Both J and the gradient are exact.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.control.styles import Painting, Region
from nst_tf.images import preprocess
from nst_tf.large.spool import Spool
from nst_tf.large.tiles import Tile, tiles_of
from nst_tf.settings import Settings
from nst_tf.terms import (
    STATISTICS,
    TERMS,
    Activations,
    Goals,
    Layout,
    Places,
    Scene,
    Sums,
    SumsOf,
    Term,
    float32,
    masks_of,
    style_places,
    style_sums,
)
from nst_tf.vgg import get_layer_outputs

Layers: TypeAlias = Callable[[tf.Tensor], Activations]  # from an image (1, h, w, 3) in [0, 1]


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
    """

    def __init__(
        self,
        vgg: tf.keras.Model,
        C: np.ndarray,
        regions: Sequence[Region],
        settings: Settings,
        tile: int | None = None,
        spool: Spool | None = None,
    ):
        self._activations, self._terms = activations_of(vgg, settings), TERMS[settings.style_statistics]
        self._scene = Scene(C, regions, settings)
        self._tiles = tiles_of(C, tile, [name for name, _ in settings.layers])
        self._compiled = _compiled(self._activations, self._terms, self._scene.layout)
        sums_of = sums_of_paintings(self._activations, settings, tile)
        self._goals = [term.goals(sums_of, self._scene, settings) for term in self._terms]
        if len(self._tiles) == 1:
            (a_C,) = self._content()
            self._places = self._places_of(self._tiles[0], a_C)
        else:
            spool = spool or Spool()
            self._a_C = [spool.keep(a_C.numpy()) for a_C in self._content()]
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
        J, costs, gradient = self._compiled.evaluate(tf.constant(G), self._places, self._goals, self._weights)
        return J, costs, gradient.numpy()

    def _tile_by_tile(self, G: np.ndarray) -> tuple[tf.Tensor, list[tf.Tensor], np.ndarray]:
        total = added_up(self._compiled.sums(*arguments) for _, arguments in self._each_tile(G))
        J, costs, of_total = self._compiled.costs(total, self._goals, self._weights)
        gradient = np.zeros_like(G)
        for tile, arguments in self._each_tile(G):
            gradient[:, *tile.window] += self._compiled.pull_back(*arguments, of_total).numpy()
        return J, costs, gradient

    def _each_tile(self, G: np.ndarray) -> Iterator[tuple[Tile, tuple]]:
        """Each tile, and the arguments of the compiled functions for it."""
        for tile, a_C in zip(self._tiles, self._a_C, strict=True):
            places = self._places_of(tile, tf.constant(a_C.load()))
            yield tile, (tf.constant(G[:, *tile.window]), *_own(tile, self._scene.blocks), places)

    def _places_of(self, tile: Tile, a_C: tf.Tensor) -> list[Places]:
        return [term.places(tile, a_C, self._scene) for term in self._terms]

    def _content(self) -> Iterator[tf.Tensor]:
        """C's activations at the content layer, tile by tile."""
        block = self._scene.blocks[-1]
        for tile in self._tiles:
            a_C = self._activations(tf.constant(self._scene.C[:, *tile.window]))[-1]
            yield a_C[:, *tile.inside(block)]


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


def activations_of(vgg: tf.keras.Model, settings: Settings) -> Layers:
    """The activations of these settings' layers."""
    return _activations(vgg, tuple(name for name, _ in settings.layers), settings.preprocess)


# Tracing takes a second, and a run with the same layers as the last need not wait for it. Autograph has
# nothing to translate here, and takes its time.
_kept = functools.lru_cache(maxsize=2)
_traced = functools.partial(tf.function, autograph=False)


@_kept
def _activations(vgg: tf.keras.Model, layers: tuple[str, ...], preprocessed: bool) -> Layers:
    """The activations of these layers, traced once, for images of any size."""
    layer_outputs = get_layer_outputs(vgg, [(name, 1) for name in layers])

    # The goals are computed by this, too, so that they are rounded as in J: J_content of C itself is 0 in
    # bfloat16 as well.
    @_traced(input_signature=[float32(1, None, None, 3)])
    def activations(image: tf.Tensor) -> Activations:
        return [tf.cast(a, tf.float32) for a in layer_outputs(preprocess(image) if preprocessed else image)]

    return activations.get_concrete_function()


class _CompiledTerms:
    """J and its gradient, traced when first used, for images of any size: at once, or in a tile's steps."""

    def __init__(self, activations: Any, terms: tuple[Term, ...], layout: Layout):
        self._activations, self._terms = activations, terms
        channels = [a.shape[-1] for a in activations.structured_outputs]
        self._image, self._weights = float32(1, None, None, 3), float32(len(terms))
        self._places = [term.place_types(channels, layout) for term in terms]
        self._goals = [term.goal_types(channels, layout) for term in terms]
        self._own = tf.TensorSpec([2, 2], tf.int32), tf.TensorSpec([len(channels), 2, 2], tf.int32)

    @functools.cached_property
    def evaluate(self) -> Callable:
        """From G, its places, the goals and the weights: J, the costs and ∂J/∂G."""

        @_traced(input_signature=[self._image, self._places, self._goals, self._weights])
        def evaluate(
            G: tf.Tensor, places: list[Places], goals: list[Goals], weights: tf.Tensor
        ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(G)
                J, costs = self._J_of(self._sums_of(G, self._activations(G), places), goals, weights)
            return J, costs, tape.gradient(J, G)

        return evaluate.get_concrete_function()

    @functools.cached_property
    def sums(self) -> Any:
        """From a tile's window, where its own pixels and positions are, and its places: what it adds."""
        return _traced(self._sums_in, input_signature=self._tile).get_concrete_function()

    @functools.cached_property
    def costs(self) -> Callable:
        """From what all tiles add up to, the goals and the weights: J, the costs and ∂J/∂total."""

        @_traced
        def costs(
            total: list[Sums], goals: list[Goals], weights: tf.Tensor
        ) -> tuple[tf.Tensor, list[tf.Tensor], list[Sums]]:
            with tf.GradientTape() as tape:
                tape.watch(total)
                J, costs = self._J_of(total, goals, weights)
            return J, costs, tape.gradient(J, total)

        return costs

    @functools.cached_property
    def pull_back(self) -> Callable:
        """From the arguments of ``sums`` and ∂J/∂total: ∂J/∂window, this tile's contribution."""
        of_total = tf.nest.map_structure(tf.TensorSpec.from_tensor, self.sums.structured_outputs)

        @_traced(input_signature=[*self._tile, of_total])
        def pull_back(
            window: tf.Tensor,
            own: tf.Tensor,
            positions: tf.Tensor,
            places: list[Places],
            of_total: list[Sums],
        ) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(window)
                sums = self._sums_in(window, own, positions, places)
            return tape.gradient(sums, window, output_gradients=of_total)

        return pull_back.get_concrete_function()

    @property
    def _tile(self) -> list:
        return [self._image, *self._own, self._places]

    def _sums_in(
        self, window: tf.Tensor, own: tf.Tensor, positions: tf.Tensor, places: list[Places]
    ) -> list[Sums]:
        layers = zip(self._activations(window), tf.unstack(positions), strict=True)
        return self._sums_of(_cut(window, own), [_cut(a, of_layer) for a, of_layer in layers], places)

    def _sums_of(self, G: tf.Tensor, a_G: Activations, places: list[Places]) -> list[Sums]:
        return [term.sums(G, a_G, of_term) for term, of_term in zip(self._terms, places, strict=True)]

    def _J_of(
        self, total: list[Sums], goals: list[Goals], weights: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        of_terms = zip(self._terms, total, goals, strict=True)
        costs = [term.cost(of_term, of_goal) for term, of_term, of_goal in of_terms]
        J = tf.add_n([weight * cost for weight, cost in zip(tf.unstack(weights), costs, strict=True)])
        return J, costs


_compiled = _kept(_CompiledTerms)


def _cut(tensor: tf.Tensor, bounds: tf.Tensor) -> tf.Tensor:
    """Rows and columns between these bounds."""
    (top, bottom), (left, right) = (tf.unstack(each) for each in tf.unstack(bounds))
    return tensor[:, top:bottom, left:right]


def forget_compiled() -> None:
    """Have the next objective traced anew, as the first one in a process is."""
    for kept in (_activations, _compiled):
        kept.cache_clear()
