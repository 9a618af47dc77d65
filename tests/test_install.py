"""``pip install .``: the command and the pictures that the demo needs come along."""

import re
import signal
import subprocess
import urllib.request

import pytest
from conftest import ROOT, environment_of_installed, run_installed


@pytest.mark.slow
def test_an_installation_outside_the_checkout(installed, tmp_path):
    def run(*command):
        return run_installed(installed, *command, folder=tmp_path)

    (site,) = installed.glob("lib/*/site-packages")
    modules = {path.relative_to(ROOT) for path in (ROOT / "nst_tf").rglob("*.py")}
    assert modules <= {path.relative_to(site) for path in (site / "nst_tf").rglob("*.py")}
    assert {"py.typed", "__init__.pyi"} <= {path.name for path in (site / "nst_tf").iterdir()}
    assert (site / "nst_tf/grading/course/overview.html").is_file()
    assert run("nst-tf", "--version").stdout == "nst_tf 0.1.0\n"
    where = run(
        "python",
        "-c",
        "import nst_tf; from nst_tf.files import pictures_folder; print(pictures_folder())",
    )
    assert where.stdout.startswith(str(site))
    done = run("nst-tf", "demo", "--size", "64", "--steps", "2", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "louvre_village_street_in_auvers.png").exists()

    for folder in ("content", "lessons", "objects", "photos", "style"):
        there = {path.name for path in (ROOT / "images" / folder).iterdir()}
        assert there == {path.name for path in (site / "nst_tf/pictures" / folder).iterdir()} - {
            "__pycache__"
        }

    command = [installed / "bin/nst-tf", "classroom"]
    options = {"cwd": tmp_path, "env": environment_of_installed(), "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as server:
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
