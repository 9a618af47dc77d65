"""Which pictures a gallery has: each photograph after each painting, with each value of a sweep."""

import argparse
import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst_tf.options import OPTIONS
from nst_tf.settings import Settings, SettingsError

NOT_SWEPT = ("weights", "memory", "tile", "precision")  # the same for a whole gallery
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


def entries_of(photos: list[str], paintings: list[str], sweep: Sweep, settings: Settings) -> list[Entry]:
    """All pictures, row by row: a row has a photograph's.

    Raises:
        GalleryError: two files have the same name.
        SettingsError: values of the sweep make no sense.
    """
    _require_distinct("photographs", photos)
    _require_distinct("paintings", paintings)
    combinations = list(itertools.product(*sweep.values()))
    return [
        _entry(photo, painting, dict(zip(sweep, values, strict=True)), settings)
        for photo in photos
        for painting in paintings
        for values in combinations
    ]


def _entry(photo: str, painting: str, values: dict[str, Any], settings: Settings) -> Entry:
    swept = {OPTIONS[name].flag(name).removeprefix("--"): _short(value) for name, value in values.items()}
    parts = [Path(photo).stem, Path(painting).stem, *(f"{flag}-{value}" for flag, value in swept.items())]
    words = ", ".join(f"{flag} {value}" for flag, value in swept.items())
    return Entry("_".join(parts), photo, painting, words, _with(settings, values))


def _with(settings: Settings, values: dict[str, Any]) -> Settings:
    """The settings with other values; a strength of the style gives way to a β, and a β to a strength."""
    if not values:
        return settings
    given = {field.name: getattr(settings, field.name) for field in dataclasses.fields(Settings)}
    if "beta" in values:
        given["style_strength"] = None
    if "style_strength" in values:
        given["beta"] = given["gamma"] = None
    return Settings(**{**given, **values})


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
        raise SettingsError(f"--sweep {text}: {value!r} is no value of that option.") from None
