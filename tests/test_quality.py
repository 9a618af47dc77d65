"""The comparison of pictures is fair: the same time for all, the same content error, and nothing made up."""

import json

import numpy as np
import pytest

from benchmarks.quality import clock, contenders, pairs, results, tables
from benchmarks.quality.pace import Pace
from benchmarks.quality.results import Row
from nst_tf.palette import LIGHT
from nst_tf.progress import Costs
from nst_tf.settings import STYLE_STRENGTH, Settings
from nst_tf.stages import Stage

CAT, KOALA = pairs.Pair("content/cat", "great_wave"), pairs.Pair("photos/koala", "great_wave")


def row(pair, name, weight, content, style, grain=0.5):
    marks = {"content": content, "style": style, "grain": grain, "median_grain": 1, "edges": 0.5}
    return Row(pair, name, weight, "", 200, 2, seconds=2, evaluations=10, marks=marks)


def test_there_are_ten_pairs_of_known_pictures_and_five_weights_for_each_of_seven():
    assert len(pairs.PAIRS) == len(set(pairs.PAIRS)) == 10
    assert all(path.exists() for pair in pairs.PAIRS for path in pair.paths())
    assert {pair.style for pair in pairs.PAIRS} == {path.stem for path in (pairs.IMAGES / "style").iterdir()}
    assert len(contenders.CONTENDERS) == 7
    for contender in contenders.CONTENDERS.values():
        assert len(contender.weights) == 5
        assert list(contender.weights) == sorted(set(contender.weights))
    assert STYLE_STRENGTH in contenders.CONTENDERS["ours"].weights


def test_nst_tf_before_is_what_its_settings_were():
    before = Settings(**contenders.BEFORE_SETTINGS, beta=0.05)
    assert (before.alpha, before.content_layer, before.style_layers) == (
        10,
        "block4_conv2",
        [
            ("block1_conv1", 80),
            ("block2_conv1", 0.13),
            ("block3_conv1", 0.11),
            ("block4_conv1", 0.00066),
            ("block5_conv1", 11),
        ],
    )


@pytest.mark.parametrize(
    ("limit", "evaluations", "seconds"),
    [
        (10, 3, 9),
        (11, 4, 12),
        (1, 1, 3),
    ],  # another one would end after 12 seconds; after 12; there has to be one
)
def test_the_clock_starts_with_the_first_evaluation_and_stops_nearest_to_the_limit(
    limit, evaluations, seconds
):
    done_at = iter([100, 103, 106, 109, 112, 115])
    watch = clock.Clock(limit, lambda: next(done_at))
    while not watch.tick():
        pass
    assert (watch.evaluations, watch.seconds) == (evaluations, seconds)


def test_the_pace_is_the_median_time_from_one_evaluation_to_the_next():
    pace = Pace()
    seconds = [0.0, 1.0, 2.0, 7.0, 9.0, 13.0, 17.0]
    sizes = [100] * 4 + [400] * 3
    pace.learn(
        [Costs(i, 0, 0, 0, s, size, 0, 0) for i, (s, size) in enumerate(zip(seconds, sizes, strict=True))]
    )
    plan = [Stage(100, 9), Stage(200, 19), Stage(400, 39)]
    # 10 evaluations of 1 s, 10 of a quarter of 4 s, 20 of 4 s
    assert pace.seconds_a_step(plan) == pytest.approx((10 + 10 + 80) / 40)


def test_rows_are_kept_and_known_again(tmp_path):
    rows = [row(CAT, "ours", 0.05, 0.8, 0.4), row(KOALA, "course", 40, 0.9, 0.6)]
    path = tmp_path / "results.json"
    assert results.load(path) == []
    results.save(rows, path)
    assert results.load(path) == rows
    assert len(json.loads(path.read_text())) == 2
    plan = results.planned([CAT, KOALA], ["ours", "course"], 200, 2)
    assert len(plan) == len({r.key for r in plan}) == 20
    assert rows[1].key in {r.key for r in plan}
    assert rows[0].key not in {r.key for r in plan}  # made with other defaults
    assert len({r.file for r in plan}) == 20


