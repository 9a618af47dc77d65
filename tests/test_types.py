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


def checked(script, folder):
    path = folder / "users_script.py"
    path.write_text(script)
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", path]
    # In the checkout, where it finds the package and the cache of `make lint`.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_good_script(tmp_path):
    assert checked(GOOD, tmp_path) == (0, "Success: no issues found in 1 source file\n")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            'stylize("photograph.jpg", "painting.jpg", siez=64)',
            'Unexpected keyword argument "siez" for "stylize"',
        ),
        ('stylize("photograph.jpg")', 'Missing positional argument "style" in call to "stylize"'),
        (
            'stylize("photograph.jpg", "painting.jpg", steps="many")',
            'Argument "steps" to "stylize" has incompatible',
        ),
        ('stylize("a.jpg", "b.jpg").picture', '"Result" has no attribute "picture"'),
        ("nst_tf.stylise", 'Module has no attribute "stylise"; maybe "stylize"?'),
    ],
)
def test_a_bad_script(line, complaint, tmp_path):
    code, said = checked(f"import nst_tf\nfrom nst_tf import stylize\n\n{line}\n", tmp_path)
    assert code == 1
    assert complaint in said
    assert "Found 1 error in 1 file" in said
