"""Whole runs on real pictures with the real network, at small sizes."""

import itertools
import json
import os
import signal

import numpy as np
import pytest
import tensorflow as tf
from conftest import LOUVRE, SUMMERTIME, load_images, opened
from PIL import Image

from nst_tf import (
    compute_content_cost,
    get_layer_outputs,
    load_image,
    load_vgg19,
    preprocess,
    stylize,
    total_cost,
)
from nst_tf.control.styles import everywhere
from nst_tf.costs import gram_distance
from nst_tf.decoding import ImageError
from nst_tf.layers import STYLE_PRESETS
from nst_tf.objective import Objective
from nst_tf.optimizers import OPTIMIZERS
from nst_tf.progress import CostWeights, Ending
from nst_tf.settings import Settings, SettingsError
from nst_tf.terms import STATISTICS

SMALL = {"size": 96, "progress": False}


def run(**options):
    return stylize(LOUVRE, SUMMERTIME, **{**SMALL, **options})


def objective_for(vgg, **options):
    settings = Settings(**{"size": 96, "beta": 0.05, **options})
    C, S, G = load_images(LOUVRE, SUMMERTIME, settings)
    return Objective(vgg, C, everywhere(S), settings), C, S, G


# ---------------------------------------------------------------------------------- the objective


def test_J_against_its_definition_in_numpy(vgg):
    """The costs from activations of the whole VGG-19, the Gram matrices as sums of outer products."""
    style_layers = [("block1_conv1", 0.3), ("block3_conv1", 0.7)]
    layers = {"content_layer": "block2_conv2", "style_layers": style_layers}
    objective, C, S, G = objective_for(vgg, init="noise", alpha=7e3, beta=0.2, gamma=1e9, **layers)
    J, costs, _ = objective(G)

    def activations(image, layer):
        model = tf.keras.Model(vgg.input, vgg.get_layer(layer).output)
        return (
            model(tf.keras.applications.vgg19.preprocess_input(255 * image.copy()))
            .numpy()[0]
            .astype(np.float64)
        )

    difference = activations(C, "block2_conv2") - activations(G, "block2_conv2")
    expected_content = np.mean(difference**2) / 4

    def gram(image, layer):
        a = activations(image, layer)
        return np.einsum("ijk,ijm->km", a, a) / (a.shape[0] * a.shape[1])

    expected_style = sum(
        weight * np.mean((gram(S, layer) - gram(G, layer)) ** 2) / 4 for layer, weight in style_layers
    )
    expected_tv = sum(np.mean(np.diff(G.astype(np.float64), axis=axis) ** 2) for axis in (1, 2))
    assert costs["J_content"] == pytest.approx(expected_content, rel=1e-4)
    assert costs["J_style"] == pytest.approx(expected_style, rel=1e-3)
    assert costs["J_tv"] == pytest.approx(expected_tv, rel=1e-4)
    terms = 7e3 * expected_content, 0.2 * expected_style, 1e9 * expected_tv
    assert J == pytest.approx(sum(terms), rel=1e-3)
    assert min(terms) > 0.1 * J  # so that a wrong weight would be seen


gram_of = STATISTICS["gram"].whole


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_without_smoothness_J_is_the_courses_to_the_bit(precision):
    """J, its parts and its gradient with γ = 0 are those of the two costs and the course's total cost."""
    network = load_vgg19("compact", precision=precision)
    objective, C, S, G = objective_for(network, init="noisy_content", gamma=0)
    settings = Settings(beta=0.05)
    outputs = get_layer_outputs(network, settings.layers)

    image = tf.TensorSpec([1, None, None, 3])

    @tf.function(input_signature=[image])
    def activations(image):
        return [tf.cast(a, tf.float32) for a in outputs(preprocess(image))]

    a_content = tf.TensorSpec([1, None, None, 512])
    grams = [tf.TensorSpec([n_C, n_C]) for n_C in (64, 128, 256, 512, 512)]

    @tf.function(
        input_signature=[image, a_content, grams, tf.TensorSpec([5]), tf.TensorSpec([]), tf.TensorSpec([])]
    )
    def two_terms(G, a_C, grams_S, lambdas, alpha, beta):
        with tf.GradientTape() as tape:
            tape.watch(G)
            *style, content = activations(G)
            J_content = compute_content_cost(a_C, content)
            grams = [gram_of(a) for a in style]
            J_style = tf.tensordot(lambdas, tf.stack(list(map(gram_distance, grams_S, grams))), 1)
            J = total_cost(J_content, J_style, alpha, beta)
        return J, J_content, J_style, tape.gradient(J, G)

    a_C, a_S = activations(tf.constant(C)), activations(tf.constant(S))
    grams_S = [gram_of(a) for a in a_S[:-1]]
    lambdas, alpha, beta = (
        tf.constant(value, tf.float32)
        for value in ([weight for _, weight in settings.style_layers], settings.alpha, settings.beta)
    )
    J, J_content, J_style, gradient = two_terms(tf.constant(G), a_C[-1], grams_S, lambdas, alpha, beta)
    found = objective(G)
    assert (found.J, found.costs["J_content"], found.costs["J_style"]) == (
        *map(float, (J, J_content, J_style)),
    )
    np.testing.assert_array_equal(found.gradient, gradient)


