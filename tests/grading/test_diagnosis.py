"""The graded tests: right is right however it is written, and what is wrong is named."""

import dataclasses
import itertools
import re

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, mostly_long
from learners import RIGHT, WRONG, defined
from test_package import python

import nst_tf
from nst_tf import costs
from nst_tf.grading import (
    checked,
    compute_content_cost_test,
    compute_layer_style_cost_test,
    diagnose,
    gram_matrix_test,
    total_cost_test,
    train_step_test,
)
from nst_tf.grading.advice import advice_on
from nst_tf.grading.comparison import Expected, ignored_arguments, is_unchanged
from nst_tf.grading.diagnosis import conclude
from nst_tf.grading.exercises.random_inputs import LARGE_SHAPE, SHAPES
from nst_tf.grading.exercises.registry import EXERCISES, exercise
from nst_tf.grading.exercises.step_exercise import StepExercise
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.step_trial import network
from nst_tf.grading.trial import Evidence, observe

ALL = {name: exercise(name) for name in EXERCISES}
BY_VALUE = {name: each for name, each in ALL.items() if isinstance(each, ValueExercise)}
BY_STEPS = {name: each for name, each in ALL.items() if isinstance(each, StepExercise)}


# ------------------------------------------------------------------------------------------- right


@pytest.mark.parametrize(("name", "how"), [(name, how) for name, cells in RIGHT.items() for how in cells])
def test_right_is_right_however_it_is_written(name, how, tmp_path, capsys):
    diagnosis = diagnose(name, defined(name, RIGHT[name][how], tmp_path))
    assert (diagnosis.passed, diagnosis.score, diagnosis.mistake, diagnosis.hint) == (True, 1.0, None, "")


def test_there_are_enough_ways_to_be_right():
    assert RIGHT.keys() == EXERCISES.keys()
    assert sum(len(cells) for cells in RIGHT.values()) >= 30


@pytest.mark.parametrize("name", [name for name in BY_VALUE if name in nst_tf.__all__])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_package_is_right(name, seed):
    """The reference here and the package's costs were written apart; they have to agree."""
    assert diagnose(name, getattr(nst_tf, name), seed).passed


def in_tf32(A):
    """As a GPU's tensor cores take a matrix product's factors: 10 bits of the mantissa."""
    bits = tf.bitcast(A, tf.int32)
    rounded = tf.bitwise.bitwise_and(bits + 0x1000, tf.constant(-0x2000))
    return A + tf.stop_gradient(tf.bitcast(rounded, tf.float32) - A)


@pytest.mark.parametrize("seed", range(20))
def test_right_is_right_with_a_gpus_rounding(seed):
    def gram_matrix(A):
        A = in_tf32(A)
        return tf.matmul(A, A, transpose_b=True)

    def compute_layer_style_cost(a_S, a_G):
        _, n_H, n_W, n_C = a_G.shape
        G_S, G_G = (gram_matrix(tf.transpose(tf.reshape(a, [n_H * n_W, n_C]))) for a in (a_S, a_G))
        return tf.reduce_sum((G_S - G_G) ** 2) / (2 * n_C * n_H * n_W) ** 2

    def guided_gram_matrix(A, mask):
        return gram_matrix(A * mask) / tf.reduce_sum(mask**2)

    A = tf.constant([[1 + 2**-12, 1 + 2**-10]])
    np.testing.assert_array_equal(in_tf32(A), [[1, 1 + 2**-10]])
    assert diagnose("gram_matrix", gram_matrix, seed).passed
    assert diagnose("compute_layer_style_cost", compute_layer_style_cost, seed).passed
    assert diagnose("guided_gram_matrix", guided_gram_matrix, seed).passed


