"""make's first step: a virtual environment of the right Python, or one sentence that names the way out."""

import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make_venv.sh needs a POSIX shell")


def make_venv(folder, *, path, python=""):
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts/make_venv.sh", folder, python],
        env={"PATH": str(path), "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
    )


def stand_in(folder, name, version, has_venv=True):
    """An executable that runs this Python under another version number, with or without ensurepip."""
    path = folder / name
    pretend = (
        "import platform, sys\n"
        f"sys.version_info = (*map(int, {version!r}.split('.')), 'final', 0)\n"
        f"platform.python_version = lambda: {version!r}\n"
        f"if not {has_venv}: sys.modules['ensurepip'] = None\n"
        "exec(sys.argv[2])\n"
    )
    script = folder / f"{name}.py"
    script.write_text(pretend)
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
    path.chmod(0o755)


def test_a_real_environment(tmp_path):
    done = make_venv(tmp_path / "venv", path="/usr/bin:/bin", python=sys.executable)
    assert (done.returncode, done.stderr) == (0, "")
    version = subprocess.run(
        [tmp_path / "venv/bin/python", "-m", "pip", "--version"], capture_output=True, text=True
    )
    assert version.stdout.startswith("pip ")


@pytest.mark.parametrize("version", ["3.10.14", "3.14.0", "2.7.18", "4.0.0"])
def test_another_python(tmp_path, version):
    stand_in(tmp_path, "python3", version)
    done = make_venv(tmp_path / "venv", path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nst_tf needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert f"python3 is {version}" in done.stderr
    assert "make PYTHON=/path/to/python3.13" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_no_python(tmp_path):
    done = make_venv(tmp_path / "venv", path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "here: none" in done.stderr


def test_a_newer_python_first_on_the_path_is_passed_over(tmp_path):
    stand_in(tmp_path, "python3", "3.14.1")
    stand_in(tmp_path, "python3.12", "3.12.4", has_venv=False)
    done = make_venv(tmp_path / "venv", path=tmp_path)
    assert done.stderr.startswith("python3.12 has no venv module")


def test_what_is_no_environment_is_not_erased(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter1.txt").write_text("years of work")
    done = make_venv(tmp_path / "thesis", path="/usr/bin:/bin", python=sys.executable)
    assert done.returncode == 1
    assert "is no virtual environment" in done.stderr
    assert (tmp_path / "thesis/chapter1.txt").read_text() == "years of work"


def test_an_environment_that_works_is_kept(tmp_path):
    make_venv(tmp_path / "venv", path="/usr/bin:/bin", python=sys.executable)
    (tmp_path / "venv/installed-by-hand").touch()
    assert make_venv(tmp_path / "venv", path="/usr/bin:/bin", python=sys.executable).returncode == 0
    assert (tmp_path / "venv/installed-by-hand").exists()
    (tmp_path / "venv/bin/python").unlink()  # as after an upgrade of the system's Python
    assert make_venv(tmp_path / "venv", path="/usr/bin:/bin", python=sys.executable).returncode == 0
    assert (tmp_path / "venv/bin/python").exists()


def test_no_venv_module(tmp_path):
    stand_in(tmp_path, "python3", "3.11.2", has_venv=False)
    done = make_venv(tmp_path / "venv", path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "sudo apt install python3.11-venv" in done.stderr
