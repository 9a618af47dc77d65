"""Colours: the luminance method and the affine match, against closed forms."""

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME
from hypothesis import given, settings
from hypothesis import strategies as st

from nst_tf import load_image, stylize
from nst_tf.control.colours import chroma, grey, grey_like, luminance, matched, with_chroma
from nst_tf.images import tensor_to_image
from nst_tf.settings import Settings, SettingsError

SMALL = {"size": 96, "steps": 4, "weights": None, "progress": False, "coarse_to_fine": False}
thorough = settings(max_examples=40, deadline=None)


def image(seed, spread=0.08, shape=(1, 12, 15, 3)):
    """Colours that depend on each other, far enough from 0 and 1 not to be clipped."""
    generator = np.random.default_rng(seed)
    mix = generator.normal(size=(3, 3))
    return 0.5 + spread * np.tanh(generator.normal(size=shape) @ mix)


def moments(image, weights=None):
    pixels = image.reshape(-1, 3)
    return np.average(pixels, axis=0, weights=weights), np.cov(pixels.T, aweights=weights, bias=True)


def test_luminance_of_known_colours():
    colours = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0.2, 0.2, 0.2]]).reshape(1, 1, 5, 3)
    np.testing.assert_allclose(luminance(colours).ravel(), [0.299, 0.587, 0.114, 1, 0.2])


@thorough
@given(seed=st.integers(0, 10**6))
def test_chroma_is_what_luminance_leaves(seed):
    one, other = image(seed), image(seed + 1)
    np.testing.assert_allclose(luminance(one) + chroma(one), one)
    np.testing.assert_allclose(luminance(chroma(one)), 0, atol=1e-12)
    np.testing.assert_allclose(with_chroma(grey(one), chroma(one)), one)
    recoloured = with_chroma(one, chroma(other))
    np.testing.assert_allclose(luminance(recoloured), luminance(one))
    np.testing.assert_allclose(chroma(recoloured), chroma(other), atol=1e-12)


@thorough
@given(seed=st.integers(0, 10**6))
def test_matched_colours_have_the_mean_and_covariance_of_the_content(seed):
    S, C = image(seed), image(seed + 1, spread=0.03)
    result = matched(S, C)
    for of_result, of_C in zip(moments(result), moments(C), strict=True):
        np.testing.assert_allclose(of_result, of_C, atol=2e-5)  # what is hardly there isn't blown up


@thorough
@given(seed=st.integers(0, 10**6))
def test_matched_colours_of_a_part_and_of_a_region(seed):
    S, C = image(seed), image(seed + 1, spread=0.03)
    generator = np.random.default_rng(seed)
    part, region = (generator.random((12, 15)) for _ in range(2))
    result = matched(S, C, part, region)
    of_result, of_C = moments(result, part.ravel()), moments(C, region.ravel())
    for one, other in zip(of_result, of_C, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_a_match_of_independent_channels_in_closed_form():
    """Without correlations the map is (x − μ_S) σ_C/σ_S + μ_C in each channel."""
    steps = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T.reshape(1, 2, 4, 3)
    S, C = 0.5 + steps * (0.1, 0.2, 0.05), (0.4, 0.5, 0.6) + steps * (0.05, 0.1, 0.2)
    np.testing.assert_allclose(matched(S, C), C, atol=1e-9)
    np.testing.assert_allclose(matched(C, C), C, atol=1e-9)


def test_a_painting_of_one_colour_becomes_the_photographs_mean():
    S, C = np.full((1, 5, 5, 3), 0.7), image(3)
    np.testing.assert_allclose(matched(S, C), np.broadcast_to(moments(C)[0], S.shape), atol=1e-9)
    np.testing.assert_allclose(grey_like(S, C), luminance(C).mean(), atol=1e-9)


@thorough
@given(seed=st.integers(0, 10**6))
def test_a_grey_painting_is_as_light_and_as_contrasty_as_the_content(seed):
    S, C = image(seed), image(seed + 1, spread=0.03)
    result = grey_like(S, C)
    assert np.ptp(result, axis=-1).max() == 0
    assert result.mean() == pytest.approx(luminance(C).mean())
    assert result[..., 0].std() == pytest.approx(luminance(C).std())


def test_the_colours_of_the_content_stay():
    """Where nothing was clipped, the result's chroma is C's, and its luminance isn't."""
    C = np.round(255 * (0.5 + 0.4 * (load_image(LOUVRE, 96) - 0.5))).astype(np.uint8)
    seen = []
    options = {**SMALL, "style_strength": 0.7}
    result = stylize(C, SUMMERTIME, colours="content", callback=seen.append, **options)
    picture, C = np.asarray(result.image) / 255, C[0] / 255
    inside = ((picture > 0) & (picture < 1)).all(axis=-1)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(chroma(picture)[inside], chroma(C)[inside], atol=2 / 255)
    assert np.abs(luminance(picture) - luminance(C)).max() > 0.05
    assert seen[-1].picture().size == result.image.size
    np.testing.assert_array_equal(np.asarray(seen[0].picture()), np.round(255 * C))  # it starts from C


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "gradient_descent"])
@pytest.mark.parametrize("init", ["content", "noise"])
def test_where_colours_stay_only_luminances_are_painted(optimizer, init):
    def look(progress):
        assert np.ptp(progress.G, axis=-1).max() == 0

    options = {**SMALL, "init": init, "optimizer": optimizer}
    J = [row.J for row in stylize(LOUVRE, SUMMERTIME, colours="content", callback=look, **options).history]
    assert min(J) < J[0]


def test_matched_is_a_run_with_the_matched_painting():
    C, S = load_image(LOUVRE, 96), load_image(SUMMERTIME, 96)
    result = stylize(C, S, colours="matched", **SMALL)
    by_hand = stylize(C, matched(S, C), **SMALL)
    assert np.asarray(result.image).tolist() == np.asarray(by_hand.image).tolist()
    assert result.settings["colours"] == "matched"


def test_colours_in_the_middle_of_a_coarse_run():
    """The picture so far has the result's size and C's colours at every stage."""
    sizes, pictures = set(), []

    def look(progress):
        sizes.add(progress.costs.size)
        pictures.append(progress.picture())

    coarse = {**SMALL, "size": 400, "steps": 24, "coarse_to_fine": True, "style_layers": "fine"}
    coarse |= {"content_layer": "block3_conv1"}
    result = stylize(LOUVRE, SUMMERTIME, colours="content", callback=look, **coarse)
    assert len(sizes) > 1
    assert {picture.size for picture in pictures} == {result.image.size}
    C = chroma(np.asarray(tensor_to_image(load_image(LOUVRE, 400))) / 255)
    for picture in (pictures[0], pictures[2], pictures[-1]):
        assert np.abs(chroma(np.asarray(picture) / 255) - C).mean() < 0.02


def test_unknown_colours():
    with pytest.raises(SettingsError, match=r"colours is 'keep': choose among style, content, matched\."):
        Settings(colours="keep")
