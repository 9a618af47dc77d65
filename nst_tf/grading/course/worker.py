"""``python -m nst_tf.grading.course.worker``: runs what is not trusted, each time in a fork of a process that has TensorFlow ready.

It reads tasks from its standard input, a line each, and writes the result of each to its standard output. The process
that gets the tasks never runs anything of a submission itself; the fork does, with limits, and ends.
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
from types import SimpleNamespace

import numpy as np
import psutil
import tensorflow as tf

from nst_tf.grading import graphs
from nst_tf.grading.course import protocol
from nst_tf.grading import step_trial
from nst_tf.grading import trial

_RESPONSE = 3_000_000  # bytes
_WITH_SOLUTIONS = (
    "nst_tf.costs",
    "nst_tf.transfer",
    "nst_tf.grading.references",
    "nst_tf.grading.exercises.common",
    "nst_tf.grading.exercises.train_step",
)
_FILES_WITH_SOLUTIONS = (*(name.replace(".", os.sep) + ".py" for name in _WITH_SOLUTIONS), ".ipynb")
_PR_SET_CHILD_SUBREAPER = 36  # Linux, sys/prctl.h


def main() -> None:
    """Work until the input ends."""
    _adopt_orphans()
    for line in sys.stdin.buffer:
        task = wire.unpacked(line)
        number = task.pop("number")  # which the fork is not told, so that it can't answer in our place
        sys.stdout.buffer.write(wire.packed({"number": number, **_forked(task)}))
        sys.stdout.buffer.flush()


def _adopt_orphans() -> None:
    """On Linux, processes whose parents end become this one's, so that they are found and ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _forked(task: dict) -> dict:
    """Do a task in a fork of this process; what it sent, or what became of it."""
    reading, writing = os.pipe()
    folder = tempfile.mkdtemp(prefix="nst_tf-")
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(task, writing, folder)  # does not return
    os.close(writing)
    lines, is_late = _read(reading, time.monotonic() + task["limits"]["seconds"])
    os.close(reading)
    status = _end(child)
    subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL, check=False)  # however deep
    return {"lines": lines, "is_late": is_late, "exit": os.waitstatus_to_exitcode(status)}


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
        if received.endswith(b'"done"\n'):  # a process that it started may keep the pipe open
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


def _work(task: dict, writing: int, folder: str) -> None:
    """In the fork: limits, then the task, then the end."""
    try:
        os.setsid()
        os.chdir(folder)
        silent, output = os.open(os.devnull, os.O_RDONLY), os.open("output", os.O_WRONLY | os.O_CREAT)
        for place, descriptor in enumerate((silent, output, output)):
            os.dup2(descriptor, place)
        os.environ.update(HOME=folder, TMPDIR=folder)
        _limit(**task["limits"])

        def send(value: object) -> None:
            _write(writing, wire.packed(value))

        {"python": _run_python, "graph": _run_graph, "step": _run_step}[task["kind"]](task, send)
        send("done")
    except BaseException as error:
        with contextlib.suppress(BaseException):
            _write(writing, wire.packed({"stopped": observing.in_one_line(error)}))
    finally:
        os._exit(0)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _limit(seconds: float, megabytes: int, output_kilobytes: int) -> None:
    """Bound the processor time, the memory beyond what TensorFlow has taken already, and the size of files."""
    observing.PRINTED = output_kilobytes * 1000
    taken = psutil.Process().memory_info().vms
    for kind, limit in (
        (resource.RLIMIT_CPU, int(4 * seconds) + 1),  # of several threads
        (resource.RLIMIT_AS, taken + megabytes * 1_000_000),
        (resource.RLIMIT_FSIZE, output_kilobytes * 1000),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # a limit that this system doesn't know
            resource.setrlimit(kind, (limit, limit))


def _run_graph(task: dict, send: Callable) -> None:
    traced = observing.Traced(**task["traced"])
    send({"run": graphs.run_graph(traced, task["arguments"], tuple(task["differentiated"]))})


def _run_step(task: dict, send: Callable) -> None:
    send({"steps": training.traced_steps(training.TracedStep(**task["traced"]), _training_task(task))})


def _training_task(task: dict) -> training.Task:
    scenes = [training.Scene(**scene) for scene in task["training"]["scenes"]]
    return training.Task(**{**task["training"], "scenes": scenes})


def _run_python(task: dict, send: Callable) -> None:
    """Make the notebook's names, run the solution's cell, and try the function that it defines."""
    names = {"__name__": "__main__", "get_ipython": _no_ipython, "display": lambda *_: None}
    for place, cell in enumerate(task["given"]):
        exec(_compiled(cell, f"given_{place}.py"), names)
    names.pop(task["name"], None)
    sys.addaudithook(_reporter(send))
    try:
        exec(_compiled(task["cell"], "solution.py"), names)
    except Exception as error:
        text = observing.in_one_line(error)
        if (
            not callable(names.get(task["name"]))
            or isinstance(error, MemoryError)
            or "File too large" in text
        ):
            raise
        send({"stopped_after": text})  # the function is there: what follows it needs a name of another cell
    target = names.get(task["name"])
    send({"is_defined": callable(target)})
    if not callable(target):
        return
    if task["name"] == "train_step":
        training_task = _training_task(task)
        send({"written": training.written_steps(target, training_task, {})})
        send({"traced": training.trace_step(target, training_task, {})})
        return
    for arguments in task["inputs"]:
        send({"observation": observing.observe(target, arguments)})
    send({"traced": observing.trace(target, task["inputs"][0])})


def _compiled(cell: str, name: str) -> object:
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


def _reporter(send: Callable) -> Callable:
    """An audit hook, which can't be taken off again: tells of each look at the package's own solutions."""

    def report(event: str, arguments: tuple) -> None:
        if event == "import" and arguments[0] in _WITH_SOLUTIONS:
            send({"uses": arguments[0]})
        elif event == "open" and os.path.realpath(str(arguments[0])).endswith(_FILES_WITH_SOLUTIONS):
            send({"uses": "a file"})

    return report


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
