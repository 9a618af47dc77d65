"""How far a long run is, on the disk, so that it survives a kill or a power cut.

A save writes new files, and the manifest, which names them, takes the place of the last one only when they
are all on the disk. So there is a whole save at any time.

Nothing here needs TensorFlow, so that a folder that can't be used is refused at once.
"""

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from nst_tf.files import locked, why_not_writable, written_aside
from nst_tf.large.saved import Saved, digest_of
from nst_tf.progress import Costs

if TYPE_CHECKING:
    from nst_tf.inputs import Inputs
    from nst_tf.optimizers import Change, Kept, State

EVERY = 300  # seconds from one save to the next
VERSION = 1  # of the manifest
MANIFEST, LOCK = "run.json", "lock"
OWN = re.compile(rf"{re.escape(MANIFEST)}|{LOCK}|[0-9a-f]{{16}}\.float32|\.nst_tf-.*")
NOT_COMPARED = ("memory", "tile", "init", "weights")  # in the pictures, in the checksum, or only rounding


class CheckpointError(RuntimeError):
    """A run can't be saved in a folder, or can't go on. The text is one sentence that says why, and the way
    out.
    """


class Checkpoint:
    """The folder in which a run is saved now and then; ``with`` lets go of it at the end.

    Args:
        folder: made with the first save.

    Attributes:
        saved: the run that it holds, or None.

    Raises:
        CheckpointError: the folder holds something else, something damaged, or a run that another program is
            painting, or nothing can be written there.
    """

    def __init__(self, folder: str | os.PathLike):
        self._lock: int | None = None
        self._last = time.monotonic()
        self._names: WeakKeyDictionary[Kept, str] = WeakKeyDictionary()  # of the arrays that are on the disk
        self._identity: dict[str, Any] = {}
        self.folder, self.saved = Path(folder), None
        with self._errors_explained():
            self._require_own(os.fspath(folder))
            if self._holds_run():
                self._claim()
                self.saved = self._loaded()

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._let_go()

    def __del__(self) -> None:
        self._let_go()

    def _require_own(self, name: str) -> None:
        """Refuse a folder with other files, none of which is to be lost."""
        if not name:
            raise CheckpointError("The name of the checkpoint is empty: give a folder, such as unfinished.")
        if not self.folder.exists():
            if reason := why_not_writable(self.folder.parent):
                raise CheckpointError(f"{self.folder} can't be made ({reason}): choose another folder.")
        elif not (self.folder.is_dir() and all(OWN.fullmatch(path.name) for path in self.folder.iterdir())):
            raise CheckpointError(
                f"{self.folder} isn't a folder of unfinished runs alone: choose another, or a new one."
            )

    def _holds_run(self) -> bool:
        return (self.folder / MANIFEST).exists()

    def _loaded(self) -> Saved:
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text())
            if manifest["version"] != VERSION:
                raise ValueError
            return Saved(self.folder, manifest)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise CheckpointError(
                f"{self.folder} is damaged, or from another version: remove the folder and begin anew."
            ) from None

    def identify(self, settings: dict[str, Any], stages: Sequence, inputs: "Inputs") -> None:
        """Say which run this is.

        Raises:
            CheckpointError: the run that was saved is another one.
        """
        compared = {name: value for name, value in settings.items() if name not in NOT_COMPARED}
        as_json = json.loads(json.dumps({**compared, "stages": stages}))
        self._identity = {"version": VERSION, "settings": as_json, "pictures": digest_of(inputs)}
        if not self.saved:
            return
        before = self.saved.settings
        different = [
            f"{name} was {before.get(name)!r}" for name in as_json if as_json[name] != before.get(name)
        ]
        if different or self.saved.pictures != self._identity["pictures"]:
            what = different[0] if different else "the pictures were others"
            raise CheckpointError(
                f"{self.folder} holds another run ({what}): repeat its command, or remove the folder."
            )

    def state(self, saved: Saved, keep: "Callable[[np.ndarray], Kept]") -> "State":
        """What L-BFGS goes on from, with its last steps kept as it would keep them."""
        return saved.state(keep, self._names)

    def save(
        self, history: Iterable[Costs], memory: int, state: "State", best: np.ndarray | None
    ) -> str | None:
        """Save the run, if the last time is ``EVERY`` seconds ago.

        Args:
            history: of the run.
            memory: as in ``Saved``.
            state: of L-BFGS.
            best: the image with the lowest J, if it isn't that of ``state``.

        Returns:
            Why that failed, if it did.
        """
        if time.monotonic() - self._last < EVERY:
            return None
        save = _Save(self.folder, self._names)
        try:
            self._claim()
            manifest = {
                **{**self._identity, "memory": memory, "shape": state.G.shape},
                **{"J": float(state.J), "scale": float(state.scale)},
                "arrays": [save.written([array.reshape(-1)]) for array in (state.G, state.gradient)],
                "best": None if best is None else save.written([best.reshape(-1)]),
                "changes": [save.of_change(change) for change in state.changes],
                "history": [row._asdict() for row in history],
            }
            _replace(self.folder / MANIFEST, json.dumps(manifest))
        except CheckpointError:
            return "another program saves its run there"
        except OSError as problem:
            self._unlink(save.new)
            return problem.strerror
        finally:
            self._last = time.monotonic()
        self._names.update(save.names)
        self._unlink(self._own_files() - save.used - {MANIFEST, LOCK})
        return None

    @property
    def has_saved(self) -> bool:
        """Whether this program has a run there to go on with."""
        return self._lock is not None and self._holds_run()

    def remove(self) -> None:
        """Remove the run that this program has saved or has gone on with, once its picture is safe."""
        if self._lock is None:
            return
        self._unlink([MANIFEST])  # without which nothing else counts
        self._unlink(self._own_files() - {LOCK})
        self._let_go()
        self._unlink([LOCK])
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _own_files(self) -> set[str]:
        with contextlib.suppress(OSError):
            return {path.name for path in self.folder.iterdir() if OWN.fullmatch(path.name)}
        return set()

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def _claim(self) -> None:
        """Let no other program write there as long as this one lives."""
        path = self.folder / LOCK
        if self._lock is not None and _is_file_at(path, self._lock):
            return
        self._let_go()
        self._names.clear()  # if there were any, somebody has removed the folder
        if not self.folder.exists():
            self.folder.mkdir()
            _sync(self.folder.parent)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if locked(lock) is False:
            os.close(lock)
            raise CheckpointError(
                f"Another program is painting what is saved in {self.folder}: end it, or choose another name."
            )
        self._lock = lock

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise CheckpointError(
                f"{self.folder} can't be used ({problem.strerror}): choose another folder."
            ) from None


