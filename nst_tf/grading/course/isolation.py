"""Rooms for what is not trusted, made by bubblewrap: Linux namespaces of their own, in which there is Python,
what has to be there of this package, an empty folder, and nothing else.

A process is either started in a room, or forked from one that has TensorFlow ready and sent in.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import site
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from nst_tf.grading.course.system_calls import refuse_system_calls

FOLDER = Path("/room")  # the only one that can be written, and empty at first

_PACKAGE = Path(__file__).parents[2]
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache")
_USER = 1000  # in the room, whoever it is outside
_FILE = 1024  # bytes of the kernel's, however empty it is
_SECONDS = 30  # that bubblewrap may take, on a busy machine
_WAYS_OUT = "`sudo apt install bubblewrap` installs it, and ISOLATION=none grades without it"

# Linux, sched.h: CLONE_NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # Linux, sys/prctl.h
_CAPABILITY_VERSION_3 = 0x20080522  # Linux, sys/capability.h

_libc = ctypes.CDLL(None, use_errno=True)


class IsolationError(Exception):
    """No room can be made on this machine; the text says why, and names the ways out."""


class View:
    """What can be seen in a room, all of it read-only.

    Args:
        modules: the files of this package that are there.
        others: further files.
        hidden: folders that must not be seen, wherever they lie.
    """

    def __init__(
        self, modules: Iterable[Path], others: Iterable[Path] = (), hidden: Iterable[Path] = ()
    ) -> None:
        self._bound = _python()
        self._files = sorted({*modules, *others})
        self._hidden = sorted({_PACKAGE, *hidden})

    def arguments(self) -> Iterator[str]:
        """For bubblewrap."""
        for path in map(Path, _SYSTEM):
            if path.is_symlink():
                yield from ("--symlink", str(path.readlink()), str(path))
            elif path.exists():
                yield from ("--ro-bind", str(path), str(path))
        for path in self._bound:
            yield from ("--ro-bind", str(path), str(path))
        hidden = [path for path in self._hidden if self._can_see(path)]
        for path in hidden:
            yield from ("--tmpfs", str(path))
        for path in self._files:
            yield from ("--ro-bind", str(path), str(path))
        for path in hidden:
            yield from ("--remount-ro", str(path))

    def _can_see(self, hidden: Path) -> bool:
        """Whether a folder lies in one that is bound. One that Python itself lies in stays."""
        seen = [Path("/usr"), *self._bound]
        return any(path in hidden.parents for path in seen) and not any(
            hidden in path.parents for path in self._bound
        )


def _python() -> list[Path]:
    """The folders of this Python, its standard library and its packages, the outer ones first."""
    names = [sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages()]
    names += [name for name in sys.path if name.endswith(("site-packages", "dist-packages"))]
    folders = {path for path in map(Path, names) if path.is_dir()}
    return sorted(folders | {folder.resolve() for folder in folders})


def command_for(view: View, *, size: int, information: int | None = None) -> list[str]:
    """The beginning of a command that runs what follows it in a room.

    Args:
        view: what is seen there.
        size: bytes that its folder holds.
        information: the descriptor to which bubblewrap writes the process ID of what it has made.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise IsolationError(f"Submissions are isolated by bubblewrap, which isn't installed: {_WAYS_OUT}.")
    return [
        *(bubblewrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"),
        *("--new-session", "--uid", str(_USER), "--gid", str(_USER)),
        *([] if information is None else ["--info-fd", str(information)]),
        *view.arguments(),
        *("--proc", "/proc", "--remount-ro", "/proc"),  # root could change the machine there
        # Files in place of devices, which root could shut for all. TensorFlow wants some bytes to start from.
        *("--symlink", f"{FOLDER}/null", "/dev/null", "--ro-bind", sys.executable, "/dev/urandom"),
        *("--size", str(size), "--tmpfs", str(FOLDER), "--chdir", str(FOLDER)),
        *("--remount-ro", "/", "--"),
    ]


class Room:
    """A room that waits for a process to enter; a context manager.

    Attributes:
        door: a descriptor of its first process, by which another process enters; when the first one ends,
            so does everything in the room.

    Raises:
        IsolationError: it can't be made.
    """

    def __init__(self, view: View, size: int) -> None:
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command_for(view, size=size, information=writing), shutil.which("cat") or "cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[writing],
                env={},
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        try:
            self._wait_until_ready()
            self.first: int = json.loads(os.read(reading, 4096))["child-pid"]
            self.door = os.pidfd_open(self.first)
            if not self.processes():
                raise IsolationError(can_not("what runs in them can't be watched"))
        except BaseException:
            self._process.kill()
            self._process.communicate()
            raise
        finally:
            os.close(reading)

    def _wait_until_ready(self) -> None:
        """Its ``cat`` gives back a line when everything is in place."""
        assert self._process.stdin is not None  # as asked for
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], _SECONDS)
        if not ready or self._process.stdout.readline() != b"\n":
            self._process.kill()
            complaint = self._process.stderr.read() if self._process.stderr else b""
            raise IsolationError(can_not(complaint.decode("utf8", "replace").strip()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End everything in it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.door, signal.SIGKILL)
        os.close(self.door)
        self._process.communicate()

    def processes(self) -> list[Path]:
        """The folders in ``/proc`` of the processes in it."""
        try:
            return [path for path in self._seen_at("proc").iterdir() if path.name.isdecimal()]
        except OSError:
            return []

    def bytes_written(self) -> int:
        """What its folder holds."""
        try:
            usage = os.statvfs(self._seen_at(FOLDER.name))
        except OSError:
            return 0
        return (usage.f_blocks - usage.f_bfree) * usage.f_frsize + (usage.f_files - usage.f_ffree) * _FILE

    def _seen_at(self, path: str) -> Path:
        return Path("/proc", str(self.first), "root", path)


def can_not(complaint: str) -> str:
    """What to say where bubblewrap is there, but does not work."""
    return (
        f"Submissions are isolated by bubblewrap, which can't make its namespaces here ({complaint}). "
        "It needs version 0.8 or newer, and a system or container that allows user namespaces: "
        f"{_WAYS_OUT}."
    )


def enter(door: int) -> None:
    """Move this process into a room, for its children to run there. It must have only one thread.

    Raises:
        OSError: it can't.
    """
    if _libc.setns(door, _NAMESPACES):
        raise OSError(ctypes.get_errno(), "setns")


def drop_privileges() -> None:
    """Give up, for good, the privileges of a process that has entered a room from outside.

    Raises:
        OSError: it can't.
    """
    header, nothing = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "privileges")
    refuse_system_calls()


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
