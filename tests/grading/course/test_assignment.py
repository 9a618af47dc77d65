"""What students hand in, read in whatever state it is."""

import copy
import json
import os
import random
import socket
import sys
from pathlib import Path

import classes
import nbformat
import pytest
from conftest import ROOT, without_root
from learners import RIGHT, WRONG
from nbgrader.utils import parse_utc

from nst_tf.grading.course.assignment import (
    HELPERS,
    LONGEST,
    TeachersNotebook,
    exercise_of_test,
    grade_id,
    read_submission,
    untouched,
)
from nst_tf.grading.course.hand_in import handed_in
from nst_tf.grading.exercises.registry import exercise

SOURCE = ROOT / "notebooks/course/source/style_transfer/style_transfer.ipynb"
RELEASED = ROOT / "notebooks/course/release/style_transfer/style_transfer.ipynb"
NAME = RELEASED.name
EXERCISES = TeachersNotebook(SOURCE).exercises
WRONG_GRAM = next(cell for name, _, cell in WRONG if name == "gram_matrix")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a class is graded on Linux or macOS")

# ------------------------------------------------------------------------------ a student's folder


@pytest.fixture
def folder(tmp_path):
    """An assignment's folder, with a notebook in it."""
    folder = tmp_path / "submitted/ada/style_transfer"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"{}")
    return folder


def remark(folder, **options):
    found = handed_in(folder, NAME, **options)
    assert found.notebook is None
    return found.remark


def test_a_notebook_is_read(folder):
    found = handed_in(folder, NAME)
    assert (found.notebook, found.remark, found.timestamp) == (b"{}", "", None)


@pytest.mark.parametrize(
    "name", ["style_transfer (1).ipynb", "é\n\t'\" *.IPYNB", "-rf.ipynb", "\udcff.ipynb"]
)
def test_a_file_by_another_name_is_taken_if_it_is_the_only_one(folder, name):
    (folder / NAME).rename(folder / name)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "._style_transfer.ipynb").write_text("as macOS makes them")
    assert handed_in(folder, NAME).notebook == b"{}"
    (folder / "another.ipynb").write_text("{}")
    assert remark(folder) == f"there is no notebook {NAME}, but 2 others"


def test_notebooks_beside_the_one_that_is_graded_are_named(folder):
    (folder / "style_transfer (1).ipynb").write_text("[]")
    found = handed_in(folder, NAME)
    assert found.notebook == b"{}"
    assert found.remark == f"{NAME} was graded, and not style_transfer (1).ipynb beside it"
    assert found.can_be_graded
    (folder / "a\n.ipynb").write_text("[]")
    assert handed_in(folder, NAME).remark == f"{NAME} was graded, and not a .ipynb and 1 more beside it"
    submission = read_submission(nbformat.writes(solved()).encode(), RELEASED, found.remark)
    assert submission.remarks == (found.remark,)
    assert read_submission(b"[]", RELEASED, found.remark).remarks == (
        "the file is no notebook (it has no cells)",
        found.remark,
    )


def test_where_nothing_was_handed_in(folder):
    (folder / NAME).unlink()
    assert remark(folder) == "there is no notebook"
    assert remark(folder / "nowhere") == "there is no notebook"
    assert remark(folder / "nowhere/at all") == "there is no notebook"


def test_a_folder_may_be_a_file(folder):
    assert remark(folder / NAME) == "the folder is a file"
    assert remark(folder / NAME / "a") == "the student's folder is a file"


def test_a_notebook_may_be_too_large(folder):
    (folder / NAME).write_bytes(b"1" * 2_000_001)
    assert remark(folder, largest=2_000_000) == "the notebook is larger than 2 MB"
    assert handed_in(folder, NAME, largest=2_000_001).notebook == b"1" * 2_000_001
    os.truncate(folder / NAME, 10**12)  # takes no room on the disk
    assert remark(folder) == "the notebook is larger than 20 MB"


