"""From two pictures to a third: the objective J(G), and the loop that lowers it.

The network is frozen. What is optimised are the pixels of G.
"""

import contextlib
import dataclasses
import functools
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from nst_tf._tensorflow import tf
from nst_tf.images import Source, tensor_to_image
from nst_tf.inputs import Inputs, load_inputs
from nst_tf.layers import minimum_side
from nst_tf.objective import Objective
from nst_tf.optimizers import OPTIMIZERS, Ending, Evaluate, StopRun
from nst_tf.precision import fastest_precision
from nst_tf.settings import Settings, SettingsError
from nst_tf.stages import resized, stages, with_changes
from nst_tf.vgg import load_vgg19


class Costs(NamedTuple):
    """One row of a run's history: the costs of G after ``step`` improvements.

    Costs at different sizes are different functions: only rows of one ``size`` can be compared, and only their J where
    α and β are the same.
    """

    step: int
    J: float
    J_content: float
    J_style: float
    seconds: float  # since stylize() was called
    size: int  # longer side of G in pixels: smaller than the result's while the run is coarse
    alpha: float
    beta: float


class CostWeights(NamedTuple):
    """α and β. A run goes on with those that its callback returns."""

    alpha: float
    beta: float


@dataclass(frozen=True)
class Progress:
    """What a callback is given at every step.

    Attributes:
        costs: of the image just evaluated.
        steps: how many steps the run may take.
        G: that image, float32, (1, h, w, 3) in [0, 1], of ``costs.size``. L-BFGS tries out images that it does not keep.
        best: the image of that size with the lowest J so far, likewise.
        start: the start image at the size of the result, likewise.
        start_now: the start image at ``costs.size``, likewise.
    """

    costs: Costs
    steps: int
    G: np.ndarray
    best: np.ndarray
    start: np.ndarray
    start_now: np.ndarray

    def picture(self) -> Image.Image:
        """The best image so far, as a PIL image at the size of the result: in a coarse stage, the start image so changed."""
        return tensor_to_image(with_changes(self.start, self.start_now, self.best))


Callback = Callable[[Progress], bool | CostWeights | None]
Optimizer = Callable[[Evaluate, np.ndarray], None]


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        image: the picture with the lowest J that the run has seen at the last size that it came to.
        history: the costs at every step, from the start image (step 0) on.
        settings: what was used (of α and β that a callback has changed, the last), ready to be saved as JSON.
            ``stylize`` takes them again, except for ``weights_sha256``, which tells whether another machine does the
            same.
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
    coarse_to_fine: bool = Settings.coarse_to_fine,
    learning_rate: float | None = Settings.learning_rate,
    seed: int = Settings.seed,
    precision: str = Settings.precision,
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
            ends when it returns True, and goes on from the best picture with other α and β when it returns
            ``CostWeights``.
        progress: show a progress bar, and the lines that tell which weights and which precision are used.

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
        coarse_to_fine=coarse_to_fine,
        learning_rate=learning_rate,
        seed=seed,
        precision=precision,
        weights=weights,
        preprocess=preprocess,
    )
    inputs = load_inputs(content, style, settings)
    say = print if progress else _say_nothing
    precision = _chosen_precision(settings.precision, say)
    vgg = load_vgg19(weights, precision=precision, say=say)
    with _progress_bar(steps, progress) as bar, _memory_errors_explained(size):
        callbacks = [_shown_on(bar), *([callback] if callback else [])]
        run = _Run(settings, inputs.G, callbacks, started)
        optimize = functools.partial(OPTIMIZERS[optimizer], learning_rate=settings.learning_rate)
        try:
            ending = _paint_in_stages(run, vgg, inputs, optimize)
        except KeyboardInterrupt:
            if run.best is None:
                raise
            ending = Ending.INTERRUPTED
    if progress and ending is not Ending.FINISHED:
        print(f"The run ended after step {run.history[-1].step} of {steps}: {ending.value}.")
    return Result(run.progress().picture(), run.history, _report(run.settings, vgg), ending)


