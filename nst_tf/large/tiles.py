"""Tiles: a picture in parts that fit into the memory, each with as much around it as its positions see.

The statistics of a layer are sums over its positions. A position belongs to the tile in which its pixels lie,
and sees a little further. So a tile goes through VGG-19 in a *window*, which is larger by the *halo*; what
lies there only to be seen is left out of the sums. Windows begin at multiples of 16, for the sake of the four
poolings, and none extends past the picture, so its zero padding stays as it is.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nst_tf.layers import CONV_LAYERS, block_of

POOLED = 16  # pixels that VGG-19's four poolings take to one
SPREAD_TILE = 512  # side of a tile for other machines, whatever their memory, so that a run can be repeated
Slices = tuple[slice, slice]  # rows and columns


class Span(NamedTuple):
    """The rows, or the columns, of a tile, in pixels of the picture.

    Attributes:
        start, stop: those it owns.
        first, last: those of its window, from ``first`` to before ``last``.
        side: how many the picture has.
    """

    start: int
    stop: int
    first: int
    last: int
    side: int

    def at(self, block: int) -> slice:
        """The positions it owns, in the whole picture's activations in that block of VGG-19."""
        stride = 2 ** (block - 1)
        return slice(self.start // stride, self.stop // stride)

    def inside(self, block: int) -> slice:
        """Likewise in its window's activations."""
        offset, positions = self.first // 2 ** (block - 1), self.at(block)
        return slice(positions.start - offset, positions.stop - offset)

    @property
    def with_neighbour(self) -> slice:
        """Its pixels and the one behind them, for differences of neighbours."""
        return slice(self.start, min(self.stop + 1, self.side))


class Tile(NamedTuple):
    """A part of a picture: some rows, and some columns."""

    rows: Span
    columns: Span

    @property
    def window(self) -> Slices:
        """The pixels that go through VGG-19."""
        return slice(self.rows.first, self.rows.last), slice(self.columns.first, self.columns.last)

    @property
    def with_neighbours(self) -> Slices:
        """Its pixels, and those below and to the right of them."""
        return self.rows.with_neighbour, self.columns.with_neighbour

    def at(self, block: int) -> Slices:
        """Its positions in the whole picture's activations in that block."""
        return self.rows.at(block), self.columns.at(block)

    def inside(self, block: int) -> Slices:
        """Its positions in its window's activations in that block."""
        return self.rows.inside(block), self.columns.inside(block)


def tiles_of(image: np.ndarray, side: int | None, layers: Sequence[str]) -> list[Tile]:
    """The tiles of a picture.

    Args:
        image: shape (1, h, w, 3).
        side: of a tile without its halo, at least 16 pixels; a tile at the lower or right border may have up
            to 15 more. None: the picture is one tile.
        layers: of VGG-19 that are in use.

    Returns:
        Tiles of about the same size, row by row. Each position of each layer belongs to one of them.
    """
    halo = halo_of(layers)
    rows, columns = (_spans(pixels, side or pixels, halo) for pixels in image.shape[1:3])
    return [Tile(of_rows, of_columns) for of_rows in rows for of_columns in columns]


def halo_of(layers: Sequence[str]) -> int:
    """How many pixels beyond its own a tile's positions see at these layers, rounded up to a multiple of 16.

    A 3×3 convolution sees one position further, which is as many pixels as its block's stride.
    """
    names = list(CONV_LAYERS)
    deepest = max(names.index(layer) for layer in layers)
    seen = sum(2 ** (block_of(name) - 1) for name in names[: deepest + 1])
    return POOLED * math.ceil(seen / POOLED)


def _spans(pixels: int, side: int, halo: int) -> list[Span]:
    units = max(1, pixels // POOLED)
    number = math.ceil(units / max(1, side // POOLED))
    starts = [POOLED * (units * index // number) for index in range(number)]
    return [
        Span(start, stop, max(0, start - halo), min(pixels, stop + halo), pixels)
        for start, stop in zip(starts, [*starts[1:], pixels], strict=True)
    ]
