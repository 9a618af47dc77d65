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

from nst_tf.control.masks import is_seen, load_mask, mask_at, require_seen, without_overlaps
from nst_tf.decoding import ImageError
from nst_tf.images import Say, Source, load_image, resized
from nst_tf.settings import LARGEST, SettingsError

SCALES = (0.1, 10)  # beyond these, a slip is more likely than a wish
EVERYWHERE, REST = "everywhere", "rest"  # regions that need no mask


@dataclass(frozen=True, eq=False)  # pictures may be arrays
class Style:
    """A painting, and how it is used.

    Attributes:
        picture: path, PIL image, or array.
        weight: how much it counts among the styles of its region, ≥ 0.
        region: a mask over C, a grey picture of C's proportions and of any size: white where G takes on this
            style, black where it doesn't, grey in between. ``"rest"`` is what the other regions leave, and
            None or ``"everywhere"`` all of C. A file of such a name is ``"./rest"``.
        part: likewise a mask over the painting: which part of it is the style. None or ``"everywhere"``: all
            of it.
        scale: longer side of the painting relative to G's, 0.1 to 10: 0.5 gives small strokes, 2 large ones.
            None: as G's, but the painting is never enlarged.

    Raises:
        SettingsError: the weight or the scale makes no sense.
    """

    picture: Source
    weight: float = 1
    region: Source | None = None
    part: Source | None = None
    scale: float | None = None

    def __post_init__(self) -> None:
        if not (_is_number(self.weight) and 0 <= self.weight <= LARGEST):  # also false for NaN
            raise SettingsError(f"The weight of a style is {self.weight!r}: give a number of at least 0.")
        object.__setattr__(self, "weight", float(self.weight))
        if self.scale is None:
            return
        if not (_is_number(self.scale) and SCALES[0] <= self.scale <= SCALES[1]):
            raise SettingsError(
                f"The scale of a style is {self.scale!r}: give a number from {SCALES[0]} to {SCALES[1]}, "
                "such as 0.5 for small strokes."
            )
        object.__setattr__(self, "scale", float(self.scale))


Styles: TypeAlias = Source | Style | Sequence[Source | Style]


class Painting(NamedTuple):
    """A style that is loaded.

    Attributes:
        S: shape (1, h, w, 3) in [0, 1].
        weight: its share in its region, from 0 to 1.
        part: a mask over S, shape (h, w) in [0, 1]; None for all of it.
        scale: its longer side relative to G's; None: as G's, but never enlarged.
    """

    S: np.ndarray
    weight: float = 1.0
    part: np.ndarray | None = None
    scale: float | None = None

    def side(self, size: int) -> int:
        """Its longer side for a G with that longer side."""
        return min(size, max(self.S.shape[1:3])) if self.scale is None else round(self.scale * size)

    def at(self, size: int) -> "Painting":
        """The painting for a G with that longer side."""
        S = resized(self.S, self.side(size))
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
    def has_masks(self) -> bool:
        """Whether it has one, or one of its paintings."""
        return self.mask is not None or any(painting.part is not None for painting in self.paintings)

    def is_seen(self, style_layers: Sequence[str]) -> bool:
        """Whether enough is left of all masks at these layers."""
        masks = [self.mask, *(painting.part for painting in self.paintings)]
        return all(is_seen(mask, style_layers) for mask in masks if mask is not None)

    def at(self, size: tuple[int, int]) -> "Region":
        """The region for a C of that width and height, with paintings of the size that goes with it."""
        paintings = tuple(painting.at(max(size)) for painting in self.paintings)
        return self._replace(
            paintings=paintings, mask=None if self.mask is None else mask_at(self.mask, size)
        )


def coverage(regions: Sequence[Region]) -> np.ndarray | None:
    """What the regions cover together, shape (h, w) in [0, 1]; None if that is all of C."""
    masks = [region.mask for region in regions if region.mask is not None]
    if len(masks) < len(regions):
        return None
    total = np.sum(masks, axis=0)
    return None if total.min() > 1 - 1 / 255 else np.minimum(total, 1)


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


class _Group(NamedTuple):
    """The styles of one region, before they are loaded.

    Attributes:
        where: a mask over C, ``EVERYWHERE`` or ``REST``.
        name: of the region, for errors.
        styles: each with what to call it in errors.
    """

    where: np.ndarray | str
    name: str
    styles: list[tuple[Style, str]]


