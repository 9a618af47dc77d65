"""Judgements that are kept, so that grading goes on where it stopped."""

import hashlib
import importlib.metadata
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nst_tf.files import written_aside
from nst_tf.grading.course import protocol
from nst_tf.grading.course.judge import JUDGED, Case, Judged

_GRADING = Path(__file__).parents[1]


@dataclass(frozen=True)
class Kept:
    """A judgement.

    Attributes:
        key: what it depends on.
        judged: the judgement.
        stored: what of it nbgrader has stored: the key and the time of handing in, or nothing.
    """

    key: str
    judged: Judged
    stored: str = ""


class Judgements:
    """The judgements on an assignment, a file each.

    Args:
        folder: where they are kept.
        depends_on: what they depend on besides the submission and the grader.
    """

    def __init__(self, folder: Path, *depends_on: bytes) -> None:
        self._folder = folder
        self._common = _digest(graders_version().encode(), *depends_on)

    def key(self, case: Case) -> str:
        """What the judgement on a submission depends on."""
        return _digest(self._common.encode(), case.notebook or b"", case.remark.encode())

    def find(self, student: str, key: str) -> Kept | None:
        """A student's judgement, if there is one and nothing has changed."""
        try:
            kept = protocol.unpacked(self._path(student).read_bytes(), kinds=(Kept, *JUDGED))
        except (OSError, ValueError):
            return None
        return kept if isinstance(kept, Kept) and kept.key == key else None

    def keep(self, student: str, kept: Kept) -> None:
        """Keep a student's judgement, in the place of an earlier one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with written_aside(self._path(student)) as aside:
            aside.write_bytes(protocol.packed(kept))

    def _path(self, student: str) -> Path:
        return self._folder / f"{_digest(os.fsencode(student))}.json"


@cache
def graders_version() -> str:
    """Changes with each change of the grader, and of TensorFlow."""
    sources = [path.read_bytes() for path in sorted(_GRADING.rglob("*.py"))]
    return _digest(importlib.metadata.version("tensorflow").encode(), *sources)


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
