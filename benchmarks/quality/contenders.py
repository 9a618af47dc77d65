"""The contenders, and their style weights: the smallest hardly paints, the largest drowns the content.

Nothing here needs TensorFlow or PyTorch. To add a contender, write a function from a ``Task`` to a
``Painted`` and give it a line here.
"""

from dataclasses import asdict
from typing import NamedTuple

from nst_tf.settings import BETA_AT_HALF, EXPONENTS, GAMMA_AT_HALF, STYLE_STRENGTH, Settings

# nst_tf's defaults before this benchmark existed, spelled out so that they never change.
BEFORE_SETTINGS = {
    "alpha": 10,
    "content_layer": "block4_conv2",
    "style_layers": [
        ("block1_conv1", 80),
        ("block2_conv1", 0.13),
        ("block3_conv1", 0.11),
        ("block4_conv1", 0.00066),
        ("block5_conv1", 11),
    ],
    "init": "content",
    "optimizer": "lbfgs",
    "coarse_to_fine": True,
    "preprocess": True,
}


class Contender(NamedTuple):
    """How to run one.

    Attributes:
        title: what it is called in tables.
        library: the module with its function, and the process that it runs in.
        function: from a ``Task`` to a ``Painted``.
        knob: what its weight of the style is called.
        weights: five of them, the smallest first.
        recipe: what else decides how its pictures come out and may change from one run to the next.
    """

    title: str
    library: str
    function: str
    knob: str
    weights: tuple[float, ...]
    recipe: str = ""


def _recipe(statistics: str) -> str:
    constants = [of[statistics] for of in (BETA_AT_HALF, EXPONENTS, GAMMA_AT_HALF)]
    return f"{asdict(Settings(style_statistics=statistics))} {constants}"


def _times(default: float, *factors: float) -> tuple[float, ...]:
    return tuple(float(f"{factor * default:.3g}") for factor in factors)


STRENGTHS = (0.05, 0.2, 0.35, STYLE_STRENGTH, 0.8)
IN_TENSORFLOW, IN_PYTORCH = "tensorflow_contenders", "pytorch_contenders"
CONTENDERS = {
    "course": Contender("the course's loop", IN_TENSORFLOW, "course", "β", (1e-9, 1e-8, 1e-7, 1e-5, 40)),
    "tutorial": Contender(
        "TensorFlow's tutorial",
        IN_TENSORFLOW,
        "tutorial",
        "style_weight",
        _times(0.01, 0.01, 0.1, 1, 10, 100),
    ),
    "pastiche": Contender(
        "pastiche, two sizes", IN_PYTORCH, "pastiche", "style weight", _times(1, 1e-4, 0.001, 0.01, 0.1, 1)
    ),
    "pytorch": Contender(
        "PyTorch, L-BFGS with total variation", IN_PYTORCH, "lbfgs", "β", _times(0.05, 0.01, 0.1, 0.3, 1, 10)
    ),
    "before": Contender("nst_tf, before", IN_TENSORFLOW, "before", "β", _times(0.05, 0.01, 0.1, 0.3, 1, 10)),
    "ours": Contender(
        "nst_tf",
        IN_TENSORFLOW,
        "ours",
        "style_strength",
        STRENGTHS,
        recipe=_recipe("gram"),
    ),
    "moments": Contender(
        "nst_tf, mean and deviation",
        IN_TENSORFLOW,
        "moments",
        "style_strength",
        STRENGTHS,
        recipe=_recipe("moments"),
    ),
}