@pytest.mark.parametrize("weights", [{"gamma": 1e6}, {"alpha": 0, "beta": 0, "gamma": 1e4}])
def test_the_gradient_points_where_J_rises(vgg, weights):
    objective, _, _, G = objective_for(vgg, **weights)
    gradient = objective(G)[-1]
    assert gradient.shape == G.shape
    step = 1e-4 / np.abs(gradient).max() * gradient
    predicted = np.sum(gradient.astype(np.float64) * step)
    up, down = objective(G + step)[0], objective(G - step)[0]
    assert (up - down) / 2 == pytest.approx(predicted, rel=0.05)


def test_the_weights_of_the_network_do_not_change(vgg):
    before = [weight.numpy().copy() for weight in vgg.weights]
    run(steps=2, optimizer="adam")
    for old, new in zip(before, vgg.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_without_preprocessing_the_network_is_fed_0_to_1(vgg):
    objective, C, _, G = objective_for(vgg, preprocess=False, content_layer="block1_conv1")
    model = tf.keras.Model(vgg.input, vgg.get_layer("block1_conv1").output)
    expected = np.mean((model(C).numpy() - model(G).numpy()) ** 2) / 4
    assert objective(G).costs["J_content"] == pytest.approx(expected, rel=1e-4)


# ------------------------------------------------------------------------------------- real runs


@pytest.mark.parametrize(("optimizer", "factor"), [("lbfgs", 7), ("adam", 5), ("gradient_descent", 3)])
def test_a_real_run_lowers_J(optimizer, factor):
    result = run(optimizer=optimizer, steps=30, init="noisy_content")
    assert result.ending is Ending.FINISHED
    assert [row.step for row in result.history] == list(range(31))
    assert result.history[0].J > factor * min(row.J for row in result.history)
    assert all(np.isfinite(row).all() for row in result.history)
    assert all(0 < a.seconds < b.seconds for a, b in itertools.pairwise(result.history))
    assert result.image.size == (96, 38)
    assert result.image.mode == "RGB"


def test_the_history_holds_the_parts_of_J():
    for row in run(steps=3, alpha=3, beta=0.25).history:
        assert row.J == pytest.approx(3 * row.J_content + 0.25 * row.J_style, rel=1e-5)
    for row in run(steps=3, alpha=3, beta=0.25, gamma=1e9, init="noise").history:
        assert row.gamma * row.J_tv > 0.1 * row.J
        assert row.J == pytest.approx(3 * row.J_content + 0.25 * row.J_style + 1e9 * row.J_tv, rel=1e-5)


def test_the_picture_is_the_best_that_was_seen(vgg):
    best = {}

    def keep(progress):
        if progress.costs.J < best.get("J", np.inf):
            best.update(J=progress.costs.J, G=progress.G)
        np.testing.assert_array_equal(progress.best, best["G"])

    result = run(steps=12, callback=keep)
    np.testing.assert_array_equal(np.asarray(result.image), np.round(best["G"][0] * 255))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_seed_gives_one_picture(optimizer):
    one, again, other = (
        run(steps=5, optimizer=optimizer, init="noisy_content", seed=seed) for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(one.image, again.image)
    assert [row[:4] for row in one.history] == [row[:4] for row in again.history]
    assert not np.array_equal(one.image, other.image)


def test_more_style_weight_brings_the_style_nearer():
    costs = [run(steps=25, beta=beta).history[-1] for beta in (0.001, 1.0)]
    assert costs[1].J_style < costs[0].J_style
    assert costs[1].J_content > costs[0].J_content


def test_gamma_makes_the_picture_smoother():
    runs = [run(steps=25, beta=0.05, gamma=gamma).history[-1] for gamma in (0, 1e8, 1e9)]
    assert runs[0].J_tv > 1.2 * runs[1].J_tv > 1.2**2 * runs[2].J_tv


def test_gamma_alone_leaves_one_colour():
    """Down to the mean of the start image, which no difference of neighbours changes."""
    result = run(
        alpha=0, beta=0, gamma=1, steps=200, size=32, content_layer="block1_conv1", style_layers="fine"
    )
    assert result.history[-1].J_tv < 1e-3 * result.history[0].J_tv
    np.testing.assert_allclose(
        np.mean(result.image, axis=(0, 1)), np.mean(load_image(LOUVRE, 32)[0] * 255, axis=(0, 1)), atol=2
    )


@pytest.mark.parametrize("optimizer", ["gradient_descent", "lbfgs"])
def test_only_the_ratio_of_alpha_and_beta_matters(optimizer):
    """A first step of given length makes both independent of J's scale: 8 is a power of 2,
    so rounding is too.
    """
    one = run(steps=10, optimizer=optimizer, alpha=10, beta=0.1)
    other = run(steps=10, optimizer=optimizer, alpha=80, beta=0.8)
    assert other.history[-1].J / 8 == pytest.approx(one.history[-1].J, rel=1e-3)


def test_the_style_may_have_other_proportions():
    tall = opened(SUMMERTIME).rotate(90, expand=True)
    assert stylize(LOUVRE, tall, steps=2, **SMALL).image.size == (96, 38)


def test_a_photograph_as_path_picture_and_array():
    picture = opened(LOUVRE)
    pictures = [
        stylize(source, SUMMERTIME, steps=2, **SMALL).image
        for source in (str(LOUVRE), picture, np.asarray(picture))
    ]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])


