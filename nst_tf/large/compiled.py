"""The compiled functions of the objective: traced once, for images of any size.

The convolutions may be computed in bfloat16; costs, statistics and the image are float32 in any case.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import tensorflow as tf

from nst_tf.images import preprocess
from nst_tf.settings import Settings
from nst_tf.terms import TERMS, Activations, Goals, Layout, Places, Sums, Term, float32
from nst_tf.vgg import get_layer_outputs

Layers: TypeAlias = Callable[[tf.Tensor], Activations]  # from an image (1, h, w, 3) in [0, 1]


def compiled_terms(vgg: tf.keras.Model, settings: Settings, layout: Layout) -> "CompiledTerms":
    """Those of J with these settings."""
    return _compiled(activations_of(vgg, settings), TERMS[settings.style_statistics], layout)


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


class CompiledTerms:
    """J and its gradient, traced when first used, for images of any size: at once, or in a tile's steps.

    Attributes:
        activations: of the style layers and the content layer.
        terms: of J.
    """

    def __init__(self, activations: Any, terms: tuple[Term, ...], layout: Layout):
        self.activations, self.terms = activations, terms
        channels = [a.shape[-1] for a in activations.structured_outputs]
        self._image, self._weights = float32(1, None, None, 3), float32(len(terms))
        self._a_C = float32(1, None, None, channels[-1])
        self._places = [term.place_types(channels, layout) for term in terms]
        self._goals = [term.goal_types(channels, layout) for term in terms]
        self._own = tf.TensorSpec([2, 2], tf.int32), tf.TensorSpec([len(channels), 2, 2], tf.int32)

    @functools.cached_property
    def evaluate(self) -> Callable:
        """From G, C's activations, the places, the goals and the weights: J, the costs and ∂J/∂G."""

        @_traced(input_signature=[self._image, self._a_C, self._places, self._goals, self._weights])
        def evaluate(
            G: tf.Tensor, a_C: tf.Tensor, places: list[Places], goals: list[Goals], weights: tf.Tensor
        ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(G)
                J, costs = self._J_of(self._sums_of(G, self.activations(G), a_C, places), goals, weights)
            return J, costs, tape.gradient(J, G)

        return evaluate.get_concrete_function()

    @functools.cached_property
    def sums(self) -> Any:
        """From a tile's window, where its own pixels and positions are, C's activations at these, and its
        places: what it adds.
        """
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
            a_C: tf.Tensor,
            places: list[Places],
            of_total: list[Sums],
        ) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(window)
                sums = self._sums_in(window, own, positions, a_C, places)
            return tape.gradient(sums, window, output_gradients=of_total)

        return pull_back.get_concrete_function()

    @property
    def _tile(self) -> list:
        return [self._image, *self._own, self._a_C, self._places]

    def _sums_in(
        self,
        window: tf.Tensor,
        own: tf.Tensor,
        positions: tf.Tensor,
        a_C: tf.Tensor,
        places: list[Places],
    ) -> list[Sums]:
        layers = zip(self.activations(window), tf.unstack(positions), strict=True)
        a_G = [_cut(a, of_layer) for a, of_layer in layers]
        return self._sums_of(_cut(window, own), a_G, a_C, places)

    def _sums_of(self, G: tf.Tensor, a_G: Activations, a_C: tf.Tensor, places: list[Places]) -> list[Sums]:
        return [term.sums(G, a_G, a_C, of_term) for term, of_term in zip(self.terms, places, strict=True)]

    def _J_of(
        self, total: list[Sums], goals: list[Goals], weights: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        of_terms = zip(self.terms, total, goals, strict=True)
        costs = [term.cost(of_term, of_goal) for term, of_term, of_goal in of_terms]
        J = tf.add_n([weight * cost for weight, cost in zip(tf.unstack(weights), costs, strict=True)])
        return J, costs


_compiled = _kept(CompiledTerms)


def _cut(tensor: tf.Tensor, bounds: tf.Tensor) -> tf.Tensor:
    """Rows and columns between these bounds."""
    (top, bottom), (left, right) = (tf.unstack(each) for each in tf.unstack(bounds))
    return tensor[:, top:bottom, left:right]


def forget_compiled() -> None:
    """Have the next objective traced anew, as the first one in a process is."""
    for kept in (_activations, _compiled):
        kept.cache_clear()
