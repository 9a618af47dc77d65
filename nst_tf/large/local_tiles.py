"""The tiles of a picture, processed one by one: what each adds to J, and its part of the gradient."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from nst_tf.large.compiled import CompiledTerms
from nst_tf.large.spool import Spool
from nst_tf.terms import Places, Sums


class TileData(NamedTuple):
    """What is known of a tile, and stays the same for every G.

    Attributes:
        C: the content's pixels in its window, shape (1, h, w, 3).
        own: where its own pixels, with their neighbours, begin and end there: shape (2, 2), with rows first.
        positions: likewise its positions in the activations, shape (layers, 2, 2).
        places: for each term of J.
    """

    C: np.ndarray
    own: tf.Tensor
    positions: tf.Tensor
    places: list[Places]


class TileProcessor(Protocol):
    """The tiles of a picture, wherever they are processed."""

    def sums(self, windows: Sequence[np.ndarray]) -> Iterator[list[Sums]]:
        """What each adds, in their order, from G's pixels in their windows."""

    def gradients(self, windows: Sequence[np.ndarray], of_total: list[Sums]) -> Iterator[np.ndarray]:
        """What each has of ∂J/∂G in its window, in their order; ``of_total`` is J's gradient with respect to
        what they add up to.
        """


class LocalTiles:
    """The tiles, processed in this process.

    Args:
        data_of: a tile's data, by its number; asked for anew each time, to spare the memory.
        number: of tiles.
        compiled: the terms' functions.
        spool: where C's activations are stored.
    """

    def __init__(
        self, data_of: Callable[[int], TileData], number: int, compiled: CompiledTerms, spool: Spool
    ):
        self._data_of, self._compiled = data_of, compiled
        self._a_C = [spool.keep(content_of(data_of(index), compiled).numpy()) for index in range(number)]

    def sums(self, windows: Sequence[np.ndarray]) -> Iterator[list[Sums]]:
        """As ``TileProcessor``."""
        return (self._compiled.sums(*arguments) for arguments in self._arguments(windows))

    def gradients(self, windows: Sequence[np.ndarray], of_total: list[Sums]) -> Iterator[np.ndarray]:
        """As ``TileProcessor``."""
        for arguments in self._arguments(windows):
            yield self._compiled.pull_back(*arguments, of_total).numpy()

    def _arguments(self, windows: Sequence[np.ndarray]) -> Iterator[tuple]:
        for index, (window, a_C) in enumerate(zip(windows, self._a_C, strict=True)):
            yield arguments_of(window, self._data_of(index), a_C.load())


def arguments_of(window: np.ndarray, data: TileData, a_C: np.ndarray) -> tuple:
    """Of the compiled functions, for a tile."""
    return tf.constant(window), data.own, data.positions, tf.constant(a_C), data.places


def content_of(data: TileData, compiled: CompiledTerms) -> tf.Tensor:
    """C's activations at a tile's positions, at the content layer."""
    (top, bottom), (left, right) = data.positions[-1].numpy()
    return compiled.activations(tf.constant(data.C))[-1][:, top:bottom, left:right]
