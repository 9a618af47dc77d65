"""What a gallery's folder holds: the pictures, how each was painted, and the page that shows them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nst_tf.decoding import ImageError
from nst_tf.files import why_not_writable, written_aside
from nst_tf.gallery.plan import Entry, GalleryError
from nst_tf.gallery.work import Job, Painted

MANIFEST = "gallery.json"
VERSION = 1


class Record:
    """The folder of a gallery, made if it isn't there.

    Attributes:
        folder: its path.
        made: for each name of a picture how it was painted, as the manifest has it.
        problems: for each name of a picture that could not be painted the reason.

    Raises:
        GalleryError: nothing can be written there, or what it holds is no gallery's.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.problems: dict[str, str] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise GalleryError(
                f"{folder} can't be made ({problem.strerror}): choose another folder."
            ) from None
        if reason := why_not_writable(folder):
            raise GalleryError(f"Nothing can be written in {folder} ({reason}): choose another folder.")
        self.made: dict[str, dict[str, Any]] = self._loaded()

    def _loaded(self) -> dict[str, dict[str, Any]]:
        path = self.folder / MANIFEST
        if not path.exists():
            return {}
        try:
            manifest = json.loads(path.read_text(encoding="utf8"))
            if manifest["version"] != VERSION:
                raise ValueError
            return {str(name): {**made, "job": str(made["job"])} for name, made in manifest["made"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise GalleryError(
                f"{path} is no gallery's, or damaged: remove it, or choose another folder."
            ) from None

    def precision(self) -> str | None:
        """The one in which the gallery was begun, if it was."""
        return next((made["settings"]["precision"] for made in self.made.values()), None)

    def has(self, entry: Entry, job: Job) -> bool:
        """Whether the picture is there, painted from the same files with the same settings."""
        made = self.made.get(entry.name)
        return bool(made and made["job"] == digest_of(job) and self.path(entry, job.suffix).is_file())

    def path(self, entry: Entry, suffix: str) -> Path:
        """Of a picture."""
        return self.folder / f"{entry.name}{suffix}"

    def keep(self, entry: Entry, job: Job, picture: Painted) -> None:
        """Write a picture and how it was painted, each whole or not at all."""
        path = self.path(entry, job.suffix)
        try:
            with written_aside(path) as aside:
                aside.write_bytes(picture.data)
            about = {name: value for name, value in picture._asdict().items() if name != "data"}
            self.made[entry.name] = {"job": digest_of(job), "file": path.name, **about}
            self._write_manifest(self.made)
        except OSError as problem:
            raise ImageError(f"{path} could not be written ({problem.strerror}).") from None

    def _write_manifest(self, made: Mapping[str, Any]) -> None:
        with written_aside(self.folder / MANIFEST) as aside:
            aside.write_text(json.dumps({"version": VERSION, "made": made}, indent=1), encoding="utf8")


def digest_of(job: Job) -> str:
    """SHA-256 over what a picture is painted from."""
    digest = hashlib.sha256()
    settings = json.dumps(vars(job.settings), default=str, sort_keys=True)
    for part in (job.photo.data, job.painting.data, settings.encode(), job.suffix.encode()):
        digest.update(f"{len(part)} ".encode() + part)
    return digest.hexdigest()
