"""From a photograph and paintings to a picture: the objective J(G), and the loop that lowers it.

The network is frozen. What is optimised are the pixels of G.
"""

import contextlib
import dataclasses
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image
from tqdm.auto import tqdm

from nst_tf.cluster import ClusterError
from nst_tf.control.strength import balance_of, with_cost_weights
from nst_tf.control.styles import Region, Styles
from nst_tf.convergence import fall_of, is_little
from nst_tf.images import Source, resized
from nst_tf.inputs import Inputs, load_inputs, need_of
from nst_tf.large.budget import bytes_allowed, tile_that_fits
from nst_tf.large.checkpoint import Checkpoint
from nst_tf.large.spool import Spool, SpoolError
from nst_tf.large.tiles import SPREAD_TILE, tiles_of
from nst_tf.layers import CONV_LAYERS, block_of
from nst_tf.objective import Objective
from nst_tf.optimizers import MOST_KEPT, OPTIMIZERS, Images, InMemory, State, lbfgs, next_image
from nst_tf.precision import chosen_precision
from nst_tf.progress import (
    Balance,
    Callback,
    Costs,
    CostWeights,
    Ending,
    Progress,
    Result,
    comparable_costs,
    picture_of,
    progress_bar,
    say_nothing,
    shown_on,
)
from nst_tf.settings import Settings, SettingsError
from nst_tf.stages import Stage, planned, with_changes
from nst_tf.vgg import Network, load_network

if TYPE_CHECKING:
    from nst_tf.large.spread_tiles import TileWorkers


def stylize(
    content: Source,
    style: Styles,
    *,
    style_strength: float | None = Settings.style_strength,
    size: int = Settings.size,
    alpha: float = Settings.alpha,
    beta: float | None = Settings.beta,
    gamma: float | None = Settings.gamma,
    content_layer: str = Settings.content_layer,
    style_layers: str | Sequence[tuple[str, float]] = Settings.style_layers,
    style_statistics: str = Settings.style_statistics,
    init: str | Source = Settings.init,
    colours: str = Settings.colours,
    optimizer: str = Settings.optimizer,
    steps: int | Literal["converged"] = Settings.steps,
    coarse_to_fine: bool = Settings.coarse_to_fine,
    learning_rate: float | None = Settings.learning_rate,
    seed: int = Settings.seed,
    precision: str = Settings.precision,
    weights: str | os.PathLike | None = Settings.weights,
    memory: int | str | None = Settings.memory,
    tile: int | None = Settings.tile,
    preprocess: bool = Settings.preprocess,
    checkpoint: str | os.PathLike | None = None,
    scheduler: str | None = None,
    callback: Callback | None = None,
    progress: bool = True,
) -> Result:
    """Paint the content picture in the manner of one or several style pictures.

    Args:
        content: path, PIL image, or array (uint8 in 0–255 or floating-point in [0, 1]).
        style: likewise, or a ``nst_tf.Style``, which adds a weight, a region, a part and a scale, or
            a list of several. A style picture may have other proportions than the content.
        checkpoint: folder in which a long run with L-BFGS is saved every five minutes (at its next step), so
            that the same call goes on with it after a crash. It is removed at the end of the run.
        scheduler: address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, whose workers are to
            process the tiles of a picture larger than one of them (``tile``, here 512 unless it is set).
        callback: called with a ``Progress`` at every step, from the start image (step 0) on, or from
            where a saved run goes on; the run
            ends when it returns True, and goes on from the best picture with other α, β and γ when it
            returns ``CostWeights``.
        progress: show a progress bar, and the lines that tell which pictures are enlarged, and which
            weights, which precision and, for a strength of the style, which β and γ are used.

    All other arguments are described in ``nst_tf.settings.Settings``.

    Returns:
        A ``Result``. Ctrl-C, or a notebook's stop button, ends the run early with the best picture so far.

    Raises:
        ValueError: a picture or a setting can't be used; the message says which, and what to do.
        CheckpointError: the checkpoint is of another run, is damaged or is in use.
        ClusterError: the cluster's workers can't be used.
        WeightsError: VGG-19's weights can't be obtained; the message says what to do.

    Source: Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style" (2015).
    """
    arguments = locals()  # while there are no others
    settings = Settings(**{field.name: arguments[field.name] for field in dataclasses.fields(Settings)})
    inputs = load_inputs(content, style, settings, say=print if progress else None)
    if checkpoint is None:
        return paint(inputs, settings, scheduler=scheduler, callback=callback, progress=progress)
    with Checkpoint(checkpoint) as unfinished:
        result = paint(
            inputs, settings, unfinished, scheduler=scheduler, callback=callback, progress=progress
        )
        if result.ending.is_regular:
            unfinished.remove()
    return result


