"""Neural style transfer in TensorFlow/Keras, to learn from.

Importing the package loads nothing heavy: each public name is loaded when it is first used. ``__init__.pyi``
says where from, and tells editors and type checkers what it is.
"""

import lazy_loader

from nst_tf.quiet import start_quietly

__version__ = "0.1.0"

start_quietly()

__getattr__, _, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]


def __dir__() -> list[str]:
    return sorted(__all__)
