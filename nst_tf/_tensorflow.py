"""Makes TensorFlow start quietly, whoever imports it, once ``nst_tf`` has been imported."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
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


@contextlib.contextmanager
def _stderr_held() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; replay it if the block fails.

    TensorFlow's start-up lines come from C++ before its logging is set up, so neither ``sys.stderr`` nor
    ``TF_CPP_MIN_LOG_LEVEL`` can catch them.
    """
    try:
        real_stderr = os.dup(2)
    except OSError:  # there is no stderr: nothing to keep quiet
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(real_stderr, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(real_stderr, 2)
            os.close(real_stderr)


def start_quietly() -> None:
    """Silence TensorFlow's first import, if it is still to come."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietStart())
