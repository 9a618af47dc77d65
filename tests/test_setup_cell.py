"""The lessons' first cell, which installs nst_tf in a hosted notebook: what it says."""

import importlib.metadata
import importlib.util
from types import SimpleNamespace

import nbformat
import pytest
from conftest import ROOT
from IPython.core.inputtransformer2 import TransformerManager

NUMPY, NEWER_NUMPY, NST_TF = ("numpy", "2.1.3"), ("numpy", "2.4.6"), ("nst_tf", "0.1.0")


@pytest.fixture
def said(monkeypatch, capsys):
    """What the cell prints on a machine with the first packages, where pip leaves the second ones."""
    lesson = nbformat.read(ROOT / "notebooks/00_start_here.ipynb", as_version=4)
    cell = next(cell for cell in lesson.cells if "setup" in cell.metadata.get("tags", []))
    statements = TransformerManager().transform_cell(cell.source)

    def run(before, after):
        packages = list(before)

        def magic(name, line):
            assert (name, line.split()[0]) == ("pip", "install")
            packages[:] = after

        def listed():
            return [SimpleNamespace(name=name, version=version) for name, version in packages]

        with monkeypatch.context() as patched:
            patched.setattr(importlib.metadata, "distributions", listed)
            patched.setattr(importlib.util, "find_spec", lambda name: dict(packages).get(name))
            exec(statements, {"get_ipython": lambda: SimpleNamespace(run_line_magic=magic)})
        return capsys.readouterr().out

    return run


def test_where_nst_tf_is_installed_nothing_happens(said):
    assert said([NUMPY, NST_TF], []) == ""


def test_where_all_that_it_needs_is_there_the_lesson_goes_on(said):
    assert "no need to restart" in said([NUMPY], [NUMPY, NST_TF])


def test_where_a_package_was_replaced_it_asks_for_a_restart(said, capsys):
    with pytest.raises(RuntimeError, match="Restart the kernel"):
        said([NEWER_NUMPY], [NUMPY, NST_TF])
    assert capsys.readouterr().out == "Installed, and replaced by other versions: numpy 2.4.6\n"


def test_where_pip_fails_it_says_so(said):
    with pytest.raises(RuntimeError, match=r"could not be installed from https://github\.com/"):
        said([NUMPY], [NUMPY])
