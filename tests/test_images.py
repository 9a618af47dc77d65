"""Every kind of picture, good and bad, on its way in and out."""

import contextlib
import io
import os
import stat
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import tensorflow as tf
from conftest import LOUVRE, opened, without_root
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_package import python

from nst_tf.decoding import ImageError, decode_picture
from nst_tf.images import (
    check_output,
    clip_0_1,
    load_image,
    preprocess,
    save_image,
    tensor_to_image,
)

RED, HALF_RED = (255, 0, 0), (255, 0, 0, 128)


def pixels(source, **options):
    return load_image(source, **options)[0]


def gradient(mode="RGB", width=40, height=20):
    """A picture whose columns run from black to white."""
    row = np.linspace(0, 255, width).round().astype(np.uint8)
    return Image.fromarray(np.tile(row, (height, 1))).convert(mode)


def png(width, height, data=b""):
    """A PNG file that claims to be of that size, whatever it holds."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def empty_bmp():
    """A BMP file of 0×3 pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, 0, 3, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


# ---------------------------------------------------------------------------------- good pictures


def test_a_photograph_keeps_its_proportions():
    image = load_image(LOUVRE)
    assert image.shape == (1, 277, 700, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    assert load_image(LOUVRE, 400).shape == (1, 158, 400, 3)
    assert load_image(opened(LOUVRE).rotate(90, expand=True), 400).shape == (1, 400, 158, 3)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 100))
@settings(deadline=None, max_examples=50)
def test_size_is_the_longer_side(width, height, size):
    _, h, w, _ = load_image(Image.new("RGB", (width, height)), size).shape
    assert max(w, h) == size
    assert abs(min(w, h) - size * min(width, height) / max(width, height)) <= 1


def test_arrays_and_pil_images_and_paths_give_the_same(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(array).save(tmp_path / "picture.png")
    expected = array / np.float32(255)
    for source in (
        array,
        array[np.newaxis],
        array / 255,
        (array / 255).astype(np.float32),
        Image.fromarray(array),
        tmp_path / "picture.png",
        str(tmp_path / "picture.png"),
    ):
        np.testing.assert_allclose(pixels(source), expected, atol=1e-7)


def test_a_float_array_keeps_its_precision():
    fine = np.full((4, 4, 3), 0.1234567, np.float32)
    np.testing.assert_array_equal(pixels(fine), fine)
    np.testing.assert_allclose(pixels(fine, size=9), 0.1234567, atol=1e-6)


@pytest.mark.parametrize("extension", ["png", "jpg", "gif", "bmp", "tiff", "webp", "avif", "mpo"])
def test_formats(tmp_path, extension):
    path = tmp_path / f"picture.{extension}"
    gradient().save(path)
    np.testing.assert_allclose(pixels(path)[0, :, 0], np.linspace(0, 1, 40), atol=0.02)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_modes(mode):
    picture = pixels(gradient(mode))
    assert picture.shape == (20, 40, 3)
    if mode != "1":  # which is dithered
        np.testing.assert_allclose(picture[5], np.linspace(0, 1, 40)[:, np.newaxis] * [1, 1, 1], atol=0.02)


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, extension):
    path = tmp_path / f"deep.{extension}"
    Image.fromarray(np.array([[0, 1000, 32768, 65535]] * 3, dtype=np.uint16)).save(path)
    np.testing.assert_allclose(pixels(path)[0, :, 1], np.array([0, 1000, 32768, 65535]) / 65535, atol=1 / 255)


def test_eight_bits_in_a_wider_type():
    wide = Image.fromarray(np.array([[0, 51, 255]] * 3, np.int32))
    np.testing.assert_allclose(pixels(wide)[0, :, 0], [0, 0.2, 1], atol=1e-6)


def test_a_size_of_nothing():
    for size in (0, (0, 5)):
        with pytest.raises(ImageError, match="at least 1 pixel"):
            load_image(LOUVRE, size)


