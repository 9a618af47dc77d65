"""What a cluster gains: ``python -m benchmarks.cluster [gallery] [poster] [class] [--students N]``.

``gallery``: 24 pictures on two workers of one thread each, once with one of them killed mid-run, against
the same pictures one after the other, and the gallery begun again when it is complete. ``poster``: an
evaluation of J in tiles on two workers of one thread, against one process of two; what travels; and what
follows for 16,384 pixels on more machines. ``class``: a class judged by two workers, by default of 1,000.

All workers are processes of this machine. The exit code is 1 if a picture, a grade, or J (by more than 1e-5)
comes out different.
"""

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from benchmarks.cases import IMAGES
from benchmarks.machine import machine

ROOT = Path(__file__).parent.parent
PHOTOS = sorted((IMAGES / "content").glob("*.jpg"))[:6]
PAINTINGS = sorted((IMAGES / "style").glob("*.jpg"))[:4]
GALLERY = {"size": 192, "steps": 30, "precision": "float32"}
POSTER, TILE = 1024, 256
LARGE = 16_384  # pixels a side
MACHINES, GIGABITS = (1, 4, 16, 64), (1, 10)
WORDS = [word for name, value in GALLERY.items() for word in (f"--{name}", str(value))]


def seconds(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def in_python(code: str, threads: int) -> None:
    """Run it in a process with so many threads of TensorFlow."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)


# --------------------------------------------------------------------------------------------- a gallery


def one_after_the_other(folder: Path, threads: int) -> None:
    """The pictures of the gallery, in one process, under the same names."""
    folder.mkdir()
    in_python(f"from benchmarks import cluster; cluster.paint_all({str(folder)!r})", threads)


def paint_all(folder: str) -> None:
    from nst_tf import stylize
    from nst_tf.images import save_image

    for photo, painting in itertools.product(PHOTOS, PAINTINGS):
        result = stylize(photo, painting, **GALLERY, progress=False)
        save_image(result.image, Path(folder) / f"{photo.stem}_{painting.stem}.png")


def gallery(folder: Path, kill: bool = False) -> None:
    """The gallery, by its command; if asked to, one of its workers is killed once a third is painted."""
    command = [sys.executable, "-m", "nst_tf", "gallery", *PHOTOS, "--styles", *PAINTINGS, "-o", folder]
    painting = subprocess.Popen([*map(str, command), *WORDS, "--quiet"], cwd=ROOT)
    while kill and painting.poll() is None:
        time.sleep(0.2)
        if len(list(folder.glob("*.png"))) > len(PHOTOS) * len(PAINTINGS) // 3:
            workers = psutil.Process(painting.pid).children(recursive=True)
            busy = max(workers, key=lambda process: process.cpu_times().user)
            busy.kill()
            kill = False
    assert painting.wait() == 0
    assert not kill, "there was nothing left to kill: the gallery is too small"


def pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def measure_gallery(folder: Path) -> bool:
    spread = seconds(lambda: gallery(folder / "spread"))
    in_turn = seconds(lambda: one_after_the_other(folder / "in_turn", 2))
    again = seconds(lambda: gallery(folder / "spread"))
    gallery(folder / "killed", kill=True)
    one_after_the_other(folder / "one_thread", 1)
    expected, found = pictures(folder / "one_thread"), pictures(folder / "killed")
    equal = sum(found.get(name) == data for name, data in expected.items())
    all_equal = equal == len(expected) and pictures(folder / "spread") == expected
    print(f"{len(expected)} pictures of {GALLERY['size']} px, {GALLERY['steps']} steps:")
    print(
        f"  with one worker killed: {equal} of {len(expected)} the same, to the byte, as one after the other"
    )
    print(f"  on two workers ÷ one after the other with both cores: {spread / in_turn:.2f}")
    print(f"  begun again when complete: {again:.1f} s")
    return all_equal


# ---------------------------------------------------------------------------------------------- a poster


@contextlib.contextmanager
def workers(number: int, folder: Path) -> Iterator[str]:
    """The address of a scheduler with so many workers of one thread."""
    file, started = folder / "scheduler.json", []
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    here = ["--host", "127.0.0.1", "--no-dashboard"]

    def start(*words: object) -> None:
        command = [sys.executable, "-m", "dask", *map(str, words), *here]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))

    try:
        start("scheduler", "--port", 0, "--scheduler-file", file)
        for _ in range(number):
            start("worker", "--scheduler-file", file, "--nthreads", 1, "--memory-limit", 0)
        from distributed import Client

        while not (file.exists() and file.read_text().endswith("}")):
            assert started[0].poll() is None, "the scheduler didn't start"
            time.sleep(0.1)
        with Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(number, timeout=60)
            address = client.scheduler.address
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def evaluate(path: str, address: str | None) -> None:
    """Save J, the seconds of an evaluation, what travels in it and the gradient."""
    from nst_tf.inputs import load_inputs, need_of
    from nst_tf.large.spread_tiles import tile_workers
    from nst_tf.objective import Objective
    from nst_tf.settings import Settings
    from nst_tf.vgg import load_network

    settings = Settings(size=POSTER, tile=TILE, beta=0.05, gamma=1e5, precision="float32")
    inputs = load_inputs(IMAGES / "content/neuschwanstein.jpg", IMAGES / "style/great_wave.jpg", settings)
    vgg, origin = load_network("auto", precision="float32", say=lambda _: None)
    spread = []

    def measured(elsewhere=None):
        objective = Objective(vgg, inputs.C, inputs.regions, settings, TILE, elsewhere=elsewhere)
        G = np.random.default_rng(0).random(inputs.C.shape, np.float32)
        objective(G)
        before = spread[0].sent + spread[0].received if spread else 0
        times = [seconds(lambda: objective(G)) for _ in range(2)]
        travelled = (spread[0].sent + spread[0].received - before) / 2 if spread else 0
        J, _, gradient = objective(G)
        np.savez(path, J=J, gradient=gradient, seconds=min(times), travelled=travelled)

    if address is None:
        return measured()
    need = need_of(inputs.C, inputs.regions, settings)
    with tile_workers(address, settings, need, origin.checksum) as crew:

        def elsewhere(*of_picture):
            spread.append(crew(*of_picture))
            return spread[0]

        measured(elsewhere)


def measure_poster(folder: Path) -> bool:
    call = "from benchmarks import cluster; cluster.evaluate({!r}, {!r})"
    here, there = folder / "here.npz", folder / "there.npz"
    in_python(call.format(str(here), None), 2)
    with workers(2, folder) as address:
        in_python(call.format(str(there), address), 1)
    one, other = np.load(here), np.load(there)
    height, width = one["gradient"].shape[1:3]
    pixels, difference = height * width, abs(float(other["J"] / one["J"]) - 1)
    print(f"An evaluation at {width}×{height}, in tiles of {TILE}:")
    print(f"  on two workers of one thread ÷ one process of two: {other['seconds'] / one['seconds']:.2f}")
    of_gradient = np.linalg.norm(other["gradient"] - one["gradient"]) / np.linalg.norm(one["gradient"])
    print(f"  J differs by {difference:.1e}, the gradient by {of_gradient:.1e}")
    print(f"  {other['travelled'] / 1e6:.0f} MB travel, ", end="")
    print(f"{other['travelled'] / pixels:.0f} bytes a pixel")
    large = LARGE**2 / pixels
    of_one = float(one["seconds"]) * large
    print(f"What follows for {LARGE}×{LARGE} pixels, in minutes an evaluation, with such machines:")
    print(f"  {'machines':>10}" + "".join(f"{number:>8}" for number in MACHINES))
    for gigabits in GIGABITS:
        way = float(other["travelled"]) * large * 8 / gigabits / 1e9
        minutes = [(of_one / number + (way if number > 1 else 0)) / 60 for number in MACHINES]
        print(f"  {gigabits:>3} Gbit/s" + "".join(f"{each:>8.1f}" for each in minutes))
    return difference < 1e-5


# ----------------------------------------------------------------------------------------------- a class


def measure_class(folder: Path, students: int) -> bool:
    from benchmarks import grading

    course = folder / "course"
    earned = grading.a_class(course, students)
    command = [sys.executable, "-m", "nst_tf.grading", "grade", str(course), "--scheduler"]
    with workers(2, folder) as address:
        took = seconds(
            lambda: subprocess.run([*command, address], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        )
    found = grading.scores(course)
    wrong = [name for name, score in earned.items() if abs(float(found.get(name) or -1) - score) > 1e-6]
    loading = seconds(grading.load_tensorflow)
    print(f"A class of {students}, judged by two workers: {len(wrong)} grades are wrong.")
    print(f"  {students / took * 3600 / 2:.0f} submissions an hour and core; ", end="")
    print(f"loading TensorFlow takes {loading:.1f} s here")
    return not wrong and len(found) == students


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["gallery", "poster", "class"], default=[])
    parser.add_argument("--students", type=int, default=1000)
    options = parser.parse_args()
    measures = {
        "gallery": measure_gallery,
        "poster": measure_poster,
        "class": lambda folder: measure_class(folder, options.students),
    }
    print(machine())
    good = []
    for what in options.what or measures:
        with tempfile.TemporaryDirectory() as folder:
            good.append(measures[what](Path(folder)))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
