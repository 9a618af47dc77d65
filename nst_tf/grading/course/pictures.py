"""The pictures of a student's notebook, which a teacher wants to see."""

import re
from collections.abc import Iterator
from typing import Any

import nbformat
from nbformat import NotebookNode

MOST_PICTURES = 3_000_000  # characters of all pictures
_LEAST_PICTURE = 10_000  # what a picture counts at least, so that there are not too many of them
_PICTURES = ("image/jpeg", "image/png")


def pictures(outputs: Any) -> Iterator[dict[str, str]]:
    """The pictures below a cell, and nothing that could run in the teacher's browser."""
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, dict) else None
        kept = {kind: joined(data.get(kind)) for kind in _PICTURES} if isinstance(data, dict) else {}
        kept = {kind: value for kind, value in kept.items() if value}
        if kept and all(re.fullmatch(r"[A-Za-z0-9+/=\s]+", value, re.ASCII) for value in kept.values()):
            yield kept


def that_fit(found: Iterator[dict[str, str]], room: int) -> tuple[list[NotebookNode], int]:
    """The pictures that there is room for, as outputs, and the room that is left."""
    outputs = []
    for picture in found:
        size = max(_LEAST_PICTURE, sum(map(len, picture.values())))
        if size <= room:
            room -= size
            outputs.append(nbformat.v4.new_output("display_data", data=picture))
    return outputs, room


def joined(text: Any) -> str:
    """A text that may be split into lines, with lone surrogates replaced."""
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str)).encode("utf8", "replace").decode()
