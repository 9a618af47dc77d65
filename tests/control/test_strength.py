"""A strength of the style means about the same for every two pictures."""

import re

import numpy as np
import pytest
from conftest import ROOT

from nst_tf import stylize
from nst_tf.control.strength import balance_of, with_cost_weights
from nst_tf.images import load_image, preprocess
from nst_tf.inputs import load_inputs
from nst_tf.progress import Balance, CostWeights
from nst_tf.settings import Settings, SettingsError
from nst_tf.vgg import get_layer_outputs, load_vgg19

PHOTO, PAINTING = ROOT / "images/content/louvre.jpg", ROOT / "images/style/great_wave.jpg"
LAYERS = [("block1_conv1", 3.0), ("block2_conv2", 0.5)]
SMALL = {"size": 96, "weights": None, "content_layer": "block2_conv1", "style_layers": LAYERS}


@pytest.fixture(scope="module")
def vgg():
    return load_vgg19(None, say=lambda _: None)


def balance(vgg, style=PAINTING, content=PHOTO, **changed):
    settings = Settings(**{**SMALL, **changed})
    return balance_of(vgg, load_inputs(content, style, settings), settings)


def weights(vgg, style_strength=0.5, **changed):
    settings = Settings(style_strength=style_strength, **changed)
    result = with_cost_weights(settings, balance(vgg))
    assert result.style_strength is None
    return result.beta, result.gamma


def of_nothing(a):
    """The style cost of a layer that does not fire, for a style with these activations, by loops."""
    _, n_H, n_W, n_C = a.shape
    total = 0.0
    for one in range(n_C):
        for other in range(n_C):
            total += (np.sum(a[..., one] * a[..., other]) / (n_H * n_W)) ** 2
    return total / (4 * n_C**2)


def test_it_is_measured_in_what_the_costs_are_if_nothing_fires(vgg):
    outputs = get_layer_outputs(vgg, [*LAYERS, ("block2_conv1", 1)])
    a_C, a_S = (
        [a.numpy().astype(np.float64) for a in outputs(preprocess(load_image(path, 256)))]
        for path in (PHOTO, PAINTING)
    )
    J_content = np.sum(a_C[-1] ** 2) / (4 * a_C[-1].size)
    of_C, of_S = (sum(λ * of_nothing(a[place]) for place, (_, λ) in enumerate(LAYERS)) for a in (a_C, a_S))
    beta = 12.5 * J_content / of_S * np.sqrt(of_C / of_S)
    for size, rel in ((256, 1e-3), (500, 0.03)):  # the larger pictures are made smaller for their activations
        S = load_image(PAINTING, size).astype(np.float64)
        J_tv = np.mean(np.diff(S, axis=1) ** 2) + np.mean(np.diff(S, axis=2) ** 2)
        assert balance(vgg, size=size) == pytest.approx((beta, 0.2 * J_content / J_tv), rel=rel)


def test_with_moments_the_ratio_has_no_root(vgg):
    outputs = get_layer_outputs(vgg, [*LAYERS, ("block2_conv1", 1)])
    a_C, a_S = (
        [a.numpy().astype(np.float64) for a in outputs(preprocess(load_image(path, 256)))]
        for path in (PHOTO, PAINTING)
    )
    J_content = np.sum(a_C[-1] ** 2) / (4 * a_C[-1].size)
    of_C, of_S = (  # with activations of 0, the deviation is √10⁻⁵
        sum(
            λ
            * (np.mean(x.mean((0, 1, 2)) ** 2) + np.mean((np.sqrt(x.var((0, 1, 2)) + 1e-5) - 1e-5**0.5) ** 2))
            for (_, λ), x in zip(LAYERS, a, strict=False)
        )
        for a in (a_C, a_S)
    )
    S = load_image(PAINTING, 256).astype(np.float64)
    J_tv = np.mean(np.diff(S, axis=1) ** 2) + np.mean(np.diff(S, axis=2) ** 2)
    expected = 50 * J_content * of_C / of_S**2, 0.6 * J_content / J_tv
    assert balance(vgg, size=256, style_statistics="moments") == pytest.approx(expected, rel=1e-3)


def test_they_grow_from_nothing_with_the_odds(vgg):
    beta, gamma = weights(vgg)
    assert weights(vgg, 0) == (0, 0)
    assert weights(vgg, 0.75) == pytest.approx((3**1.5 * beta, 3**0.75 * gamma), rel=0.01)  # of three digits
    assert weights(vgg, 0.25) == pytest.approx((beta / 3**1.5, gamma / 3**0.75), rel=0.01)
    assert weights(vgg, alpha=3) == pytest.approx((0.3 * beta, 0.3 * gamma), rel=0.01)
    assert weights(vgg, gamma=7) == (beta, 7)
    assert weights(vgg, gamma=0) == (beta, 0)


def test_a_flat_painting_does_not_make_everything_flat(vgg):
    flat, noise = np.full((96, 96, 3), 0.4), np.random.default_rng(0).random((96, 96, 3))
    of_itself = balance(vgg, style=PHOTO).gamma
    assert balance(vgg, style=flat).gamma == pytest.approx(4 * of_itself)
    assert balance(vgg, style=noise).gamma < of_itself
    assert balance(vgg, style=flat, content=flat).gamma == 0


