"""What a gallery's folder holds: the pictures, how each was painted, and the page that shows them."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nst_tf.decoding import ImageError
from nst_tf.files import behind_links, locked, why_not_writable, written_aside
from nst_tf.gallery.plan import Entry, GalleryError
from nst_tf.gallery.work import Job, Painted
from nst_tf.options import command_line

MANIFEST = "gallery.json"
PAGES = PAGE, SHEET = "index.html", "contact_sheet.jpg"
VERSION = 1
KINDS = {  # of what the manifest has on a picture
    **dict.fromkeys(("job", "file", "sha256", "convergence"), str),
    **{"settings": dict, "seconds": float, "J": float},
}


class Record:
    """The folder of a gallery, made if it isn't there.

    Attributes:
        folder: its path.
        made: for each name of a picture how it was painted, as the manifest has it.
        there: the names of the pictures to show: those that were painted as asked for.
        problems: for each name of a picture that could not be painted the reason.

    Raises:
        GalleryError: nothing can be written there, or what it holds is no gallery's.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.problems: dict[str, str] = {}
        self.there: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise GalleryError(
                f"{folder} can't be made ({problem.strerror}): choose another folder."
            ) from None
        if reason := why_not_writable(folder):
            raise GalleryError(f"Nothing can be written in {folder} ({reason}): choose another folder.")
        self._lock: int | None = self._locked()
        self.made: dict[str, dict[str, Any]] = self._loaded()

    def __del__(self) -> None:
        lock = getattr(self, "_lock", None)
        if lock is not None:
            os.close(lock)

    def _locked(self) -> int | None:
        """The folder, locked as long as this lives, where folders can be."""
        try:
            folder = os.open(self.folder, os.O_RDONLY)
        except OSError:
            return None
        if locked(folder) is False:
            os.close(folder)
            raise GalleryError(f"Another program paints the gallery in {self.folder}: wait until it is done.")
        return folder

    def _loaded(self) -> dict[str, dict[str, Any]]:
        path = self.folder / MANIFEST
        if not path.exists():
            return {}
        try:
            manifest = json.loads(path.read_text(encoding="utf8"))
            if manifest["version"] != VERSION:
                raise ValueError
            made = manifest["made"]
            for each in made.values():
                if any(not isinstance(each[name], kind) for name, kind in KINDS.items()):
                    raise ValueError
                command_line("photo", "painting", each["settings"])  # raises where they make no sense
            return made
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise GalleryError(
                f"{path} isn't a gallery's, or is damaged: remove it, or choose another folder."
            ) from None

    def precision(self) -> str | None:
        """The one in which the gallery was begun, if it was."""
        return next((made["settings"]["precision"] for made in self.made.values()), None)

    def has(self, entry: Entry, job: Job) -> bool:
        """Whether the picture is there, whole, painted from the same files with the same settings."""
        made = self.made.get(entry.name)
        if not (made and made["job"] == digest_of(job)):
            return False
        try:
            data = self.path(entry, job.suffix).read_bytes()
        except OSError:
            return False
        if hashlib.sha256(data).hexdigest() != made["sha256"]:
            return False
        self.there.add(entry.name)
        return True

    def require_free(self, entries: Sequence[Entry], suffix: str) -> None:
        """Refuse to write over files that aren't the gallery's.

        Raises:
            GalleryError: there are some.
        """
        given = {behind_links(path) for entry in entries for path in (entry.photo, entry.painting)}
        others = [] if self.made or (self.folder / MANIFEST).exists() else [*PAGES]
        for path in (
            *(self.path(entry, suffix) for entry in entries),
            *(self.folder / name for name in others),
        ):
            if behind_links(path) in given:
                raise GalleryError(f"{path} is one of the pictures given: choose another folder.")
            ours = path.name in {made["file"] for made in self.made.values()}
            if path.exists() and not ours:
                raise GalleryError(f"{path} is there already, and not a gallery's: choose another folder.")

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
            sha256 = hashlib.sha256(picture.data).hexdigest()
            self.made[entry.name] = {"job": digest_of(job), "file": path.name, "sha256": sha256, **about}
            self.write_manifest()
            self.there.add(entry.name)
        except OSError as problem:
            raise ImageError(f"{path} could not be written ({problem.strerror}).") from None

    def write_manifest(self) -> None:
        """Say what is there, and that the folder is a gallery's."""
        with written_aside(self.folder / MANIFEST) as aside:
            aside.write_text(json.dumps({"version": VERSION, "made": self.made}, indent=1), encoding="utf8")


def digest_of(job: Job) -> str:
    """SHA-256 over what a picture is painted from."""
    digest = hashlib.sha256()
    settings = json.dumps(vars(job.settings), default=str, sort_keys=True)
    for part in (job.photo.data, job.painting.data, settings.encode(), job.suffix.encode()):
        digest.update(f"{len(part)} ".encode() + part)
    return digest.hexdigest()
