"""From a picture file to a picture in RGB, upright. What can't be read is refused in one sentence."""

import contextlib
import io
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from nst_tf.large.budget import bytes_free
from nst_tf.quiet import stderr_dropped

# What cameras, phones, scanners and web pages give. Pillow would open three dozen more, whatever the file is
# called: EPS by running it as a program, in Ghostscript, and others by decoders that hardly anybody tests.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
LONGEST_SIDE = 65_535  # pixels, as in a JPEG file; Pillow takes seconds and gigabytes over millions of rows
RGB_MODES = ("RGB", "RGBA", "P", "PA", "RGBX")
BYTES_TO_DECODE = 12  # for each pixel: the picture, upright, in RGB, and at another size


class ImageError(ValueError):
    """A picture that can't be read or written. The text is one sentence that names it and the way out."""

    def __init__(self, sentence: str):
        super().__init__("".join(letter if letter.isprintable() else "�" for letter in sentence))


def decode_picture(data: bytes, name: str) -> Image.Image:
    """The first frame of a picture file's content, in RGB and upright.

    Args:
        data: the bytes of a file in one of ``FORMATS``.
        name: what to call it in errors.

    Raises:
        ImageError: it can't be read.
    """
    return _decoded(io.BytesIO(data), len(data), name)


def read_picture(path: Path) -> Image.Image:
    """The first frame of a picture file, in RGB and upright.

    Raises:
        ImageError: there is no such file, or it can't be read.
    """
    try:
        _require_file(path)
        with path.open("rb") as file:
            return _decoded(file, path.stat().st_size, str(path))
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist: check the path (you are in {Path.cwd()}).") from None
    except PermissionError:
        raise ImageError(f"{path} may not be read: give yourself permission (chmod +r) or copy it.") from None
    except (OSError, ValueError) as problem:  # a name that no file can have
        reason = getattr(problem, "strerror", None) or problem
        raise ImageError(f"{path} can't be read ({reason}): check the path.") from None


def _require_file(path: Path) -> None:
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise ImageError(f"{path} is a directory: give the path of a picture in it.")
    if not stat.S_ISREG(kind):  # reading it might never end
        raise ImageError(f"{path} is a pipe or a device: save the picture to a file first.")


def opened_picture(image: Image.Image, name: str) -> Image.Image:
    """A picture that Pillow has opened, in RGB and upright.

    Raises:
        ImageError: it can't be decoded.
    """
    try:
        _require_size(image.size, name)
        with _decoders_silenced():
            return to_rgb(image, name)
    except ImageError:
        raise
    except (OSError, ValueError) as problem:  # a picture that was opened, but is truncated or closed by now
        raise ImageError(f"{name} can't be decoded ({problem}): open it again.") from None


def _decoded(file: BinaryIO, size: int, name: str) -> Image.Image:
    if size == 0:
        raise ImageError(f"{name} is empty (0 bytes): download or copy it again.")
    try:
        with _decoders_silenced(), Image.open(file, formats=known_formats()) as image:
            _require_size(image.size, name)
            image.load()
            return to_rgb(image, name)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(f"{name} needs more memory than is free: make a smaller copy of it first.") from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is not a picture in one of the formats read here ({', '.join(FORMATS)}): "
            "save it as JPEG or PNG."
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(
            f"{name} has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels: "
            "make a smaller copy of it first."
        ) from None
    except Exception as problem:  # Pillow's decoders raise OSError, SyntaxError, struct.error and more
        raise ImageError(f"{name} is truncated or damaged ({problem}): download or copy it again.") from None


def read_profile(path: Path) -> bytes | None:
    """The colour profile of a picture file that can be read, as ``rgb_profile``."""
    with _decoders_silenced(), Image.open(path, formats=known_formats()) as image:
        return rgb_profile(image)


@contextlib.contextmanager
def _decoders_silenced() -> Iterator[None]:
    """What matters comes as an error; that of a picture too large at twice the size of its warning."""
    with stderr_dropped(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def known_formats() -> list[str]:
    """Those of ``FORMATS`` that this copy of Pillow knows."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _require_size(size: tuple[int, int], name: str) -> None:
    if min(size) < 1:
        raise ImageError(f"{name} has {size[0]}×{size[1]} pixels, which is no picture: choose another one.")
    if max(size) > LONGEST_SIDE:
        raise ImageError(
            f"{name} has {size[0]}×{size[1]} pixels, and a side may have at most {LONGEST_SIDE:,}: "
            "make a smaller copy of it first."
        )
    needed = size[0] * size[1] * BYTES_TO_DECODE
    if needed > bytes_free():
        raise ImageError(
            f"{name} has {size[0]}×{size[1]} pixels, which need {needed / 1e9:.1f} GB: "
            "make a smaller copy of it first."
        )


def rgb_profile(image: Image.Image) -> bytes | None:
    """The colour profile that belongs to a picture's red, green and blue; None where it has none."""
    profile = image.info.get("icc_profile") or b""
    return profile if image.mode in RGB_MODES and profile[16:20] == b"RGB " else None


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """A picture in RGB and upright; what is transparent becomes white.

    Raises:
        ImageError: its values or its colours can't be told.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bit(np.asarray(image), name)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    try:
        return image.convert("RGB")
    except ValueError:
        raise ImageError(f"{name} has colours of mode {image.mode}: convert it to RGB first.") from None


def _eight_bit(grey: np.ndarray, name: str) -> np.ndarray:
    """Grey values of 16 bits, of 8 bits in a wider type, or floating-point in [0, 1], as uint8."""
    white = 1 if grey.dtype.kind == "f" else 65535
    if grey.dtype == np.int32 and grey.max() <= 255:
        white = 255
    require_range(grey, white, name)
    return np.round(grey * (255 / white)).astype(np.uint8)


def require_range(pixels: np.ndarray, white: int, name: str) -> None:
    """Refuse an array with values outside [0, white].

    Raises:
        ImageError: it has some.
    """
    low, high = pixels.min(), pixels.max()
    if not (low >= 0 and high <= white):  # also false for NaN
        raise ImageError(
            f"{name} has values from {low:g} to {high:g}: expected {pixels.dtype} values in [0, {white}]; "
            "clip or rescale them first."
        )