def test_narrow_pictures_are_measured_at_a_size_that_the_layers_take():
    vgg = load_vgg19("auto", say=lambda _: None)
    narrow = np.random.default_rng(0).random((1, 20, 600, 3), dtype=np.float32)
    settings = Settings(size=600)
    assert 0 < balance_of(vgg, load_inputs(narrow, PAINTING, settings), settings).beta < np.inf


def test_what_float32_does_not_hold_is_refused(vgg):
    black = np.zeros((1, 96, 96, 3), np.float32)
    for statistics in ("moments", "gram"):  # nothing fires, as these weights have no biases
        of_black = balance(vgg, style=black, preprocess=False, style_statistics=statistics)
        assert of_black.beta == np.inf
    with pytest.raises(SettingsError, match=r"style_strength 0\.5 means β = inf and γ = \S+ for these pict"):
        with_cost_weights(Settings(), of_black)
    none = with_cost_weights(Settings(style_strength=0), of_black)
    assert (none.beta, none.gamma) == (0, 0)
    with pytest.raises(SettingsError, match="style_strength 1e-30 means"):
        weights(vgg, 1e-30)
    flat = balance(vgg)._replace(gamma=1e45)
    with pytest.raises(SettingsError, match=r"γ = 1e\+46 for these pictures"):
        with_cost_weights(Settings(), flat)
    assert with_cost_weights(Settings(gamma=3), flat).gamma == 3


@pytest.mark.parametrize("strength", [1, -0.1, float("nan")])
def test_a_balance_knows_the_range_of_strengths(strength):
    with pytest.raises(ValueError, match="give a number from 0 to less than 1"):
        Balance(1, 1).weights(strength, 10)


def test_the_run_reports_the_beta_and_repeats_with_it(capsys):
    result = stylize(PHOTO, PAINTING, style_strength=0.6, steps=3, **SMALL)
    used = {name: result.settings[name] for name in ("beta", "gamma")}
    told = re.search(
        r"Style strength 0\.6: β = (\S+) \(β/α = (\S+)\), γ = (\S+) for", capsys.readouterr().out
    )
    beta, ratio, gamma = map(float, told.groups())
    assert {"beta": beta, "gamma": gamma} == used
    assert ratio == pytest.approx(beta / 10, rel=0.05)
    assert result.settings["style_strength"] is None
    assert {(row.beta, row.gamma) for row in result.history} == {tuple(used.values())}
    again = stylize(PHOTO, PAINTING, **used, steps=3, **SMALL)
    assert np.array_equal(again.image, result.image)


def test_a_callback_learns_what_other_strengths_mean():
    def stronger(progress):
        return CostWeights(*progress.balance.weights(0.8, 10)) if progress.costs.step == 1 else None

    result = stylize(PHOTO, PAINTING, steps=3, callback=stronger, **SMALL)
    first, last = result.history[0], result.history[-1]
    assert (last.beta, last.gamma) == pytest.approx((8 * first.beta, 8**0.5 * first.gamma), rel=0.01)
    assert (result.settings["beta"], result.settings["gamma"]) == (last.beta, last.gamma)


def test_a_half_is_meant_where_no_weight_of_the_style_is_given():
    assert Settings() == Settings(style_strength=0.5)
    assert Settings().beta is None
    assert (Settings(beta=3).style_strength, Settings(beta=3).gamma) == (None, 0)
    assert (Settings(alpha=0).beta, Settings(alpha=0).gamma) == (1, 0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"style_strength": 1}, "style_strength is 1: give a number from 0 to less than 1, such as 0.5"),
        ({"style_strength": -0.1}, "style_strength is -0.1"),
        ({"style_strength": "much"}, "style_strength is 'much'"),
        ({"style_strength": float("nan")}, "style_strength is nan"),
        ({"style_strength": 0.5, "alpha": 0}, "against the content, but alpha is 0: give beta instead"),
        ({"style_strength": 0.5, "beta": 0.1}, "style_strength and beta both set the amount of style"),
    ],
)
def test_what_makes_no_sense_is_refused(changed, words):
    with pytest.raises(SettingsError, match=words):
        Settings(**changed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "style"),
    [("duck", "composition_viii"), ("lincoln_memorial", "langlois_bridge")],
)
def test_half_means_the_same_where_one_beta_does_not(content, style):
    """With β = 0.05 for both, the errors are 1.3 and 0.5."""
    photo, painting = ROOT / f"images/photos/{content}.jpg", ROOT / f"images/style/{style}.jpg"
    result = stylize(photo, painting, size=200, steps=60, progress=False)
    layer = get_layer_outputs(load_vgg19("auto", say=lambda _: None), [("block3_conv4", 1)])
    a_C, a_G = (
        layer(preprocess(load_image(image, 200))).numpy() for image in (photo, np.asarray(result.image))
    )
    assert 0.7 <= np.linalg.norm(a_G - a_C) / np.linalg.norm(a_C) <= 1.2
