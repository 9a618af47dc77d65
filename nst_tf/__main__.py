"""``python -m nst_tf``: see ``cli.py``."""

import sys

from nst_tf.cli import main

sys.exit(main())