# ------------------------------------------------------------------------------------- the start


def first_image(**options):
    seen = []
    run(steps=1, callback=lambda progress: seen.append(progress.G), **options)
    return seen[0]


def test_the_start_images():
    C = load_image(LOUVRE, 96)
    np.testing.assert_array_equal(first_image(init="content"), C)

    noise = first_image(init="noise")
    assert noise.shape == C.shape
    assert abs(noise.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(noise.ravel(), C.ravel())[0, 1]) < 0.05

    noisy = first_image(init="noisy_content")
    inside = (noisy > 0) & (noisy < 1)
    difference = (noisy - C)[inside]
    assert np.abs(difference).max() <= 0.25 + 1e-6
    assert np.abs(difference).max() > 0.24
    middle = (C > 0.3) & (C < 0.7)  # where nothing was clipped
    assert (noisy - C)[middle].std() == pytest.approx(0.5 / np.sqrt(12), rel=0.1)

    picture = Image.fromarray(np.asarray(opened(LOUVRE))[:, ::-1])
    np.testing.assert_allclose(first_image(init=picture), load_image(picture, 96), atol=1e-6)


def test_a_start_picture_of_other_proportions():
    with pytest.raises(ImageError, match=r"summertime\.jpg is 592×435 pixels, .* proportions of 96×38"):
        run(init=SUMMERTIME)


@pytest.mark.parametrize("size", [50, 75, 110, 333])
def test_the_result_of_one_size_is_a_start_for_every_other(size):
    start = run(size=size, steps=1).image
    assert first_image(init=start).shape == (1, 38, 96, 3)


def test_the_photograph_itself_is_a_start_at_every_size():
    for size in (41, 64, 96, 131):
        assert first_image(init=LOUVRE, size=size).shape[2] == size


# --------------------------------------------------------------------------- callbacks and stopping


def test_a_callback_sees_every_step_and_can_stop():
    seen = []

    def callback(progress):
        seen.append((progress.costs.step, progress.steps))
        assert progress.G.shape == progress.best.shape == (1, 38, 96, 3)
        assert progress.picture().size == (96, 38)
        return progress.costs.step == 4

    result = run(steps=50, callback=callback)
    assert seen == [(step, 50) for step in range(5)]
    assert result.ending is Ending.CALLBACK
    assert len(result.history) == 5