def test_what_is_transparent_becomes_white(tmp_path):
    half = [255 / 255, 127 / 255, 127 / 255]
    np.testing.assert_allclose(pixels(Image.new("RGBA", (2, 2), HALF_RED))[0, 0], half, atol=0.01)
    np.testing.assert_allclose(pixels(Image.new("LA", (2, 2), (0, 0)))[0, 0], 1)
    np.testing.assert_allclose(pixels(np.full((2, 2, 4), [255, 0, 0, 128], np.uint8))[0, 0], half, atol=0.01)
    np.testing.assert_allclose(pixels(np.full((2, 2, 4), [1, 0, 0, 0.5]))[0, 0], [1, 0.5, 0.5], atol=1e-6)
    palette = Image.new("P", (2, 2), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "palette.png", transparency=0)
    np.testing.assert_allclose(pixels(tmp_path / "palette.png")[0], [[1, 1, 1], [1, 0, 0]])


def test_exif_rotation_is_applied(tmp_path):
    picture = Image.new("RGB", (30, 10), "white")
    picture.paste(RED, (0, 0, 10, 10))  # red on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to view: red on top
    picture.save(tmp_path / "phone.png", exif=exif)
    turned = pixels(tmp_path / "phone.png")
    assert turned.shape == (30, 10, 3)
    np.testing.assert_allclose(turned[2, 5], [1, 0, 0])
    np.testing.assert_allclose(turned[27, 5], [1, 1, 1])


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(pixels(tmp_path / "moving.gif")[0, 0], [1, 0, 0])


def test_large_but_no_bomb_is_read_without_a_warning(tmp_path, recwarn):
    Image.new("L", (10_000, 9_000)).save(tmp_path / "large.png")  # 90 megapixels
    assert load_image(tmp_path / "large.png", 20).shape == (1, 18, 20, 3)
    assert list(recwarn) == []


# ----------------------------------------------------------------------------------- bad pictures


def write_bad_files(folder):
    (folder / "text.jpg").write_text("This is no picture.")
    (folder / "empty.png").touch()
    (folder / "truncated.jpg").write_bytes(LOUVRE.read_bytes()[:20_000])
    (folder / "broken.png").write_bytes(png(50, 50, b"far too short"))
    (folder / "folder.png").mkdir()
    (folder / "bomb.png").write_bytes(png(50_000, 50_000))
    (folder / "thread.png").write_bytes(png(1, 150_000_000))
    (folder / "zero.bmp").write_bytes(empty_bmp())
    gradient().save(folder / "photo.png", "EPS")
    gradient().save(folder / "photo.jpg", "TGA")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "device.png").symlink_to("/dev/zero")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (1, 5000)).save(folder / "line.png")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text.jpg", ["not a picture", "JPEG or PNG"]),
        ("empty.png", ["0 bytes", "again"]),
        ("truncated.jpg", ["truncated", "again"]),
        ("broken.png", ["damaged", "again"]),
        ("folder.png", ["is a directory"]),
        ("missing.png", ["does not exist", "check the path"]),
        ("bomb.png", ["pixels", "smaller copy"]),
        ("thread.png", ["has 1×150000000 pixels", "a side may have at most 65,535", "smaller copy"]),
        ("zero.bmp", ["not a picture in one of the formats", "save it as JPEG or PNG"]),
        ("photo.png", ["not a picture in one of the formats", "TIFF", "save it as JPEG or PNG"]),
        ("photo.jpg", ["not a picture in one of the formats", "save it as JPEG or PNG"]),
        ("pipe.png", ["is a pipe or a device", "to a file"]),
        ("device.png", ["is a pipe or a device", "to a file"]),
        ("loop.png", ["can't be read (Too many levels of symbolic links)", "check the path"]),
        ("dot.png", ["1×1 pixels", "at least 16"]),
        ("line.png", ["1×5000 pixels", "at least 16"]),
    ],
)
def test_a_bad_picture_is_one_sentence_that_names_it(tmp_path, name, words):
    write_bad_files(tmp_path)
    with pytest.raises(ImageError) as problem:
        load_image(tmp_path / name, 100, minimum_side=16)
    assert str(problem.value).startswith(str(tmp_path / name))
    assert "\n" not in str(problem.value)
    assert [word for word in words if word not in str(problem.value)] == []


