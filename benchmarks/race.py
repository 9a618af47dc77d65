"""Seconds to a picture of given quality: until J, in float32,
is where the course's loop gets in 200 steps.
"""

import multiprocessing
import signal
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.cases import OBJECTIVES, PAIRS, SHOWN, Case, Goal

COURSE = "the course's loop"
PYTORCH = "PyTorch, L-BFGS"
DEFAULT = "nst_tf, the default"
APART = "nst_tf, the default, from C itself"  # all others start from the same noisy image
SEEDS = (0, 1, 2)
PATIENCE = {PYTORCH: 120.0}  # seconds
PATIENCE_ELSE = 30.0  # for those who may not get there
SHORT_OF = 0.93  # of the goal, by a contender's own J, which may be rounded: the referee decides
POINTS = 14  # of a curve


class Contender(NamedTuple):
    library: str  # the process that it runs in
    function: str
    options: dict


CONTENDERS = {
    PYTORCH: Contender("in_pytorch", "lbfgs", {}),
    "PyTorch, L-BFGS, strong Wolfe": Contender("in_pytorch", "lbfgs", {"line_search": "strong_wolfe"}),
    "PyTorch, L-BFGS, bfloat16": Contender("in_pytorch", "lbfgs", {"precision": "bfloat16"}),
    "PyTorch, Adam, lr 0.05": Contender("in_pytorch", "adam", {"lr": 0.05}),
    "SciPy's L-BFGS-B, bfloat16": Contender("in_tensorflow", "scipy_lbfgs", {"precision": "bfloat16"}),
    **{
        f"nst_tf, {name}, {precision}": Contender(
            "in_tensorflow",
            "ours",
            {"optimizer": optimizer, "precision": precision, "coarse_to_fine": False, "steps": 1000},
        )
        for precision in ("float32", "bfloat16")
        for optimizer, name in (
            ("lbfgs", "L-BFGS"),
            ("adam", "Adam"),
            ("gradient_descent", "gradient descent"),
        )
    },
    DEFAULT: Contender("in_tensorflow", "ours", {}),
    APART: Contender("in_tensorflow", "ours", {"init": "content"}),
}


class Lap(NamedTuple):
    """What came of one contender in one case.

    Attributes:
        seconds: to the goal, or None where it did not get there.
        curve: pairs (seconds, the lowest J until then).
    """

    seconds: float | None
    curve: list[tuple[float, float]]


class Process:
    """A process of its own for one library, so that neither's threads hinder the other's."""

    def __init__(self, library: str):
        self._library = library
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _quiet_at_ctrl_c)

    def call(self, function: str, *arguments: object, **options: object) -> object:
        return self._pool.submit(_call, self._library, function, arguments, options).result()

    def close(self) -> None:
        self._pool.shutdown()


def _quiet_at_ctrl_c() -> None:
    """End this process silently on Ctrl-C: the process that started it prints the message."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))


def _call(library: str, function: str, arguments: tuple, options: dict) -> object:
    module = __import__(f"benchmarks.{library}", fromlist=[library])
    return getattr(module, function)(*arguments, **options)


def cases() -> dict[Case, list[str]]:
    """Each case with its contenders, the most telling first: in those that are shown all of them,
    else the headline's.
    """
    every = [
        Case(content, style, seed, objective)
        for objective in OBJECTIVES
        for seed in SEEDS
        for content, style in PAIRS
    ]
    shown = [case for case in every if (case.content, case.seed) == SHOWN]
    return {case: list(CONTENDERS) if case in shown else [PYTORCH, DEFAULT] for case in [*shown, *every]}


def run(
    processes: dict[str, Process], case: Case, names: list[str], say: object
) -> tuple[dict[str, Lap], dict]:
    """All contenders of one case, one after the other; also the picture of each
    at the time when the default was done.
    """
    referee = processes["in_tensorflow"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        course = Path(folder) / "course.npz"
        referee.call("the_course", case, Goal(0, np.inf), course)
        tracks = {COURSE: course}
        (goal,) = referee.call("referee", case, course, [-1])
        for number, name in enumerate(names):
            tracks[name] = Path(folder) / f"{number}.npz"
            library, function, options = CONTENDERS[name]
            processes[library].call(
                function,
                case,
                Goal(SHORT_OF * goal, PATIENCE.get(name, PATIENCE_ELSE)),
                tracks[name],
                **options,
            )
        laps = {}
        for name, path in tracks.items():
            laps[name] = _judged(referee, case, path, goal, is_course=name == COURSE)
            waited = laps[name].curve[-1][0]
            seconds = (
                f"not in {waited:.0f} s" if laps[name].seconds is None else f"{laps[name].seconds:6.1f} s"
            )
            say(f"    {name:38s} {seconds}")
        return laps, _pictures_at(laps[DEFAULT].seconds, tracks)


def _judged(referee: Process, case: Case, path: Path, goal: float, is_course: bool) -> Lap:
    seconds = np.load(path)["seconds"]
    some = sorted({int(index) for index in np.linspace(0, len(seconds) - 1, POINTS)})
    J = dict(zip(some, referee.call("referee", case, path, some), strict=True))
    if is_course:
        J[some[-1]] = goal  # by definition
    while True:  # halve the interval in which J comes to the goal, until it is one step
        there = [index for index in sorted(J) if J[index] <= goal]
        if not there:
            break
        before = max((index for index in J if index < there[0]), default=-1)
        if there[0] - before <= 1:
            break
        middle = (there[0] + before) // 2
        J.update(zip([middle], referee.call("referee", case, path, [middle]), strict=True))
    order = sorted(J)
    curve = list(
        zip(seconds[order].tolist(), np.fmin.accumulate([J[index] for index in order]).tolist(), strict=True)
    )
    return Lap(float(seconds[there[0]]) if there else None, curve)


def _pictures_at(seconds: float | None, tracks: dict[str, Path]) -> dict[str, np.ndarray]:
    if seconds is None:
        return {}
    pictures = {}
    for name, path in tracks.items():
        with np.load(path) as track:
            step = max(0, int(np.searchsorted(track["seconds"], seconds, side="right")) - 1)
            pictures[name] = track["images"][step]
    return pictures
