"""IPython's commands in a cell: without them, it is Python."""

import re

from nst_tf.grading.course.statements import parsed

_RUN_THE_REST = {"time", "timeit", "capture"}  # cell magics whose cell is Python
_COMMAND = re.compile(r"[ \t]*+[%!?](?:[^\\\n]|\\.)*+", re.DOTALL)  # with a backslash, it goes on
_PIECE = re.compile(
    r"""
    (?:'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z) | '(?:[^'\\\n]|\\.)*+'?)
    | (?:\"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\"|\Z) | "(?:[^"\\\n]|\\.)*+"?)
    | \#[^\n]*+
    | \\.
    | (?P<end>\n)
    | (?P<opening>[(\[{])
    | (?P<closing>[)\]}])
    | (?P<taken>=[ \t]*+[%!](?:[^\\\n]|\\.)*+)
    | (?P<help>\?++[ \t]*+(?=\n|\Z))
    | [^'"\#\\\n()\[\]{}=?]++
    | .
    """,
    re.DOTALL | re.VERBOSE,
)


def without_magics(cell: str) -> str:
    """A cell as plain Python, with every line in its place.

    ``%magic``, ``!command`` and ``help?`` do nothing, ``x = !command`` is None, and a cell for another
    language is empty. A cell that is Python already stays as it is.
    """
    if parsed(cell) is not None:
        return cell
    return _without_commands(_without_cell_magics(_as_pasted(cell)))


def _as_pasted(cell: str) -> str:
    """A cell without what IPython takes off each line: an indentation that all share, and ``>>>``."""
    cell = cell.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = re.search(r"^([ \t]*+)(>>>)?(?=[^\n])", cell, re.MULTILINE)
    if first and first[1]:
        cell = "\n".join(line.removeprefix(first[1]) for line in cell.split("\n"))
    return re.sub(r"^(>>>|\.\.\.)( |$)", "", cell, flags=re.MULTILINE) if first and first[2] else cell


def _without_cell_magics(cell: str) -> str:
    lines = cell.split("\n")
    for place, line in enumerate(lines):
        magic = re.match(r"%%(\w*)", line)
        if magic and magic[1] not in _RUN_THE_REST:
            return ""
        if line.strip() and not magic:
            break
        lines[place] = ""
    return "\n".join(lines)


def _without_commands(cell: str) -> str:
    """A cell without the lines that Python knows nothing of, where a statement may begin."""
    parts: list[str] = []
    place, depth, statement = 0, 0, 0  # the last is the number of parts before the statement
    while place < len(cell):
        command = _COMMAND.match(cell, place) if statement == len(parts) else None
        if command:
            parts.append(_as_pass(command[0]))
            place = command.end()
            continue
        found = _PIECE.match(cell, place)
        assert found is not None  # its last branch takes anything
        place = found.end()
        if found["taken"] and not depth:
            parts.append("= None" + "\n" * found[0].count("\n"))
        elif found["help"] and not depth:
            parts[statement:] = [_as_pass("".join(parts[statement:]))]
        else:
            parts.append(found[0])
        depth = max(0, depth + bool(found["opening"]) - bool(found["closing"]))
        if found["end"] and not depth:
            statement = len(parts)
    return "".join(parts)


def _as_pass(statement: str) -> str:
    indentation = statement[: len(statement) - len(statement.lstrip(" \t"))]
    return f"{indentation}pass" + "\n" * statement.count("\n")
