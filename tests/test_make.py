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
    """An executable that answers the script's questions as a Python of that version would."""
    path = folder / name
    path.write_text(
        "#!/bin/sh\n"
        "case $2 in\n"
        f"  *python_version*) echo {version};;\n"
        f"  *sys.version_info\\[:2\\]*) exec {sys.executable} -c \"import sys; v = tuple(map(int, '{version}'.split('.')[:2])); "
        'sys.exit(not (3, 11) <= v <= (3, 13))";;\n'
        f"  *python3.%d*) echo python{version.rsplit('.', 1)[0]}-venv;;\n"
        f"  *ensurepip*) exit {0 if has_venv else 1};;\n"
        "esac\n"
    )
    path.chmod(0o755)


def test_a_real_environment(tmp_path):
    done = make_venv(tmp_path / "venv", path="/usr/bin:/bin", python=sys.executable)
    assert (done.returncode, done.stderr) == (0, "")
    version = subprocess.run([tmp_path / "venv/bin/python", "-m", "pip", "--version"], capture_output=True, text=True)
    assert version.stdout.startswith("pip ")


@pytest.mark.parametrize("version", ["3.10.14", "3.14.0", "2.7.18"])
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


def test_no_venv_module(tmp_path):
    stand_in(tmp_path, "python3", "3.11.2", has_venv=False)
    done = make_venv(tmp_path / "venv", path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "sudo apt install python3.11-venv" in done.stderr
