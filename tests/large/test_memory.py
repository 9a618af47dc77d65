"""The peak of the whole program's memory, in a process of its own."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, SUMMERTIME, opened

from nst_tf.large.budget import Need

# `ru_maxrss` of a child starts from its parent's memory, and the process that runs the tests has a lot of it.
PEAK = r"""
import re, sys
from nst_tf.cli.main import main
code = main(sys.argv[1:])
print("peak in kB:", re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
sys.exit(code)
"""
LAYERS = ["block1_conv1", "block2_conv1"]
POSTER = [
    *("--size", "4096", "--steps", "1", "--no-coarse-to-fine", "--precision", "float32", "--memory", "2G"),
    *("--content-layer", LAYERS[1], "--style-layers", ",".join(f"{layer}=1" for layer in LAYERS)),
]


@pytest.mark.slow
def test_a_poster_stays_within_the_memory_that_it_may_take(tmp_path):
    """At once it would need 20 GB. With these layers it is done in a minute or two."""
    opened(ROOT / "images/content/cat.jpg").crop((0, 256, 1024, 512)).save(tmp_path / "cat.png")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, "cat.png", str(SUMMERTIME), "-o", "out.png", *POSTER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "4096×1024 pixels are painted in " in done.stdout + done.stderr
    assert opened(tmp_path / "out.png").size == (4096, 1024)
    assert (
        int(done.stdout.partition("peak in kB: ")[2]) * 1024
        < 2e9
        < Need(4096 * 1024, [0], 0, LAYERS).at_once / 9
    )