@pytest.mark.parametrize("switch", ["disable_v2_behavior", "disable_eager_execution"])
def test_right_is_right_in_a_notebook_that_was_written_for_tensorflow_1(switch):
    script = f"""
import sys, tempfile, pathlib
sys.path[:0] = [{str(ROOT / "tests/grading")!r}]
import nst_tf, tensorflow as tf
tf.compat.v1.{switch}()
from nst_tf.grading import checked, diagnose, train_step_test
from learners import RIGHT, defined
folder = pathlib.Path(tempfile.mkdtemp())
for name, cells in RIGHT.items():
    function = defined(name, next(iter(cells.values())), folder)
    print(name, diagnose(name, function).score)
before = tf.executing_eagerly(), type(tf.TensorShape([1])[0]), tf.compat.v1.control_flow_v2_enabled()
image = tf.Variable(tf.zeros([1, 4, 4, 3]))
checked(train_step_test, function, None, image)
after = tf.executing_eagerly(), type(tf.TensorShape([1])[0]), tf.compat.v1.control_flow_v2_enabled()
print(before == after)
"""
    lines = python(script).stdout.splitlines()
    assert [line for line in lines if line.endswith("1.0")] == [f"{name} 1.0" for name in RIGHT]
    assert lines[-2:] == ["Going on with yours.", "True"]


def test_the_functions_that_others_call_take_what_a_right_one_takes():
    random = np.random.default_rng(0)
    A = random.normal(size=(2, 3, 5)).astype(np.float32)
    a, b = random.normal(size=(2, 1, 4, 5, 3)).astype(np.float32)
    gram_matrix = BY_VALUE["compute_layer_style_cost"].helpers["gram_matrix"]
    helpers = BY_STEPS["train_step"].helpers
    content_cost = helpers["compute_content_cost"]
    np.testing.assert_allclose(gram_matrix(A=A), A @ A.transpose(0, 2, 1), rtol=1e-5)
    np.testing.assert_allclose(gram_matrix(A[0].tolist()), A[0] @ A[0].T, rtol=1e-5)
    cost = np.mean((a - b) ** 2) / 4
    for content, generated in (([a], [b]), ((b, a), (a, b)), (a, b), (a[0], b[0]), (a[None], b[None])):
        given = {"content_output": content, "generated_output": generated}
        np.testing.assert_allclose(content_cost(**given), cost, rtol=1e-5)
    layer_cost = helpers["compute_layer_style_cost"]
    np.testing.assert_allclose(
        layer_cost(a_S=a[0], a_G=b[0]), costs.compute_layer_style_cost(a, b), rtol=1e-4
    )
    J = helpers["total_cost"](J_content=1.0, J_style=2.0, alpha=tf.constant(3), beta=tf.Variable(4.0))
    assert float(J) == 11


# ------------------------------------------------------------------------------------------- wrong


@pytest.mark.parametrize(
    ("name", "slug", "cell"), mostly_long(WRONG, 2), ids=[f"{name}: {slug}" for name, slug, _ in WRONG]
)
def test_a_mistake_is_recognised_however_it_is_written(name, slug, cell, tmp_path):
    diagnosis = diagnose(name, defined(name, cell, tmp_path))
    assert not diagnosis.passed
    assert diagnosis.score < 1
    assert diagnosis.mistake == slug
    assert diagnosis.hint


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_VALUE)
def test_every_mistake_of_the_catalogue_is_recognised(name, capsys, sample):
    for mistake in sample(BY_VALUE[name].mistakes, 2):
        diagnosis = diagnose(name, mistake.in_place_of(BY_VALUE[name].right))
        assert diagnosis.mistake == mistake.slug
        assert diagnosis.score < 1


@pytest.mark.slow
def test_every_mistake_of_train_step_is_recognised(capsys, sample):
    mistakes = sample(BY_STEPS["train_step"].mistakes, 5)
    names = mistakes[0].function.__globals__
    for mistake in mistakes:
        names.update(alpha=10.0, beta=0.5)
        try:
            diagnosis = diagnose("train_step", mistake.function)
        finally:
            del names["alpha"], names["beta"]
        assert diagnosis.mistake == mistake.slug
        assert diagnosis.score < 1


def behaviour(function, trial):
    """What the catalogue's functions are told apart by."""
    observed = [observe(function, each.arguments, tf.float64) for each in trial.inputs]
    run = trial.run(trial.traced(function, {}))
    return observed, (observe(function, trial.first).kind, run.value is None, run.gradient is None)


