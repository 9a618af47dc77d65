"""The demo's controls: each setting of a run, and a line that says what it does."""

import html
from collections.abc import Sequence

import ipywidgets as w
import numpy as np

from nst_tf.classroom.session import Pace
from nst_tf.layers import BALANCED_STYLE_LAYERS, CONV_LAYERS
from nst_tf.progress import Balance
from nst_tf.settings import INITS, OPTIMIZER_NAMES, STYLE_STRENGTH, Settings

SIZES = (200, 300, 400, 512, 640, 800, 1024)  # pixels
SLOW = 1.0  # seconds an evaluation
STEPS = 150


class Controls:
    """The settings that a page offers.

    Attributes:
        main: the widgets that everybody needs.
        more: the others, folded away.
        strength: the slider of the style's strength.
    """

    def __init__(self) -> None:
        self.strength = w.FloatSlider(
            value=STYLE_STRENGTH, min=0, max=0.95, step=0.05, readout=False, description="Style"
        )
        self._balance: Balance | None = None
        self._strength_in_numbers = w.HTML().add_class("nst-numbers-of-strength")
        self._size = w.Dropdown(
            options=[(f"{size} px", size) for size in SIZES], value=Settings.size, description="Size"
        )
        self._content_layer = w.Dropdown(
            options=[(_with_depth(name), name) for name in CONV_LAYERS],
            value=Settings.content_layer,
            description="Content layer",
        )
        self._shares = [
            w.FloatSlider(value=1, min=0, max=3, step=0.1, description=name, readout_format=".1f")
            for name, _ in BALANCED_STYLE_LAYERS
        ]
        self._lambdas = [w.HTML().add_class("nst-lambda") for _ in self._shares]
        self._init = w.Dropdown(options=list(INITS), value=Settings.init, description="G starts as")
        self._optimizer = w.Dropdown(
            options=list(OPTIMIZER_NAMES), value=Settings.optimizer, description="Optimizer"
        )
        self._steps = w.BoundedIntText(value=STEPS, min=1, max=2000, step=50, description="Steps")
        self._seed = w.BoundedIntText(value=Settings.seed, min=0, max=1_000_000, description="Seed")
        self.main = w.VBox(
            [
                w.VBox([self.strength, self._strength_in_numbers, note(STRENGTH)]),
                noted(self._size, SIZE),
            ]
        )
        self.more = self._unfolding(self._folded())
        for slider in (self.strength, *self._shares):
            slider.observe(lambda _: self._show_numbers(), "value")
        self._show_numbers()

    @property
    def style_strength(self) -> float:
        """As shown."""
        return float(f"{self.strength.value:.2f}")

    def settings(self) -> Settings:
        """What is set now.

        Raises:
            SettingsError: it makes no sense.
        """
        return Settings(
            size=self._size.value,
            style_strength=self.style_strength,
            content_layer=self._content_layer.value,
            style_layers=self._style_layers(),
            init=self._init.value,
            optimizer=self._optimizer.value,
            steps=self._steps.value,
            seed=self._seed.value,
        )

    def balance_as(self, settings: Settings) -> bool:
        """Whether what is set now has the same balance as these settings, with the same pictures."""
        chosen = self._size.value, self._content_layer.value, list(self._style_layers())
        return chosen == (settings.size, settings.content_layer, list(settings.style_layers))

    def show_balance(self, balance: Balance | None) -> None:
        """Show the β/α that the strength means for the pictures chosen; None: that is not known yet."""
        if balance != self._balance:
            self._balance = balance
            self._show_numbers()

    def mark_slow_sizes(self, pace: Pace, picture_size: tuple[int, int]) -> None:
        """Mark the sizes at which an evaluation of a picture with these proportions takes
        over a second here.
        """
        longer = max(picture_size)

        def label(size: int) -> str:
            seconds = pace.of(*(side * size / longer for side in picture_size))
            return f"{size} px" + (f" · slow: {seconds:.1f} s a step" if seconds > SLOW else "")

        options = tuple((label(size), size) for size in SIZES)
        if options != self._size.options:
            size = self._size.value
            with self._size.hold_sync():
                self._size.options = options
                self._size.value = size

    def _style_layers(self) -> Sequence[tuple[str, float]]:
        return [
            (name, float(f"{share.value * balanced:.3g}"))
            for share, (name, balanced) in zip(self._shares, BALANCED_STYLE_LAYERS, strict=True)
        ]

    def _show_numbers(self) -> None:
        means = "β/α depends on the pictures"
        if self._balance:
            alpha, beta, _ = self._balance.weights(self.style_strength, Settings.alpha)
            means = f"β/α = {two_digits(beta / alpha)}"
        self._strength_in_numbers.value = f"Strength {self.style_strength:.2f}: {means}"
        for shown, (_, weight) in zip(self._lambdas, self._style_layers(), strict=True):
            shown.value = f"λ = {weight:g}"

    def _unfolding(self, folded: w.Widget) -> w.Widget:
        """A button, and what it shows and hides."""
        button = w.ToggleButton(description="More ▸", tooltip="The other settings").add_class("nst-unfold")

        def unfold(_: object = None) -> None:
            button.description = "More ▾" if button.value else "More ▸"
            folded.layout.display = "grid" if button.value else "none"

        button.observe(unfold, "value")
        unfold()
        return w.VBox([w.HBox([button, note(MORE)]), folded])

    def _folded(self) -> w.Widget:
        rows = [w.HBox(list(row)) for row in zip(self._shares, self._lambdas, strict=True)]
        layers = w.VBox([w.HTML("Style layers and their weights λ"), *rows])
        columns = [
            w.VBox([noted(self._content_layer, CONTENT_LAYER), noted(self._init, INIT)]),
            noted(layers, STYLE_LAYERS),
            w.VBox(
                [noted(self._optimizer, OPTIMIZER), noted(self._steps, EVALUATIONS), noted(self._seed, SEED)]
            ),
        ]
        return w.GridBox(columns).add_class("nst-more")


MORE = "Other settings, for the next Start or Continue."
STRENGTH = "Left: more photograph. Right: more painting."
SIZE = "Of the next G. Twice it: four times the wait."
CONTENT_LAYER = "Deep: what things are. Shallow: their looks too."
INIT = "content is clear at once, noise takes many steps; noisy_content is between them."
STYLE_LAYERS = "1 is balanced. Shallow layers hold strokes, deep ones forms."
OPTIMIZER = "The way downhill; lbfgs needs the fewest steps."
EVALUATIONS = "1 to 2000. More of them bring J further down."
SEED = "Of the noise, where G starts from some."


def two_digits(number: float) -> str:
    """Two digits, without an exponent."""
    return np.format_float_positional(number, precision=2, fractional=False, trim="-")


def _with_depth(layer: str) -> str:
    ends = {next(iter(CONV_LAYERS)): "shallow", next(reversed(CONV_LAYERS)): "deep"}
    return f"{layer} ({ends[layer]})" if layer in ends else layer


def noted(widget: w.Widget, line: str) -> w.Widget:
    """A control, and below it the line that says what it does."""
    return w.VBox([widget, note(line)])


def note(line: str) -> w.Widget:
    """The line below a control."""
    return w.HTML(html.escape(line)).add_class("nst-note")
