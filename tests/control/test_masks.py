"""Masks: made from a colour or a rectangle, read from files, and brought to the layers as VGG-19 pools."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nst_tf import colour_mask, load_image, rectangle_mask
from nst_tf.control.masks import load_mask, mask_at, masks_at_layers, side_of, without_overlaps
from nst_tf.decoding import ImageError

CAT = ROOT / "images/content/cat.jpg"
LAYERS = ["block1_conv1", "block2_conv2", "block4_conv1", "block5_conv1"]
thorough = settings(max_examples=40, deadline=None)


def saved(tmp_path, pixels, name="mask.png"):
    path = tmp_path / name
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def test_a_rectangle():
    picture = np.zeros((10, 20, 3), np.uint8)
    mask = rectangle_mask(picture, left=0.25, top=0.1, right=0.5, bottom=1)
    expected = np.zeros((10, 20))
    expected[1:, 5:10] = 1
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(rectangle_mask(picture), np.ones((10, 20)))


@pytest.mark.parametrize(
    "sides", [{"left": 0.5, "right": 0.5}, {"bottom": 1.5}, {"top": -0.1}, {"left": np.nan}]
)
def test_a_rectangle_that_is_none(sides):
    with pytest.raises(ValueError, match=r"The rectangle goes from .* parts of the width and the height"):
        rectangle_mask(np.zeros((10, 20, 3), np.uint8), **sides)


def test_the_blanket_by_its_colour_and_not_the_cat():
    mask = colour_mask(load_image(CAT, 400), "#b02850")
    assert mask.shape == (300, 400)
    assert mask[:40].min() > 0.95  # blanket, where it is lightest and where it is darkest
    assert mask[-10:, 250:].min() > 0.95
    assert mask[100:110, 140:200].max() < 0.05  # the cat's white chest
    assert mask[170:180, 360:380].max() < 0.05  # and its black tail


def test_a_colour_in_three_ways_and_its_tolerance():
    picture = np.full((20, 400, 3), (135, 206, 235), np.uint8)
    picture[:, 200:] = (235, 206, 135)
    masks = [colour_mask(picture, colour) for colour in ("skyblue", "#87ceeb", (135, 206, 235))]
    for mask in masks:
        assert mask[:, :190].min() == 1
        assert mask[:, 210:].max() == 0
    assert 0.3 < masks[0][10, 200] < 0.7  # soft in between
    assert colour_mask(picture, "skyblue", tolerance=2).min() == 1


def test_no_such_colour():
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="skyblau"):
        colour_mask(picture, "skyblau")
    for colour in ((1, 2), (0, 0, 256)):
        with pytest.raises(ValueError, match="red, green, blue"):
            colour_mask(picture, colour)
    for tolerance in (0, -1, float("nan")):
        with pytest.raises(ValueError, match=r"The tolerance is .* positive number"):
            colour_mask(picture, "red", tolerance)


def test_a_mask_of_any_size_is_brought_to_the_pictures(tmp_path):
    small = np.zeros((20, 30))
    small[:10] = 255
    mask = load_mask(saved(tmp_path, small), (300, 200), "The mask")
    assert mask.shape == (200, 300)
    assert mask[:90].min() == 1
    assert mask[110:].max() == 0
    np.testing.assert_array_equal(load_mask(small.astype(np.uint8), (30, 20), "The mask"), small / 255)


@thorough
@given(seed=st.integers(0, 10**6), size=st.tuples(st.integers(5, 60), st.integers(5, 60)))
def test_a_resized_mask_stays_between_0_and_1_and_grows_by_no_more_than_a_pixel_of_either(seed, size):
    mask = np.zeros((40, 30), np.float32)
    mask[:20] = np.random.default_rng(seed).random((20, 30))
    resized = mask_at(mask, size)
    assert resized.shape == size[::-1]
    assert 0 <= resized.min() <= resized.max() <= 1
    pixel = max(1, size[1] / 40)
    assert resized[int(np.ceil(size[1] / 2 + pixel)) :].sum() == 0


def test_where_masks_overlap_they_share():
    one, other = np.array([[1, 1, 0.2, 0]]), np.array([[0, 1, 0.3, 1]])
    shared = without_overlaps([one, other])
    np.testing.assert_allclose(shared, [[[1, 0.5, 0.2, 0]], [[0, 0.5, 0.3, 1]]])


def test_the_side_of_a_square_as_large():
    assert side_of(np.array([[1, 1, 0.5], [1, 0.5, 0]])) == 2


@thorough
@given(seed=st.integers(0, 10**6), height=st.integers(16, 70), width=st.integers(16, 70))
def test_masks_go_down_as_the_pooling_does(seed, height, width):
    """By TensorFlow's average pooling, which has the shape of VGG-19's maximum pooling."""
    mask = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    pooled = mask[np.newaxis, ..., np.newaxis]
    expected = {1: pooled}
    for block in range(2, 6):
        pooled = tf.nn.avg_pool2d(pooled, 2, 2, "VALID").numpy()
        expected[block] = pooled
    for layer, m in zip(LAYERS, masks_at_layers(mask, LAYERS, "mask"), strict=True):
        at_layer = expected[int(layer[5])].reshape(-1, 1)
        assert m.dtype == np.float32
        np.testing.assert_allclose(m, at_layer / np.sqrt(np.sum(at_layer**2)), rtol=1e-4, atol=1e-6)


def test_a_strip_that_no_position_sees():
    mask = np.zeros((64, 79), np.float32)
    mask[:, 64:] = 1  # 15 columns, which 64 + 15 leaves over at block 5
    assert len(masks_at_layers(mask, LAYERS[:3], "strip.png")) == 3
    with pytest.raises(ImageError, match=r"strip\.png leaves no position at block5_conv1"):
        masks_at_layers(mask, LAYERS, "strip.png")


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((20, 30)), ["mask.png", "all black", "white where the style is"]),
        (np.full((20, 20), 255), ["mask.png", "20×20", "30×20"]),
        (np.random.default_rng(0).integers(0, 256, (20, 30, 3)), ["mask.png has colours", "a mask is grey"]),
    ],
)
def test_masks_that_cannot_be_used(tmp_path, pixels, words):
    with pytest.raises(ImageError) as problem:
        load_mask(saved(tmp_path, pixels), (30, 20), "The mask")
    assert [word for word in words if word not in str(problem.value)] == []


def test_a_jpeg_file_of_a_grey_picture_is_grey(tmp_path):
    """Also when it was saved in colour."""
    grey = np.random.default_rng(0).integers(0, 256, (20, 30, 1)).repeat(3, axis=-1)
    path = saved(tmp_path, grey, "mask.jpg")
    assert load_mask(path, (30, 20), "The mask").shape == (20, 30)
