"""What copying the lessons' code gets, as docs/teaching.md says: 55 of 100 points, and 9 for right shapes."""

import ast
import re

import nbformat
import pytest
from classes import POINTS
from conftest import ROOT
from learners import defined

from nst_tf.grading import diagnose
from nst_tf.grading.exercises.registry import EXERCISES
from nst_tf.grading.signs import SIGNATURES


def lessons_code():
    """The code of the lessons' cells, and of what their texts show."""
    for lesson in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        for cell in nbformat.read(lesson, as_version=4).cells:
            shown = re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)
            yield from [cell.source] if cell.cell_type == "code" else shown


def lessons_functions():
    """Each function of the lessons that is defined at the top of a cell, by itself, and its name."""
    for code in lessons_code():
        if "%pip" not in code:
            for node in ast.parse(code).body:
                if isinstance(node, ast.FunctionDef):
                    yield node


def as_an_answer(node, name):
    """A lesson's function under an exercise's name, with its parameters in the exercise's place."""
    return re.sub(rf"def {node.name}\b", f"def {name}", ast.unparse(node), count=1)


def earned(name, node, folder):
    return diagnose(name, defined(name, as_an_answer(node, name), folder)).score


def solution_of(name):
    """The lessons' solution to an exercise, or None."""
    return next((node for node in lessons_functions() if node.name == f"{name}_solution"), None)


SOLVED = [name for name in EXERCISES if solution_of(name)]


@pytest.mark.parametrize("name", SOLVED)
def test_a_lessons_solution_is_right(name, tmp_path):
    assert earned(name, solution_of(name), tmp_path) == 1


def test_the_lessons_solutions_earn_little_more_than_half_of_the_points():
    assert sum(POINTS[name] for name in SOLVED) == 55
    assert POINTS.keys() - set(SOLVED) == {"scaled_gram_matrix", "channels_first_style_cost"}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(POINTS.keys() - set(SOLVED)))
def test_no_function_of_the_lessons_is_the_answer_to_an_exercise_that_they_leave_out(name, tmp_path):
    """It may have the right shape, which is worth a fifth."""
    parameters = SIGNATURES[name].count(",") + 1
    tried = [
        node
        for node in lessons_functions()
        if len(node.args.args) == parameters and "ram" in ast.unparse(node)
    ]
    assert len(tried) >= 4
    assert max(earned(name, node, tmp_path) for node in tried) <= 0.2
