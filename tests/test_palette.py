"""The palette: contrast on both grounds, colour-blind eyes, grey prints; and nobody else names a colour."""

import itertools
import re

import numpy as np
import pytest
from conftest import ROOT
from matplotlib.colors import to_rgb

from nst_tf.palette import DARK, DEPTHS, LIGHT, LINES, MEANINGS, TYPE, meaning, style_sheet

GROUNDS = {"light": LIGHT, "dark": DARK}
TEXT = ("ink", "muted", "content", "style", "go", "alarm")
MARKS = ("edge", "smooth", "plum", "ochre")

# What is left of linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, at severity 1.
EYES = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # of sRGB


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2's, from 1 to 21."""
    darker, lighter = sorted(float(XYZ[1] @ linear(colour)) + 0.05 for colour in (one, other))
    return lighter / darker


def lab(colour, eyes="normal"):
    """CIELAB's L*, a* and b*, as those eyes see the colour."""
    seen = np.clip(np.array(EYES[eyes]) @ linear(colour), 0, 1)
    ratio = XYZ @ seen / XYZ.sum(1)
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def smallest_difference(pairs, eyes):
    return min(np.linalg.norm(lab(one, eyes) - lab(other, eyes)) for one, other in pairs)


def test_the_measures_agree_with_published_values():
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    np.testing.assert_allclose(lab("#ff0000"), [53.24, 80.09, 67.20], atol=0.05)
    assert smallest_difference([("#ff0000", "#00ff00")], "normal") == pytest.approx(170.6, abs=0.1)
    for eyes in EYES:
        np.testing.assert_allclose(lab("#808080", eyes), lab("#808080"), atol=0.05)  # grey stays grey


@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_text_and_marks_stand_out_from_their_ground(colours):
    for ground in (colours["ground"], colours["surface"]):
        assert min(contrast(colours[name], ground) for name in TEXT) >= 4.5
        assert min(contrast(colours[name], ground) for name in MARKS) >= 3


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_lines_are_told_apart_by_the_colour_blind(colours, eyes):
    lines = [colours[line.colour] for line in LINES]
    assert smallest_difference(itertools.combinations(lines, 2), eyes) >= 20


@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_lines_are_told_apart_in_a_grey_print(colours):
    for one, other in itertools.combinations(LINES, 2):
        lightness = [lab(colours[line.colour])[0] for line in (one, other)]
        assert one.dashes != other.dashes or abs(lightness[0] - lightness[1]) >= 15


@pytest.mark.parametrize("eyes", EYES)
def test_each_block_is_darker_than_the_one_above_and_stands_out(eyes):
    lightness = [lab(colour, eyes)[0] for colour in DEPTHS]
    assert min(above - below for above, below in itertools.pairwise(lightness)) >= 5
    assert smallest_difference(itertools.pairwise(DEPTHS), eyes) >= 10
    assert min(contrast(colour, LIGHT["ground"]) for colour in DEPTHS) >= 3


def test_numbers_can_be_read_in_the_darkest_cell_of_a_table():
    assert contrast(LIGHT["ink"], DEPTHS[0]) >= 4.5


def test_a_name_has_one_hue_on_both_grounds():
    assert LIGHT.keys() == DARK.keys()
    for name in ("content", "style", "smooth", "plum", "ochre", "go", "alarm"):
        light, dark = (complex(*lab(colours[name])[1:]) for colours in GROUNDS.values())
        assert abs(np.degrees(np.angle(light / dark))) < 30


def test_a_term_has_its_colour_with_its_weight_too():
    assert [meaning(label) for label in ("α J_content", "β J_style", "γ J_tv", "J")] == [
        MEANINGS[term] for term in ("J_content", "J_style", "J_tv", "J")
    ]
    assert meaning("Adam") is None
    assert len(set(LIGHT.values())) == len(LIGHT)  # so that the page can put a variable in a colour's place


@pytest.mark.parametrize(
    "file",
    [
        *sorted(f"plots/{path.name}" for path in (ROOT / "nst_tf/plots").glob("*.py")),
        "classroom/view.py",
        "classroom/static/page.css",
        "classroom/static/jupyter/voila/templates/nst_tf/index.html.j2",
    ],
)
def test_no_colour_is_written_elsewhere(file):
    text = (ROOT / "nst_tf" / file).read_text(encoding="utf8")
    assert (
        re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgb|\bhsl|[\"' ](?:white|black|gr[ea]y|red)\b[\"';,]", text) == []
    )


def test_the_page_uses_the_palettes_variables_and_no_others():
    page = (ROOT / "nst_tf/classroom/static/page.css").read_text(encoding="utf8")
    declared = set(re.findall(r"(--nst-[a-z]+):", style_sheet()))
    assert set(re.findall(r"var\((--nst-[a-z]+)\)", page)) <= declared
    sizes = set(re.findall(r"font-size: ([^;]+);", page))
    assert {size for size in sizes if "--nst" in size} <= {f"var(--nst-{name})" for name in TYPE}
    assert (
        len({size for size in sizes if "--nst" not in size}) == 2
    )  # the page's own, and that of Jupyter's widgets
