"""Makes the pictures of docs/pictures.md: ``python scripts/docs_pictures.py [NAME ...]``.

Names: regions, blanket, several, colours, scale, statistics. Without one, all are made, into images/readme/.
About 40 minutes on two cores, as every run goes on until J has converged.
"""

import sys

import numpy as np
from readme_pictures import CASTLE, CAT, IMAGES, STREET, WAVE, painted, save

from nst_tf import Style, colour_mask, load_image, rectangle_mask
from nst_tf.plots import picture_grid

HORSES = IMAGES / "content/horses.jpg"
SHAPES = IMAGES / "style/composition_viii.jpg"
SIZE = 520  # pixels
CHAMBORD = IMAGES / "content/chambord.jpg"
SIZE_OF_STATISTICS = 400  # pixels
SIZE_OF_SCALES = 424  # of which the painting has 1.4 times as many


def sky_of_the_castle():
    """Blue in the upper half, and the clouds above everything."""
    blue = colour_mask(CASTLE, "#6da7e7", tolerance=0.11) * rectangle_mask(CASTLE, bottom=0.5)
    return np.maximum(blue, rectangle_mask(CASTLE, bottom=0.14))


def shown(mask):
    return np.repeat(mask[..., np.newaxis], 3, axis=-1)


def grid(name, title, columns, runs, before=None, size=SIZE):
    """Pictures to begin with, and one for each run: its styles, and maybe settings of its own."""
    pictures = dict(before or {})
    for label, (content, styles, more) in runs.items():
        result = painted(content, styles, size=size, **more)
        print(f"{name}, {label}: {result.convergence}", flush=True)
        pictures[label] = result.image
    save(picture_grid(pictures, title, columns), name)


def regions():
    sky = sky_of_the_castle()
    before = {"the photograph": load_image(CASTLE, SIZE), "the mask of the sky": shown(sky)}
    both = [Style(WAVE, region=sky), Style(STREET, region="rest")]
    runs = {
        "the Great Wave in the sky, the Village Street below": (CASTLE, both, {}),
        "Composition VIII in the sky, and nothing else": (CASTLE, Style(SHAPES, region=sky), {}),
    }
    grid("regions", "One mask, two paintings, or one", 2, runs, before)


def blanket():
    mask = colour_mask(CAT, "#b02850")
    before = {"the photograph": load_image(CAT, SIZE), "where it is about #b02850": shown(mask)}
    runs = {"a blanket by Hokusai": (CAT, Style(WAVE, region=mask), {"style_strength": 0.7})}
    grid("blanket", "A cat that stays a photograph", 3, runs, before)


def several():
    runs = {
        f"{wave} : {street}": (HORSES, [Style(WAVE, weight=wave), Style(STREET, weight=street)], {})
        for wave, street in ((1, 0), (3, 1), (1, 3), (0, 1))
    }
    grid("several", "The Great Wave : the Village Street", 2, runs)


def colours():
    before = {"the photograph": load_image(CASTLE, SIZE)}
    runs = {name: (CASTLE, STREET, {"colours": name}) for name in ("style", "content", "matched")}
    grid("colours", "Whose colours", 2, runs, before)


def scale():
    runs = {f"scale {scale:g}": (HORSES, Style(STREET, scale=scale), {}) for scale in (0.35, 0.7, 1.4)}
    grid("scale", "The Village Street at three sizes", 3, runs, size=SIZE_OF_SCALES)


def statistics():
    runs = {
        f"{name}, {kind}": (content, style, {"style_statistics": kind})
        for name, content, style in (("Great Wave", CHAMBORD, WAVE), ("Composition VIII", CAT, SHAPES))
        for kind in ("gram", "moments")
    }
    title = "Gram matrices, and means and deviations, at a strength of 0.5"
    grid("statistics", title, 2, runs, size=SIZE_OF_STATISTICS)


if __name__ == "__main__":
    makers = {figure.__name__: figure for figure in (regions, blanket, several, colours, scale, statistics)}
    if unknown := set(sys.argv[1:]) - set(makers):
        sys.exit(f"There is no figure named {', '.join(unknown)}: choose among {', '.join(makers)}.")
    for name in sys.argv[1:] or makers:
        makers[name]()
