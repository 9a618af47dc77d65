"""From what a user gives to the three arrays that a run starts with, each checked.

Nothing here needs TensorFlow, so that a bad picture is answered at once.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import psutil

from nst_tf.decoding import ImageError
from nst_tf.images import Source, load_image
from nst_tf.layers import minimum_side
from nst_tf.settings import INITS, Settings

NOISE = 0.25  # the course's: G starts as C plus uniform noise in ±0.25

# Peak resident memory of a run, measured from 256 to 1024 px and rounded up: python -m benchmarks.memory
_BYTES_PER_PIXEL = 4_500
_BYTES_AT_LEAST = 900_000_000

Say: TypeAlias = Callable[[str], object] | None


class Inputs(NamedTuple):
    """Content, style and start image: float32, (1, h, w, 3), RGB in [0, 1]; G has C's shape."""

    C: np.ndarray
    S: np.ndarray
    G: np.ndarray


def load_inputs(content: Source, style: Source, settings: Settings, *, say: Say = None) -> Inputs:
    """The three images of a run.

    Args:
        content, style: as ``nst_tf.transfer.stylize`` takes them.
        settings: of the run.
        say: called with a sentence if a picture is enlarged.

    Raises:
        ImageError: a picture can't be read, is too small for the layers or too large for the memory that is
            free, or the start picture has other proportions than the content.
    """
    limits: dict[str, int] = {
        "minimum_side": minimum_side([name for name, _ in settings.layers]),
        "maximum_pixels": _pixels_that_fit(),
    }
    C = load_image(content, settings.size, name="content", say=say, **limits)
    S = load_image(style, settings.size, name="style", say=say, **limits)
    return Inputs(C, S, _start_image(C, settings, say))


def _start_image(C: np.ndarray, settings: Settings, say: Say) -> np.ndarray:
    generator = np.random.default_rng(settings.seed)
    if settings.starts_from_picture:
        return _start_from_picture(C, settings, say)
    if settings.init == "content":
        return C.copy()
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


def _pixels_that_fit() -> int:
    """How large an image may be, lest the program be killed for its memory."""
    free = psutil.virtual_memory().available - _BYTES_AT_LEAST
    return max(0, free // _BYTES_PER_PIXEL)
