"""From what a user gives to the three arrays that a run starts with, each checked.

Nothing here needs TensorFlow, so that a bad picture is answered at once.
"""

from typing import NamedTuple

import numpy as np
import psutil

from nst_tf.images import ImageError, Source, load_image
from nst_tf.layers import minimum_side
from nst_tf.settings import INITS, Settings, SettingsError

NOISE = 0.25  # the course's: G starts as C plus uniform noise in ±0.25

# Peak resident memory of a run, measured from 256 to 1024 px and rounded up: python -m benchmarks.memory
_BYTES_PER_PIXEL = 4_500
_BYTES_AT_LEAST = 900_000_000


class Inputs(NamedTuple):
    """Content, style and start image: float32, (1, h, w, 3), RGB in [0, 1]; G has C's shape."""

    C: np.ndarray
    S: np.ndarray
    G: np.ndarray


def load_inputs(content: Source, style: Source, settings: Settings) -> Inputs:
    """The three images of a run.

    Raises:
        ImageError: a picture can't be read, is too small for the layers, or the start picture has other
            proportions than the content.
        SettingsError: the size needs more memory than is free.
    """
    _require_memory(settings.size)
    needed = minimum_side([name for name, _ in settings.layers])
    C = load_image(content, settings.size, minimum_side=needed, name="content")
    S = load_image(style, settings.size, minimum_side=needed, name="style")
    return Inputs(C, S, _start_image(C, settings))


def _start_image(C: np.ndarray, settings: Settings) -> np.ndarray:
    generator = np.random.default_rng(settings.seed)
    if not isinstance(settings.init, str) or settings.init not in INITS:
        return _start_from_picture(C, settings)
    if settings.init == "content":
        return C.copy()
    if settings.init == "noise":
        return generator.random(C.shape, dtype=np.float32)
    noise = generator.uniform(-NOISE, NOISE, C.shape).astype(np.float32)
    return np.clip(C + noise, 0, 1)


def _start_from_picture(C: np.ndarray, settings: Settings) -> np.ndarray:
    _, height, width, _ = C.shape
    try:
        return load_image(settings.init, (width, height), name="the start picture")
    except ImageError as problem:
        raise ImageError(f"init is neither {', '.join(INITS)} nor a usable picture: {problem}") from None


def _require_memory(size: int) -> None:
    """Refuse a size that would get the program killed."""
    free = psutil.virtual_memory().available
    needed = _BYTES_AT_LEAST + _BYTES_PER_PIXEL * int(size) ** 2
    if needed > free:
        possible = int((max(free - _BYTES_AT_LEAST, 0) / _BYTES_PER_PIXEL) ** 0.5)
        raise SettingsError(
            f"size {size} may need {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB is free: "
            f"use a size of at most {possible}."
        )
