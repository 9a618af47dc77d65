"""The figures: what they show, read off the figure itself."""

import base64
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME
from IPython.display import HTML
from matplotlib import rc_context, rcParams, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from nst_tf import plots
from nst_tf.layers import CONV_LAYERS
from nst_tf.palette import LIGHT, LINES
from nst_tf.plots import cost_curves, picture_grid, triptych
from nst_tf.transfer import Costs

HISTORY = [
    Costs(step, 1000.0 / (step + 1), 10.0 + step, 500.0 / (step + 1), 0.1 * step, 400, 10, 0.5)
    for step in range(20)
]


def test_the_triptych_shows_three_pictures_at_one_height(tmp_path):
    figure = triptych(LOUVRE, SUMMERTIME, LOUVRE)
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["Content C", "Style S", "Generated G"]
    figure.savefig(tmp_path / "triptych.png")
    heights = [axes.get_window_extent().height for axes in figure.axes if axes.images]
    assert max(heights) / min(heights) == pytest.approx(1, abs=0.02)
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert shown[0].shape == (277, 700, 3)
    assert shown[1].shape == (435, 592, 3)


def test_the_grid_shows_each_picture_with_its_label(tmp_path):
    pictures = {
        name: np.full((20, 30, 3), value) for name, value in {"black": 0.0, "grey": 0.5, "white": 1.0}.items()
    }
    figure = picture_grid(pictures, "Three pictures", columns=2)
    figure.savefig(tmp_path / "grid.png")
    assert figure.get_suptitle() == "Three pictures"
    shown = {axes.get_title(): axes.images[0].get_array()[0, 0, 0] for axes in figure.axes if axes.images}
    assert shown == {"black": 0.0, "grey": 0.5, "white": 1.0}
    assert not any(axes.axison for axes in figure.axes)  # the empty fourth place stays empty


def test_a_grid_is_as_wide_as_asked():
    pictures = {"one": np.zeros((20, 30, 3)), "two": np.ones((20, 30, 3))}
    assert picture_grid(pictures, "Two", 2).get_figwidth() == 14
    assert picture_grid(pictures, "Two", 2, width=8).get_figwidth() == 8


def test_the_curves_are_the_weighted_costs_on_a_log_axis():
    figure = cost_curves(HISTORY)
    assert isinstance(figure, Figure)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "step"
    assert axes.get_ylabel()
    assert axes.get_title()
    curves = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert len(curves) == 3
    np.testing.assert_allclose(curves["J"], [row.J for row in HISTORY])
    np.testing.assert_allclose(curves["α J_content, α = 10"], [10 * row.J_content for row in HISTORY])
    np.testing.assert_allclose(curves["β J_style, β = 0.5"], [0.5 * row.J_style for row in HISTORY])


def test_the_curves_of_a_smooth_picture():
    """From step 10 on γ > 0: its term is drawn with its weight, and the curves break there."""
    history = [row._replace(J_tv=0.01, gamma=1e3 if row.step >= 10 else 0) for row in HISTORY]
    (axes,) = cost_curves(history).axes
    assert axes.get_title() == "The cost J = α J_content + β J_style + γ J_tv"
    curves = {line.get_label(): line for line in axes.lines}
    steps, values = curves["γ J_tv"].get_data()
    drawn = [(step, value) for step, value in zip(steps, np.ma.filled(values, np.nan), strict=True)]
    assert [step for step, value in drawn if np.isfinite(value)] == list(range(10, 20))
    assert {value for _, value in drawn if np.isfinite(value)} == {10}
    assert [text.get_text() for text in axes.texts] == ["γ = 1e+03", "γ = 0"]


def drawn_box(artist):
    return artist.get_window_extent(FigureCanvasAgg(artist.get_figure()).get_renderer())


def test_the_words_at_a_break_stand_below_the_curves(tmp_path):
    history = [row._replace(size=100 if row.step < 5 else 400) for row in HISTORY]
    figure = cost_curves(history)
    figure.savefig(tmp_path / "curves.png")
    (axes,) = figure.axes
    lowest = min(value for row in history for value in (10 * row.J_content, 0.5 * row.J_style))
    _, floor = axes.transData.transform((0, lowest))
    assert len(axes.texts) == 2
    assert all(drawn_box(text).y1 < floor for text in axes.texts)
    assert drawn_box(axes.get_legend()).x0 >= drawn_box(axes.patch).x1