def test_links_are_not_followed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (folder / NAME).rename(elsewhere)
    for target in (elsewhere, tmp_path / "nowhere", Path("/dev/zero"), Path(NAME)):
        (folder / NAME).symlink_to(target)
        assert remark(folder) == "the notebook is a link"
        (folder / NAME).unlink()
    (folder / "another.ipynb").symlink_to(elsewhere)
    assert remark(folder) == "the notebook is a link"
    (folder.parent / "linked").symlink_to(folder)
    assert remark(folder.parent / "linked") == "the folder is a link"
    (tmp_path / "submitted/bela").symlink_to(folder.parent)
    assert remark(tmp_path / "submitted/bela/style_transfer") == "the student's folder is a link"


def test_only_a_file_is_opened(folder, monkeypatch):
    (folder / NAME).unlink()
    (folder / NAME).mkdir()
    assert remark(folder) == "the notebook is a folder"
    (folder / NAME).rmdir()
    os.mkfifo(folder / NAME)  # would be waited for
    assert remark(folder) == "the notebook is no file"
    (folder / NAME).unlink()
    with socket.socket(socket.AF_UNIX) as made:
        monkeypatch.chdir(folder)  # a socket's path must be short
        made.bind(NAME)
        assert remark(folder) == "the notebook is no file"


def test_what_may_not_be_read(folder, tmp_path):
    for opened in (tmp_path, *tmp_path.parents[:3]):
        opened.chmod(0o755)
    (folder / NAME).chmod(0)
    with without_root():
        assert remark(folder) == "there is no permission to read the notebook"
    for shut, what in ((folder, "the folder"), (folder.parent, "the student's folder")):
        shut.chmod(0)
        with without_root():
            assert remark(folder) == f"there is no permission to read {what}"
        shut.chmod(0o755)


def test_a_name_may_be_impossible(folder):
    assert remark(folder.parent / ("a" * 300)) == "the folder can't be read (OSError)"
    assert remark(folder.parent / "a\0b") == "the folder can't be read (ValueError)"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-01 10:00:00", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01 10:00:00 UTC\n", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01 10:00:00.125 Europe/Berlin", "2024-05-01T08:00:00.125000+00:00"),
        ("2024-05-01T10:00:00+05:30", "2024-05-01T04:30:00+00:00"),
        ("", None),
        ("yesterday", None),
        ("9" * 20, None),
        ("9999-12-31 23:00:00-05:00", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("2024-05-01 10:00:00 " + "9" * 30, None),
        ("2024-05-01 10:00:00 /etc/localtime", None),
        ("2024-05-01 10:00:00 :/etc/localtime", None),
        ("2024-05-01 10:00:00 ../../../etc/localtime", None),
        ("2024-05-01" + " " * 1000, None),
        ("\x00" * 9, None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_the_time_of_handing_in(folder, text, time):
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "timestamp.txt").write_bytes(content)
    found = handed_in(folder, NAME)
    assert (found.notebook, found.timestamp) == (b"{}", time)
    if time:
        assert parse_utc(time) == parse_utc(text.strip())
    (folder / NAME).unlink()
    assert handed_in(folder, NAME).timestamp == time


def test_the_time_is_read_as_carefully_as_the_notebook(folder):
    time = folder / "timestamp.txt"
    os.mkfifo(time)
    assert handed_in(folder, NAME).timestamp is None
    time.unlink()
    (folder / "elsewhere").write_text("2024-05-01 10:00:00")
    time.symlink_to("elsewhere")
    assert handed_in(folder, NAME).timestamp is None
    time.unlink()
    time.write_text("2024-05-01 10:00:00")
    os.truncate(time, 10**12)
    assert handed_in(folder, NAME).timestamp is None


# ------------------------------------------------------------------------------------- its notebook


def solved(**cells):
    """The released notebook with these solutions in it, and right ones in the place of the others."""
    return classes.handed_in(cells)


def without_names(notebook):
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    return notebook


def with_cells(notebook, *sources, before=None):
    """A notebook with more code cells, at its end or before a cell."""
    names = [grade_id(cell) for cell in notebook.cells]
    place = names.index(before) if before else len(names)
    notebook.cells[place:place] = [nbformat.v4.new_code_cell(source) for source in sources]
    return notebook


def read(notebook):
    content = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    return read_submission(content, RELEASED)


def named(notebook, name):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == name]
    return cell


