"""``python -m nst_tf`` and ``nst-tf``: see ``cli/main.py``."""

import signal
import sys


def run() -> int:
    """The command line, where SIGTERM does what Ctrl-C does, also while it is being imported."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from nst_tf.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
