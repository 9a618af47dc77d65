"""The command line: ``python -m nst_tf CONTENT STYLE``, or ``nst-tf`` once it is installed.

TensorFlow, which takes seconds to load,
is imported only once the arguments and the pictures are known to be good.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import nst_tf
from nst_tf.classroom import server
from nst_tf.cli import gallery
from nst_tf.cli.outputs import Outputs
from nst_tf.cluster import ClusterError
from nst_tf.decoding import FORMATS, ImageError
from nst_tf.files import pictures_folder
from nst_tf.gallery.plan import GalleryError
from nst_tf.inputs import load_inputs
from nst_tf.large.checkpoint import Checkpoint, CheckpointError
from nst_tf.options import (
    add_option,
    add_options,
    add_style_options,
    command_line,
    settings_of,
    styles_given,
)
from nst_tf.progress import Ending, Result, say_nothing
from nst_tf.settings import SettingsError
from nst_tf.weights import WeightsError, load_weights

GOOD, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

EXIT_CODES = {Ending.INTERRUPTED: INTERRUPTED} | dict.fromkeys(
    (Ending.NOT_FINITE, Ending.NO_ROOM, Ending.NO_WORKERS), FAILED
)
MOST_DPI = 65_535  # what a JPEG file can hold
DEFAULT_COMMAND = "paint"  # whose name may be left out
DEMO_CONTENT, DEMO_STYLE = "content/louvre.jpg", "style/village_street_in_auvers.jpg"
DEMO_SETTINGS = {"size": 900, "steps": 250}
DEMO_SCALE = 1.0  # so that the strokes are as long as in the painting

_OTHER_COMMANDS = """\
other commands:
  nst-tf paint CONTENT STYLE        the same, for a picture that is called like a command
  nst-tf demo [-o OUT] [options]    the Louvre in the manner of Vincent van Gogh
  nst-tf gallery PHOTO ... --styles PAINTING ... -o FOLDER    every photograph after every painting
  nst-tf weights [--weights W]      fetch VGG-19's weights, and say which are in use
  nst-tf classroom                  a page for a class, on which one watches the picture appear
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(
            BAD_INPUT,
            f"{self.prog}: {message}{'' if message.endswith('.') else '.'} See {self.prog} --help\n",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 good, 1 failed, 2 bad input, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that can't show α shows ?
    try:
        options = parsed(arguments)
        return options.run(options)
    except (ImageError, SettingsError, CheckpointError, GalleryError) as problem:
        return _complain(problem, BAD_INPUT)
    except (WeightsError, ClusterError, server.ClassroomError) as problem:
        return _complain(problem, FAILED)
    except KeyboardInterrupt:
        return _complain("Interrupted before there was a picture: nothing was written.", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except OSError as problem:
        return _complain(f"{problem.filename or 'The output'} can't be used: {problem.strerror}.", FAILED)


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options given to a command, with the function that runs it as ``run``."""
    parser = _Parser(prog="nst-tf")
    commands = parser.add_subparsers()
    _add_paint(commands)
    _add_demo(commands)
    _add_gallery(commands)
    _add_weights(commands)
    _add_classroom(commands)
    _require_known(arguments, commands.choices, parser)
    if arguments and arguments[0] in commands.choices:
        command, *rest = arguments
    else:
        command, rest = DEFAULT_COMMAND, arguments
    parser = commands.choices[command]
    options = parser.parse_args(rest)  # so that an unknown option is that command's error
    for name, value in vars(options).items():
        if value == []:  # what argparse makes of --gif=--
            parser.error(f"argument --{name.replace('_', '-')}: expected one argument")
    return options


def _require_known(arguments: list[str], commands: Iterable[str], parser: _Parser) -> None:
    """Refuse a first word that is no command and looks like no picture: it is a command mistyped."""
    if not arguments or arguments[0].startswith("-") or arguments[0] in commands:
        return
    word = arguments[0]
    if word and not Path(word).suffix and not os.path.exists(word):  # noqa: PTH110 - never raises
        known = ", ".join(commands)
        parser.error(f"{word} is neither a command ({known}) nor a picture that exists.")


def _complain(problem: object, exit_code: int) -> int:
    print(f"nst-tf: {problem}", file=sys.stderr)
    return exit_code


# ------------------------------------------------------------------------------------------ paint, demo


def _add_paint(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser(
        DEFAULT_COMMAND,
        prog="nst-tf",
        usage="nst-tf CONTENT STYLE [STYLE ...] [-o OUT] [options]",
        description="Paint the picture CONTENT in the manner of the picture STYLE, or of several.",
        epilog=_OTHER_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "content", metavar="CONTENT", help=f"the photograph, in one of the formats {', '.join(FORMATS)}"
    )
    parser.add_argument("style", metavar="STYLE", nargs="+", help="the painting, or several")
    _add_painting_options(parser, "CONTENT_STYLE.png")
    parser.set_defaults(run=_paint)


def _add_demo(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser(
        "demo",
        usage="nst-tf demo [-o OUT] [options]",
        description="Paint the Louvre in the manner of van Gogh's Village Street in Auvers.",
    )
    _add_painting_options(parser, _default_output(DEMO_CONTENT, DEMO_STYLE))
    folder = pictures_folder()
    pictures = {"content": str(folder / DEMO_CONTENT), "style": [str(folder / DEMO_STYLE)]}
    parser.set_defaults(run=_paint, style_scale=[DEMO_SCALE], **pictures, **DEMO_SETTINGS)


def _default_output(*pictures: str) -> str:
    return f"{'_'.join(Path(picture).stem for picture in pictures)}.png"


def _add_painting_options(parser: _Parser, default_output: str) -> None:
    parser.add_argument(
        "-o", "--output", metavar="OUT", help=f"what to write (default: {default_output}, here)"
    )
    parser.add_argument("--version", action="version", version=f"nst_tf {nst_tf.__version__}")
    add_options(parser)
    add_style_options(parser)
    more = parser.add_argument_group("what else is written")
    more.add_argument(
        "--save-every",
        type=_at_least_one,
        metavar="N",
        help="a snapshot every N steps, into the folder OUT_steps",
    )
    more.add_argument("--gif", metavar="FILE", help="a timelapse")
    more.add_argument("--curves", metavar="FILE", help="a plot of J and its terms")
    more.add_argument(
        "--dpi", type=_resolution, metavar="N", help="the picture's resolution in print, such as 300"
    )
    more.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was killed; with lbfgs, it is saved every five minutes in OUT.unfinished",
    )
    more.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a Dask scheduler, whose workers are to process the tiles of a large picture",
    )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _resolution(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DPI:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_DPI}")
    return int(text)


def _paint(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    if options.style[1:] and not os.path.exists(options.style[-1]):  # noqa: PTH110 - never raises
        raise ImageError(
            f"{options.style[-1]} does not exist: check the path, or put -o before it if it is to be written."
        )
    styles = styles_given(options, options.style)
    given = [options.content, *options.style, *([options.init] if settings.starts_from_picture else [])]
    given += [str(mask) for style in styles for mask in (style.region, style.part) if mask is not None]
    picture = options.output
    if picture is None:
        picture = _default_output(options.content, *options.style)
    outputs = Outputs(picture, given, options.save_every, options.gif, options.curves, options.dpi)
    say = say_nothing if options.quiet else print
    with Checkpoint(outputs.unfinished) as checkpoint:
        _require_saved(checkpoint, options.resume)
        inputs = load_inputs(options.content, styles, settings, say=None if options.quiet else print)

        from nst_tf.transfer import paint

        result = paint(
            inputs,
            settings,
            checkpoint,
            scheduler=options.scheduler,
            callback=outputs.record,
            progress=not options.quiet,
        )
        problem = _written(outputs, result, checkpoint, say)
    if problem:
        return _complain(problem, FAILED)
    if result.ending is not Ending.NOT_FINITE:
        say(str(result.convergence))
    if result.ending.is_regular:
        again = command_line(options.content, styles, result.settings, picture)
        say(f"The same again: {again}{f' --dpi {options.dpi}' if options.dpi else ''}")
    return EXIT_CODES.get(result.ending, GOOD)


def _written(
    outputs: Outputs, result: Result, checkpoint: Checkpoint, say: Callable[[str], object]
) -> ImageError | None:
    """Write what a run leaves; what is saved of it goes once the picture is there. Returns what failed."""
    problem = None
    with _interruptions_ignored():
        try:
            outputs.write(result, say)
        except ImageError as unwritten:
            problem = unwritten
        if outputs.has_picture and result.ending.is_regular:
            checkpoint.remove()
    if checkpoint.has_saved:
        say(f"To go on with it, repeat the command with --resume: it is saved in {checkpoint.folder}")
    return problem


def _require_saved(checkpoint: Checkpoint, resume: bool) -> None:
    """Neither lose a run that was saved nor silently begin one anew."""
    if resume and not checkpoint.saved:
        raise CheckpointError(f"No run is saved in {checkpoint.folder}: leave out --resume to begin one.")
    if checkpoint.saved and not resume:
        raise CheckpointError(
            f"{checkpoint.folder} holds a run that wasn't finished: add --resume to go on with it, or remove "
            "the folder to begin anew."
        )


@contextlib.contextmanager
def _interruptions_ignored() -> Iterator[None]:
    """While files are written, which takes seconds, and of which nothing is to be lost."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, signal.SIG_IGN) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


# --------------------------------------------------------------------------------------- the others


def _add_gallery(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser(
        "gallery",
        usage="nst-tf gallery PHOTO [PHOTO ...] --styles PAINTING [PAINTING ...] -o FOLDER [options]",
        description="Paint every photograph in the manner of every painting, and show all on one page.",
    )
    gallery.add_arguments(parser)
    parser.set_defaults(run=gallery.run)


def _add_weights(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser("weights", description="Fetch VGG-19's weights and say which are in use.")
    add_option(parser, "weights")
    parser.set_defaults(run=_report_weights)


def _report_weights(options: argparse.Namespace) -> int:
    weights = load_weights(options.weights)
    print(weights)
    print(f"{len(weights.layers)} layers, SHA-256 {weights.checksum()}")
    return GOOD


def _add_classroom(commands: "argparse._SubParsersAction[_Parser]") -> None:
    parser = commands.add_parser(
        "classroom", description="Serve the classroom demo as a web page, until Ctrl-C."
    )
    server.add_options(parser)
    parser.set_defaults(run=_open_classroom)


def _open_classroom(options: argparse.Namespace) -> int:
    server.serve(options.address, options.port)
    return GOOD