def test_solutions_are_put_into_the_notebook_that_was_handed_out():
    submission = read(with_cells(solved(gram_matrix=WRONG_GRAM), "print(3)"))
    assert submission.cells() == {
        name: WRONG_GRAM if name == "gram_matrix" else next(iter(RIGHT[name].values())) for name in EXERCISES
    }
    assert submission.remarks == ()
    assert submission.needs == dict.fromkeys(EXERCISES, ())
    expected = classes.released()
    for cell in expected.cells:
        cell.source = submission.cells().get(grade_id(cell), cell.source)
    assert submission.notebook == expected


def test_a_notebook_as_it_was_handed_out():
    submission = read(classes.released())
    assert submission.notebook == classes.released()
    assert submission.remarks == ()
    assert not any(submission.needs.values())


def test_no_notebook():
    submission = read_submission(None, RELEASED, "the notebook is a link")
    assert (submission.notebook, submission.remarks) == (classes.released(), ("the notebook is a link",))
    assert submission.needs == {}
    assert read_submission(None, RELEASED).remarks == ("there is no notebook",)


def test_cells_without_names_are_found_by_their_functions():
    submission = read(without_names(solved(gram_matrix=WRONG_GRAM)))
    assert submission.cells()["gram_matrix"] == WRONG_GRAM
    assert submission.remarks == ("all exercises were found in other cells",)


def test_a_line_that_compares_is_no_definition():
    notebook = with_cells(without_names(solved()), "gram_matrix(tf.ones([2, 3])).shape == (2, 2)")
    assert read(notebook).cells()["gram_matrix"] == RIGHT["gram_matrix"]["course"]


def test_a_deleted_solution_is_empty():
    notebook = solved()
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "total_cost"]
    submission = read(notebook)
    assert submission.cells()["total_cost"] == ""
    assert submission.remarks == ("the cell of total_cost is missing",)
    assert "total_cost" not in submission.needs


def test_a_solution_without_a_definition_stays_as_it_is():
    submission = read(solved(total_cost="42"))
    assert submission.cells()["total_cost"] == "42"
    assert submission.remarks == ()


def test_a_second_try_in_a_new_cell_counts():
    submission = read(with_cells(solved(gram_matrix=WRONG_GRAM), RIGHT["gram_matrix"]["operator"]))
    assert submission.cells()["gram_matrix"] == RIGHT["gram_matrix"]["operator"]
    assert submission.remarks == ("gram_matrix was found in another cell",)


def test_a_copy_of_the_cell_is_its_own_as_well():
    """As Jupyter copies it, name and all."""
    notebook = solved(gram_matrix=WRONG_GRAM)
    again = copy.deepcopy(named(notebook, "gram_matrix"))
    again.id, again.source = "another", RIGHT["gram_matrix"]["operator"]
    notebook.cells.append(again)
    submission = read(notebook)
    assert submission.cells()["gram_matrix"] == RIGHT["gram_matrix"]["operator"]
    assert submission.remarks == ()


def test_what_is_odd_about_several_exercises_is_said_once():
    notebook = with_cells(solved(), RIGHT["gram_matrix"]["operator"], RIGHT["total_cost"]["course"])
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "train_step-test"]
    assert read(notebook).remarks == (
        "the test of train_step was changed or deleted",
        "gram_matrix and total_cost were found in other cells",
    )