def paint(
    inputs: Inputs,
    settings: Settings,
    checkpoint: Checkpoint | None = None,
    *,
    scheduler: str | None = None,
    callback: Callback | None = None,
    progress: bool = True,
) -> Result:
    """As ``stylize``, from pictures that are loaded already; the checkpoint stays."""
    started = time.perf_counter()
    say = print if progress else say_nothing
    beside_bar = tqdm.write if progress else say_nothing
    saved = checkpoint.saved if checkpoint else None
    wanted = saved.precision if saved and settings.precision == "auto" else settings.precision
    precision = chosen_precision(wanted, say)
    network = load_network(settings.weights, precision=precision, say=say)
    steps = None if settings.runs_until_converged else settings.most_steps
    if scheduler:
        settings = dataclasses.replace(settings, tile=settings.tile or SPREAD_TILE)
    with _memory_errors_explained(settings.size):
        settings, balance = _balanced(settings, network.vgg, inputs, say)
    with (
        _workers(scheduler, inputs, settings, network, say) as workers,
        progress_bar(steps, progress) as bar,
        _memory_errors_explained(settings.size),
    ):
        callbacks = [shown_on(bar), *([callback] if callback else [])]
        run = _Run(
            network.vgg, inputs, settings, balance, callbacks, started, beside_bar, checkpoint, workers
        )
        if checkpoint:
            checkpoint.identify(_report(settings, network), run.stages, inputs)
        try:
            ending = run.lower_J()
        except (KeyboardInterrupt, SpoolError, ClusterError) as problem:
            if not run.has_picture:
                raise
            ending = _ENDINGS[type(problem)]
            if isinstance(problem, ClusterError):
                tqdm.write(str(problem), file=sys.stderr)
    if progress and ending is not Ending.FINISHED:
        print(f"The run ended after step {run.history[-1].step} of {settings.most_steps}: {ending.value}.")
    return Result(run.picture(), run.history, {**_report(run.settings, network), **run.tiling}, ending)


def _workers(
    scheduler: str | None, inputs: Inputs, settings: Settings, network: Network, say: Callable[[str], object]
) -> contextlib.AbstractContextManager["TileWorkers | None"]:
    """Those of the cluster, if there is one and it is of use."""
    if not scheduler:
        return contextlib.nullcontext()
    if len(tiles_of(inputs.C, settings.tile, [name for name, _ in settings.layers])) == 1:
        say(f"The picture is no larger than a tile of {settings.tile} pixels: it is painted here")
        return contextlib.nullcontext()
    from nst_tf.large.spread_tiles import tile_workers  # Dask is needed for this alone

    precision = network.vgg.layers[-1].compute_dtype
    as_here = dataclasses.replace(settings, precision=precision, init="content")  # a start picture stays here
    need = need_of(inputs.C, inputs.regions, settings)
    return tile_workers(scheduler, as_here, need, network.origin.checksum)


def _balanced(
    settings: Settings, vgg: tf.keras.Model, inputs: Inputs, say: Callable[[str], object]
) -> tuple[Settings, Balance | None]:
    """The settings with the β and γ that their strength stands for, and which ones others would stand for."""
    if settings.style_strength is None:
        return settings, None
    balance = balance_of(vgg, inputs, settings)
    balanced = with_cost_weights(settings, balance)
    alpha, beta, gamma = (getattr(balanced, name) for name in CostWeights._fields)
    weights = f"β = {beta:g} (β/α = {beta / alpha:.2g}), γ = {gamma:g}"
    say(f"Style strength {settings.style_strength:g}: {weights} for these pictures")
    return balanced, balance


class _Best(NamedTuple):
    """The image with the lowest J so far, its J, and the start image at its size."""

    G: np.ndarray
    J: float
    start: np.ndarray


