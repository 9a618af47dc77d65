"""``python -m nst_tf.grading.course.worker``: has TensorFlow ready, and forks a process for each task.

It never reads a task, or anything else that comes from a submission: it is told only to fork, and the fork
gets the descriptors for the rest. So a fork's memory holds nothing of another submission, and what the fork
does can't reach back.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import psutil
import tensorflow as tf

from nst_tf.grading import trial
from nst_tf.grading.course import isolation, protocol
from nst_tf.grading.errors import error_line

NOT_HERE = "during grading, nst_tf's own solutions are not there"
_WRITE_IT = f"{NOT_HERE}: write the formula yourself"
_PR_SET_CHILD_SUBREAPER = 36  # Linux, sys/prctl.h
_OPEN_FILES = 256
_NICENESS = 5  # so that what judges has its share of the cores


def main() -> None:
    """Fork a process for each request, until there are no more."""
    control = socket.socket(fileno=os.dup(0))
    control.send(json.dumps(_files_of_the_package()).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks here
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 4096, 6)
        if not request:
            return
        with contextlib.suppress(OSError):  # no fork, no status: the other side sees that
            if os.fork() == 0:
                control.close()
                _guard(json.loads(request), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _files_of_the_package() -> list[str]:
    """The files of this package that are loaded: all that a submission may see of it."""
    return [file for module in _modules_of_the_package() if (file := getattr(module, "__file__", None))]


def _modules_of_the_package() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.split(".")[0] == "nst_tf"]


# ------------------------------------------------------------------------------------- beside the task


def _guard(
    request: dict[str, Any], order: int, events: int, status: int, leash: int, *doors: int
) -> NoReturn:
    """Start the task in a room, wait for its end or for the end of the leash,
    and report its exit code.

    Args:
        request: the folder that it works in, and whether it joins a group of processes.
        order: the file with its order.
        events: where it sends what happens.
        status: where its exit code goes.
        leash: a pipe. When its other end is closed, the task has to end.
        doors: the room's, if there is one, and the file by which it joins its group, if there is one.
    """
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        is_in_room = request["has_room"]
        group = doors[is_in_room:]
        if is_in_room:
            isolation.enter(doors[0])
        else:
            _adopt_orphans()
        child = os.fork()
        if child == 0:
            _work(request["folder"], order, events, status, group, is_in_room)
        for descriptor in (order, events):
            os.close(descriptor)
        select.select([os.pidfd_open(child), leash], [], [])
        os.write(status, b"%d" % os.waitstatus_to_exitcode(_end(child, not is_in_room)))
    except OSError as error:
        os.write(status, str(error).encode())
    finally:
        os._exit(0)


def _adopt_orphans() -> None:
    """Adopt descendants whose parents have ended, so that they are found and ended."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end(child: int, with_descendants: bool) -> int:
    """End the task, and without a room all that it started; gives its exit status."""
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while with_descendants and (started := psutil.Process().children(recursive=True)):
        for process in started:
            with contextlib.suppress(psutil.Error):
                process.kill()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    return status


# ------------------------------------------------------------------------------- the process of the task


def _work(
    folder: str, order: int, events: int, status: int, group: Sequence[int], is_in_room: bool
) -> NoReturn:
    """Give up what may be given up, do the task, and end."""

    def send(event: protocol.Event) -> None:
        _write(events, protocol.packed(event))

    try:
        _settle(folder, group, is_in_room)
    except OSError as error:
        os.write(status, str(error).encode())  # not the task's failure
        os._exit(1)
    try:
        asked = protocol.unpacked(_read(order))
        silent, output = (
            os.open(os.devnull, os.O_RDONLY | os.O_CREAT),
            os.open("output", os.O_WRONLY | os.O_CREAT),
        )
        for place, descriptor in enumerate((silent, output, output)):
            os.dup2(descriptor, place)
        os.closerange(3, events)
        os.closerange(events + 1, _OPEN_FILES)
        os.environ.update(HOME=folder, TMPDIR=folder)
        tempfile.tempdir = folder  # where AutoGraph writes; known already, and another one
        _limit(asked.limits)
        sys.meta_path.insert(0, _NotHere())
        for place, task in enumerate(asked.tasks):
            if place:
                send(protocol.Next())
            _do(task, send)
        send(protocol.Done())
    finally:
        os._exit(0)


def _do(task: protocol.CellTask | protocol.GraphTask, send: Callable[[protocol.Event], None]) -> None:
    """Do a task, or say why it failed."""
    try:
        if isinstance(task, protocol.CellTask):
            _run_cell(task, send)
        else:
            send(protocol.Ran(task.trial.run(task.graph), task.unseen.run(task.graph)))
    except BaseException as error:
        send(protocol.Failed(error_line(error, str(_solution(task)))))


