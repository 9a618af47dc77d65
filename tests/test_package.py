"""What importing the package does and doesn't do, and what TensorFlow says meanwhile."""

import os
import re
import subprocess
import sys
import tomllib

import nbclient
import nbformat
import pytest
from conftest import ROOT

import nst_tf


def python(script, *paths):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT]))}
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["tensorflow", "keras", "matplotlib", "IPython", "ipywidgets", "scipy", "PIL"]
    done = python(f"import sys, nst_tf; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_public_name_is_there():
    for name in nst_tf.__all__:
        assert getattr(nst_tf, name) is not None
    assert set(nst_tf.__all__) <= set(dir(nst_tf))
    with pytest.raises(AttributeError, match="nst_tf attribute stylise"):
        _ = nst_tf.stylise


def test_the_courses_functions_take_the_courses_arguments():
    import inspect

    arguments = {
        name: list(inspect.signature(getattr(nst_tf, name)).parameters)
        for name in (
            "compute_content_cost",
            "gram_matrix",
            "compute_layer_style_cost",
            "compute_style_cost",
            "total_cost",
            "get_layer_outputs",
            "clip_0_1",
            "tensor_to_image",
        )
    }
    assert arguments == {
        "compute_content_cost": ["content_output", "generated_output"],
        "gram_matrix": ["A"],
        "compute_layer_style_cost": ["a_S", "a_G"],
        "compute_style_cost": ["style_image_output", "generated_image_output", "STYLE_LAYERS"],
        "total_cost": ["J_content", "J_style", "alpha", "beta"],
        "get_layer_outputs": ["vgg", "layer_names"],
        "clip_0_1": ["image"],
        "tensor_to_image": ["tensor"],
    }
    defaults = inspect.signature(nst_tf.total_cost.python_function).parameters
    assert (defaults["alpha"].default, defaults["beta"].default) == (10, 40)


def test_tensorflow_starts_quietly():
    done = python("import nst_tf; print(float(nst_tf.clip_0_1([1.5])[0]))")
    assert (done.stdout, done.stderr) == ("1.0\n", "")


def test_tensorflow_starts_quietly_once_nst_tf_was_imported_and_what_comes_later_is_shown():
    done = python(
        "import nst_tf, os; import tensorflow as tf; os.write(2, b'a later line'); print(int(tf.constant(1)))"
    )
    assert (done.stdout, done.stderr) == ("1\n", "a later line")


def test_a_look_for_tensorflow_does_not_make_its_start_loud():
    look = (
        "import nst_tf, importlib.util, os; os.environ.pop('KERAS_BACKEND', None); "
        "importlib.util.find_spec('tensorflow')"
    )
    done = python(
        f"{look}; print('KERAS_BACKEND' in os.environ); import tensorflow as tf; print(tf.__spec__.loader)"
    )
    assert done.stderr == ""
    assert done.stdout.startswith("False\n<_frozen_importlib_external.SourceFileLoader object")


def test_tensorflow_first_starts_as_ever_and_works():
    done = python("import tensorflow, nst_tf; print(float(nst_tf.clip_0_1([1.5])[0]))")
    assert (done.returncode, done.stdout) == (0, "1.0\n")
    assert "oneDNN" in done.stderr or "GPU" in done.stderr


def test_start_up_lines_are_replayed_if_the_import_fails(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os; os.write(2, b'the reason, from C++'); raise ImportError('no TensorFlow for you')"
    )
    done = python("import nst_tf.costs", tmp_path)
    assert done.returncode == 1
    assert "the reason, from C++" in done.stderr
    assert "no TensorFlow for you" in done.stderr


def test_without_a_standard_error():
    script = f"exec {sys.executable} -c 'import nst_tf; print(nst_tf.gram_matrix([[2.0]]).numpy())' 2>&-"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[[4.]]\n")


def test_a_notebook_saves_no_start_up_lines():
    """In a real Jupyter kernel, which reads file descriptor 2 too."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import nst_tf\nnst_tf.gram_matrix([[2.0]]).numpy()")]
    )
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == "array([[4.]], dtype=float32)"


def test_the_python_versions_agree():
    """pyproject.toml, the script behind make, and the README name the same versions."""
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / "scripts/make_venv.sh").read_text()
    assert re.search(r"Python 3\.11, 3\.12 or 3\.13", (ROOT / "README.md").read_text())
