"""The paintings of a run: how much each one counts, where in G, and how large its strokes are.

Nothing here needs TensorFlow, so that a wrong weight or mask is answered at once.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from nst_tf.control.masks import load_mask, mask_at, side_of, without_overlaps
from nst_tf.decoding import ImageError
from nst_tf.images import Say, Source, load_image, resized
from nst_tf.settings import SettingsError

SCALES = (0.1, 10)  # beyond these, a slip is more likely than a wish
EVERYWHERE, REST = "everywhere", "rest"  # regions that need no mask


@dataclass(frozen=True)
class Style:
    """A painting, and how it is used.

    Attributes:
        picture: path, PIL image, or array.
        weight: how much it counts among the styles of its region, ≥ 0.
        region: a mask over C, a grey picture of C's proportions and of any size: white where G takes on this
            style, black where it doesn't, grey in between. ``"rest"`` is what the other regions leave, and
            None or ``"everywhere"`` all of C. A file of such a name is ``"./rest"``.
        part: likewise a mask over the painting: which part of it is the style. None: all of it.
        scale: longer side of the painting relative to G's, 0.1 to 10: 0.5 gives small strokes, 2 large ones.

    Raises:
        SettingsError: the weight or the scale makes no sense.
    """

    picture: Source
    weight: float = 1
    region: Source | None = None
    part: Source | None = None
    scale: float = 1

    def __post_init__(self) -> None:
        if not (_is_number(self.weight) and 0 <= self.weight < math.inf):  # also false for NaN
            raise SettingsError(f"The weight of a style is {self.weight!r}: give a number of at least 0.")
        if not (_is_number(self.scale) and SCALES[0] <= self.scale <= SCALES[1]):
            raise SettingsError(
                f"The scale of a style is {self.scale!r}: give a number from {SCALES[0]} to {SCALES[1]}, "
                "such as 0.5 for small strokes."
            )


Styles: TypeAlias = Source | Style | Sequence[Source | Style]


class Painting(NamedTuple):
    """A style that is loaded.

    Attributes:
        S: shape (1, h, w, 3) in [0, 1].
        weight: its share in its region, from 0 to 1.
        part: a mask over S, shape (h, w) in [0, 1]; None for all of it.
        scale: its longer side relative to G's.
    """

    S: np.ndarray
    weight: float = 1.0
    part: np.ndarray | None = None
    scale: float = 1.0

    @property
    def shorter_side(self) -> float:
        """In pixels; of a part, the side of a square that covers as much."""
        side = min(self.S.shape[1:3])
        return side if self.part is None else min(side, side_of(self.part))

    def at(self, size: int) -> "Painting":
        """The painting for a G with that longer side."""
        S = resized(self.S, round(self.scale * size))
        return self._replace(S=S, part=None if self.part is None else mask_at(self.part, S.shape[2:0:-1]))


class Region(NamedTuple):
    """Where G takes on which styles.

    Attributes:
        paintings: their weights add up to 1.
        mask: over C, shape (h, w) in [0, 1]; None for everywhere.
        name: for errors.
    """

    paintings: tuple[Painting, ...]
    mask: np.ndarray | None = None
    name: str = EVERYWHERE

    @property
    def share(self) -> float:
        """What part of C it covers, from 0 to 1."""
        return 1.0 if self.mask is None else float(self.mask.mean())

    @property
    def shorter_side(self) -> float:
        """Of the region and its paintings, in pixels; of a mask, the side of a square that covers as much."""
        sides = [painting.shorter_side for painting in self.paintings]
        return min(sides) if self.mask is None else min(*sides, side_of(self.mask))

    def at(self, size: tuple[int, int]) -> "Region":
        """The region for a C of that width and height, with paintings of the size that goes with it."""
        paintings = tuple(painting.at(max(size)) for painting in self.paintings)
        return self._replace(
            paintings=paintings, mask=None if self.mask is None else mask_at(self.mask, size)
        )


def everywhere(S: np.ndarray) -> list[Region]:
    """One painting for all of G."""
    return [Region((Painting(S),))]


def styles_of(styles: Styles) -> list[Style]:
    """One or several styles, as a list of ``Style``.

    Raises:
        SettingsError: there is none.
    """
    several: Sequence[Any] = styles if isinstance(styles, list | tuple) else [styles]
    if not several:
        raise SettingsError("There is no style: give at least one painting.")
    return [style if isinstance(style, Style) else Style(style) for style in several]


def load_regions(
    styles: Sequence[Style],
    C: np.ndarray,
    size: int,
    *,
    minimum_side: int,
    maximum_pixels: int,
    say: Say = None,
) -> list[Region]:
    """The styles' pictures and masks. Styles with the same region, or without one, share it.

    Args:
        styles: at least one.
        C: shape (1, h, w, 3).
        size: longer side of a painting of scale 1, in pixels.
        minimum_side: fewest pixels that the shorter side of a painting or of a region may have.
        maximum_pixels: most that a painting may have.
        say: called with a sentence if a painting is enlarged.

    Raises:
        ImageError: a picture or a mask can't be used.
        SettingsError: the weights of a region are all 0.
    """
    shape = (C.shape[2], C.shape[1])
    regions: list[tuple[Region, list[Style]]] = []
    for style in styles:
        mask, name = _mask_of(style, shape)
        group = next((group for region, group in regions if _is_same(region, mask, name)), None)
        if group is None:
            group = []
            regions.append((Region((), mask, name), group))
        group.append(style)
    limits = {"minimum_side": minimum_side, "maximum_pixels": maximum_pixels, "say": say}
    loaded = [
        region._replace(paintings=_load_paintings(group, region.name, size, limits))
        for region, group in regions
    ]
    settled = _settled(loaded, shape)
    for region in settled:
        for mask, name in [(region.mask, region.name), *((p.part, "The part") for p in region.paintings)]:
            if mask is not None:
                _require_area(mask, minimum_side, name)
    return settled


def _mask_of(style: Style, size: tuple[int, int]) -> tuple[np.ndarray | None, str]:
    """The mask of a style's region, and the region's name. The rest has no mask before the others have."""
    region = style.region
    if region is None or (isinstance(region, str) and region == EVERYWHERE):
        return None, EVERYWHERE
    if isinstance(region, str) and region == REST:
        return None, REST
    name = str(region) if isinstance(region, str | os.PathLike) else "The region's mask"
    return load_mask(region, size, name), name


def _is_same(region: Region, mask: np.ndarray | None, name: str) -> bool:
    if region.mask is None or mask is None:
        return region.mask is mask and region.name == name
    return np.array_equal(region.mask, mask)


def _load_paintings(styles: Sequence[Style], region: str, size: int, limits: dict) -> tuple[Painting, ...]:
    total = sum(style.weight for style in styles)
    if not 0 < total < math.inf:
        raise SettingsError(
            f"The weights of the styles add up to {total:g} (region: {region}): give one a weight of 1."
        )
    paintings = []
    for style in styles:
        S = load_image(style.picture, round(size * style.scale), name="style", **limits)
        part = None if style.part is None else load_mask(style.part, S.shape[2:0:-1], "The part's mask")
        paintings.append(Painting(S, style.weight / total, part, style.scale))
    return tuple(paintings)


def _settled(regions: list[Region], size: tuple[int, int]) -> list[Region]:
    """The rest gets its mask; where masks add up to more than 1, each gets its share."""
    if len(regions) == 1 and regions[0].mask is None:
        return [regions[0]._replace(name=EVERYWHERE)]
    masks = [np.ones(size[::-1], np.float32) if region.mask is None else region.mask for region in regions]
    is_rest = [region.mask is None and region.name == REST for region in regions]
    others = np.sum([mask for mask, rest in zip(masks, is_rest, strict=True) if not rest], axis=0)
    left = np.clip(1 - others, 0, 1).astype(np.float32)
    masks = [left if rest else mask for mask, rest in zip(masks, is_rest, strict=True)]
    return [region._replace(mask=mask) for region, mask in zip(regions, without_overlaps(masks), strict=True)]


def _require_area(mask: np.ndarray, minimum_side: int, name: str) -> None:
    if side_of(mask) < minimum_side:
        pixels = round(float(mask.sum()))
        raise ImageError(
            f"{name} covers {pixels} pixel{'' if pixels == 1 else 's'} at this size, and these layers of "
            f"VGG-19 need at least {minimum_side}×{minimum_side}: make it larger."
        )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
