"""Masks: which part of a picture is meant, as an array (h, w) in [0, 1], white (1) where it is.

Nothing here needs TensorFlow, so that a mask that can't be used is refused at once.
"""

import contextlib
import os
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from PIL import Image, ImageColor, ImageFilter

from nst_tf.control.colours import chroma, luminance
from nst_tf.decoding import ImageError
from nst_tf.images import Source, have_same_proportions, load_image, resized
from nst_tf.layers import block_of, minimum_side

NEARLY_BLACK = 0.1  # lightest value of a mask that can only be a mistake, such as 0 and 1 in 0–255
GREY = 0.1  # how far a mask's channels may be apart: JPEG files of grey pictures come close to it
LIGHTNESS = 0.3  # how much it counts beside a colour in a mask made from one
FINEST = 1000  # pixels on the longer side at which such a mask is made, and then enlarged
SPECK = 5  # pixels there: what is smaller is left out
SOFT = 1 / 200  # radius of the edge, as a part of the longer side


# ----------------------------------------------------------------------------- for those who have none


def rectangle_mask(
    picture: Source, left: float = 0, top: float = 0, right: float = 1, bottom: float = 1
) -> np.ndarray:
    """A mask that is white in a rectangle.

    Args:
        picture: the one that the mask is for.
        left, top, right, bottom: its edges, as parts of the picture's width and height, from 0 to 1.

    Returns:
        Shape (h, w), 0 or 1.

    Raises:
        ImageError: the picture can't be read.
        ValueError: the rectangle is empty or reaches beyond the picture.
    """
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(
            f"The rectangle goes from {left:g} to {right:g} across and from {top:g} to {bottom:g} down: give "
            "parts of the width and the height, from 0 (left, top) to 1 (right, bottom)."
        )
    _, height, width, _ = load_image(picture).shape
    mask = np.zeros((height, width), np.float32)
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    mask[rows, columns] = 1
    if not mask.any():
        raise ValueError(f"The rectangle is less than a pixel of {width}×{height}: make it larger.")
    return mask


def colour_mask(picture: Source, colour: str | Sequence[int], tolerance: float = 0.1) -> np.ndarray:
    """A mask that is white where a picture has about a certain colour, with a soft edge.

    Lightness counts for less than the colour, so that shadows don't matter.

    Args:
        picture: the one that the mask is for.
        colour: a name or a code, such as ``"skyblue"`` or ``"#87ceeb"``, or (red, green, blue) in 0–255.
        tolerance: the distance between two colours up to which the mask is white; it is black from 1.5 times
            that distance on. Between grey and pure blue it is 0.5.

    Returns:
        Shape (h, w) in [0, 1].

    Raises:
        ImageError: the picture can't be read.
        ValueError: there is no such colour, or the tolerance is not positive.
    """
    if not (isinstance(tolerance, Real) and tolerance > 0):
        raise ValueError(f"The tolerance is {tolerance!r}: give a positive number, such as 0.1.")
    pixel, image = _pixel(colour), load_image(picture)
    _, height, width, _ = image.shape
    image = resized(image, min(FINEST, max(height, width)))
    hue = np.mean(np.square(chroma(image) - chroma(pixel)), axis=-1)[0]
    lightness = np.square(luminance(image) - luminance(pixel))[0, ..., 0]
    mask = np.clip(3 - 2 * np.sqrt(hue + LIGHTNESS**2 * lightness) / tolerance, 0, 1)
    edged = Image.fromarray(np.round(255 * mask).astype(np.uint8)).filter(ImageFilter.MedianFilter(SPECK))
    softened = edged.filter(ImageFilter.GaussianBlur(SOFT * max(mask.shape)))
    return mask_at(np.asarray(softened, np.float32) / 255, (width, height))


def _pixel(colour: str | Sequence[int]) -> np.ndarray:
    """An image of one pixel."""
    try:
        channels = ImageColor.getrgb(colour) if isinstance(colour, str) else tuple(colour)
    except (TypeError, ValueError):
        channels = ()
    if len(channels) != 3 or not all(isinstance(each, Integral) and 0 <= each <= 255 for each in channels):
        raise ValueError(
            f"The colour is {colour!r}: give a name such as 'skyblue', a code such as '#87ceeb', or (red, "
            "green, blue) in whole numbers from 0 to 255."
        )
    return np.array(channels, np.float32).reshape(1, 1, 1, 3) / 255


# ------------------------------------------------------------------------------------------ in a run