@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.curves(
            {f"line {n}": (range(9), [10.0**n] * 9) for n in range(5)}, "Lines", xlabel="x", ylabel="y"
        ),
        lambda: plots.bars(
            {"one": {"a": 1, "b": 2}, "two": {"a": 2, "b": 2}}, "Bars", xlabel="x", ylabel="y"
        ),
    ],
    ids=["curves", "bars"],
)
def test_the_names_of_lines_and_bars_stand_beside_them(figure, tmp_path):
    figure = figure()
    figure.savefig(tmp_path / "figure.png")
    (axes,), (legend,) = figure.axes, figure.legends
    assert drawn_box(legend).x0 >= drawn_box(axes.patch).x1


def test_a_cost_of_zero_leaves_a_gap_on_the_log_axis(tmp_path):
    """J_content is 0 at the start where G starts from C."""
    history = [Costs(0, 5.0, 0.0, 5.0, 0.0, 400, 10, 0.5), *HISTORY[1:]]
    figure = cost_curves(history)
    figure.savefig(tmp_path / "curves.png")
    assert np.ma.getmaskarray(figure.axes[0].lines[1].get_ydata())[0]


# ------------------------------------------------------------------------- the notebooks' figures

GREY = np.linspace(0, 1, 4 * 6 * 3).reshape(1, 4, 6, 3)
TRIANGLE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]])
FIGURES = {
    "network_diagram": lambda: plots.network_diagram(
        {layer: ((8, 8, n_C), 3) for layer, (_, n_C) in CONV_LAYERS.items()}, "Layers"
    ),
    "patch_grids": lambda: plots.patch_grids(
        {"unit 1": np.zeros((9, 5, 5, 3)), "unit 2": np.ones((9, 5, 5, 3))}, "Patches"
    ),
    "feature_maps": lambda: plots.feature_maps(
        GREY, {"block1_conv1": {"channel 1": np.ones((4, 6))}}, "Maps"
    ),
    "growing_patches": lambda: plots.growing_patches(GREY, (2, 3), {"a": 1, "b": 3}, "Fields"),
    "heat_maps": lambda: plots.heat_maps(
        {"one": np.eye(3) + 1, "two": np.ones((3, 3))}, "Matrices", log=True
    ),
    "number_table": lambda: plots.number_table(np.eye(2) + 1, "ab", "cd", "Table", xlabel="x", ylabel="y"),
    "bars": lambda: plots.bars({"s": {"a": 1.0, "b": 2.0}}, "Bars", xlabel="x", ylabel="y"),
    "channel_clouds": lambda: plots.channel_clouds(
        {"C": TRIANGLE, "S": 2 * TRIANGLE + 1}, "Clouds", xlabel="channel 1", ylabel="channel 2"
    ),
    "curves": lambda: plots.curves({"s": ([0, 1], [2, 1])}, "Curves", xlabel="x", ylabel="y"),
    "picture_grid": lambda: picture_grid({"a": GREY[0], "b": GREY[0, :2]}, "Pictures", 2),
    "triptych": lambda: triptych(GREY[0], GREY[0], GREY[0], "Three"),
    "cost_curves": lambda: cost_curves(HISTORY),
}


@pytest.fixture
def displayed(monkeypatch):
    """What a cell would get to display: (data, metadata) for each."""
    shown = []

    def display(shown_object):
        if isinstance(shown_object, HTML):
            shown.append(({"text/html": shown_object.data}, {}))
        else:
            shown.append(shown_object._repr_mimebundle_())

    monkeypatch.setattr("IPython.display.display", display)
    return shown


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_shown_with_its_title_as_alternative_text(displayed, name):
    figure = FIGURES[name]()
    plots.show(figure)
    ((data, metadata),) = displayed
    title = figure.get_suptitle() or figure.axes[0].get_title()
    assert metadata["image/jpeg"]["alt"] == title
    with Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))) as picture:
        assert picture.width > 700


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda figure: figure.axes[0].set_title(""), "has no title"),
        (lambda figure: figure.axes[0].set_xlabel(""), "give the x axis one"),
        (lambda figure: figure.axes[0].set_ylabel(""), "give the y axis one"),
    ],
)
def test_a_figure_that_explains_nothing_is_not_shown(displayed, spoil, words):
    figure = FIGURES["bars"]()
    spoil(figure)
    with pytest.raises(ValueError, match=words):
        plots.show(figure)
    assert not displayed


