"""Makes the pictures that take too long for a lesson: ``python scripts/lessons_pictures.py [NAME ...]``.

Without a name, all are made, into images/lessons/: lesson 6's macaw at 800 px, and lesson 5's cats. About
ten minutes on two cores, as every run goes on until J has converged, except the course's 150 steps.
"""

import sys
from pathlib import Path

from nst_tf import Style, save_image, stylize
from nst_tf.layers import BALANCED_STYLE_LAYERS

IMAGES = Path(__file__).parent.parent / "images"
MACAW = ("content/macaw.jpg", "style/langlois_bridge.jpg")
CAT = ("content/cat.jpg", "style/great_wave.jpg")
COURSE = {
    "preprocess": False,
    "alpha": 10,
    "beta": 40,
    "style_layers": "course",
    "content_layer": "block5_conv4",
    "init": "noisy_content",
}
ADAM = {"optimizer": "adam", "learning_rate": 0.01, "steps": 150, "coarse_to_fine": False}
PICTURES = {
    "macaw": (MACAW, {"size": 800}),
    "cat_beta_10": (CAT, {"beta": 0.443, "gamma": 7.46e6}),  # ten times the β that stylize chooses
    "cat_gamma_0": (CAT, {"beta": 0.0443, "gamma": 0}),
    "cat_block1_conv2": (CAT, {"content_layer": "block1_conv2"}),
    "cat_block5_conv4": (CAT, {"content_layer": "block5_conv4"}),
    "cat_only_block1": (CAT, {"style_layers": BALANCED_STYLE_LAYERS[:1]}),
    "cat_equal_lambdas": (CAT, {"style_layers": "course"}),
    "cat_from_noise": (CAT, {"init": "noise"}),
    "cat_course_150": (CAT, {**COURSE, **ADAM}),
    "cat_course": (CAT, COURSE),
}


def make(name):
    (content, style), settings = PICTURES[name]
    settings = {"size": 300, "steps": "converged", **settings}
    result = stylize(IMAGES / content, Style(IMAGES / style, scale=1), **settings)
    print(f"{name}, {result.history[-1].step} steps. {result.convergence}", flush=True)
    if settings["steps"] == "converged" and not result.convergence.has_converged:
        sys.exit(f"{name} has not converged, so it was not saved.")
    if name == "cat_gamma_0":  # its grain is measured, which JPEG changes
        save_image(result.image, IMAGES / f"lessons/{name}.png", optimize=True)
    else:
        save_image(result.image, IMAGES / f"lessons/{name}.jpg", quality=85 if settings["size"] > 400 else 95)


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(PICTURES):
        sys.exit(f"There is no picture named {', '.join(unknown)}: choose among {', '.join(PICTURES)}.")
    for name in sys.argv[1:] or PICTURES:
        make(name)
