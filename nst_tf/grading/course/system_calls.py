"""A filter for system calls: those that no namespace confines, and those that hide memory from the count."""

import ctypes
import platform
import struct

# By machine: its name for auditing, and the numbers of socket and of what is refused. (Linux, asm/unistd.h)
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_REFUSED: dict[str, dict[str, tuple[int, ...]]] = {
    "shared memory, semaphores, queues": {"x86_64": (29, 64, 68, 240), "aarch64": (194, 190, 186, 180)},
    "keys": {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)},
    "other processes' memory": {"x86_64": (101, 310, 311, 312), "aarch64": (117, 270, 271, 272)},
    "files without a place": {"x86_64": (319, 447), "aarch64": (279, 447)},
    "io_uring, BPF, counters, watching": {
        "x86_64": (425, 321, 298, 300, 323),
        "aarch64": (425, 280, 241, 262, 282),
    },
    "namespaces and mounts": {"x86_64": (272, 308, 165), "aarch64": (97, 268, 40)},
    "the choice of cores": {"x86_64": (203,), "aarch64": (122,)},
}
_SOCKETS = (1, 2, 10, 16)  # that a network namespace holds: UNIX, INET, INET6, NETLINK
_OTHER_TABLE = 0x40000000  # from here on, numbers of x86-64's 32-bit kind

# Linux, linux/bpf_common.h and linux/seccomp.h
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050001, 0x7FFF0000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # where the kernel puts what is asked
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def refuse_system_calls() -> None:
    """Set the filter for this process and all that it starts, for good.

    On a machine whose numbers are not known here, nothing is done.

    Raises:
        OSError: the kernel does not take it.
    """
    name = platform.machine()
    if name not in _MACHINES:
        return
    steps = _steps(*_MACHINES[name], [number for kind in _REFUSED.values() for number in kind[name]])
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), code)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def _steps(machine: int, socket: int, refused: list[int]) -> list[tuple[int, int, int, int]]:
    """The filter's program: (what to do, steps to skip if so, steps to skip if not, a number)."""
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _OTHER_TABLE),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in refused:
        steps += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_IF_EQUAL, 0, len(_SOCKETS) + 2, socket), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps += [(_IF_EQUAL, len(_SOCKETS) - place, 0, family) for place, family in enumerate(_SOCKETS)]
    return [*steps, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
