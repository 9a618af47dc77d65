"""How long it takes to grade one function of one submission, beside the time that TensorFlow takes to load.

    python -m benchmarks.grading

Both are measured in turn; the figure to quote is the ratio.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat

from nst_tf.grading.course.assignment import TeachersNotebook, grade_id
from nst_tf.grading.course.sandbox import Limits, Sandbox

SOURCE = Path(__file__).parent.parent / "notebooks/course/source/style_transfer/style_transfer.ipynb"
ROUNDS = 5


def seconds(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def load_tensorflow():
    subprocess.run([sys.executable, "-c", "import tensorflow as tf"], check=True)


if __name__ == "__main__":
    source = TeachersNotebook(SOURCE)
    cells = {grade_id(cell): cell.source for cell in nbformat.read(SOURCE, as_version=4).cells}
    loading, right, wrong = (
        [],
        {name: [] for name in source.exercises},
        {name: [] for name in source.exercises},
    )
    with Sandbox(Limits()) as sandbox:
        sandbox.judge("total_cost", cells["total_cost"], source.given_for("total_cost"), source.weights())
        for number in range(ROUNDS):
            loading.append(seconds(load_tensorflow))
            for name in source.exercises:
                given = source.given_for(name), source.weights()
                solution = f"{cells[name]}\n# {number}"  # another cell, another input
                half = (
                    f"{solution}\n\n"
                    f"solution = {name}\n\n\n"
                    f"def {name}(*arguments):\n"
                    "    return 0.7 * solution(*arguments)\n"
                )
                right[name].append(seconds(lambda: sandbox.judge(name, solution, *given)))  # noqa: B023 - called at once
                wrong[name].append(seconds(lambda: sandbox.judge(name, half, *given)))  # noqa: B023
    load = statistics.median(loading)
    print(f"TensorFlow loads in {load:.1f} s. Of that time, it takes to grade")
    for name in source.exercises:
        shares = [statistics.median(times[name]) / load for times in (right, wrong)]
        print(
            f"  {name}: {shares[0]:.2f} if it is right, {shares[1]:.2f} if it isn't in the catalogue either"
        )
