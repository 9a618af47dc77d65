"""What a layer sees, against TensorFlow's own gradients and searches by hand."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT

from nst_tf import compute_content_cost, get_layer_outputs, load_image, load_vgg19, preprocess
from nst_tf.probes import (
    agreement,
    best_units,
    excitement,
    exciting_patches,
    positions_inside,
    receptive_field,
    reconstruct,
    selectivity,
)

PHOTOS = sorted((ROOT / "images/photos").glob("*.jpg"))
LAYERS = ["block1_conv1", "block2_conv2", "block3_conv3", "block4_conv1"]


@pytest.fixture(scope="module")
def photographs():
    return [load_image(path, 120) for path in PHOTOS[:12]]


def pixels_that_matter(layer, row, column, shape=(1, 256, 288, 3)):
    """First and last row and column on which a unit depends: random weights,
    so that no derivative is 0 by chance.
    """
    model = get_layer_outputs(load_vgg19(None, say=lambda _: None), [(layer, 1)])
    image = tf.random.stateless_uniform(shape, seed=(1, 2))
    with tf.GradientTape() as tape:
        tape.watch(image)
        unit = tf.reduce_sum(model(preprocess(image))[0, row, column])
    matters = np.abs(tape.gradient(unit, image)[0]).max(axis=-1) > 0
    rows, columns = np.flatnonzero(matters.any(axis=1)), np.flatnonzero(matters.any(axis=0))
    return rows[0], rows[-1], columns[0], columns[-1]


@pytest.mark.parametrize("layer", [*LAYERS, "block5_conv1"])
def test_a_unit_depends_on_its_receptive_field_and_on_nothing_else(layer):
    size, stride, start = receptive_field(layer)
    row, column = 128 // stride, 144 // stride
    top, left = start + stride * row, start + stride * column
    assert pixels_that_matter(layer, row, column) == (top, top + size - 1, left, left + size - 1)


def test_the_largest_receptive_field_has_its_known_size():
    """252 pixels, the size of VGG-19's last convolution in the literature."""
    assert receptive_field("block5_conv4").size == 252
    with pytest.raises(ValueError, match="no convolution 'block6_conv1'"):
        receptive_field("block6_conv1")


