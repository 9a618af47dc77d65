"""Runs what is not trusted: each task in a process and a room of its own, under limits."""

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Self

from nst_tf.grading.course import protocol
from nst_tf.grading.course.isolation import FOLDER, IsolationError, Room, View, can_not, command_for
from nst_tf.grading.course.memory import MemoryGroup, remove_old_groups
from nst_tf.grading.course.protocol import Limits, Reply
from nst_tf.grading.course.watch import Watch

_PACKAGE = Path(__file__).parents[2]
_STARTING = 120  # seconds that TensorFlow may take to load, on a busy machine
_ENDING = 10  # seconds that the end of what is killed may take
_KILLED = -9  # a task's exit code
_SENT = 3_000_000  # bytes that a task may send
_SOURCES = 1_000_000  # bytes in a task's folder for the cells that are run there
_LOOK = 0.1  # seconds from one look at what a task takes to the next


class Isolation(Enum):
    """What lies between a submission and the rest of the machine."""

    BUBBLEWRAP = "bubblewrap"
    NONE = "none"


class Sandbox:
    """A worker that has TensorFlow ready, and a room for each of its forks; a context manager.

    Args:
        imports: the import statements of the notebook's own cells: what they load, a task can use.
        isolation: how tasks are kept apart from everything else.
        hidden: folders that no task may see, wherever they lie.

    Raises:
        IsolationError: this machine can't make a room.
    """

    def __init__(
        self,
        imports: str = "",
        isolation: Isolation = Isolation.BUBBLEWRAP,
        hidden: Iterable[Path] = (),
    ) -> None:
        self.isolation = isolation
        self._imports, self._hidden = imports, tuple(hidden)
        self._lock = threading.Lock()
        self._is_closed = threading.Event()
        remove_old_groups()
        self._start_worker()
        try:
            self.run(b"", Limits())  # a room can be made, and entered
        except BaseException:
            self.close()
            raise

    def _start_worker(self) -> None:
        self._control, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_STARTING)
        command = [sys.executable, "-m", "nst_tf.grading.course.worker", self._imports]
        with end:
            self._worker = _spawned(command, end.fileno(), subprocess.DEVNULL, self._environment())
        files = [Path(file) for file in json.loads(self._when_ready())]
        self._view = View(files, hidden=self._hidden)

    def _when_ready(self) -> bytes:
        """What the worker says when it is ready."""
        with contextlib.suppress(OSError):
            if said := self._control.recv(1_000_000):
                return said
        self._end_worker()
        raise IsolationError(
            "The process that tries submissions doesn't start: "
            "do the imports in the cells tagged `given` work here?"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker, and what is still running."""
        self._is_closed.set()
        with self._lock:
            self._end_worker()

    def _end_worker(self) -> None:
        self._control.close()
        try:
            self._worker.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()

    def run(self, order: bytes, limits: Limits) -> Reply:
        """Run a task, and run it again if something from outside may have ended it.

        Args:
            order: a packed ``protocol.Order``, or anything else.
            limits: what it may take.

        Raises:
            IsolationError: it can't be done.
        """
        with contextlib.suppress(_LostError):
            reply = self._run(order, limits)
            if reply.stopped or reply.exit != _KILLED or reply.is_done:
                return reply
        return self._run(order, limits)

    def _run(self, order: bytes, limits: Limits) -> Reply:
        with contextlib.ExitStack() as stack:
            group = stack.enter_context(MemoryGroup(limits.megabytes))
            folder = (
                FOLDER if self.isolation is Isolation.BUBBLEWRAP else stack.enter_context(_temporary_folder())
            )
            task = stack.enter_context(_Task())  # the room ends before it: a tracer there could keep it
            room = self._room(limits, stack)
            members = [] if group.members is None else [stack.enter_context(group.members.open("w")).fileno()]
            doors = [room.door] if room else []
            request = {"folder": str(folder), "has_room": room is not None}
            self._fork(json.dumps(request).encode(), [*task.given(order), *doors, *members])

            most = None if members else limits.megabytes * 1_000_000
            reply = task.reply(limits.seconds, Watch(room, most, self._is_closed.is_set))
            if reply.stopped == "end":
                raise IsolationError("Grading has already ended.")
            return replace(reply, stopped="memory") if group.has_overflowed() else reply

    def started(self, module: str, *arguments: str, files: Iterable[Path]) -> subprocess.Popen:
        """Start a module of this package in a room of its own, where it sees the whole package
        and these files. Its standard input and output are pipes.
        """
        command = [sys.executable, "-m", module, *arguments]
        if self.isolation is Isolation.BUBBLEWRAP:
            view = View([_PACKAGE], files, self._hidden)
            command = [*command_for(view, size=_SOURCES), *command]
        return _spawned(command, subprocess.PIPE, subprocess.PIPE, self._environment())

    def _environment(self) -> list[str]:
        """The names in the environment that another process gets."""
        names = ["PATH", "LANG", "LC_ALL", "PYTHONPATH"]
        return names if self.isolation is Isolation.BUBBLEWRAP else [*names, "COVERAGE_PROCESS_CONFIG"]

    def _room(self, limits: Limits, stack: contextlib.ExitStack) -> Room | None:
        if self.isolation is Isolation.NONE:
            return None
        size = _SOURCES + limits.output_kilobytes * 1000
        return stack.enter_context(Room(self._view, size))

    def _fork(self, request: bytes, descriptors: list[int]) -> None:
        """Let the worker fork; one that has ended is replaced."""
        with self._lock:
            if self._is_closed.is_set():
                raise IsolationError("Grading has already ended.")
            try:
                socket.send_fds(self._control, [request], descriptors)
            except OSError:
                self._end_worker()
                self._start_worker()
                socket.send_fds(self._control, [request], descriptors)


class _LostError(IsolationError):
    """It is not known what became of a task."""


class _Task:
    """Our ends of a task's pipes; a context manager, which ends the task."""

    def __init__(self) -> None:
        self._theirs: list[int] = []
        self._events, self._status = self._pipe(), self._pipe()
        end, self._leash = os.pipe()
        self._theirs.append(end)

    def _pipe(self) -> int:
        """A pipe's end to read from."""
        reading, writing = os.pipe()
        self._theirs.append(writing)
        return reading

    def given(self, order: bytes) -> list[int]:
        """The descriptors for the other side: its order, and its ends of the pipes."""
        file = os.memfd_create("order")
        self._theirs.insert(0, file)
        with os.fdopen(os.dup(file), "wb") as whole:
            whole.write(order)
        os.lseek(file, 0, os.SEEK_SET)
        return self._theirs

    def reply(self, seconds: float, watch: Watch) -> Reply:
        """What becomes of it.

        Args:
            seconds: that it may take.
            watch: looks after it meanwhile.
        """
        self._close_theirs()
        sent, status, stopped = self._listened(seconds, watch)
        if status and not re.fullmatch(rb"-?\d+", status):
            raise _LostError(can_not(status.decode("utf8", "replace")))
        is_done = sent.endswith(protocol.DONE)
        if not (status or stopped or is_done):
            raise _LostError("The process that watches over a task has ended.")
        lines = sent.decode("utf8", "replace").splitlines() if not stopped else []
        return Reply(lines, stopped, int(status) if status else _KILLED)

    def _listened(self, seconds: float, watch: Watch) -> tuple[bytes, bytes, str]:
        """What it sends, its exit code if it ends by itself, and what it was stopped for."""
        sent, status, start = b"", b"", time.monotonic()
        next_look = start + _LOOK
        listening = [self._events, self._status]
        while listening and not sent.endswith(protocol.DONE):
            now = time.monotonic()
            if len(sent) > _SENT:
                return sent, status, "output"
            if now >= start + seconds and now >= start + seconds + watch.seconds_waited(seconds):
                return sent, status, "time"
            if now >= next_look:
                next_look = now + _LOOK
                if stopped := watch.excess():
                    return sent, status, stopped
            ready, _, _ = select.select(listening, [], [], next_look - now)
            for descriptor in ready:
                part = os.read(descriptor, 1 << 20)
                if not part:
                    listening.remove(descriptor)
                elif descriptor == self._events:
                    sent += part
                else:
                    status += part
            has_ended = self._status not in listening  # what it started may keep the other pipe open
            if has_ended and self._events not in ready:
                break
        return sent, status, ""

    def _close_theirs(self) -> None:
        while self._theirs:
            os.close(self._theirs.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the leash, and wait until its guard has ended what there is."""
        self._close_theirs()
        os.close(self._leash)
        deadline = time.monotonic() + _ENDING
        with contextlib.suppress(OSError):
            while select.select([self._status], [], [], max(0.0, deadline - time.monotonic()))[0]:
                if not os.read(self._status, 4096):
                    break
        for descriptor in (self._events, self._status):
            os.close(descriptor)


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="nst_tf-")
    try:
        yield Path(folder)
    finally:
        subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL, check=False)  # however deep


def _spawned(command: list[str], stdin: int, stdout: int, names: Iterable[str]) -> subprocess.Popen:
    """Start a process that gets nothing of the teacher's environment but what Python needs,
    and no Ctrl-C.
    """
    kept = {name: os.environ[name] for name in names if name in os.environ}
    threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={
            **kept,
            **dict.fromkeys(threads, "1"),  # on every machine alike: the tensors are small, the tasks many
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
