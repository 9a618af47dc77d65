"""The drawing of the algorithm: what is lit, and what is not."""

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch

from nst_tf.palette import LIGHT
from nst_tf.plots import diagrams


def outlines(figure):
    """The colour of each box's outline, by the box's name."""
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    return dict(zip(diagrams.BOXES, (to_hex(box.get_edgecolor()) for box in boxes), strict=True))


def test_what_is_lit_has_the_colour_of_its_meaning_and_the_rest_is_pale():
    found = outlines(diagrams.algorithm(["C", "J_style"]))
    assert found.pop("C") == LIGHT["content"]
    assert found.pop("J_style") == LIGHT["style"]
    assert set(found.values()) == {LIGHT["grid"]}
    assert LIGHT["grid"] not in outlines(diagrams.algorithm()).values()


def test_the_way_back_to_the_pixels_is_a_part():
    def colours(figure):
        return {to_hex(line.get_color()) for line in figure.axes[0].lines}

    assert colours(diagrams.algorithm(["descent"])) == {LIGHT["go"]}
    assert colours(diagrams.algorithm(["J"])) == {LIGHT["grid"]}


def test_everything_lies_within_the_drawing():
    axes = diagrams.algorithm().axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for box in diagrams.BOXES.values():
        assert left < box.x < box.x + box.width < right
        assert bottom < box.y < box.y + box.height < top
    for arrow in diagrams.ARROWS:
        assert all(left < x < right and bottom < y < top for x, y in arrow.points)


def test_an_unknown_part_is_named():
    with pytest.raises(ValueError, match="no part 'J_tv'"):
        diagrams.algorithm(["C", "J_tv"])
