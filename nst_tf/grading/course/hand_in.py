"""What lies in a student's folder."""

import contextlib
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from nst_tf.grading.course.tables import shown

LARGEST = 20_000_000  # bytes of a notebook; [],[],… takes forty times its size in memory
_LONGEST_TIMESTAMP = 200  # bytes
_LONGEST_NAME = 60  # characters of a file's name that are repeated


@dataclass(frozen=True)
class HandedIn:
    """What lies in a student's folder, as bytes.

    Attributes:
        notebook: the notebook's; None if there is none that can be read.
        remark: why there is none, or which others lie beside it.
        timestamp: when it was handed in, in UTC and ISO's format; None if that can't be read.
    """

    notebook: bytes | None
    remark: str = ""
    timestamp: str | None = None

    @property
    def can_be_graded(self) -> bool:
        """Whether it can: a notebook, or none at all, which earns nothing."""
        return self.notebook is not None or self.remark == "there is no notebook"


class _Unreadable(Exception):  # noqa: N818 - says what is wrong with a file
    """Why a file is not read, as a remark."""


def handed_in(folder: Path, name: str, largest: int = LARGEST) -> HandedIn:
    """Take a notebook out of a student's folder, without trusting anything in there.

    Links are not followed, and nothing but a file is opened, so that no pipe is waited for.

    Args:
        folder: the assignment's, in the student's.
        name: of the notebook's file. A file by another name is taken if it is the only notebook.
        largest: the most bytes that are read.
    """
    timestamp = None
    with contextlib.ExitStack() as opened:
        try:
            descriptor = _open_folder(folder, opened)
            timestamp = _timestamp(descriptor)
            chosen, remark = _chosen(descriptor, name)
            content = _read(descriptor, chosen, "the notebook", largest)
        except _Unreadable as problem:
            return HandedIn(None, str(problem), timestamp)
    return HandedIn(content, remark, timestamp)


def _open_folder(folder: Path, opened: contextlib.ExitStack) -> int:
    """Open the student's folder, and the assignment's in it."""
    descriptor = None
    for part, what in ((folder.parent, "the student's folder"), (Path(folder.name), "the folder")):
        with _named(what):
            mode = os.lstat(part, dir_fd=descriptor).st_mode
            if stat.S_ISLNK(mode):
                raise _Unreadable(f"{what} is a link")
            if not stat.S_ISDIR(mode):
                raise _Unreadable(f"{what} is a file")
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            descriptor = os.open(part, flags, dir_fd=descriptor)
            opened.callback(os.close, descriptor)
    assert descriptor is not None
    return descriptor


@contextlib.contextmanager
def _named(what: str) -> Iterator[None]:
    """Says in a remark what went wrong with a file."""
    try:
        yield
    except FileNotFoundError:
        raise _Unreadable("there is no notebook") from None
    except PermissionError:
        raise _Unreadable(f"there is no permission to read {what}") from None
    except (OSError, ValueError) as problem:
        raise _Unreadable(f"{what} can't be read ({type(problem).__name__})") from None


def _chosen(folder: int, name: str) -> tuple[str, str]:
    """The name of the notebook's file, and a remark on others beside it."""
    with _named("the folder"):
        files = os.listdir(folder)
    others = [file for file in files if file.lower().endswith(".ipynb") and not file.startswith(".")]
    if name in files:
        beside = sorted(other for other in others if other != name)
        return name, f"{name} was graded, and not {_listed(beside)} beside it" if beside else ""
    if len(others) == 1:
        return others[0], ""
    raise _Unreadable(
        f"there is no notebook {name}, but {len(others)} others" if others else "there is no notebook"
    )


def _listed(files: list[str]) -> str:
    """One file's name, or how many there are."""
    name = shown(files[0])
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return name if len(files) == 1 else f"{name} and {len(files) - 1} more"


def _read(folder: int, name: str, what: str, largest: int) -> bytes:
    with _named(what):
        _check_kind(os.lstat(name, dir_fd=folder).st_mode, what)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            _check_kind(os.fstat(file.fileno()).st_mode, what)  # it may be another one by now
            content = file.read(largest + 1)
    if len(content) > largest:
        raise _Unreadable(f"{what} is larger than {largest / 1e6:g} MB")
    return content


def _check_kind(mode: int, what: str) -> None:
    if stat.S_ISLNK(mode):
        raise _Unreadable(f"{what} is a link")
    if stat.S_ISDIR(mode):
        raise _Unreadable(f"{what} is a folder")
    if not stat.S_ISREG(mode):
        raise _Unreadable(f"{what} is no file")


def _timestamp(folder: int) -> str | None:
    from nbgrader.utils import parse_utc  # takes seconds to load

    try:
        text = _read(folder, "timestamp.txt", "the time", _LONGEST_TIMESTAMP).decode()
        if re.search(r"\.\.|(?<!\w)/", text):  # what stands for a time zone may be a file's path
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse_utc(text.strip()).replace(tzinfo=UTC).isoformat()
    except Exception:  # it may be anything
        return None
