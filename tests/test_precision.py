"""Convolutions in bfloat16: the gradient points the same way, and the picture is as good."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import LOUVRE, SUMMERTIME, load_images

from nst_tf import load_vgg19, stylize
from nst_tf.control.styles import everywhere
from nst_tf.objective import Objective
from nst_tf.precision import fastest_precision, forget_choice
from nst_tf.settings import Settings
from nst_tf.vgg import load_network

SMALL = {"size": 160, "init": "noisy_content"}
OBJECTIVES = {
    "default": {"beta": 0.05},
    "course": {"alpha": 10, "beta": 40, "content_layer": "block5_conv4", "style_layers": "course"},
}


@pytest.fixture(scope="module")
def vgg_bfloat16():
    return load_vgg19("compact", precision="bfloat16")


def test_only_the_convolutions_change(vgg, vgg_bfloat16):
    assert {layer.compute_dtype for layer in vgg_bfloat16.layers if layer.weights} == {"bfloat16"}
    for full, half in zip(vgg.get_weights(), vgg_bfloat16.get_weights(), strict=True):
        np.testing.assert_allclose(full, half.astype(np.float32), rtol=2**-8)
    origins = [load_network("compact", precision=precision).origin for precision in ("float32", "bfloat16")]
    assert origins[0] == origins[1]
    assert load_vgg19("compact") is load_vgg19("compact")
    assert load_vgg19("compact", precision="bfloat16") is load_vgg19("compact", precision="bfloat16")


def test_another_precision_is_refused():
    with pytest.raises(
        ValueError, match="precision is 'float16': VGG-19 is loaded in float32 or in bfloat16"
    ):
        load_vgg19("compact", precision="float16")


@pytest.mark.parametrize("name", OBJECTIVES)
def test_costs_and_gradient_are_nearly_those_of_float32(vgg, vgg_bfloat16, name):
    settings = Settings(**SMALL, **OBJECTIVES[name])
    C, S, G = load_images(LOUVRE, SUMMERTIME, settings)
    full, half = (Objective(model, C, everywhere(S), settings)(G) for model in (vgg, vgg_bfloat16))
    assert half.J == pytest.approx(full.J, rel=0.05)
    assert half.costs == pytest.approx(full.costs, rel=0.05)
    assert half.gradient.dtype == np.float32
    one, other = (each.gradient.ravel().astype(np.float64) for each in (full, half))
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert cosine > 0.98


def test_the_content_itself_costs_nothing_in_bfloat16_too(vgg_bfloat16):
    settings = Settings(**SMALL, beta=0.05)
    C, S, _ = load_images(LOUVRE, SUMMERTIME, settings)
    assert Objective(vgg_bfloat16, C, everywhere(S), settings)(C).costs["J_content"] == 0


@pytest.mark.slow  # where bfloat16 is only imitated
@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_picture_of_a_run_is_as_good(vgg, name):
    """Its J, in float32, differs by a few percent from that of a run in float32."""
    small = {**SMALL, "size": 112}
    settings = Settings(**small, **OBJECTIVES[name])
    C, S, _ = load_images(LOUVRE, SUMMERTIME, settings)
    J = {}
    for precision in ("float32", "bfloat16"):
        options = {**small, **OBJECTIVES[name], "steps": 40, "precision": precision, "progress": False}
        image = stylize(LOUVRE, SUMMERTIME, **options).image
        G = np.asarray(image, np.float32)[np.newaxis] / 255
        J[precision] = Objective(vgg, C, everywhere(S), settings)(G)[0]
    assert J["bfloat16"] < 1.06 * J["float32"]


def test_the_choice_is_made_and_said_once_a_process(capsys):
    forget_choice()
    chosen, reason = fastest_precision()
    assert chosen in ("float32", "bfloat16")
    assert fastest_precision() is fastest_precision()
    said = []
    for _ in range(2):
        result = stylize(LOUVRE, SUMMERTIME, size=64, steps=1)
        assert result.settings["precision"] == chosen
        said.append(capsys.readouterr().out)
    assert [reason in out for out in said] == [True, False]


def test_the_faster_one_is_chosen(monkeypatch):
    for speed, expected in ((2.0, "bfloat16"), (1.1, "float32"), (0.2, "float32")):
        monkeypatch.setattr("nst_tf.precision._speed_of_bfloat16", lambda speed=speed: speed)
        chosen, reason = fastest_precision.__wrapped__()
        assert chosen == expected
        assert expected in reason


def test_where_bfloat16_cannot_be_computed_float32_is_chosen(monkeypatch):
    from nst_tf import precision

    convolution = precision._convolution

    def without_bfloat16(dtype):
        if dtype == tf.bfloat16:
            raise tf.errors.UnimplementedError(None, None, "no kernel")
        return convolution(dtype)

    monkeypatch.setattr(precision, "_convolution", without_bfloat16)
    assert fastest_precision.__wrapped__()[0] == "float32"
