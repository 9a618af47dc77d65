"""The tiles of one picture on the workers of a cluster.

A worker keeps what is known of its tiles, and C's activations there. What travels in each evaluation are G's
pixels, each tile's sums, J's gradient with respect to their total, and each tile's gradient. All is added up
here, in the tiles' order. So the picture depends neither on how many workers there are, nor on which of them
die during the run.
"""

import contextlib
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst_tf.cluster import ClusterError, Unfit, Workers, spread
from nst_tf.large.budget import Need
from nst_tf.large.compiled import compiled_terms
from nst_tf.large.local_tiles import TileData, arguments_of, content_of
from nst_tf.large.spool import Spool, SpoolError, Waiting
from nst_tf.large.tiles import SPREAD_TILE
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings
from nst_tf.terms import Layout, Sums
from nst_tf.vgg import load_network
from nst_tf.weights import WeightsError, load_weights

MOST_PICTURES = 2  # that a worker keeps something of, where a run has ended without having it forget them


class Picture(NamedTuple):
    """What all orders of a picture have in common.

    Attributes:
        name: no other picture has it.
        settings: of the run, with the precision that is used.
        layout: what the types of the terms' tensors depend on.
    """

    name: str
    settings: Settings
    layout: Layout


class Order(NamedTuple):
    """Work on one tile. What the worker has been told before is left out.

    Attributes:
        picture: that the tile belongs to.
        tile: its number.
        step: the number of G, the image to be evaluated.
        data: the tile's.
        window: G's pixels there.
        of_total: J's gradient with respect to what all tiles add up to.
        wants_gradient: whether the tile's gradient is wanted, or its sums.
    """

    picture: Picture
    tile: int
    step: int
    data: TileData | None
    window: np.ndarray | None
    of_total: list[Sums] | None
    wants_gradient: bool


@contextlib.contextmanager
def tile_workers(scheduler: str, settings: Settings, need: Need, checksum: str) -> Iterator["TileWorkers"]:
    """The workers of a cluster, for the tiles of a run.

    Args:
        scheduler: its address.
        settings: of the run, with the precision that is used.
        need: what the memory depends on.
        checksum: of the weights that are used.

    Raises:
        ClusterError: they can't be used.
    """
    side = settings.tile or SPREAD_TILE
    least = need._replace(content=0, paintings=[0]).in_tiles(side)  # the pictures stay here
    with spread(0, scheduler, partial(why_no_tiles, settings.weights, checksum)) as workers:
        address, memory = workers.least_memory()
        if memory < least:
            raise ClusterError(
                f"The worker {address} may take {memory / 1e9:.1f} GB of memory, and tiles of {side} pixels "
                f"take {least / 1e9:.1f} GB: give it more, or use smaller tiles (--tile)."
            )
        crew = TileWorkers(workers, settings)
        try:
            yield crew
        finally:
            crew.forget()


class TileWorkers:
    """Workers for the tiles of a run, which has a picture at each of its sizes."""

    def __init__(self, workers: Workers, settings: Settings):
        self._workers, self._settings, self._picture = workers, settings, ""

    def __call__(self, data_of: Callable[[int], TileData], number: int, layout: Layout) -> "SpreadTiles":
        """Those of its next picture; the arguments are an ``Objective``'s."""
        self.forget()
        self._picture = secrets.token_hex(8)
        return SpreadTiles(self._workers, Picture(self._picture, self._settings, layout), data_of, number)

    def forget(self) -> None:
        """Have the workers keep nothing of the picture any more."""
        if self._picture:
            self._workers.have_done(partial(forget, self._picture))


