"""Watches a task from outside: does it take too much, and does it get its share of the machine?"""

from collections.abc import Callable
from pathlib import Path

from nst_tf.grading.course.isolation import Room
from nst_tf.grading.course.memory import taken

_PROCESSES = 10  # two of which are the room's
_THREADS = 64  # a right solution has four
_FEW_THREADS = 16  # so few can't be what keeps a task waiting
_LONGEST_WAIT = 2  # times its limit


class Watch:
    """What a task's room is asked, again and again.

    Args:
        room: where the task is done; None if there is none, and nothing can be known.
        most: bytes of memory, the room's folder included; None if the kernel keeps count.
        is_over: says whether all has to end.
    """

    def __init__(self, room: Room | None, most: int | None, is_over: Callable[[], bool]) -> None:
        self._room, self._most, self._is_over = room, most, is_over

    def excess(self) -> str:
        """What the task has to be stopped for, or nothing."""
        processes = self._room.processes() if self._room else []
        if len(processes) > _PROCESSES or _threads(processes) > _THREADS:
            return "processes"
        if self._room and self._most and taken(processes) + self._room.bytes_written() > self._most:
            return "memory"
        return "end" if self._is_over() else ""

    def seconds_waited(self, limit: float) -> float:
        """How long it has waited for a core that others had; it gets that much more time.

        Args:
            limit: the seconds that it may take.
        """
        processes = self._room.processes() if self._room else []
        if _threads(processes) > _FEW_THREADS:
            return 0.0
        return min(max(map(_waited, processes), default=0.0), _LONGEST_WAIT * limit)


def _threads(processes: list[Path]) -> int:
    count = 0
    for process in processes:
        try:
            count += sum(1 for _ in (process / "task").iterdir())
        except OSError:  # it has ended
            continue
    return count


def _waited(process: Path) -> float:
    """Seconds that a process could have run, but had no core."""
    try:
        return int((process / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # it has ended, or the kernel doesn't count
        return 0.0
