"""The graded tests: right is right however it is written, and what is wrong is named."""

import dataclasses
import itertools
import re

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from learners import RIGHT, WRONG, defined

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
from nst_tf.grading.comparison import Expected
from nst_tf.grading.exercises.registry import EXERCISES, exercise
from nst_tf.grading.exercises.step_exercise import StepExercise
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.trial import observe

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

    A = tf.constant([[1 + 2**-12, 1 + 2**-10]])
    np.testing.assert_array_equal(in_tf32(A), [[1, 1 + 2**-10]])
    assert diagnose("gram_matrix", gram_matrix, seed).passed
    assert diagnose("compute_layer_style_cost", compute_layer_style_cost, seed).passed


# ------------------------------------------------------------------------------------------- wrong


@pytest.mark.parametrize(("name", "slug", "cell"), WRONG, ids=[f"{name}: {slug}" for name, slug, _ in WRONG])
def test_a_mistake_is_recognised_however_it_is_written(name, slug, cell, tmp_path):
    diagnosis = diagnose(name, defined(name, cell, tmp_path))
    assert not diagnosis.passed
    assert diagnosis.score < 1
    assert diagnosis.mistake == slug
    assert diagnosis.hint


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_VALUE)
def test_every_mistake_of_the_catalogue_is_recognised(name, capsys):
    for mistake in BY_VALUE[name].mistakes:
        diagnosis = diagnose(name, mistake.in_place_of(BY_VALUE[name].right))
        assert diagnosis.mistake == mistake.slug
        assert diagnosis.score < 1


@pytest.mark.slow
def test_every_mistake_of_train_step_is_recognised(capsys):
    mistakes = BY_STEPS["train_step"].mistakes
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
@pytest.mark.parametrize("seed", [0, 1])
def test_no_mistake_and_no_two_together_are_right(name, seed, capsys):
    asked = BY_VALUE[name]
    trial = asked.trial(seed)
    expected = Expected(asked.right, trial, asked.tolerance)
    right = behaviour(asked.right, trial)
    for mistake in asked.all_mistakes():
        function = mistake.in_place_of(asked.right)
        values = [observe(function, each.arguments, tf.float64).value for each in trial.inputs]
        values_agree = not expected.wrong_places(values)
        assert not values_agree or not same(expected, behaviour(function, trial), right), mistake.slug


@pytest.mark.parametrize("name", BY_VALUE)
def test_no_two_mistakes_are_one(name, capsys):
    asked = BY_VALUE[name]
    trial = asked.trial(0)
    expected = Expected(asked.right, trial, asked.tolerance)
    seen = {each.slug: behaviour(each.in_place_of(asked.right), trial) for each in asked.mistakes}
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
        ("gram_matrix", lambda A: "A", "It returns a value of type str: a tensor is expected."),
        ("gram_matrix", lambda A: right_gram(A)[:2], "shape (2, 4): expected (4, 4)"),
        ("gram_matrix", lambda A: right_gram(A) / 0, "not a number"),
        ("gram_matrix", lambda A: -right_gram(A), "Only the sign is wrong."),
        ("gram_matrix", lambda A: right_gram(A) * 3 / 7, "always 3/7 times the right value"),
        ("gram_matrix", lambda A: right_gram(A) + 1.0, "where"),
        (
            "gram_matrix",
            lambda A: right_gram(A) if A.shape[0] == A.shape[1] else 1 / 0,
            "it stops with ZeroDivisionError",
        ),
        ("gram_matrix", lambda A: right_gram(tf.stop_gradient(A)) + 0 * A[0, 0], "but its gradient is not"),
        ("gram_matrix", lambda A: tf.stack([A[:, i] for i in range(A.numpy().shape[1])]), "shape (15, 4)"),
        (
            "compute_layer_style_cost",
            lambda a_S, a_G: costs.compute_layer_style_cost(a_S, a_G) ** 2,
            "It is 0 where it should be, for a_S = a_G, but not right elsewhere",
        ),
        (
            "compute_style_cost",
            lambda S, G, STYLE_LAYERS: sum(
                (k + 1) * costs.compute_layer_style_cost(S[k], G[k]) for k in range(2)
            ),
            "The value does not depend on `STYLE_LAYERS`",
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: 3 * J_content + beta * J_style,
            "The value does not depend on `alpha`",
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=10, beta=40: (
                alpha * J_content + beta * J_style * tf.cast(J_style < 40, tf.float32)
            ),
            "It is right for J_content =",
        ),
        (
            "total_cost",
            lambda J_content, J_style, alpha=1, beta=40: alpha * J_content + beta * J_style,
            "their defaults",
        ),
        ("gram_matrix", lambda A: tf.cast(right_gram(A), tf.float64), "It returns a tensor of dtype float64"),
    ],
)
def test_other_mistakes_get_the_closest_true_statement(name, function, words):
    diagnosis = diagnose(name, function)
    assert diagnosis.mistake is None
    assert words in diagnosis.hint
    assert diagnosis.score < 1


def test_an_error_that_does_not_speak_for_itself_gets_a_sentence():
    assert diagnose("gram_matrix", lambda A: (A - 1) ^ 2).hint.endswith(
        "Did you mean a power by `^`? Python writes it `**`."
    )
    assert "A tensor has no `.T`" in diagnose("gram_matrix", lambda A: A @ A.T).hint


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
    assert "does not depend" not in diagnosis.hint
    assert "does not change" not in diagnosis.hint


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
    assert diagnosis.mistake == "exception"
    assert diagnosis.hint.endswith(" A tensor can't be changed in place: compute another one from it.")


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
    assert (diagnosis.score, diagnosis.hint) == (0.0, "`train_step` is no function, but of type NoneType.")
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

    with pytest.raises(AssertionError, match="Look an entry up without taking it out"):
        compute_content_cost_test(empties)


def test_checked_hands_out_what_to_go_on_with(capsys):
    def gram_matrix_solution(A):
        raise AssertionError("not called")

    assert checked(gram_matrix_test, right_gram, gram_matrix_solution) is right_gram
    assert capsys.readouterr().out.endswith("Going on with yours.\n")
    assert checked(gram_matrix_test, lambda A: None, gram_matrix_solution) is gram_matrix_solution
    assert capsys.readouterr().out == (
        "gram_matrix: It returns None: the exercise is not written yet, or there is no `return` with the "
        "value behind it.\n"
        "Going on with the solution.\n"
    )
    assert checked(gram_matrix_test, gram_matrix_solution, gram_matrix_solution) is gram_matrix_solution
    assert "is the solution already" in capsys.readouterr().out


# -------------------------------------------------------------------------------------- train_step


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
    with pytest.raises(AssertionError, match="another image than the one it is given"):
        train_step_test(train_step, picture)
    np.testing.assert_array_equal(picture, np.ones([1, 4, 4, 3]))
