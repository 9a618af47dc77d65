"""How far a long run is, on the disk, so that it survives a kill or a power cut.

A save writes new files, and the manifest, which names them, takes the place of the last one only when they
are all on the disk. So there is a whole save at any time.

Nothing here needs TensorFlow until a run goes on, so that a missing or an unexpected one is answered at once.
"""

import contextlib
import hashlib
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from nst_tf.files import is_held_elsewhere, written_aside
from nst_tf.progress import Costs

if TYPE_CHECKING:
    from nst_tf.optimizers import Change, Kept, State

EVERY = 300  # seconds from one save to the next
VERSION = 1
MANIFEST, LOCK = "run.json", "lock"
NOT_COMPARED = ("memory", "tile")  # settings with which the picture is the same, but for rounding


class CheckpointError(RuntimeError):
    """A run can't go on. The text is one sentence that says why, and the way out."""


class Saved:
    """A run that ended early.

    Attributes:
        history: its costs so far.
        memory: how much it could take, in bytes, which decides on the tiles.

    Raises:
        ValueError, KeyError, TypeError, OSError: the manifest makes no sense, or an array isn't there.
    """

    def __init__(self, folder: Path, manifest: dict, names: "WeakKeyDictionary[Any, str]"):
        self.history = [Costs(**row) for row in manifest["history"]]
        self.memory = int(manifest["memory"])
        self._folder, self._names = folder, names
        self._shape = tuple(map(int, manifest["shape"]))
        self._G, self._gradient = map(self._require_array, manifest["arrays"])
        self._numbers = [np.float32(manifest[name]) for name in ("J", "scale")]
        self._changes = [self._change(row) for row in manifest["changes"]]
        if not self.history:
            raise ValueError

    def _change(self, row: dict) -> tuple[tuple[str, str], tuple[np.float32, np.float32]]:
        of_image, of_gradient = map(self._require_array, row["arrays"])
        return (of_image, of_gradient), (np.float32(row["curvature"]), np.float32(row["square"]))

    def _require_array(self, name: str) -> str:
        if (self._folder / name).stat().st_size != 4 * math.prod(self._shape):
            raise ValueError
        return name

    def state(self, keep: "Callable[[np.ndarray], Kept]") -> "State":
        """What L-BFGS goes on from, with its last steps kept as it would keep them."""
        from nst_tf.optimizers import Change, State

        def kept(name: str) -> "Kept":
            array = keep(self._array(name))
            self._names[array] = name
            return array

        changes = [
            Change(kept(of_image), kept(of_gradient), *numbers)
            for (of_image, of_gradient), numbers in self._changes
        ]
        J, scale = self._numbers
        return State(self._array(self._G), self._array(self._gradient), J, scale, changes)

    def _array(self, name: str) -> np.ndarray:
        return np.fromfile(self._folder / name, np.float32).reshape(self._shape)