class _Run:
    """The loop that lowers J, from the smallest size to the full one.

    Attributes:
        settings: with the α, β and γ that are in use.
        history: the costs of every image evaluated.
        stages: those that are left.
        tiling: the settings that decided on tiles, where there were any.
    """

    def __init__(
        self,
        vgg: tf.keras.Model,
        inputs: Inputs,
        settings: Settings,
        balance: Balance | None,
        callbacks: list[Callback],
        started: float,
        say: Callable[[str], object],
        checkpoint: Checkpoint | None = None,
        workers: "TileWorkers | None" = None,
    ):
        self.settings, self._workers = settings, workers
        self._checkpoint, self._saved = checkpoint, checkpoint.saved if checkpoint else None
        self.history: list[Costs] = self._saved.history if self._saved else []
        self._vgg, self._inputs, self._balance = vgg, inputs, balance
        self._callbacks, self._started, self._say = callbacks, started, say
        self.stages = planned(inputs, settings)
        self._best: _Best | None = None
        self._allowed = self._bytes_allowed()  # once, so that the run can be repeated
        self.tiling: dict[str, int] = {}
        self._layers = [name for name, _ in settings.layers]

    def _bytes_allowed(self) -> int:
        as_before = self._saved.memory if self._saved else None
        return bytes_allowed(self.settings.most_bytes or as_before)

    def lower_J(self) -> Ending:
        """Go through the stages, carrying each one's changes to the start image up to the next."""
        spool = self._spool_for(self._inputs.C)  # before any work, as it has to have room on the disk
        if self._saved:
            last = self.history[-1]
            self.settings = dataclasses.replace(self.settings, **_cost_weights(last)._asdict())
            self._started -= last.seconds
            self.stages = [stage for stage in self.stages if stage.size >= last.size]
            self._say(f"The run goes on after step {last.step}")
        for stage in self.stages:
            ending = self._lower_J_at(stage, spool if stage is self.stages[-1] else None)
            if not ending.is_regular:
                break
        return ending

    @property
    def has_picture(self) -> bool:
        """Whether there is more to show than the start image."""
        return self._best is not None

    def picture(self) -> Image.Image:
        """The best image so far, at the size of the result."""
        G, (*_, chroma, profile) = self._with_what_has_changed(self._inputs.G), self._inputs
        return picture_of(G, chroma, profile)

    def _with_what_has_changed(self, start: np.ndarray) -> np.ndarray:
        return start if self._best is None else with_changes(start, self._best.start, self._best.G)

    def _lower_J_at(self, stage: Stage, spool: Spool | None) -> Ending:
        C = resized(self._inputs.C, stage.size)
        size = (C.shape[2], C.shape[1])
        start = _read_only(resized(self._inputs.G, size))
        regions = [region.at(size) for region in self._inputs.regions]
        tile = self._tile(C, regions)
        number = len(tiles_of(C, tile, self._layers))
        if number > 1:
            spool = spool or Spool()
            self._say(f"{size[0]}×{size[1]} pixels are painted in {number} tiles of about {tile}×{tile}")
        objective = Objective(self._vgg, C, regions, self.settings, tile, spool, self._workers)
        images, best = self._started_images(start, spool)
        while True:
            reached = self._follow(images, objective, start, stage, best)
            images.close()  # and with it what the optimizer keeps
            if isinstance(reached, Ending):
                return reached
            objective.reweigh(self.settings)
            images, best = self._images(reached.G, spool), None

    def _started_images(self, start: np.ndarray, spool: Spool | None) -> tuple[Images, _Best | None]:
        """The images of a stage, from its start image or from what was saved, and the best one so far."""
        saved, self._saved = self._saved, None
        if not (saved and self._checkpoint):
            return self._images(self._with_what_has_changed(start), spool), None
        state = self._checkpoint.state(saved, spool.keep if spool else InMemory)
        best = saved.best()
        G = state.G if best is None else best
        self._best = _Best(_read_only(G), min(comparable_costs(self.history)), start)
        return self._images(state, spool), self._best

    def _images(self, start: np.ndarray | State, spool: Spool | None) -> Images:
        """Those that the optimizer asks for; L-BFGS keeps its last steps in the spool, if any."""
        if self.settings.optimizer == "lbfgs":
            return lbfgs(start, keep=spool.keep if spool else None, at_step=self._save)
        return OPTIMIZERS[self.settings.optimizer](start, self.settings.learning_rate)

    def _save(self, state: State) -> None:
        """Save the run in its checkpoint, if it is time."""
        if not (self._checkpoint and self._best):
            return
        best = None if self._best.G is state.G else self._best.G
        if problem := self._checkpoint.save(self.history, self._allowed, state, best):
            folder = self._checkpoint.folder
            tqdm.write(f"The run goes on, but can't be saved in {folder} ({problem}).", file=sys.stderr)

    def _tile(self, C: np.ndarray, regions: Sequence[Region]) -> int | None:
        """The side of the tiles at that size, of the paintings too; None where nothing is larger."""
        tile = self.settings.tile or tile_that_fits(need_of(C, regions, self.settings), self._allowed)
        if tile and not self.settings.tile:
            self.tiling = {"memory": self._allowed}
        return tile

    def _spool_for(self, C: np.ndarray) -> Spool | None:
        """Room on the disk for what the full size needs there, if it is painted in tiles."""
        if len(tiles_of(C, self._tile(C, self._inputs.regions), self._layers)) == 1:
            return None
        layer = self.settings.content_layer
        _, n_C = CONV_LAYERS[layer]
        of_C = C.shape[1] * C.shape[2] * n_C * C.itemsize // 4 ** (block_of(layer) - 1)
        if self._workers:
            of_C = 0  # they store it
        of_steps = MOST_KEPT * C.nbytes if self.settings.optimizer == "lbfgs" else 0
        return Spool(room=of_C + of_steps)

    def _follow(
        self, images: Images, objective: Objective, start: np.ndarray, stage: Stage, best: _Best | None
    ) -> Ending | _Best:
        """Evaluate the images that an optimizer asks for, until the stage or the run ends.

        When α, β or γ change, J becomes a different function, of which the optimizer knows nothing: the best
        image is returned, for a new optimizer to start from.
        """
        G: np.ndarray | None = next(images, None)
        while G is not None:
            J, costs, gradient = objective(G)
            if self._inputs.chroma is not None:  # so that G stays grey
                gradient = np.repeat(gradient.mean(axis=-1, keepdims=True), 3, axis=-1)
            if not (math.isfinite(J) and np.isfinite(gradient).all()):
                if self._best is None:
                    raise SettingsError("J is not a finite number at the start: lower alpha, beta or gamma.")
                return Ending.NOT_FINITE
            step, seconds = len(self.history), time.perf_counter() - self._started
            weights, size = _cost_weights(self.settings), max(G.shape[1:3])
            self.history.append(
                Costs(step=step, J=J, seconds=seconds, size=size, **costs, **weights._asdict())
            )
            seen = _read_only(G)
            if best is None or J < best.J:
                best = self._best = _Best(seen, J, start)
            fall = fall_of(comparable_costs(self.history), step)
            if self._tell_callbacks(seen, best, fall):
                return Ending.CALLBACK
            if step == stage.last_step:
                return Ending.FINISHED
            if weights != _cost_weights(self.settings):
                return best
            if self.settings.runs_until_converged and stage is self.stages[-1] and is_little(fall):
                return Ending.CONVERGED
            G = next_image(images, J, gradient)
            del gradient  # as large as G, and not needed while the next one is computed
        return Ending.CONVERGED

    def _tell_callbacks(self, G: np.ndarray, best: _Best, fall: float | None) -> bool:
        """Tell the callbacks how far the run is, and adopt any weights that they return."""
        costs = self.history[-1]
        steps, images = self.settings.most_steps, (G, best.G, self._inputs.G, best.start)
        *_, chroma, profile = self._inputs
        progress = Progress(costs, steps, self.stages, *images, fall, self._balance, chroma, profile)
        for callback in self._callbacks:
            answer = callback(progress)
            if isinstance(answer, bool | np.bool_) and answer:
                return True
            if isinstance(answer, CostWeights) and costs.step < steps:
                given = {name: weight for name, weight in answer._asdict().items() if weight is not None}
                self.settings = dataclasses.replace(self.settings, **given)
        return False


