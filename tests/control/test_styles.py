"""Several styles, regions and scale: what they mean for J and its gradient, and what is refused."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import LOUVRE, ROOT, SUMMERTIME
from PIL import Image

from nst_tf import (
    Style,
    guided_gram_matrix,
    load_image,
    load_vgg19,
    rectangle_mask,
    save_image,
    stylize,
)
from nst_tf.control.masks import masks_at_layers
from nst_tf.control.strength import balance_of
from nst_tf.control.styles import styles_of
from nst_tf.costs import channel_moments, gram_distance, moments_distance
from nst_tf.decoding import ImageError
from nst_tf.inputs import load_inputs
from nst_tf.large.compiled import activations_of
from nst_tf.objective import Objective
from nst_tf.probes import receptive_field
from nst_tf.settings import Settings, SettingsError

GREAT_WAVE = ROOT / "images/style/great_wave.jpg"
LAYERS = [("block1_conv1", 2.0), ("block2_conv1", 0.5), ("block3_conv1", 0.3)]
SMALL = {"size": 96, "content_layer": "block2_conv1", "style_layers": LAYERS, "weights": None}
STYLE_ALONE = Settings(**SMALL, alpha=0, beta=1, init="noise")
MOMENTS_ALONE = Settings(**SMALL, style_statistics="moments", alpha=0, beta=1, init="noise")
both_statistics = pytest.mark.parametrize("settings", [STYLE_ALONE, MOMENTS_ALONE], ids=["gram", "moments"])
SKY = {"bottom": 0.5}


@pytest.fixture(scope="module")
def random_vgg():
    return load_vgg19(None, say=lambda _: None)


def inputs_of(*styles, settings=STYLE_ALONE):
    return load_inputs(LOUVRE, list(styles), settings)


def objective_of(vgg, *styles, settings=STYLE_ALONE):
    inputs = inputs_of(*styles, settings=settings)
    return Objective(vgg, inputs.C, inputs.regions, settings), inputs


# ----------------------------------------------------------------------------------- several styles


@both_statistics
def test_the_mean_of_the_targets_has_the_gradient_of_the_sum_of_costs(random_vgg, settings):
    """Σ w_i J_style(S_i) and J_style of the averaged target differ by a number that G does not change."""
    paintings = Style(SUMMERTIME, weight=3), Style(GREAT_WAVE)
    both, inputs = objective_of(random_vgg, *paintings, settings=settings)
    one, other = (
        objective_of(random_vgg, painting, settings=settings)[0] for painting in (SUMMERTIME, GREAT_WAVE)
    )
    differences = []
    for G in (inputs.G, 0.5 * inputs.G, inputs.C):
        together, first, second = both(G), one(G), other(G)
        summed = 0.75 * first.gradient + 0.25 * second.gradient
        np.testing.assert_allclose(together.gradient, summed, atol=1e-4 * np.abs(summed).max())
        differences.append(0.75 * first.J + 0.25 * second.J - together.J)
    assert min(differences) > 0.01 * together.J
    np.testing.assert_allclose(differences, differences[0], rtol=1e-3)


def test_weights_count_relative_to_each_other(random_vgg):
    J = [
        objective_of(random_vgg, Style(SUMMERTIME, weight=a), Style(GREAT_WAVE, weight=b))[0](load_start()).J
        for a, b in ((3, 1), (0.3, 0.1), (1, 1), (1, 0))
    ]
    assert J[0] == pytest.approx(J[1], rel=1e-6)
    assert len({round(value, 3) for value in J[1:]}) == 3
    assert J[3] == objective_of(random_vgg, SUMMERTIME)[0](load_start()).J


def load_start():
    return inputs_of(SUMMERTIME).G


def test_one_style_in_a_list_is_that_style_to_the_bit():
    options = {**SMALL, "steps": 3, "progress": False}
    pictures = [
        stylize(LOUVRE, style, **options).image
        for style in (SUMMERTIME, [SUMMERTIME], Style(SUMMERTIME), [Style(SUMMERTIME, weight=7)])
    ]
    assert all(picture.tobytes() == pictures[0].tobytes() for picture in pictures)


# ------------------------------------------------------------------------------------------ regions


@pytest.mark.parametrize(
    ("settings", "statistic", "distance"),
    [(STYLE_ALONE, guided_gram_matrix, gram_distance), (MOMENTS_ALONE, channel_moments, moments_distance)],
    ids=["gram", "moments"],
)
def test_J_style_is_the_sum_over_regions_of_what_their_masks_let_through(
    random_vgg, settings, statistic, distance
):
    """Against the formulas of ``costs.py``, in float64, with masks pooled by TensorFlow."""
    soft = np.random.default_rng(0).random(load_start().shape[1:3]).astype(np.float32)
    part = rectangle_mask(SUMMERTIME, right=0.6)
    styles = Style(SUMMERTIME, region=soft, part=part), Style(GREAT_WAVE, region="rest")
    objective, inputs = objective_of(random_vgg, *styles, settings=settings)
    activations = activations_of(random_vgg, settings)
    (first, second), G = inputs.regions, inputs.G
    expected = 0.0
    for region, mask in ((first, soft), (second, 1 - soft)):
        painting = region.paintings[0]
        part = np.ones(painting.S.shape[1:3]) if painting.part is None else painting.part
        for index, (layer, weight) in enumerate(LAYERS):
            of_G = statistic(*at_layer(activations(tf.constant(G))[index], mask, layer))
            of_S = statistic(*at_layer(activations(tf.constant(painting.S))[index], part, layer))
            expected += mask.mean() * weight * float(distance(of_S, of_G))
    assert objective(G).costs["J_style"] == pytest.approx(expected, rel=1e-3)


def at_layer(a, mask, layer):
    """Activations with one channel in each row, and the mask at their positions."""
    pooled = mask[np.newaxis, ..., np.newaxis].astype(np.float64)
    for _ in range(int(layer[5]) - 1):
        pooled = tf.nn.avg_pool2d(pooled, 2, 2, "VALID").numpy()
    A = a.numpy().reshape(-1, a.shape[-1]).T.astype(np.float64)
    return A, pooled.ravel()


def test_two_halves_with_one_style_cost_about_as_much_as_the_whole(random_vgg):
    """Each region counts with its share, so that a position gets as much style as without regions."""
    halves = [Style(SUMMERTIME, region=rectangle_mask(LOUVRE, **SKY)), Style(SUMMERTIME, region="rest")]
    objective, inputs = objective_of(random_vgg, *halves)
    whole = objective_of(random_vgg, SUMMERTIME)[0]
    G = inputs.G  # noise, which is alike everywhere
    assert objective(G).J == pytest.approx(whole(G).J, rel=0.05)
    ratio = np.linalg.norm(objective(G).gradient) / np.linalg.norm(whole(G).gradient)
    assert ratio == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("deepest", ["block2_conv1", "block3_conv1", "block4_conv1"])
def test_no_gradient_beyond_the_receptive_fields_of_the_region(random_vgg, deepest):
    """Exactly 0 where no position of the region at the deepest layer sees a pixel, and not before."""
    C = np.asarray(Image.open(LOUVRE).resize((256, 128)))
    settings = Settings(size=256, style_layers=[(deepest, 1)], alpha=0, beta=1, weights=None, init="noise")
    mask = np.zeros((128, 256), np.uint8)
    mask[40:72, 16:56] = 255
    inputs = load_inputs(C, Style(GREAT_WAVE, region=mask), settings)
    gradient = Objective(random_vgg, inputs.C, inputs.regions, settings)(inputs.G).gradient[0]
    field = receptive_field(deepest)
    rows, columns = np.nonzero(
        masks_at_layers(mask / 255, [deepest], "")[0].reshape(128 // field.stride, 256 // field.stride)
    )
    seen = np.zeros((128, 256), bool)
    for row, column in zip(rows, columns, strict=True):
        top, left = (field.start + field.stride * place for place in (row, column))
        seen[max(0, top) : top + field.size, max(0, left) : left + field.size] = True
    assert 0.02 < seen.mean() < 0.98
    assert np.abs(gradient[~seen]).max() == 0
    touched = np.abs(gradient).max(axis=-1) > 0
    assert touched[seen].mean() > 0.7  # dead units leave some of the rest untouched


def test_what_no_region_covers_is_not_smoothed(random_vgg):
    """J_tv is that of a picture with C where there is no style."""
    settings = Settings(**SMALL, alpha=0, beta=0, gamma=2.0, init="noise")
    mask = rectangle_mask(load_start(), right=0.5)
    objective, inputs = objective_of(random_vgg, Style(SUMMERTIME, region=mask), settings=settings)
    J, _, gradient = objective(inputs.G)
    seen = np.where(inputs.regions[0].mask[np.newaxis, ..., np.newaxis] > 0.5, inputs.G, inputs.C)
    expected = 2 * sum(np.mean(np.diff(seen.astype(float), axis=axis) ** 2) for axis in (1, 2))
    assert J == pytest.approx(expected, rel=1e-3)
    assert np.abs(gradient[:, :, 49:]).max() == 0
    assert np.abs(gradient[:, :, :47]).min(axis=-1).max() > 0


def test_what_is_beyond_the_style_and_the_content_layer_stays_as_it_is(vgg):
    """At one size, from C on: to the bit, also with smoothness."""
    C = np.asarray(Image.open(LOUVRE).resize((256, 96)))
    style = Style(GREAT_WAVE, region=rectangle_mask(C, right=0.125))
    shallow = {"content_layer": "block2_conv1", "style_layers": [("block2_conv1", 1)]}
    picture = stylize(C, style, size=256, steps=10, coarse_to_fine=False, progress=False, **shallow).image
    changed = np.asarray(picture) != C
    assert changed[:, :32].mean() > 0.5
    assert not changed[:, -100:].any()


def test_what_no_region_covers_keeps_to_the_content(vgg):
    """With the real network: the lower half stays nearer to C than the upper one."""
    sky = rectangle_mask(LOUVRE, **SKY)
    options = {"size": 160, "steps": 30, "progress": False, "style_strength": 0.7, "style_layers": "fine"}
    picture = stylize(LOUVRE, Style(GREAT_WAVE, region=sky), **options).image
    C = load_image(LOUVRE, 160)[0]
    change = np.abs(np.asarray(picture) / 255 - C).mean(axis=-1)
    half = len(change) // 2
    assert change[: half - 20].mean() > 2 * change[half + 20 :].mean()


def test_overlapping_regions_are_shared_and_the_rest_is_what_is_left():
    left, lower = rectangle_mask(LOUVRE, right=0.6), rectangle_mask(LOUVRE, top=0.5)
    regions = inputs_of(
        Style(SUMMERTIME, region=left), Style(GREAT_WAVE, region=lower), Style(SUMMERTIME, region="rest")
    ).regions
    total = sum(region.mask for region in regions)
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert regions[0].mask[-1, 0] == regions[1].mask[-1, 0] == pytest.approx(0.5)
    assert regions[2].mask[0, -1] == 1
    assert regions[2].mask[-1, 0] == 0
    # 0.6 on the left and 0.5 below; of the 0.3 that both have, each gets a half
    assert [region.share for region in regions] == pytest.approx([0.45, 0.35, 0.2], abs=0.01)


def test_styles_with_the_same_region_share_it_and_its_weights():
    mask = rectangle_mask(LOUVRE, **SKY)
    styles = Style(SUMMERTIME, weight=3, region=mask), Style(GREAT_WAVE, region=mask.copy())
    regions = inputs_of(styles[0], Style(GREAT_WAVE, region="rest"), styles[1]).regions
    assert [[painting.weight for painting in region.paintings] for region in regions] == [[0.75, 0.25], [1]]


def test_a_mask_in_a_file_named_like_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    upper = rectangle_mask(LOUVRE, **SKY)
    save_image(upper, "rest.png")
    Path("rest.png").rename("rest")
    for path in (Path("rest"), "./rest"):
        first, second = inputs_of(Style(SUMMERTIME, region=path), Style(GREAT_WAVE, region="rest")).regions
        assert first.mask[0, 0] == second.mask[-1, 0] == 1
        assert first.mask[-1, 0] == second.mask[0, 0] == 0


def test_everywhere_in_words_is_no_mask():
    for styles in (
        [Style(SUMMERTIME, region="everywhere")],
        [Style(SUMMERTIME, region="rest")],
        [SUMMERTIME],
    ):
        (region,) = inputs_of(*styles).regions
        assert region.mask is None
        assert region.share == 1


def test_a_region_too_small_for_a_coarse_stage_leaves_it_out():
    """At a quarter of 400 px there would be 12×12 pixels of it, and block 5 needs 16×16."""
    C = np.random.default_rng(0).random((400, 400, 3))
    layers = {"content_layer": "block1_conv1", "style_layers": [("block5_conv1", 1)], "weights": None}
    stages = []

    def look(progress):
        stages.append([stage.size for stage in progress.stages])
        return True

    for mask in (rectangle_mask(C, right=0.125, bottom=0.125), None):
        style = Style(GREAT_WAVE, region=mask)
        stylize(C, style, size=400, steps=24, beta=1.0, progress=False, callback=look, **layers)
    assert stages == [[200, 400], [100, 200, 400]]


# -------------------------------------------------------------------------------------------- scale


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_the_scale_is_the_paintings_size_relative_to_the_picture(scale):
    (region,) = inputs_of(Style(SUMMERTIME, scale=scale)).regions
    assert max(region.paintings[0].S.shape) == 96 * scale
    assert max(region.at((48, 19)).paintings[0].S.shape) == 48 * scale


def test_without_a_scale_a_painting_is_made_smaller_but_never_enlarged(capsys):
    small, large = np.zeros((60, 48, 3), np.uint8), np.zeros((600, 480, 3), np.uint8)
    sizes = []
    for S in (small, large):
        inputs = load_inputs(LOUVRE, S, Settings(size=96), say=print)
        painting = inputs.regions[0].paintings[0]
        sizes.append([max(each.S.shape) for each in (painting, painting.at(72), painting.at(48))])
    assert sizes == [[60, 60, 48], [96, 72, 48]]
    assert not capsys.readouterr().out


def test_a_painting_too_small_for_its_scale_says_so(capsys):
    options = {**SMALL, "steps": 1}
    stylize(LOUVRE, Style(np.zeros((100, 90, 3), np.uint8), scale=2), **options)
    assert "style has 90×100 pixels and is enlarged to 173×192." in capsys.readouterr().out
    with pytest.raises(ImageError, match=r"At a scale of 0\.1: .*summertime\.jpg at size 10 becomes 10×7"):
        stylize(LOUVRE, Style(SUMMERTIME, scale=0.1), size=100, progress=False)


# ------------------------------------------------------------------------------------------ balance


def test_neither_beta_nor_gamma_depend_on_what_a_region_covers(random_vgg):
    """Nor on whether a style is named twice."""
    settings = Settings(**SMALL)
    half = rectangle_mask(LOUVRE, **SKY)
    balances = [
        balance_of(random_vgg, inputs_of(*styles, settings=settings), settings)
        for styles in (
            [SUMMERTIME], [SUMMERTIME, SUMMERTIME], [Style(SUMMERTIME, region=half)],
            [Style(SUMMERTIME, region=half), Style(SUMMERTIME, region="rest")],
        )
    ]  # fmt: skip
    for balance in balances[1:]:
        np.testing.assert_allclose(balance, balances[0], rtol=1e-5)
    one, other, both = (
        balance_of(random_vgg, inputs_of(*styles, settings=settings), settings)
        for styles in ([SUMMERTIME], [GREAT_WAVE], [SUMMERTIME, Style(GREAT_WAVE, weight=3)])
    )
    assert min(one.gamma, other.gamma) < both.gamma < max(one.gamma, other.gamma)


# ---------------------------------------------------------------------------------------- bad input


def test_numbers_of_any_kind():
    style = Style(SUMMERTIME, weight=Fraction(1, 4), scale=np.float32(0.5))
    assert (style.weight, style.scale) == (0.25, 0.5)
    assert isinstance(style.weight, float)
    with pytest.raises(SettingsError, match="The weight of a style is 1000"):
        Style(SUMMERTIME, weight=10**400)


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "2", None, True])
def test_weights_that_make_no_sense(weight):
    with pytest.raises(SettingsError, match=r"The weight of a style is .*: give a number of at least 0\."):
        Style(SUMMERTIME, weight=weight)


@pytest.mark.parametrize("scale", [0, -1, 100, float("nan"), "2"])
def test_scales_that_make_no_sense(scale):
    with pytest.raises(SettingsError, match=r"The scale of a style is .*: give a number from 0\.1 to 10"):
        Style(SUMMERTIME, scale=scale)


def test_weights_that_are_all_0():
    with pytest.raises(SettingsError, match=r"The weights of the styles \(everywhere\) add up to 0: give"):
        inputs_of(Style(SUMMERTIME, weight=0), Style(GREAT_WAVE, weight=0))


def test_no_style_at_all():
    for nothing in ([], ()):
        with pytest.raises(SettingsError, match="There is no style: give at least one painting"):
            styles_of(nothing)


def test_a_sky_of_one_pixel():
    mask = np.zeros((38, 96))
    mask[5, 5] = 1
    said = r"the mask over the content of style covers 1 pixel at this size, of which block3_conv1 sees 1"
    with pytest.raises(ImageError, match=said):
        inputs_of(Style(SUMMERTIME, region=mask))


def test_a_rest_of_nothing_and_a_part_of_nearly_nothing():
    with pytest.raises(ImageError, match=r"The other regions leave nothing for the rest: make them smaller"):
        inputs_of(SUMMERTIME, Style(GREAT_WAVE, region="rest"))
    nearly = 1 - rectangle_mask(LOUVRE, right=0.02, bottom=0.04)
    with pytest.raises(ImageError, match=r"the rest covers \d+ pixels at this size, of which"):
        inputs_of(
            Style(SUMMERTIME, region=nearly), Style(GREAT_WAVE, region="rest"), settings=Settings(**SMALL)
        )
    dot = rectangle_mask(SUMMERTIME, right=0.02, bottom=0.02)
    with pytest.raises(ImageError, match=r"the mask over style 2 covers \d pixels at this size"):
        inputs_of(SUMMERTIME, Style(SUMMERTIME, part=dot))


def test_a_strip_at_the_edge_that_only_the_full_size_sees():
    """At half of 208 px its 13 columns are 6 of a last 8, of which block 5 sees nothing."""
    C = np.random.default_rng(0).random((208, 208, 3))
    style = Style(GREAT_WAVE, region=rectangle_mask(C, left=195 / 208))
    sizes = []
    options = {"size": 208, "steps": 24, "weights": None, "progress": False, "beta": 1.0}
    stylize(C, style, callback=lambda progress: sizes.append(progress.costs.size), **options)
    assert set(sizes) == {208}


def test_a_mask_that_does_not_exist():
    with pytest.raises(ImageError, match=r"sky\.png is neither a mask's file nor 'rest' nor 'everywhere'"):
        inputs_of(Style(SUMMERTIME, region="sky.png"))
