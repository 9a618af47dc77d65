"""The command line: its output, its exit code, its files.

What depends on being a program (how it starts, what TensorFlow writes, Ctrl-C) runs in a process of its
own, as a user meets it; all else is called here, where TensorFlow is loaded already.
"""

import functools
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import LOUVRE, ROOT, SUMMERTIME, opened, run_cli
from PIL import Image, ImageCms
from tqdm.auto import tqdm

from nst_tf import Style, rectangle_mask, stylize
from nst_tf.cli.main import main
from nst_tf.cli.outputs import _as_frame
from nst_tf.layers import STYLE_PRESETS

GREAT_WAVE = ROOT / "images/style/great_wave.jpg"
SMALL = [
    "--size",
    "64",
    "--steps",
    "4",
    "--precision",
    "float32",
]  # "auto" may differ from process to process


@pytest.fixture
def here(monkeypatch, capsys, tmp_path):
    """The command line in this process, in the folder ``tmp_path``: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse's
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def paint(here):
    return lambda *options: here(LOUVRE, SUMMERTIME, *SMALL, *options)


# --------------------------------------------------------------------------------------- good runs


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """A run as a user starts it, and its folder."""
    folder = tmp_path_factory.mktemp("painted")
    return run_cli(LOUVRE, SUMMERTIME, *SMALL, cwd=folder), folder


def test_two_pictures_make_a_third(painted):
    done, folder = painted
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["louvre_summertime.png"]
    assert opened(folder / "louvre_summertime.png").size == (64, 25)
    assert "VGG-19 weights: compact, from " in done.stdout
    assert "Wrote louvre_summertime.png" in done.stdout


def test_nothing_of_tensorflow_is_shown_and_progress_is(painted):
    done, _ = painted
    assert re.search(r"100%.* 4/4 steps, .* left, J = \S+, J_content = \S+, J_style = \S+", done.stderr)
    for line in re.split(r"[\r\n]+", done.stderr):
        assert not line or "steps" in line


def test_quiet_also_with_another_keras_backend_in_the_environment(tmp_path):
    environment = {"KERAS_BACKEND": "jax"}
    done = run_cli("paint", LOUVRE, SUMMERTIME, *SMALL, "--quiet", cwd=tmp_path, environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "louvre_summertime.png").exists()


def test_it_says_that_a_picture_is_enlarged(paint, tmp_path):
    with opened(LOUVRE) as louvre:
        louvre.resize((40, 16)).save(tmp_path / "small.png")
    done = run_cli("small.png", SUMMERTIME, *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "small.png has 40×16 pixels and is enlarged to 64×26.\n" in done.stdout
    assert done.stdout.count("enlarged") == 1
    assert "enlarged" not in paint()[1]
    quiet = run_cli("small.png", SUMMERTIME, *SMALL, "--quiet", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.slow
def test_the_command_that_repeats_a_run_repeats_it(tmp_path):
    options = (
        "-o",
        "one.png",
        "--size",
        "64",
        "--steps",
        "4",
        "--init",
        "noise",
        "--seed",
        "3",
        "--optimizer",
        "adam",
    )
    done = run_cli(LOUVRE, SUMMERTIME, *options, cwd=tmp_path)
    (command,) = (line for line in done.stdout.splitlines() if line.startswith("The same again: "))
    words = shlex.split(command.removeprefix("The same again: "))
    assert words[:3] == ["python", "-m", "nst_tf"]
    assert words[words.index("--weights") + 1] == "compact"
    assert words[words.index("--precision") + 1] in ("float32", "bfloat16")
    assert (
        run_cli(*["two.png" if word == "one.png" else word for word in words[3:]], cwd=tmp_path).returncode
        == 0
    )
    np.testing.assert_array_equal(opened(tmp_path / "one.png"), opened(tmp_path / "two.png"))


def test_the_bar_tells_the_size_while_it_is_coarse_and_then_the_time_left(here, monkeypatch):
    monkeypatch.setattr("nst_tf.progress.tqdm", functools.partial(tqdm, mininterval=0))  # draws every step
    _, _, bar = here(LOUVRE, SUMMERTIME, "--size", "200", "--steps", "24")
    lines = [line for line in re.split(r"[\r\n]+", bar) if "J_style" in line]
    assert re.search(r" 0/24 steps, .* gone, at 100 px, J = ", lines[0])
    assert re.search(r" 24/24 steps, .* left, J = ", lines[-1])


def test_the_bar_tells_the_smoothness_where_it_counts(paint):
    _, _, without = paint("--gamma", "0")
    _, _, bar = paint("--gamma", "1e7")
    assert "J_tv" not in without
    assert re.search(r"J_style = \S+, J_tv = 0\.0\d+", bar)


def test_it_says_whether_J_has_converged(paint):
    assert "\nThere were too few steps at the full size to tell whether J has converged.\n" in paint()[1]
    falling = (
        r"\nJ was still falling, by \d+\.\d\d % in the last 10 steps: "
        r"about \d+ steps in all would probably be enough\.\n"
    )
    assert re.search(falling, paint("--steps", "20")[1])


def test_until_J_has_converged(paint, tmp_path):
    code, out, bar = paint("--steps", "converged", "--gif", "out.gif")
    assert code == 0
    assert re.search(r"\nJ has converged: it fell by 0\.\d\d % in the last \d+ steps\.\n", out)
    assert "--steps converged " in out
    (steps,) = re.findall(r"The run ended after step (\d+) of 2000: J has stopped falling", out)
    last = re.split(r"[\r\n]+", bar.strip())[-1]
    assert re.search(
        rf"{steps} steps, \S+ gone, J fell by 0\.\d\d % in the last tenth of the steps, J = ", last
    )
    assert "left" not in bar
    with Image.open(tmp_path / "out.gif") as timelapse:
        assert 20 < timelapse.n_frames <= 51


def test_everything_that_can_be_written(paint, tmp_path):
    files = ("-o", "out.jpg", "--save-every", "2", "--gif", "out.gif", "--curves", "curves.png")
    assert paint(*files, "--quiet") == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curves.png",
        "out.gif",
        "out.jpg",
        "out_steps",
    ]
    snapshots = sorted(path.name for path in (tmp_path / "out_steps").iterdir())
    assert snapshots == ["step_0000.png", "step_0002.png", "step_0004.png"]
    assert opened(tmp_path / "out_steps/step_0002.png").size == (64, 25)
    with Image.open(tmp_path / "out.gif") as timelapse:
        assert timelapse.format == "GIF"
        assert timelapse.size == (64, 25)
        assert timelapse.n_frames >= 3  # of five, equal ones made one
    assert opened(tmp_path / "out.jpg").format == "JPEG"
    curves = np.asarray(opened(tmp_path / "curves.png").convert("RGB"))
    assert len(np.unique(curves.reshape(-1, 3), axis=0)) > 50


def test_a_picture_for_print_keeps_the_photographs_profile_and_has_a_resolution(here, tmp_path):
    """The profile is that of sRGB, as Little CMS writes it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photograph = Image.open(LOUVRE).resize((96, 64))
    photograph.save(tmp_path / "photograph.jpg", icc_profile=profile)
    for name in ("poster.jpg", "poster.png", "poster.tif"):
        code, out, error = here("photograph.jpg", SUMMERTIME, *SMALL, "--dpi", "300", "-o", name)
        assert code == 0, error
        assert re.search(r"^The same again: .* --dpi 300$", out, re.MULTILINE)
        with Image.open(tmp_path / name) as poster:
            assert poster.info["icc_profile"] == profile
            assert [round(float(dots)) for dots in poster.info["dpi"]] == [300, 300]


