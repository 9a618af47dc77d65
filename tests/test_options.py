"""The command line that repeats a run, read back by the command line's own parser."""

import dataclasses
import inspect
import shlex
from pathlib import Path

import numpy as np
import pytest

from nst_tf import Style
from nst_tf.cli.main import parsed
from nst_tf.layers import BALANCED, STYLE_PRESETS
from nst_tf.optimizers import OPTIMIZERS
from nst_tf.options import OPTIONS, command_line, settings_of
from nst_tf.settings import (
    BETA_AT_HALF,
    EXPONENTS,
    GAMMA_AT_HALF,
    OPTIMIZER_NAMES,
    STYLE_STATISTICS,
    Settings,
)
from nst_tf.terms import STATISTICS, TERMS
from nst_tf.transfer import stylize

USED = {"precision": "float32", "weights": "compact"}
GIVEN = {"beta": 0.05}  # as in what a run reports


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "--precision float32 --weights compact"),
        (
            {"style_strength": 0.7, "gamma": 0},
            "--style-strength 0.7 --gamma 0 --precision float32 --weights compact",
        ),
        (GIVEN, "--beta 0.05 --precision float32 --weights compact"),
        ({"alpha": 0}, "--alpha 0 --beta 1 --precision float32 --weights compact"),
        ({"size": 600, "steps": 200}, "--size 600 --steps 200 --precision float32 --weights compact"),
        ({"steps": "converged"}, "--steps converged --precision float32 --weights compact"),
        ({"gamma": 1e6}, "--gamma 1000000 --precision float32 --weights compact"),
        ({"beta": 1e-05, "alpha": 3}, "--alpha 3 --beta 1e-05 --precision float32 --weights compact"),
        ({**GIVEN, "gamma": 2e7}, "--beta 0.05 --gamma 20000000 --precision float32 --weights compact"),
        ({"style_layers": "course"}, "--style-layers course --precision float32 --weights compact"),
        (
            {"style_statistics": "moments"},
            "--style-statistics moments --precision float32 --weights compact",
        ),
        (
            {"style_statistics": "moments", "style_layers": "fine"},
            "--style-layers fine --style-statistics moments --precision float32 --weights compact",
        ),
        (
            {"style_statistics": "moments", "style_layers": STYLE_PRESETS["fine"]["gram"]},
            "--style-layers block1_conv1=80,block2_conv1=0.13,block3_conv1=0.11 --style-statistics moments "
            "--precision float32 --weights compact",
        ),
        (
            {"style_layers": [("block1_conv1", 0.5), ("block2_conv2", 1)]},
            "--style-layers block1_conv1=0.5,block2_conv2=1 --precision float32 --weights compact",
        ),
        (
            {"preprocess": False, "coarse_to_fine": False},
            "--no-coarse-to-fine --precision float32 --weights compact --no-preprocess",
        ),
        ({"optimizer": "adam"}, "--optimizer adam --precision float32 --weights compact"),
        (
            {"optimizer": "adam", "learning_rate": 0.1},
            "--optimizer adam --learning-rate 0.1 --precision float32 --weights compact",
        ),
        ({"init": "scan.0", "weights": "compact"}, "--init scan.0 --precision float32 --weights compact"),
        ({"init": "noise", "seed": 7}, "--init noise --seed 7 --precision float32 --weights compact"),
        (
            {"content_layer": "block5_conv4"},
            "--content-layer block5_conv4 --precision float32 --weights compact",
        ),
    ],
)
def test_it_names_what_differs_and_repeats_the_run(options, words):
    settings = vars(Settings(**{**USED, **options}))
    line = command_line("my photo.jpg", "painting.jpg", {**settings, "weights_sha256": "…"}, "it's.png")
    assert line == f"""python -m nst_tf 'my photo.jpg' painting.jpg -o 'it'"'"'s.png' {words}"""
    options = parsed(shlex.split(line)[3:])
    assert (options.content, options.style, options.output) == ("my photo.jpg", ["painting.jpg"], "it's.png")
    assert vars(settings_of(options)) == settings


def test_paths_are_not_taken_for_words_or_options():
    styles = [Style("-s.png", region=Path("rest")), Style("t.png", region="rest", part="./everywhere")]
    line = command_line("-c.png", styles, {**vars(Settings(**USED)), "weights_sha256": "…"})
    options = parsed(shlex.split(line)[3:])
    assert (options.content, options.style) == ("./-c.png", ["./-s.png", "t.png"])
    assert options.regions == ["./rest", "rest"]
    assert options.style_parts == ["everywhere", "./everywhere"]
    with pytest.raises(TypeError):
        command_line("c.png", Style(np.zeros((2, 2, 3))), vars(Settings(**USED)))


def test_an_output_is_not_taken_for_an_option():
    line = command_line("a.jpg", "b.jpg", {**vars(Settings(**USED)), "weights_sha256": "…"}, "-o.png")
    assert parsed(shlex.split(line)[3:]).output == "./-o.png"


def test_every_optimizer_has_a_name_without_tensorflow():
    assert tuple(OPTIMIZERS) == OPTIMIZER_NAMES


def test_each_table_has_an_entry_for_each_of_the_style_statistics():
    for table in (BETA_AT_HALF, GAMMA_AT_HALF, EXPONENTS, BALANCED, STATISTICS, TERMS):
        assert tuple(table) == STYLE_STATISTICS


def test_every_setting_has_an_option_and_an_argument_of_stylize():
    defaults = {field.name: field.default for field in dataclasses.fields(Settings)}
    assert OPTIONS.keys() == defaults.keys()
    arguments = inspect.signature(stylize).parameters
    assert {name: arguments[name].default for name in defaults} == defaults
    assert arguments.keys() == {
        *("content", "style", "checkpoint", "scheduler", "callback", "progress"),
        *defaults,
    }
