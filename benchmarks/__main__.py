"""The comparisons that the README quotes: ``python -m benchmarks [--quick] [--only PART] [-o FOLDER]``.

It takes about an hour and a quarter on two cores, with nothing else running. Everything is measured in turn
in one run, and quoted as ratios. Needs ``pip install -r benchmarks/requirements.txt``. See
benchmarks/README.md.
"""

import argparse
import json
import os
import statistics
from pathlib import Path

from benchmarks import drawing, evaluation, profile, race
from benchmarks.cases import SHOWN, SIZE
from benchmarks.machine import machine

TO_THE_GOAL = {  # objective and rival, in a figure's words
    (objective, rival): f"time to the course loop's J, {words}: {rival} ÷ {race.DEFAULT}"
    for objective, words in (("course", "the course's objective"), ("default", "the default objective"))
    for rival in (race.COURSE, race.PYTORCH)
}
AIMS = {  # what is measured, and the aim
    TO_THE_GOAL["course", race.COURSE]: "≥ 8",
    TO_THE_GOAL["course", race.PYTORCH]: "≥ 2.5",
    TO_THE_GOAL["default", race.COURSE]: "",
    TO_THE_GOAL["default", race.PYTORCH]: "",
    "an evaluation in float32: ours ÷ PyTorch": "≤ 0.8",
    "an evaluation in bfloat16: ours ÷ PyTorch in float32": "≤ 0.4",
    "an evaluation in bfloat16: ours ÷ PyTorch": "",
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
    parser.add_argument("--only", choices=("evaluations", "races"), help="one of the two parts")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("outputs/benchmarks"), help="folder (%(default)s)"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = Lines(options.out / f"{options.only or 'table'}.md")

    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else TensorFlow takes all that a GPU has
    processes = {library: race.Process(library) for library in ("in_tensorflow", "in_pytorch")}
    places = ", ".join(f"{name[3:]} on {process.call('device')}" for name, process in processes.items())
    lines.say(f"{machine()}; {places}\n")
    figures = {}
    try:
        if options.only != "races":
            _evaluations(evaluation.SIZES[:2] if options.quick else evaluation.SIZES, lines, figures)
        if options.only != "evaluations":
            _races(processes, options.quick, options.out, lines, figures)
    except KeyboardInterrupt:
        lines.say("\nInterrupted: the table is of what was done until then.")
    for process in processes.values():
        process.close()
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


def _evaluations(sizes: tuple[int, ...], lines: Lines, figures: dict[str, str]) -> None:
    lines.say(f"| px | {' | '.join(f'{name}: s, MB' for name in evaluation.COMPUTED)} |")
    lines.say("|---" * (1 + len(evaluation.COMPUTED)) + "|")
    measured = {}
    for size in sizes:
        measured[size] = evaluation.seconds_and_megabytes(size)
        cells = (f"{seconds:.2f}, {megabytes:.0f}" for seconds, megabytes in measured[size].values())
        lines.say(f"| {size} | {' | '.join(cells)} |")
    ours, half, torch, torch_half = (measured[400][name][0] for name in evaluation.COMPUTED)
    figures["an evaluation in float32: ours ÷ PyTorch"] = f"{ours / torch:.2f}"
    figures["an evaluation in bfloat16: ours ÷ PyTorch in float32"] = f"{half / torch:.2f}"
    figures["an evaluation in bfloat16: ours ÷ PyTorch"] = f"{half / torch_half:.2f}"
    if 1024 in measured:
        ours, half, torch, _ = (measured[1024][name][1] for name in evaluation.COMPUTED)
        figures["peak memory at 1024 px, float32: ours ÷ PyTorch"] = f"{ours / torch:.2f}"
        figures["peak memory at 1024 px, bfloat16: ours ÷ PyTorch in float32"] = f"{half / torch:.2f}"
    for precision in ("float32", "bfloat16"):
        shares = profile.shares(precision)
        reached, peak = profile.gigaflops(precision)
        lines.say(
            f"\n{precision}: {reached:.0f} of {peak:.0f} GFLOP/s, "
            "the convolutions' over the whole evaluation; shares:"
        )
        lines.say(", ".join(f"{kind} {100 * share:.0f} %" for kind, share in shares.items()))
        if "convolutions" in shares:  # else something else than oneDNN computes them, such as a GPU
            figures[f"share of an evaluation in convolutions, {precision}"] = (
                f"{100 * shares['convolutions']:.0f} %"
            )
    imported, first = evaluation.seconds_to_the_first_evaluation()
    figures["seconds to the first evaluation, less TensorFlow's import"] = f"{first - imported:.1f}"
    programs = evaluation.programs()
    (step, memory), (our_step, our_memory) = programs["pastiche"], programs["nst_tf"]
    figures["a step of the program pastiche ÷ one of ours"] = f"{step / our_step:.1f}"
    figures["peak memory of the program: ours ÷ pastiche"] = f"{our_memory / memory:.2f}"


def _races(
    processes: dict[str, race.Process], quick: bool, out: Path, lines: Lines, figures: dict[str, str]
) -> None:
    for process in processes.values():
        process.call("be_ready")
        for precision in ("float32", "bfloat16"):  # the first case shall not be slower than the others
            process.call("open_objective", SIZE, precision)
            process.call("evaluate", SIZE)
    laps = {}
    for case, names in list(race.cases().items())[: 1 if quick else None]:
        lines.say(f"\n    {case}")
        laps[case], pictures = race.run(processes, case, names, lines.say)
        (out / "laps.json").write_text(json.dumps([[*case, of_case] for case, of_case in laps.items()]))
        if (case.content, case.seed) == SHOWN:
            drawing.race(case, laps[case], out / f"race_{case.objective}.png")
            if pictures:
                drawing.equal_time(laps[case], pictures, out / f"equal_time_{case.objective}.png")
        figures |= {words: ratio for of, words in TO_THE_GOAL.items() if (ratio := _ratio(laps, *of))}


def _ratio(laps: dict, objective: str, rival: str) -> str:
    """The rival's seconds over ours: the median, the range, and who did not get there."""
    pairs = [
        (of[rival].seconds, of[race.DEFAULT].seconds)
        for case, of in laps.items()
        if case.objective == objective
    ]
    ratios = [theirs / ours for theirs, ours in pairs if theirs and ours]
    if not ratios:
        return ""
    missed = (
        f"{name} missed {count}"
        for name, count in zip(("rival", "ours"), map(_missing, zip(*pairs, strict=True)), strict=True)
        if count
    )
    runs = ", ".join([f"{len(pairs)} run{'s' * (len(pairs) > 1)}", *missed])
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}; {runs})"


def _missing(seconds: tuple[float | None, ...]) -> int:
    return sum(value is None for value in seconds)


if __name__ == "__main__":
    main()
