"""What a worker does for a gallery: it gets pictures as bytes, and gives one back."""

import contextlib
import dataclasses
import os
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from nst_tf.cluster import THREADS
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings, SettingsError


class File(NamedTuple):
    """A picture on its way to a worker, which may have no disk in common with us."""

    path: str
    data: bytes


class Job(NamedTuple):
    """A picture to be painted."""

    photo: File
    painting: File
    settings: Settings
    suffix: str  # of the result


class Painted(NamedTuple):
    """A picture that was painted.

    Attributes:
        data: the file's content.
        settings: those used, as ``Result.settings`` has them.
        J: its cost.
        convergence: a sentence.
        seconds: that it took.
    """

    data: bytes
    settings: dict[str, Any]
    J: float
    convergence: str
    seconds: float


def painted(job: Job) -> Painted | str:
    """The picture, or the sentence that says why there is none."""
    from nst_tf.decoding import ImageError
    from nst_tf.images import save_image
    from nst_tf.transfer import stylize
    from nst_tf.weights import WeightsError

    started = time.perf_counter()
    settings = {field.name: getattr(job.settings, field.name) for field in dataclasses.fields(Settings)}
    with tempfile.TemporaryDirectory(prefix="nst_tf-gallery-") as folder:
        photo, painting = (
            _written(Path(folder) / what, file)
            for what, file in {"photo": job.photo, "painting": job.painting}.items()
        )
        try:
            result = stylize(photo, painting, **settings, progress=False)
        except (ImageError, SettingsError, WeightsError, MemoryError) as problem:
            said = str(problem) or "There is not enough memory: use a smaller size."
            return said.replace(str(photo), job.photo.path).replace(str(painting), job.painting.path)
        if not result.ending.is_regular:
            return f"The run ended early: {result.ending.value}."
        picture = Path(folder) / f"picture{job.suffix}"
        save_image(result.image, picture)
        J = min(row.J for row in result.history if row.function == result.history[-1].function)
        seconds = time.perf_counter() - started
        return Painted(picture.read_bytes(), result.settings, J, str(result.convergence), seconds)


def _written(folder: Path, file: File) -> Path:
    folder.mkdir()
    path = folder / Path(file.path).name
    path.write_bytes(file.data)
    return path


def precision_here(_: None) -> str:
    """The one in which a worker is faster."""
    from nst_tf.precision import fastest_precision

    return fastest_precision()[0]


def why_no_painter(weights: str | os.PathLike | None) -> str | None:
    """Why this worker can't paint what another one would; it sets TensorFlow's threads, unless that runs."""
    import tensorflow as tf

    from nst_tf.weights import WeightsError, load_weights

    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    if threads != THREADS:
        return f"TensorFlow has {threads or 'all'} threads there, where others have {THREADS}: restart it."
    try:
        load_weights(weights, say=say_nothing)
    except WeightsError as missing:
        return str(missing)
    return None
