"""How much memory all processes of a task take together: a group of the kernel's where one can be made,
otherwise a sum that is taken again and again.
"""

import contextlib
import os
import re
import resource
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Self

_GROUPS = Path("/sys/fs/cgroup")
# In the second version of control groups, and in the first.
_COUNTS = ("memory.events", "memory.oom_control", "memory.failcnt")
_SLACK = 1.1  # so that Python's MemoryError, which says more, comes first


def remove_old_groups() -> None:
    """Remove the groups of a grading that was killed, which are empty."""
    for parent, _ in _possible_parents():
        for folder in parent.glob("nst_tf-*"):
            if Path(f"/proc/{folder.name.split('-')[1]}").exists():
                continue  # a grading that goes on
            with contextlib.suppress(OSError):
                folder.rmdir()


class MemoryGroup:
    """A control group with a limit of memory; a context manager.

    Attributes:
        members: the file to which a process writes "0" to join; None where no group can be made.
    """

    def __init__(self, megabytes: int) -> None:
        self.members: Path | None = None
        for parent, limit in _possible_parents():
            folder = parent / f"nst_tf-{os.getpid()}-{uuid.uuid4().hex}"
            try:
                folder.mkdir()
            except OSError:
                continue
            try:
                (folder / limit).write_text(str(int(_SLACK * megabytes * 1_000_000)))
                self.members = folder / "cgroup.procs"
                self.members.open("w").close()
                return
            except OSError:
                self.members = None
                folder.rmdir()

    def has_overflowed(self) -> bool:
        """Whether the kernel had to kill one of its processes since it came to its limit."""
        if self.members is None:
            return False
        texts = [path.read_text() for name in _COUNTS if (path := self.members.with_name(name)).is_file()]
        has_killed, has_reached = (
            any(re.search(pattern, text, re.MULTILINE) for text in texts)
            for pattern in (r"^oom_kill [1-9]", r"^(max )?[1-9]\d*$")
        )
        return has_killed and has_reached

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the group away, as soon as its processes are gone."""
        for _attempt in range(100):
            if self.members is None:
                return
            with contextlib.suppress(OSError):
                self.members.parent.rmdir()
                return
            time.sleep(0.01)


def _possible_parents() -> list[tuple[Path, str]]:
    """Folders in which this process may make a group, and the name of the file for the limit."""
    parents = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            own = _GROUPS / path.lstrip("/")
            parents.append((own, "memory.max"))
        elif "memory" in controllers.split(","):
            first = _GROUPS / "memory"
            parents += [(first / path.lstrip("/"), "memory.limit_in_bytes"), (first, "memory.limit_in_bytes")]
    return [(parent, limit) for parent, limit in parents if os.access(parent, os.W_OK)]


def taken(processes: Iterable[Path]) -> int:
    """Bytes of memory that processes take together, what they share counted once.

    Args:
        processes: their folders in ``/proc``.
    """
    return sum(_proportional_set_size(process) for process in processes)


def _proportional_set_size(process: Path) -> int:
    try:
        found = re.search(r"^Pss: *(\d+) kB", (process / "smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    except OSError:  # it has ended, or does not let itself be looked at
        return _resident_set_size(process)


def _resident_set_size(process: Path) -> int:
    """What it takes with all that it shares, which can't be hidden."""
    try:
        return int((process / "statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0