def test_a_second_try_that_can_not_be_parsed_defines_nothing():
    submission = read(with_cells(solved(), "def gram_matrix(A:\n    return A"))
    assert submission.cells()["gram_matrix"] == RIGHT["gram_matrix"]["course"]
    assert submission.remarks == ()


def test_a_single_try_that_can_not_be_parsed_is_shown():
    cell = "def gram_matrix(A:\n    return A"
    submission = read(solved(gram_matrix=cell))
    assert submission.cells()["gram_matrix"] == cell
    assert submission.needs["gram_matrix"] == ()


def test_a_definition_in_the_cell_of_a_test_counts_nothing():
    notebook = solved(gram_matrix=WRONG_GRAM)
    test = named(notebook, "gram_matrix-test")
    test.source = RIGHT["gram_matrix"]["operator"] + "\n" + test.source
    submission = read(notebook)
    assert submission.cells()["gram_matrix"] == WRONG_GRAM
    assert submission.remarks == ("the test of gram_matrix was changed or deleted",)


def test_a_definition_among_magics_is_found():
    cell = "%%time\n%matplotlib inline\n!pip install x\ngram_matrix = lambda A: A @ tf.transpose(A)"
    notebook = with_cells(solved(), "%%writefile a.py\ndef gram_matrix(A): pass", cell)
    assert read(notebook).cells()["gram_matrix"] == cell


def in_another_editor(cell):
    cell.source = cell.source.replace("\n", "  \r\n") + "\n\n"
    cell.metadata.clear()
    return cell


def test_a_test_is_changed_only_if_its_text_is():
    assert read(classes.with_tests(solved(), in_another_editor)).remarks == ()
    remark = "the tests of all exercises were changed or deleted"
    assert read(classes.with_tests(solved(), classes.pass_always)).remarks == (remark,)
    assert read(classes.with_tests(solved(), lambda cell: None)).remarks == (remark,)


def test_an_untouched_cell_is_empty_or_as_it_was_handed_out():
    left = {grade_id(cell): cell.source for cell in classes.released().cells}
    notebook = solved(gram_matrix=left["gram_matrix"] + " \n", total_cost="", train_step="# later")
    assert untouched(nbformat.writes(notebook), RELEASED) == {"gram_matrix", "total_cost"}
    assert untouched(RELEASED.read_text(), RELEASED) == set(EXERCISES)


# ------------------------------------------------------------------------------------------- needs


def needs(notebook, name="gram_matrix"):
    return read(notebook).needs[name]


def test_a_helper_in_a_cell_of_ones_own():
    notebook = solved(gram_matrix="def gram_matrix(A): return times(A)")
    helper = "from functools import cache\ndef times(A): return A @ tf.transpose(A)\nprint(times(A))"
    with_cells(notebook, helper, before="gram_matrix")
    assert needs(notebook) == ("def times(A): return A @ tf.transpose(A)",)
    assert needs(notebook, "total_cost") == ()


def test_what_a_solution_needs_is_shown_before_it_once():
    helper = "def squared(x):\n    return x * x"
    using = "def {}(*_):\n    return squared(3)"
    names = ("gram_matrix", "total_cost")
    submission = read(with_cells(solved(**{name: using.format(name) for name in names}), helper))
    cells = submission.notebook.cells
    (place,) = (place for place, cell in enumerate(cells) if HELPERS in cell.metadata.get("tags", ()))
    assert cells[place].source == f"# From your other cells, for gram_matrix:\n{helper}"
    assert grade_id(cells[place + 1]) == "gram_matrix"
    assert submission.needs["total_cost"] == (helper,)


def test_a_helper_in_another_solution():
    cell = f"half = 0.5\n{RIGHT['compute_content_cost']['as a mean']}"
    notebook = solved(compute_content_cost=cell, total_cost="def total_cost(*_): return half")
    assert needs(notebook, "total_cost") == ("half = 0.5",)


