"""Peak resident memory of a run, by size: ``python -m benchmarks.memory``.

Square pictures and the course's layers, the costliest case of a size. Each size runs in a process of its own.
The figures behind ``nst_tf.large.budget`` come from here.
"""

import resource
import subprocess
import sys

import numpy as np

SIZES = (256, 512, 768, 1024)


def peak_bytes_of_a_run(size: int) -> int:
    from nst_tf import stylize

    square = np.random.default_rng(0).random((size, size, 3))
    costliest = {
        "content_layer": "block5_conv4",
        "precision": "float32",
        "coarse_to_fine": False,
        "init": "noise",
    }
    stylize(square, square, size=size, steps=12, progress=False, **costliest)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(peak_bytes_of_a_run(int(sys.argv[1])))
        sys.exit()
    print("  size   peak, MB   bytes a pixel")
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.memory", str(size)]
        peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"{size:6d} {peak / 1e6:10.0f} {peak / size**2:15.0f}")