def test_the_name_of_a_bad_picture_stays_on_one_line(tmp_path):
    (tmp_path / "a\n\x1b[2Jb.png").touch()
    with pytest.raises(ImageError, match="is empty") as problem:
        load_image(tmp_path / "a\n\x1b[2Jb.png")
    assert "/a��[2Jb.png is empty" in str(problem.value)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_picture_without_a_pixel(size):
    with pytest.raises(ImageError, match=f"content has {size[0]}×{size[1]} pixels, which is no picture"):
        load_image(Image.new("RGB", size), 10, name="content")


def test_an_upload_is_no_program():
    file = io.BytesIO()
    gradient().save(file, "EPS")
    with pytest.raises(ImageError, match=r"^mine\.png is not a picture in one of the formats read here"):
        decode_picture(file.getvalue(), "mine.png")


def test_what_decoders_print_reaches_nobody(capfd):
    file = io.BytesIO()
    gradient().save(file, "TIFF", compression="tiff_adobe_deflate")
    damaged = file.getvalue().replace(b"\x78\x9c", b"\x78\x9d", 1)  # how the compressed pixels begin
    with pytest.raises(OSError, match="-2"), Image.open(io.BytesIO(damaged)) as image:
        image.load()
    assert "ZIPDecode" in capfd.readouterr().err  # libtiff's
    with pytest.raises(ImageError, match="damaged"):
        decode_picture(damaged, "mine.tif")
    with Image.open(io.BytesIO(damaged)) as image, pytest.raises(ImageError, match="can't be decoded"):
        load_image(image)
    assert capfd.readouterr() == ("", "")


def test_several_threads_that_decode_leave_stderr_as_it_was():
    file, before = LOUVRE.read_bytes(), (sys.stderr, os.fstat(2).st_ino, warnings.filters[:])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: decode_picture(file, "mine.jpg"), range(40)))
    assert (sys.stderr, os.fstat(2).st_ino, warnings.filters) == before


def test_too_little_memory_is_a_sentence(tmp_path):
    """In a process that may take 100 MB besides what it has once all is loaded."""
    Image.new("L", (6000, 5000)).save(tmp_path / "large.png")
    script = """
import resource
import psutil
from nst_tf.images import ImageError, load_image
most = psutil.Process().memory_info().vms + 100_000_000
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for source, size in (("large.png", None), ("dot.png", 3_000_000_000)):
    try:
        load_image(source, size)
    except ImageError as problem:
        print(problem)
"""
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    done = python(f"import os; os.chdir({str(tmp_path)!r})\n{script}")
    assert "large.png needs more memory than is free: " in done.stdout
    assert "dot.png becomes 3000000000×3000000000 pixels, which may need more memory" in done.stdout


def test_too_narrow_once_resized():
    with pytest.raises(ImageError, match=r"at size 40 becomes 40×8 pixels.*at least 16"):
        load_image(Image.new("RGB", (100, 20)), 40, minimum_side=16)


def test_a_picture_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.png"
    gradient().save(path)
    path.chmod(0)
    with (
        opened_up_to(tmp_path),
        without_root(),
        pytest.raises(ImageError, match=r"secret\.png may not be read"),
    ):
        load_image(path)


