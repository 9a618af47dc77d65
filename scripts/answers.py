"""Runs the code of docs/answers: ``python scripts/answers.py [--write] [FILE ...]``.

Each block of Python is run in the order of its file, and what it prints is compared with the block below it,
number by number. With ``--write``, that block is replaced by what was printed. A block that takes long says
so in its first line: ``# about 40 s``. Without a file, all are run: about twenty minutes on two idle cores.
"""

import argparse
import contextlib
import io
import math
import re
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

ANSWERS = Path(__file__).resolve().parent.parent / "docs/answers"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class Block(NamedTuple):
    """A block of Python, what it should print, where that stands in the file, and the seconds it takes."""

    code: str
    printed: str
    start: int
    end: int
    seconds: int


def blocks(text):
    found = re.finditer(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    return [Block(match[1], match[2], *match.span(2), seconds_of(match[1])) for match in found]


def seconds_of(code):
    marked = re.match(r"# about (\d+) s\b", code)
    return int(marked[1]) if marked else 0


def run(block, names, show=lambda figure: None):
    """What the block prints, run with names that it may use and add to, in the answers' folder."""
    printed = io.StringIO()
    with (
        contextlib.chdir(ANSWERS),
        contextlib.redirect_stdout(printed),
        patch("nst_tf.plots.show", show),
        patch("sys.path", [str(ANSWERS), *sys.path]),
    ):
        exec(compile(block.code, "docs/answers", "exec"), names)
    lines = printed.getvalue().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("VGG-19 weights:"))  # this machine's


def agree(printed, wanted):
    """Whether two texts are the same but for numbers that differ by a tenth, or by one in the last digit."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", wanted).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(wanted), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=0.1, abs_tol=1.01 * last_digit(b)) for a, b in pairs)


def last_digit(number):
    """What one in the last digit is worth: 0.01 for "3.14"."""
    mantissa, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def check(path, most_seconds=math.inf):
    """Run the blocks of a file that take no longer, and say of each what is wrong with what it prints."""
    names, wrong = {"__name__": "answers"}, []
    for block in blocks(path.read_text()):
        if block.seconds <= most_seconds:
            printed = run(block, names)
            if not agree(printed, block.printed):
                wrong.append(f"{path.name} prints\n{printed}and not\n{block.printed}")
    return wrong


def write(path):
    """Run the blocks of a file, and keep what each prints and the figure that it shows."""
    names = {"__name__": "answers"}
    for number in range(len(blocks(path.read_text()))):
        text = path.read_text()
        block = blocks(text)[number]
        file = path.with_name(f"{path.stem}_{number + 1}.jpg")
        printed = run(block, names, lambda figure, file=file: save(figure, file))
        path.write_text(text[: block.start] + printed + text[block.end :])


def save(figure, file):
    figure.savefig(file, dpi=52, bbox_inches="tight", pad_inches=0.1, pil_kwargs={"quality": 72})


def main():
    parser = argparse.ArgumentParser(description="Runs the code of docs/answers.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true", help="keep what is printed")
    parser.add_argument(
        "--most", type=float, default=math.inf, metavar="SECONDS", help="leave out what is longer"
    )
    given = parser.parse_args()
    for path in given.files or sorted(ANSWERS.glob("[0-9]*.md")):
        if given.write:
            write(path.resolve())
        elif wrong := check(path.resolve(), given.most):
            sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
