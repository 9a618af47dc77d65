"""Keeps off the screen what tells a user nothing: TensorFlow's start-up lines, and what C libraries print.

Once ``nst_tf`` has been imported, TensorFlow starts quietly, whoever imports it.
"""

import contextlib
import importlib.util
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class _QuietStart(MetaPathFinder):
    """Finds TensorFlow as Python would by itself, and has its import say nothing."""

    def __init__(self) -> None:
        self._is_looking = False  # and so asked again, by itself

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification with a quiet loader; None where the other finders are to answer."""
        if name != "tensorflow" or self._is_looking:
            return None
        self._is_looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _QuietLoader(spec.loader)
        return spec


class _QuietLoader(Loader):
    """Loads as another loader does, and says nothing."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See ``Loader``."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """See ``Loader``."""
        # Quiets the information lines that come later, such as a GPU's name; warnings still show.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras works with no other backend
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader  # as it would be without us
        with _stderr_held():
            self._loader.exec_module(module)
            module.config.list_physical_devices()  # looks for a GPU, and complains where there is none


_one_at_a_time = threading.RLock()  # two threads would each put back what the other has put there


@contextlib.contextmanager
def _stderr_held() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; replay it if the block fails.

    TensorFlow's start-up lines come from C++ before its logging is set up, so neither ``sys.stderr`` nor
    ``TF_CPP_MIN_LOG_LEVEL`` can catch them.
    """
    with tempfile.TemporaryFile() as held:
        try:
            with _stderr_sent_to(held.fileno()):
                yield
        except Exception:
            held.seek(0)
            with contextlib.suppress(OSError):  # there is no stderr
                os.write(2, held.read())
            raise


@contextlib.contextmanager
def stderr_dropped() -> Iterator[None]:
    """Send what is written to ``sys.stderr`` and to file descriptor 2 nowhere; one thread at a time."""
    with (
        _one_at_a_time,
        Path(os.devnull).open("wb") as nowhere,
        contextlib.redirect_stderr(io.StringIO()),
        _stderr_sent_to(nowhere.fileno()),
    ):
        yield


@contextlib.contextmanager
def _stderr_sent_to(descriptor: int) -> Iterator[None]:
    with _one_at_a_time:
        real_stderr = _copy_of_stderr()
        if real_stderr is None:
            yield
            return
        os.dup2(descriptor, 2)
        try:
            yield
        finally:
            os.dup2(real_stderr, 2)
            os.close(real_stderr)


def _copy_of_stderr() -> int | None:
    """Another descriptor for stderr; None where there is none, and 2 is closed or any other file."""
    if sys.__stderr__ is None:
        return None
    try:
        return os.dup(2)
    except OSError:
        return None


def start_quietly() -> None:
    """Silence TensorFlow's first import, if it is still to come."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietStart())
