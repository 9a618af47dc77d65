"""Settings and styles ⇄ the command line: a parser's options, and the command that repeats a run."""

import argparse
import dataclasses
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nst_tf.control.styles import EVERYWHERE, REST, Style, Styles, styles_of
from nst_tf.layers import STYLE_PRESETS
from nst_tf.settings import (
    ADAM_LEARNING_RATE,
    COLOURS,
    CONVERGED,
    INITS,
    OPTIMIZER_NAMES,
    PRECISIONS,
    STYLE_STATISTICS,
    STYLE_STRENGTH,
    Settings,
    SettingsError,
)
from nst_tf.weights import CHOICES

FITTED = "fitted"  # the scale of a painting that is as large as the picture, but never enlarged
LOOK, WORK = "how it looks", "how it is computed"


def _style_layers(text: str) -> str | list[tuple[str, float]]:
    if text in STYLE_PRESETS:
        return text
    try:
        return [(layer, float(weight)) for layer, weight in (pair.split("=") for pair in text.split(","))]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither {', '.join(STYLE_PRESETS)} nor layers with weights such as "
            "block1_conv1=0.5,block3_conv1=0.5"
        ) from None


def _steps(text: str) -> int | str:
    if text == CONVERGED:
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor {CONVERGED!r}") from None


def _scale(text: str) -> float | None:
    try:
        return None if text == FITTED else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor {FITTED!r}") from None


@dataclass(frozen=True)
class Option:
    """How a setting is given on the command line. Its default is the setting's.

    Attributes:
        group: under which title the help shows it.
        help: what it does.
        letter: the placeholder for its value in the help;
            None if it takes no value and turns the setting off.
        parse: from the option's text to the setting.
        is_always_named: whether its default means different things on different machines.
    """

    group: str
    help: str
    letter: str | None = None
    parse: Callable[[str], Any] = str
    is_always_named: bool = False

    def flag(self, name: str) -> str:
        """The option for the setting of that name."""
        words = name.replace("_", "-")
        return f"--{words}" if self.letter else f"--no-{words}"


OPTIONS = {
    "style_strength": Option(
        LOOK,
        f"how much style, from 0 to less than 1, for any pictures ({STYLE_STRENGTH}); sets β and γ",
        "S",
        float,
    ),
    "size": Option(LOOK, "longer side in pixels (%(default)s)", "N", int),
    "alpha": Option(LOOK, "weight of the content (%(default)s); it matters beside a β or a γ", "α", float),
    "beta": Option(LOOK, "weight of the style, instead of a strength", "β", float),
    "gamma": Option(LOOK, "weight of the smoothness, such as 1e6 (with β: 0)", "γ", float),
    "content_layer": Option(LOOK, "where contents are compared (%(default)s)", "L"),
    "style_layers": Option(
        LOOK,
        f"{', '.join(STYLE_PRESETS)}, or layers with weights: block1_conv1=0.5,block3_conv1=0.5 "
        "(%(default)s)",
        "L",
        _style_layers,
    ),
    "style_statistics": Option(
        LOOK,
        f"{', '.join(STYLE_STATISTICS)}: compare Gram matrices, or each channel's mean and deviation "
        "(%(default)s)",
        "S",
    ),
    "init": Option(LOOK, f"{', '.join(INITS)}, or a picture to start from (%(default)s)", "I"),
    "colours": Option(LOOK, f"{', '.join(COLOURS)}: whose colours it has (%(default)s)", "C"),
    "preprocess": Option(LOOK, "feed VGG-19 [0, 1], as the course's notebook does"),
    "optimizer": Option(WORK, f"{', '.join(OPTIMIZER_NAMES)} (%(default)s)", "O"),
    "steps": Option(
        WORK,
        f"evaluations of J and its gradient (%(default)s), or {CONVERGED}: stop once J falls by less than "
        "1 %% over the last tenth of the steps",
        "N",
        _steps,
    ),
    "coarse_to_fine": Option(WORK, "take all steps at the full size"),
    "precision": Option(
        WORK,
        f"of the convolutions: {', '.join(PRECISIONS)} (%(default)s: whichever is faster here)",
        "P",
        is_always_named=True,
    ),
    "learning_rate": Option(
        WORK, f"of adam ({ADAM_LEARNING_RATE}) and gradient_descent (a first step of at most 0.1)", "R", float
    ),
    "seed": Option(WORK, "of the noise (%(default)s)", "N", int),
    "memory": Option(WORK, "what the program may take, such as 4G (what is free)", "M"),
    "tile": Option(
        WORK, "paint in tiles of N pixels a side (as large as fits, where the picture doesn't)", "N", int
    ),
    "weights": Option(WORK, f"{', '.join(CHOICES)}, or a file (%(default)s)", "W", is_always_named=True),
}


@dataclass(frozen=True)
class StyleOption:
    """How an attribute of the styles is given on the command line: a value for each painting.

    Attributes:
        flag: the option.
        help: what it does.
        letter: the placeholder for a value in the help.
        parse: from a value's text to the attribute.
        default: the text of the attribute's default.
    """

    flag: str
    help: str
    letter: str
    parse: Callable[[str], Any] = str
    default: str = "1"

    @property
    def dest(self) -> str:
        """Its name in a parser's results."""
        return self.flag.removeprefix("--").replace("-", "_")