def same(expected, one, other):
    """Whether two behaviours are the same, within what is right for the right one."""
    if one[1] != other[1]:
        return False
    for a, b in zip(one[0], other[0], strict=True):
        if (a.kind, a.has_changed_arguments, a.has_printed) != (
            b.kind,
            b.has_changed_arguments,
            b.has_printed,
        ):
            return False
        if a.value is not None and not expected.is_close(a.value, b.value):
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_VALUE)
@pytest.mark.parametrize("seed", [1])
def test_no_mistake_and_no_two_together_are_right(name, seed, capsys, sample):
    asked = BY_VALUE[name]
    trial = asked.trial(seed)
    expected = Expected(asked.right, trial, asked.tolerance)
    right = behaviour(asked.right, trial)
    for mistake in sample(asked.all_mistakes(), 4):
        function = mistake.in_place_of(asked.right)
        values = [observe(function, each.arguments, tf.float64).value for each in trial.inputs]
        values_agree = not expected.wrong_places(values)
        assert not values_agree or not same(expected, behaviour(function, trial), right), mistake.slug


@pytest.mark.parametrize("name", BY_VALUE)
def test_no_two_mistakes_are_one(name, capsys, sample):
    asked = BY_VALUE[name]
    trial = asked.trial(0)
    expected = Expected(asked.right, trial, asked.tolerance)
    mistakes = sample(asked.mistakes, 2)
    seen = {each.slug: behaviour(each.in_place_of(asked.right), trial) for each in mistakes}
    for (slug, one), (other_slug, other) in itertools.combinations(seen.items(), 2):
        assert not same(expected, one, other), f"{slug} and {other_slug} do the same: leave one out"


def test_the_catalogue():
    entries = [(name, each) for name, asked in ALL.items() for each in asked.mistakes]
    told = re.search(r"a catalogue of some (\d+) mistakes", (ROOT / "README.md").read_text())
    assert abs(len(entries) - int(told[1])) <= 20, f"there are {len(entries)}: README.md tells another number"
    slugs = [(name, each.slug) for name, each in entries]
    assert len(set(slugs)) == len(slugs)
    for _, each in entries:
        assert each.hint[-1] in ".?)"
        assert len(each.hint) < 280
        assert "`return " not in each.hint  # no line of code is given away
    for asked in BY_VALUE.values():
        steps = {field.name for field in dataclasses.fields(asked.right)}
        assert all(each.steps.keys() <= steps for each in asked.mistakes)


# ------------------------------------------------------------------- what is not in the catalogue


def right_gram(A):
    return A @ tf.transpose(A)


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("gram_matrix", lambda A: "A", "It returns a value of type str: return a single tensor."),
        ("gram_matrix", lambda A: right_gram(A)[:2], "shape (2, 4) instead of shape (4, 4)"),
        ("gram_matrix", lambda A: right_gram(A) / 0, "contains NaN or an infinite value"),
        ("gram_matrix", lambda A: -right_gram(A), "Only the sign is wrong."),
        ("gram_matrix", lambda A: right_gram(A) * 3 / 7, "always 3/7 times the right value"),
        ("gram_matrix", lambda A: right_gram(A) + 1.0, "the entry at"),
        ("gram_matrix", lambda A: right_gram(tf.stop_gradient(A)) + 0 * A[0, 0], "but its gradient isn't"),
        ("gram_matrix", lambda A: tf.stack([A[:, i] for i in range(A.numpy().shape[1])]), "shape (15, 4)"),
        (
            "compute_layer_style_cost",
            lambda a_S, a_G: costs.compute_layer_style_cost(a_S, a_G) ** 2,
            "It is correctly 0 for a_S = a_G, but wrong otherwise",
        ),
        (
            "compute_style_cost",
            lambda S, G, STYLE_LAYERS: sum(
                (k + 1) * costs.compute_layer_style_cost(S[k], G[k]) for k in range(2)
            ),
            "The result doesn't depend on `STYLE_LAYERS`",
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: 3 * J_content + beta * J_style,
            "The result doesn't depend on `alpha`",
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: (
                alpha * J_content + beta * J_style * tf.cast(J_style < 40, tf.float32)
            ),
            "It is right for J_content =",
        ),
        (
            "guided_gram_matrix",
            lambda A, mask: right_gram(A * mask) / tf.reduce_sum(mask**2) * tf.reduce_max(mask),
            "It is right for a mask of zeros and ones, but not always",
        ),
        (
            "guided_gram_matrix",
            lambda A, mask: right_gram(A * mask) / tf.reduce_sum(mask**2) / 2,
            "always 1/2 times the right value",
        ),
        ("gram_matrix", lambda A: tf.cast(right_gram(A), tf.float64), "It returns a tensor of dtype float64"),
    ],
)
def test_other_mistakes_get_the_closest_true_statement(name, function, words):
    diagnosis = diagnose(name, function)
    assert diagnosis.mistake is None
    assert words in diagnosis.hint
    assert diagnosis.score < 1


