"""The package's structure: which room may import which, checked against the imports in the code."""

import ast
import graphlib

import grimp
import pytest
from conftest import ROOT
from test_package import python

from nst_tf.grading.course.assignment import TeachersNotebook
from nst_tf.grading.exercises.registry import EXERCISES

ROOMS = {"cli", "classroom", "gallery", "grading"}  # all else is the method, the weights included
ENTRY = "nst_tf.__main__"  # starts the command line, and nothing imports it


def loaded_when_used():
    """What grimp can't see, as it is imported by name when it is first used."""
    stub = ast.parse((ROOT / "nst_tf/__init__.pyi").read_text())
    homes = {f"nst_tf.{node.module}" for node in stub.body if isinstance(node, ast.ImportFrom)}
    exercises = {f"nst_tf.grading.exercises.{file}" for file in EXERCISES.values()}
    return {
        "nst_tf": homes,
        "nst_tf.grading": {"nst_tf.grading.checks", "nst_tf.grading.diagnosis"},
        "nst_tf.grading.exercises.registry": exercises,
    }


@pytest.fixture(scope="module")
def imports():
    """For each of the package's modules, the others that it imports, at the top or later."""
    graph = grimp.build_graph("nst_tf", cache_dir=None)
    late = loaded_when_used()
    assert set().union(*late.values()) <= graph.modules
    return {
        module: graph.find_modules_directly_imported_by(module) | late.get(module, set())
        for module in graph.modules
    }


def room_of(module):
    parts = module.split(".")
    return parts[1] if parts[1:] and parts[1] in ROOMS else "the method"


def test_the_import_graph_has_no_circle(imports):
    order = list(graphlib.TopologicalSorter(imports).static_order())  # raises CycleError
    assert order.index("nst_tf.costs") < order.index("nst_tf.objective") < order.index("nst_tf.transfer")


def test_each_room_imports_the_method_and_no_other_room(imports):
    allowed = {
        ("cli", "classroom"),
        ("cli", "gallery"),
        ("cli", "grading"),
    }  # it starts any of them
    crossing = {
        (importer, imported)
        for importer, all_imported in imports.items()
        for imported in all_imported
        if importer != ENTRY and room_of(importer) != room_of(imported) != "the method"
    }
    assert {(room_of(one), room_of(other)) for one, other in crossing} <= allowed, crossing


def test_it_looks_at_real_imports(imports):
    """Some that are known, so that an empty graph would not pass."""
    assert "nst_tf.objective" in imports["nst_tf.transfer"]
    assert "nst_tf.transfer" in imports["nst_tf.cli.main"]  # inside a function
    assert "nst_tf.classroom.server" in imports["nst_tf.cli.main"]
    assert "nst_tf.grading.trial" in imports["nst_tf.grading.course.worker"]


def test_what_runs_beside_a_submission_knows_no_right_answer():
    """What a real worker has loaded when it is ready: the process of a submission is a fork of it."""
    imports = TeachersNotebook(ROOT / "notebooks/course/source/style_transfer/style_transfer.ipynb").imports()
    ready = f"import sys, nst_tf.grading.course.worker as worker; worker._warm_up({imports!r})"
    script = f"{ready}; print(*sys.modules)"
    loaded = set(python(script).stdout.split())
    assert "nst_tf.grading.step_trial" in loaded
    answers = {f"nst_tf.grading.exercises.{file}" for file in EXERCISES.values()}
    assert not {"nst_tf.costs", "nst_tf.transfer", *answers} & loaded


def test_the_method_stays_small():
    assert len([path for path in (ROOT / "nst_tf").iterdir() if path.is_file()]) <= 25


def test_a_run_can_be_reported_without_tensorflow():
    """``progress.py`` and all that it imports at its top."""
    done = python(
        "import sys, nst_tf.progress, nst_tf.options, nst_tf.inputs; print('tensorflow' in sys.modules)"
    )
    assert done.stdout == "False\n"


def test_no_two_files_have_the_same_name():
    names = [path.name for path in (ROOT / "nst_tf").rglob("*.py") if not path.name.startswith("__")]
    assert len(names) == len(set(names))
    tests = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(tests) == len(set(tests))
