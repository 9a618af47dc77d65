"""What the demo can be told without a browser: its controls, its galleries, and the server's command line."""

import re
import socket

import numpy as np
import pytest
from conftest import ROOT, opened, run_cli

from nst_tf.classroom.controls import SIZES, Controls
from nst_tf.classroom.picker import Picker
from nst_tf.classroom.session import Pace
from nst_tf.layers import BALANCED_STYLE_LAYERS
from nst_tf.progress import Balance
from nst_tf.settings import Settings


def controls_of(widget):
    """Every control in a widget, by its description."""
    found = {widget.description: widget} if getattr(widget, "description", "") else {}
    for child in getattr(widget, "children", ()):
        found |= controls_of(child)
    return found


@pytest.fixture
def controls():
    return Controls()


@pytest.fixture
def control(controls):
    return controls_of(controls.main) | controls_of(controls.more)


def test_the_controls_stand_at_the_defaults(controls):
    settings = controls.settings()
    assert settings == Settings(steps=settings.steps)


def test_every_control_sets_its_setting(controls, control):
    control["Style"].value = 0.7
    control["Size"].value = 640
    control["Content layer"].value = "block3_conv2"
    control["block1_conv1"].value = 0.5
    control["block5_conv1"].value = 0
    control["G starts as"].value = "noise"
    control["Optimizer"].value = "adam"
    control["Steps"].value = 70
    control["Seed"].value = 4
    assert controls.settings() == Settings(
        style_strength=0.7,
        size=640,
        content_layer="block3_conv2",
        style_layers=[("block1_conv1", 40), *BALANCED_STYLE_LAYERS[1:4], ("block5_conv1", 0)],
        init="noise",
        optimizer="adam",
        steps=70,
        seed=4,
    )


def test_the_slider_s_ends(controls, control):
    for end in (0, 0.95):
        control["Style"].value = 2 * end - 0.5  # beyond it
        assert controls.settings().style_strength == end


@pytest.mark.parametrize("changed", ["Size", "Content layer", "block2_conv1"])
def test_a_balance_holds_for_the_size_and_the_layers_that_it_was_measured_with(controls, control, changed):
    settings = controls.settings()
    control["Style"].value = 0.9
    assert controls.balance_as(settings)
    control[changed].value = {"Size": 200, "Content layer": "block5_conv4"}.get(changed, 0)
    assert not controls.balance_as(settings)


def test_no_style_layer_at_all_is_no_reason_to_fail_before_the_start(controls, control):
    settings = controls.settings()
    for name, _ in BALANCED_STYLE_LAYERS:
        control[name].value = 0
    assert not controls.balance_as(settings)


def test_the_strength_is_shown_with_what_it_means(controls, control):
    shown = controls.main.children[0].children[1]
    assert shown.value == "Strength 0.50: β/α depends on the pictures"
    controls.show_balance(Balance(0.004, 1e5))
    assert shown.value == "Strength 0.50: β/α = 0.004"
    control["Style"].value = 0.8
    assert shown.value == "Strength 0.80: β/α = 0.032"


def test_sizes_that_take_over_a_second_are_marked(controls, control):
    control["Size"].value = 512
    controls.mark_slow_sizes(Pace(0.1, 5e-6), (300, 400))  # 0.1 s and 5 µs for each of 3/4 size² pixels
    labels = dict(zip(SIZES, [label for label, _ in control["Size"].options], strict=True))
    assert labels[400] == "400 px"
    assert labels[512] == "512 px · slow: 1.1 s a step"
    assert labels[1024] == "1024 px · slow: 4.0 s a step"
    assert control["Size"].value == 512
    controls.mark_slow_sizes(Pace(0, 1e-9), (400, 400))
    assert [label for label, _ in control["Size"].options] == [f"{size} px" for size in SIZES]


def test_the_thumbnails_are_the_project_s_pictures():
    picker = Picker("style", "Style S", "great_wave", limit=10**6)
    assert [picture["title"] for picture in picker.thumbnails.pictures] == [
        path.stem.replace("_", " ") for path in sorted((ROOT / "images/style").glob("*.jpg"))
    ]
    assert picker.chosen.title == "great wave"
    assert picker.chosen.path == "images/style/great_wave.jpg"  # as one types it in the project's folder
    assert max(picker.chosen.view.size) == 600


def test_an_upload_is_painted_as_it_is():
    picker = Picker("content", "Content C", "cat", limit=10**8)
    file = ROOT / "images/photos/bison.jpg"
    picker.thumbnails._handle_custom_msg({"name": "my folder/bison.jpg"}, [memoryview(file.read_bytes())])
    assert picker.chosen.path == "bison.jpg"
    np.testing.assert_array_equal(picker.chosen.source, opened(file).convert("RGB"))


# ----------------------------------------------------------------------------------- the command


def test_help_says_who_can_open_the_page():
    done = run_cli("classroom", "--help")
    assert done.returncode == 0
    assert re.search(r"--address .*127\.0\.0\.1: nobody else", " ".join(done.stdout.split()))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--port", "99999"],
            r"argument --port: '99999' is not a number from 1 to 65535\. See nst-tf classroom --help",
        ),
        (["--address", "203.0.113.7"], r"of 203\.0\.113\.7 \(Cannot assign requested address\)"),
        (["--address", ".."], r"of \.\. \(there is no such address\)"),
        (["--address", "no such name"], r"of no such name \(there is no such address\)"),
        (
            ["--port", "eight"],
            r"argument --port: 'eight' is not a number from 1 to 65535\. See nst-tf classroom --help",
        ),
    ],
)
def test_an_address_that_can_t_be_used(options, sentence):
    done = run_cli("classroom", *options)
    assert done.returncode == 2
    assert re.search(sentence, done.stderr)
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = run_cli("classroom", "--port", other.getsockname()[1])
    assert done.returncode == 2
    assert "(Address already in use): choose another --port" in done.stderr
