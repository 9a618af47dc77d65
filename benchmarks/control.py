"""What several paintings and regions cost: ``python -m benchmarks.control [--size N] [--rounds N]``.

An evaluation of J and its gradient is timed for each case in turn, round after round, and compared with the
same round's evaluation for one painting. The peak of memory is that of a process of its own.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from benchmarks.cases import IMAGES
from nst_tf.control.masks import rectangle_mask
from nst_tf.control.styles import Style
from nst_tf.inputs import load_inputs
from nst_tf.settings import Settings

CONTENT = IMAGES / "content/neuschwanstein.jpg"
ONE, OTHER = (IMAGES / f"style/{name}.jpg" for name in ("great_wave", "village_street_in_auvers"))
UPPER = {"bottom": 0.5}
CASES = ("one painting", "two paintings", "two regions", "three regions")


def styles_of(case: str) -> list[Style]:
    if case == "one painting":
        return [Style(ONE)]
    if case == "two paintings":
        return [Style(ONE, weight=3), Style(OTHER)]
    upper, left = rectangle_mask(CONTENT, **UPPER), rectangle_mask(CONTENT, top=0.5, right=0.5)
    if case == "two regions":
        return [Style(ONE, region=upper), Style(OTHER, region="rest")]
    return [Style(ONE, region=upper), Style(OTHER, region=left), Style(OTHER, region="rest", scale=0.5)]


def objective_for(case: str, size: int) -> tuple:
    """An objective and an image to evaluate it at."""
    from nst_tf import load_vgg19
    from nst_tf.objective import Objective
    from nst_tf.precision import fastest_precision

    settings = Settings(size=size, beta=1, init="noisy_content")
    inputs = load_inputs(CONTENT, styles_of(case), settings)
    vgg = load_vgg19(precision=fastest_precision()[0], say=lambda _: None)
    return Objective(vgg, inputs.C, inputs.regions, settings), inputs.G


def ratios(size: int, rounds: int) -> dict[str, list[float]]:
    """For each case its seconds over those of one painting, round by round."""
    objectives = {case: objective_for(case, size) for case in CASES}
    seconds: dict[str, list[float]] = {case: [] for case in CASES}
    for _ in range(rounds + 1):
        for case, (objective, G) in objectives.items():
            started = time.perf_counter()
            objective(G)
            seconds[case].append(time.perf_counter() - started)
    first, *_ = seconds.values()
    return {case: list(np.divide(of_case, first)[1:]) for case, of_case in seconds.items()}  # one to warm up


def peak_megabytes(case: str, size: int) -> float:
    """Of a process that evaluates the case a few times."""
    command = [sys.executable, "-m", "benchmarks.control", "--size", str(size), "--peak", case]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="longer side in pixels (%(default)s)")
    parser.add_argument("--rounds", type=int, default=30, help="(%(default)s)")
    parser.add_argument("--peak", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        objective, G = objective_for(options.peak, options.size)
        for _ in range(3):
            objective(G)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    print(f"at {options.size} px, {options.rounds} rounds    time: median (quartiles)    peak, MB")
    for case, of_case in ratios(options.size, options.rounds).items():
        low, middle, high = statistics.quantiles(of_case, n=4)
        peak = peak_megabytes(case, options.size)
        print(f"{case:30s} {middle:10.3f} ({low:.3f} to {high:.3f}) {peak:12.0f}")


if __name__ == "__main__":
    main()
