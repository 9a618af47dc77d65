"""TensorFlow, imported once and quietly. Every module of the package takes ``tf`` from here."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def _stderr_held() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; replay it if the block fails.

    TensorFlow's start-up lines come from C++ before its logging is set up, so neither
    ``sys.stderr`` nor ``TF_CPP_MIN_LOG_LEVEL`` can catch them.
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


if "tensorflow" in sys.modules:
    import tensorflow as tf
else:
    # Quiets the information lines that come later, such as a GPU's name; warnings still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # tf.keras can't do with another one
    with _stderr_held():
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for a GPU, and complains when there is none

__all__ = ["tf"]
