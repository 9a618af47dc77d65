"""What a type checker sees of the package, although its names are loaded lazily."""

import subprocess
import sys

import pytest
from conftest import ROOT

GOOD = """
import nst_tf
from nst_tf import STYLE_LAYERS, load_image, stylize
from nst_tf.progress import Costs, Progress


def stop_early(progress: Progress) -> bool:
    return progress.costs.step >= 3


result = stylize("photograph.jpg", "painting.jpg", size=64, steps=5, callback=stop_early)
costs: list[Costs] = result.history
width: int = result.image.width
layer: str = STYLE_LAYERS[0][0]
pixels: int = load_image(result.image, 32).shape[1]
version: str = nst_tf.__version__
"""


BAD = {
    'stylize("photograph.jpg", "painting.jpg", siez=64)': 'Unexpected keyword argument "siez" for "stylize"',
    'stylize("photograph.jpg")': 'Missing positional argument "style" in call to "stylize"',
    'stylize("a.jpg", "b.jpg", steps=2.5)': 'Argument "steps" to "stylize" has incompatible type "float"',
    'stylize("a.jpg", "b.jpg").picture': '"Result" has no attribute "picture"',
    "nst_tf.stylise": 'Module has no attribute "stylise"; maybe "stylize"?',
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says of a good script and, line by line, of a bad one."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "good.py").write_text(GOOD)
    (folder / "bad.py").write_text("\n".join(["import nst_tf", "from nst_tf import stylize", *BAD]))
    options = ["--config-file", ROOT / "pyproject.toml", "--cache-dir", folder / "cache"]
    command = [sys.executable, "-m", "mypy", *options, folder / "good.py", folder / "bad.py"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True
    )  # in the checkout: it is found there
    assert done.returncode == 1, done.stderr
    return done.stdout.splitlines()


def test_a_good_script(said):
    assert not [line for line in said if "good.py" in line]


@pytest.mark.parametrize(("place", "complaint"), enumerate(BAD.values(), start=3))
def test_a_bad_line(said, place, complaint):
    (line,) = [line for line in said if f"bad.py:{place}: error" in line]
    assert complaint in line


def test_nothing_else_is_said(said):
    assert said[-1].startswith(f"Found {len(BAD)} errors in 1 file")
