"""Where the time of an evaluation goes, by oneDNN's own account:
``python -m benchmarks.profile [PRECISION]``.

The operations run one after the other here, so that their shares add up.
"""

import collections
import os
import subprocess
import sys
import time

SIZE = 400
ROUNDS = 5
KINDS = {
    "convolution": "convolutions",
    "matmul": "Gram matrices",
    "gemm_api": "Gram matrices",
    "reorder": "changes of layout",
    "pooling": "pooling",
}
BEGIN, END = "evaluations begin", "evaluations end"


def shares(precision: str) -> dict[str, float]:
    """Of an evaluation, for each kind of operation; what oneDNN does not see is "others"."""
    command = [sys.executable, "-m", "benchmarks.profile", "--here", precision]
    verbose = {**os.environ, "ONEDNN_VERBOSE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    printed = subprocess.run(command, env=verbose, capture_output=True, text=True, check=True).stdout
    inside, _, after = printed.partition(BEGIN)[2].partition(END)
    milliseconds = collections.Counter()
    for line in inside.splitlines():
        fields = line.split(",")
        if line.startswith("onednn_verbose") and "exec" in fields:
            milliseconds[KINDS.get(fields[fields.index("exec") + 2], "others")] += float(fields[-1])
    total = 1000 * float(after.split()[0])
    milliseconds["others"] += total - sum(milliseconds.values())
    return {kind: spent / total for kind, spent in milliseconds.most_common()}


def gigaflops(precision: str) -> tuple[float, float]:
    """The convolutions' operations over the time of a whole evaluation, and the machine's peak,
    in 10⁹ a second.

    The peak is the better of a product of large matrices and a large convolution.
    """
    command = [sys.executable, "-m", "benchmarks.profile", "--peak", precision]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    printed = subprocess.run(command, env=quiet, capture_output=True, text=True, check=True).stdout
    return tuple(map(float, printed.split()[-2:]))


def _print_evaluations(precision: str) -> None:
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    from benchmarks import in_tensorflow

    in_tensorflow.open_objective(SIZE, precision)
    in_tensorflow.evaluate(SIZE)
    print(BEGIN, flush=True)
    seconds = sum(in_tensorflow.evaluate(SIZE) for _ in range(ROUNDS))
    print(END, seconds, flush=True)


def _print_speeds(precision: str) -> None:
    import tensorflow as tf

    from benchmarks import in_tensorflow
    from nst_tf.layers import CONV_LAYERS, block_of

    sides = {name: SIZE // 2 ** (block_of(name) - 1) for name in CONV_LAYERS}
    forward = sum(2 * 9 * n_in * n_out * sides[name] ** 2 for name, (n_in, n_out) in CONV_LAYERS.items())
    in_tensorflow.open_objective(SIZE, precision)
    matrix = tf.cast(tf.random.normal((4096, 4096)), precision)
    image, kernel = tf.ones((1, 200, 200, 256), precision), tf.ones((3, 3, 256, 256), precision)
    work = {  # operations, and what computes them
        2 * 4096**3: tf.function(lambda: tf.reduce_max(tf.matmul(matrix, matrix))),
        2 * 9 * 256**2 * 200**2: tf.function(lambda: tf.nn.conv2d(image, kernel, 1, "SAME")[0, 0, 0, 0]),
        2 * forward: lambda: tf.constant(in_tensorflow.evaluate(SIZE)),
    }
    speeds = dict.fromkeys(work, 0.0)
    for _ in range(ROUNDS + 1):
        for operations, compute in work.items():
            started = time.perf_counter()
            compute().numpy()
            speeds[operations] = max(speeds[operations], operations / (time.perf_counter() - started) / 1e9)
    print(speeds.pop(2 * forward), max(speeds.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        _print_evaluations(sys.argv[2])
    elif sys.argv[1:2] == ["--peak"]:
        _print_speeds(sys.argv[2])
    else:
        for precision in sys.argv[1:] or ("float32", "bfloat16"):
            print(precision)
            for kind, share in shares(precision).items():
                print(f"  {kind:20s} {100 * share:5.1f} %")
            reached, peak = gigaflops(precision)
            print(f"  {reached:.0f} of {peak:.0f} GFLOP/s")