def test_a_colour_bar_needs_its_label_too(displayed):
    figure = FIGURES["heat_maps"]()
    figure.axes[-1].set_ylabel("")
    with pytest.raises(ValueError, match="give the y axis one"):
        plots.show(figure)


def test_hidden_axes_need_no_labels_but_a_title(displayed):
    figure = FIGURES["picture_grid"]()
    figure.suptitle("")
    with pytest.raises(ValueError, match="has no title"):
        plots.show(figure)


def test_an_animation_shows_its_frames_in_turn(displayed):
    frames = {
        name: np.full((30, 60, 3), value) for name, value in {"one": 0.0, "two": 0.5, "three": 1.0}.items()
    }
    plots.show(plots.animation(frames, 'From "black" to <white>'))
    ((data, _),) = displayed
    image = ElementTree.fromstring(data["text/html"])
    assert image.tag == "img"
    assert image.get("alt") == 'From "black" to <white>'
    kind, _, encoded = image.get("src").partition(";base64,")
    assert kind == "data:image/gif"
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as gif:
        assert gif.n_frames == 3
        levels, labels = [], set()
        for frame in range(3):
            gif.seek(frame)
            grey = np.asarray(gif.convert("L"))
            levels.append(grey[40, 30])
            labels.add(grey[:20].tobytes())
    assert levels == pytest.approx([0, 128, 255], abs=2)
    assert len(labels) == 3


def test_an_animation_without_a_title_is_not_shown(displayed):
    with pytest.raises(ValueError, match="has no title"):
        plots.show(plots.animation({"one": np.zeros((30, 60, 3))}, ""))


def test_zeros_have_a_place_on_a_logarithmic_colour_scale(displayed):
    plots.show(plots.heat_maps({"half empty": np.diag([0.0, 0, 0, 5])}, "Matrix", log=True))
    plots.show(plots.number_table(np.eye(2), "ab", "cd", "Table", xlabel="x", ylabel="y"))
    assert len(displayed) == 2


@pytest.mark.parametrize("side", [2, 3])
def test_patches_lie_in_a_square_in_reading_order(side):
    patches = np.linspace(0, 1, side**2).reshape(-1, 1, 1, 1) * np.ones((side**2, 4, 4, 3))
    (axes,) = plots.patch_grids({"unit": patches}, "Patches").axes
    picture = axes.images[0].get_array()
    height, width, _ = picture.shape
    centres = [
        picture[height * (2 * row + 1) // (2 * side), width * (2 * column + 1) // (2 * side), 0]
        for row in range(side)
        for column in range(side)
    ]
    np.testing.assert_allclose(centres, np.linspace(0, 1, side**2))


def test_many_units_stand_in_rows():
    units = {f"unit {unit}": np.zeros((9, 5, 5, 3)) for unit in range(5)}
    figure = plots.patch_grids(units, "Patches")
    figure.draw_without_rendering()
    lefts = [round(axes.get_position().x0, 3) for axes in figure.axes if axes.images]
    assert len(lefts) == 5
    assert lefts[:2] == lefts[3:]
    assert len(set(lefts)) == 3


def test_the_growing_patches_are_cut_out_around_the_spot():
    figure = plots.growing_patches(GREY, (2, 3), {"a": 1, "b": 3}, "Fields")
    whole, small, large = figure.axes
    assert (small.get_xlim(), small.get_ylim()) == ((2.5, 3.5), (2.5, 1.5))
    assert (large.get_xlim(), large.get_ylim()) == ((1.5, 4.5), (3.5, 0.5))
    assert [square.get_width() for square in whole.patches] == [1, 3]


def test_heat_maps_share_one_colour_scale():
    figure = plots.heat_maps(
        {"one": np.full((2, 2), 3.0), "two": np.array([[1.0, 9.0], [2.0, 4.0]])}, "Matrices"
    )
    assert {axes.images[0].get_clim() for axes in figure.axes[:2]} == {(1.0, 9.0)}


def test_bars_and_curves_show_the_numbers():
    (axes,) = plots.bars(
        {"s": {"a": 1.0, "b": 2.0}, "t": {"a": 3.0, "b": 4.0}}, "Bars", xlabel="x", ylabel="y"
    ).axes
    assert [bar.get_height() for bar in axes.patches] == [1, 2, 3, 4]
    (axes,) = plots.curves({"s": ([0, 1], [2, 1])}, "Curves", xlabel="x", ylabel="y").axes
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "y (log scale)"
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 2], [1, 1]])