def _paint_in_stages(run: "_Run", vgg: tf.keras.Model, inputs: Inputs, optimize: Optimizer) -> Ending:
    """From the smallest size to the full one. What one has changed in the start image is carried up to the next."""
    C, S, start = inputs
    settings = run.settings
    least = minimum_side([name for name, _ in settings.layers])
    shorter_side = min(*C.shape[1:3], *S.shape[1:3])
    coarse_to_fine = settings.coarse_to_fine and not settings.starts_from_picture  # which may be nearly finished
    for stage in stages(max(C.shape[1:3]), shorter_side, least, settings.steps, coarse_to_fine):
        C_now, S_now = resized(C, stage.size), resized(S, stage.size)
        start_now = resized(start, (C_now.shape[2], C_now.shape[1]))
        ending = run.paint(Objective(vgg, C_now, S_now, run.settings), start_now, optimize, stage.last_step)
        if ending not in (Ending.FINISHED, Ending.CONVERGED):
            break
    return ending


class _Reweighed(Exception):  # noqa: N818 - no error
    """Raised to begin anew with other α and β."""


class _Run:
    """Evaluates images for an optimizer, keeps the history and the best image, and knows when to stop."""

    def __init__(self, settings: Settings, start: np.ndarray, callbacks: list[Callback], started: float):
        self.settings = settings  # with the α and β that are in use
        self.history: list[Costs] = []
        self.best: np.ndarray | None = None  # at the size of the stage that it comes from
        self._best_J = math.inf
        self._start = start
        self._callbacks = callbacks
        self._started = started

    def paint(self, objective: Objective, start_now: np.ndarray, optimizer: Optimizer, last_step: int) -> Ending:
        """One stage: lower J, from the start image with the changes so far on. ``best`` is then this stage's."""
        G = start_now if self.best is None else with_changes(start_now, self._start_of_best, self.best)
        self._objective, self._start_now, self._last_step = objective, start_now, last_step
        while True:
            self._best_J = math.inf
            try:
                optimizer(self._evaluate, G)
            except _Reweighed:  # J is another function now: what the optimizer knows of it is worth nothing
                objective.reweigh(self.settings.alpha, self.settings.beta)
                G = self.best
            except StopRun as stop:
                return stop.ending

    def progress(self, G: np.ndarray | None = None) -> Progress:
        """How far the run is."""
        return Progress(
            self.history[-1],
            self.settings.steps,
            self.best if G is None else G,
            self.best,
            self._start,
            self._start_of_best,
        )

    def _evaluate(self, G: np.ndarray) -> tuple[float, np.ndarray]:
        """J and ∂J/∂G at the image G.

        Raises:
            StopRun: the stage or the run is over.
            _Reweighed: α and β are others from now on.
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
        seconds = time.perf_counter() - self._started
        weights = CostWeights(self.settings.alpha, self.settings.beta)
        costs = Costs(step, J, J_content, J_style, seconds, max(G.shape[1:3]), *weights)
        self.history.append(costs)
        if J < self._best_J:
            self.best, self._best_J, self._start_of_best = G, J, self._start_now
        for callback in self._callbacks:
            answer = callback(self.progress(G))
            if isinstance(answer, bool | np.bool_) and answer:
                raise StopRun(Ending.CALLBACK)
            if isinstance(answer, CostWeights) and step < self.settings.steps:
                self.settings = dataclasses.replace(self.settings, alpha=answer.alpha, beta=answer.beta)
        if step == self._last_step:
            raise StopRun(Ending.FINISHED)
        if weights != (self.settings.alpha, self.settings.beta):
            raise _Reweighed
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
        bar_format=_bar_format("{remaining} left"),
    )


def _bar_format(outlook: str) -> str:
    return f"{{l_bar}}{{bar:20}}| {{n_fmt}}/{{total_fmt}} steps, {{elapsed}} gone, {outlook}{{postfix}}"


def _shown_on(bar: tqdm) -> Callback:
    def show(progress: Progress) -> None:
        costs = progress.costs
        coarse = costs.size < max(progress.start.shape)  # where the pace tells nothing about the time left
        bar.bar_format = _bar_format(f"at {costs.size} px" if coarse else "{remaining} left")
        bar.set_postfix_str(
            f"J = {costs.J:.3g}, J_content = {costs.J_content:.3g}, J_style = {costs.J_style:.3g}", refresh=False
        )
        bar.update(costs.step - bar.n)

    return show


_choosing = threading.Lock()  # two first runs at once would disturb each other's timing


@functools.cache
def _said_once(say: Callable[[str], object], line: str) -> None:
    say(line)


def _chosen_precision(precision: str, say: Callable[[str], object]) -> str:
    if precision != "auto":
        return precision
    with _choosing:
        precision, reason = fastest_precision()
        _said_once(say, reason)
    return precision


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
    report["precision"] = vgg.layers[-1].compute_dtype
    return report
