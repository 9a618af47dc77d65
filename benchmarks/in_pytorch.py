"""The same objective on the same weights in PyTorch, written as its users write it,
in its faster memory format.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.cases import Case, Goal, Track
from nst_tf.layers import block_of
from nst_tf.settings import Settings
from nst_tf.weights import load_weights

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MEANS_BGR = torch.tensor([103.939, 116.779, 123.68], device=DEVICE).reshape(1, 3, 1, 1)
_kernels: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}


def be_ready(_: str = "") -> None:
    """Load the weights, which the clock leaves out."""
    for name, (kernel, bias) in load_weights(say=lambda _: None).layers.items():
        kernel = torch.tensor(np.transpose(kernel, (3, 2, 0, 1)), device=DEVICE)
        _kernels[name] = (
            kernel.contiguous(memory_format=torch.channels_last),
            torch.tensor(bias, device=DEVICE),
        )


class Objective:
    """J(G), and through ``backward`` its gradient.

    As in nst_tf, only the convolutions are in bfloat16, if any.
    """

    def __init__(self, C: np.ndarray, S: np.ndarray, settings: Settings, precision: str = "float32"):
        self._settings = settings
        dtype = getattr(torch, precision)
        self._kernels = {name: [tensor.to(dtype) for tensor in pair] for name, pair in _kernels.items()}
        self._dtype = dtype
        self._names = [name for name, _ in settings.layers]
        with torch.no_grad():
            self._a_C = self._activations(to_tensor(C))[-1]
            self._grams_S = [gram_matrix(a) for a in self._activations(to_tensor(S))[:-1]]

    def __call__(self, G: torch.Tensor) -> torch.Tensor:
        *style, content = self._activations(G)
        J_content = torch.mean((content - self._a_C) ** 2) / 4
        J_style = sum(
            weight * torch.mean((gram_matrix(a) - gram) ** 2) / 4
            for (_, weight), a, gram in zip(self._settings.style_layers, style, self._grams_S, strict=True)
        )
        return self._settings.alpha * J_content + self._settings.beta * J_style

    def _activations(self, image: torch.Tensor) -> list[torch.Tensor]:
        x, block, wanted = 255 * image.flip(1) - MEANS_BGR, 1, {}
        x = x.to(self._dtype).contiguous(memory_format=torch.channels_last)
        for name, (kernel, bias) in self._kernels.items():
            if block_of(name) > block:
                x, block = torch.nn.functional.max_pool2d(x, 2), block_of(name)
            x = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1))
            if name in self._names:
                wanted[name] = x.float()
            if len(wanted) == len(set(self._names)):
                break
        return [wanted[name] for name in self._names]


def gram_matrix(a: torch.Tensor) -> torch.Tensor:
    positions = a.permute(0, 2, 3, 1).reshape(-1, a.shape[1])  # a view, as the channels lie last
    return positions.T @ positions / len(positions)


def to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.tensor(image, device=DEVICE).permute(0, 3, 1, 2).contiguous()


def to_array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().permute(0, 2, 3, 1).cpu().numpy().copy()


def adam(case: Case, goal: Goal, path: Path, lr: float) -> None:
    """Until the goal, from the case's start image."""
    C, S, start = case.images()
    track = Track(goal, time.perf_counter())
    objective, G = Objective(C, S, case.settings()), to_tensor(start).requires_grad_()
    optimizer = torch.optim.Adam([G], lr=lr)
    while True:
        optimizer.zero_grad()
        J = objective(G)
        J.backward()
        cost, image = J.item(), to_array(G)
        if track.add(time.perf_counter(), cost, image):
            break
        optimizer.step()
        with torch.no_grad():
            G.clamp_(0, 1)
    track.save(path)


def lbfgs(
    case: Case, goal: Goal, path: Path, precision: str = "float32", line_search: str | None = None
) -> None:
    """Until the goal, from the case's start image; no step is rejected where there is no line search."""
    C, S, start = case.images()
    track = Track(goal, time.perf_counter())
    objective, G = Objective(C, S, case.settings(), precision), to_tensor(start).requires_grad_()

    def is_enough(cost: float) -> bool:
        image = to_array(G)
        return track.add(time.perf_counter(), cost, image)

    lower_with_lbfgs(G, objective, is_enough, line_search)
    track.save(path)


def lower_with_lbfgs(
    G: torch.Tensor,
    objective: Callable[[torch.Tensor], torch.Tensor],
    is_enough: Callable[[float], bool],
    line_search: str | None = None,
) -> None:
    """Lower an objective with ``torch.optim.LBFGS``, G clipped to [0, 1].

    After each evaluation ``is_enough`` is given J, and says whether to stop.
    """
    optimizer = torch.optim.LBFGS(
        [G], max_iter=10**6, max_eval=10**6, tolerance_grad=0, tolerance_change=0, line_search_fn=line_search
    )

    def closure() -> torch.Tensor:
        with torch.no_grad():
            G.clamp_(0, 1)
        optimizer.zero_grad()
        J = objective(G)
        J.backward()
        if is_enough(J.item()):
            raise StopIteration
        return J

    with contextlib.suppress(StopIteration):
        while True:
            optimizer.step(closure)


def device() -> str:
    """Where it computes."""
    return torch.cuda.get_device_name() if DEVICE == "cuda" else "the processor"


_open: tuple[Objective, torch.Tensor] | None = None


def open_objective(size: int, precision: str) -> None:
    """An objective on square noise of that size, with the course's layers."""
    global _open
    square = np.random.default_rng(0).random((1, size, size, 3), dtype=np.float32)
    objective = Objective(square, square[:, ::-1].copy(), Case("", "", 0, "course").settings(), precision)
    _open = objective, to_tensor(square).requires_grad_()


def evaluate(size: int) -> float:
    """Seconds that J and its gradient take."""
    objective, G = _open
    started = time.perf_counter()
    G.grad = None
    objective(G).backward()
    G.grad.cpu()
    return time.perf_counter() - started
