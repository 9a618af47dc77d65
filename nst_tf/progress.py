"""What a run reports: the costs of each step, how far it is (also on a bar), how it ended, and its result.

Nothing here needs TensorFlow.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from nst_tf.control.colours import with_chroma
from nst_tf.convergence import Convergence, convergence, percent
from nst_tf.images import tensor_to_image
from nst_tf.stages import Stage, with_changes


class Ending(Enum):
    """How a run can end."""

    FINISHED = "all steps were taken"
    CONVERGED = "J has stopped falling"
    CALLBACK = "the callback ended it"
    INTERRUPTED = "it was interrupted"
    NO_ROOM = "there is no more room on the disk for what is kept there"
    NO_WORKERS = "the cluster was lost"
    NOT_FINITE = "J is no longer a finite number: lower the learning rate, alpha, beta or gamma"

    @property
    def is_regular(self) -> bool:
        """Whether the optimizer did all that it was asked to do."""
        return self in (Ending.FINISHED, Ending.CONVERGED)


class Costs(NamedTuple):
    """One row of a run's history: the costs of G after ``step`` improvements.

    Costs at different sizes are different functions: only rows of one ``size`` can be compared, and only
    their J where α, β and γ are the same (see ``function``).
    """

    step: int
    J: float
    J_content: float
    J_style: float
    seconds: float  # since the pictures were loaded
    size: int  # longer side of G in pixels: smaller than the result's while the run is coarse
    alpha: float
    beta: float
    J_tv: float = 0.0
    gamma: float = 0.0

    @property
    def function(self) -> tuple[float, ...]:
        """What J depends on besides G: compare J only between rows where this is the same."""
        return self.size, self.alpha, self.beta, self.gamma


class CostWeights(NamedTuple):
    """α, β and γ. A run goes on with those that its callback returns; None leaves γ as it is."""

    alpha: float
    beta: float
    gamma: float | None = None


class Balance(NamedTuple):
    """Which β and γ each style strength stands for, with two given pictures.

    Attributes:
        beta: β/α at a strength of ½.
        gamma: γ/α at a strength of ½.
    """

    beta: float
    gamma: float

    def weights(self, strength: float, alpha: float) -> tuple[float, float, float]:
        """α, β and γ for a strength s, 0 ≤ s < 1; β and γ in three digits, short enough to type.

        β grows with the odds s/(1 − s) to the power of 1.5, and γ with the root of that.

        Raises:
            ValueError: the strength is out of range.
        """
        if not 0 <= strength < 1:
            raise ValueError(f"strength is {strength!r}: give a number from 0 to less than 1, such as 0.5.")
        if not strength:
            return alpha, 0.0, 0.0
        odds = strength / (1 - strength)
        beta, gamma = alpha * self.beta * odds**1.5, alpha * self.gamma * odds**0.75
        return alpha, float(f"{beta:.3g}"), float(f"{gamma:.3g}")


@dataclass(frozen=True)
class Progress:
    """What a callback is given at every step.

    Attributes:
        costs: of the image just evaluated.
        steps: how many steps the run may take.
        stages: the run's sizes, from the first to the last, with the step at which each ends.
        G: that image, float32, (1, h, w, 3) in [0, 1], of ``costs.size``. L-BFGS tries out images that it
            does not keep.
        best: the image of that size with the lowest J so far, likewise.
        start: the start image at the size of the result, likewise.
        start_now: the start image at ``costs.size``, likewise.
        fall: the part of J by which the best J fell in the last tenth of the steps, of at least 10; None
            where J was another function then.
        balance: which β and γ each style strength stands for; None where β was given.
        chroma: where only luminances are painted, what the picture gets besides: then G, ``best`` and both
            start images are grey. Otherwise None.
        profile: the ICC profile of the content picture, or None.
    """

    costs: Costs
    steps: int
    stages: list[Stage]
    G: np.ndarray
    best: np.ndarray
    start: np.ndarray
    start_now: np.ndarray
    fall: float | None = None
    balance: Balance | None = None
    chroma: np.ndarray | None = None
    profile: bytes | None = None

    def picture(self) -> Image.Image:
        """The best image so far, at the result's size: in a coarse stage, the start image with changes."""
        return picture_of(with_changes(self.start, self.start_now, self.best), self.chroma, self.profile)


Callback = Callable[[Progress], bool | CostWeights | None]


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        image: the picture with the lowest J at the last size that the run reached.
        history: the costs at every step, from the start image (step 0) on.
        settings: those used (the last α, β and γ, if a callback changed them), ready to be saved as JSON.
            They can be passed to ``stylize`` again, except ``weights_sha256``, which tells whether another
            machine has the same weights.
        ending: how the run ended; ``ending.value`` says it in words.
    """

    image: Image.Image
    history: list[Costs]
    settings: dict
    ending: Ending

    @property
    def convergence(self) -> Convergence:
        """Whether J was still falling; ``print`` it for a sentence."""
        is_full_size = self.history[-1].size == max(self.image.size)
        counts = is_full_size and self.ending is not Ending.NOT_FINITE
        costs = comparable_costs(self.history) if counts else []
        return convergence(costs, self.history[-1].step, counts and self.ending is Ending.CONVERGED)


def picture_of(G: np.ndarray, chroma: np.ndarray | None, profile: bytes | None = None) -> Image.Image:
    """G as a picture, with that chroma in place of its own, and that ICC profile."""
    picture = tensor_to_image(G if chroma is None else with_chroma(G, chroma))
    if profile:
        picture.info["icc_profile"] = profile
    return picture


def comparable_costs(history: Sequence[Costs]) -> list[float]:
    """J of the last rows, back to where the size or a weight last changed."""
    rows = takewhile(lambda row: row.function == history[-1].function, reversed(history))
    return [row.J for row in rows][::-1]


def say_nothing(_: str) -> None:
    """Stands in for ``print`` where nothing is to be said."""


def progress_bar(steps: int | None, shown: bool) -> tqdm:
    """A bar for a run of so many steps; None where J decides how many."""
    return tqdm(
        total=steps,
        disable=not shown or sys.stderr is None,
        bar_format=_bar_format(steps, "{remaining} left" if steps else ""),
    )


def _bar_format(steps: int | None, outlook: str) -> str:
    done = "{l_bar}{bar:20}| {n_fmt}/{total_fmt}" if steps else "{n_fmt}"
    return f"{done} steps, {{elapsed}} gone{', ' * bool(outlook)}{outlook}{{postfix}}"


def _outlook(steps: int | None, fall: float | None) -> str:
    if steps:
        return "{remaining} left"
    return "" if fall is None else f"J fell by {percent(fall)} in the last tenth of the steps"


def shown_on(bar: tqdm) -> Callback:
    """A callback that shows each step on a bar, with its costs."""
    steps = None if bar.total is None else int(bar.total)

    def show(progress: Progress) -> None:
        costs = progress.costs
        coarse = costs.size < max(progress.start.shape)  # where the pace tells nothing about the time left
        outlook = f"at {costs.size} px" if coarse else _outlook(steps, progress.fall)
        bar.bar_format = _bar_format(steps, outlook)
        shown = ["J", "J_content", "J_style", *(["J_tv"] if costs.gamma else [])]
        bar.set_postfix_str(
            ", ".join(f"{name} = {getattr(costs, name):.3g}" for name in shown), refresh=False
        )
        if not bar.n:
            bar.initial = bar.n = costs.step  # a run that goes on has taken no time for these steps
        bar.update(costs.step - bar.n)

    return show
