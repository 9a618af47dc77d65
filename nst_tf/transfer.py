"""From two pictures to a third: the objective J(G), and the loop that lowers it.

The network is frozen. What is optimised are the pixels of G.
"""

import contextlib
import dataclasses
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from nst_tf._tensorflow import tf
from nst_tf.costs import compute_content_cost, compute_style_cost, total_cost
from nst_tf.images import Source, preprocess, tensor_to_image
from nst_tf.inputs import load_inputs
from nst_tf.optimizers import OPTIMIZERS, Ending, StopRun
from nst_tf.settings import Settings, SettingsError
from nst_tf.vgg import get_layer_outputs, load_vgg19


class Costs(NamedTuple):
    """One row of a run's history: the costs of G after ``step`` improvements."""

    step: int
    J: float
    J_content: float
    J_style: float
    seconds: float  # since stylize() was called


@dataclass(frozen=True)
class Progress:
    """What a callback is given at every step.

    Attributes:
        costs: of the image just evaluated.
        steps: how many steps the run may take.
        G: that image, float32, (1, h, w, 3) in [0, 1]. L-BFGS tries out images that it does not keep.
        best: the image with the lowest J so far, likewise.
    """

    costs: Costs
    steps: int
    G: np.ndarray
    best: np.ndarray

    def picture(self) -> Image.Image:
        """The best image so far, as a PIL image."""
        return tensor_to_image(self.best)


