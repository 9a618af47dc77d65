"""Where files are, and files that are written whole or not at all."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which takes its place only if the block succeeds."""
    target = behind_links(path)  # so that a link stays a link
    aside = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        yield aside
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


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