_ENDINGS = {
    KeyboardInterrupt: Ending.INTERRUPTED,
    SpoolError: Ending.NO_ROOM,
    ClusterError: Ending.NO_WORKERS,
}


def _cost_weights(settings: Settings | Costs) -> CostWeights:
    return CostWeights(*(getattr(settings, name) for name in CostWeights._fields))


def _read_only(G: np.ndarray) -> np.ndarray:
    """For callbacks, which may keep an image but not change it. An array of TensorFlow's may yet change."""
    G = G if G.flags.owndata else G.copy()
    G.setflags(write=False)
    return G


@contextlib.contextmanager
def _memory_errors_explained(size: int) -> Iterator[None]:
    try:
        yield
    except SpoolError as problem:
        raise SettingsError(str(problem)) from None
    except (tf.errors.ResourceExhaustedError, MemoryError):
        raise SettingsError(
            f"There is not enough memory for size {size}: use a smaller one, or a smaller tile."
        ) from None


def _report(settings: Settings, network: Network) -> dict:
    """The settings, with "auto" replaced by what it meant, for repeating the run."""
    report = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    if not isinstance(settings.init, str):
        report["init"] = (
            str(settings.init) if isinstance(settings.init, os.PathLike) else "a picture given in memory"
        )
    report["style_layers"] = [list(pair) for pair in settings.style_layers]
    if network.origin.name in ("compact", "imagenet"):
        report["weights"] = network.origin.name  # also for "auto", or a file of the same weights
    elif settings.weights is not None:
        report["weights"] = str(settings.weights)
    report["weights_sha256"] = network.origin.checksum
    report["precision"] = network.vgg.layers[-1].compute_dtype
    return report
