"""``pip install .``: the command and the pictures that the demo needs come along."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import pytest
from conftest import ROOT


@pytest.mark.slow
def test_an_installation_outside_the_checkout(tmp_path):
    site, source = tmp_path / "site", tmp_path / "source"
    for name in ("nst_tf", "images"):  # copies, as building leaves files behind
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks/demo.ipynb", source / "notebooks")
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, source]
    subprocess.run(install, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def run(*command):
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    modules = {path.relative_to(ROOT) for path in (ROOT / "nst_tf").rglob("*.py")}
    assert modules <= {path.relative_to(site) for path in (site / "nst_tf").rglob("*.py")}
    assert {"py.typed", "__init__.pyi"} <= {path.name for path in (site / "nst_tf").iterdir()}
    assert (site / "nst_tf/grading/course/overview.html").is_file()
    assert run(site / "bin/nst-tf", "--version").stdout == "nst_tf 0.1.0\n"
    where = run(
        sys.executable,
        "-c",
        "import nst_tf; from nst_tf.files import pictures_folder; print(pictures_folder())",
    )
    assert where.stdout.startswith(str(site))
    done = run(site / "bin/nst-tf", "demo", "--size", "64", "--steps", "2", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "louvre_village_street_in_auvers.png").exists()

    for folder in ("content", "lessons", "objects", "photos", "style"):
        there = {path.name for path in (ROOT / "images" / folder).iterdir()}
        assert there == {path.name for path in (site / "nst_tf/pictures" / folder).iterdir()} - {
            "__pycache__"
        }

    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(ROOT / "notebooks/00_start_here.ipynb", alone)
    nbconvert = ["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", "00_start_here.ipynb"]
    done = subprocess.run(
        [sys.executable, *nbconvert], cwd=alone, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in alone.iterdir()] == ["00_start_here.ipynb"]

    command = [site / "bin/nst-tf", "classroom"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        address = next(filter(None, (re.search(r"http://[^ ]+", line) for line in server.stdout)))[0]
        page = urllib.request.urlopen(address).read().decode()
        server.send_signal(signal.SIGINT)
    assert server.returncode == 0
    assert "application/vnd.jupyter.widget-view+json" in page
    assert "Traceback" not in page


def test_the_repository_has_no_file_over_two_megabytes():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert [path for path in paths if path.exists() and path.stat().st_size > 2_000_000] == []