def load_mask(source: Source, size: tuple[int, int], name: str) -> np.ndarray:
    """A mask for a picture of that width and height.

    Args:
        source: a grey picture of the same proportions and of any size; an array may also be of booleans.
        size: (width, height).
        name: what to call a mask that has no file name.

    Returns:
        Shape (h, w) in [0, 1].

    Raises:
        ImageError: it can't be read, is transparent, has colours or other proportions, or is black.
    """
    if isinstance(source, str | os.PathLike):
        name = str(source) or name
    elif hasattr(source, "__array__") and not isinstance(source, Image.Image):
        source = _as_picture(np.asarray(source))
    pixels = load_image(source, name=name)[0]
    height, width, _ = pixels.shape
    if not have_same_proportions((width, height), size):
        raise ImageError(
            f"{name} is {width}×{height} pixels, but its picture is {size[0]}×{size[1]} at this size: a mask "
            "has the proportions of the upright picture."
        )
    if _is_transparent(source):
        raise ImageError(f"{name} is transparent in places: fill those with black or white.")
    if np.ptp(pixels, axis=-1).max() > GREY:
        raise ImageError(f"{name} has colours: convert it to grey, white where the style is.")
    mask = pixels.mean(axis=-1)
    if mask.max() < NEARLY_BLACK:
        raise ImageError(
            f"{name} is black ({round(255 * mask.max())} of 255 at most): make it white where the style is."
        )
    return mask_at(mask, size)


def _as_picture(mask: np.ndarray) -> np.ndarray:
    """An array as ``load_image`` takes it: booleans as 0 and 1, and without a last axis of one channel."""
    mask = mask[..., 0] if mask.ndim == 3 and mask.shape[-1] == 1 else mask
    return mask.astype(np.float32) if mask.dtype == bool else mask


def _is_transparent(source: Source) -> bool:
    """Whether a picture that can be read has a pixel that isn't opaque."""
    if isinstance(source, np.ndarray):
        opaque = 255 if source.dtype == np.uint8 else 1
        return source.ndim == 3 and source.shape[-1] == 4 and source[..., 3].min() < opaque
    with contextlib.ExitStack() as opened:
        if not isinstance(source, Image.Image):
            source = opened.enter_context(Image.open(source))
        return source.has_transparency_data and np.asarray(source.convert("RGBA"))[..., 3].min() < 255


def mask_at(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mask at that width and height. A pixel surrounded by black stays black."""
    if mask.shape == size[::-1]:
        return mask
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))


def without_overlaps(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The masks, made smaller where they add up to more than 1, so that they add up to 1 there."""
    total = np.maximum(1, np.sum(masks, axis=0))
    return [mask / total for mask in masks]


def require_seen(mask: np.ndarray, style_layers: Sequence[str], name: str) -> None:
    """Make sure that enough is left of a mask at the deepest of these layers.

    Raises:
        ImageError: there is not.
    """
    if not is_seen(mask, style_layers):
        layer, (covered, seen) = max(style_layers, key=block_of), _covered_and_seen(mask, style_layers)
        counted = f"{covered:.0f} pixel{'' if round(covered) == 1 else 's'}"
        raise ImageError(
            f"{name} covers {counted} at this size, of which {layer} sees {seen:.0f}: make it larger, or "
            "use a larger size or shallower style layers."
        )


def is_seen(mask: np.ndarray, style_layers: Sequence[str]) -> bool:
    """Whether half of the mask, and as much as one position, is left at the deepest of these layers."""
    covered, seen = _covered_and_seen(mask, style_layers)
    return seen >= max(covered / 2, minimum_side(list(style_layers)) ** 2)


def _covered_and_seen(mask: np.ndarray, style_layers: Sequence[str]) -> tuple[float, float]:
    """How many pixels a mask covers, and how many are left at the deepest of these layers."""
    deepest = max(map(block_of, style_layers))
    return float(mask.sum()), 4.0 ** (deepest - 1) * float(_pooled(mask, deepest)[-1].sum())


def masks_at_layers(mask: np.ndarray, layers: Sequence[str], name: str) -> list[np.ndarray]:
    """The mask at each layer's positions, m/√Σm²: so a guided Gram matrix is the Gram matrix of A∘m.

    It goes down with the activations: where a 2×2 pooling takes four positions to one, the mask becomes
    their mean. So it is above 0 only at positions with a pixel of the mask below them.

    Args:
        mask: shape (h, w).
        layers: names of convolutions.
        name: of the mask, for errors.

    Returns:
        For each layer shape (n_H·n_W, 1), with squares that add up to 1.

    Raises:
        ImageError: nothing is left of it at one of the layers.
    """
    pooled = _pooled(mask, max(map(block_of, layers)))
    return [_normalised(pooled[block_of(layer) - 1], layer, name) for layer in layers]


def _pooled(mask: np.ndarray, blocks: int) -> list[np.ndarray]:
    """The mask in each of the first blocks."""
    pooled = [mask]
    while len(pooled) < blocks:
        pooled.append(_halved(pooled[-1]))
    return pooled


def _normalised(m: np.ndarray, layer: str, name: str) -> np.ndarray:
    length = np.sqrt(np.sum(np.square(m, dtype=np.float64)))
    if not length:
        raise ImageError(
            f"{name} leaves no position at {layer}: make it larger, or use shallower style layers."
        )
    return (m / length).astype(np.float32).reshape(-1, 1)


def _halved(mask: np.ndarray) -> np.ndarray:
    """The mean of each 2×2 block; an odd last row or column falls off, as in VGG-19's pooling."""
    height, width = (side // 2 for side in mask.shape)
    return mask[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
