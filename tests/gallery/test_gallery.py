"""Galleries: planned, painted by real workers, killed, interrupted, begun again, and seen in a browser."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from conftest import LOUVRE, ROOT, SUMMERTIME, dask_worker, opened, run_cli, wait_until

import nst_tf
from nst_tf.cli import main as command_line
from nst_tf.gallery.plan import GalleryError, entries_of, sweep_of
from nst_tf.gallery.record import Record
from nst_tf.settings import Settings, SettingsError

CAT = ROOT / "images/content/cat.jpg"
SMALL = ["--size", "64", "--steps", "3"]
FOUR = ["cat_summertime_beta-0.005", "cat_summertime_beta-0.5", "louvre_summertime_beta-0.005"]
FOUR += ["louvre_summertime_beta-0.5"]


# ------------------------------------------------------------------------------------------- planned


def test_each_photograph_after_each_painting_with_each_value():
    sweep = sweep_of(["beta=0.005,0.5", "--content-layer=block3_conv2,block4_conv2"])
    entries = entries_of(["a/cat.jpg", "b/dog.jpg"], ["wave.jpg"], sweep, {})
    assert len(entries) == 8
    assert entries[1].name == "cat_wave_beta-0.005_content-layer-block4_conv2"
    assert entries[1].swept == "beta 0.005, content-layer block4_conv2"
    assert [entry.settings.beta for entry in entries[:4]] == [0.005, 0.005, 0.5, 0.5]
    assert {entry.settings.style_strength for entry in entries} == {None}
    assert [entry.photo for entry in entries] == ["a/cat.jpg"] * 4 + ["b/dog.jpg"] * 4


def test_a_strength_is_swept():
    entries = entries_of(["cat.jpg"], ["wave.jpg"], sweep_of(["style-strength=0.1,0.5"]), {})
    assert [(entry.settings.style_strength, entry.settings.beta) for entry in entries] == [
        (0.1, None),
        (0.5, None),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("beta", "give an option and its values, such as beta=0.005,0.05"),
        ("beta=", "give an option and its values"),
        ("bta=1,2", "there is no option bta to sweep; there are style-strength, size,"),
        ("weights=auto", "there is no option weights to sweep"),
        ("init=a.png,noise", "there is no option init to sweep"),
        ("no-preprocess=1", "there is no option no-preprocess to sweep"),
        ("beta=1,x", "'x' isn't a valid value for that option"),
        ("beta=1,1.0", "a value is there twice"),
    ],
)
def test_what_can_not_be_swept(text, sentence):
    with pytest.raises((GalleryError, SettingsError), match=re.escape(sentence)) as raised:
        sweep_of([text])
    assert str(raised.value).startswith(f"--sweep {text}: ")


def test_an_option_is_swept_once():
    with pytest.raises(GalleryError, match="beta is swept already"):
        sweep_of(["beta=1", "beta=2"])


@pytest.mark.parametrize("other", ["b/cat.png", "b/CAT.jpg"])
def test_two_photographs_of_the_same_name(other):
    with pytest.raises(GalleryError, match="have the same name, and so would their pictures: rename one"):
        entries_of(["a/cat.jpg", other], ["wave.jpg"], {}, {})


def test_two_pictures_of_the_same_name():
    with pytest.raises(GalleryError, match="would have the same name, cat_big_wave: rename one of them"):
        entries_of(["cat.jpg", "cat_big.jpg"], ["big_wave.jpg", "wave.jpg"], {}, {})


def test_each_statistic_has_its_own_weights():
    entries = entries_of(["cat.jpg"], ["wave.jpg"], sweep_of(["style-statistics=gram,moments"]), {})
    assert [entry.settings for entry in entries] == [
        Settings(style_statistics=each) for each in ("gram", "moments")
    ]


# ------------------------------------------------------------------------------------------- painted


def gallery(folder, *words, **options):
    return run_cli("gallery", *words, "-o", folder, *SMALL, **options)


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """A gallery of four pictures, and what was printed."""
    folder = tmp_path_factory.mktemp("gallery") / "my first gallery"
    done = gallery(folder, CAT, LOUVRE, "--styles", SUMMERTIME, "--sweep", "beta=0.005,0.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Wrote {folder}/index.html\n"
    return folder


@pytest.mark.slow
class TestAGallery:
    def test_has_all_pictures_a_page_and_a_sheet(self, painted):
        names = sorted(path.name for path in painted.iterdir())
        assert names == sorted(
            [*(f"{name}.png" for name in FOUR), "contact_sheet.jpg", "gallery.json", "index.html"]
        )
        assert opened(painted / "contact_sheet.jpg").width == 3 * 12 + 2 * 320

    def test_has_the_pictures_that_single_runs_paint(self, painted, tmp_path):
        """The command below a picture paints it."""
        page = (painted / "index.html").read_text()
        commands = re.findall("<code>(.*?)</code>", page)
        assert len(commands) == 4
        threads, *words = shlex.split(commands[1])
        assert threads == "TF_NUM_INTRAOP_THREADS=1"
        assert words[:3] == ["python", "-m", "nst_tf"]
        done = run_cli(*words[3:], cwd=tmp_path, environment=dict([threads.split("=")]))
        assert done.returncode == 0, done.stderr
        one, other = (opened(folder / f"{FOUR[1]}.png") for folder in (tmp_path, painted))
        np.testing.assert_array_equal(one, other)

    def test_is_not_painted_again(self, painted):
        before = {path: path.stat().st_mtime_ns for path in painted.glob("*.png")}
        manifest = (painted / "gallery.json").read_bytes()
        done = gallery(painted, CAT, LOUVRE, "--styles", SUMMERTIME, "--sweep", "beta=0.005,0.5", "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert {path: path.stat().st_mtime_ns for path in painted.glob("*.png")} == before
        assert (painted / "gallery.json").read_bytes() == manifest

    def test_is_shown_without_a_network(self, painted, chromium):
        """On a wide screen and on a phone."""
        with chromium() as browser:
            for width, columns in ((1200, 3), (390, 1)):
                page = browser.new_page(viewport={"width": width, "height": 800}, offline=True)
                asked = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto((painted / "index.html").as_uri())
                page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
                page.wait_for_function("[...document.images].every(image => image.complete)")
                sizes = page.evaluate("[...document.images].map(image => image.naturalWidth)")
                assert sizes == [64] * 4
                assert all(url.startswith("file:") for url in asked)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                grid = page.evaluate("getComputedStyle(document.querySelector('.row')).gridTemplateColumns")
                assert len(grid.split()) == columns
                assert "4 of 4 pictures" in page.inner_text("body")


@pytest.mark.slow
def test_one_bad_picture_is_one_red_cell(tmp_path):
    bad, missing = tmp_path / "bad.png", tmp_path / "missing.png"
    bad.write_bytes(CAT.read_bytes()[:2000])
    done = gallery(tmp_path / "out", bad, CAT, missing, "--styles", SUMMERTIME)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"nst-tf: bad_summertime: {bad} " in done.stderr
    assert f"nst-tf: missing_summertime: {missing} can't be read (No such file or directory)." in done.stderr
    page = (tmp_path / "out/index.html").read_text()
    assert "1 of 3 pictures" in page
    assert page.count('class="missing problem"') == 2
    assert str(bad) in page


def started(folder, *words):
    command = [sys.executable, "-m", "nst_tf", "gallery", CAT, LOUVRE, "--styles", SUMMERTIME]
    return subprocess.Popen(
        [*command, "-o", folder, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def number_made(folder):
    path = folder / "gallery.json"
    return len(json.loads(path.read_text())["made"]) if path.exists() else 0


def workers_of(process):
    """The processes of a gallery's workers."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