def load_regions(
    styles: Sequence[Style],
    C: np.ndarray,
    size: int,
    style_layers: Sequence[str],
    *,
    minimum_side: int,
    maximum_pixels: int,
    say: Say = None,
) -> list[Region]:
    """The styles' pictures and masks. Styles with the same region, or without one, share it.

    Args:
        styles: at least one.
        C: shape (1, h, w, 3).
        size: longer side of G, in pixels.
        style_layers: names of the layers at which styles are compared.
        minimum_side: fewest pixels that the shorter side of a painting may have.
        maximum_pixels: most that a painting may have.
        say: called with a sentence if a painting is enlarged.

    Raises:
        ImageError: a picture or a mask can't be used.
        SettingsError: the weights of a region are all 0.
    """
    groups = _grouped(styles, (C.shape[2], C.shape[1]))
    limits = {"minimum_side": minimum_side, "maximum_pixels": maximum_pixels, "say": say}
    masks = _masks_of(groups, (C.shape[1], C.shape[2]))
    regions = []
    for group, mask in zip(groups, masks, strict=True):
        if mask is not None:
            require_seen(mask, style_layers, group.name)
        regions.append(Region(_load_paintings(group, size, style_layers, limits), mask, group.name))
    return regions


def _grouped(styles: Sequence[Style], size: tuple[int, int]) -> list[_Group]:
    """The styles by region, for a C of that width and height."""
    groups: list[_Group] = []
    for number, style in enumerate(styles, 1):
        label = "style" if len(styles) == 1 else f"style {number}"
        where, name = _where(style.region, size, label)
        same = (group for group in groups if _is_same(group.where, where))
        group = next(same, None)
        if group is None:
            group = _Group(where, name, [])
            groups.append(group)
        group.styles.append((style, label))
    return groups


def _where(region: Source | None, size: tuple[int, int], label: str) -> tuple[np.ndarray | str, str]:
    """A mask or a word, and a name."""
    if region is None:
        return EVERYWHERE, EVERYWHERE
    if isinstance(region, str):
        if region in (EVERYWHERE, REST):
            return region, f"the {REST}" if region == REST else region
        if region and not os.path.exists(region):  # noqa: PTH110 - never raises
            raise ImageError(f"{region} is neither a mask's file nor {REST!r} nor {EVERYWHERE!r}.")
    name = f"the mask over the content of {label}"
    return load_mask(region, size, name), _name(region, name)


def _is_same(one: np.ndarray | str, other: np.ndarray | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one == other
    return np.array_equal(one, other)


def _masks_of(groups: Sequence[_Group], shape: tuple[int, int]) -> Sequence[np.ndarray | None]:
    """The mask of each group. Where they add up to more than 1, each gets its share."""
    if len(groups) == 1 and isinstance(groups[0].where, str):
        return [None]
    full = np.ones(shape, np.float32)
    given = [full if isinstance(group.where, str) else group.where for group in groups]
    is_rest = [isinstance(group.where, str) and group.where == REST for group in groups]
    others = np.sum([mask for mask, rest in zip(given, is_rest, strict=True) if not rest], axis=0)
    left = np.clip(1 - others, 0, 1).astype(np.float32)
    if any(is_rest) and not left.any():
        raise ImageError("The other regions leave nothing for the rest: make them smaller, or leave it out.")
    return without_overlaps([left if rest else mask for mask, rest in zip(given, is_rest, strict=True)])


def _load_paintings(
    group: _Group, size: int, style_layers: Sequence[str], limits: dict
) -> tuple[Painting, ...]:
    total = sum(style.weight for style, _ in group.styles)
    if not 0 < total < math.inf:
        raise SettingsError(
            f"The weights of the styles ({group.name}) add up to {total:g}: give one of them a weight of 1."
        )
    return tuple(
        _load_painting(style, label, style.weight / total, size, style_layers, limits)
        for style, label in group.styles
    )


def _load_painting(
    style: Style, label: str, weight: float, size: int, style_layers: Sequence[str], limits: dict
) -> Painting:
    try:
        enlarge, scale = style.scale is not None, style.scale or 1
        S = load_image(style.picture, round(scale * size), name=label, enlarge=enlarge, **limits)
    except ImageError as problem:
        if style.scale is None:
            raise
        raise ImageError(f"At a scale of {style.scale:g}: {problem}") from None
    if style.part is None or (isinstance(style.part, str) and style.part == EVERYWHERE):
        return Painting(S, weight, None, style.scale)
    name = f"the mask over {label}"
    part = load_mask(style.part, S.shape[2:0:-1], name)
    require_seen(part, style_layers, _name(style.part, name))
    return Painting(S, weight, part, style.scale)


def _name(source: Source, name: str) -> str:
    return str(source) if isinstance(source, str | os.PathLike) else name


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
