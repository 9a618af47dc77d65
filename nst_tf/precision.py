"""float32 or bfloat16 for the convolutions: whichever this machine computes faster.

bfloat16 has float32's range and 8 bits of precision. Processors with AVX512-BF16 or AMX, and most GPUs,
multiply it about twice as fast; others have to emulate it, and are slower with it.
"""

import functools
import threading
import time
from collections.abc import Callable

import tensorflow as tf

CLEARLY_FASTER = 1.3  # how many times as fast bfloat16 has to be
_CONVOLUTION = (1, 64, 64, 128)  # like VGG-19's in block 2, of a small picture
_IN_A_ROW = 4  # convolutions that are timed together
_ROUNDS = 3


_choosing = threading.Lock()  # two first runs at once would disturb each other's timing


def chosen_precision(precision: str, say: Callable[[str], object]) -> str:
    """The precision to compute in; for ``"auto"``, ``say`` is given the reason, once per process."""
    if precision != "auto":
        return precision
    with _choosing:
        precision, reason = fastest_precision()
        _say_once(say, reason)
    return precision


@functools.cache
def _say_once(say: Callable[[str], object], line: str) -> None:
    say(line)


def forget_choice() -> None:
    """Have the next run measure, and say, which precision is the fastest."""
    fastest_precision.cache_clear()
    _say_once.cache_clear()


@functools.cache  # decided once a process
def fastest_precision() -> tuple[str, str]:
    """The precision to compute in, and a line that says why."""
    gain = _speed_of_bfloat16()
    if gain > CLEARLY_FASTER:
        return (
            "bfloat16",
            f"Precision: bfloat16, in which this machine convolves {gain:.1f} times as fast as in float32",
        )
    return "float32", "Precision: float32, as bfloat16 is not clearly faster on this machine"


def _speed_of_bfloat16() -> float:
    """How many times as fast bfloat16 convolves as float32, timed in turn; 0 where bfloat16 fails."""
    try:
        convolve = {dtype: _convolution(dtype) for dtype in (tf.float32, tf.bfloat16)}
        seconds = {
            dtype: seconds_of(run) for dtype, run in convolve.items()
        }  # a first call takes longer than others
        for _ in range(_ROUNDS):
            for dtype, run in convolve.items():
                seconds[dtype] = min(seconds[dtype], seconds_of(run))
            if seconds[tf.bfloat16] > 5 * seconds[tf.float32]:
                break  # it is only imitated: no need to wait any longer
    except (tf.errors.OpError, TypeError):
        return 0
    return seconds[tf.float32] / seconds[tf.bfloat16]


def _convolution(dtype: tf.DType) -> Callable[[], object]:
    *_, n_C = _CONVOLUTION
    image, kernel = tf.ones(_CONVOLUTION, dtype), tf.zeros((3, 3, n_C, n_C), dtype)

    def run() -> object:
        a = image
        for _ in range(_IN_A_ROW):
            a = tf.nn.conv2d(a, kernel, strides=1, padding="SAME")
        return a[0, 0, 0, 0].numpy()

    return run


def seconds_of(run: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
