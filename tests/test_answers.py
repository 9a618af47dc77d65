"""The answers to the lessons' questions: every question has one, and its code prints what stands below it."""

import re

import nbformat
import pytest
from answers import ANSWERS, agree, blocks, check
from conftest import ROOT

FILES = sorted(ANSWERS.glob("[0-9]*.md"))
QUICK = 0  # seconds, as in a block's first line: blocks without one
SLOW = 15


def questions(lesson):
    """How many questions a lesson ends with."""
    last = nbformat.read(lesson, as_version=4).cells[-1].source
    return len(re.findall(r"^\d\. ", last.partition("## Questions\n")[2], re.MULTILINE))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_question_has_its_answer_and_a_run_that_shows_it(path):
    (lesson,) = ROOT.glob(f"notebooks/{path.stem[0].zfill(2)}_*.ipynb")
    text = path.read_text()
    answers = re.split(r"^## (?=\d\. )", text, flags=re.MULTILINE)[1:]
    assert [int(answer[0]) for answer in answers] == list(range(1, questions(lesson) + 1))
    assert all(blocks(answer) for answer in answers)
    assert text.count("```python") == len(blocks(text))
    assert path.name in (ANSWERS / "README.md").read_text()


def test_all_lessons_are_answered():
    assert [path.stem[0] for path in FILES] == [
        lesson.name[1] for lesson in sorted(ROOT.glob("notebooks/0*.ipynb"))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_quick_answer_prints_what_stands_below_it(path):
    assert check(path, QUICK) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_answer_prints_what_stands_below_it(path):
    """Up to fifteen seconds each; ``scripts/answers.py`` runs the others, too."""
    if any(QUICK < block.seconds <= SLOW for block in blocks(path.read_text())):
        assert check(path, SLOW) == []


def test_numbers_agree_up_to_a_tenth_or_one_in_the_last_digit():
    assert agree("a 1.05 b 40 %\n", "a 1.00 b 41 %")
    assert agree("0.01", "0.02")
    assert not agree("0.01", "0.03")
    assert not agree("120", "100")
    assert not agree("a 1", "b 1")
    assert not agree("1 2", "1")
    assert agree("1e+05", "1e+05")
    assert not agree("3e+05", "1e+05")