def test_the_most_different_pair_is_the_one_that_a_loop_finds():
    random = np.random.default_rng(0)
    one, other = random.random((7, 5)), random.random((9, 5))

    def mean_product(cloud, k, k_other):
        return sum(point[k] * point[k_other] for point in cloud) / len(cloud)

    gaps = {
        (k, k_other): abs(mean_product(one, k, k_other) - mean_product(other, k, k_other))
        for k in range(5)
        for k_other in range(k + 1, 5)
    }
    assert plots.most_different_pair(one, other) == max(gaps, key=gaps.get)


def test_a_clouds_ellipse_is_one_standard_deviation_from_its_mean_each_way():
    S = np.random.default_rng(0).normal(size=(50, 2)) @ [[2, 1], [0, 0.5]] + [10, 20]
    C = np.array([[1.0, 1.0], [2.0, 5.0], [6.0, 2.0]])
    left, right = plots.channel_clouds({"C": C, "S": S}, "Clouds", xlabel="k", ylabel="k'").axes
    assert [axes.title.get_color() for axes in (left, right)] == [LIGHT["content"], LIGHT["style"]]
    np.testing.assert_array_equal(left.collections[0].get_offsets(), C)
    np.testing.assert_array_equal(right.collections[0].get_offsets(), S)
    of_S, of_C = left.patches
    assert [of_S.get_linestyle(), of_C.get_linestyle()] == ["--", "-"]
    for ellipse, cloud in ((of_S, S), (of_C, C), (right.patches[0], S)):
        np.testing.assert_allclose(ellipse.get_center(), cloud.mean(axis=0))
        vertices = ellipse.get_patch_transform().transform([[1, 0], [0, 1], [-0.6, 0.8]])
        away = vertices - cloud.mean(axis=0)
        mahalanobis = np.einsum("pi,ij,pj->p", away, np.linalg.inv(np.cov(cloud.T)), away)
        np.testing.assert_allclose(mahalanobis, 1)


# ----------------------------------------------------------------------------------------- the style


def pixels(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=40)
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_look_the_same_whatever_the_reader_has_set(name):
    usual = pixels(FIGURES[name]())
    assert tuple(usual[0, 0]) == tuple(bytes.fromhex(LIGHT["ground"][1:]))
    with rc_context({"font.size": 30, "xtick.labelsize": 30, "axes.spines.top": True}):
        style.use("dark_background")
        np.testing.assert_array_equal(pixels(FIGURES[name]()), usual)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_leave_the_readers_settings_alone(name):
    before = dict(rcParams)
    pixels(FIGURES[name]())
    assert dict(rcParams) == before


@pytest.mark.parametrize("name", FIGURES)
def test_no_letter_of_a_figure_is_too_small(name):
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text() and text.get_visible()}
    assert min(sizes) >= 12


def colours_of(figure):
    return {line.get_label().split(",")[0]: line.get_color() for line in figure.axes[0].lines}


def test_a_term_has_one_colour_in_every_figure():
    smooth = [row._replace(J_tv=0.01, gamma=1e3) for row in HISTORY]
    terms = {
        "J": LIGHT["ink"],
        "α J_content": LIGHT["content"],
        "β J_style": LIGHT["style"],
        "γ J_tv": LIGHT["smooth"],
    }
    for compact in (False, True):
        drawn = colours_of(cost_curves(smooth, compact=compact))
        assert {term: drawn[term] for term in terms} == terms
    series = dict.fromkeys(["Adam", *terms, "L-BFGS"], ([0, 1], [2, 1]))
    drawn = colours_of(plots.curves(series, "Curves", xlabel="x", ylabel="y"))
    assert {term: drawn[term] for term in terms} == terms
    assert len(set(drawn.values())) == 6
    titles = {axes.get_title(): axes.title.get_color() for axes in triptych(*[GREY[0]] * 3).axes}
    assert (titles["Content C"], titles["Style S"]) == (LIGHT["content"], LIGHT["style"])
    titles = {axes.get_title(): axes.title.get_color() for axes in picture_grid({"C": GREY[0]}, "", 1).axes}
    assert titles == {"C": LIGHT["content"]}


def test_six_lines_have_six_colours_and_one_over_another_is_seen():
    series = {str(n): ([0, 1], [1, n + 1]) for n in range(6)}
    (axes,) = plots.curves(series, "Six", xlabel="x", ylabel="y").axes
    assert [line.get_color() for line in axes.lines] == [LIGHT[line.colour] for line in LINES]
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
