"""Arrays that wait on the disk, to spare the memory."""

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np

PIECE = 2**22  # numbers that are read at once

Pieces = Iterator[tuple[slice, np.ndarray]]  # of an array that is unrolled: where they are, and what is there


class SpoolError(ValueError):
    """Arrays can't be kept on the disk. The text is one sentence that says why, and the way out."""


class Spool:
    """An anonymous temporary file for arrays. It disappears with the process, however that ends.

    Args:
        room: bytes to make sure of now, so that a full disk doesn't end the work halfway.

    Raises:
        SpoolError: there is no room.
    """

    def __init__(self, room: int = 0) -> None:
        self._folder, self._free = _folder(), dict[int, list[int]]()
        self.size = 0  # in bytes
        with self._errors_explained():
            self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115
            if room and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._file.fileno(), 0, room)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def keep(self, array: np.ndarray) -> "Waiting":
        """Write an array to the disk, where it stays as long as what is returned.

        Raises:
            SpoolError: there is no room for it.
        """
        free = self._free.get(array.nbytes)
        place = free.pop() if free else self.size
        self.size = max(self.size, place + array.nbytes)
        waiting = Waiting(self, place, array)
        with self._errors_explained():
            self._file.seek(place)
            left = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            while left:  # a write may take a part only
                left = left[self._file.write(left) :]
        return waiting

    def read(self, place: int, count: int, dtype: np.dtype) -> np.ndarray:
        """So many numbers from there on."""
        numbers = np.empty(count, dtype)
        left = numbers.view(np.uint8).data
        self._file.seek(place)
        while left:  # and so may a read
            left = left[self._file.readinto(left) :]  # type: ignore[attr-defined]
        return numbers

    def release(self, place: int, size: int) -> None:
        """Let the place of an array of that size, in bytes, be used by another one."""
        self._free.setdefault(size, []).append(place)

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise SpoolError(
                f"A large picture needs room for temporary data in {self._folder} ({problem.strerror}): make "
                "some, or name another folder in TMPDIR."
            ) from None


class Waiting:
    """An array on the disk."""

    def __init__(self, spool: Spool, place: int, array: np.ndarray):
        self._spool, self._place = spool, place
        self._shape, self._dtype, self._size = array.shape, array.dtype, array.nbytes

    def __del__(self) -> None:
        self._spool.release(self._place, self._size)

    def load(self) -> np.ndarray:
        """A copy of the array."""
        return self._spool.read(self._place, math.prod(self._shape), self._dtype).reshape(self._shape)

    def pieces(self) -> Pieces:
        """The array piece by piece."""
        total = math.prod(self._shape)
        for start in range(0, total, PIECE):
            count, place = min(PIECE, total - start), self._place + start * self._dtype.itemsize
            yield slice(start, start + count), self._spool.read(place, count, self._dtype)


def _folder() -> str:
    """Where large temporary files belong: ``/tmp`` is often kept in the memory that they are to spare."""
    chosen = next(filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP"))), None)
    if chosen:
        return chosen
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()
