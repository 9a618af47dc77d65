"""The figures of a race: J against the seconds, and the pictures at the time when the fastest is done."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.cases import Case
from benchmarks.race import APART, COURSE, DEFAULT, PYTORCH, Lap
from nst_tf.plots import picture_grid

BLUE, ORANGE = "#0072b2", "#d55e00"
BLACK, GREEN, LIGHT_BLUE, RED, LIGHT_ORANGE = "black", "#009e73", "#56b4e9", "#c0143c", "#f2b27c"
LINES = {"Adam": "--", "gradient descent": ":", "strong Wolfe": "-."}  # L-BFGS is drawn through


def race(case: Case, laps: Mapping[str, Lap], path: Path) -> None:
    """J against the seconds, of all who start from the same image."""
    figure = Figure(figsize=(12, 6.5), layout="constrained")
    axes = figure.add_subplot()
    for name, lap in laps.items():
        if name == APART:
            continue
        line = next((line for optimizer, line in LINES.items() if optimizer in name), "-")
        width = 4 if name in (COURSE, DEFAULT) else 2
        axes.plot(*zip(*lap.curve, strict=True), line, color=_colour(name), linewidth=width, label=name)
    goal = laps[COURSE].curve[-1][1]
    axes.axhline(
        goal, color=BLACK, linewidth=0.8, linestyle=(0, (8, 6)), label="where the course's loop ends"
    )
    axes.set(xscale="log", yscale="log", ylim=(0.6 * goal, None))
    axes.set_title(f"J against time: {case}", fontsize=15)
    axes.set_xlabel("seconds from the call (log scale)", fontsize=14)
    axes.set_ylabel("J, in float32 (log scale)", fontsize=14)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize=12)
    figure.savefig(path, dpi=100)


def _colour(name: str) -> str:
    if name == COURSE:
        return BLACK
    if name.startswith("PyTorch"):
        return LIGHT_ORANGE if "bfloat16" in name else ORANGE
    if name.startswith("SciPy"):
        return GREEN
    if name == DEFAULT:
        return RED
    return LIGHT_BLUE if "bfloat16" in name else BLUE


def equal_time(laps: Mapping[str, Lap], pictures: Mapping[str, np.ndarray], path: Path) -> None:
    """The pictures that three of them had come to when the default was done."""
    shown = {name: pictures[name] for name in (COURSE, PYTORCH, DEFAULT)}
    picture_grid(shown, f"After {laps[DEFAULT].seconds:.0f} seconds", 3).savefig(path, dpi=100)
