"""Compares the pictures that all contenders paint in the same time: ``python -m benchmarks.quality``.

It takes about an hour and three quarters on two cores, with nothing else running. Needs ``pip install -r
benchmarks/requirements.txt``. See benchmarks/README.md.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from PIL import Image

from benchmarks.machine import machine
from benchmarks.quality import results, sheets, tables
from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.pairs import PAIRS, Pair
from benchmarks.quality.results import Row
from benchmarks.race import Process
from nst_tf.images import save_image

LEGEND = """Medians over the pairs. *e* is the content error of nst_tf's default, pair by pair. Style is 1 for
the photograph and 0 for the painting; grain is relative to the painting's; edges are correlated with the
photograph's."""
FULL = {"size": 512, "seconds": 13.0}
QUICK = {"size": 200, "seconds": 2.0}


def main() -> None:
    options = _options()
    (options.out / "pictures").mkdir(parents=True, exist_ok=True)
    plan = results.planned(options.pairs, options.only, options.size, options.seconds)
    try:
        _paint(plan, options.out)
    except KeyboardInterrupt:
        print("\nInterrupted: the tables show what is done so far. Run the same command again to carry on.")
    done = {row.key: row for row in results.load(options.out / "results.json")}
    rows = [done[row.key] for row in plan if row.key in done]
    if rows:
        _report(rows, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__.split("\n", 1)[0]
    )
    add, names = parser.add_argument, list(CONTENDERS)
    add(
        "--pairs",
        nargs="+",
        metavar="WORD",
        help="only pairs with one of these words in their name, such as koala",
    )
    add("--only", nargs="+", choices=names, default=names, help="these contenders")
    add("--size", type=int, help=f"longer side, in pixels ({FULL['size']})")
    add("--seconds", type=float, help=f"for the iterations of each picture ({FULL['seconds']:g})")
    add("--quick", action="store_true", help="two small pairs, just to check that it works")
    add("-o", "--out", type=Path, default=Path("outputs/quality"), help="folder (%(default)s)")
    options = parser.parse_args()
    words = options.pairs or [""]
    options.pairs = [pair for pair in PAIRS if any(word in str(pair) for word in words)]
    if not options.pairs:
        parser.error(f"no pair has that in its name; the pairs are {', '.join(map(str, PAIRS))}")
    if options.quick:
        options.pairs = options.pairs[:2]
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _paint(plan: list[Row], out: Path) -> None:
    """Whatever is not there yet, each library in a process of its own, one after the other."""
    rows = results.load(out / "results.json")
    known = {row.key for row in rows}
    missing = [row for row in plan if row.key not in known]
    if not missing:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    processes = _opened({CONTENDERS[row.name].library for row in missing})
    for number, row in enumerate(missing, 1):
        contender = CONTENDERS[row.name]
        painted = processes[contender.library].call(contender.function, row.task)
        marks = processes["referee"].call("marks", row.pair, row.size, painted.image)
        row = replace(row, seconds=painted.seconds, evaluations=painted.evaluations, marks=marks)
        save_image(Image.fromarray(painted.image), out / "pictures" / row.file)
        results.save([*rows, row], out / "results.json")
        rows.append(row)
        knob = f"{contender.knob} {row.weight:g}"
        print(f"{number}/{len(missing)}  {row.pair}, {contender.title}, {knob}", flush=True)
    for process in processes.values():
        process.close()


def _opened(libraries: set[str]) -> dict[str, Process]:
    processes = {library: Process(f"quality.{library}") for library in [*libraries, "referee"]}
    for process in processes.values():
        try:
            process.call("be_ready")
        except ImportError as problem:
            raise SystemExit(
                f"{problem}: pip install -r benchmarks/requirements.txt, or choose others with --only."
            ) from None
    return processes


def _report(rows: list[Row], options: argparse.Namespace) -> None:
    """The tables, printed and in a file, and two sheets for each pair."""
    pairs: list[Pair] = list(dict.fromkeys(row.pair for row in rows))
    size, seconds, n = options.size, options.seconds, len(pairs)
    head = f"{machine()}\n\n{size} px, {seconds:g} seconds each, {n} pair{'s' * (n > 1)}\n\n{LEGEND}"
    report = "\n\n".join([head, tables.overview(rows), tables.aims(rows)])
    print(f"\n{report}")
    details = "\n\n".join(tables.of_pair(rows, pair) for pair in pairs)
    (options.out / "table.md").write_text(f"{report}\n\n{details}\n")
    for pair in pairs:
        own = [row for row in rows if row.pair == pair]
        name = f"{pair.content.split('/')[-1]}_{pair.style}"
        for sheet in (sheets.all_weights, sheets.at_equal_error):
            path = options.out / f"{name}_{sheet.__name__}.jpg"
            sheets.save(sheet(pair, own, options.out / "pictures", size), path)
    print(f"\nWritten to {options.out}: table.md, results.json, two sheets for each pair, and all pictures.")


if __name__ == "__main__":
    main()