def test_what_is_right_only_sometimes_has_a_name():
    hint = diagnose("gram_matrix", lambda A: right_gram(A) if A.shape[0] == A.shape[1] else 1 / 0).hint
    assert "raises ZeroDivisionError" in hint
    diagnosis = diagnose(
        "total_cost", lambda J_content, J_style, alpha=1, beta=40: alpha * J_content + beta * J_style
    )
    assert diagnosis.mistake == "other-defaults"
    assert "wrong for the default alpha and beta" in diagnosis.hint


def test_an_error_that_does_not_speak_for_itself_gets_a_sentence():
    assert "In Python `^` is bitwise XOR" in diagnose("gram_matrix", lambda A: (A - 1) ^ 2).hint
    assert "A tensor has no `.T`" in diagnose("gram_matrix", lambda A: A @ A.T).hint
    error = "ValueError: not enough values to unpack (expected 2, got 1)"
    of_pairs = f"{error}, in line 9: `optimizer.apply_gradients([gradient, generated_image])`"
    assert advice_on(of_pairs, "train_step").sentence.startswith("`apply_gradients` takes a list of")
    assert advice_on(error, "compute_content_cost").slug == "sizes-after-reshape"
    assert advice_on("KeyError: 'x'", "preprocess").sentence.startswith("There is no such entry")
    assert advice_on("StudentsOwnError: no", "preprocess").slug == "exception"
    misspelt = advice_on("AttributeError: module 'tensorflow' has no attribute 'mat_mul'", "gram_matrix")
    assert misspelt.sentence.endswith("Did you mean `tf.matmul`?")


@pytest.mark.parametrize(
    ("function", "score", "mistake"),
    [
        (lambda image: image[..., ::-1] - tf.constant([103.939, 116.779, 123.68]), 0.2, "not-scaled"),
        (
            lambda image: image[..., ::-1] * 256 - tf.constant([103.939, 116.779, 123.68]),
            0.2,
            "scaled-by-256",
        ),
        (lambda image: image[..., ::-1] * 255 - [105.0, 116.0, 123.0], 0.2, None),
        (lambda image: image / 127.5 - 1, 0.2, None),
    ],
)
def test_small_numbers_beside_large_ones_count(function, score, mistake):
    diagnosis = diagnose("preprocess", function)
    assert (diagnosis.score, diagnosis.mistake) == (score, mistake)
    assert "doesn't depend" not in diagnosis.hint
    assert "doesn't change" not in diagnosis.hint


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("total_cost", lambda J_content, J_style, alpha=10, beta=40: max(alpha * J_content, beta * J_style)),
        ("total_cost", lambda J_content, J_style, alpha=10, beta=40: min(alpha * J_content, beta * J_style)),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: tf.round(alpha * J_content / 100) + beta * J_style,
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: 1e-6 * alpha * J_content + beta * J_style,
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: alpha * tf.minimum(J_content, 1) + beta * J_style,
        ),
        ("compute_content_cost", lambda C, G: tf.round(tf.reduce_mean((C[-1] - G[-1]) ** 2) / 4)),
        ("compute_content_cost", lambda C, G: tf.reduce_max(tf.maximum(C[-1], G[-1]))),
        ("compute_content_cost", lambda C, G: tf.clip_by_value(tf.reduce_sum((C[-1] - G[-1]) ** 2), 0, 10)),
        ("compute_content_cost", lambda C, G: tf.tanh(tf.reduce_sum(tf.abs(C[-1] - G[-1])))),
    ],
)
def test_nothing_is_said_to_be_ignored_that_makes_a_difference(name, function):
    for seed in range(40):
        asked, trial = BY_VALUE[name], BY_VALUE[name].trial(seed)
        values = [observed.value for observed in trial.written(function, {})]
        assert ignored_arguments(Expected(asked.right, trial), values) == []
    hint = diagnose(name, function).hint
    assert not re.search("doesn't (depend|change)", hint), hint