class _Save:
    """The files of one save.

    Attributes:
        names: of the arrays that have none yet.
        new, used: the names of the files that it writes, and of all that it needs.
    """

    def __init__(self, folder: Path, known: "WeakKeyDictionary[Kept, str]"):
        self._folder, self._known = folder, known
        self.names: dict[Kept, str] = {}
        self.new: list[str] = []
        self.used: set[str] = set()

    def of_change(self, change: "Change") -> dict[str, Any]:
        """What the manifest has on a step."""
        arrays = [self._of(kept) for kept in (change.of_image, change.of_gradient)]
        return {"arrays": arrays, "curvature": float(change.curvature), "square": float(change.square)}

    def _of(self, kept: "Kept") -> str:
        name = self._known.get(kept)
        if name is None:
            name = self.names[kept] = self.written(values for _, values in kept.pieces())
        self.used.add(name)
        return name

    def written(self, pieces: Iterable[np.ndarray]) -> str:
        """The name of a new file with these values."""
        name = f"{secrets.token_hex(8)}.float32"
        self.new.append(name)
        self.used.add(name)
        with (self._folder / name).open("wb") as file:
            for values in pieces:
                file.write(np.ascontiguousarray(values).data)
            file.flush()
            os.fsync(file.fileno())
        return name


def _replace(path: Path, text: str) -> None:
    """Write a file that is on the disk, with all that it names, before it takes the last one's place."""
    with written_aside(path) as aside, aside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        _sync(path.parent)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Have the names of a folder's files on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_file_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
