"""What an evaluation takes in PyTorch and in the program pastiche, at the sizes that they reach.

Neither computes in tiles. Each may take what ``bytes_allowed`` gives, and what fails there has no row.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

import numpy as np
import psutil

from nst_tf.images import load_image, save_image, tensor_to_image
from nst_tf.large.budget import bytes_allowed
from nst_tf.settings import Settings

PEERS = ("PyTorch", "pastiche")
STEPS = 2  # beyond the first, in which PyTorch chooses its algorithms


class Peer(NamedTuple):
    seconds: float  # of an evaluation
    peak: float  # resident, in bytes


def measured(peer: str, C: np.ndarray, style: Path) -> Peer | None:
    """None where it doesn't get that far."""
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "content.png"
        save_image(tensor_to_image(C), content)
        size = max(C.shape)
        if peer == "PyTorch":
            words = [__spec__.name, str(content), str(style), str(size)]
            done = _run(words, folder)
            return Peer(*map(float, done[0].split())) if done else None
        words = ["pastiche", "-c", str(content), "-s", str(style), "-o", f"{folder}/out.png"]
        words += ["--size", str(size), "--no-verbose", "--num-steps"]
        few, many = (_run([*words, str(steps)], folder) for steps in (1, 1 + STEPS))
        return Peer((many[1] - few[1]) / STEPS, many[2]) if few and many else None


def _run(words: list[str], folder: str) -> tuple[str, float, float] | None:
    """What a module prints, its seconds and its peak memory; None if it fails."""
    started, peak = perf_counter(), 0
    with (Path(folder) / "printed").open("w+") as printed:
        running = psutil.Popen(
            [sys.executable, "-m", *words],
            stdout=printed,
            stderr=subprocess.DEVNULL,
            preexec_fn=_limited,
        )
        while running.poll() is None:
            peak = max(peak, _resident(running))
            sleep(0.01)
        printed.seek(0)
        return None if running.returncode else (printed.read(), perf_counter() - started, peak)


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _limited() -> None:
    """Have an allocation fail before the machine has none left."""
    limit = bytes_allowed()
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def pytorch_here(content: str, style: str, size: int) -> Peer:
    """One of J with the default layers and its gradient, in this process."""
    from benchmarks import in_pytorch

    in_pytorch.be_ready()
    C, S = load_image(content, size), load_image(style, size, enlarge=False)
    objective = in_pytorch.Objective(C, S, Settings(beta=0.05))
    G = in_pytorch.to_tensor(C).requires_grad_()
    seconds = []
    for _ in range(1 + STEPS):
        started = perf_counter()
        G.grad = None
        objective(G).backward()
        seconds.append(perf_counter() - started)
    status = Path("/proc/self/status").read_text().split()
    return Peer(min(seconds), int(status[status.index("VmHWM:") + 1]) * 1024)


if __name__ == "__main__":
    print(*pytorch_here(*sys.argv[1:3], int(sys.argv[3])))
