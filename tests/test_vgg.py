"""VGG-19's layer outputs, computed a second way; and what is never computed."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import LOUVRE, ROOT

from nst_tf import STYLE_LAYERS, get_layer_outputs, load_image, load_vgg19, preprocess
from nst_tf.layers import BALANCED, BALANCED_STYLE_LAYERS, CONV_LAYERS, minimum_side
from nst_tf.vgg import load_network
from nst_tf.weights import load_weights


def numpy_vgg19(image, layers):
    """The forward pass in NumPy, from the same weights: {name: activations (h, w, n_C)}, in float64.

    image: (h, w, 3), RGB in [0, 1].
    """
    a = 255 * image[:, :, ::-1].astype(np.float64) - [103.939, 116.779, 123.68]
    outputs, block = {}, "1"
    for name, (kernel, bias) in layers.items():
        if name[5] != block:
            block = name[5]
            h, w = a.shape[0] // 2, a.shape[1] // 2
            a = np.max([a[i : 2 * h : 2, j : 2 * w : 2] for i in (0, 1) for j in (0, 1)], axis=0)
        padded = np.pad(a, ((1, 1), (1, 1), (0, 0)))
        h, w = a.shape[:2]
        total = sum(
            padded[i : i + h, j : j + w] @ kernel[i, j].astype(np.float64) for i in range(3) for j in range(3)
        )
        a = np.maximum(total + bias, 0)
        outputs[name] = a
    return outputs


def test_every_layer_on_a_photograph_against_numpy(vgg):
    image = load_image(LOUVRE, 75)  # odd sizes on the way down: 75×30, 37×15, 18×7, 9×3, 4×1
    expected = numpy_vgg19(image[0], load_weights("compact").layers)
    computed = get_layer_outputs(vgg, [(name, 1) for name in CONV_LAYERS])(preprocess(image))
    for name, activations in zip(CONV_LAYERS, computed, strict=True):
        scale = expected[name].max()
        assert scale > 1, name
        np.testing.assert_allclose(activations[0] / scale, expected[name] / scale, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    "painting", sorted((ROOT / "images/style").glob("*.jpg")), ids=lambda path: path.stem
)
def test_the_balanced_layers_count_about_alike(vgg, painting):
    """What activations of 0 would cost in each layer, times λ: Σ G² / (4 n_C² (n_H n_W)²), or with means and
    deviations Σ (μ² + σ²) / n_C.
    """
    outputs = get_layer_outputs(vgg, BALANCED_STYLE_LAYERS)(preprocess(load_image(painting, 400)))
    unrolled = [a.numpy().reshape(-1, a.shape[-1]) for a in outputs]
    costs = {
        "gram": [np.mean((A.T @ A / len(A)) ** 2) / 4 for A in unrolled],
        "moments": [np.mean(A.mean(axis=0) ** 2 + A.std(axis=0) ** 2) for A in unrolled],
    }
    for statistics, layers in BALANCED.items():
        weighted = [λ * cost for (_, λ), cost in zip(layers, costs[statistics], strict=True)]
        shares = np.array(weighted) / sum(weighted)
        assert shares.min() > 0.08
        assert shares.max() < 0.5
        assert 3e7 < sum(weighted) < 1e9  # so that a β is of the same order


def test_outputs_come_in_the_order_asked_for(vgg):
    model = get_layer_outputs(vgg, [("block4_conv2", 1), ("block1_conv1", 0.5)])
    deep, shallow = model(tf.zeros((1, 32, 48, 3)))
    assert deep.shape == (1, 4, 6, 512)
    assert shallow.shape == (1, 32, 48, 64)


def test_the_courses_layers(vgg):
    model = get_layer_outputs(vgg, [*STYLE_LAYERS, ("block5_conv4", 1)])
    assert isinstance(model, tf.keras.Model)
    shapes = [tuple(output.shape) for output in model(tf.zeros((1, 32, 64, 3)))]
    assert shapes == [
        (1, 32, 64, 64),
        (1, 16, 32, 128),
        (1, 8, 16, 256),
        (1, 4, 8, 512),
        (1, 2, 4, 512),
        (1, 2, 4, 512),
    ]


def test_nothing_behind_the_deepest_layer_is_computed(vgg):
    model = get_layer_outputs(vgg, [("block1_conv1", 1), ("block2_conv2", 1)])
    assert [layer.name for layer in model.layers][1:] == [
        "block1_conv1",
        "block1_conv2",
        "block1_pool",
        "block2_conv1",
        "block2_conv2",
    ]


def test_the_network_is_frozen_and_has_no_classifier(vgg):
    assert vgg.trainable_weights == []
    assert vgg.count_params() == sum(9 * channels_in * n_C + n_C for channels_in, n_C in CONV_LAYERS.values())


def test_it_is_loaded_once_and_says_which_weights(capsys):
    load_vgg19(None)
    capsys.readouterr()
    first = load_vgg19("compact")
    assert capsys.readouterr().out.startswith("VGG-19 weights: compact, from ")
    assert load_vgg19("compact") is load_vgg19("compact", say=str) is first
    assert capsys.readouterr().out == ""
    origin = load_network("compact", precision="float32").origin
    assert (origin.name, origin.checksum) == ("compact", load_weights("compact").checksum())


def test_an_unknown_layer(vgg):
    with pytest.raises(ValueError, match=r"no layer 'block6_conv1'.*block1_conv1"):
        get_layer_outputs(vgg, [("block6_conv1", 1)])


@pytest.mark.parametrize("block", [1, 2, 3, 4, 5])
def test_the_minimum_side_is_the_least_that_has_an_output(vgg, block):
    name = f"block{block}_conv1"
    side = minimum_side([name])
    model = get_layer_outputs(vgg, [(name, 1)])
    assert model(tf.zeros((1, side, 64, 3))).shape[1] == 1
    assert not has_output(model, side - 1)


def has_output(model, side):
    try:
        return 0 not in model(tf.zeros((1, side, 64, 3))).shape
    except tf.errors.OpError:  # a pooling that has nothing to pool
        return False