def test_what_is_added_to_a_given_cell():
    notebook = solved(gram_matrix="def gram_matrix(A): return mm(A, A.T) * ONE")
    named(notebook, "setup").source = (
        "import numpy as np\nimport tensorflow as tf, math\nfrom tensorflow.linalg import matmul as mm\n"
        "ONE = math.exp(0)"
    )
    assert needs(notebook) == (
        "import tensorflow as _, math",
        "from tensorflow.linalg import matmul as mm",
        "ONE = math.exp(0)",
    )


def test_the_teachers_cells_are_not_the_students():
    """But for what they import."""
    cell = "def gram_matrix(A): return plots, os, stripes, STYLE_LAYERS, tqdm, vgg, A, shuffled, photographs"
    imports = ("from nst_tf import plots", "import os", "from tqdm.auto import tqdm")
    assert needs(solved(gram_matrix=cell)) == imports
    assert needs(without_names(solved(gram_matrix=cell))) == imports


def test_what_the_check_brings_is_not_needed():
    notebook = solved()
    with_cells(notebook, "vgg_model_outputs = a_C = a_S = optimizer = 3", "alpha = 1")
    named(notebook, "targets").source += "\n    print('done')"
    assert needs(notebook, "train_step") == ()
    asked = exercise("train_step")
    from nst_tf.grading.step_trial import _Room

    trial = asked.trial(0)
    brought = _Room(trial, trial.scenes[0]).names(asked.helpers, {})
    with_cells(notebook, *(f"{name} = 3" for name in brought if name != "train_step"))
    assert needs(notebook, "train_step") == ()


def test_right_solutions_are_not_overridden_by_the_students():
    notebook = solved(gram_matrix=WRONG_GRAM)
    assert needs(notebook, "compute_layer_style_cost") == ()
    assert needs(notebook, "compute_style_cost") == ()


def test_a_function_of_an_earlier_one():
    notebook = with_cells(solved(), "gram_matrix = tf.function(gram_matrix)")
    submission = read(notebook)
    assert submission.cells()["gram_matrix"] == "gram_matrix = tf.function(gram_matrix)"
    assert submission.needs["gram_matrix"] == (RIGHT["gram_matrix"]["course"],)


# ----------------------------------------------------------------------------------- odd notebooks


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError"),
        ("def f(): pass", "JSONDecodeError"),
        (b"\xff\x00\x80", "UnicodeDecodeError"),
        ("[]", "it has no cells"),
        ("null", "it has no cells"),
        ("NaN", "it has no cells"),
        ("{}", "it has no cells"),
        ('{"cells": 3}', "it has no cells"),
        ('{"cells": null}', "it has no cells"),
        ('{"worksheets": [3]}', "TypeError"),
        ("[" * 100_000 + "]" * 100_000, "RecursionError"),
        ('{"cells": [], "a": ' + "9" * 10_000 + "}", "ValueError"),
    ],
)
def test_what_is_no_notebook(text, why):
    submission = read(text if isinstance(text, bytes) else text.encode())
    assert submission.remarks == (f"the file is no notebook ({why})",)
    assert submission.notebook == classes.released()


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [None, 3, [], "code"],
        [{"cell_type": "code"}],
        [{"cell_type": "code", "source": 3, "metadata": 3, "outputs": 3}],
        [
            {
                "cell_type": "code",
                "source": [3, None, "x"],
                "metadata": {"nbgrader": {"grade_id": ["training"]}},
            }
        ],
        [{"cell_type": "code", "source": {"a": 1}, "metadata": {"nbgrader": [3]}}],
        [{"cell_type": ["code"], "source": ""}],
    ],
)
def test_a_notebook_without_solutions(cells):
    submission = read(json.dumps({"cells": cells}).encode())
    assert submission.remarks == (
        "the tests of all exercises were changed or deleted",
        "the cells of all exercises are missing",
    )
    assert set(submission.cells().values()) == {""}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_notebook_may_be_saved_in_many_ways(encoding):
    content = json.dumps(solved(gram_matrix=WRONG_GRAM), ensure_ascii=False).encode(encoding)
    assert read(content).cells()["gram_matrix"] == WRONG_GRAM


