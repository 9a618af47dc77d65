"""A run that ended early, as its manifest has it: how far it is, and which files hold its arrays."""

import hashlib
import math
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nst_tf.progress import Costs

if TYPE_CHECKING:
    from nst_tf.inputs import Inputs
    from nst_tf.optimizers import Kept, State


class Saved:
    """How far a run was, and what it goes on from.

    Attributes:
        history: its costs so far.
        memory: how much it could take, in bytes, which decides on the tiles.
        precision: of the convolutions.

    Raises:
        ValueError, KeyError, TypeError, OverflowError, OSError: the manifest makes no sense, or a file isn't
            there.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]):
        self._folder, self.settings, self.pictures = folder, dict(manifest["settings"]), manifest["pictures"]
        self.history = [_costs(row) for row in manifest["history"]]
        self.memory, self.precision = int(manifest["memory"]), str(self.settings["precision"])
        self._shape = tuple(map(int, manifest["shape"]))
        self._G, self._gradient = map(self._require_array, manifest["arrays"])
        self._best = manifest["best"] and self._require_array(manifest["best"])
        self._J, self._scale = (_number(manifest[name]) for name in ("J", "scale"))
        self._changes = [self._change(row) for row in manifest["changes"]]
        if not self.history:
            raise ValueError

    def _change(self, row: dict) -> tuple[tuple[str, str], tuple[np.float32, np.float32]]:
        of_image, of_gradient = map(self._require_array, row["arrays"])
        return (of_image, of_gradient), (_number(row["curvature"]), _number(row["square"]))

    def _require_array(self, name: str) -> str:
        if (self._folder / name).stat().st_size != 4 * math.prod(self._shape):
            raise ValueError
        return name

    def state(self, keep: "Callable[[np.ndarray], Kept]", names: "MutableMapping[Kept, str]") -> "State":
        """What L-BFGS goes on from, with its last steps kept as it would keep them.

        Args:
            keep: as that of ``lbfgs``.
            names: is given the name of the file of each array that is kept.
        """
        from nst_tf.optimizers import Change, State

        def kept(name: str) -> "Kept":
            array = keep(self._array(name))
            names[array] = name
            return array

        changes = [
            Change(kept(of_image), kept(of_gradient), *numbers)
            for (of_image, of_gradient), numbers in self._changes
        ]
        return State(self._array(self._G), self._array(self._gradient), self._J, self._scale, changes)

    def best(self) -> np.ndarray | None:
        """The image with the lowest J, where L-BFGS goes on from another one."""
        return self._array(self._best) if self._best else None

    def _array(self, name: str) -> np.ndarray:
        array = np.fromfile(self._folder / name, np.float32)
        array.resize(self._shape, refcheck=False)  # unlike reshape, it leaves the array its own memory
        return array


def _number(value: float) -> np.float32:
    if not math.isfinite(value):
        raise ValueError
    return np.float32(value)


def _costs(row: dict[str, Any]) -> Costs:
    costs = Costs(**row)
    if not all(map(math.isfinite, costs)):
        raise ValueError
    return costs


def digest_of(inputs: "Inputs") -> str:
    """SHA-256 over what a run starts with."""
    digest = hashlib.sha256()
    for part in _parts(inputs):
        described = f"{part.shape} {part.dtype}" if isinstance(part, np.ndarray) else repr(part)
        digest.update(f"{len(described)} {described}".encode())
        if isinstance(part, np.ndarray):
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _parts(inputs: "Inputs") -> Iterator[Any]:
    yield from (inputs.C, inputs.G, inputs.chroma, inputs.profile)
    for region in inputs.regions:
        yield region.mask
        for painting in region.paintings:
            yield from painting
