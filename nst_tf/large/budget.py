"""How much memory a run may take, and in which tiles a picture fits into it.

Nothing here needs TensorFlow, so that a size that can't be is refused at once.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from nst_tf.large.tiles import POOLED, halo_of

# Peak resident memory, measured and rounded up: python -m benchmarks.memory
BYTES_OF_PROGRAM = 900_000_000
BYTES_PER_PIXEL, BYTES_PER_PIXEL_OF_A_REGION = 4_500, 1_000  # of what goes through VGG-19 at once
BYTES_PER_PIXEL_IN_TILES, BYTES_PER_PIXEL_OF_A_MASK = 400, 12  # of the picture, wherever its tiles are
SMALLEST_TILE, LARGEST_TILE = 256, 2048  # pixels: in smaller ones, the halo costs more than the tile itself

_CGROUPS, _OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def bytes_allowed(memory: int | None = None) -> int:
    """How much this program may take in all: what was set, or what it has and what is free."""
    if memory is not None:
        return memory
    return psutil.Process().memory_info().rss + bytes_free()


def bytes_free() -> int:
    """What is free on this machine, or in the container that this program runs in."""
    return min([psutil.virtual_memory().available, *_free_in_cgroups()])


def tile_that_fits(pixels: int, regions: int, layers: Sequence[str], memory: int | None = None) -> int | None:
    """The side of the largest tiles in which a picture can be painted; None where it fits at once.

    Args:
        pixels: of the picture.
        regions: how many have a mask.
        layers: of VGG-19 that are in use.
        memory: that the program may take, in bytes; None: what is free.
    """
    left = bytes_allowed(memory) - BYTES_OF_PROGRAM
    if pixels * _bytes_per_pixel(regions) <= left:
        return None
    window = math.sqrt(max(0, left - pixels * _bytes_in_tiles(regions)) / _bytes_per_pixel(regions))
    side = POOLED * int((window - 2 * halo_of(layers)) // POOLED)
    return min(max(side, SMALLEST_TILE), LARGEST_TILE)


def pixels_that_fit(regions: int, layers: Sequence[str], memory: int | None = None) -> int:
    """How large a picture may be, in tiles if need be, lest the program be killed for its memory."""
    left = bytes_allowed(memory) - BYTES_OF_PROGRAM
    window = (SMALLEST_TILE + 2 * halo_of(layers)) ** 2 * _bytes_per_pixel(regions)
    at_once, in_tiles = left / _bytes_per_pixel(regions), (left - window) / _bytes_in_tiles(regions)
    return max(0, int(at_once), int(in_tiles))


def _bytes_per_pixel(regions: int) -> int:
    return BYTES_PER_PIXEL + regions * BYTES_PER_PIXEL_OF_A_REGION


def _bytes_in_tiles(regions: int) -> int:
    return BYTES_PER_PIXEL_IN_TILES + regions * BYTES_PER_PIXEL_OF_A_MASK


def _free_in_cgroups() -> Iterator[int]:
    """What is left of each limit that a container, or another group of processes, sets for this one.

    Pages of files that are kept only because there was room count as free.
    """
    for folder, names in _cgroups():
        with_names = zip(("limit", "used", "statistics"), names, strict=True)
        files = {what: folder / name for what, name in with_names}
        try:
            limit, used = (files[what].read_text().strip() for what in ("limit", "used"))
            statistics = dict(line.split() for line in files["statistics"].read_text().splitlines())
        except (OSError, ValueError):
            continue
        if limit != "max":
            pages = statistics.get("total_inactive_file") or statistics.get("inactive_file") or 0
            yield max(0, int(limit) - int(used) + int(pages))


def _cgroups() -> Iterator[tuple[Path, tuple[str, str, str]]]:
    """The folders of this process' groups, up to the root, and the names of their files, in both versions."""
    try:
        lines = _OWN_CGROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = _CGROUPS, ("memory.max", "memory.current", "memory.stat")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat")
            root = _CGROUPS / "memory"
        else:
            continue
        inside = root / path.lstrip("/")
        yield from ((folder, names) for folder in (inside, *inside.parents) if folder.is_relative_to(root))
