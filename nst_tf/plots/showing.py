"""What a notebook shows below a cell: a figure, or a timelapse."""

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from nst_tf.images import Source, gif_options, load_image, tensor_to_image
from nst_tf.palette import LIGHT

ANIMATION_WIDTH = 720  # of an animation on the page, in pixels


class Animation(NamedTuple):
    """Pictures shown one after the other, as an animated GIF."""

    title: str
    gif: bytes


def show(figure: Figure | Animation) -> None:
    """Show a figure below a notebook's cell, with its title as the alternative text.

    Raises:
        ValueError: the figure or the animation has no title, or an axis no label,
            so that a reader could not tell what it shows.
    """
    from IPython import display  # there wherever a notebook runs

    if isinstance(figure, Animation):
        if not figure.title:
            raise ValueError("The animation has no title: give it one.")
        display.display(display.HTML(_as_html(figure)))
        return
    title = _title_of(figure)
    for axes in figure.axes:
        _require_labels(axes)
    file = io.BytesIO()
    quality = {"quality": 80}  # a notebook has to stay below 1.5 MB
    figure.savefig(file, format="jpeg", dpi=90, bbox_inches="tight", pad_inches=0.15, pil_kwargs=quality)
    display.display(display.Image(file.getvalue(), format="jpeg", alt=title))


def _as_html(animation: Animation) -> str:
    """The animation as an ``<img>``: nbconvert drops a GIF that is an output of its own."""
    source = f"data:image/gif;base64,{base64.b64encode(animation.gif).decode()}"
    return f'<img alt="{escape(animation.title)}" width="{ANIMATION_WIDTH}" src="{source}" />'


def _title_of(figure: Figure) -> str:
    title = figure.get_suptitle() or (figure.axes[0].get_title() if len(figure.axes) == 1 else "")
    if not title:
        raise ValueError("The figure has no title: give it one with figure.suptitle.")
    return title


def _require_labels(axes: Axes) -> None:
    is_colorbar = axes.get_label() == "<colorbar>"
    sharing = axes.get_shared_y_axes().get_siblings(axes)  # one label is enough for them
    needed = {"y": any(other.get_ylabel() for other in sharing)}
    if not is_colorbar:
        needed = {"x": bool(axes.get_xlabel()), **needed}
    missing = [axis for axis, label in needed.items() if not label]
    if axes.axison and missing:
        raise ValueError(
            f"An axis of the figure has no label: give the {missing[0]} axis one, or hide the axes."
        )


def animation(pictures: Mapping[str, Source], title: str) -> Animation:
    """A timelapse, whose last picture stays a while.

    Args:
        pictures: for each label, to stand above it, a picture as ``nst_tf.load_image`` takes it;
            all of one size.
        title: what the whole shows.
    """
    frames = [_labelled(load_image(picture)[0], label) for label, picture in pictures.items()]
    file = io.BytesIO()
    frames[0].save(file, "GIF", **gif_options(frames))
    return Animation(title, file.getvalue())


def _labelled(image: np.ndarray, label: str) -> Image.Image:
    """The picture below its label, in 64 colours, which make a GIF a third smaller."""
    h, w, _ = image.shape
    frame = Image.new("RGB", (w, h + 20), LIGHT["ground"])
    frame.paste(tensor_to_image(image), (0, 20))
    ImageDraw.Draw(frame).text((w / 2, 10), label, fill=LIGHT["ink"], font_size=14, anchor="mm")
    return frame.quantize(64, dither=Image.Dither.NONE)
