"""Which pictures a gallery has: each photograph after each painting, with each value of a sweep."""

import argparse
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst_tf.options import OPTIONS
from nst_tf.settings import Settings, SettingsError

NOT_SWEPT = (  # the same for a whole gallery, or with commas or paths in it
    *("weights", "memory", "tile", "precision"),
    *("init", "style_layers"),
)
LONGEST = 200  # bytes of a name
Sweep = Mapping[str, Sequence[Any]]


class GalleryError(ValueError):
    """A gallery can't be made as it was asked for. The text is one sentence that names the way out."""


class Entry(NamedTuple):
    """One picture of a gallery.

    Attributes:
        name: of its file, without an ending.
        photo, painting: paths.
        swept: which values of the sweep it has, in words.
        settings: of its run.
    """

    name: str
    photo: str
    painting: str
    swept: str
    settings: Settings


def entries_of(
    photos: list[str], paintings: list[str], sweep: Sweep, given: Mapping[str, Any]
) -> list[Entry]:
    """All pictures, row by row: a row has a photograph's.

    Args:
        photos, paintings: paths.
        sweep: as ``sweep_of`` gives it.
        given: the other settings, as a parser gives them.

    Raises:
        GalleryError: two files have the same name, two pictures would have, or a name is too long.
        SettingsError: values make no sense.
    """
    _require_distinct("photographs", photos)
    _require_distinct("paintings", paintings)
    combinations = list(itertools.product(*sweep.values()))
    entries = [
        _entry(photo, painting, dict(zip(sweep, values, strict=True)), given)
        for photo in photos
        for painting in paintings
        for values in combinations
    ]
    by_name: dict[str, Entry] = {}
    for entry in entries:
        if len(os.fsencode(entry.name)) > LONGEST:
            raise GalleryError(f"{entry.name[:60]}… is too long a name for a file: rename a picture.")
        other = by_name.setdefault(entry.name.casefold(), entry)
        if other is not entry:
            raise GalleryError(
                f"{other.photo} after {other.painting} and {entry.photo} after {entry.painting} would have "
                f"the same name, {entry.name}: rename one of them."
            )
    return entries


def _entry(photo: str, painting: str, values: dict[str, Any], given: Mapping[str, Any]) -> Entry:
    swept = {OPTIONS[name].flag(name).removeprefix("--"): _short(value) for name, value in values.items()}
    parts = [Path(photo).stem, Path(painting).stem, *(f"{flag}-{value}" for flag, value in swept.items())]
    words = ", ".join(f"{flag} {value}" for flag, value in swept.items())
    return Entry("_".join(parts), photo, painting, words, Settings(**{**given, **values}))


def _short(value: Any) -> str:
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _require_distinct(what: str, paths: list[str]) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        stem = Path(path).stem.casefold()  # as on disks that don't tell A from a
        if stem in seen:
            raise GalleryError(
                f"The {what} {seen[stem]} and {path} have the same name, and so would their pictures: "
                "rename one."
            )
        seen[stem] = path


def sweep_of(texts: Sequence[str]) -> Sweep:
    """From texts such as ``beta=0.005,0.05`` to the values of each setting.

    Raises:
        GalleryError: a text is none, names no option that can be swept, or has a value twice.
        SettingsError: a value isn't one of its option's.
    """
    sweep: dict[str, list[Any]] = {}
    for text in texts:
        flag, equals, values = text.partition("=")
        name = flag.removeprefix("--").replace("-", "_")
        if not (equals and values):
            raise GalleryError(f"--sweep {text}: give an option and its values, such as beta=0.005,0.05.")
        if name not in OPTIONS or OPTIONS[name].letter is None or name in NOT_SWEPT:
            known = ", ".join(
                option.flag(each).removeprefix("--")
                for each, option in OPTIONS.items()
                if option.letter and each not in NOT_SWEPT
            )
            raise GalleryError(f"--sweep {text}: there is no option {flag} to sweep; there are {known}.")
        if name in sweep:
            raise GalleryError(f"--sweep {text}: {flag} is swept already; give all of its values at once.")
        sweep[name] = [_parsed(OPTIONS[name].parse, value, text) for value in values.split(",")]
        if len({*map(str, sweep[name])}) < len(sweep[name]):
            raise GalleryError(f"--sweep {text}: a value is there twice; leave one out.")
    return sweep


def _parsed(parse: Callable[[str], Any], value: str, text: str) -> Any:
    try:
        return parse(value)
    except (argparse.ArgumentTypeError, ValueError):
        raise SettingsError(f"--sweep {text}: {value!r} isn't a valid value for that option.") from None