def test_frames_of_a_large_picture_are_small():
    frames = [_as_frame(Image.new("RGB", size)).size for size in ((3000, 1500), (1000, 400), (20, 2000))]
    assert frames == [(1000, 500), (1000, 400), (10, 1000)]


def test_snapshots_of_two_runs_do_not_mix(paint, tmp_path):
    for _ in range(2):
        _, out, _ = paint("-o", "out.png", "--save-every", "4")
    assert "Wrote 2 snapshots to out_steps_2/\n" in out
    assert "Wrote 1 snapshot to out_steps_3/\n" in paint("-o", "out.png", "--save-every", "5")[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.png",
        "out_steps",
        "out_steps_2",
        "out_steps_3",
    ]


@pytest.mark.slow
def test_one_seed_gives_one_picture_in_two_processes(tmp_path):
    for name, seed in (("one.png", "3"), ("again.png", "3"), ("other.png", "4")):
        options = ("--init", "noisy_content", "--seed", seed, "-o", name, "--quiet")
        assert run_cli(LOUVRE, SUMMERTIME, *SMALL, *options, cwd=tmp_path).returncode == 0
    one, again, other = (
        np.asarray(opened(tmp_path / name)) for name in ("one.png", "again.png", "other.png")
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_every_option_reaches_the_run(paint, tmp_path):
    """The same picture as from stylize() with the same settings, given in Python."""
    code, _, error = paint(
        *("--alpha", "5", "--beta", "0.5", "--gamma", "3"),
        *("--content-layer", "block3_conv1", "--no-preprocess"),
        *("--style-layers", "block1_conv1=0.5,block2_conv1=0.25", "--init", "noise", "--optimizer", "adam"),
        *("--learning-rate", "0.01", "--seed", "1", "--weights", "compact"),
        *("--precision", "float32", "--size", "200", "--steps", "24", "--no-coarse-to-fine"),
        *("--memory", "8G", "--tile", "96"),
    )
    assert code == 0, error
    expected = stylize(
        LOUVRE,
        SUMMERTIME,
        size=200,
        steps=24,
        coarse_to_fine=False,
        precision="float32",
        alpha=5,
        beta=0.5,
        gamma=3,
        content_layer="block3_conv1",
        preprocess=False,
        style_layers=[("block1_conv1", 0.5), ("block2_conv1", 0.25)],
        init="noise",
        optimizer="adam",
        learning_rate=0.01,
        seed=1,
        weights="compact",
        memory="8G",
        tile=96,
        progress=False,
    )
    np.testing.assert_array_equal(opened(tmp_path / "louvre_summertime.png"), expected.image)


def test_every_option_of_the_paintings_reaches_the_run_and_the_command_that_repeats_it(here, tmp_path):
    """Three paintings, two regions, a part and colours, in Python and by the command that was printed."""
    sky = rectangle_mask(LOUVRE, left=0.4)
    right = rectangle_mask(GREAT_WAVE, left=0.3)
    Image.fromarray((255 * sky).astype(np.uint8)).save(tmp_path / "my sky.png")
    Image.fromarray((255 * right).astype(np.uint8)).save(tmp_path / "part.png")
    code, out, error = here(
        *(LOUVRE, SUMMERTIME, GREAT_WAVE, SUMMERTIME, *SMALL, "--style-weights", "1", "3", "0.5"),
        *("--regions", "rest", "my sky.png", "my sky.png"),
        *("--style-parts", "everywhere", "part.png", "everywhere"),
        *("--style-scale", "2", "1.5", "fitted", "--colours", "matched"),
    )
    assert code == 0, error
    expected = stylize(
        LOUVRE,
        [
            Style(SUMMERTIME, region="rest", scale=2),
            Style(
                GREAT_WAVE, weight=6, region=tmp_path / "my sky.png", part=tmp_path / "part.png", scale=1.5
            ),
            Style(SUMMERTIME, weight=1, region=sky),
        ],
        colours="matched",
        size=64,
        steps=4,
        precision="float32",
        progress=False,
    )
    picture = np.asarray(opened(tmp_path / "louvre_summertime_great_wave_summertime.png"))
    np.testing.assert_array_equal(picture, expected.image)
    (command,) = (line for line in out.splitlines() if line.startswith("The same again: "))
    words = shlex.split(command.removeprefix("The same again: "))
    assert words[3:7] == [str(path) for path in (LOUVRE, SUMMERTIME, GREAT_WAVE, SUMMERTIME)]
    assert words[7 : words.index("-o")] == [
        *("--style-weights", "1", "3", "0.5", "--regions", "rest", "my sky.png", "my sky.png"),
        *("--style-parts", "everywhere", "part.png", "everywhere", "--style-scale", "2", "1.5", "fitted"),
    ]  # fmt: skip
    again = run_cli(*words[3:], cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    np.testing.assert_array_equal(opened(tmp_path / "louvre_summertime_great_wave_summertime.png"), picture)


def test_a_preset_and_a_picture_to_start_from(paint, tmp_path):
    Image.fromarray(np.asarray(opened(LOUVRE))[:, ::-1]).save(tmp_path / "mirrored.png")
    assert paint("--style-layers", "coarse", "--init", "mirrored.png", "--quiet") == (0, "", "")
    expected = stylize(
        LOUVRE,
        SUMMERTIME,
        size=64,
        steps=4,
        style_layers=STYLE_PRESETS["coarse"]["gram"],
        init=tmp_path / "mirrored.png",
        precision="float32",
        progress=False,
    )
    np.testing.assert_array_equal(opened(tmp_path / "louvre_summertime.png"), expected.image)


def test_means_and_deviations_in_place_of_gram_matrices(paint, tmp_path):
    assert paint("--style-statistics", "moments", "--quiet") == (0, "", "")
    options = {"size": 64, "steps": 4, "precision": "float32", "progress": False}
    gram, moments = (
        stylize(LOUVRE, SUMMERTIME, style_statistics=statistics, **options)
        for statistics in ("gram", "moments")
    )
    painted = np.asarray(opened(tmp_path / "louvre_summertime.png"))
    np.testing.assert_array_equal(painted, moments.image)
    assert np.abs(painted - np.float32(gram.image)).mean() > 1


@pytest.mark.slow
def test_the_demo(tmp_path):
    done = run_cli("demo", "-o", "louvre.jpg", "--steps", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Wrote louvre.jpg" in done.stdout
    assert opened(tmp_path / "louvre.jpg").size == (900, 356)


# ----------------------------------------------------------------------------------- interruption


def interrupted_once_there_is(awaited, *options, cwd, path=ROOT, by=signal.SIGINT):
    """Start a long run, send Ctrl-C, or another signal, when the file ``awaited`` is there,
    and return (exit code, stdout, stderr).
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "nst_tf", LOUVRE, SUMMERTIME, "--size", "200", "--steps", "100000", *options],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Background jobs of a shell ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not awaited.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(by)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_control_c_in_mid_run(tmp_path, by):
    third = tmp_path / "out_steps/step_0003.png"
    options = ("-o", "out.png", "--save-every", "1")
    code, out, err = interrupted_once_there_is(third, *options, cwd=tmp_path, by=by)
    assert code == 130, err
    assert "Traceback" not in err
    assert "it was interrupted" in out
    assert opened(tmp_path / "out.png").size == (200, 79)
    assert {path.name for path in tmp_path.rglob("*") if path.name[0] == "."} == set()


def test_an_interruption_while_files_are_written_loses_none(tmp_path):
    options = [*SMALL, "-o", "out.png", "--curves", "curves.png"]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "nst_tf", LOUVRE, SUMMERTIME, *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout:
            if line == "Wrote out.png\n":
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "out.png"]
    opened(tmp_path / "curves.png")


def test_what_a_killed_run_leaves_is_removed_by_the_next(here, tmp_path):
    """With a temporary file among the snapshots, as one that was killed in mid-writing leaves it."""
    snapshots = tmp_path / "out_steps"
    snapshots.mkdir()
    (snapshots / f".nst_tf-{'0' * 16}-{'0' * 16}.png").touch()
    options = ("-o", "out.png", "--save-every", "4", "--quiet")
    assert here(LOUVRE, SUMMERTIME, *SMALL, *options) == (0, "", "")
    assert list(snapshots.iterdir()) == []
    assert len(list((tmp_path / "out_steps_2").iterdir())) == 2


def test_control_c_while_tensorflow_loads(tmp_path):
    """With a TensorFlow that says when its loading begins, and takes a minute over it."""
    slow, work = tmp_path / "slow", tmp_path / "work"
    slow.mkdir()
    work.mkdir()
    (slow / "tensorflow.py").write_text(
        f"import pathlib, time; pathlib.Path({str(slow / 'begun')!r}).touch(); time.sleep(60)"
    )
    code, out, err = interrupted_once_there_is(slow / "begun", cwd=work, path=f"{slow}{os.pathsep}{ROOT}")
    assert (code, out) == (130, "")
    assert err == "nst-tf: Interrupted before there was a picture: nothing was written.\n"
    assert list(work.iterdir()) == []


# --------------------------------------------------------------------------------------- bad input


BLACK, DOT = "../black.png", "../dot.png"  # masks over the Louvre, nearly one pixel white in the second


def write_masks(folder):
    mask = Image.new("L", (700, 277))
    mask.save(folder / "black.png")
    mask.paste(255, (100, 100, 102, 102))
    mask.save(folder / "dot.png")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: CONTENT, STYLE"),
        ([LOUVRE], "required: STYLE"),
        (
            ["wieghts"],
            "wieghts is neither a command (paint, demo, gallery, weights, classroom) nor a picture that",
        ),
        (
            ["demoo", "-o", "x.png"],
            "demoo is neither a command (paint, demo, gallery, weights, classroom) nor a",
        ),
        (["", SUMMERTIME], "The file name of content is empty: give the path of a picture."),
        ([LOUVRE, ""], "The file name of style is empty: give the path of a picture."),
        ([LOUVRE, "nowhere.jpg"], "nowhere.jpg does not exist"),
        ([LOUVRE, ROOT], "is a directory"),
        ([__file__, SUMMERTIME], "test_main.py is not a picture"),
        ([LOUVRE, SUMMERTIME, "--size", "0"], "size is 0"),
        ([LOUVRE, SUMMERTIME, "--size", "-1"], "size is -1"),
        ([LOUVRE, SUMMERTIME, "--memory", "much"], "memory is 'much': give what the program may take, such"),
        ([LOUVRE, SUMMERTIME, "--memory", "1G"], "may need more memory than there is for it"),
        ([LOUVRE, SUMMERTIME, "--tile", "0"], "tile is 0: give a whole number from 80"),
        ([LOUVRE, SUMMERTIME, "--tile", "64"], "tile is 64: give a whole number from 80"),
        ([LOUVRE, SUMMERTIME, "--dpi", "0"], "'0' is not a whole number from 1 to 65535"),
        ([LOUVRE, SUMMERTIME, "--dpi", "300", "-o", "x.webp"], "x.webp can't hold a resolution: use .png"),
        ([LOUVRE, SUMMERTIME, "--size", "1000000"], "becomes 1000000×395714 pixels"),
        ([LOUVRE, SUMMERTIME, "--size", "20"], "at size 20 becomes 20×8 pixels"),
        ([LOUVRE, SUMMERTIME, "--size", "big"], "'big'"),
        ([LOUVRE, SUMMERTIME, "--size", "9" * 400], "from 1 to 1000000"),
        ([LOUVRE, SUMMERTIME, "--steps", "0"], "steps is 0"),
        ([LOUVRE, SUMMERTIME, "--steps", "many"], "'many' is neither a whole number nor 'converged'"),
        ([LOUVRE, SUMMERTIME, "--alpha", "nan"], "alpha is nan"),
        ([LOUVRE, SUMMERTIME, "--beta", "-1"], "beta is -1"),
        ([LOUVRE, SUMMERTIME, "--gamma", "-1"], "gamma is -1"),
        ([LOUVRE, SUMMERTIME, "--alpha", "0", "--beta", "0"], "alpha, beta and gamma are all 0"),
        (
            [LOUVRE, SUMMERTIME, "--alpha", "1e49"],
            "alpha is 1e+49, which float32 doesn't hold: give a number",
        ),
        ([LOUVRE, SUMMERTIME, "--beta", "1e-49"], "beta is 1e-49, which float32 doesn't hold"),
        (
            [LOUVRE, SUMMERTIME, "--optimizer", "adam", "--learning-rate", "1e49"],
            "learning_rate is 1e+49, which float32 doesn't hold: give a number from 1.2e-38 to 3.4e+38.",
        ),
        (
            [LOUVRE, SUMMERTIME, "--style-layers", "block1_conv1=0,block2_conv1=0"],
            "The weights in style_layers are all 0, so there is no style: give one layer a weight",
        ),
        ([LOUVRE, SUMMERTIME, "--style-layers", "block1_conv1=1e49"], "block1_conv1 is 1e+49, which float32"),
        ([LOUVRE, SUMMERTIME, "--content-layer", "block9_conv1"], "block9_conv1"),
        ([LOUVRE, SUMMERTIME, "--style-layers", "block9_conv1=1"], "block9_conv1"),
        ([LOUVRE, SUMMERTIME, "--style-layers", "fancy"], "fancy"),
        ([LOUVRE, SUMMERTIME, "--optimizer", "sgd"], "optimizer is 'sgd'"),
        (
            [LOUVRE, SUMMERTIME, "--style-statistics", "mean"],
            "style_statistics is 'mean': choose among gram, moments.",
        ),
        ([LOUVRE, SUMMERTIME, "--init", "nothing"], "init is neither"),
        ([LOUVRE, SUMMERTIME, "--weights", "vgg16"], "weights is 'vgg16'"),
        ([LOUVRE, SUMMERTIME, "--save-every", "0"], "'0' is not a whole number of at least 1"),
        ([LOUVRE, SUMMERTIME, "-o", "nowhere/out.png"], "The folder nowhere does not exist"),
        ([LOUVRE, SUMMERTIME, "-o", "out.xyz"], "ends in .xyz"),
        ([LOUVRE, SUMMERTIME, "-o", "."], "is a directory"),
        ([LOUVRE, SUMMERTIME, "-o", LOUVRE], "is one of the pictures given"),
        ([LOUVRE, SUMMERTIME, "-o", ""], "The name of an output is empty: give a file name"),
        ([LOUVRE, SUMMERTIME, "--gif", ""], "The name of an output is empty: give a file name"),
        ([LOUVRE, SUMMERTIME, "--curves", ""], "The name of an output is empty: give a file name"),
        ([LOUVRE, SUMMERTIME, "-o", "/dev/null"], "ends in nothing"),
        ([LOUVRE, SUMMERTIME, "--gif=--"], "argument --gif: expected one argument. See nst-tf --help"),
        ([LOUVRE, SUMMERTIME, "--gif", "film.png"], "use .gif"),
        ([LOUVRE, SUMMERTIME, "-o", "a.gif", "--gif", "a.gif"], "named for two outputs"),
        ([LOUVRE, SUMMERTIME, "--curves", "curves.xyz"], "ends in .xyz"),
        ([LOUVRE, SUMMERTIME, "--colour-of"], "unrecognized arguments: --colour-of"),
        (
            [LOUVRE, SUMMERTIME, "--colours", "mine"],
            "colours is 'mine': choose among style, content, matched",
        ),
        (
            [LOUVRE, SUMMERTIME, SUMMERTIME, "--style-weights", "1"],
            "--style-weights has 1 value for 2 paintings: give one for each.",
        ),
        (
            [LOUVRE, SUMMERTIME, "--regions", "sky.png", "castle.png"],
            "--regions has 2 values for 1 painting: give one for each.",
        ),
        (
            [LOUVRE, SUMMERTIME, "out.png"],
            "out.png does not exist: check the path, or put -o",
        ),
        ([LOUVRE, SUMMERTIME, "--regions=--"], "argument --regions: expected one argument"),
        (
            [LOUVRE, SUMMERTIME, "--regions", ""],
            "The file name of the mask over the content of",
        ),
        ([LOUVRE, SUMMERTIME, "--style-weights", "much"], "invalid float value: 'much'"),
        ([LOUVRE, SUMMERTIME, "--style-weights", "-1"], "The weight of a style is -1.0: give a number of at"),
        ([LOUVRE, SUMMERTIME, "--style-weights", "nan"], "The weight of a style is nan: give a number of at"),
        (
            [LOUVRE, SUMMERTIME, SUMMERTIME, "--style-weights", "0", "0"],
            "The weights of the styles (everywhere) add up",
        ),
        (
            [LOUVRE, SUMMERTIME, "--style-scale", "0"],
            "The scale of a style is 0.0: give a number from 0.1 to",
        ),
        ([LOUVRE, SUMMERTIME, "--style-scale", "-1"], "The scale of a style is -1.0: give a number from 0.1"),
        ([LOUVRE, SUMMERTIME, "--style-scale", "100"], "The scale of a style is 100.0: give a number from 0"),
        ([LOUVRE, SUMMERTIME, "--style-scale", "nan"], "The scale of a style is nan: give a number from 0.1"),
        ([LOUVRE, SUMMERTIME, "--regions", "sky.png"], "sky.png is neither a mask's file nor 'rest'"),
        ([LOUVRE, SUMMERTIME, "--regions", __file__], "test_main.py is not a picture"),
        ([LOUVRE, SUMMERTIME, "--regions", BLACK], "black.png is black (0 of 255 at most): make it"),
        (
            [LOUVRE, SUMMERTIME, "--regions", SUMMERTIME],
            "summertime.jpg is 592×435 pixels, but its picture",
        ),
        ([LOUVRE, SUMMERTIME, "--regions", LOUVRE], "louvre.jpg has colours: convert it to grey"),
        ([LOUVRE, SUMMERTIME, "--style-parts", LOUVRE], "louvre.jpg is 700×277 pixels, but its picture"),
        (
            [LOUVRE, SUMMERTIME, "--regions", DOT, "--init", "noise"],
            "dot.png covers 1 pixel at this size, of which block5_conv1 sees 1: make it larger",
        ),
        ([LOUVRE, SUMMERTIME, "--regions", DOT, "-o", DOT], "dot.png is one of the pictures given: choose"),
        (["weights", "--weights", "vgg16"], "neither a file nor one of"),
        (["demo", "--steps", "0"], "steps is 0"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(here, tmp_path, arguments, words):
    write_masks(tmp_path.parent)
    code, out, error = here(*arguments)
    assert code in (1, 2)
    assert out == ""
    assert error.startswith("nst-tf: ")
    assert error.count("\n") == 1
    assert words in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["", "paint ", "demo ", "weights ", "classroom "])
def test_an_unknown_option_is_its_commands_error(here, command):
    code, _, error = here(
        *command.split(), *([LOUVRE, SUMMERTIME] if command in ("", "paint ") else []), "--fancy"
    )
    name = "nst-tf" if command in ("", "paint ") else f"nst-tf {command.strip()}"
    assert (code, error) == (2, f"{name}: unrecognized arguments: --fancy. See {name} --help\n")


def test_an_error_after_the_progress_bar_is_a_line_of_its_own(paint, tmp_path):
    code, _, error = paint("--beta", "1e38")
    assert code == 2
    assert "steps" in error
    assert error.endswith("\nnst-tf: J is not a finite number at the start: lower alpha, beta or gamma.\n")
    assert list(tmp_path.iterdir()) == []


def test_bad_input_to_the_program_itself(tmp_path):
    for arguments, code in (
        ([LOUVRE, "nowhere.jpg"], 2),
        (["--size"], 2),
        (["weights", "--weights", "vgg16"], 1),
    ):
        done = run_cli(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["weights", "--help"], ["demo", "--help"], ["--version"], ["x.jpg", "y.jpg"]]
)
def test_help_and_bad_arguments_answer_without_tensorflow(tmp_path, arguments):
    """Where importing TensorFlow fails, they answer all the same."""
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    done = run_cli(*arguments, environment={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert "TensorFlow was imported" not in done.stderr
    assert done.returncode == (2 if arguments[0] == "x.jpg" else 0)


def test_long_names_and_links_are_found_out_before_the_run(paint, tmp_path):
    """Outputs that pass a careless check and are lost after the last step."""
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere/picture.png")
    for output, words in (
        ("x" * 300 + ".png", "File name too long"),
        ("dangling.png", "does not exist"),
        ("icon.ico", "ends in .ico"),
    ):
        code, _, error = paint("-o", output)
        assert code == 2, output
        assert words in error
        assert error.count("\n") == 1
    assert paint("-o", "x" * 240 + ".png", "--quiet") == (0, "", "")


def test_no_standard_error_and_a_reader_that_has_left(tmp_path):
    command = f"{sys.executable} -m nst_tf {LOUVRE} {SUMMERTIME} --size 64 --steps 2"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = {"shell": True, "cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    assert subprocess.run(f"{command} -o one.png 2>&-", **shell).returncode == 0
    assert opened(tmp_path / "one.png").size == (64, 25)
    done = subprocess.run(f"{command} -o two.png > /dev/full", **shell)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


def test_the_demo_shows_its_own_defaults():
    text = run_cli("demo", "--help").stdout
    assert "louvre_village_street_in_auvers.png, here" in " ".join(text.split())
    assert "(900)" in text
    assert "(250)" in text
    assert "CONTENT STYLE [" not in text


def test_a_console_without_greek_letters():
    done = run_cli("--help", environment={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "--alpha ?" in done.stdout


def test_help_shows_every_command():
    text = run_cli("--help").stdout
    for word in (
        "CONTENT STYLE",
        "demo",
        "weights",
        "--save-every",
        "--gif",
        "--curves",
        "--seed",
        "--quiet",
    ):
        assert word in text
