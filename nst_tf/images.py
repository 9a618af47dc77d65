"""A picture file ⇄ an image array ⇄ VGG-19's input. Every image goes in and out of the program here.

An *image* is an array of shape (1, h, w, 3): float32, RGB, values in [0, 1].

TensorFlow is imported by the two functions that need it and not on top, so that a bad picture is
refused before the seconds that loading TensorFlow takes.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nst_tf.decoding import (
    ImageError,
    known_formats,
    opened_picture,
    read_picture,
    read_profile,
    require_range,
    rgb_profile,
    to_rgb,
)
from nst_tf.files import behind_links, why_not_writable, written_aside
from nst_tf.large.budget import bytes_free

if TYPE_CHECKING:
    import tensorflow as tf

# Means of ImageNet's training pictures, 0–255, in the order in which VGG-19 was trained: B, G, R.
IMAGENET_MEANS_BGR = (103.939, 116.779, 123.68)

GIF_MILLISECONDS = 100  # for which a frame is shown
GIF_LAST_MILLISECONDS = 2000

BYTES_OF_IMAGE = 16  # for each pixel: RGB in float32, and the picture that it is made from

Source = str | os.PathLike | Image.Image | np.ndarray
Say = Callable[[str], object] | None  # called with a sentence on what is done


# ---------------------------------------------------------------------------------------- in


def load_image(
    source: Source,
    size: int | tuple[int, int] | None = None,
    *,
    enlarge: bool = True,
    minimum_side: int = 1,
    maximum_pixels: int | None = None,
    name: str = "image",
    say: Say = None,
) -> np.ndarray:
    """Read a picture as an image array.

    EXIF rotation is applied; grey, palette, CMYK and 16-bit pictures become RGB; what is transparent
    becomes white; of an animation the first frame is taken. Nothing is ever cropped.

    Args:
        source: path of a picture file (JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF), a PIL image, or an array
            or tensor of shape (h, w), (h, w, 3), (h, w, 4) or (1, h, w, 3): uint8 in 0–255 or
            floating-point in [0, 1].
        size: longer side of the result, in pixels; the aspect ratio is kept. A pair (width, height) is that
            size exactly; the picture's proportions may differ from it only by rounding. None leaves the size.
        enlarge: False leaves a picture that is smaller than ``size`` as it is.
        minimum_side: fewest pixels the shorter side may have, in the file and after resizing.
        maximum_pixels: most that the result may have, for want of memory; None means what fits into it now.
        name: what to call a picture that has no file name.
        say: called with a sentence if the picture is enlarged.

    Returns:
        float32, shape (1, h, w, 3), RGB, values in [0, 1].

    Raises:
        ImageError: there is no such picture, it can't be read, or it is too small or too large.
    """
    if isinstance(source, str | os.PathLike):
        name = str(source) or name
    try:
        planes = _planes(source, name)
        _require_side(planes[0].size, minimum_side, name, "is")
        own = planes[0].size
        fitted = own if size is None else _fitted(own, size, name)
        if max(fitted) > max(own) and not enlarge:
            fitted = own
        _require_side(fitted, minimum_side, name, f"at size {size} becomes")
        _require_pixels(fitted, _pixels_that_fit() if maximum_pixels is None else maximum_pixels, name)
        if say and max(fitted) > max(own):
            of, to = (f"{width}×{height}" for width, height in (own, fitted))
            say(f"{name} has {of} pixels and is enlarged to {to}.")
        if fitted != own:
            planes = [plane.resize(fitted, Image.Resampling.LANCZOS) for plane in planes]
        return _stack(planes)[np.newaxis]
    except (MemoryError, OverflowError):
        raise ImageError(
            f"{name} needs more memory than is free: use a smaller size, or make a smaller copy of it first."
        ) from None


def colour_profile(source: Source) -> bytes | None:
    """The ICC profile of a picture that ``load_image`` has read; None where it has none for RGB."""
    if isinstance(source, Image.Image):
        return rgb_profile(source)
    return read_profile(Path(source)) if isinstance(source, str | os.PathLike) else None


def resized(image: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """The image (1, h, w, 3) in [0, 1] with that longer side, or that width and height: itself if it has."""
    _, height, width, _ = image.shape
    if size in (max(height, width), (width, height)):
        return image
    return load_image(image, size)


def _planes(source: Source, name: str) -> list[Image.Image]:
    """A source as PIL images that can be resized: one of 8-bit RGB, or one of floats for each channel."""
    if hasattr(source, "__array__"):  # NumPy's and TensorFlow's
        return _planes_of_array(np.asarray(source), name)
    if isinstance(source, Image.Image):
        return [opened_picture(source, name)]
    if source == "":
        raise ImageError(f"The file name of {name} is empty: give the path of a picture.")
    if isinstance(source, str | os.PathLike):
        return [read_picture(Path(source))]
    raise ImageError(
        f"{name} is a {type(source).__name__}: give a file's path, a PIL image or a NumPy array."
    )


def _fitted(original: tuple[int, int], size: int | tuple[int, int], name: str) -> tuple[int, int]:
    """Width and height with ``size`` pixels on the longer side and the aspect ratio kept, or those given."""
    if np.min(size) < 1:
        raise ImageError(f"size is {size}: give at least 1 pixel.")
    if isinstance(size, tuple):
        _require_proportions(original, size, name)
        return size
    scale = size / max(original)
    return max(1, round(original[0] * scale)), max(1, round(original[1] * scale))


def _require_side(size: tuple[int, int], minimum: int, name: str, verb: str) -> None:
    if min(size) < minimum:
        raise ImageError(
            f"{name} {verb} {size[0]}×{size[1]} pixels: these layers of VGG-19 need at least {minimum} on "
            "each side; use a larger size or another picture."
        )


def _require_proportions(original: tuple[int, int], fitted: tuple[int, int], name: str) -> None:
    if not have_same_proportions(original, fitted):
        raise ImageError(
            f"{name} is {original[0]}×{original[1]} pixels, which has not the proportions of "
            f"{fitted[0]}×{fitted[1]}: crop it first."
        )


def have_same_proportions(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes (width, height) differ in proportions only by rounding to whole pixels."""
    (width, height), (other_width, other_height) = one, other
    pixels_off = (  # in each direction, before and after
        abs(height - width * other_height / other_width),
        abs(width - height * other_width / other_height),
        abs(other_height - other_width * height / width),
        abs(other_width - other_height * width / height),
    )
    return min(pixels_off) <= 1