def test_what_is_ignored_is_said_so():
    def total_cost(J_content, J_style, alpha=10, beta=40):
        return J_style**2 + beta

    for seed in range(5):
        assert "`J_content`" in diagnose("total_cost", total_cost, seed).hint
        trial = BY_VALUE["total_cost"].trial(seed)
        values = [observed.value for observed in trial.written(total_cost, {})]
        expected = Expected(BY_VALUE["total_cost"].right, trial)
        assert ignored_arguments(expected, values) == ["J_content", "alpha"]


def test_a_value_that_changes_a_little_is_not_unchanged():
    first = np.array([103.939, 1.0])
    assert is_unchanged(first, first)
    assert is_unchanged(first.astype(np.float32), first)
    assert not is_unchanged(first + np.array([0, 1e-3]), first)
    assert not is_unchanged(np.array(1 + 2e-6), np.array(1.0))


def test_only_a_function_that_is_right_so_far_meets_a_layer_of_real_size():
    for factor, largest in ((1.0, np.prod(LARGE_SHAPE)), (2.0, np.prod(SHAPES[0]))):
        sizes = []

        def compute_layer_style_cost(a_S, a_G, factor=factor, sizes=sizes):
            sizes.append(int(np.prod(a_G.shape)))
            return factor * costs.compute_layer_style_cost(a_S, a_G)

        diagnosis = diagnose("compute_layer_style_cost", compute_layer_style_cost)
        assert diagnosis.passed == (factor == 1)
        assert max(sizes) == largest
        assert sizes.count(np.prod(LARGE_SHAPE)) == diagnosis.passed


def test_real_sizes_are_too_large_for_an_int32_and_no_larger():
    n_H, n_W, n_C = LARGE_SHAPE
    assert (n_H * n_W) ** 2 > tf.int32.max > (n_H * n_W - n_H) ** 2
    for product in ((n_H * n_W) ** 2, n_C**2 * (n_H * n_W) ** 2, 4 * n_C**2 * (n_H * n_W) ** 2):
        assert tf.constant(product, tf.int64) != tf.cast(tf.cast(product, tf.int32), tf.int64)


def test_what_else_is_wrong_in_a_layer_of_real_size_is_not_called_an_overflow():
    def compute_layer_style_cost(a_S, a_G):
        factor = 1.0 if a_G.shape[1] < 100 else 3.0
        return factor * costs.compute_layer_style_cost(a_S, a_G)

    diagnosis = diagnose("compute_layer_style_cost", compute_layer_style_cost)
    assert diagnosis.mistake is None
    assert diagnosis.hint.startswith(
        "It is right for random activations of shape (1, 3, 5, 4), but not always"
    )
    assert "a real layer's shape, (1, 215, 216, 2)" in diagnosis.hint


def test_a_tests_other_arguments_have_to_be_there():
    with pytest.raises(TypeError, match="train_step_test takes train_step and generated_image"):
        train_step_test(lambda image: None)
    with pytest.raises(TypeError, match=r"gram_matrix_test takes gram_matrix\."):
        gram_matrix_test(right_gram, tf.Variable(1.0))


def test_a_tensor_changed_in_place_gets_a_sentence():
    def preprocess(image):
        image[..., 0] = image[..., 0] * 255
        return image

    diagnosis = diagnose("preprocess", preprocess)
    assert diagnosis.mistake == "changed-in-place"
    assert diagnosis.hint.endswith(" A tensor can't be changed in place: compute a new one from it.")