STYLE_OPTIONS = {
    "weight": StyleOption("--style-weights", "how much each painting counts, such as 3 1", "W", float),
    "region": StyleOption(
        "--regions",
        f"for each painting a mask over CONTENT (white where it is used), {REST} or {EVERYWHERE}",
        "MASK",
        default=EVERYWHERE,
    ),
    "part": StyleOption(
        "--style-parts",
        f"for each painting a mask over it (white where it counts), or {EVERYWHERE}",
        "MASK",
        default=EVERYWHERE,
    ),
    "scale": StyleOption(
        "--style-scale",
        "size of each painting relative to the picture (one value: for all of them); 0.5 gives small strokes "
        f"({FITTED}: the picture's size, but no more than the painting has)",
        "F",
        _scale,
        default=FITTED,
    ),
}


def add_style_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options that say how each painting is used."""
    group = parser.add_argument_group("how each painting is used: a value for each, behind the pictures")
    for option in STYLE_OPTIONS.values():
        group.add_argument(option.flag, nargs="+", metavar=option.letter, type=option.parse, help=option.help)


def styles_given(options: argparse.Namespace, paintings: list[str]) -> list[Style]:
    """The styles that were given to a parser, for these paintings.

    Raises:
        SettingsError: a value makes no sense, or there are not as many as paintings.
    """
    columns = {}
    for name, option in STYLE_OPTIONS.items():
        values = getattr(options, option.dest)
        if values is None:
            continue
        if name == "scale" and len(values) == 1:
            values = values * len(paintings)
        if len(values) != len(paintings):
            given, needed = _counted(len(values), "value"), _counted(len(paintings), "painting")
            raise SettingsError(f"{option.flag} has {given} for {needed}: give one for each.")
        columns[name] = values
    return [
        Style(painting, **{name: values[place] for name, values in columns.items()})
        for place, painting in enumerate(paintings)
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _words_of_styles(styles: list[Style]) -> list[str]:
    """The options that say how each painting is used, where it isn't the default."""
    words = []
    for name, option in STYLE_OPTIONS.items():
        values = [getattr(style, name) for style in styles]
        texts = [option.default if value is None else _word(name, value) for value in values]
        if any(text != option.default for text in texts):
            same = name == "scale" and len(set(texts)) == 1
            words += [option.flag, *(texts[:1] if same else texts)]
    return words


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser an option for every setting."""
    groups = {title: parser.add_argument_group(title) for title in (LOOK, WORK)}
    for name, option in OPTIONS.items():
        add_option(groups[option.group], name)


def add_option(group: argparse._ActionsContainer, name: str) -> None:
    """Give a parser, or a group of its options, the one for the setting of that name."""
    option = OPTIONS[name]
    how: dict[str, Any] = {"dest": name, "default": getattr(Settings, name), "help": option.help}
    if option.letter:
        how |= {"metavar": option.letter, "type": option.parse}
    else:
        how |= {"action": "store_false"}
    group.add_argument(option.flag(name), **how)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that were given to a parser.

    Raises:
        SettingsError: one of them makes no sense.
    """
    return Settings(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)})


def command_line(content: str, style: Styles, settings: Mapping[str, Any], output: str | None = None) -> str:
    """The ``python -m nst_tf`` command that paints the same picture again.

    Args:
        content: path of the photograph.
        style: path of the painting, or styles whose pictures and masks are paths.
        settings: of the run, as ``Result.settings`` holds them. Only what isn't a default is named, and
            always the precision and the weights that the run used.
        output: path of the picture to write.
    """
    others_depend_on = ("optimizer", "beta", "style_statistics")
    given = {name: settings[name] for name in others_depend_on}
    defaults = {**vars(Settings(**given)), **{name: getattr(Settings, name) for name in given}}
    styles = styles_of(style)
    words = ["python", "-m", "nst_tf", _path(content), *(_path(of.picture) for of in styles)]
    words += _words_of_styles(styles)
    if output:
        words += ["-o", _path(output)]
    for name, default in defaults.items():
        option, value = OPTIONS[name], settings[name]
        if value is None:
            continue
        if option.letter is None:
            words += [] if value else [option.flag(name)]
            continue
        text, of_default = (_text(name, one, settings["style_statistics"]) for one in (value, default))
        if option.is_always_named or text != of_default:
            words += [option.flag(name), text]
    return shlex.join(words)


def _word(name: str, value: Any) -> str:
    """An attribute of a style."""
    if isinstance(value, float):
        return _text(name, value)
    is_word = isinstance(value, str) and value in (EVERYWHERE, REST)
    return value if is_word else _path(value)


def _path(path: Any) -> str:
    """A path that can't be taken for an option or a word.

    Raises:
        TypeError: it is none.
    """
    text = os.fspath(path)
    return f"./{text}" if text.startswith("-") or text in (EVERYWHERE, REST) else text


def _text(name: str, value: Any, statistics: str = Settings.style_statistics) -> str:
    if name == "style_layers":
        pairs = [tuple(pair) for pair in value]
        presets = (preset for preset, layers in STYLE_PRESETS.items() if layers[statistics] == pairs)
        return next(presets, ",".join(f"{layer}={_text('', weight)}" for layer, weight in pairs))
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