@contextlib.contextmanager
def opened_up_to(folder):
    """Let every user reach a folder of pytest's, which only its owner may enter."""
    parents = [
        parent for parent in [folder, *folder.parents] if parent.stat().st_uid == os.geteuid() and parent.name
    ]
    modes = [stat.S_IMODE(parent.stat().st_mode) for parent in parents]
    for parent, mode in zip(parents, modes, strict=True):
        parent.chmod(mode | 0o111)
    try:
        yield
    finally:
        for parent, mode in zip(parents, modes, strict=True):
            parent.chmod(mode)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((4, 4, 3), 128.0), "[0, 1]"),
        (np.full((4, 4, 3), -0.1), "[0, 1]"),
        (np.full((4, 4, 3), np.nan), "nan"),
        (np.zeros((4, 4, 3), int), "int64"),
        (np.zeros((4, 4, 3), bool), "bool"),
        (np.zeros((4, 4, 2)), "(4, 4, 2)"),
        (np.zeros((2, 4, 4, 3)), "(2, 4, 4, 3)"),
        (np.zeros((0, 4, 3)), "(0, 4, 3)"),
        ([[0, 1]], "list"),
        (None, "NoneType"),
        (Image.fromarray(np.full((4, 4), 7.5, np.float32)), "7.5"),
        (Image.fromarray(np.full((4, 4), 70_000, np.int32)), "70000"),
        (Image.open(io.BytesIO(LOUVRE.read_bytes()[:20_000])), "can't be decoded"),
    ],
)
def test_an_array_that_is_no_picture(array, words):
    with pytest.raises(ValueError, match="content") as problem:
        load_image(array, name="content")
    assert words in str(problem.value)


def test_too_large_for_the_memory_names_a_size_that_fits():
    panorama = Image.new("RGB", (400, 100))
    with pytest.raises(ImageError, match=r"becomes 2000×500 pixels, .*at most 632"):
        load_image(panorama, 2000, maximum_pixels=100_000)
    assert load_image(panorama, 632, maximum_pixels=100_000).shape == (1, 158, 632, 3)


# ---------------------------------------------------------------------------------- tensors


def test_preprocess_is_what_keras_does():
    image = np.random.default_rng(0).random((1, 5, 7, 3), dtype=np.float32)
    expected = tf.keras.applications.vgg19.preprocess_input(255 * image.copy())
    np.testing.assert_allclose(preprocess(tf.constant(image)), expected, atol=1e-4)
    assert preprocess(tf.constant(image, tf.float64)).dtype == tf.float64


def test_clip_0_1():
    clipped = clip_0_1(tf.constant([[-0.5, 0.0, 0.25], [1.0, 1.5, 9.0]], tf.float64))
    assert clipped.dtype == tf.float64
    np.testing.assert_array_equal(clipped, [[0, 0, 0.25], [1, 1, 1]])


@pytest.mark.parametrize("convert", [np.asarray, tf.constant, tf.Variable])
def test_a_tensor_becomes_the_picture_it_came_from(convert):
    array = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    tensor = convert(load_image(array))
    for form in (tensor, tensor[0]):
        picture = tensor_to_image(form)
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), array)
        np.testing.assert_array_equal(load_image(form), load_image(array))


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (np.full((1, 2, 2, 3), 1.2), "clip_0_1"),
        (np.full((2, 2, 3), -0.2), "clip_0_1"),
        (np.full((2, 2, 3), np.nan), "clip_0_1"),
        (np.zeros((2, 2, 2, 3)), "(2, 2, 2, 3)"),
        (np.zeros((2, 2)), "(2, 2)"),
        (np.zeros((2, 2, 3), np.uint8), "uint8"),
    ],
)
def test_a_tensor_that_is_no_image(tensor, words):
    with pytest.raises(ValueError, match="tensor has") as problem:
        tensor_to_image(tensor)
    assert words in str(problem.value)


# ------------------------------------------------------------------------------------ files out


def test_a_saved_picture_can_be_loaded(tmp_path):
    image = load_image(np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8))
    for name in ("out.png", "out.PNG", "out.bmp"):
        save_image(image, tmp_path / name)
        np.testing.assert_array_equal(load_image(tmp_path / name), image)
    save_image(tensor_to_image(image), tmp_path / "out.jpg")
    assert np.abs(load_image(tmp_path / "out.jpg") - image).mean() < 0.03
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.PNG", "out.bmp", "out.jpg", "out.png"]


