"""The command line that repeats a run."""

import shlex
from collections.abc import Mapping

from nst_tf.layers import STYLE_PRESETS
from nst_tf.settings import Settings

ALWAYS = ("precision", "weights")  # their defaults mean another thing on another machine
SWITCHES = {"preprocess": "--no-preprocess", "coarse_to_fine": "--no-coarse-to-fine"}


def command_line(content: str, style: str, settings: Mapping[str, object], output: str | None = None) -> str:
    """The ``python -m nst_tf`` command that paints the same picture again.

    Args:
        content: path of the photograph.
        style: path of the painting.
        settings: of the run, as ``Result.settings`` holds them. Only what isn't a default is named, except for the
            precision and the weights, which are the ones that the run used.
        output: path of the picture to write.
    """
    defaults = {**vars(Settings(optimizer=settings["optimizer"])), "optimizer": Settings.optimizer}
    words = ["python", "-m", "nst_tf", content, style]
    if output:
        words += ["-o", output]
    for name, default in defaults.items():
        value = settings[name]
        if name in SWITCHES:
            words += [] if value else [SWITCHES[name]]
        elif name in ALWAYS or _text(name, value) != _text(name, default):
            words += [f"--{name.replace('_', '-')}", _text(name, value)]
    return shlex.join(words)


def _text(name: str, value: object) -> str:
    if name == "style_layers":
        pairs = [tuple(pair) for pair in value]
        presets = (preset for preset, of_preset in STYLE_PRESETS.items() if of_preset == pairs)
        return next(presets, ",".join(f"{layer}={_text('', weight)}" for layer, weight in pairs))
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
