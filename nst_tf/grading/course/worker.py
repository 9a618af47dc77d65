"""``python -m nst_tf.grading.course.worker``: runs untrusted code,
in forks of a process that has TensorFlow ready.

It reads requests from its standard input, a line each, and writes the reply to each to its standard output.
The process that gets the requests never runs any of a submission itself; a fork does, under limits, and
ends.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np
import psutil
import tensorflow as tf

from nst_tf.grading import trial
from nst_tf.grading.course import protocol
from nst_tf.grading.course.own_solution import looks_reported

_RESPONSE = 3_000_000  # bytes
_PR_SET_CHILD_SUBREAPER = 36  # Linux, sys/prctl.h


def main() -> None:
    """Work until the input ends."""
    _adopt_orphans()
    for line in sys.stdin.buffer:
        request = protocol.unpacked(line)
        lines, is_late, exit_code = _forked(request.task, request.limits)
        sys.stdout.buffer.write(protocol.packed(protocol.Reply(request.number, lines, is_late, exit_code)))
        sys.stdout.buffer.flush()


def _adopt_orphans() -> None:
    """On Linux, adopt descendants whose parents have ended, so that they are found and ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _forked(
    task: protocol.CellTask | protocol.GraphTask, limits: protocol.Limits
) -> tuple[list[str], bool, int]:
    """Do a task in a fork of this process: the lines that it sent, whether it was late, and its exit code."""
    reading, writing = os.pipe()
    folder = tempfile.mkdtemp(prefix="nst_tf-")
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(task, limits, writing, folder)  # does not return
    os.close(writing)
    lines, is_late = _read(reading, time.monotonic() + limits.seconds)
    os.close(reading)
    status = _end(child)
    subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL, check=False)  # however deep
    return lines, is_late, os.waitstatus_to_exitcode(status)


def _read(reading: int, deadline: float) -> tuple[list[str], bool]:
    """What the fork sends until it ends or its time is up, as lines."""
    received = b""
    while len(received) < _RESPONSE:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return [], True
        part = os.read(reading, 1 << 20)
        if not part:
            break
        received += part
        if received.endswith(protocol.DONE):  # a process that it started may keep the pipe open
            break
    return received.decode("utf8", "replace").splitlines(), False


def _end(child: int) -> int:
    """End the fork and all that it started, and give its exit status."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while started := psutil.Process().children(recursive=True):
        for process in started:
            with contextlib.suppress(psutil.Error):
                process.kill()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    return status


def _work(
    task: protocol.CellTask | protocol.GraphTask, limits: protocol.Limits, writing: int, folder: str
) -> None:
    """In the fork: limits, then the task, then the end."""

    def send(event: protocol.Event) -> None:
        _write(writing, protocol.packed(event))

    try:
        os.setsid()
        os.chdir(folder)
        silent, output = os.open(os.devnull, os.O_RDONLY), os.open("output", os.O_WRONLY | os.O_CREAT)
        for place, descriptor in enumerate((silent, output, output)):
            os.dup2(descriptor, place)
        os.environ.update(HOME=folder, TMPDIR=folder)
        _limit(limits)
        if isinstance(task, protocol.CellTask):
            _run_cell(task, send)
        else:
            send(protocol.Ran(task.trial.run(task.graph)))
        send(protocol.Done())
    except BaseException as error:
        with contextlib.suppress(BaseException):
            send(protocol.Failed(trial.error_line(error)))
    finally:
        os._exit(0)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _limit(limits: protocol.Limits) -> None:
    """Bound the processor time, the memory beyond what TensorFlow has taken already,
    and the size of files.
    """
    trial.PRINTED = limits.output_kilobytes * 1000
    taken = psutil.Process().memory_info().vms
    for kind, limit in (
        (resource.RLIMIT_CPU, int(4 * limits.seconds) + 1),  # of several threads
        (resource.RLIMIT_AS, taken + limits.megabytes * 1_000_000),
        (resource.RLIMIT_FSIZE, limits.output_kilobytes * 1000),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # a limit that this system doesn't know
            resource.setrlimit(kind, (limit, limit))


def _run_cell(task: protocol.CellTask, send: Callable[[protocol.Event], None]) -> None:
    """Make the notebook's names, run the solution's cell, and try the function that it defines."""
    names: dict[str, Any] = {"__name__": "__main__", "get_ipython": _no_ipython, "display": lambda *_: None}
    for place, cell in enumerate(task.given):
        exec(_from_a_file(cell, f"given_{place}.py"), names)
    names.pop(task.name, None)
    sys.addaudithook(looks_reported(lambda what: send(protocol.Uses(what))))
    try:
        exec(_from_a_file(task.cell, "solution.py"), names)
    except Exception as error:
        text = trial.error_line(error)
        is_given_up = isinstance(error, MemoryError) or "File too large" in text
        if not callable(names.get(task.name)) or is_given_up:
            raise
        # The function is defined: what follows it needs a name from another cell.
        send(protocol.StoppedAfter(text))
    target = names.get(task.name)
    send(protocol.Defined(callable(target)))
    if callable(target):
        send(protocol.Tried(task.trial.written(target, {}), task.trial.traced(target, {})))


def _from_a_file(cell: str, name: str) -> CodeType:
    """A cell's code, in a file, where tf.function looks for it."""
    path = Path(name).absolute()
    path.write_text(cell, encoding="utf8")
    return compile(cell, path, "exec")


def _no_ipython() -> SimpleNamespace:
    """Magic commands do nothing here."""
    return SimpleNamespace(
        run_line_magic=lambda *_: None,
        run_cell_magic=lambda *_: None,
        system=lambda *_: None,
        getoutput=lambda *_: [],
    )


def _warm_up() -> None:
    """Load what every task needs, without starting TensorFlow's threads, which a fork would not have."""
    from tensorflow.python.framework import convert_to_constants, op_def_registry  # noqa: F401

    tf.autograph.to_code(_adopt_orphans)  # its own imports take a quarter of a second

    import nst_tf.images  # noqa: F401 - the notebooks' clip_0_1


if __name__ == "__main__":
    np.seterr(all="ignore")
    tf.config.set_visible_devices([], "GPU")
    _warm_up()
    main()
