"""The figures: what they show, read off the figure itself."""

import numpy as np
import pytest
from conftest import LOUVRE, SUMMERTIME
from matplotlib.figure import Figure

from nst_tf.plots import cost_curves, picture_grid, triptych
from nst_tf.transfer import Costs

HISTORY = [Costs(step, 1000.0 / (step + 1), 10.0 + step, 500.0 / (step + 1), 0.1 * step) for step in range(20)]


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
    pictures = [np.full((20, 30, 3), value) for value in (0.0, 0.5, 1.0)]
    figure = picture_grid(pictures, ["black", "grey", "white"], "Three pictures", columns=2)
    figure.savefig(tmp_path / "grid.png")
    assert figure.get_suptitle() == "Three pictures"
    shown = {axes.get_title(): axes.images[0].get_array()[0, 0, 0] for axes in figure.axes if axes.images}
    assert shown == {"black": 0.0, "grey": 0.5, "white": 1.0}
    assert not any(axes.axison for axes in figure.axes)  # the empty fourth place stays empty


def test_the_curves_are_the_weighted_costs_on_a_log_axis():
    figure = cost_curves(HISTORY, alpha=10, beta=0.5)
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


def test_a_cost_of_zero_leaves_a_gap_on_the_log_axis(tmp_path):
    """J_content is 0 at the start where G starts from C."""
    history = [Costs(0, 5.0, 0.0, 5.0, 0.0), *HISTORY[1:]]
    figure = cost_curves(history, alpha=10, beta=1)
    figure.savefig(tmp_path / "curves.png")
    assert np.ma.getmaskarray(figure.axes[0].lines[1].get_ydata())[0]
