"""The grader's command line.

python -m nst_tf.grading assignment [COURSE]
python -m nst_tf.grading grade [COURSE] [--isolation none] [--export moodle]
                                              [--scheduler tcp://10.0.0.1:8786]
"""

import argparse
import os
import signal
import sys
import warnings
from pathlib import Path


def main() -> int:
    """Make the assignment or grade the class, and return the exit code: 0 good, 1 failed, else stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m nst_tf.grading",
        description="Makes an assignment, and grades a class, with nbgrader.",
    )
    parser.add_argument("command", choices=("assignment", "grade"))
    parser.add_argument(
        "course", nargs="?", type=Path, default=Path("notebooks/course"), help="the course folder"
    )
    parser.add_argument(
        "--isolation",
        choices=("bubblewrap", "none"),
        help="how submissions are kept from the rest of the machine (default: from the course's settings)",
    )
    parser.add_argument(
        "--export",
        choices=("moodle", "canvas", "gradescope"),
        help="write the grades in the columns of this platform, too",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster whose workers judge (default: here)",
    )
    options = parser.parse_args()
    if sys.platform != "linux":
        return _complain("Grading can isolate processes on Linux only: use Linux, or WSL.")
    try:
        from nst_tf.cluster import ClusterError
        from nst_tf.grading.course.grade import Course, CourseError
        from nst_tf.grading.course.isolation import IsolationError
        from nst_tf.grading.course.sandbox import Isolation
    except ModuleNotFoundError as problem:
        return _complain(f'Grading needs {problem.name}: python -m pip install -e ".[teach]" installs it.')
    warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's, about nbgrader
    bin_folder = Path(sys.executable).parent  # where nbgrader looks for alembic
    os.environ["PATH"] = f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        course = Course(options.course, options.isolation and Isolation(options.isolation))
        if options.command == "assignment":
            print(*course.make_assignments(), sep="\n")
        else:
            course.grade(options.export, options.scheduler)
    except (CourseError, ClusterError, IsolationError, OSError) as problem:
        return _complain(str(problem))
    except KeyboardInterrupt:
        print("Interrupted: run it again to continue with what is not graded yet.", file=sys.stderr)
        return 130
    return 0


def _complain(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
