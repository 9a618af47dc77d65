"""The contenders that run in PyTorch."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.in_pytorch import Objective, lower_with_lbfgs, to_array, to_tensor
from benchmarks.in_pytorch import be_ready as be_ready
from benchmarks.quality.clock import Clock
from benchmarks.quality.contenders import BEFORE_SETTINGS
from benchmarks.quality.pairs import Painted, Task
from nst_tf.images import load_image, tensor_to_image
from nst_tf.settings import Settings

GAMMA = 3e7  # found by trial: benchmarks/README.md
COARSE_SHARE = 1 / 3  # of the time: twice as many steps at a quarter of the pixels


def lbfgs(task: Task) -> Painted:
    """``torch.optim.LBFGS`` from C itself, on our former objective plus γ times the total variation."""
    C, S = task.pair.images(task.size)
    objective = Objective(C, S, Settings(**BEFORE_SETTINGS, size=task.size, beta=task.weight))
    G = to_tensor(C).requires_grad_()
    clock = Clock(task.seconds)
    best = (np.inf, C)

    def is_enough(J: float) -> bool:
        nonlocal best
        if best[0] > J:
            best = (J, to_array(G))
        return clock.tick()

    lower_with_lbfgs(G, lambda G: objective(G) + GAMMA * total_variation(G), is_enough)
    return Painted(np.asarray(tensor_to_image(best[1])), clock.seconds, clock.evaluations)


def total_variation(G: torch.Tensor) -> torch.Tensor:
    """The mean squared difference of neighbours, across plus down."""
    across, down = G[..., 1:] - G[..., :-1], G[..., 1:, :] - G[..., :-1, :]
    return torch.mean(across**2) + torch.mean(down**2)


def pastiche(task: Task) -> Painted:
    """The program pastiche as its README advises: from half of the size to the full one.

    There, each size is twice the one before, starts from its picture, and takes half as many steps; here,
    the time is divided as those steps would divide it.
    """
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        coarse = _draw(task, task.size // 2, COARSE_SHARE * task.seconds, picture, init=None)
        fine = _draw(task, task.size, task.seconds - coarse.seconds, picture, init=str(picture))
        image = np.asarray(tensor_to_image(load_image(picture)))
    return Painted(image, coarse.seconds + fine.seconds, coarse.evaluations + fine.evaluations)


def _draw(task: Task, size: int, seconds: float, picture: Path, init: str | None) -> Clock:
    """What the program's command does, for so many seconds instead of so many steps."""
    from pastiche.pastiche import PasticheArtist, save_image  # nobody else needs it

    content, style = map(str, task.pair.paths())
    artist = PasticheArtist(content, [style], size=size, style_weights=[task.weight], init=init)
    clock = Clock(seconds)
    while not clock.tick():  # at first, the picture that it has evaluated already
        artist.draw()
    save_image(artist.pastiche, picture)
    return clock
