"""The comparisons that the README quotes: ``python -m benchmarks [--quick] [-o FOLDER]``.

It takes about three quarters of an hour on two cores, with nothing else running. Everything is measured in turn in one
run, and quoted as ratios. Needs ``pip install -r benchmarks/requirements.txt``. See benchmarks/README.md.
"""

import argparse
import json
import os
import platform
import statistics
from pathlib import Path

import numpy as np

from benchmarks import drawing, evaluation, profile, race
from benchmarks.cases import OBJECTIVES, SHOWN

AIMS = {  # what is measured, and the aim
    "time to the course loop's J: the course's loop ÷ ours": "≥ 8",
    "the same, PyTorch's L-BFGS ÷ ours": "≥ 2.5",
    "the course loop's J with the defaults of stylize: the course's loop ÷ ours": "",
    "the same, PyTorch's L-BFGS ÷ ours with the defaults of stylize": "",
    "an evaluation in float32: ours ÷ PyTorch": "≤ 0.8",
    "an evaluation in bfloat16: ours ÷ PyTorch in float32": "≤ 0.4",
    "share of an evaluation in convolutions, float32": "≥ 85 %",
    "share of an evaluation in convolutions, bfloat16": "≥ 85 %",
    "peak memory at 1024 px, float32: ours ÷ PyTorch": "≤ 1",
    "peak memory at 1024 px, bfloat16: ours ÷ PyTorch in float32": "≤ 1",
    "seconds to the first evaluation, less TensorFlow's import": "≤ 3",
    "a step of the program pastiche ÷ one of ours": "",
    "peak memory of the program: ours ÷ pastiche": "",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="one case, two sizes: to see that it works")
    parser.add_argument("-o", "--out", type=Path, default=Path("outputs/benchmarks"), help="folder (%(default)s)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = Lines(options.out / "table.md")

    lines.say(f"{_machine()}\n")
    figures = _evaluations(evaluation.SIZES[:2] if options.quick else evaluation.SIZES, lines)
    figures |= _races(options.quick, options.out, lines)
    lines.say("\n| figure, ratio in one run | measured | aim |\n|---|---|---|")
    for figure, aim in AIMS.items():
        if figure in figures:
            lines.say(f"| {figure} | {figures[figure]} | {aim or '–'} |")


class Lines:
    """What is printed is kept in a file as well."""

    def __init__(self, path: Path):
        self._path = path
        path.write_text("")

    def say(self, line: str) -> None:
        print(line, flush=True)
        with self._path.open("a") as file:
            file.write(f"{line}\n")


def _machine() -> str:
    models = [line for line in _read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.processor()
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def _evaluations(sizes: tuple[int, ...], lines: Lines) -> dict[str, str]:
    lines.say(f"| px | {' | '.join(f'{name}: s, MB' for name in evaluation.COMPUTED)} |")
    lines.say("|---" * (1 + len(evaluation.COMPUTED)) + "|")
    measured = {}
    for size in sizes:
        measured[size] = evaluation.seconds_and_megabytes(size)
        cells = (f"{seconds:.2f}, {megabytes:.0f}" for seconds, megabytes in measured[size].values())
        lines.say(f"| {size} | {' | '.join(cells)} |")
    ours, half, torch = (np.array(measured[400][name]) for name in evaluation.COMPUTED)
    figures = {
        "an evaluation in float32: ours ÷ PyTorch": f"{ours[0] / torch[0]:.2f}",
        "an evaluation in bfloat16: ours ÷ PyTorch in float32": f"{half[0] / torch[0]:.2f}",
    }
    if 1024 in measured:
        ours, half, torch = (measured[1024][name][1] for name in evaluation.COMPUTED)
        figures["peak memory at 1024 px, float32: ours ÷ PyTorch"] = f"{ours / torch:.2f}"
        figures["peak memory at 1024 px, bfloat16: ours ÷ PyTorch in float32"] = f"{half / torch:.2f}"
    for precision in ("float32", "bfloat16"):
        shares = profile.shares(precision)
        reached, peak = profile.gigaflops(precision)
        lines.say(
            f"\n{precision}: {reached:.0f} of {peak:.0f} GFLOP/s, the convolutions' over the whole evaluation; shares:"
        )
        lines.say(", ".join(f"{kind} {100 * share:.0f} %" for kind, share in shares.items()))
        figures[f"share of an evaluation in convolutions, {precision}"] = f"{100 * shares['convolutions']:.0f} %"
    imported, first = evaluation.seconds_to_the_first_evaluation()
    figures["seconds to the first evaluation, less TensorFlow's import"] = f"{first - imported:.1f}"
    programs = evaluation.programs()
    (step, memory), (our_step, our_memory) = programs["pastiche"], programs["nst_tf"]
    figures["a step of the program pastiche ÷ one of ours"] = f"{step / our_step:.1f}"
    figures["peak memory of the program: ours ÷ pastiche"] = f"{our_memory / memory:.2f}"
    return figures


def _races(quick: bool, out: Path, lines: Lines) -> dict[str, str]:
    processes = {library: race.Process(library) for library in ("in_tensorflow", "in_pytorch")}
    for process in processes.values():
        process.call("be_ready")
    laps = {}
    try:
        for case, names in list(race.cases().items())[: 1 if quick else None]:
            lines.say(f"\n    {case}")
            laps[case], pictures = race.run(processes, case, names, lines.say)
            (out / "laps.json").write_text(json.dumps([[*case, of_case] for case, of_case in laps.items()]))
            if (case.content, case.seed) == SHOWN or quick:
                drawing.race(case, laps[case], out / f"race_{case.objective}.png")
                if pictures:
                    drawing.equal_time(laps[case], pictures, out / f"equal_time_{case.objective}.png")
    except KeyboardInterrupt:
        lines.say("\nInterrupted: the table is of what was done until then.")
    for process in processes.values():
        process.close()
    figures = {}
    titles = list(AIMS)
    for number, objective in enumerate(OBJECTIVES):
        for offset, rival in enumerate((race.COURSE, race.PYTORCH)):
            ratios = _ratios(laps, objective, rival)
            if ratios:
                of = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}, {len(ratios)} runs)"
                figures[titles[2 * number + offset]] = of
    return figures


def _ratios(laps: dict, objective: str, rival: str) -> list[float]:
    pairs = [(of[rival].seconds, of[race.DEFAULT].seconds) for case, of in laps.items() if case.objective == objective]
    return [theirs / ours for theirs, ours in pairs if theirs and ours]


if __name__ == "__main__":
    main()