def test_numpy_inside_of_a_compiled_function():
    """It can't even be called, so it must not be called right."""

    @tf.function
    def gram_matrix(A):
        return tf.constant(A.numpy() @ A.numpy().T)

    diagnosis = diagnose("gram_matrix", gram_matrix)
    assert diagnosis.mistake == "numpy-inside"


@pytest.mark.parametrize(
    ("function", "score"),
    [
        (right_gram, 1.0),
        (lambda A: tf.constant(A.numpy() @ A.numpy().T), 0.7),
        (lambda A: 2 * right_gram(A), 0.4),
        (lambda A: right_gram(A) ** 2, 0.2),
        (lambda A: tf.transpose(A) @ A, 0.0),
        (lambda A: tf.zeros([A.shape[0], A.shape[0]]), 0.0),
        (lambda A: None, 0.0),
    ],
)
def test_partial_credit_follows_the_rubric(function, score):
    diagnosis = diagnose("gram_matrix", function)
    assert diagnosis.score == score
    assert sum(given for _, _, given in diagnosis.rubric) == pytest.approx(score)
    for what, points, given in diagnosis.rubric:
        assert ValueExercise.rubric[what] == points
        assert f"{given:g} of {points:g}: {what}" in str(diagnosis)


def test_a_rubric_adds_up_to_one():
    assert sum(ValueExercise.rubric.values()) == pytest.approx(1)
    assert sum(StepExercise.rubric.values()) == pytest.approx(1)


def test_what_is_no_function():
    diagnosis = diagnose("train_step", None)
    assert (diagnosis.score, diagnosis.hint) == (0.0, "`train_step` isn't a function: its type is NoneType.")
    with pytest.raises(
        ValueError, match="There is no exercise 'gram': choose from compute_content_cost, gram_matrix,"
    ):
        diagnose("gram", right_gram)


# ------------------------------------------------------------------------------------------- tests


def test_a_right_function_is_told_so(capsys):
    total_cost_test(costs.total_cost)
    lines = capsys.readouterr().out.splitlines()
    J_content, J_style, alpha, beta = (float(value) for value in BY_VALUE["total_cost"].trial(0).first)
    assert lines[0].startswith(f"total_cost gives {alpha * J_content + beta * J_style:.5g} for J_content = ")
    assert lines[1] == "\033[92mAll tests passed\033[0m"


def test_a_wrong_function_raises_with_the_hint():
    with pytest.raises(
        AssertionError, match=r"^gram_matrix: This is Aᵀ A: it has shape \(n_H·n_W, n_H·n_W\)"
    ):
        gram_matrix_test(lambda A: tf.transpose(A) @ A)


def test_what_a_function_calls_is_given_to_it_right(tmp_path):
    """A wrong gram_matrix costs its own points, and no others; and it is there again afterwards."""
    cell = RIGHT["compute_layer_style_cost"]["as in the course"]
    wrong = next(
        cell for name, slug, cell in WRONG if (name, slug) == ("gram_matrix", "positions-for-channels")
    )
    function = defined("compute_layer_style_cost", f"{wrong}\n{cell}", tmp_path)
    theirs = function.__globals__["gram_matrix"]
    compute_layer_style_cost_test(function)
    assert function.__globals__["gram_matrix"] is theirs


def test_a_learners_lists_stay_theirs():
    def empties(content_output, generated_output):
        return tf.reduce_mean(tf.square(content_output.pop() - generated_output.pop())) / 4

    with pytest.raises(AssertionError, match="Read an entry without removing it"):
        compute_content_cost_test(empties)


def test_checked_hands_out_what_to_go_on_with(capsys):
    def gram_matrix_solution(A):
        raise AssertionError("not called")

    assert checked(gram_matrix_test, right_gram, gram_matrix_solution) is right_gram
    assert capsys.readouterr().out.endswith("Going on with yours.\n")
    assert checked(gram_matrix_test, lambda A: None, gram_matrix_solution) is gram_matrix_solution
    assert capsys.readouterr().out == (
        "gram_matrix: It returns None: either the exercise isn't written yet, or it doesn't hand back the "
        "value with `return`.\n"
        "Going on with the solution.\n"
    )
    assert checked(gram_matrix_test, gram_matrix_solution, gram_matrix_solution) is gram_matrix_solution
    assert "is already the solution" in capsys.readouterr().out