def _solution(task: protocol.CellTask | protocol.GraphTask) -> Path:
    """The file with the cell that is tried."""
    return Path(f"{getattr(task, 'name', 'graph')}.py").absolute()


def _settle(folder: str, group: Sequence[int], is_in_room: bool) -> None:
    """Join the group, and give up what may be given up.

    Raises:
        OSError: something of it can't be done here.
    """
    for members in group:
        os.write(members, b"0")
    os.setsid()
    os.nice(_NICENESS)
    if is_in_room:
        isolation.drop_privileges()
    else:
        isolation.end_with_parent()
    os.chdir(folder)


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _limit(limits: protocol.Limits) -> None:
    """Bound the processor time, the memory beyond what TensorFlow has taken already, and the files."""
    trial.PRINTED = limits.output_kilobytes * 1000
    taken = psutil.Process(os.getpid()).memory_info().vms
    for kind, limit in (
        (resource.RLIMIT_CPU, int(4 * limits.seconds) + 1),  # of several threads
        (resource.RLIMIT_AS, taken + limits.megabytes * 1_000_000),
        (resource.RLIMIT_FSIZE, limits.output_kilobytes * 1000),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # a limit that this system doesn't know
            resource.setrlimit(kind, (limit, limit))


def _run_cell(task: protocol.CellTask, send: Callable[[protocol.Event], None]) -> None:
    """Make the notebook's names, run the solution's cell, and try the function that it defines."""
    names: dict[str, Any] = {"__name__": "__main__", "get_ipython": _no_ipython, "display": lambda *_: None}
    for place, cell in enumerate(task.given):
        exec(_from_a_file(cell, Path(f"{task.name}_given_{place}.py")), names)
    names.pop(task.name, None)
    _hide(task.name)
    helpers = {name: names[name] for name in task.helpers}
    for place, statement in enumerate(task.needs):
        with contextlib.suppress(Exception):  # as a cell that stops does not stop the next one
            exec(_from_a_file(statement, Path(f"{task.name}_needed_{place}.py")), names)
    try:
        exec(_from_a_file(task.cell, _solution(task)), names)
    except Exception as error:
        text = error_line(error, str(_solution(task)))
        is_given_up = isinstance(error, MemoryError) or "File too large" in text
        if not callable(names.get(task.name)) or is_given_up:
            raise
        # The function is defined: what follows it needs a name from another cell.
        send(protocol.StoppedAfter(text))
    target = names.get(task.name)
    send(protocol.Defined(callable(target)))
    if callable(target):
        with trial.as_tensorflow_2():
            written, graph = task.trial.written(target, helpers), task.trial.traced(target, helpers)
        send(protocol.Tried(written, graph))


def _hide(name: str) -> None:
    """Take this package's own function of that name away, where a module that is loaded has it."""
    for module in _modules_of_the_package():
        if callable(vars(module).get(name)):
            setattr(module, name, _not_here)


def _not_here(*_: object, **__: object) -> NoReturn:
    raise ModuleNotFoundError(_WRITE_IT)


class _NotHere(MetaPathFinder):
    """Says clearly that a module of this package that isn't loaded already is not available."""

    def find_spec(self, name: str, *_: object) -> None:
        """Nothing for any other module."""
        if name.split(".")[0] == "nst_tf":
            raise ModuleNotFoundError(_WRITE_IT, name=name)


def _from_a_file(cell: str, name: Path) -> CodeType:
    """A cell's code, in a file, where tf.function looks for it."""
    name.write_text(cell, encoding="utf8")
    return compile(cell, name.absolute(), "exec")


def _no_ipython() -> SimpleNamespace:
    """Magic commands do nothing here."""
    return SimpleNamespace(
        run_line_magic=lambda *_: None,
        run_cell_magic=lambda *_: None,
        system=lambda *_: None,
        getoutput=lambda *_: [],
    )


def _warm_up(imports: str) -> None:
    """Load what every task needs, without starting TensorFlow's threads, which a fork would not have.

    Args:
        imports: the import statements of the notebook's own cells.
    """
    from tensorflow.python.framework import convert_to_constants, op_def_registry  # noqa: F401

    tf.autograph.to_code(_adopt_orphans)  # its own imports take a quarter of a second
    exec(imports, {})


if __name__ == "__main__":
    np.seterr(all="ignore")
    tf.config.set_visible_devices([], "GPU")
    _warm_up(sys.argv[1])
    main()
