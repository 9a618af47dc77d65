"""Coarse to fine: the sizes at which a picture is painted, one after the other.

An evaluation at half the size takes a quarter of the time, and there each brush stroke reaches twice as far.
So a run begins small, spreads the style's large forms, and leaves to the full size what only shows there.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from nst_tf.images import resized
from nst_tf.inputs import Inputs
from nst_tf.layers import minimum_side
from nst_tf.settings import Settings

SMALLEST = 100  # pixels on the longer side: in less, VGG-19's deep layers see only the picture's borders
SHARES = {
    4: Fraction(1, 4),
    2: Fraction(1, 12),
}  # of the steps, at a quarter and at half of the size; measured: benchmarks/README.md
LARGE = 1024  # pixels: what is larger is painted at half its size first, where nearly all is decided
SHARE_OF_LARGE = Fraction(1, 10)  # of the steps, at each size above that
TYPICAL_STEPS = 200  # J converges in about so many: a run of unknown length plans its stages with them


class Stage(NamedTuple):
    """One size of a run.

    Attributes:
        size: longer side of the image, in pixels.
        last_step: of the run's steps, the last one taken at this size, or the last one that may be taken.
    """

    size: int
    last_step: int


def planned(inputs: Inputs, settings: Settings) -> list[Stage]:
    """The run's stages.

    A start picture may be nearly finished, so it is not painted over at a coarse size. Nor is there a coarse
    size at which too little is left of a mask.
    """
    least = minimum_side([name for name, _ in settings.layers])
    coarse_to_fine = settings.coarse_to_fine and not settings.starts_from_picture
    shared = TYPICAL_STEPS if settings.runs_until_converged else None
    size = max(inputs.C.shape[1:3])
    *coarse, full = stages(size, inputs.shorter_side, least, settings.most_steps, coarse_to_fine, shared)
    return [*(stage for stage in coarse if _masks_are_seen(inputs, settings, stage.size)), full]


def _masks_are_seen(inputs: Inputs, settings: Settings, size: int) -> bool:
    """Whether enough is left of all masks at that size."""
    style_layers = [name for name, _ in settings.layers[:-1]]
    masked = [region for region in inputs.regions if region.has_masks]
    small = resized(inputs.C, size)
    return all(region.at((small.shape[2], small.shape[1])).is_seen(style_layers) for region in masked)


def stages(
    size: int,
    shorter_side: Callable[[int], int],
    minimum_side: int,
    steps: int,
    coarse_to_fine: bool,
    shared: int | None = None,
) -> list[Stage]:
    """The sizes of a run, the smallest first.

    Args:
        size: longer side of the result, in pixels.
        shorter_side: from the content's longer side to the shortest one of all pictures.
        minimum_side: fewest pixels a side may have for the layers in use.
        steps: of the whole run, from 0, the start image, on.
        coarse_to_fine: False leaves only the full size.
        shared: the number of steps that the smaller sizes get their shares of, if not ``steps``.
    """
    if not coarse_to_fine:
        return [Stage(size, steps)]
    shared = steps if shared is None else shared
    coarse, last_step, left = [], -1, Fraction(0)
    for smaller, share in _shares(size):
        evaluations = int((share + left) * shared)
        if evaluations > 1 and smaller >= SMALLEST and shorter_side(smaller) >= minimum_side:
            last_step += evaluations
            coarse.append(Stage(smaller, last_step))
            left = Fraction(0)
        elif size > LARGE:  # where the full size is to get few steps, the next one takes them
            left += share
    return [*coarse, Stage(size, steps)]


def _shares(size: int) -> list[tuple[int, Fraction]]:
    """The sizes below that one, with the part of the steps that each may have."""
    if size <= LARGE:
        return [(size // divisor, share) for divisor, share in SHARES.items()]
    below = _shares(size // 2)
    left = 1 - SHARE_OF_LARGE
    of_half = left * (1 - sum(share for _, share in below))
    return [*((smaller, left * share) for smaller, share in below), (size // 2, of_half)]


def with_changes(image: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The image with what has changed between two smaller ones,
    so that it keeps the details that those can't show.
    """
    if after.shape == image.shape:
        return after
    size = (image.shape[2], image.shape[1])
    change = resized(after, size)
    change -= resized(before, size)
    change += image
    return np.clip(change, 0, 1, out=change)