@pytest.fixture
def control_c():
    """Listened to, also where the tests run as a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("control_c")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_control_c_keeps_the_best_picture(optimizer):
    def interrupt(progress):
        if progress.costs.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    result = run(steps=50, optimizer=optimizer, callback=interrupt)
    assert result.ending is Ending.INTERRUPTED
    assert 4 <= len(result.history) <= 5
    assert result.image.size == (96, 38)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_callback_can_change_alpha_and_beta(optimizer):
    seen = []

    def callback(progress):
        seen.append(progress)
        return (
            CostWeights(5, 0.5) if progress.costs.step >= 8 else None
        )  # the same weights again change nothing

    result = run(steps=24, optimizer=optimizer, beta=0.005, callback=callback)
    assert [(row.alpha, row.beta) for row in result.history] == [(10, 0.005)] * 9 + [(5, 0.5)] * 16
    for row in result.history:
        assert row.J == pytest.approx(row.alpha * row.J_content + row.beta * row.J_style, rel=1e-5)
    np.testing.assert_array_equal(
        seen[9].G, seen[8].best
    )  # it goes on from the best picture, and judges it anew
    assert result.history[-1].J < result.history[9].J
    assert min(row.J_style for row in result.history[9:]) < min(row.J_style for row in result.history[:9])
    assert (result.settings["alpha"], result.settings["beta"]) == (5, 0.5)


def test_a_callback_can_change_gamma_and_leave_it():
    answers = {3: CostWeights(10, 0.05, 1e8), 6: CostWeights(10, 0.5), 9: CostWeights(10, 0.5, gamma=0)}
    result = run(steps=12, beta=0.05, gamma=1e7, callback=lambda progress: answers.get(progress.costs.step))
    assert [row.gamma for row in result.history] == [1e7] * 4 + [1e8] * 6 + [0] * 3
    assert [row.beta for row in result.history] == [0.05] * 7 + [0.5] * 6
    for row in result.history:
        terms = row.alpha * row.J_content, row.beta * row.J_style, row.gamma * row.J_tv
        assert row.J == pytest.approx(sum(terms), rel=1e-5)
    assert result.settings["gamma"] == 0


def test_other_weights_hold_for_the_larger_sizes_too():
    answers = {5: CostWeights(10, 0.5), 10: True}
    result = run(size=400, steps=24, beta=0.05, callback=lambda progress: answers.get(progress.costs.step))
    assert [row.size for row in result.history] == [100] * 6 + [200] * 2 + [400] * 3
    assert [row.beta for row in result.history] == [0.05] * 6 + [0.5] * 5


def test_weights_that_make_no_sense_are_refused():
    with pytest.raises(SettingsError, match=r"^beta is -1: give a number of at least 0\.$"):
        run(steps=3, callback=lambda progress: CostWeights(10, -1))


def test_a_callback_may_answer_with_numpy_and_not_change_the_image():
    def spoil(progress):
        with pytest.raises(ValueError, match="read-only"):
            progress.G[:] = 0
        return np.bool_(progress.costs.step == 2)

    result = run(steps=50, callback=spoil)
    assert (result.ending, len(result.history)) == (Ending.CALLBACK, 3)


@pytest.mark.usefixtures("control_c")
def test_control_c_before_there_is_a_picture(monkeypatch):
    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("nst_tf.transfer.Objective.__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(steps=5)


def test_a_cost_beyond_float32_keeps_the_last_good_picture():
    """Gradient descent with a huge step makes J rise beyond what float32 holds."""
    result = run(
        init="content",
        optimizer="gradient_descent",
        learning_rate=1e30,
        beta=1e27,
        steps=50,
        style_layers="course",
    )
    assert result.ending is Ending.NOT_FINITE
    assert len(result.history) < 50
    np.testing.assert_array_equal(result.image, np.round(load_image(LOUVRE, 96)[0] * 255))


def test_a_cost_beyond_float32_from_the_start():
    with pytest.raises(SettingsError, match="J is not a finite number at the start"):
        run(beta=1e38)


def test_lbfgs_ends_when_nothing_is_left_to_gain():
    """From the content, with no style, J is 0 and can't fall."""
    result = run(init="content", beta=0, steps=20)
    assert result.ending is Ending.CONVERGED
    np.testing.assert_array_equal(result.image, np.round(load_image(LOUVRE, 96)[0] * 255))


@pytest.mark.parametrize("optimizer", ["gradient_descent", "lbfgs"])
def test_the_first_step_is_at_most_a_tenth(optimizer):
    images = []
    run(optimizer=optimizer, steps=1, callback=lambda progress: images.append(progress.G))
    assert np.abs(images[1] - images[0]).max() == pytest.approx(0.1, abs=1e-6)