def _pixels_that_fit() -> int:
    return bytes_free() // BYTES_OF_IMAGE


def _require_pixels(size: tuple[int, int], maximum: int, name: str) -> None:
    if size[0] * size[1] > maximum:
        possible = int(max(size) * (maximum / (size[0] * size[1])) ** 0.5)
        way_out = f"use a size of at most {possible}" if possible >= 16 else "close other programs"
        raise ImageError(
            f"{name} becomes {size[0]}×{size[1]} pixels, which may need more memory than there is for it: "
            f"{way_out}."
        )


def _planes_of_array(array: np.ndarray, name: str) -> list[Image.Image]:
    pixels = array[0] if array.ndim == 4 and array.shape[0] == 1 else array
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[-1] in (3, 4))):
        raise ImageError(
            f"{name} is an array of shape {array.shape}: expected (h, w, 3), or (h, w), (h, w, 4) "
            "or (1, h, w, 3)."
        )
    if pixels.dtype == np.uint8:
        return [to_rgb(Image.fromarray(pixels), name)]
    if pixels.dtype.kind != "f":
        raise ImageError(
            f"{name} is an array of {array.dtype}: use uint8 in 0–255 or floating-point in [0, 1]."
        )
    require_range(pixels, 1, name)
    pixels = pixels.astype(np.float32)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=-1)
    if pixels.shape[-1] == 4:
        opacity = pixels[..., 3:]
        pixels = pixels[..., :3] * opacity + (1 - opacity)  # onto white
    return [Image.fromarray(np.ascontiguousarray(pixels[..., channel])) for channel in range(3)]


def _stack(planes: list[Image.Image]) -> np.ndarray:
    if len(planes) == 1:
        return np.asarray(planes[0]) / np.float32(255)
    return np.clip(
        np.stack([np.asarray(plane) for plane in planes], axis=-1), 0, 1
    )  # resizing can overshoot a little


# ------------------------------------------------------------------------------ inside the network


def preprocess(image: "tf.Tensor | np.ndarray") -> "tf.Tensor":
    """Image in [0, 1], RGB → what VGG-19 was trained on: 0–255, BGR, minus the ImageNet means.

    Args:
        image: float tensor of shape (..., 3).

    Returns:
        A tensor of the same shape and dtype.

    Source: Simonyan and Zisserman, "Very Deep Convolutional Networks" (2014), section 2.1; the means
    are those of the released Caffe model.
    """
    import tensorflow as tf

    image = tf.convert_to_tensor(image)
    return image[..., ::-1] * 255 - tf.constant(IMAGENET_MEANS_BGR, dtype=image.dtype)


def clip_0_1(image: "tf.Tensor | np.ndarray") -> "tf.Tensor":
    """The image with each value clipped to [0, 1], same shape and dtype."""
    import tensorflow as tf

    return tf.clip_by_value(image, clip_value_min=0.0, clip_value_max=1.0)


# --------------------------------------------------------------------------------------- out