@pytest.mark.parametrize("layer", ["block1_conv1", "block2_conv2", "block3_conv4", "block5_conv4"])
@pytest.mark.parametrize("side", [268, 299, 300, 448])
def test_the_positions_inside_are_those_whose_field_is(layer, side):
    size, stride, start = receptive_field(layer)
    tops = [start + stride * position for position in range(side // stride)]
    inside = [position for position, top in enumerate(tops) if top >= 0 and top + size <= side]
    found = positions_inside(layer, side)
    assert list(range(found.start, found.stop)) == inside


def test_a_picture_smaller_than_the_field_has_no_position_inside():
    assert positions_inside("block1_conv1", 3) == slice(1, 2)
    with pytest.raises(ValueError, match="block1_conv1 sees 3 pixels in each direction"):
        positions_inside("block1_conv1", 2)


def test_excitement_finds_the_maximum_of_each_map(vgg, photographs):
    found = excitement(vgg, ["block2_conv2", "block3_conv3"], photographs, progress=False)
    for layer, in_layer in found.items():
        a = get_layer_outputs(vgg, [(layer, 1)])(preprocess(photographs[3]))[0].numpy()
        _, height, width, _ = photographs[3].shape
        inside = a[positions_inside(layer, height), positions_inside(layer, width)]
        np.testing.assert_allclose(in_layer.activation[3], inside.max(axis=(0, 1)), rtol=1e-4, atol=1e-3)
        for unit in (0, 17):
            row, column = in_layer.row[3, unit], in_layer.column[3, unit]
            assert a[row, column, unit] == pytest.approx(inside[..., unit].max(), rel=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_patch_excites_the_unit_as_much_as_the_image_did(vgg, photographs, layer):
    """A patch from inside an image, alone on a black ground,
    excites the unit in its middle as the whole image did.
    """
    photographs = [image for image in photographs if min(image.shape[1:3]) >= 76]
    found = excitement(vgg, [layer], photographs, progress=False)[layer]
    _, stride, start = receptive_field(layer)
    best, units = found.activation.argmax(axis=0), np.arange(found.activation.shape[1])
    chosen = units[found.activation[best, units] > 100][:4]
    assert len(chosen) == 4
    patches = exciting_patches(vgg, layer, chosen, photographs, k=1, found=found)[:, 0]
    margin = 16 * stride + start % stride  # the padding's zeros out of reach, the poolings where they were
    position = (margin - start) // stride
    model = get_layer_outputs(vgg, [(layer, 1)])
    for unit, patch in zip(chosen, patches, strict=True):
        alone = np.pad(patch, ((margin, margin), (margin, margin), (0, 0)))[np.newaxis]
        activation = model(preprocess(alone))[0, position, position, unit]
        assert float(activation) == pytest.approx(found.activation[best[unit], unit], rel=1e-3)


def test_what_lies_at_the_border_is_not_looked_at(vgg):
    """A dark image with a bright corner: only positions next to the corner see no padding."""
    image = np.zeros((1, 32, 48, 3), np.float32)
    image[0, 0, 0] = 1
    found = excitement(vgg, ["block1_conv1"], [image], progress=False)["block1_conv1"]
    assert (found.row.min(), found.column.min()) == (1, 1)
    at_corner = np.flatnonzero((found.row[0] == 1) & (found.column[0] == 1))
    patches = exciting_patches(vgg, "block1_conv1", at_corner, [image], k=1)
    assert patches.shape == (len(at_corner), 1, 3, 3, 3)
    assert len(at_corner) > 0
    np.testing.assert_array_equal(patches[0, 0], image[0, :3, :3])


def test_an_image_smaller_than_the_field_is_refused(vgg, photographs):
    with pytest.raises(ValueError, match="block4_conv4 sees 116 pixels"):
        excitement(vgg, ["block4_conv4"], [np.zeros((1, 115, 200, 3), np.float32)], progress=False)


def test_at_most_one_patch_of_each_image_the_strongest_first(vgg, photographs):
    layer, unit = "block2_conv2", 5
    patches = exciting_patches(vgg, layer, [unit], photographs, k=9)
    assert patches.shape == (1, 9, 14, 14, 3)
    found = excitement(vgg, [layer], photographs, progress=False)[layer]
    order = np.argsort(-found.activation[:, unit])[:9]
    for place, image in enumerate(order):
        alone = exciting_patches(vgg, layer, [unit], [photographs[image]], k=1)[0, 0]
        np.testing.assert_array_equal(patches[0, place], alone)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer": "block9"}, "no convolution 'block9'"),
        ({"units": [0, 64]}, "no unit 64: its units are 0 to 63"),
        ({"units": [-1]}, "no unit -1"),
        ({"k": 13}, "k is 13, and there are 12 images"),
        ({"k": 0}, "k is 0"),
    ],
)
def test_what_can_not_be_looked_at_is_refused(vgg, photographs, arguments, words):
    with pytest.raises(ValueError, match=words):
        exciting_patches(vgg, **{"layer": "block1_conv1", "units": [0], "images": photographs, **arguments})


def test_what_was_found_for_another_layer_is_refused(vgg, photographs):
    found = excitement(vgg, ["block2_conv1"], photographs, progress=False)["block2_conv1"]
    with pytest.raises(ValueError, match="12 images and 128 units: expected 12 and 64"):
        exciting_patches(vgg, "block1_conv1", [0], photographs, found=found)


def test_excitement_needs_layers_and_images(vgg, photographs):
    with pytest.raises(ValueError, match="nothing to look at"):
        excitement(vgg, [], photographs)
    with pytest.raises(ValueError, match="nothing to look at"):
        excitement(vgg, ["block1_conv1"], [])


def test_a_unit_is_selective_if_few_images_excite_it():
    activation = np.array([[1, 4, 0], [1, 0, 0], [1, 2, 0], [1, 0, 0]], np.float32)
    np.testing.assert_allclose(selectivity(activation, 1), [1, 4 / 1.5, 0])
    np.testing.assert_allclose(selectivity(activation, 2), [1, 2 / 1.5, 0])


def test_patches_agree_that_are_light_and_dark_at_the_same_places():
    edge = np.zeros((4, 4, 3), np.float32)
    edge[:, :2] = 1
    patches = np.array([[edge, edge, edge / 2 + 0.25], [edge, edge, 1 - edge]])
    cosines = [[1, 1, 1], [1, -1, -1]]
    np.testing.assert_allclose(agreement(patches, 0.5), np.mean(cosines, axis=1), atol=1e-5)
    nothing_dark_in_both = [1, 0, 0]
    assert agreement(patches, 1)[1] == pytest.approx(np.mean(nothing_dark_in_both), abs=1e-5)


def test_the_best_units_have_different_images():
    activation = np.array([[9, 9, 0, 1], [8, 8, 0, 9], [0, 0, 7, 8], [1, 1, 6, 0]], np.float32)
    score = np.array([3, 4, 1, 2])
    assert best_units(score, activation, 2, k=2, most_shared=2) == [1, 0]
    assert best_units(score, activation, 2, k=2, most_shared=1) == [1, 3]
    assert best_units(score, activation, 4, k=2, most_shared=0) == [1, 2]


def test_reconstruct_finds_the_image_that_a_cost_describes():
    wanted = np.random.default_rng(0).random((1, 6, 8, 3), dtype=np.float32)
    found = reconstruct(
        lambda G: tf.reduce_sum(tf.square(G - wanted)), np.full_like(wanted, 0.5), 30, progress=False
    )
    np.testing.assert_allclose(found.image, wanted, atol=1e-3)
    assert found.costs[0] == pytest.approx(float(np.square(wanted - 0.5).sum()), rel=1e-4)
    assert min(found.costs) < 1e-4
    assert len(found.costs) <= 31


def test_reconstruct_stays_in_the_range_of_colours():
    start = np.full((1, 4, 4, 3), 0.5, np.float32)
    found = reconstruct(lambda G: tf.reduce_sum(tf.square(G - 3)), start, 10, progress=False)
    np.testing.assert_array_equal(found.image, np.ones_like(start))


def test_a_shallow_layer_gives_the_picture_back(vgg, photographs):
    C = photographs[0]
    layer = get_layer_outputs(vgg, [("block1_conv1", 1)])
    a_C = layer(preprocess(C))
    start = np.full_like(C, 0.5)
    found = reconstruct(lambda G: compute_content_cost(a_C, layer(preprocess(G))), start, 60, progress=False)
    assert np.abs(found.image - C).mean() < 0.1 * np.abs(start - C).mean()


def test_reconstruct_says_what_is_wrong_with_a_cost():
    start = np.full((1, 4, 4, 3), 0.5, np.float32)
    with pytest.raises(ValueError, match="does not depend on the image"):
        reconstruct(lambda _: tf.constant(1.0), start, progress=False)
    with pytest.raises(ValueError, match="not a finite number at the start"):
        reconstruct(lambda G: tf.reduce_sum(tf.math.log(G - 1)), start, progress=False)
