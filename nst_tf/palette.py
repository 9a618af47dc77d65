"""The colours and type sizes of the figures and of the demo's page.

Each colour has a name for what it means, and a value for a light and for a dark ground.
"""

from typing import NamedTuple

LIGHT = {
    "ground": "#fbfaf7",
    "surface": "#ffffff",  # of buttons and input fields
    "ink": "#1c2127",  # text, J and G
    "muted": "#565b62",  # remarks, and numbers along an axis
    "edge": "#767b82",
    "grid": "#dddbd5",
    "content": "#0b5cb5",
    "style": "#b6391d",
    "smooth": "#0b9f67",
    "plum": "#853775",
    "ochre": "#bf8600",
    "go": "#00664f",
    "alarm": "#b00020",
}
DARK = {
    "ground": "#16191e",
    "surface": "#22272e",
    "ink": "#e9e7e2",
    "muted": "#a9afb8",
    "edge": "#868d97",
    "grid": "#363b44",
    "content": "#6c9cf5",
    "style": "#e8663a",
    "smooth": "#74e394",
    "plum": "#cf68a6",
    "ochre": "#f2c230",
    "go": "#4fd0a5",
    "alarm": "#ff8f8f",
}
OVER_PICTURES = {"bright": "#ffffff", "halo": "#000000"}  # for marks on a picture, whatever is around it
MEANINGS = {
    "J": "ink",
    "J_content": "content",
    "J_style": "style",
    "J_tv": "smooth",
    "G": "ink",
    "C": "content",
    "S": "style",
}
DEPTHS = ("#00a396", "#008699", "#006a9e", "#004c93", "#2b296e")  # VGG-19's blocks: the deeper, the darker

TYPE = {"small": 0.88, "body": 1.0, "large": 1.15, "title": 1.3}  # relative to the text around it
BODY = 14  # points of a figure's text, so that it can be read from a projector


class Line(NamedTuple):
    """How a curve is drawn, so that it can be told apart in grey, too.

    Attributes:
        colour: a name in ``LIGHT`` and ``DARK``.
        dashes: of the line and its gaps, in widths of the line; empty for a solid line.
    """

    colour: str
    dashes: tuple[float, ...] = ()


LINES = (  # those that mean nothing come first
    Line("plum"),
    Line("ochre", (8, 2)),
    Line("smooth", (6, 1.5, 1, 1.5)),
    Line("ink"),
    Line("content", (3.5, 1.5)),
    Line("style", (8, 2)),
)


def points(size: str) -> float:
    """A type size of ``TYPE`` in a figure."""
    return BODY * TYPE[size]


def meaning(label: str) -> str | None:
    """The colour's name for C, S, G, J or one of its terms, which may be weighted as in "α J_content"."""
    return MEANINGS.get(label.removeprefix("α ").removeprefix("β ").removeprefix("γ "))


def variable(name: str) -> str:
    """A colour or type size as the page's style sheet refers to it."""
    return f"var(--nst-{name})"


def style_sheet() -> str:
    """The variables that the page's style sheet uses.

    In JupyterLab they follow its theme, elsewhere what the reader's system prefers:
    Voilà calls its theme light whatever that is.
    """
    sizes = {name: f"{size}em" for name, size in TYPE.items()}
    light = _declared({"scheme": "light", **LIGHT, **OVER_PICTURES, **sizes})
    dark = _declared({"scheme": "dark", **DARK})
    return (
        f"body {{ {light} }}\n"
        "@media (prefers-color-scheme: dark) "
        f"{{ body[data-voila], body:not([data-jp-theme-light]) {{ {dark} }} }}\n"
        f'body[data-jp-theme-light="false"] {{ {dark} }}\n'
    )


def _declared(values: dict[str, str]) -> str:
    return " ".join(f"--nst-{name}: {value};" for name, value in values.items())