def test_a_failed_save_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "out.png"
    path.write_bytes(b"the old picture")
    with pytest.raises(ImageError, match=r"out\.png could not be written"):
        save_image(Image.new("RGBA", (4, 4)).convert("CMYK"), path)  # PNG knows no CMYK
    assert path.read_bytes() == b"the old picture"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["out.png", "out.jpg", "out.gif", "out.bmp", "out.tiff", "out.webp", "out.avif"]
)
def test_no_space_for_a_picture_is_a_sentence_and_leaves_nothing(tmp_path, name):
    """In a process whose files may have 2 kB, as on a disk that is nearly full."""
    noise = Image.effect_noise((100, 100), 100)
    noise.save(tmp_path / "noise.png")
    done = python(f"""
import os, resource
from nst_tf.images import ImageError, load_image, save_image
os.chdir({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    save_image(load_image("noise.png"), {name!r})
except ImageError as problem:
    print(problem)
""")
    assert done.stdout == f"{name} could not be written (File too large): nothing was changed there.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["noise.png"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    save_image(gradient(), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert opened(tmp_path / "real.png").size == (40, 20)


def test_a_saved_picture_may_be_read_by_others(tmp_path):
    save_image(gradient(), tmp_path / "out.png")
    (tmp_path / "plain").touch()
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/out.png", "does not exist"),
        ("out.foo", "ends in .foo"),
        ("out", "ends in nothing"),
        ("out.svg", "ends in .svg"),
        ("out.eps", "ends in .eps"),
        ("folder.png", "is a directory"),
        ("loop.png", r"loop\.png is a link that leads back to itself: choose another name"),
        ("pipe.png", r"pipe\.png is a pipe or a device: choose another name"),
    ],
)
def test_an_output_that_can_not_be_written(tmp_path, name, words):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop.png").symlink_to(tmp_path / "pool.png")
    (tmp_path / "pool.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match=words):
        check_output(tmp_path / name)


def test_an_output_without_permission(tmp_path):
    folder = tmp_path / "folder"
    taken = folder / "taken.png"
    folder.mkdir()
    taken.touch(mode=0o444)
    folder.chmod(0o555)
    with opened_up_to(tmp_path), without_root():
        with pytest.raises(ImageError, match="Nothing can be written to the folder"):
            check_output(folder / "out.png")
    folder.chmod(0o777)
    with opened_up_to(tmp_path), without_root():
        with pytest.raises(ImageError, match=r"taken\.png can't be written \(Permission denied\)"):
            check_output(taken)
    folder.chmod(0o000)
    with opened_up_to(tmp_path), without_root():
        with pytest.raises(ImageError, match=r"does not exist|Nothing can be written"):
            check_output(folder / "deeper" / "out.png")


def test_a_picture_that_needs_more_memory_than_is_free(tmp_path, monkeypatch):
    Image.new("RGB", (6000, 5000)).save(tmp_path / "large.png")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=300_000_000))
    with pytest.raises(
        ImageError, match=r"large\.png has 6000×5000 pixels, which need 0\.4 GB: make a smaller copy"
    ):
        load_image(tmp_path / "large.png")
    with pytest.raises(ImageError, match=r"^mine\.png has 6000×5000 pixels"):
        decode_picture((tmp_path / "large.png").read_bytes(), "mine.png")


def test_a_mask_is_saved_as_a_grey_picture(tmp_path):
    mask = np.array([[0, 0.2], [0.6, 1]], np.float32)
    save_image(mask, tmp_path / "mask.png")
    np.testing.assert_array_equal(np.asarray(opened(tmp_path / "mask.png"))[..., 0], [[0, 51], [153, 255]])
    with pytest.raises(ImageError, match="values from 0 to 2"):
        save_image(2 * mask, tmp_path / "mask.png")
