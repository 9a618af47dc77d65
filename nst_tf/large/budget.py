"""How much memory a run may take, and in which tiles a picture fits into it.

Nothing here needs TensorFlow, so that an impossible size is refused early.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from nst_tf.large.tiles import POOLED, halo_of

# Peak resident memory, measured and rounded up: python -m benchmarks.memory
BYTES_OF_PROGRAM = 900_000_000
BYTES_PER_PIXEL, BYTES_PER_PIXEL_OF_A_REGION = 4_500, 1_000  # of what goes through VGG-19 at once
# Of G, wherever its tiles are: six arrays of its size, and what Pillow takes; measured at 4096×4096 pixels.
BYTES_PER_PIXEL_IN_TILES = 130
BYTES_PER_PIXEL_OF_A_MASK, BYTES_PER_PIXEL_OF_A_PAINTING = 12, 50  # counted by hand
SMALLEST_TILE, LARGEST_TILE = 256, 2048  # pixels: in smaller ones, the halo costs more than the tile itself

_CGROUPS, _OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def bytes_allowed(memory: int | None = None) -> int:
    """How much this program may take in all: what was set, or what it has and what is free."""
    if memory is not None:
        return memory
    return min(psutil.Process().memory_info().rss, BYTES_OF_PROGRAM) + bytes_free()


def bytes_free() -> int:
    """What is free on this machine, or in the container that this program runs in."""
    return min([psutil.virtual_memory().available, *_free_in_cgroups()])


class Need(NamedTuple):
    """What the memory that a run takes depends on.

    Attributes:
        content: pixels of C, and so of G.
        paintings: those of each painting, at the size that it is used at.
        regions: how many have a mask.
        layers: of VGG-19 that are in use.
    """

    content: int
    paintings: Sequence[int]
    regions: int
    layers: Sequence[str]

    @property
    def at_once(self) -> int:
        """Bytes, where each picture goes through VGG-19 as a whole."""
        return BYTES_OF_PROGRAM + max(self.content, *self.paintings) * self._bytes_per_pixel

    def in_tiles(self, side: int) -> int:
        """Bytes, in tiles of that side."""
        of_G = BYTES_PER_PIXEL_IN_TILES + self.regions * BYTES_PER_PIXEL_OF_A_MASK
        pictures = self.content * of_G + sum(self.paintings) * BYTES_PER_PIXEL_OF_A_PAINTING
        return BYTES_OF_PROGRAM + pictures + (side + 2 * halo_of(self.layers)) ** 2 * self._bytes_per_pixel

    @property
    def _bytes_per_pixel(self) -> int:
        return BYTES_PER_PIXEL + self.regions * BYTES_PER_PIXEL_OF_A_REGION


def tile_that_fits(need: Need, allowed: int) -> int | None:
    """The side of the largest tiles in which a run fits into that many bytes; None where it fits at once.

    Where nothing fits, it is the side of the smallest tiles.
    """
    if need.at_once <= allowed:
        return None
    sides = range(LARGEST_TILE, SMALLEST_TILE, -POOLED)
    return next((side for side in sides if need.in_tiles(side) <= allowed), SMALLEST_TILE)


def fits(need: Need, allowed: int) -> bool:
    """Whether it does, at once or in tiles."""
    return min(need.at_once, need.in_tiles(SMALLEST_TILE)) <= allowed


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