# -------------------------------------------------------------------------------------- train_step


STEP = """
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
        J = total_cost(J_content, J_style, alpha, beta)
    gradient = tape.gradient(J, generated_image)
    optimizer.apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J
"""
J, OF_THE_TAPE = "total_cost(J_content, J_style, alpha, beta)", "tape.gradient(J, generated_image)"
APPLIED, CLIPPED = (line + "\n" for line in STEP.splitlines() if "apply" in line or "assign" in line)
RANDOM = "tf.random.stateless_normal(generated_image.shape, (1, 2))"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, "JGAC3"),
        ({J: "total_cost(J_content, J_style)"}, "GAC3"),
        ({J: "3 * J_content + 0.7 * J_style + 5"}, "GAC3"),
        ({CLIPPED: ""}, "JGA3"),
        ({"return J": "return J.numpy()"}, "GAC"),
        ({"return J": "pass"}, "GAC3"),
        ({APPLIED: ""}, "J"),
        ({APPLIED: 2 * APPLIED}, "JGC"),
        ({OF_THE_TAPE: f"-{OF_THE_TAPE}"}, "JAC"),
        ({OF_THE_TAPE: f"3 * {OF_THE_TAPE}"}, "JAC"),
        ({OF_THE_TAPE: "tf.sign(tape.gradient(J, generated_image))"}, "J"),
        ({OF_THE_TAPE: RANDOM}, "J"),
        ({OF_THE_TAPE: "tf.ones_like(generated_image)", J: "tf.constant(1.0)"}, ""),
        ({OF_THE_TAPE: "tf.zeros_like(generated_image)", J: "tf.constant(1.0)"}, ""),
        ({APPLIED: f"    generated_image.assign_add({RANDOM})\n", "return J": "return 2 * J"}, ""),
    ],
)
def test_each_part_of_a_step_counts_by_itself(change, parts, tmp_path):
    """J, the gradient, the optimizer that applies it, clipping, and all of it three times."""
    cell = STEP
    for what, other in change.items():
        assert cell.count(what) == 1
        cell = cell.replace(what, other)
    diagnosis = diagnose("train_step", defined("train_step", cell, tmp_path))
    given = [points for _, _, points in diagnosis.rubric]
    assert (
        "".join(part for part, (_, _, points) in zip("JGAC3", diagnosis.rubric, strict=True) if points)
        == parts
    )
    assert diagnosis.score == pytest.approx(sum(given))
    assert diagnosis.passed == (parts == "JGAC3")


WEIGHTS = [
    *((0.1, 0.0005), (1e-12, 1e-12), (1e6, 1e-12), (1e-12, 1e6), (1e300, 1), (1, 1e-300), (10**400, 1)),
    *((1, 0), (0, 1), (0, 0), (-1, 2), (1, -2), (-3, -4), (float("nan"), 1), (1, float("inf"))),
    *(
        ("ten", 40),
        ("10", None),
        (None, None),
        (tf.constant([1.0, 2.0]), 3),
        (tf.Variable(0.3), np.float32(2)),
    ),
]


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_a_right_step_is_right_whatever_the_weights(weights, tmp_path):
    alpha, beta = weights
    assert diagnose("train_step", defined("train_step", STEP, tmp_path, alpha=alpha, beta=beta)).passed


def test_a_cost_alone_is_told_from_the_sum_of_both(tmp_path):
    """With α = 10 and β = 0.05, J_content is half a per cent of J_style."""
    sums = {"J_style": "style-only", "J_content + J_style": "costs-added"}
    for seed, (formula, slug) in itertools.product(range(3), sums.items()):
        cell = STEP.replace(J, formula)
        assert diagnose("train_step", defined("train_step", cell, tmp_path), seed).mistake == slug