def tensor_to_image(tensor: "tf.Tensor | np.ndarray") -> Image.Image:
    """Image tensor → PIL RGB image.

    Args:
        tensor: tensor or array of shape (1, h, w, 3) or (h, w, 3), floating-point in [0, 1].

    Raises:
        ImageError: another shape, or values that are not numbers in [0, 1].
    """
    pixels = np.asarray(tensor)
    if pixels.ndim == 4 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype.kind != "f":
        raise ImageError(
            f"tensor has shape {np.shape(tensor)} and dtype {pixels.dtype}: expected floating-point numbers "
            "of shape (1, h, w, 3) or (h, w, 3)."
        )
    low, high = pixels.min(), pixels.max()
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise ImageError(
            f"tensor has values from {low:g} to {high:g}: bring them into [0, 1] with clip_0_1 first."
        )
    return Image.fromarray(np.round(pixels * 255).astype(np.uint8))


def check_output(path: str | os.PathLike, suffixes: set[str] | None = None) -> Path:
    """Make sure that a picture can be written to ``path``, before any long work.

    Args:
        path: the file to be written later. It may exist.
        suffixes: the endings to accept; None means those of all formats that are read.

    Raises:
        ImageError: an unknown ending, no such folder, a directory, or no permission.
    """
    if not os.fspath(path):
        raise ImageError("The name of an output is empty: give a file name, such as picture.png.")
    path = Path(path)
    suffix = path.suffix.lower()
    target = behind_links(path)
    if os.path.islink(target):  # noqa: PTH114 - never raises
        raise ImageError(f"{path} is a link that leads back to itself: choose another name.")
    _require_writable_folder(target.parent if os.path.islink(path) else path.parent)  # noqa: PTH114
    if os.path.isdir(target):  # noqa: PTH112 - False also for a name that is too long
        raise ImageError(f"{path} is a directory: add a file name, such as {path / 'picture.png'}.")
    if suffix not in suffixes if suffixes else not _can_write(suffix):
        known = " or ".join(sorted(suffixes)) if suffixes else ".png or .jpg"
        raise ImageError(f"{path} ends in {suffix or 'nothing'}, which can't be written: use {known}.")
    try:
        if target.exists():
            _require_replaceable(target)
    except OSError as problem:
        raise ImageError(f"{path} can't be written ({problem.strerror}): choose another name.") from None
    return path


def _require_replaceable(target: Path) -> None:
    if not target.is_file():
        raise ImageError(f"{target} is a pipe or a device: choose another name.")
    target.open("r+b").close()


def _can_write(suffix: str) -> bool:
    """Whether Pillow writes pictures of any size to files that end so, and reads them."""
    sample, file = Image.new("RGB", (300, 200)), io.BytesIO()
    try:
        sample.save(file, format=Image.registered_extensions().get(suffix, ""))
        with Image.open(file, formats=known_formats()) as written:
            return written.size == sample.size
    except Exception:  # each of Pillow's encoders has its own way to say no
        return False


def _require_writable_folder(folder: Path) -> None:
    if not os.path.isdir(folder):  # noqa: PTH112 - False also where a folder above it may not be entered
        raise ImageError(f"The folder {folder} does not exist: make it first (mkdir -p {folder}).")
    if reason := why_not_writable(folder):
        raise ImageError(f"Nothing can be written to the folder {folder} ({reason}): choose another one.")


def save_image(
    image: "Image.Image | tf.Tensor | np.ndarray", path: str | os.PathLike, **options: Any
) -> None:
    """Write a picture, whole or not at all.

    Args:
        image: PIL image, a tensor that ``tensor_to_image`` takes, or a mask of shape (h, w) in [0, 1].
        path: where to; the ending chooses the format.
        options: passed on to Pillow's ``Image.save``, such as ``dpi=(300, 300)``. A colour profile in the
            picture's ``info`` goes with it.

    Raises:
        ImageError: it can't be written there.
    """
    path = check_output(path)
    if not isinstance(image, Image.Image):
        is_mask = np.ndim(image) == 2
        image = tensor_to_image(np.repeat(np.asarray(image)[..., np.newaxis], 3, -1) if is_mask else image)
    if path.suffix.lower() in {".jpg", ".jpeg"}:
        options = {"quality": 95, "subsampling": 0, **options}
    if profile := image.info.get("icc_profile"):
        options = {"icc_profile": profile, **options}
    # In memory first: on a full disk, Pillow takes half a file that it has written for a whole one.
    file = io.BytesIO()
    try:
        image.save(file, Image.registered_extensions()[path.suffix.lower()], **options)
        with written_aside(path) as aside:
            aside.write_bytes(file.getvalue())
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise ImageError(f"{path} could not be written ({reason}): nothing was changed there.") from None


def gif_options(frames: list[Image.Image]) -> dict:
    """What Pillow's ``save`` of the first frame needs to write them all, over and over,
    the last one longer.
    """
    durations = [GIF_MILLISECONDS] * (len(frames) - 1) + [GIF_LAST_MILLISECONDS]
    return {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