class Checkpoint:
    """The folder in which a run is saved now and then.

    Args:
        folder: made with the first save.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self._identity: dict[str, Any] = {}
        self._names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # of the arrays that are written
        self._lock: int | None = None
        self._last = time.monotonic()

    def __del__(self) -> None:
        if self._lock is not None:
            os.close(self._lock)

    @property
    def exists(self) -> bool:
        """Whether there is a run to go on with."""
        return os.path.exists(self.folder / MANIFEST)  # noqa: PTH110 - never raises

    def require(self, there: bool) -> None:
        """Make sure that a run is saved there, or that none is.

        Raises:
            CheckpointError: it is the other way round.
        """
        if there and not self.exists:
            raise CheckpointError(
                f"There is no run to resume: {self.folder} doesn't exist; leave out --resume to begin one."
            )
        if self.exists and not there:
            raise CheckpointError(
                f"{self.folder} holds a run that wasn't finished: add --resume to go on with it, or remove "
                "the folder to begin anew."
            )

    def identify(self, settings: dict, inputs: Sequence) -> None:
        """Say which run this is: only the same one goes on."""
        compared = {name: value for name, value in settings.items() if name not in NOT_COMPARED}
        self._identity = {"settings": json.loads(json.dumps(compared)), "pictures": _digest(inputs)}

    def load(self) -> Saved | None:
        """The run that was saved there, if any.

        Raises:
            CheckpointError: it is another one, is damaged, or is being painted at this moment.
        """
        if not self.exists:
            return None
        self._claim()
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text())
            if manifest["version"] != VERSION:
                raise ValueError
            self._require_same(dict(manifest["settings"]), manifest["pictures"])
            return Saved(self.folder, manifest, self._names)
        except CheckpointError:
            raise
        except (OSError, ValueError, KeyError, TypeError):
            raise CheckpointError(
                f"{self.folder} is damaged, or from another version: remove the folder and begin anew."
            ) from None

    def _require_same(self, settings: dict, pictures: str) -> None:
        own = self._identity["settings"]
        different = [name for name in own if own[name] != settings.get(name)]
        if different or pictures != self._identity["pictures"]:
            name = different[0] if different else ""
            what = f"{name} was {settings.get(name)!r}" if different else "the pictures were others"
            raise CheckpointError(
                f"{self.folder} holds another run ({what}): repeat its command, or remove the folder."
            )

    def save(self, history: Iterable[Costs], memory: int, state: "State") -> str | None:
        """Save the run, if the last time is ``EVERY`` seconds ago; returns why that failed, if it did."""
        if time.monotonic() - self._last < EVERY:
            return None
        written: list[str] = []
        try:
            self.folder.mkdir(exist_ok=True)
            self._claim()
            changes = [self._names_of(change, written) for change in state.changes]
            arrays = [self._written([values.reshape(-1)], written) for values in (state.G, state.gradient)]
            manifest = {
                **{"version": VERSION, **self._identity, "memory": memory, "shape": state.G.shape},
                **{"J": float(state.J), "scale": float(state.scale), "arrays": arrays, "changes": changes},
                "history": [row._asdict() for row in history],
            }
            self._replace_manifest(manifest)
        except (OSError, CheckpointError) as problem:
            self._remove(written)
            return getattr(problem, "strerror", None) or str(problem)
        finally:
            self._last = time.monotonic()
        used = {*arrays, *(name for change in changes for name in change["arrays"]), MANIFEST, LOCK}
        self._remove(path.name for path in self.folder.iterdir() if path.name not in used)
        return None

    def remove(self) -> None:
        """Remove it, once the picture is safe."""
        if self._lock is not None or self.exists:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _names_of(self, change: "Change", written: list[str]) -> dict[str, Any]:
        """What the manifest has on a step."""
        arrays = [self._name_of(kept, written) for kept in (change.of_image, change.of_gradient)]
        return {"arrays": arrays, "curvature": float(change.curvature), "square": float(change.square)}

    def _name_of(self, kept: "Kept", written: list[str]) -> str:
        if kept not in self._names:
            self._names[kept] = self._written((values for _, values in kept.pieces()), written)
        return self._names[kept]

    def _written(self, pieces: Iterable[np.ndarray], written: list[str]) -> str:
        """The name of a new file with these values."""
        name = f"{secrets.token_hex(8)}.float32"
        written.append(name)
        with (self.folder / name).open("wb") as file:
            for values in pieces:
                file.write(np.ascontiguousarray(values).data)
            file.flush()
            os.fsync(file.fileno())
        return name

    def _replace_manifest(self, manifest: dict) -> None:
        with written_aside(self.folder / MANIFEST) as aside:
            aside.write_text(json.dumps(manifest))
            with aside.open("rb") as file:
                os.fsync(file.fileno())

    def _remove(self, names: Iterable[str]) -> None:
        for name in list(names):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def _claim(self) -> None:
        """Let no other program write there as long as this one lives."""
        if self._lock is not None:
            return
        lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        if is_held_elsewhere(lock):
            os.close(lock)
            raise CheckpointError(
                f"Another program is painting what is saved in {self.folder}: end it, or choose another name."
            )
        self._lock = lock


def _digest(value: Any) -> str:
    """SHA-256 over arrays, numbers and texts in nested lists and tuples."""
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.shape} {value.dtype}".encode())
            digest.update(np.ascontiguousarray(value).data)
        elif isinstance(value, list | tuple):
            digest.update(f"{len(value)}".encode())
            for each in value:
                add(each)
        else:
            digest.update(repr(value).encode())

    add(value)
    return digest.hexdigest()
