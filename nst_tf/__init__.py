"""Neural style transfer in TensorFlow/Keras, to learn from.

Importing the package loads nothing heavy: each public name is loaded when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME_OF = {
    "clip_0_1": "images",
    "compute_content_cost": "costs",
    "compute_layer_style_cost": "costs",
    "compute_style_cost": "costs",
    "get_layer_outputs": "vgg",
    "gram_matrix": "costs",
    "load_image": "images",
    "load_vgg19": "vgg",
    "preprocess": "images",
    "save_image": "images",
    "stylize": "transfer",
    "STYLE_LAYERS": "layers",
    "tensor_to_image": "images",
    "total_cost": "costs",
}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nst_tf' has no attribute {name!r}")
    value = getattr(import_module(f"nst_tf.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
