"""Makes the pictures that the README shows: ``python scripts/readme_pictures.py [NAME ...]``.

Names: demo, layers, strength, beta, gamma, content_layer, init, classroom. Without one, all are made, into
images/readme/. About 20 minutes on two cores, as every run goes on until J has converged. The last one needs
Chromium.
"""

import base64
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import tensorflow as tf
from PIL import Image
from playwright.sync_api import sync_playwright

from nst_tf import Style, get_layer_outputs, load_image, load_vgg19, preprocess, save_image, stylize
from nst_tf.cli.main import DEMO_CONTENT, DEMO_SCALE, DEMO_SETTINGS, DEMO_STYLE
from nst_tf.files import written_aside
from nst_tf.plots import picture_grid, triptych

IMAGES = Path(__file__).parent.parent / "images"
OUT = IMAGES / "readme"
LOUVRE, STREET = IMAGES / DEMO_CONTENT, IMAGES / DEMO_STYLE
CAT, WAVE = IMAGES / "content/cat.jpg", IMAGES / "style/great_wave.jpg"
OWL, DANCE = IMAGES / "photos/owl.jpg", IMAGES / "style/moulin_de_la_galette.jpg"
PALACE, BRIDGE = IMAGES / "photos/hawa_mahal.jpg", IMAGES / "style/langlois_bridge.jpg"
SIZE_OF_TWO = 320  # pixels
PART = (150, 90, 270, 210)  # of the cat: the wool between its paws, in pixels
CASTLE, CAFE = IMAGES / "content/neuschwanstein.jpg", IMAGES / "style/cafe_terrace.jpg"


def save(figure, name):
    with written_aside(OUT / f"{name}.jpg") as aside:
        figure.savefig(aside, dpi=100, pil_kwargs={"quality": 88})


def demo():
    result = stylize(LOUVRE, Style(STREET, scale=DEMO_SCALE), **DEMO_SETTINGS)
    require_converged(result)
    save_image(result.image, OUT / "louvre_village_street_in_auvers.jpg")
    save(triptych(LOUVRE, STREET, result.image), "triptych")


def layers():
    """The pictures at equal error of notebook 2, as they are shown there."""
    lesson = nbformat.read(IMAGES.parent / "notebooks/02_content_cost.ipynb", as_version=4)
    cell = next(cell for cell in lesson.cells if "readme-layers" in cell.metadata.get("tags", []))
    with written_aside(OUT / "layers.jpg") as aside:
        aside.write_bytes(base64.b64decode(cell.outputs[0].data["image/jpeg"]))


def painted(content, style, **options):
    """A picture of a run that has converged."""
    result = stylize(content, style, steps="converged", **options)
    require_converged(result)
    return result


def require_converged(result):
    if not result.convergence.has_converged:
        sys.exit(f"{result.settings}: {result.convergence}")


def grid(name, content, style, title, columns, runs):
    pictures = {label: painted(content, style, **options).image for label, options in runs.items()}
    save(picture_grid(pictures, title, columns), name)


def strength():
    rows = {f"style strength {label}": {"style_strength": float(label)} for label in ("0.3", "0.5", "0.7")}
    grid_of_two("strength", "The same strength of the style for two pairs of pictures", rows)


def beta():
    rows = {f"β = {label}": {"beta": float(label)} for label in ("0.005", "0.05", "0.5")}
    grid_of_two("beta", "The same β for the same two pairs, with α = 10", rows)


def grid_of_two(name, title, runs):
    """The same runs for two pairs of pictures, each with how far G's features are from C's."""
    pictures = {}
    for what, content, style in (("owl", OWL, DANCE), ("palace", PALACE, BRIDGE)):
        for label, options in runs.items():
            result = painted(content, style, size=SIZE_OF_TWO, **options)
            error = feature_error(result.image, content)
            pictures[f"{what}, {label}: error {error:.2f}"] = result.image
            print(f"{name}, {what}, {label}: error {error:.2f}, β = {result.settings['beta']}", flush=True)
    save(picture_grid(pictures, title, 3), name)


def feature_error(picture, content):
    """‖a_G − a_C‖ / ‖a_C‖ at block3_conv4."""
    features = get_layer_outputs(load_vgg19(), [("block3_conv4", 1)])
    a_G, a_C = (features(preprocess(load_image(image, SIZE_OF_TWO)))[0] for image in (picture, content))
    return float(tf.norm(a_G - a_C) / tf.norm(a_C))


def gamma():
    """A part of the cat, four times as large."""
    usual = painted(CAT, WAVE)
    beta, its_own = usual.settings["beta"], usual.settings["gamma"]
    gammas = {"γ = 0": 0, f"γ = {its_own:.2g}": its_own, f"γ = {10 * its_own:.2g}": 10 * its_own}
    pictures = {
        label: (usual if gamma == its_own else painted(CAT, WAVE, beta=beta, gamma=gamma)).image
        for label, gamma in gammas.items()
    }
    parts = {
        label: picture.crop(PART).resize((480, 480), Image.Resampling.NEAREST)
        for label, picture in pictures.items()
    }
    save(picture_grid(parts, "120 × 120 pixels of the cat, each four times as large", 3), "gamma")


def content_layer():
    layers = ("block1_conv2", "block3_conv2", "block4_conv2", "block5_conv4")
    runs = {layer: {"content_layer": layer} for layer in layers}
    grid("content_layer", CAT, WAVE, "The layer at which contents are compared", 2, runs)


def init():
    runs = {init: {"init": init} for init in ("content", "noisy_content", "noise")}
    grid("init", CASTLE, CAFE, "What G starts from, once J has converged", 3, runs)


def classroom():
    """The live page, near the end of a run."""
    server = subprocess.Popen(
        [sys.executable, "-m", "nst_tf", "classroom"], stdout=subprocess.PIPE, text=True
    )
    try:
        address = next(filter(None, (re.search(r"http://[^ ]+", line) for line in server.stdout)))[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(address)
            page.get_by_role("button", name="Start").click()
            page.get_by_text(re.compile("step 1[34][0-9] of")).wait_for(timeout=300_000)
            with Image.open(io.BytesIO(page.screenshot())) as shot:
                save_image(shot.convert("RGB"), OUT / "classroom.jpg", quality=85, subsampling="4:2:0")
    finally:
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    figures = (demo, layers, strength, beta, gamma, content_layer, init, classroom)
    makers = {figure.__name__: figure for figure in figures}
    if unknown := set(sys.argv[1:]) - set(makers):
        sys.exit(f"There is no figure named {', '.join(unknown)}: choose among {', '.join(makers)}.")
    for name in sys.argv[1:] or makers:
        makers[name]()
