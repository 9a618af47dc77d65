"""Makes the pictures that the README shows: ``python scripts/readme_pictures.py [NAME ...]``.

Names: demo, layers, beta, content_layer, init, classroom. Without one, all are made, into images/readme/.
About 7 minutes on two cores. The last one needs Chromium.
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

from nst_tf import get_layer_outputs, load_image, load_vgg19, preprocess, save_image, stylize
from nst_tf.files import written_aside
from nst_tf.plots import picture_grid, triptych

IMAGES = Path(__file__).parent.parent / "images"
OUT = IMAGES / "readme"
LOUVRE, SUMMERTIME = IMAGES / "content/louvre.jpg", IMAGES / "style/summertime.jpg"
CAT, WAVE = IMAGES / "content/cat.jpg", IMAGES / "style/great_wave.jpg"
CASTLE, CAFE = IMAGES / "content/neuschwanstein.jpg", IMAGES / "style/cafe_terrace.jpg"


def save(figure, name):
    with written_aside(OUT / f"{name}.jpg") as aside:
        figure.savefig(aside, dpi=100, pil_kwargs={"quality": 88})


def demo():
    result = stylize(LOUVRE, SUMMERTIME, size=600, steps=200)
    save_image(result.image, OUT / "louvre_summertime.jpg")
    save(triptych(LOUVRE, SUMMERTIME, result.image), "triptych")


def layers():
    """The reconstructions of notebook 2, as they are shown there."""
    lesson = nbformat.read(IMAGES.parent / "notebooks/02_content_cost.ipynb", as_version=4)
    cell = next(cell for cell in lesson.cells if "idea-07" in cell.metadata.get("tags", []))
    with written_aside(OUT / "layers.jpg") as aside:
        aside.write_bytes(base64.b64decode(cell.outputs[0].data["image/jpeg"]))


def grid(name, content, style, title, columns, runs):
    pictures = {label: stylize(content, style, **options).image for label, options in runs.items()}
    save(picture_grid(pictures, title, columns), name)


def beta():
    runs = {f"β = {label}": {"beta": float(label)} for label in ("0.0005", "0.005", "0.05", "0.5")}
    grid("beta", LOUVRE, SUMMERTIME, "The weight of the style, with α = 10", 2, runs)


def content_layer():
    layers = ("block1_conv2", "block3_conv2", "block4_conv2", "block5_conv4")
    energies = content_energies(CAT, layers)
    alphas = {layer: 10 * energies["block4_conv2"] / energies[layer] for layer in layers}
    runs = {layer: {"content_layer": layer, "alpha": alpha, "beta": 0.01} for layer, alpha in alphas.items()}
    grid("content_layer", CAT, WAVE, "The layer at which contents are compared", 2, runs)


def content_energies(content, layers):
    """Mean square activation of each layer: J_content grows with it,
    so α divided by it counts alike at each.
    """
    outputs = get_layer_outputs(load_vgg19(), [(layer, 1) for layer in layers])
    activations = outputs(preprocess(load_image(content, 400)))
    return {layer: float(tf.reduce_mean(tf.square(a))) for layer, a in zip(layers, activations, strict=True)}


def init():
    runs = {init: {"init": init} for init in ("content", "noisy_content", "noise")}
    grid("init", CASTLE, CAFE, "What G starts from, after 100 steps", 3, runs)


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
    figures = (demo, layers, beta, content_layer, init, classroom)
    makers = {figure.__name__: figure for figure in figures}
    if unknown := set(sys.argv[1:]) - set(makers):
        sys.exit(f"There is no figure named {', '.join(unknown)}: choose among {', '.join(makers)}.")
    for name in sys.argv[1:] or makers:
        makers[name]()