def test_the_learning_rate_is_a_number_for_every_seed():
    for seed, weights in itertools.product(range(40), ({}, {"alpha": 0.1, "beta": 0.0005})):
        trial = BY_STEPS["train_step"].trial(seed, weights)
        assert 0 < np.float32(trial.learning_rate) < np.inf


def test_a_step_is_judged_with_the_weights_that_the_trial_was_made_for(tmp_path):
    asked = BY_STEPS["train_step"]
    trial = asked.trial(0, {"alpha": 10.0, "beta": 0.05})
    train_step = defined("train_step", f"alpha, beta = 3, 0.7\n{STEP}", tmp_path)
    written, graph = trial.written(train_step, asked.helpers), trial.traced(train_step, asked.helpers)
    assert conclude(asked, trial, Evidence(written, trial.run(graph))).passed
    assert (train_step.__globals__["alpha"], train_step.__globals__["beta"]) == (3, 0.7)


def test_a_wrong_J_is_not_taken_for_the_right_one():
    """With β = ½ and both costs counting exactly the same, J_style alone would equal J."""
    for alpha, beta in ((10, 0.5), (0.5, 10), (2, 2), (1, 3), (10, 0.05)):
        trial = BY_STEPS["train_step"].trial(0, {"alpha": alpha, "beta": beta})
        scene, helpers = trial.scenes[0], BY_STEPS["train_step"].helpers
        a_C, a_S, a_G = map(network(trial.kernels), (scene.C, scene.S, scene.start))
        J_content = helpers["compute_content_cost"](a_C, a_G)
        J_style = helpers["compute_style_cost"](a_S, a_G, trial.style_layers)
        J = alpha * J_content + beta * J_style
        for other in (J_content, J_style, J_content + J_style, 10 * J_content + 40 * J_style):
            assert abs(other / J - 1) > 0.03, (alpha, beta)


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("how", ["as in the course", "zip"])
def test_the_check_and_then_the_training_loop(how, decorated, tmp_path, capsys):
    """A Keras optimizer refuses a second variable: the check must not have shown it one."""
    cell = RIGHT["train_step"][how].replace("@tf.function()\n", "")
    optimizer = tf.keras.optimizers.Adam(0.01)
    targets = [tf.random.stateless_uniform([1, 8, 8, 2], (number, 0)) for number in range(6)]
    train_step = defined(
        "train_step",
        f"@tf.function\n{cell}" if decorated else cell,
        tmp_path,
        optimizer=optimizer,
        vgg_model_outputs=lambda image: [(number + 1) * image[..., :2] ** 2 for number in range(6)],
        a_C=targets,
        a_S=targets,
    )
    names = getattr(train_step, "python_function", train_step).__globals__
    before = dict(names)
    generated_image = tf.Variable(tf.random.stateless_uniform([1, 8, 8, 3], (7, 0)))
    start = generated_image.numpy()
    train_step_test(train_step, generated_image)
    assert "All tests passed" in capsys.readouterr().out
    assert names == before
    assert not optimizer.built
    np.testing.assert_array_equal(generated_image, start)
    J = [float(train_step(generated_image)) for _ in range(5)]
    assert J[-1] < J[0]
    assert optimizer.iterations == 5


def test_the_globals_come_back_after_an_error(tmp_path):
    cell = "def train_step(generated_image):\n    optimizer.surprise()"
    train_step = defined("train_step", cell, tmp_path, optimizer="theirs")
    before = dict(train_step.__globals__)
    with pytest.raises(AssertionError, match="AttributeError"):
        train_step_test(train_step, tf.Variable(tf.zeros([1, 4, 4, 3])))
    assert train_step.__globals__ == before


def test_another_image_is_noticed_and_restored(tmp_path):
    cell = RIGHT["train_step"]["as in the course"].replace(
        "    return J", "    picture.assign(picture / 2)\n    return J"
    )
    picture = tf.Variable(tf.ones([1, 4, 4, 3]))
    train_step = defined("train_step", cell, tmp_path, picture=picture)
    with pytest.raises(AssertionError, match="a different image from the one it is given"):
        train_step_test(train_step, picture)
    np.testing.assert_array_equal(picture, np.ones([1, 4, 4, 3]))
