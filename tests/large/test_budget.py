"""What a run may take, and in which tiles a picture fits into it."""

import psutil
import pytest

from nst_tf.decoding import ImageError
from nst_tf.inputs import load_inputs
from nst_tf.large import budget
from nst_tf.large.budget import bytes_allowed, bytes_free, pixels_that_fit, tile_that_fits
from nst_tf.settings import Settings, SettingsError
from tests.conftest import LOUVRE, SUMMERTIME

LAYERS = [name for name, _ in Settings().layers]
GB = 10**9


def test_a_small_picture_is_painted_at_once():
    assert tile_that_fits(400 * 300, 0, LAYERS, 2 * GB) is None


def test_a_large_one_in_the_largest_tiles_that_fit():
    sides = [tile_that_fits(4096 * 4096, 0, LAYERS, memory * GB) for memory in (9, 10, 12, 16, 24, 64)]
    assert sides == sorted(sides)
    assert all(side % 16 == 0 for side in sides)
    assert sides[-1] == budget.LARGEST_TILE
    window = sides[0] + 2 * 80
    need = budget.BYTES_OF_PROGRAM + 4096**2 * budget.BYTES_PER_PIXEL_IN_TILES
    assert need + window**2 * budget.BYTES_PER_PIXEL <= 9 * GB


@pytest.mark.parametrize("memory", [1.5 * GB, 3 * GB, 24 * GB])
@pytest.mark.parametrize("regions", [0, 3])
def test_the_largest_picture_fits_and_a_larger_one_does_not(memory, regions):
    most = pixels_that_fit(regions, LAYERS, int(memory))
    tile = tile_that_fits(most, regions, LAYERS, int(memory))
    assert tile is None or tile >= budget.SMALLEST_TILE
    assert most < pixels_that_fit(regions, LAYERS, int(1.1 * memory))
    assert most >= pixels_that_fit(regions + 1, LAYERS, int(memory))


def test_a_picture_that_does_not_fit_is_refused_before_the_network_is_loaded():
    with pytest.raises(ImageError, match="may need more memory than is free: use a size of at most"):
        load_inputs(LOUVRE, SUMMERTIME, Settings(size=4000, memory="1.5G"))


def test_what_is_free_is_that_of_the_machine_or_of_a_smaller_group():
    assert 0 < bytes_free() <= psutil.virtual_memory().total
    assert bytes_free() < bytes_allowed() < bytes_free() + 10 * GB
    assert bytes_allowed(5 * GB) == 5 * GB


# Files as the kernel writes them: a limit of 3 GB, of which 2 GB are used, a half of that for files.
VERSIONS = {
    "1": (
        "5:memory:/a/b",
        "memory/a/b",
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        "total_inactive_file",
    ),
    "2": ("0::/a/b", "a/b", ("memory.max", "memory.current"), "inactive_file"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("where", ["its own", "one above"])
def test_the_limit_of_a_container(tmp_path, monkeypatch, version, where):
    line, folder, names, pages = VERSIONS[version]
    groups = tmp_path / "groups"
    group = groups / folder
    group.mkdir(parents=True)
    limited = group if where == "its own" else group.parent
    for name, value in zip(names, ("3000000000", "2000000000"), strict=True):
        (limited / name).write_text(value + "\n")
    (limited / "memory.stat").write_text(f"anon 1000000000\n{pages} 1000000000\n")
    if limited != group and version == "2":
        (group / "memory.max").write_text("max\n")
        (group / "memory.current").write_text("2000000000\n")
        (group / "memory.stat").write_text("anon 0\n")
    own = tmp_path / "cgroup"
    own.write_text(f"4:cpu:/other\n{line}\n")
    monkeypatch.setattr(budget, "_CGROUPS", groups)
    monkeypatch.setattr(budget, "_OWN_CGROUPS", own)
    assert list(budget._free_in_cgroups()) == [2 * GB]


def test_without_groups_there_is_no_such_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "_OWN_CGROUPS", tmp_path / "none")
    assert list(budget._free_in_cgroups()) == []


@pytest.mark.parametrize(
    ("memory", "number"),
    [
        ("4G", 4 * GB),
        ("500M", GB // 2),
        ("1.5 g", 3 * GB // 2),
        ("4GB", 4 * GB),
        (10**9, GB),
        ("1000000", 10**6),
    ],
)
def test_memory_in_words(memory, number):
    assert Settings(memory=memory).most_bytes == number


@pytest.mark.parametrize("memory", ["", "G", "much", "-4G", 0, "nan", "inf", True, "4P"])
def test_memory_that_makes_no_sense(memory):
    with pytest.raises(SettingsError, match=r"memory is .*: give what the program may take, such as 4G"):
        Settings(memory=memory)