def test_a_notebook_as_they_were_before_2015():
    old = nbformat.convert(with_cells(solved(), "gram_matrix = len"), 3)
    assert read(json.dumps(old).encode()).cells()["gram_matrix"] == "gram_matrix = len"


@pytest.mark.parametrize("depth", [400, 900])
def test_deep_outputs_do_no_harm(depth):
    notebook = json.loads(nbformat.writes(solved(gram_matrix=WRONG_GRAM)))
    notebook["cells"][3]["outputs"] = json.loads("[" * depth + "]" * depth)
    assert read(json.dumps(notebook).encode()).cells()["gram_matrix"] == WRONG_GRAM


def test_half_a_character_does_no_harm():
    content = json.dumps(solved(gram_matrix="gram_matrix = len  # \ud800"), ensure_ascii=True).encode()
    assert read(content).cells()["gram_matrix"] == "gram_matrix = len  # ?"


def test_a_cell_may_be_too_long():
    long = "def gram_matrix(A): return A\n" + "#" * LONGEST
    submission = read(solved(gram_matrix=long))
    remark = "the cell of gram_matrix is longer than 50,000 characters"
    assert submission.remarks == (remark,)
    assert submission.cells()["gram_matrix"] == "# longer than 50,000 characters"
    assert untouched(nbformat.writes(submission.notebook), RELEASED) == set()
    submission = read(with_cells(solved(gram_matrix=long), WRONG_GRAM))
    assert submission.cells()["gram_matrix"] == WRONG_GRAM
    assert submission.remarks == (remark, "gram_matrix was found in another cell")
    assert read(with_cells(solved(), long)).remarks == (remark,)
    assert read(with_cells(solved(), "#" * 2 * LONGEST)).remarks == ()
    assert read(with_cells(solved(), *["#" * 2 * LONGEST] * 9)).remarks == ()


def test_there_may_be_too_many_cells():
    cell = {"cell_type": "code", "source": "x = 1"}
    notebook = json.loads(nbformat.writes(solved(gram_matrix=WRONG_GRAM)))
    notebook["cells"] += [cell] * 200_000
    submission = read(json.dumps(notebook).encode())
    assert submission.remarks == ("the cells have more than 300,000 characters of code",)
    assert submission.cells()["gram_matrix"] == WRONG_GRAM


# ---------------------------------------------------------------------------------------- pictures


def pictures(*outputs):
    """What is left of the outputs of a cell of the teacher's."""
    notebook = json.loads(nbformat.writes(solved()))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "training"]
    cell["outputs"] = outputs[0] if len(outputs) == 1 else list(outputs)
    submission = read(json.dumps(notebook).encode())
    assert "<script>" not in nbformat.writes(submission.notebook)
    return [dict(output.data) for output in named(submission.notebook, "training").outputs]


