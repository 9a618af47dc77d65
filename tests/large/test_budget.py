"""What a run may take, and in which tiles a picture fits into it."""

import psutil
import pytest
from conftest import LOUVRE, SUMMERTIME
from PIL import Image

from nst_tf import Style
from nst_tf.decoding import ImageError
from nst_tf.inputs import _pixels_that_fit, load_inputs
from nst_tf.large import budget
from nst_tf.large.budget import Need, bytes_allowed, bytes_free, fits, tile_that_fits
from nst_tf.settings import Settings, SettingsError

LAYERS = [name for name, _ in Settings().layers]
GB = 10**9


def need(content, paintings=(0,), regions=0):
    return Need(content, paintings, regions, LAYERS)


def bytes_of(content, paintings, regions, side):
    """Added up by hand: the program, the arrays, and a window that goes through VGG-19."""
    window = max(content, *paintings) if side is None else (side + 160) ** 2
    arrays = 0 if side is None else content * (130 + 12 * regions) + 50 * sum(paintings)
    return 9e8 + arrays + window * (4500 + 1000 * regions)


def test_a_small_picture_is_painted_at_once():
    assert tile_that_fits(need(400 * 300), 2 * GB) is None


@pytest.mark.parametrize("memory", [5 * GB, 8 * GB, 12 * GB, 24 * GB])
@pytest.mark.parametrize(("paintings", "regions"), [((0,), 0), ((10**6, 3 * 10**6), 2)])
def test_a_large_one_in_the_largest_tiles_that_fit(memory, paintings, regions):
    side = tile_that_fits(need(16 * 10**6, paintings, regions), memory)
    assert side % 16 == 0
    assert bytes_of(16 * 10**6, paintings, regions, side) <= memory
    assert side == 2048 or bytes_of(16 * 10**6, paintings, regions, side + 16) > memory


def test_a_large_painting_goes_through_in_tiles_though_the_photograph_would_not_have_to():
    assert tile_that_fits(need(640 * 640), 4 * GB) is None
    side = tile_that_fits(need(640 * 640, (2368 * 2368,)), 4 * GB)
    assert bytes_of(640 * 640, (2368 * 2368,), 0, side) <= 4 * GB


@pytest.mark.parametrize("memory", [1.2 * GB, 3 * GB, 24 * GB])
@pytest.mark.parametrize("regions", [0, 3])
def test_the_largest_picture_fits_and_a_larger_one_does_not(memory, regions):
    most = _pixels_that_fit(lambda pixels: need(pixels, regions=regions), int(memory))
    for pixels, does_fit in ((most, True), (round(1.01 * most), False)):
        least = min(bytes_of(pixels, (0,), regions, side) for side in (None, 256))
        assert (least <= memory) == does_fit == fits(need(pixels, regions=regions), int(memory))


def test_several_paintings_have_to_fit_together():
    settings, S = Settings(size=1600, memory="2G", weights=None), Image.open(SUMMERTIME)
    load_inputs(LOUVRE, S.resize((64, 48)), settings)
    with pytest.raises(
        ImageError, match="may need more memory together than there is for them: use a size of less"
    ):
        load_inputs(LOUVRE, [Style(S, scale=1)] * 3, settings)


def test_a_picture_that_does_not_fit_is_refused_before_the_network_is_loaded():
    with pytest.raises(ImageError, match="may need more memory than there is for it: use a size of at most"):
        load_inputs(LOUVRE, SUMMERTIME, Settings(size=4000, memory="1.5G"))


def test_what_is_free_is_that_of_the_machine_or_of_a_smaller_group():
    assert 0 < bytes_free() <= psutil.virtual_memory().total
    assert bytes_free() < bytes_allowed() <= psutil.virtual_memory().total
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


def test_the_limit_of_a_container_that_sees_only_its_own_groups(tmp_path, monkeypatch):
    """As Docker mounts the first version: the path outside, in which the folder is the root inside."""
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("3000000000\n")
    (tmp_path / "memory/memory.usage_in_bytes").write_text("1000000000\n")
    (tmp_path / "memory/memory.stat").write_text("total_inactive_file 0\n")
    (tmp_path / "cgroup").write_text("4:memory:/docker/0123abcd\n")
    monkeypatch.setattr(budget, "_CGROUPS", tmp_path)
    monkeypatch.setattr(budget, "_OWN_CGROUPS", tmp_path / "cgroup")
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


@pytest.mark.parametrize("memory", ["", "G", "much", "-4G", 0, "0.5", "nan", "inf", True, "4P"])
def test_memory_that_makes_no_sense(memory):
    with pytest.raises(SettingsError, match=r"memory is .*: give what the program may take, such as 4G"):
        Settings(memory=memory)