LONG = ["--sweep", "beta=0.005,0.5", "--size", "64", "--steps", "25"]


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing_and_ctrl_c_leaves_what_is_done(tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    run = started(whole, *LONG)
    run.communicate(timeout=300)
    assert run.returncode == 0
    run = started(folder, *LONG)
    wait_until(lambda: number_made(folder) >= 1)
    listening = [
        connection.laddr.ip
        for process in (psutil.Process(run.pid), *workers_of(run))
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}
    workers_of(run)[0].kill()
    os.killpg(run.pid, signal.SIGINT)
    out, error = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Interrupted: the same command goes on" in out
    assert "Traceback" not in error
    done = number_made(folder)
    assert 1 <= done < 4
    run = started(folder, *LONG)
    wait_until(lambda: len(workers_of(run)) >= 2)
    time.sleep(8)  # in the middle of a picture, or of what comes before
    workers_of(run)[-1].kill()
    out, error = run.communicate(timeout=300)
    assert run.returncode == 0, error
    for name in FOUR:
        np.testing.assert_array_equal(opened(folder / f"{name}.png"), opened(whole / f"{name}.png"))


# ------------------------------------------------------------------------------- a cluster, and bad input


@pytest.mark.slow
def test_the_workers_of_a_cluster_paint(scheduler, tmp_path, painted):
    words = [CAT, "--styles", SUMMERTIME, "--sweep", "beta=0.5", "--scheduler", scheduler]
    done = gallery(tmp_path / "out", *words)
    assert done.returncode == 1
    assert f"{scheduler} has no workers: start some with `dask worker {scheduler}" in done.stderr
    with dask_worker(scheduler, tmp_path):
        done = gallery(tmp_path / "out", *words)
    assert done.returncode == 0, done.stderr
    one, other = (opened(folder / f"{FOUR[1]}.png") for folder in (tmp_path / "out", painted))
    np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_worker_with_another_nst_tf_is_refused(scheduler, tmp_path):
    (tmp_path / "other/nst_tf").mkdir(parents=True)
    (tmp_path / "other/nst_tf/__init__.py").write_text('__version__ = "0"')
    with dask_worker(scheduler, tmp_path, PYTHONPATH=str(tmp_path / "other")):
        done = gallery(tmp_path / "out", CAT, "--styles", SUMMERTIME, "--scheduler", scheduler)
    assert done.returncode == 1
    assert "nst-tf: The worker tcp://127.0.0.1:" in done.stderr
    assert f"it has nst_tf 0, not {nst_tf.__version__} as here: install the same." in done.stderr
    assert "Traceback" not in done.stderr


def complaint(capsys, *words):
    """What the command line says, in one line, and its exit code."""
    code = command_line.main(["gallery", *map(str, words)])
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return code, error


def test_no_scheduler(capsys, tmp_path):
    words = [CAT, "--styles", SUMMERTIME, "-o", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9"]
    code, error = complaint(capsys, *words)
    assert code == 1
    assert error.startswith("nst-tf: No scheduler answers at tcp://127.0.0.1:9: check the address")


def test_a_folder_that_can_not_be_written(capsys, tmp_path):
    (tmp_path / "file").touch()
    code, error = complaint(capsys, CAT, "--styles", SUMMERTIME, "-o", tmp_path / "file/out")
    assert code == 2
    assert "can't be made" in error


def test_another_file_by_the_manifests_name(capsys, tmp_path):
    for text in ("[]", "{", '{"version": 1, "made": {"x": {"job": "1"}}}', '{"version": 7, "made": {}}'):
        (tmp_path / "gallery.json").write_text(text)
        code, error = complaint(capsys, CAT, "--styles", SUMMERTIME, "-o", tmp_path)
        assert code == 2
        assert "gallery.json isn't a gallery's, or is damaged: remove it, or choose another folder." in error


@pytest.mark.parametrize("name", ["cat_summertime.png", "index.html", "contact_sheet.jpg"])
def test_no_other_file_is_written_over(capsys, tmp_path, name):
    (tmp_path / name).write_text("mine")
    code, error = complaint(capsys, CAT, "--styles", SUMMERTIME, "-o", tmp_path)
    assert code == 2
    assert (
        error == f"nst-tf: {tmp_path / name} is there already, and not a gallery's: choose another folder.\n"
    )
    assert (tmp_path / name).read_text() == "mine"


def test_one_program_at_a_time(capsys, tmp_path):
    other = Record(tmp_path)
    code, error = complaint(capsys, CAT, "--styles", SUMMERTIME, "-o", tmp_path)
    assert code == 2
    assert error == f"nst-tf: Another program paints the gallery in {tmp_path}: wait until it is done.\n"
    assert other.made == {}


def test_without_dask(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, error = complaint(capsys, CAT, "--styles", SUMMERTIME, "-o", tmp_path)
    assert code == 1
    assert error.startswith("nst-tf: This needs Dask, which isn't installed: `python -m pip install -e ")
