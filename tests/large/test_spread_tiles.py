"""One picture on several workers: bit for bit the same as on this machine, whichever of them dies."""

import numpy as np
import psutil
import pytest
from conftest import LOUVRE, ROOT, dask_worker, run_cli

from nst_tf import Style, stylize
from nst_tf.cluster import ClusterError
from nst_tf.inputs import load_inputs, need_of
from nst_tf.large.spread_tiles import tile_workers
from nst_tf.large.tiles import tiles_of
from nst_tf.objective import Objective
from nst_tf.progress import Ending
from nst_tf.settings import Settings
from nst_tf.vgg import load_network

GREAT_WAVE = ROOT / "images/style/great_wave.jpg"
SHALLOW = {"content_layer": "block2_conv2", "style_layers": [("block1_conv1", 2), ("block3_conv1", 0.5)]}
OPTIONS = {"size": 160, "tile": 48, "weights": None, "precision": "float32", **SHALLOW}
NOWHERE = "tcp://127.0.0.1:9"

pytestmark = pytest.mark.slow


@pytest.fixture
def two_workers(scheduler, tmp_path):
    """One of them with several threads."""
    with (
        dask_worker(scheduler, tmp_path) as one,
        dask_worker(scheduler, tmp_path, options=["--nthreads", "3"]) as other,
    ):
        yield one, other


def test_J_and_the_gradient_are_the_same_and_only_what_is_new_travels(scheduler, two_workers):
    settings = Settings(beta=0.05, gamma=1e5, **OPTIONS)
    halves = np.zeros((2, 60, 160), np.float32)
    halves[0, :, :70] = halves[1, :, 60:] = 1
    style = [Style(GREAT_WAVE, region=halves[0]), Style(LOUVRE, region=halves[1])]
    inputs = load_inputs(np.random.default_rng(0).random((60, 160, 3)), style, settings)
    vgg, origin = load_network(None, precision="float32", say=lambda _: None)
    of_run = vgg, inputs.C, inputs.regions, settings, 48
    here, spread, travelled = Objective(*of_run), [], []

    def elsewhere(*of_picture):
        spread.append(workers(*of_picture))
        return spread[0]

    need = need_of(inputs.C, inputs.regions, settings)
    with tile_workers(scheduler, settings, need, origin.checksum) as workers:
        there = Objective(*of_run, elsewhere=elsewhere)
        for seed in range(2):
            G = np.random.default_rng(seed).random(inputs.C.shape, np.float32)
            one, other = here(G), there(G)
            assert (one.J, one.costs) == (other.J, other.costs)
            assert np.array_equal(one.gradient, other.gradient)
            travelled.append((spread[0].sent, spread[0].received))

    (first_sent, first_received), (sent, received) = travelled
    tiles = tiles_of(inputs.C, 48, ["block3_conv1"])
    pixels = sum(G[:, *tile.window].nbytes for tile in tiles)
    sums = 4 * (2 * (64**2 + 256**2) + 2)  # of two regions and two layers, and the two other costs
    assert sent - first_sent == pixels + 2 * sums  # to each of the two workers
    assert received - first_received == first_received == pixels + len(tiles) * sums
    assert first_sent > sent - first_sent + pixels  # C and the masks


def painted(**options):
    return stylize(
        LOUVRE, GREAT_WAVE, coarse_to_fine=False, progress=False, **{**OPTIONS, "steps": 8, **options}
    )


def test_a_worker_that_is_killed_costs_time_only(scheduler, two_workers):
    one, _ = two_workers
    used = []

    def kill(progress):
        if progress.costs.step == 3:
            used.append(psutil.Process(one.pid).cpu_times().user)
            one.kill()

    idle = psutil.Process(one.pid).cpu_times().user
    there, here = painted(scheduler=scheduler, callback=kill), painted()
    assert used[0] > idle + 1  # so it had tiles
    assert [row.J for row in there.history] == [row.J for row in here.history]
    assert np.array_equal(there.image, here.image)


@pytest.mark.parametrize(
    ("killed", "said"), [("worker", "has no workers any more"), ("scheduler", "has gone: begin again")]
)
def test_without_the_cluster_the_picture_so_far_is_kept(
    killed, said, scheduler, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("nst_tf.cluster.PATIENCE", 3)
    program = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if str(tmp_path / "scheduler.json") in (process.info["cmdline"] or [])
    )

    def kill(progress):
        if progress.costs.step == 3:
            (worker if killed == "worker" else program).kill()

    with dask_worker(scheduler, tmp_path) as worker:
        result = painted(scheduler=scheduler, callback=kill)
    assert result.ending is Ending.NO_WORKERS
    assert result.history[-1].step == 3
    assert said in capsys.readouterr().err


def test_workers_that_can_not_do_it(scheduler, tmp_path):
    with pytest.raises(ClusterError, match=r"has no workers: start some"):
        painted(scheduler=scheduler)
    with dask_worker(scheduler, tmp_path, options=["--memory-limit", "1.1GB"]):
        with pytest.raises(
            ClusterError, match=r"may take 0\.8 GB of memory, and tiles of 48 pixels take 0\.9"
        ):
            painted(scheduler=scheduler)
    with dask_worker(scheduler, tmp_path, KERAS_HOME=str(tmp_path), PIP_NO_INDEX="1"):
        with pytest.raises(
            ClusterError, match=r"The worker tcp://.*: VGG-19's weights are not on this machine"
        ):
            painted(scheduler=scheduler, weights="compact")


def test_what_fits_into_one_tile_is_painted_here(capsys):
    options = {**OPTIONS, "tile": None, "size": 100, "steps": 1}
    stylize(LOUVRE, GREAT_WAVE, scheduler=NOWHERE, **options)
    assert "no larger than a tile of 512 pixels: it is painted here" in capsys.readouterr().out


def test_no_scheduler(tmp_path):
    options = ["--size", 120, "--tile", 96, "--weights", "compact", "--scheduler", NOWHERE]
    done = run_cli(LOUVRE, GREAT_WAVE, *options, "-o", tmp_path / "poster.png")
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert done.stderr.endswith(
        f"nst-tf: No scheduler answers at {NOWHERE}: check the address, such as tcp://10.0.0.1:8786, or "
        "start one with `dask scheduler`.\n"
    )
