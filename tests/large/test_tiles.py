"""J and its gradient don't depend on the tiles."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import LOUVRE, ROOT, SUMMERTIME
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nst_tf import Style, load_vgg19, stylize
from nst_tf.inputs import load_inputs
from nst_tf.large.tiles import halo_of, tiles_of
from nst_tf.layers import CONV_LAYERS, STYLE_LAYERS, block_of
from nst_tf.objective import Objective
from nst_tf.probes import receptive_field
from nst_tf.settings import Settings, SettingsError
from nst_tf.terms import STATISTICS

GREAT_WAVE = ROOT / "images/style/great_wave.jpg"
SHALLOW = {"content_layer": "block2_conv2", "style_layers": [("block1_conv1", 2), ("block3_conv1", 0.5)]}
SIDES = st.integers(17, 200)


# --------------------------------------------------------------------------------- where tiles are


@given(height=SIDES, width=SIDES, side=st.integers(16, 120), layer=st.sampled_from(list(CONV_LAYERS)))
@settings(deadline=None)
def test_each_position_of_each_layer_belongs_to_one_tile(height, width, side, layer):
    image, deepest = np.zeros((1, height, width, 3)), block_of(layer)
    tiles = tiles_of(image, side, [layer])
    for block in range(1, deepest + 1):
        stride = 2 ** (block - 1)
        times = np.zeros((height // stride, width // stride), int)
        for tile in tiles:
            times[tile.at(block)] += 1
        assert (times == 1).all()
    assert max(tile.rows.stop - tile.rows.start for tile in tiles) <= side + 15


@given(height=SIDES, width=SIDES, side=st.integers(16, 120), layer=st.sampled_from(list(CONV_LAYERS)))
@settings(deadline=None)
def test_a_window_holds_all_that_the_tiles_positions_see(height, width, side, layer):
    size, stride, start = receptive_field(layer)
    for tile in tiles_of(np.zeros((1, height, width, 3)), side, [layer]):
        for span in tile:
            positions, inside = span.at(block_of(layer)), span.inside(block_of(layer))
            if positions.start < positions.stop:
                assert span.first <= max(0, positions.start * stride + start)
                assert span.last >= min(span.side, (positions.stop - 1) * stride + start + size)
            assert span.first % 16 == 0
            assert span.first + inside.start * stride == positions.start * stride


def test_the_halo_of_the_default_layers():
    """block5_conv1 sees 16 + 4·8 + 4·4 + 2·2 + 2 = 70 pixels beyond its own, which makes 80."""
    assert halo_of([name for name, _ in STYLE_LAYERS]) == 80
    assert halo_of(["block1_conv1"]) == 16


# ------------------------------------------------------------------------------- J and its gradient


def require_equal(vgg, content, styles, tile, **options):
    options = Settings(**{"beta": 0.05, "gamma": 1e5, "init": "noise", **options})
    inputs = load_inputs(content, styles, options)
    at_once = Objective(vgg, inputs.C, inputs.regions, options)(inputs.G)
    objective = Objective(vgg, inputs.C, inputs.regions, options, tile)
    in_tiles = objective(inputs.G)
    assert in_tiles.J == pytest.approx(at_once.J, rel=1e-5)
    for name, cost in at_once.costs.items():
        assert in_tiles.costs[name] == pytest.approx(cost, rel=1e-5)
    one, other = (each.gradient.ravel().astype(np.float64) for each in (at_once, in_tiles))
    assert np.linalg.norm(one - other) <= 1e-5 * np.linalg.norm(one)
    return len(tiles_of(inputs.C, tile, [name for name, _ in options.layers]))


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["gram", "moments"])
def test_tiles_of_a_photograph_with_the_default_layers(vgg, statistics):
    assert require_equal(vgg, LOUVRE, SUMMERTIME, 96, size=240, style_statistics=statistics) == 3


@pytest.mark.slow
def test_a_grid_of_tiles_with_the_default_layers(vgg):
    """Three rows of three, the one in the middle with a halo all around."""
    S = np.random.default_rng(0).random((64, 64, 3))
    content = Image.open(LOUVRE).resize((290, 275))
    assert require_equal(vgg, content, S, 96, size=290, style_layers="balanced") == 9


@pytest.mark.parametrize(
    "options",
    [
        {"content_layer": "block1_conv2", "style_layers": [("block1_conv1", 1)]},
        {"alpha": 0, "gamma": 0, **SHALLOW},
        {"beta": 0, **SHALLOW},
    ],
    ids=["block 1 only", "style alone", "no style"],
)
def test_few_layers_and_few_terms(random_vgg, options):
    require_equal(random_vgg, LOUVRE, GREAT_WAVE, 48, size=100, weights=None, **options)


@pytest.mark.parametrize("statistics", ["gram", "moments"])
def test_a_tile_in_which_a_region_has_no_pixel(random_vgg, statistics):
    mask = np.zeros((40, 100), np.float32)
    mask[:, :20] = 1
    content = np.random.default_rng(0).random((40, 100, 3))
    options = {"size": 100, "weights": None, "style_statistics": statistics, **SHALLOW}
    assert require_equal(random_vgg, content, Style(GREAT_WAVE, region=mask), 48, **options) == 2


def test_a_small_deviation_beside_a_large_mean_and_many_positions():
    """Means and deviations of 60,000 positions in float32, at once and in two halves, against float64."""
    deviations = np.array([1.0, 0.3, 0.1, 0.03], np.float32)
    a = 100 + deviations * np.random.default_rng(0).normal(size=(1, 200, 300, 4)).astype(np.float32)
    exact = np.stack([a.mean((0, 1, 2), np.float64), np.sqrt(a.astype(np.float64).var((0, 1, 2)) + 1e-5)])
    statistic, number = STATISTICS["moments"], tf.constant(60_000.0)
    halves = [statistic.sums(tf.constant(half), None, number) for half in (a[:, :90], a[:, 90:])]
    for found in (statistic.whole(tf.constant(a)), statistic.of(halves[0] + halves[1])):
        np.testing.assert_allclose(found[1], exact[1], rtol=1e-3)
        np.testing.assert_allclose(found[0], exact[0], rtol=1e-5)


@pytest.fixture(scope="module")
def random_vgg():
    return load_vgg19(None, say=lambda _: None)


@pytest.mark.slow
@given(
    height=st.integers(40, 90),
    width=st.integers(40, 90),
    tile=st.integers(32, 64),
    statistics=st.sampled_from(["gram", "moments"]),
    regions=st.sampled_from([(None, None), ("soft", "rest"), ("soft", "soft")]),
    part=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=20, deadline=None)
def test_any_tiles_styles_and_regions(random_vgg, height, width, tile, statistics, regions, part, seed):
    rng = np.random.default_rng(seed)
    content, *paintings = (rng.random((*size, 3)) for size in ((height, width), (60, 80), (75, 50)))
    soft = rng.random((height, width)) ** 4
    styles = [
        Style(S, weight=weight, region=soft if region == "soft" else region, part=of_S)
        for S, weight, region, of_S in zip(
            paintings, (1, 2), regions, (rng.random((60, 80)) if part else None, None), strict=True
        )
    ]
    options = {"size": max(height, width), "style_statistics": statistics, "weights": None}
    require_equal(random_vgg, content, styles, tile, **options, **SHALLOW)


def test_a_style_of_its_region_only_is_0_elsewhere_in_tiles_too(random_vgg):
    """No rounding of a neighbouring tile reaches beyond the receptive fields."""
    mask = np.zeros((64, 96), np.float32)
    mask[:, :24] = 1
    options = Settings(size=96, alpha=0, beta=1, weights=None, init="noise", **SHALLOW)
    inputs = load_inputs(np.full((64, 96, 3), 0.5), Style(GREAT_WAVE, region=mask), options)
    gradient = Objective(random_vgg, inputs.C, inputs.regions, options, 32)(inputs.G).gradient
    assert np.abs(gradient[:, :, :24]).max() > 0
    assert np.abs(gradient[:, :, 24 + receptive_field("block3_conv1").size :]).max() == 0


# ----------------------------------------------------------------------------------------- in a run


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("colours", ["style", "content"])
def test_a_run_in_tiles_paints_the_picture_of_a_run_without(optimizer, colours):
    options = {"size": 120, "steps": 8, "progress": False, "weights": None, "coarse_to_fine": False}
    options |= {"optimizer": optimizer, "colours": colours, "precision": "float32", **SHALLOW}
    one, other = (stylize(LOUVRE, GREAT_WAVE, **options, tile=tile) for tile in (None, 48))
    difference = np.abs(np.asarray(one.image, float) - np.asarray(other.image, float))
    assert difference.mean() < (3 if optimizer == "lbfgs" else 0.1)  # of 255; L-BFGS amplifies rounding
    assert [row.J for row in one.history] == pytest.approx([row.J for row in other.history], rel=5e-3)


def test_a_run_says_in_how_many_tiles_it_paints(capsys):
    stylize(LOUVRE, GREAT_WAVE, size=120, steps=1, weights=None, tile=48, **SHALLOW)
    assert "120×47 pixels are painted in 3 tiles of about 48×48" in capsys.readouterr().out


def test_where_there_is_no_room_on_the_disk_nothing_is_painted(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nowhere")
    seen = []
    with pytest.raises(SettingsError, match=r"room for temporary data in /nowhere .*TMPDIR\.$"):
        stylize(LOUVRE, GREAT_WAVE, size=120, weights=None, tile=48, callback=seen.append, **SHALLOW)
    assert not seen


def test_what_decided_on_tiles_is_in_the_settings_that_repeat_a_run():
    options = {"size": 120, "steps": 1, "weights": None, "progress": False, **SHALLOW}
    by_itself = stylize(LOUVRE, GREAT_WAVE, **options).settings
    assert (by_itself["memory"], by_itself["tile"]) == (None, None)
    assert stylize(LOUVRE, GREAT_WAVE, **options, tile=48).settings["tile"] == 48


@pytest.mark.parametrize("tile", [0, -1, 16, 79, 2.5, "large", True])
def test_a_tile_smaller_than_its_halo(tile):
    with pytest.raises(SettingsError, match=r"tile is .* whole number from 80 to 1000000, .* such as 512"):
        Settings(tile=tile)
