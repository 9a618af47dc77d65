"""Where files are, and files that are written whole or not at all."""

import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # on Windows, where a killed writer's file stays
    fcntl = None  # type: ignore[assignment]

_ASIDE = ".nst_tf-"  # how the temporary files' names begin


@contextlib.contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which takes its place only if the block succeeds.

    What an earlier writer of that file has left, because it was killed, is removed.
    """
    target = behind_links(path)  # so that a link stays a link
    remove_leftovers(target.parent, target.name)
    aside, lock = _claimed(target)
    try:
        yield aside
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove what killed writers of the file of that name, or of any, have left in a folder.

    A living writer holds a lock on its file, which ends with its process, however that ends.
    """
    for path in folder.glob(f"{_ASIDE}{_short(name) if name else '*'}-*"):
        with contextlib.suppress(OSError), path.open("r+b") as file:
            if locked(file.fileno()):
                path.unlink(missing_ok=True)


def _claimed(target: Path) -> tuple[Path, int | None]:
    """A new file beside ``target``, and the descriptor that holds the lock on it."""
    while True:
        unused = f"{_ASIDE}{_short(target.name)}-{secrets.token_hex(8)}{target.suffix}"
        aside = target.with_name(unused)
        if fcntl is None:
            return aside, None
        lock = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        locked(lock)
        if aside.exists():  # nobody took it for a leftover before it was locked
            return aside, lock
        os.close(lock)


def locked(descriptor: int) -> bool | None:
    """Lock an open file for this process; False where another has locked it, None where none can be."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _short(name: str) -> str:
    """A file's name in 16 letters, as one with more added to it may be too long."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


def behind_links(path: str | os.PathLike) -> Path:
    """The file that a path stands for, whether it exists or not."""
    return Path(os.path.realpath(path))  # Path.resolve() raises RuntimeError where links form a circle


def why_not_writable(folder: Path) -> str | None:
    """The reason for which no file can be made in ``folder``, or None if one can."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as problem:
        return problem.strerror
    return None


def pictures_folder() -> Path:
    """The project's own pictures."""
    return _in_checkout_or_package("images", "pictures")


def demo_notebook() -> Path:
    """The notebook that the classroom serves."""
    return _in_checkout_or_package("notebooks/demo.ipynb", "lessons/demo.ipynb")


def _in_checkout_or_package(checkout: str, package: str) -> Path:
    """A path beside the package where this is a checkout, and inside it once it is installed."""
    folder = Path(__file__).parent
    beside = folder.parent / checkout
    return beside if beside.exists() else folder / package