@pytest.fixture
def judged():
    return [
        row(CAT, "course", 1, 0.4, 0.8),
        row(CAT, "course", 2, 0.8, 0.6),
        row(CAT, "before", 1, 0.3, 0.8),
        row(CAT, "before", 2, 0.9, 0.5, grain=1.1),
        row(CAT, "ours", 0.0005, 0.2, 0.9),
        row(CAT, "ours", STYLE_STRENGTH, 0.6, 0.35, grain=0.4),
        row(KOALA, "course", 1, 0.4, 0.8),
        row(KOALA, "course", 2, 0.5, 0.7),
        row(KOALA, "ours", STYLE_STRENGTH, 1.0, 0.25, grain=0.7),
        row(KOALA, "ours", 5, 1.5, 0.2),
    ]


def test_all_are_compared_at_the_content_error_of_our_default(judged):
    assert tables.reference_error([r for r in judged if r.pair == CAT]) == 0.6
    found = tables.compared(judged, "style", 1)
    assert found[CAT] == pytest.approx({"course": 0.7, "before": 0.65, "ours": 0.35})
    assert found[KOALA] == {"course": None, "ours": 0.25}


def test_without_ours_the_median_error_is_used(judged):
    assert tables.reference_error(
        [r for r in judged if r.name == "course" and r.pair == CAT]
    ) == pytest.approx(0.6)


def test_the_overview_says_at_how_many_pairs_a_content_error_was_reached(judged):
    lines = {line.split(" | ")[0]: line.split(" | ")[1:] for line in tables.overview(judged).splitlines()}
    assert lines["| the course's loop"][:3] == ["not reached", "0.76 (1 of 2)", "0.70 (1 of 2)"]
    assert lines["| nst_tf"][2] == "0.30"  # the median of 0.35 and 0.25


@pytest.mark.parametrize("table", [tables.overview, tables.aims, lambda rows: tables.of_pair(rows, CAT)])
def test_every_line_of_a_table_has_as_many_cells_as_its_head(judged, table):
    lines = [line for line in table(judged).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1


def test_the_aims_are_worked_out_of_the_rows(judged):
    cells = [line.strip("| ").split(" | ") for line in tables.aims(judged).splitlines()[2:]]
    figures = {figure: measured for figure, measured, _ in cells}
    assert figures["grain of G ÷ grain of S, our default: median, worst"] == "0.55, 0.70"
    assert figures["relative feature error, our default: over the pairs"] == "0.60 to 1.00"
    assert figures["style at 1 e: nst_tf ÷ the best of the others"] == "0.50 (0.50 to 0.50; 1 of 2 pairs)"
    assert figures["style at 1 e: nst_tf ÷ nst_tf, before"] == "0.54 (0.54 to 0.54; 1 of 2 pairs)"


def test_the_referee_gives_the_originals_the_marks_that_they_have_by_definition(vgg):
    from benchmarks.quality import referee

    C, S = (np.round(255 * image[0]).astype(np.uint8) for image in CAT.images(128))
    of_C = referee.marks(CAT, 128, C)
    assert of_C["content"] == pytest.approx(0, abs=0.01)
    assert of_C["style"] == pytest.approx(1, abs=0.01)
    assert of_C["edges"] == pytest.approx(1, abs=0.01)
    *style, _ = referee.activations(S / np.float32(255))
    *painting, _ = referee.activations(CAT.images(128)[1][0])
    *photograph, _ = referee.activations(CAT.images(128)[0][0])
    projected = [referee.projected(layers) for layers in (style, painting, photograph)]
    assert referee.measures.style_distance(*projected) == pytest.approx(0, abs=0.01)


def test_sheets_show_every_picture_and_frame_one_of_each_contender(tmp_path):
    from PIL import Image, ImageColor

    from benchmarks.quality import sheets

    rows = [
        row(CAT, name, weight, weight / 10, 0.5) for name in ("course", "before") for weight in range(1, 6)
    ]
    for number, r in enumerate(rows):
        Image.new("RGB", (200, 150), (20 * number, 0, 0)).save(tmp_path / r.file)
    sheet = sheets.all_weights(CAT, rows, tmp_path, 200)
    colours = {colour for _, colour in sheet.getcolors(1 << 20)}
    assert {(20 * number, 0, 0) for number in range(10)} <= colours
    frames = np.all(np.asarray(sheet) == ImageColor.getrgb(LIGHT["style"]), axis=-1)
    assert frames.any()
    best = sheets.at_equal_error(CAT, rows, tmp_path, 200)
    assert {(40, 0, 0), (140, 0, 0)} <= {colour for _, colour in best.getcolors(1 << 20)}  # 0.3 of 0.1 to 0.5
