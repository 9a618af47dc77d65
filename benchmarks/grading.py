"""Grades a class of 200, 20 of them hostile and 20 odd, twice: do all but the hostile get exactly what
they earn, and everybody the same both times? And how long does it take, compared to loading TensorFlow?

    python -m benchmarks.grading [--students 200]

What they earn is what ``diagnose`` finds in this process, as in a notebook. The exit code is 1 if any
grade is wrong. The figure to quote is the ratio: both times are taken in this run.
"""

import argparse
import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("", "grading", "grading/course")]

import classes  # noqa: E402 - the tests'
from learners import RIGHT, WRONG, defined  # noqa: E402

from nst_tf.grading import diagnose  # noqa: E402

ODD_AND_HOSTILE = 0.1  # of the class, each


def seconds(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def load_tensorflow():
    subprocess.run([sys.executable, "-c", "import tensorflow as tf"], check=True)


@cache
def score(name, cell):
    """What a cell earns, as a share of its exercise's points."""
    with tempfile.TemporaryDirectory() as folder:
        return diagnose(name, defined(name, cell, Path(folder))).score


def honest(chance):
    """Solutions as learners write them, some of them wrong."""
    cells = {name: chance.choice(list(RIGHT[name].values())) for name in classes.POINTS}
    wrong = [each for each in WRONG if each[0] in classes.POINTS]
    for name, _, cell in chance.sample(wrong, chance.choice((0, 0, 1, 2, 3))):
        cells[name] = cell
    return cells


def a_class(folder, students):
    """Hand in a class; gives what each student earns, but for the hostile ones."""
    chance, earned = random.Random(0), {}
    count = int(ODD_AND_HOSTILE * students)
    classes.course(folder)
    for number in tqdm(range(students - 2 * count), "handed in"):
        cells = honest(chance)
        student = f"honest {number}"
        classes.hand_in(folder, student, classes.handed_in(cells))
        scores = {name: score(name, cell) for name, cell in cells.items()}
        earned[student] = sum(round(scores[name] * most, 2) for name, most in classes.POINTS.items())
    for number in range(count):
        name, cell, _, _ = list(classes.HOSTILE.values())[number % len(classes.HOSTILE)]
        classes.hand_in(folder, f"hostile {number}", classes.handed_in({name: cell}))
        student, change = list(classes.ODD.items())[number % len(classes.ODD)]
        notebook = classes.handed_in({})
        change(notebook)
        student = f"{student[:100]} {number}"
        classes.hand_in(folder, student, notebook)
        earned[" ".join(student.split("\n"))] = 100.0
    return earned


def graded(folder):
    """Grade a class; return each student's score."""
    command = [sys.executable, "-m", "nst_tf.grading", "grade", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return scores(folder)


def scores(folder):
    """Each graded student's."""
    with (folder / "grades.csv").open(newline="", encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    return {row["student_id"]: row["score"] for row in rows if row["status"] == "graded"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--students", type=int, default=200)
    students = parser.parse_args().students
    loading, grading, found = [], [], []
    for _ in range(2):
        loading.append(seconds(load_tensorflow))
        with tempfile.TemporaryDirectory() as folder:
            earned = a_class(Path(folder), students)
            grading.append(seconds(lambda: found.append(graded(Path(folder)))))
    wrong = [
        f"{student}: {found[0].get(student)}, where {score} is earned"
        for student, score in earned.items()
        if abs(float(found[0].get(student) or -1) - score) > 1e-6
    ]
    if len(found[0]) != students:
        wrong.append(f"{len(found[0])} students have a grade, of {students}")
    wrong += [
        f"{student}: {each}, then {found[1].get(student)}"
        for student, each in found[0].items()
        if each != found[1].get(student)
    ]
    print(*wrong, sep="\n")
    ratio = statistics.median(grading) / statistics.median(loading) / students * (os.cpu_count() or 1)
    print(
        f"{students} submissions, {students - len(earned)} of them hostile: {len(wrong)} grades are wrong. "
        f"A submission keeps a core busy {ratio:.1f} times as long as loading TensorFlow."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
