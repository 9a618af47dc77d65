"""What is reported of an error: its name, the line of its text that matters, and the learner's line."""

import linecache
import re
import traceback
from collections.abc import Callable

_LINE = re.compile(r", in line (\d+): `(.*)`$")
_LONGEST, _LONGEST_LINE = 300, 120  # characters of an error, and of a line of code


def error_line(error: BaseException, file: str = "") -> str:
    """An error in one line: its name and what matters of its text (inside ``tf.function`` the last line, else
    the first); then the last line of the learner's file that was reached, if there is one.

    Args:
        error: the error.
        file: what the code of the learner's cell was compiled as.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    is_traced = lines[:1] == ["in user code:"]
    line, name = (lines[-1 if is_traced else 0] if lines else ""), type(error).__name__
    line = re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*", "", line)  # TensorFlow's names for where it happened
    line = re.sub(r", numpy=$", ">", line)  # of a variable, whose values are on the next line
    text = line if line.startswith(name) else f"{name}: {line}"
    return printable(text, _LONGEST).rstrip(".: ") + _place_in(file, error)


def printable(text: str, longest: int = _LONGEST + 2 * _LONGEST_LINE) -> str:
    """What can be shown of a text, in one line."""
    return "".join(character for character in text[:longest] if character.isprintable())


def without_line(error: str) -> str:
    """An ``error_line`` without the learner's line."""
    return _LINE.sub("", error)


def line_in(error: str) -> str:
    """The learner's line in an ``error_line``; empty if there is none."""
    found = _LINE.search(error)
    return found[2] if found else ""


def raised(error: str, when: str = "") -> str:
    """An ``error_line`` as a sentence; ``when`` says for what, and ends in a comma."""
    found = _LINE.search(error)
    where = f"line {found[1]}, `{found[2]}`," if found else "it"
    start = f"{when} {where}" if when else where.replace("l", "L", 1) if found else "It"
    return f"{start} raises {without_line(error)}."


def file_of(function: Callable) -> str:
    """What the code of a function, or of what a partial one calls, was compiled as; empty if it has none."""
    code = getattr(getattr(function, "func", function), "__code__", None)
    return getattr(code, "co_filename", "")


def _place_in(file: str, error: BaseException) -> str:
    """The last line of a file that was reached."""
    number = next((line for each, line in reversed(_places(error)) if each == file), None)
    if number is None:
        return ""
    linecache.checkcache(file)
    line = linecache.getline(file, number).strip().replace("`", "'")
    return f", in line {number}: `{printable(line, _LONGEST_LINE)}`" if line else ""


def _places(error: BaseException) -> list[tuple[str, int]]:
    """The file and the line of each call that led to an error, the last one last."""
    translated = getattr(getattr(error, "ag_error_metadata", None), "translated_stack", None)
    if translated:  # AutoGraph's own code in place of the learner's, translated back; the last call first
        return [(frame.filename, frame.lineno) for frame in reversed(translated)]
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
