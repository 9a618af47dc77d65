"""The settings of a run: their defaults, and what is allowed.

Nothing here needs TensorFlow, so that a wrong setting is answered at once.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

from nst_tf.images import Source
from nst_tf.large.tiles import halo_of
from nst_tf.layers import CONV_LAYERS, STYLE_LAYERS, STYLE_PRESETS
from nst_tf.weights import CHOICES

INITS = ("noisy_content", "noise", "content")
PRECISIONS = ("auto", "float32", "bfloat16")
COLOURS = ("style", "content", "matched")
STYLE_STATISTICS = ("gram", "moments")
OPTIMIZER_NAMES = ("lbfgs", "adam", "gradient_descent")
STYLE_STRENGTH = 0.5
BETA_AT_HALF = {"gram": 12.5, "moments": 50.0}  # β/α at that strength if all costs were equal
GAMMA_AT_HALF = {"gram": 0.2, "moments": 0.6}  # likewise γ/α
EXPONENTS = {"gram": 0.5, "moments": 1.0}  # of J_C(0) / J_style(0): see nst_tf.control.strength
ADAM_LEARNING_RATE = 0.03
CONVERGED: Literal["converged"] = "converged"
MOST_STEPS = 2000  # of a run that goes on until it has converged
UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}  # of memory, in bytes
MOST = 1_000_000  # for whole numbers, where a larger one can only be a slip
LEAST, LARGEST = 1.2e-38, 3.4e38  # of the positive numbers that float32 holds


class SettingsError(ValueError):
    """A setting that makes no sense. The text is one sentence that names it and the way out."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides how the picture comes out, besides the pictures themselves.

    Attributes:
        style_strength: how much style, from 0 to less than 1 (None: 0.5, unless ``beta`` is given). β and γ
            are worked out from it and the pictures, so that it means about the same for any two
            pictures (see ``nst_tf.control.strength``). With the default layers, at 0.5 G's features at
            block3_conv4 are off from C's by a relative error of about 0.9.
        size: longer side of the generated image, in pixels, and of the style image, which is never enlarged
            unless it has a scale.
        alpha: α, weight of the content cost, ≥ 0. It changes the picture only where ``beta`` or ``gamma`` is
            given, as they follow it otherwise.
        beta: β, weight of the style cost, ≥ 0, in place of ``style_strength``. Only the ratio α : β : γ
            affects where the minimum is. (None: see ``style_strength``; 1 where α is 0.)
        gamma: γ, weight of the total variation, ≥ 0, which makes the picture smooth. It has to be large, such
            as 1e6, as neighbouring values in [0, 1] differ by little. (None: see ``style_strength``; 0 where
            ``beta`` is given or α is 0.)
        content_layer: name of the layer at which contents are compared.
        style_layers: pairs (layer name, λ ≥ 0), or the name of a choice in ``nst_tf.layers.STYLE_PRESETS``,
            whose λ depend on ``style_statistics``.
        style_statistics: what is compared at the style layers: ``"gram"``, Gram matrices, or ``"moments"``,
            the mean and the standard deviation of each channel (see ``nst_tf.costs.moments_distance``).
            A β means something else then; a strength of 0.5 leaves about as much of C. To repaint a finished
            run with the other one, leave out its ``style_layers``, ``beta`` and ``gamma``.
        init: what G starts from: ``"noisy_content"`` (C plus uniform noise in ±0.25, clipped),
            ``"noise"``, ``"content"``, or a picture.
        colours: of the picture: the painting's (``"style"``), the photograph's (``"content"``: only
            luminances are painted), or those of a painting whose colours were moved to have the photograph's
            mean and covariance (``"matched"``).
        optimizer: ``"lbfgs"``, ``"adam"`` or ``"gradient_descent"``.
        steps: how many times J and its gradient are evaluated after the first time, at all sizes together.
            ``"converged"`` goes on until J has converged: until the best J has fallen by less than 1 % in the
            last tenth of the steps taken (of at least 10 steps, all of them at the full size), or for
            2,000 steps at most.
        coarse_to_fine: begin with a quarter of the steps at a quarter of the size and a twelfth at half of
            it, where they take a sixteenth and a quarter of the time, and carry the changes up. Above 1,024
            pixels, all but a tenth are taken at half of the size, and likewise there. Sizes that would be too
            small are left out (see ``nst_tf.stages``), and all of them where ``init`` is a picture. With
            ``steps="converged"``, the smaller sizes get as many steps as in a run of 200.
        learning_rate: step length of Adam (None: 0.03) and of gradient descent (None: the one with which the
            first step changes no value by more than 0.1; which number that is depends on α, β and the size).
        seed: of the noise; the same seed and precision give the same picture on the same machine.
        precision: of the convolutions, ``"float32"``, ``"bfloat16"``, or ``"auto"``: the one that this
            machine computes faster. The costs, the Gram matrices and the image are float32 in any case. With
            so small a β that the picture hardly changes, bfloat16 stops short: its rounding costs more than
            what is left to gain.
        weights: see ``nst_tf.weights.load_weights``.
        memory: how much the program may take, in bytes or as a text such as ``"4G"`` (None: what is free on
            this machine, or in its container).
        tile: side of tiles, in pixels, in which every larger picture is painted (None: as large as fits into
            the memory, and only where the picture doesn't). J and its gradient don't depend on them, but for
            rounding, which L-BFGS carries on from step to step.
        preprocess: feed VGG-19 what it was trained on. False feeds it [0, 1], as the course's notebook does;
            J_content is quadratic and J_style quartic in the activations,
            so α and β then mean something else.

    Raises:
        SettingsError: a value is of the wrong kind or out of range.
    """

    style_strength: float | None = None
    size: int = 400
    alpha: float = 10
    beta: float | None = None
    gamma: float | None = None
    content_layer: str = "block4_conv2"
    style_layers: str | Sequence[tuple[str, float]] = "balanced"
    style_statistics: str = "gram"
    init: Source = "content"
    colours: str = "style"
    optimizer: str = "lbfgs"
    steps: int | Literal["converged"] = 100
    coarse_to_fine: bool = True
    learning_rate: float | None = None
    seed: int = 0
    precision: str = "auto"
    weights: str | os.PathLike | None = "auto"
    memory: int | str | None = None
    tile: int | None = None
    preprocess: bool = True

    def __post_init__(self) -> None:
        _require_whole("size", self.size, least=1, hint="the longer side in pixels, such as 400")
        if not self.runs_until_converged:
            hint = f'how often J is evaluated, such as 100, or "{CONVERGED}"'
            _require_whole("steps", self.steps, least=1, hint=hint)
        _require_whole("seed", self.seed, least=0, hint="any whole number, such as 1")
        _require_weight("alpha", self.alpha)
        for name in ("beta", "gamma"):
            if getattr(self, name) is not None:
                _require_weight(name, getattr(self, name))
        self._settle_strength()
        if self.alpha == self.beta == self.gamma == 0:
            raise SettingsError(
                "alpha, beta and gamma are all 0, so there is nothing to minimise: give one of them a weight."
            )
        _require_layer("content_layer", self.content_layer)
        if self.style_statistics not in STYLE_STATISTICS:
            raise SettingsError(
                f"style_statistics is {self.style_statistics!r}: choose among {', '.join(STYLE_STATISTICS)}."
            )
        style_layers = _checked_style_layers(self.style_layers, self.style_statistics)
        object.__setattr__(self, "style_layers", style_layers)
        if self.optimizer not in OPTIMIZER_NAMES:
            raise SettingsError(
                f"optimizer is {self.optimizer!r}: choose among {', '.join(OPTIMIZER_NAMES)}."
            )
        if self.colours not in COLOURS:
            raise SettingsError(f"colours is {self.colours!r}: choose among {', '.join(COLOURS)}.")
        self._require_learning_rate()
        if not isinstance(self.coarse_to_fine, bool):
            raise SettingsError(f"coarse_to_fine is {self.coarse_to_fine!r}: give True or False.")
        if self.precision not in PRECISIONS:
            raise SettingsError(f"precision is {self.precision!r}: choose among {', '.join(PRECISIONS)}.")
        if not (self.weights is None or self.weights in CHOICES or _is_file(self.weights)):
            raise SettingsError(
                f"weights is {self.weights!r}: give one of {', '.join(CHOICES)}, or an existing file."
            )
        self._settle_memory()
        self._make_numbers_plain()

    def _settle_strength(self) -> None:
        """Leave either a strength, from which β and maybe γ are to follow, or all the weights."""
        strength = self.style_strength
        if strength is None:
            if self.beta is None and self.alpha:
                object.__setattr__(self, "style_strength", STYLE_STRENGTH)
            else:
                object.__setattr__(self, "beta", 1.0 if self.beta is None else self.beta)
                object.__setattr__(self, "gamma", self.gamma or 0.0)
            return
        if not (_is_number(strength) and 0 <= strength < 1):
            raise SettingsError(
                f"style_strength is {strength!r}: give a number from 0 to less than 1, such as "
                "0.5; for the style alone, give alpha=0 and a beta."
            )
        if self.alpha == 0:
            raise SettingsError(
                "style_strength weighs the style against the content, but alpha is 0: give beta instead."
            )
        if self.beta is not None:
            raise SettingsError(
                "style_strength and beta both set the amount of style: give only one of them."
            )

    def _require_learning_rate(self) -> None:
        if self.learning_rate is None:
            if self.optimizer == "adam":
                object.__setattr__(self, "learning_rate", ADAM_LEARNING_RATE)
        elif self.optimizer == "lbfgs":
            raise SettingsError(
                "learning_rate has no part in L-BFGS, which finds its own: leave it out or choose adam."
            )
        elif not (_is_number(self.learning_rate) and 0 < self.learning_rate < math.inf):
            raise SettingsError(
                f"learning_rate is {self.learning_rate!r}: give a positive number, such as 0.03."
            )
        else:
            _require_float32("learning_rate", self.learning_rate)

    def _settle_memory(self) -> None:
        if self.memory is not None:
            object.__setattr__(self, "memory", _bytes(self.memory))
        if self.tile is not None:
            halo = halo_of([name for name, _ in self.layers])
            hint = f"the side of a tile in pixels, such as 512 (these layers see {halo} pixels beyond it)"
            _require_whole("tile", self.tile, least=halo, hint=hint)
            object.__setattr__(self, "tile", int(self.tile))

    def _make_numbers_plain(self) -> None:
        """Numbers of NumPy's become Python's, so that the settings can be saved as JSON."""
        for name in ("size", "seed", *([] if self.runs_until_converged else ["steps"])):
            object.__setattr__(self, name, int(getattr(self, name)))
        for name in ("alpha", "beta", "gamma", "learning_rate", "style_strength"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, float(getattr(self, name)))

    @property
    def runs_until_converged(self) -> bool:
        """Whether J decides how many steps are taken."""
        return isinstance(self.steps, str) and self.steps == CONVERGED

    @property
    def most_steps(self) -> int:
        """How many steps the run may take."""
        return MOST_STEPS if isinstance(self.steps, str) else self.steps

    @property
    def most_bytes(self) -> int | None:
        """What the program may take; None: what is free."""
        return None if self.memory is None else int(self.memory)

    @property
    def starts_from_picture(self) -> bool:
        """Whether ``init`` is a picture."""
        return not (isinstance(self.init, str) and self.init in INITS)

    @property
    def layers(self) -> list[tuple[str, float]]:
        """The style layers and last the content layer, as ``get_layer_outputs`` takes them."""
        return [*self.style_layers, (self.content_layer, 1)]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _require_whole(name: str, value: Any, least: int, hint: str) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= MOST:
        raise SettingsError(f"{name} is {value!r}: give a whole number from {least} to {MOST}, {hint}.")


def _bytes(memory: int | str) -> int:
    """A number of bytes, from a number or from a text such as ``"4G"``."""
    text = str(memory).strip().upper().removesuffix("B")
    unit = UNITS.get(text[-1:], 1)
    try:
        number = float(text[:-1] if unit > 1 else text) * unit
    except ValueError:
        number = math.nan
    if isinstance(memory, bool) or not 1 <= number < math.inf:  # also false for NaN
        raise SettingsError(
            f"memory is {memory!r}: give what the program may take, such as 4G (G for 10⁹ bytes, M for 10⁶)."
        )
    return int(number)


def _require_weight(name: str, value: Any) -> None:
    if not (_is_number(value) and 0 <= value < math.inf):  # also false for NaN
        raise SettingsError(f"{name} is {value!r}: give a number of at least 0.")
    if value:
        _require_float32(name, value)


def _require_float32(name: str, value: Any) -> None:
    if not LEAST <= value <= LARGEST:
        raise SettingsError(
            f"{name} is {value!r}, which float32 doesn't hold: give a number from {LEAST:g} to {LARGEST:g}."
        )


def _require_layer(name: str, layer: object) -> None:
    if not isinstance(layer, str) or layer not in CONV_LAYERS:
        raise SettingsError(
            f"{name} is {layer!r}, which VGG-19 does not have: choose among {', '.join(CONV_LAYERS)}."
        )


def _is_file(path: object) -> bool:
    return isinstance(path, str | os.PathLike) and os.path.isfile(path)  # noqa: PTH113 - False where it may not look


def _checked_style_layers(style_layers: Any, statistics: str) -> list[tuple[str, float]]:
    if isinstance(style_layers, str) and style_layers in STYLE_PRESETS:
        style_layers = STYLE_PRESETS[style_layers][statistics]
    try:
        pairs = [(layer, weight) for layer, weight in style_layers]
    except (TypeError, ValueError):
        pairs = []
    if not pairs:
        raise SettingsError(
            f"style_layers is {style_layers!r}: give {', '.join(STYLE_PRESETS)}, or pairs (layer name, "
            f"weight), such as {STYLE_LAYERS[:2]}."
        )
    for layer, weight in pairs:
        _require_layer("style_layers", layer)
        _require_weight(f"The weight of {layer}", weight)
    if not any(weight for _, weight in pairs):
        raise SettingsError(
            "The weights in style_layers are all 0, so there is no style: give one layer a weight, such as 1."
        )
    return [(layer, float(weight)) for layer, weight in pairs]
