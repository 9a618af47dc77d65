"""``python -m nst_tf.grading``: see ``course/grade.py``."""

import sys


def run() -> int:
    """The command line, or one sentence that says what is missing for it."""
    if sys.platform == "win32":
        print("Grading forks processes, which Windows can't: use Linux, such as WSL.", file=sys.stderr)
        return 1
    try:
        from nst_tf.grading.course.grade import main
    except ModuleNotFoundError as problem:
        print(
            f'Grading needs {problem.name}: python -m pip install -e ".[teach]" installs it.', file=sys.stderr
        )
        return 1
    return main()


if __name__ == "__main__":
    sys.exit(run())