class SpreadTiles:
    """The tiles of a picture on workers, as ``nst_tf.large.local_tiles.TileProcessor``.

    Args:
        workers: of the cluster.
        picture: what the tiles have in common.
        data_of: a tile's data, by its number.
        number: of tiles.

    Attributes:
        sent, received: bytes so far, besides a few hundred in each message.
    """

    def __init__(self, workers: Workers, picture: Picture, data_of: Callable[[int], TileData], number: int):
        self._workers, self._picture, self._data_of, self._number = workers, picture, data_of, number
        self._homes: dict[int, str] = {}  # which worker has which tile
        self._told: dict[str, set[int]] = defaultdict(set)  # of which tiles each worker has the data
        self._news: dict[str, set[object]] = {}  # likewise of this step
        self._step = self.sent = self.received = 0

    def sums(self, windows: Sequence[np.ndarray]) -> Iterator[list[Sums]]:
        """As ``TileProcessor``."""
        self._step, self._news = self._step + 1, defaultdict(set)
        return self._answers(windows, None)

    def gradients(self, windows: Sequence[np.ndarray], of_total: list[Sums]) -> Iterator[np.ndarray]:
        """As ``TileProcessor``, for the G of the sums before."""
        return self._answers(windows, _as_arrays(of_total))

    def _answers(self, windows: Sequence[np.ndarray], of_total: list[Sums] | None) -> Iterator[Any]:
        def order(tile: int, address: str, everything: bool) -> Order:
            told, news = self._told[address], self._news[address]
            if everything:
                told.discard(tile)
                news -= {tile, "total"}
            data = None if tile in told else self._data_of(tile)
            window = None if tile in news else windows[tile]
            total = None if "total" in news else of_total
            told.add(tile)
            news |= {tile} if total is None else {tile, "total"}
            self.sent += _bytes_in([data, window, total])
            return Order(self._picture, tile, self._step, data, window, total, of_total is not None)

        early: dict[int, Any] = {}
        due = 0
        for tile, answer in self._workers.each_at_home(processed, order, self._number, self._homes):
            self.received += _bytes_in(answer)
            early[tile] = answer
            while due in early:
                yield early.pop(due)
                due += 1


def _as_arrays(tensors: Any) -> Any:
    return tf.nest.map_structure(np.asarray, tensors)


def _bytes_in(tensors: Any) -> int:
    return sum(np.asarray(each).nbytes for each in tf.nest.flatten(tensors) if each is not None)


# ------------------------------------------------------------------------------------------- in a worker


class _Held:
    """What a worker keeps of a picture, the large part of it on its disk."""

    def __init__(self, picture: Picture):
        settings = picture.settings
        vgg = load_network(settings.weights, precision=settings.precision, say=say_nothing).vgg
        self._compiled, self._spool = compiled_terms(vgg, settings, picture.layout), Spool()
        self._tiles: dict[int, tuple[TileData, Waiting]] = {}
        self._windows: dict[int, tuple[int, Waiting]] = {}
        self._of_total: tuple[int, list[Sums]] = 0, []

    def processed(self, order: Order) -> Any:
        self._learn(order)
        if order.tile not in self._tiles or not self._is_up_to_date(order):
            return None
        (data, a_C), (_, window) = self._tiles[order.tile], self._windows[order.tile]
        arguments = arguments_of(window.load(), data, a_C.load())
        if order.wants_gradient:
            return self._compiled.pull_back(*arguments, self._of_total[1]).numpy()
        return _as_arrays(self._compiled.sums(*arguments))

    def _learn(self, order: Order) -> None:
        if order.data is not None:
            a_C = self._spool.keep(content_of(order.data, self._compiled).numpy())
            without_pixels = order.data._replace(C=np.empty(0))
            self._tiles[order.tile] = without_pixels, a_C
        if order.window is not None:
            self._windows[order.tile] = order.step, self._spool.keep(order.window)
        if order.of_total is not None:
            self._of_total = order.step, tf.nest.map_structure(tf.constant, order.of_total)

    def _is_up_to_date(self, order: Order) -> bool:
        window_of, _ = self._windows.get(order.tile, (0, None))
        total_of, _ = self._of_total
        return window_of == order.step and (total_of == order.step or not order.wants_gradient)


_held: dict[str, _Held] = {}  # by the pictures' names, the one used last at the end
_one_at_a_time = threading.Lock()  # also where a worker has several threads: TensorFlow has its own


def processed(order: Order) -> Any:
    """What a tile adds, or its gradient; None if this worker hasn't been told all.

    Raises:
        Unfit: it has no room on its disk.
    """
    name = order.picture.name
    with _one_at_a_time:
        try:
            held = _held.pop(name, None) or _Held(order.picture)
            _held[name] = held  # the last one used
            while len(_held) > MOST_PICTURES:
                _held.pop(next(iter(_held)))
            return held.processed(order)
        except SpoolError as problem:
            raise Unfit(str(problem)) from None


def forget(picture: str) -> None:
    """Keep nothing of a picture any more, without waiting for a tile that is being processed."""
    _held.pop(picture, None)


def why_no_tiles(weights: str | os.PathLike | None, checksum: str) -> str | None:
    """Why this worker can't process tiles with such weights, or None."""
    try:
        found = load_weights(weights, say=say_nothing)
    except WeightsError as missing:
        return str(missing)
    if found.checksum() != checksum:
        return f"its weights ({found.origin}) aren't those used here: name the same with --weights."
    return None
