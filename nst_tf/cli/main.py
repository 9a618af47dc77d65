"""The command line: ``python -m nst_tf CONTENT STYLE``, and after an installation ``nst-tf``.

TensorFlow, which takes seconds to load, is imported only once the arguments and the pictures are known
to be good.
"""

import argparse
import dataclasses
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nst_tf
from nst_tf.classroom.server import ClassroomError
from nst_tf.cli.outputs import Outputs
from nst_tf.files import pictures_folder
from nst_tf.images import ImageError
from nst_tf.inputs import load_inputs
from nst_tf.layers import STYLE_PRESETS
from nst_tf.options import command_line
from nst_tf.settings import INITS, OPTIMIZER_NAMES, PRECISIONS, Settings, SettingsError
from nst_tf.weights import CHOICES, WeightsError

GOOD, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

DEMO_CONTENT, DEMO_STYLE = "content/louvre.jpg", "style/summertime.jpg"
DEMO_SETTINGS = {"size": 600, "steps": 200}

_COMMANDS = """\
other commands:
  nst-tf demo [-o OUT] [options]    the Louvre in the manner of Mary Cassatt's Summertime
  nst-tf weights [--weights W]      fetch VGG-19's weights, and say which are in use
  nst-tf classroom                  a page for a class, on which one watches the picture appear
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(BAD_INPUT, f"{self.prog}: {message}{'' if message.endswith('.') else '.'} See {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 good, 1 failed, 2 bad input, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console without α shows ? and goes on
    try:
        if arguments[:1] == ["weights"]:
            return _report_weights(arguments[1:])
        if arguments[:1] == ["classroom"]:
            return _open_classroom(arguments[1:])
        if arguments[:1] == ["demo"]:
            return _paint(_demo_parser().parse_args(arguments[1:]))
        return _paint(_painting_parser().parse_args(arguments))
    except (ImageError, SettingsError) as problem:
        return _complain(problem, BAD_INPUT)
    except (WeightsError, ClassroomError) as problem:
        return _complain(problem, FAILED)
    except KeyboardInterrupt:
        return _complain("Interrupted before there was a picture: nothing was written.", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except OSError as problem:
        return _complain(f"{problem.filename or 'The output'} can't be used: {problem.strerror}.", FAILED)


def _complain(problem: object, exit_code: int) -> int:
    print(f"nst-tf: {problem}", file=sys.stderr)
    return exit_code


def _paint(options: argparse.Namespace) -> int:
    settings = Settings(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)})
    inputs = [options.content, options.style, *([] if options.init in INITS else [options.init])]
    picture = options.output or f"{Path(options.content).stem}_{Path(options.style).stem}.png"
    outputs = Outputs(picture, inputs, options.save_every, options.gif, options.curves)
    load_inputs(options.content, options.style, settings)

    from nst_tf.transfer import Ending, stylize

    result = stylize(
        options.content,
        options.style,
        **vars(settings),
        callback=outputs.record,
        progress=not options.quiet,
    )
    say = _say_nothing if options.quiet else print
    try:
        outputs.write(result, say)
        if result.ending in (Ending.FINISHED, Ending.CONVERGED):
            say(f"The same again: {command_line(options.content, options.style, result.settings, picture)}")
    except ImageError as problem:
        return _complain(problem, FAILED)
    except KeyboardInterrupt:
        return _complain("Interrupted while the files were being written: those named above are whole.", INTERRUPTED)
    return {Ending.INTERRUPTED: INTERRUPTED, Ending.NOT_FINITE: FAILED}.get(result.ending, GOOD)


def _report_weights(arguments: list[str]) -> int:
    parser = _Parser(prog="nst-tf weights", description="Fetch VGG-19's weights and say which are in use.")
    _add_weights(parser)
    options = parser.parse_args(arguments)

    from nst_tf.weights import load_weights

    weights = load_weights(options.weights)
    print(weights)
    print(f"{len(weights.layers)} layers, SHA-256 {weights.checksum()}")
    return GOOD


def _open_classroom(arguments: list[str]) -> int:
    parser = _Parser(prog="nst-tf classroom", description="Serve the classroom demo as a web page, until Ctrl-C.")
    server.main(arguments, parser)
    return GOOD


def _demo_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nst-tf demo",
        usage="nst-tf demo [-o OUT] [options]",
        description="Paint the Louvre in the manner of Mary Cassatt's Summertime.",
    )
    _add_options(parser)
    folder = pictures_folder()
    parser.set_defaults(content=str(folder / DEMO_CONTENT), style=str(folder / DEMO_STYLE), **DEMO_SETTINGS)
    return parser


def _painting_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nst-tf",
        usage="nst-tf CONTENT STYLE [-o OUT] [options]",
        description="Paint the picture CONTENT in the manner of the picture STYLE.",
        epilog=_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("content", metavar="CONTENT", help="the photograph: any picture that Pillow opens")
    parser.add_argument("style", metavar="STYLE", help="the painting")
    _add_options(parser)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", help="what to write (default: CONTENT_STYLE.png, here)")
    parser.add_argument("--version", action="version", version=f"nst_tf {nst_tf.__version__}")

    look = parser.add_argument_group("how it looks")
    look.add_argument(
        "--size", type=int, default=Settings.size, metavar="N", help="longer side in pixels (%(default)s)"
    )
    look.add_argument(
        "--alpha", type=float, default=Settings.alpha, metavar="α", help="weight of the content (%(default)s)"
    )
    look.add_argument(
        "--beta", type=float, default=Settings.beta, metavar="β", help="weight of the style (%(default)s)"
    )
    look.add_argument(
        "--content-layer", default=Settings.content_layer, metavar="L", help="where contents are compared (%(default)s)"
    )
    look.add_argument(
        "--style-layers",
        type=_style_layers,
        default=Settings.style_layers,
        metavar="L",
        help=f"{', '.join(STYLE_PRESETS)}, or layers with weights: block1_conv1=0.5,block3_conv1=0.5 (%(default)s)",
    )
    look.add_argument(
        "--init",
        default=Settings.init,
        metavar="I",
        help=f"{', '.join(INITS)}, or a picture to start from (%(default)s)",
    )
    look.add_argument(
        "--no-preprocess",
        dest="preprocess",
        action="store_false",
        help="feed VGG-19 [0, 1], as the course's notebook does",
    )

    work = parser.add_argument_group("how it is computed")
    work.add_argument(
        "--optimizer", default=Settings.optimizer, metavar="O", help=f"{', '.join(OPTIMIZER_NAMES)} (%(default)s)"
    )
    work.add_argument(
        "--steps", type=int, default=Settings.steps, metavar="N", help="evaluations of J and its gradient (%(default)s)"
    )
    work.add_argument(
        "--no-coarse-to-fine",
        dest="coarse_to_fine",
        action="store_false",
        help="take all steps at the full size",
    )
    work.add_argument(
        "--precision",
        default=Settings.precision,
        metavar="P",
        help=f"of the convolutions: {', '.join(PRECISIONS)} (%(default)s: whichever is faster here)",
    )
    work.add_argument(
        "--learning-rate",
        type=float,
        metavar="R",
        help="of adam (0.03) and gradient_descent (a first step of at most 0.1)",
    )
    work.add_argument("--seed", type=int, default=Settings.seed, metavar="N", help="of the noise (%(default)s)")
    _add_weights(work)

    more = parser.add_argument_group("what else is written")
    more.add_argument(
        "--save-every", type=_at_least_one, metavar="N", help="a snapshot every N steps, into the folder OUT_steps"
    )
    more.add_argument("--gif", metavar="FILE", help="a timelapse")
    more.add_argument("--curves", metavar="FILE", help="a plot of J, J_content and J_style")
    more.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _add_weights(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--weights", default=Settings.weights, metavar="W", help=f"{', '.join(CHOICES)}, or a file (%(default)s)"
    )


def _style_layers(text: str) -> list[tuple[str, float]]:
    if text in STYLE_PRESETS:
        return STYLE_PRESETS[text]
    try:
        return [(layer, float(weight)) for layer, weight in (pair.split("=") for pair in text.split(","))]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither {', '.join(STYLE_PRESETS)} nor layers with weights such as "
            "block1_conv1=0.5,block3_conv1=0.5"
        ) from None


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _say_nothing(_: str) -> None:
    pass