Callback = Callable[[Progress], bool | None]


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        image: the picture with the lowest J that the run has seen.
        history: the costs at every step, from the start image (step 0) on.
        settings: what was used, ready to be saved as JSON. ``stylize`` takes them again, except for
            ``weights_sha256`` and ``precision``, which tell whether another machine does the same.
        ending: how the run ended; ``ending.value`` says it in words.
    """

    image: Image.Image
    history: list[Costs]
    settings: dict
    ending: Ending


def stylize(
    content: Source,
    style: Source,
    *,
    size: int = Settings.size,
    alpha: float = Settings.alpha,
    beta: float = Settings.beta,
    content_layer: str = Settings.content_layer,
    style_layers: str | Sequence[tuple[str, float]] = Settings.style_layers,
    init: str | Source = Settings.init,
    optimizer: str = Settings.optimizer,
    steps: int = Settings.steps,
    learning_rate: float | None = Settings.learning_rate,
    seed: int = Settings.seed,
    weights: str | os.PathLike | None = Settings.weights,
    preprocess: bool = Settings.preprocess,
    callback: Callback | None = None,
    progress: bool = True,
) -> Result:
    """Paint the content picture in the manner of the style picture.

    Args:
        content: path, PIL image, or array (uint8 in 0–255 or floating-point in [0, 1]).
        style: likewise. It may have other proportions than the content.
        callback: called at every step, the start image's (step 0) included, with a ``Progress``; the run
            ends when it returns True.
        progress: show a progress bar, and the line that tells which weights are used.

    All other arguments are described at ``nst_tf.settings.Settings``.

    Returns:
        A ``Result``. Ctrl-C, or a notebook's stop button, ends the run early with the best picture so far.

    Raises:
        ValueError: a picture or a setting is of no use; the one sentence says which and what to do.
        WeightsError: VGG-19's weights can't be had; the text names the ways out.

    Source: Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style" (2015).
    """
    started = time.perf_counter()
    settings = Settings(
        size=size,
        alpha=alpha,
        beta=beta,
        content_layer=content_layer,
        style_layers=style_layers,
        init=init,
        optimizer=optimizer,
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
        weights=weights,
        preprocess=preprocess,
    )
    C, S, G = load_inputs(content, style, settings)
    vgg = load_vgg19(weights, say=print if progress else _say_nothing)
    with _progress_bar(steps, progress) as bar, _memory_errors_explained(size):
        run = _Run(Objective(vgg, C, S, settings), steps, [_shown_on(bar), *([callback] if callback else [])], started)
        try:
            OPTIMIZERS[optimizer](run.evaluate, G, settings.learning_rate)
        except StopRun as stop:
            ending = stop.ending
        except KeyboardInterrupt:
            if run.best is None:
                raise
            ending = Ending.INTERRUPTED
    if progress and ending is not Ending.FINISHED:
        print(f"The run ended after step {run.history[-1].step} of {steps}: {ending.value}.")
    return Result(tensor_to_image(run.best), run.history, _report(settings, vgg), ending)


class Objective:
    """J(G) = α J_content(C, G) + β J_style(S, G), and its gradient with respect to G alone."""

    def __init__(self, vgg: tf.keras.Model, C: np.ndarray, S: np.ndarray, settings: Settings):
        self._layer_outputs = get_layer_outputs(vgg, settings.layers)
        self._preprocess = settings.preprocess
        self._style_layers = settings.style_layers
        self.alpha = tf.constant(settings.alpha, tf.float32)
        self.beta = tf.constant(settings.beta, tf.float32)
        # The targets: computed once, as C and S never change.
        self._a_C = self._activations(tf.constant(C))[-1]
        self._a_S = self._activations(tf.constant(S))

    def __call__(self, G: np.ndarray) -> tuple[float, float, float, np.ndarray]:
        """J, J_content, J_style and ∂J/∂G, which has G's shape."""
        *costs, gradient = self._evaluate(tf.constant(G), self.alpha, self.beta)
        return *(float(cost) for cost in costs), gradient.numpy()

    @tf.function
    def _evaluate(self, G: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(G)
            a_G = self._activations(G)
            J_content = compute_content_cost(self._a_C, a_G)
            J_style = compute_style_cost(self._a_S, a_G, self._style_layers)
            J = total_cost(J_content, J_style, alpha, beta)
        return J, J_content, J_style, tape.gradient(J, G)

    def _activations(self, image: tf.Tensor) -> list[tf.Tensor]:
        return self._layer_outputs(preprocess(image) if self._preprocess else image)


class _Run:
    """Evaluates images for an optimizer, keeps the history and the best image, and knows when to stop."""

    def __init__(self, objective: Objective, steps: int, callbacks: list[Callback], started: float):
        self.history: list[Costs] = []
        self.best: np.ndarray | None = None
        self._best_J = math.inf
        self._objective = objective
        self._steps = steps
        self._callbacks = callbacks
        self._started = started

    def evaluate(self, G: np.ndarray) -> tuple[float, np.ndarray]:
        """J and ∂J/∂G at the image G.

        Raises:
            StopRun: the run is over.
            SettingsError: J has no finite value even for the start image.
        """
        step = len(self.history)
        G = G.copy()
        G.setflags(write=False)  # callbacks may keep it, not change it
        J, J_content, J_style, gradient = self._objective(G)
        if not (math.isfinite(J) and np.isfinite(gradient).all()):
            if self.best is None:
                raise SettingsError("J is not a finite number at the start: lower alpha or beta.")
            raise StopRun(Ending.NOT_FINITE)
        costs = Costs(step, J, J_content, J_style, time.perf_counter() - self._started)
        self.history.append(costs)
        if J < self._best_J:
            self.best, self._best_J = G, J
        for callback in self._callbacks:
            answer = callback(Progress(costs, self._steps, G, self.best))
            if isinstance(answer, bool | np.bool_) and answer:
                raise StopRun(Ending.CALLBACK)
        if step == self._steps:
            raise StopRun(Ending.FINISHED)
        return J, gradient


@contextlib.contextmanager
def _memory_errors_explained(size: int) -> Iterator[None]:
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise SettingsError(f"There is not enough memory for size {size}: use a smaller one.") from None


def _progress_bar(steps: int, shown: bool) -> tqdm:
    return tqdm(
        total=steps,
        disable=not shown or sys.stderr is None,
        bar_format="{l_bar}{bar:20}| {n_fmt}/{total_fmt} steps, {elapsed} gone, {remaining} left{postfix}",
    )


def _shown_on(bar: tqdm) -> Callback:
    def show(progress: Progress) -> None:
        costs = progress.costs
        bar.set_postfix_str(
            f"J = {costs.J:.3g}, J_content = {costs.J_content:.3g}, J_style = {costs.J_style:.3g}", refresh=False
        )
        bar.update(costs.step - bar.n)

    return show


def _say_nothing(_: str) -> None:
    pass


def _report(settings: Settings, vgg: tf.keras.Model) -> dict:
    """The settings with what stood behind "auto", for repeating the run."""
    report = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    if not isinstance(settings.init, str):
        report["init"] = str(settings.init) if isinstance(settings.init, os.PathLike) else "a picture given in memory"
    report["style_layers"] = [list(pair) for pair in settings.style_layers]
    if vgg.origin.name in ("compact", "imagenet"):
        report["weights"] = vgg.origin.name  # what stood behind "auto" or a file of the same weights
    elif settings.weights is not None:
        report["weights"] = str(settings.weights)
    report["weights_sha256"] = vgg.origin.checksum
    report["precision"] = vgg.compute_dtype
    return report
