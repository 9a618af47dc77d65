"""Masks: which part of a picture is meant, as an array (h, w) in [0, 1], white (1) where it is.

Nothing here needs TensorFlow, so that a mask that can't be used is refused at once.
"""

import os
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageFilter

from nst_tf.control.colours import chroma, luminance
from nst_tf.decoding import ImageError
from nst_tf.images import Source, load_image, require_proportions
from nst_tf.layers import block_of

GREY = 0.1  # how far a mask's channels may be apart: JPEG files of grey pictures come close to it
LIGHTNESS = 0.3  # how much it counts beside a colour, so that shadows don't matter
SPECK = 5  # pixels: what is smaller in a mask made from a colour is left out
SOFT = 1 / 200  # radius of such a mask's edge, as a part of the picture's longer side


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
        ValueError: the rectangle is empty or reaches over the picture.
    """
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(
            f"The rectangle goes from {left:g} to {right:g} across and from {top:g} to {bottom:g} down: give "
            "parts of the width and the height, from 0 (left, top) to 1 (right, bottom)."
        )
    _, height, width, _ = load_image(picture).shape
    mask = np.zeros((height, width), np.float32)
    rows, columns = (slice(round(low), round(high)) for low, high in (
        (top * height, bottom * height), (left * width, right * width),
    ))  # fmt: skip
    mask[rows, columns] = 1
    return mask


def colour_mask(picture: Source, colour: str | Sequence[int], tolerance: float = 0.1) -> np.ndarray:
    """A mask that is white where a picture has about a certain colour, with a soft edge.

    How light the colour is counts for less, so that shadows don't matter.

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
    if not tolerance > 0:
        raise ValueError(f"The tolerance is {tolerance!r}: give a positive number, such as 0.1.")
    image, pixel = load_image(picture), _pixel(colour)
    hue = np.mean(np.square(chroma(image) - chroma(pixel)), axis=-1)[0]
    lightness = np.square(luminance(image) - luminance(pixel))[0, ..., 0]
    mask = np.clip(3 - 2 * np.sqrt(hue + LIGHTNESS**2 * lightness) / tolerance, 0, 1)
    edged = Image.fromarray(np.round(255 * mask).astype(np.uint8)).filter(ImageFilter.MedianFilter(SPECK))
    softened = edged.filter(ImageFilter.GaussianBlur(SOFT * max(mask.shape)))
    return np.asarray(softened, np.float32) / 255


def _pixel(colour: str | Sequence[int]) -> np.ndarray:
    """An image of one pixel."""
    channels = ImageColor.getrgb(colour) if isinstance(colour, str) else tuple(colour)
    if len(channels) != 3 or not all(0 <= channel <= 255 for channel in channels):
        raise ValueError(f"The colour is {colour!r}: give a name, or (red, green, blue) in 0–255.")
    return np.array(channels, np.float32).reshape(1, 1, 1, 3) / 255


# ------------------------------------------------------------------------------------------ in a run


def load_mask(source: Source, size: tuple[int, int], name: str) -> np.ndarray:
    """A mask for a picture of that width and height.

    Args:
        source: a grey picture of the same proportions and of any size.
        size: (width, height).
        name: what to call a mask that has no file name.

    Returns:
        Shape (h, w) in [0, 1].

    Raises:
        ImageError: it can't be read, has colours or other proportions, or is all black.
    """
    name = str(source) if isinstance(source, str | os.PathLike) else name
    pixels = load_image(source, name=name)[0]
    require_proportions((pixels.shape[1], pixels.shape[0]), size, name)
    if np.ptp(pixels, axis=-1).max() > GREY:
        raise ImageError(f"{name} has colours: a mask is grey, white where the style is and black elsewhere.")
    mask = pixels.mean(axis=-1)
    if mask.max() < 1 / 255:
        raise ImageError(f"{name} is all black, which leaves nothing: make it white where the style is.")
    return mask_at(mask, size)


def mask_at(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mask at that width and height. No pixel turns grey that has only black ones around it."""
    if mask.shape == size[::-1]:
        return mask
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))


def side_of(mask: np.ndarray) -> float:
    """Side, in pixels, of a square that covers as much as the mask."""
    return float(np.sqrt(mask.sum()))


def without_overlaps(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The masks, made smaller where they add up to more than 1, so that they add up to 1 there."""
    total = np.maximum(1, np.sum(masks, axis=0))
    return [mask / total for mask in masks]


def masks_at_layers(mask: np.ndarray, layers: Sequence[str], name: str) -> list[np.ndarray]:
    """The mask at each layer's positions, m/√Σm²: so a guided Gram matrix is the Gram matrix of A∘m.

    It goes down as the activations do: where a 2×2 pooling takes four positions to one, the mask is their
    mean. So it is above 0 only at positions with a pixel of the mask below them.

    Args:
        mask: shape (h, w).
        layers: names of convolutions.
        name: of the mask, for errors.

    Returns:
        For each layer shape (n_H·n_W, 1), with squares that add up to 1.

    Raises:
        ImageError: nothing is left of it at one of the layers.
    """
    pooled = [mask]
    for _ in range(max(map(block_of, layers)) - 1):
        pooled.append(_halved(pooled[-1]))
    return [_normalised(pooled[block_of(layer) - 1], layer, name) for layer in layers]


def _normalised(m: np.ndarray, layer: str, name: str) -> np.ndarray:
    length = np.sqrt(np.sum(np.square(m, dtype=np.float64)))
    if not length:
        raise ImageError(
            f"{name} leaves no position at {layer}: enlarge its white part, or use less deep style layers."
        )
    return (m / length).astype(np.float32).reshape(-1, 1)


def _halved(mask: np.ndarray) -> np.ndarray:
    """The mean of each 2×2 block; an odd last row or column falls off, as in VGG-19's pooling."""
    height, width = (side // 2 for side in mask.shape)
    return mask[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