# ------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize("statistics", ["gram", "moments"])
def test_the_settings_of_a_run_repeat_it(statistics):
    given = {"init": "noise", "beta": 0.02, "gamma": 1e7, "optimizer": "adam"}
    result = run(steps=3, seed=5, style_statistics=statistics, **given)
    used = json.loads(json.dumps(result.settings))
    assert used["style_statistics"] == statistics
    assert used["weights"] == "compact"
    assert len(used["weights_sha256"]) == 64
    assert used["precision"] in ("float32", "bfloat16")  # what stood behind "auto"
    assert used["learning_rate"] == 0.03
    del used["weights_sha256"]
    again = stylize(LOUVRE, SUMMERTIME, progress=False, **used)
    np.testing.assert_array_equal(result.image, again.image)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": -1}, "size is -1"),
        ({"size": 10.5}, "size is 10.5"),
        ({"size": True}, "size is True"),
        ({"size": 10**6}, "more memory than there is for it"),
        ({"steps": 0}, "steps is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"alpha": -1}, "alpha is -1"),
        ({"beta": -0.5}, "beta is -0.5"),
        ({"beta": float("inf")}, "beta is inf"),
        ({"alpha": "10"}, "alpha is '10'"),
        ({"alpha": 0, "beta": 0}, "alpha, beta and gamma are all 0"),
        ({"gamma": -1}, "gamma is -1: give a number of at least 0."),
        ({"gamma": float("nan")}, "gamma is nan"),
        ({"gamma": 1e39}, "gamma is 1e+39, which float32 doesn't hold"),
        ({"content_layer": "block6_conv1"}, "content_layer is 'block6_conv1'"),
        ({"style_layers": [("conv1", 1)]}, "style_layers is 'conv1'"),
        ({"style_layers": [("block1_conv1", -1)]}, "weight of block1_conv1 is -1"),
        ({"style_layers": []}, "style_layers is []"),
        (
            {"style_layers": "finest"},
            "style_layers is 'finest': give balanced, course, fine, coarse, or pairs",
        ),
        ({"style_layers": ["block1_conv1"]}, "pairs"),
        ({"style_statistics": "mean"}, "style_statistics is 'mean': choose among gram, moments."),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"learning_rate": 0.1}, "no part in L-BFGS"),
        ({"learning_rate": -1, "optimizer": "adam"}, "learning_rate is -1"),
        ({"init": "random"}, "init is neither"),
        ({"precision": "float16"}, "precision is 'float16': choose among auto, float32, bfloat16."),
        ({"coarse_to_fine": 1}, "coarse_to_fine is 1: give True or False."),
        ({"weights": "vgg16"}, "weights is 'vgg16'"),
        ({"weights": 5}, "weights is 5"),
        ({"content_layer": ["block1_conv1"]}, "content_layer is ['block1_conv1']"),
        ({"steps": 10**400}, "from 1 to 1000000"),
        ({"size": 30}, "at least 16"),
    ],
)
def test_a_setting_that_makes_no_sense(options, words):
    with pytest.raises(ValueError) as problem:  # noqa: PT011 - the words are the test
        run(**options)
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


def test_numbers_of_numpy_and_any_sequence_of_layers():
    layers = (pair for pair in [("block1_conv1", np.float32(0.5))])
    settings = Settings(size=np.int64(96), alpha=np.float32(10), beta=np.float64(0.1), style_layers=layers)
    assert json.dumps([settings.size, settings.alpha, settings.beta]) == "[96, 10.0, 0.1]"
    assert settings.style_layers == [("block1_conv1", 0.5)]


def test_a_choice_of_style_layers_by_its_name():
    assert Settings().style_layers == STYLE_PRESETS["balanced"]["gram"]
    assert Settings(style_layers="course").style_layers == [
        (f"block{block}_conv1", 0.2) for block in range(1, 6)
    ]
    assert run(style_layers="fine", size=32, steps=1).settings["style_layers"] == [
        [layer, weight] for layer, weight in STYLE_PRESETS["balanced"]["gram"][:3]
    ]


def test_a_name_stands_for_the_same_layers_whatever_is_compared_there():
    for name in STYLE_PRESETS:
        gram, moments = (
            Settings(style_layers=name, style_statistics=kind).style_layers for kind in ("gram", "moments")
        )
        assert [layer for layer, _ in gram] == [layer for layer, _ in moments]
        assert (gram == moments) == (name == "course")
    own = [("block1_conv1", 3.0)]
    assert Settings(style_layers=own, style_statistics="moments").style_layers == own
