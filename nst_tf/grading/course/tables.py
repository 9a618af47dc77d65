"""Tables as CSV files, in which a spreadsheet finds no formula."""

import csv
import os
import re
from collections.abc import Iterable
from pathlib import Path

from nst_tf.files import written_aside

# Where a spreadsheet may see a cell begin: a semicolon parts cells in half of Europe.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[\s\x00-\x1f]*[=+\-@＝＋－＠])")


def write_table(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file, whole or not at all."""
    with written_aside(path) as aside, aside.open("w", newline="", encoding="utf8") as file:
        csv.writer(file).writerows([safe_cell(value) for value in row] for row in rows)


def safe_cell(value: object) -> object:
    """What a spreadsheet does not take for a formula: a quote stands before what looks like one."""
    if value is None:
        return ""
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else value


def shown(text: str) -> str:
    """A name in one line that can be printed."""
    text = os.fsencode(text).decode("utf8", "replace")
    return "".join(character if character.isprintable() else " " for character in text)