def test_only_pictures_are_taken_over_from_below_the_cells():
    script = {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>"}}
    hidden = {"output_type": "display_data", "data": {"image/png": "<script>alert(1)</script>"}}
    vector = {"output_type": "display_data", "data": {"image/svg+xml": "<svg><script>1</script></svg>"}}
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/html": "<script>"}}
    lines = {"output_type": "display_data", "data": {"image/jpeg": ["iVBO\n", "Rw0K"]}}
    assert pictures(script, hidden, picture, vector, lines) == [
        {"image/png": "iVBORw0KGgo="},
        {"image/jpeg": "iVBO\nRw0K"},
    ]


@pytest.mark.parametrize(
    "outputs", [None, 3, "a", {}, [None], [3], [[]], [{"data": 3}], [{"data": {"image/png": {"a": 1}}}]]
)
def test_odd_outputs_are_left_out(outputs):
    assert pictures(outputs) == []


def test_pictures_take_three_megabytes_at_most():
    small, large = ({"data": {"image/png": "A" * size}} for size in (100_000, 2_950_000))
    assert len(pictures(*[small] * 40)) == 30
    assert pictures(small, large, small) == [small["data"]] * 2
    assert len(pictures(*[{"data": {"image/png": "A"}}] * 5000)) == 300


# --------------------------------------------------------------------------------------- mutations

ODD = [
    *(None, True, 0, -1, 1e400, float("nan"), 10**400, "", "code", "gram_matrix", "\ud800", "\x00", [], {}),
    *(
        [None],
        {"": None},
        ["def gram_matrix(A):\n", "  return A"],
        "((",
        "%%time\n%x\n!y",
        "def gram_matrix(",
    ),
    *("gram_matrix = gram_matrix", "from x import *", [[[[]]]], {"cells": []}, {"grade_id": {}}, "'" * 99),
]


def places(document):
    """Each part of a document: what it is in, and its key there."""
    todo, found = [document], []
    while todo:
        holder = todo.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                todo.append(holder[key])
    return found


def mutate(document, random):
    """Change a part of a document: to something odd, to a copy of another part, or to nothing."""
    found = places(document)
    if not found:
        return
    holder, key = random.choice(found)
    kind = random.choice(["odd", "odd", "copy", "delete", "again"])
    if kind == "odd":
        holder[key] = copy.deepcopy(random.choice(ODD))
    elif kind == "copy":
        other, place = random.choice(found)
        holder[key] = copy.deepcopy(other[place])
    elif kind == "again" and isinstance(holder, list):
        holder.insert(random.randint(0, len(holder)), copy.deepcopy(holder[key]))
    else:
        del holder[key]


def small_notebook(random):
    """Some of the solved notebook's cells, and some of a student's own."""
    notebook = json.loads(nbformat.writes(solved()))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    own = ["def helper(x):\n    return x", "%time gram_matrix = helper(gram_matrix)", "x = !ls"]
    cells = random.sample(cells, 6) + [{"cell_type": "code", "metadata": {}, "source": text} for text in own]
    return {**notebook, "cells": cells}


@pytest.mark.parametrize("first", range(0, 1500, 250))
def test_no_mutation_of_a_notebook_stops_the_grader(first):
    originals = [small_notebook(random.Random(number)) for number in range(5)]
    names = [grade_id(cell) for cell in classes.released().cells]
    tests = [cell.source for cell in classes.released().cells if exercise_of_test(cell)]
    for seed in range(first, first + 250):
        chosen = random.Random(seed)
        document = copy.deepcopy(chosen.choice(originals))
        for _ in range(chosen.randint(1, 6)):
            mutate(document, chosen)
        submission = read(json.dumps(document).encode())
        cells = [cell for cell in submission.notebook.cells if HELPERS not in cell.metadata.get("tags", ())]
        assert [grade_id(cell) for cell in cells] == names
        assert [cell.source for cell in submission.notebook.cells if exercise_of_test(cell)] == tests
        nbformat.validate(submission.notebook)
        json.dumps(submission.needs).encode()
        lost = [remark for remark in submission.remarks if remark.startswith("the file is no notebook")]
        assert not lost or not isinstance(document.get("cells"), list)


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_no_broken_file_stops_the_grader(first):
    content = nbformat.writes(solved()).encode()
    for seed in range(first, first + 250):
        chosen = random.Random(seed)
        broken = bytearray(content)
        for _ in range(chosen.randint(1, 5)):
            place = chosen.randrange(len(broken))
            broken[place : place + chosen.randint(0, 9)] = chosen.randbytes(chosen.randint(0, 3))
        read(bytes(broken))
