"""From what a user gives to the arrays that a run starts with, each checked.

Nothing here needs TensorFlow, so that a bad picture is answered at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nst_tf.control.colours import chroma, grey, grey_like, matched
from nst_tf.control.styles import Painting, Region, Styles, load_regions, styles_of
from nst_tf.decoding import ImageError
from nst_tf.images import Say, Source, colour_profile, load_image
from nst_tf.large.budget import SMALLEST_TILE, Need, bytes_allowed, fits
from nst_tf.layers import minimum_side
from nst_tf.settings import INITS, Settings

NOISE = 0.25  # the course's: G starts as C plus uniform noise in ±0.25


class Inputs(NamedTuple):
    """What a run starts with. Images are float32, (1, h, w, 3), RGB in [0, 1].

    Attributes:
        C: the content image.
        regions: where G takes on which styles.
        G: the start image, of C's shape.
        chroma: what G gets besides the luminance that is painted, of C's shape; None where colours are
            painted, too.
        profile: the ICC profile of the content picture, if any, which the result keeps.
    """

    C: np.ndarray
    regions: list[Region]
    G: np.ndarray
    chroma: np.ndarray | None = None
    profile: bytes | None = None

    def shorter_side(self, size: int) -> int:
        """The shortest side of all pictures, in pixels, where C's longer side has so many."""
        paintings = [painting for region in self.regions for painting in region.paintings]
        sides = [(self.C, size), *((painting.S, painting.side(size)) for painting in paintings)]
        return min(min(image.shape[1:3]) * side // max(image.shape[1:3]) for image, side in sides)


def load_inputs(content: Source, style: Styles, settings: Settings, *, say: Say = None) -> Inputs:
    """The images and masks of a run.

    Args:
        content, style: as ``nst_tf.transfer.stylize`` takes them.
        settings: of the run.
        say: called with a sentence if a picture is enlarged.

    Raises:
        ImageError: a picture or a mask can't be read, is too small for the layers or too large for the memory
            that is free, or a mask or the start picture has other proportions than its picture.
        SettingsError: there is no style, or the weights of a region's styles are all 0.
    """
    styles, allowed = styles_of(style), bytes_allowed(settings.most_bytes)
    masked = sum(style.region is not None for style in styles)
    layers = [name for name, _ in settings.layers]
    least = minimum_side(layers)
    of_C = _pixels_that_fit(lambda pixels: Need(pixels, [0], masked, layers), allowed)
    of_S = _pixels_that_fit(lambda pixels: Need(0, [pixels], masked, layers), allowed)
    C = load_image(content, settings.size, name="content", say=say, minimum_side=least, maximum_pixels=of_C)
    regions = load_regions(
        styles, C, settings.size, layers[:-1], say=say, minimum_side=least, maximum_pixels=of_S
    )
    if not fits(need_of(C, regions, settings), allowed):
        raise ImageError(
            "The pictures may need more memory together than there is for them: use a size of less than "
            f"{settings.size}, or fewer or smaller paintings."
        )
    profile = colour_profile(content)
    if settings.colours == "content":
        G = grey(_start_image(grey(C), settings, say))
        regions = _recoloured(regions, grey_like, C)
        return Inputs(_fixed(grey(C)), regions, _fixed(G), _fixed(chroma(C)), profile)
    if settings.colours == "matched":
        regions = _recoloured(regions, matched, C)
    return Inputs(_fixed(C), regions, _fixed(_start_image(C, settings, say)), profile=profile)


def _fixed(image: np.ndarray) -> np.ndarray:
    """The image, which callbacks see and may not change."""
    image.setflags(write=False)
    return image


def need_of(C: np.ndarray, regions: Sequence[Region], settings: Settings) -> Need:
    """What the memory that a run with these pictures takes depends on."""
    paintings = [_pixels(painting.S) for region in regions for painting in region.paintings]
    masked = sum(region.mask is not None for region in regions)
    return Need(_pixels(C), paintings, masked, [name for name, _ in settings.layers])


def _pixels(image: np.ndarray) -> int:
    return image.shape[1] * image.shape[2]


def _pixels_that_fit(need: Callable[[int], Need], allowed: int) -> int:
    """How large a picture may be, in tiles if need be, before the program risks being killed."""
    none, million = need(0), need(10**6)
    at_once = 10**6 * (allowed - none.at_once) // (million.at_once - none.at_once)
    for_tiles, of_million = (each.in_tiles(SMALLEST_TILE) for each in (none, million))
    return max(0, at_once, 10**6 * (allowed - for_tiles) // (of_million - for_tiles))


def _recoloured(regions: list[Region], recolour: Callable[..., np.ndarray], C: np.ndarray) -> list[Region]:
    """The regions, with each painting's colours moved towards those of C in its region."""

    def of(painting: Painting, region: Region) -> Painting:
        return painting._replace(S=recolour(painting.S, C, painting.part, region.mask))

    return [
        region._replace(paintings=tuple(of(painting, region) for painting in region.paintings))
        for region in regions
    ]


def _start_image(C: np.ndarray, settings: Settings, say: Say) -> np.ndarray:
    generator = np.random.default_rng(settings.seed)
    if settings.starts_from_picture:
        return _start_from_picture(C, settings, say)
    if settings.init == "content":
        return C
    if settings.init == "noise":
        return generator.random(C.shape, dtype=np.float32)
    noise = generator.uniform(-NOISE, NOISE, C.shape).astype(np.float32)
    return np.clip(C + noise, 0, 1)


def _start_from_picture(C: np.ndarray, settings: Settings, say: Say) -> np.ndarray:
    _, height, width, _ = C.shape
    try:
        return load_image(settings.init, (width, height), name="the start picture", say=say)
    except ImageError as problem:
        raise ImageError(f"init is neither {', '.join(INITS)} nor a usable picture: {problem}") from None
