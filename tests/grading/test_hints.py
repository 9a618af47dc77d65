"""What a learner is told: every wrong function of hints.md gets the hint that stands there."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import mostly_long
from learners import defined

from nst_tf.grading import diagnose

TEXT = (Path(__file__).parent / "hints.md").read_text(encoding="utf8")


class Told(NamedTuple):
    """A wrong function, and what its author is told."""

    name: str
    cell: str
    slug: str
    hint: str


def all_told():
    for section in TEXT.split("\n## ")[1:]:
        name = section.partition("\n")[0]
        for cell, slug, quoted in re.findall(
            r"```python\n(.*?)\n```\n\n\*(.*?)\*:\n\n((?:> [^\n]*\n?)+)", section, re.DOTALL
        ):
            yield Told(name, cell, slug, " ".join(line.removeprefix("> ") for line in quoted.splitlines()))


@pytest.mark.parametrize(
    "told", mostly_long(zip(all_told()), 3), ids=[f"{told.name}: {told.slug}" for told in all_told()]
)
def test_the_hint_leads_to_the_fix(told, tmp_path, capsys):
    diagnosis = diagnose(told.name, defined(told.name, told.cell, tmp_path))
    assert not diagnosis.passed
    assert diagnosis.score < 1
    assert diagnosis.mistake == (None if told.slug == "no name" else told.slug)
    pattern = "(.+)".join(map(re.escape, " ".join(told.hint.split()).split("…")))
    hint = " ".join(diagnosis.hint.split())
    assert re.fullmatch(pattern, hint), f"the hint is: {hint}"


def test_there_are_many():
    assert len(list(all_told())) == TEXT.count("```python") >= 100
