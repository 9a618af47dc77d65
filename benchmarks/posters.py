"""What large pictures take: ``python -m benchmarks.posters [--sizes N …] [--tiles N …] [--precision P …]``.

A square picture is painted in each size, at once where that fits into the memory, and in tiles of each size;
every run is a process of its own. The table has the seconds of an evaluation, also per pixel relative to the
first run, the peak resident size of the whole program, and how far the gradient of the start image is from
the one that was computed at once. With ``--peers``, PyTorch and the program pastiche follow at each size.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.cases import IMAGES
from benchmarks.poster_peers import PEERS, measured
from nst_tf.images import load_image, resized
from nst_tf.large.budget import Need, bytes_allowed
from nst_tf.large.tiles import Tile, tiles_of
from nst_tf.settings import Settings

CONTENT, STYLE = IMAGES / "content/neuschwanstein.jpg", IMAGES / "style/great_wave.jpg"
LAYERS = [name for name, _ in Settings().layers]
COLUMNS = (
    *("size", "precision", "tiles", "seconds", "a pixel ÷ first", "its price", "peak, GB"),
    "gradient's difference",
)
STEPS = 3  # the first evaluation has the tracing in it, which doesn't count at the largest sizes
LARGE = 4096


class Run(NamedTuple):
    size: int
    tile: int | None
    precision: str


class Measured(NamedTuple):
    seconds: float  # of an evaluation
    peak: float  # resident, in bytes


def square(path: Path, size: int) -> np.ndarray:
    """The middle of a picture."""
    image = load_image(path)
    side = min(image.shape[1:3])
    top, left = ((length - side) // 2 for length in image.shape[1:3])
    return resized(image[:, top : top + side, left : left + side], size)


def measure_here(run: Run) -> Measured:
    """Paint for a few steps in this process."""
    from nst_tf import stylize

    ends: list[float] = []
    stylize(
        square(CONTENT, run.size),
        STYLE,
        callback=lambda _: ends.append(time.perf_counter()),
        **{"size": run.size, "tile": run.tile or run.size, "precision": run.precision},
        **{"steps": STEPS if run.size < LARGE else 1, "coarse_to_fine": False, "progress": False},
    )
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) * 1024
    return Measured(float(np.diff(ends).min()), peak)


def gradient_here(run: Run) -> np.ndarray:
    """∂J/∂G of noise."""
    from nst_tf import load_vgg19
    from nst_tf.control.styles import everywhere
    from nst_tf.objective import Objective

    C, S = square(CONTENT, run.size), load_image(STYLE, run.size, enlarge=False)
    vgg = load_vgg19(precision=run.precision, say=lambda _: None)
    objective = Objective(vgg, C, everywhere(S), Settings(beta=0.05, gamma=1e5, size=run.size), run.tile)
    return objective(np.random.default_rng(0).random(C.shape, np.float32)).gradient


def in_a_process(what: str, run: Run, path: Path) -> np.ndarray:
    """What ``measure_here`` or ``gradient_here`` gives there."""
    command = [sys.executable, "-m", "benchmarks.posters", "--child", what, str(path)]
    words = [str(run.size), str(run.tile or 0), run.precision]
    subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL)
    return np.load(path)


def child(what: str, path: str, size: str, tile: str, precision: str) -> None:
    run = Run(int(size), int(tile) or None, precision)
    result = gradient_here(run) if what == "gradient" else np.array(measure_here(run))
    np.save(path, result)


def difference(run: Run, folder: Path) -> float:
    """Of the two gradients, relative to the one computed at once."""
    at_once, in_tiles = (
        in_a_process("gradient", run._replace(tile=tile), folder / f"{tile}.npy") for tile in (None, run.tile)
    )
    return float(np.linalg.norm(in_tiles - at_once) / np.linalg.norm(at_once))


def price_of(tiles: list[Tile], size: int) -> float:
    """How many times as much is computed in tiles: the sums and the gradient, 3 passes for 2, with halos."""
    if len(tiles) == 1:
        return 1.0
    windows = ((rows.last - rows.first) * (columns.last - columns.first) for rows, columns in tiles)
    return 1.5 * sum(windows) / size**2


def row_of(run: Run, first: float | None, fits: bool, folder: Path) -> tuple[str, float]:
    """A line of the table, and the run's seconds per pixel."""
    tiles = tiles_of(np.empty((1, run.size, run.size, 0)), run.tile, LAYERS)
    seconds, peak = in_a_process("run", run, folder / "run.npy")
    per_pixel = seconds / run.size**2
    cells = [
        f"{run.size}",
        run.precision,
        "at once" if run.tile is None else f"{len(tiles)} of {run.tile}",
        f"{seconds:.1f}",
        f"{per_pixel / (first or per_pixel):.2f}",
        f"{price_of(tiles, run.size):.2f}",
        f"{peak / 1e9:.2f}",
        f"{difference(run, folder):.1e}" if run.tile and fits else "–",
    ]
    return f"| {' | '.join(cells)} |", per_pixel


def row_of_peer(peer: str, size: int) -> str:
    """A line of the table."""
    result = measured(peer, square(CONTENT, size), STYLE)
    cells = [f"{size}", "float32", peer, *["–"] * 5]
    if result:
        cells[3], cells[6] = f"{result.seconds:.1f}", f"{result.peak / 1e9:.2f}"
    return f"| {' | '.join(cells)} |"


def table(sizes: list[int], tiles: list[int], precisions: list[str], peers: list[str]) -> None:
    """Print it, line by line."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    first: dict[str, float | None] = dict.fromkeys(precisions)
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            fits = Need(size**2, [0], 0, LAYERS).at_once <= bytes_allowed()
            for precision in precisions:
                sides = [None] * fits + [tile for tile in tiles if tile < size]
                for tile in sides:
                    line, per_pixel = row_of(Run(size, tile, precision), first[precision], fits, Path(folder))
                    first[precision] = first[precision] or per_pixel
                    print(line, flush=True)
            for peer in peers:
                print(row_of_peer(peer, size), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[512, 1024, 2048, 4096])
    parser.add_argument("--tiles", nargs="+", type=int, default=[256, 512, 1024])
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=[])
    options = parser.parse_args()
    table(options.sizes, options.tiles, options.precision, options.peers)
