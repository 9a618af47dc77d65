"""``python -m nst_tf`` and ``nst-tf``: see ``cli/main.py``."""

import sys


def run() -> int:
    """The command line, also where Ctrl-C comes while it is being imported."""
    try:
        from nst_tf.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
