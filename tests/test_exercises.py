"""What the checks of the notebooks' exercises say, and which function they hand out."""

import numpy as np
import pytest

from nst_tf import costs, total_cost
from nst_tf._tensorflow import tf
from nst_tf.exercises import checked


def gram_matrix_solution(A):
    return tf.matmul(A, A, transpose_b=True)


def total_cost_solution(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style


SOLUTIONS = {
    "gram_matrix": gram_matrix_solution,
    "total_cost": total_cost_solution,
}


def says(capsys, name, yours):
    """What is printed, and whether the learner's function is used."""
    solution = SOLUTIONS[name]
    chosen = checked(yours, solution)
    assert chosen is yours or chosen is solution
    return capsys.readouterr().out.strip(), chosen is yours


@pytest.mark.parametrize(
    "yours",
    [
        lambda A: tf.tensordot(A, A, [[1], [1]]),
        tf.function(lambda A: tf.einsum("ki,li->kl", A, A)),
        lambda A: A @ tf.transpose(A),
        lambda A: tf.stack([tf.reduce_sum(A * A[k], axis=1) for k in range(A.shape[0])]),
    ],
)
def test_a_right_function_is_used_however_it_is_written(capsys, yours):
    assert says(capsys, "gram_matrix", yours) == ("gram_matrix is right: going on with yours.", True)


@pytest.mark.parametrize(
    ("yours", "words"),
    [
        (lambda A: None, "not written yet: going on with the solution"),
        (lambda A: tf.matmul(A, A, transpose_a=True), "for shape (3, 20) it gives shape (20, 20); expected (3, 3)"),
        (lambda A: 2 * tf.matmul(A, A, transpose_b=True), "the entry at ["),
        (lambda A: np.asarray(A) @ np.asarray(A).T, "it has no gradient"),
        (lambda A: 1 / 0, "it fails with ZeroDivisionError: division by zero."),
        (lambda A: exit(), "it fails with SystemExit"),
        (lambda A, B: A, "it fails with TypeError"),
        (lambda A: "A", "it returns a str"),
        (lambda A: [A, 1], "it returns a list"),
        (lambda A: tf.stack([tf.reduce_sum(A * row, axis=1) for row in A]), "it fails with OperatorNotAllowed"),
        (lambda A: tf.matmul(A, tf.stop_gradient(A), transpose_b=True), "but its gradient is not"),
        (lambda A: object(), "it returns a object"),
        (lambda A: tf.matmul(A, A, transpose_b=True) * float("nan"), "nan"),
    ],
)
def test_a_wrong_function_is_told_what_differs(capsys, yours, words):
    text, used = says(capsys, "gram_matrix", yours)
    assert not used
    assert words in text
    assert text.startswith("gram_matrix: ")
    assert text.removesuffix(" (It returns None.)").endswith("oing on with the solution.")
    assert "\n" not in text


def test_a_factor_is_named(capsys):
    text, _ = says(
        capsys, "total_cost", lambda J_content, J_style, alpha=10, beta=40: (alpha * J_content + beta * J_style) / 2
    )
    assert text == (
        "total_cost: for J_content = 2, J_style = 3, alpha = 5, beta = 7 it gives 15.5; expected 31, so yours is 1/2 times "
        "the right value. Going on with the solution."
    )


def test_a_reshape_without_a_transpose_is_recognised(capsys):
    def compute_layer_style_cost_solution(a_S, a_G):
        raise AssertionError("not called")

    def straight(a_S, a_G):
        _, n_H, n_W, n_C = a_G.shape
        A_S, A_G = tf.reshape(a_S, [n_C, n_H * n_W]), tf.reshape(a_G, [n_C, n_H * n_W])
        difference = A_S @ tf.transpose(A_S) - A_G @ tf.transpose(A_G)
        return tf.reduce_sum(difference**2) / (4 * n_C**2 * (n_H * n_W) ** 2)

    assert checked(straight, compute_layer_style_cost_solution) is compute_layer_style_cost_solution
    assert "mix the channels: reshape to (n_H·n_W, n_C) first, then transpose" in capsys.readouterr().out


def test_the_package_itself_is_right_about_every_cost(capsys):
    for name in ("compute_content_cost", "gram_matrix", "compute_layer_style_cost", "compute_style_cost"):

        def solution():
            raise AssertionError("not called")

        solution.__name__ = f"{name}_solution"
        yours = getattr(costs, name)
        assert checked(yours, solution) is yours
        assert capsys.readouterr().out == f"{name} is right: going on with yours.\n"
    assert says(capsys, "total_cost", total_cost)[1]


def test_the_learners_lists_are_not_the_checks(capsys):
    """A function that empties its arguments is judged by its value."""

    def compute_content_cost_solution(content_output, generated_output):
        raise AssertionError("not called")

    def empties(content_output, generated_output):
        a_C, a_G = content_output.pop(), generated_output.pop()
        content_output.clear()
        return tf.reduce_mean(tf.square(a_C - a_G)) / 4

    assert checked(empties, compute_content_cost_solution) is empties


def test_a_function_that_changes_its_mind_is_no_traceback(capsys):
    values = iter([gram_matrix_solution, lambda A: None])
    text, used = says(capsys, "gram_matrix", lambda A: next(values)(A))
    assert not used
    assert "called once more, it returns None" in text


def test_checking_the_solution_says_so(capsys):
    text, _ = says(capsys, "gram_matrix", gram_matrix_solution)
    assert text.startswith("gram_matrix is the solution already")


# ------------------------------------------------------------------------------------- train_step

optimizer = tf.keras.optimizers.Adam(0.1)
the_notebooks_optimizer = optimizer


def J_of(image):
    return tf.reduce_sum(tf.square(image - 3))  # pulls every pixel above 1


def train_step_solution(generated_image):
    with tf.GradientTape() as tape:
        J = J_of(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(tf.clip_by_value(generated_image, 0, 1))
    return J


def without_clipping(generated_image):
    with tf.GradientTape() as tape:
        J = J_of(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


def without_return(generated_image):
    train_step_solution(generated_image)


def on_the_notebooks_image(generated_image):
    return train_step_solution(image)


def uphill(generated_image):
    with tf.GradientTape() as tape:
        J = -J_of(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(tf.clip_by_value(generated_image, 0, 1))
    return -J


def with_a_new_optimizer(generated_image):
    with tf.GradientTape() as tape:
        J = J_of(generated_image)
    new = tf.keras.optimizers.Adam(0.1)
    new.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(tf.clip_by_value(generated_image, 0, 1))
    return J


def by_plain_descent(generated_image):
    with tf.GradientTape() as tape:
        J = J_of(generated_image)
    generated_image.assign(tf.clip_by_value(generated_image - 0.01 * tape.gradient(J, generated_image), 0, 1))
    return J


@pytest.mark.parametrize(
    ("yours", "words"),
    [
        (with_a_new_optimizer, "it fails with ValueError"),
        (by_plain_descent, "falls otherwise"),
        (lambda image: train_step_solution(image).numpy(), "it fails with AttributeError"),
        (print, "there is no optimizer"),
        (tf.function(train_step_solution), "is right: going on with yours"),
        (tf.function(lambda generated_image: None), "not written yet"),
        (without_clipping, "values from 0.1 to 1.1: clip it to [0, 1]"),
        (without_return, "returns nothing: return J"),
        (on_the_notebooks_image, "changes another image than the one it is given"),
        (uphill, "falls otherwise"),
        (J_of, "the image is not changed"),
        (lambda image: 2 * train_step_solution(image), "so yours is 2 times the right value"),
        (lambda image: undefined(image), "it fails with NameError"),  # noqa: F821
    ],
)
def test_train_step_is_checked_without_touching_image_or_optimizer(capsys, yours, words):
    global image
    start = np.random.default_rng(0).random((1, 4, 5, 3), dtype=np.float32)
    image = tf.Variable(start)
    chosen = checked(yours, train_step_solution, image)
    text = capsys.readouterr().out
    assert words in text
    assert (chosen is yours) == ("is right: going" in text)
    np.testing.assert_array_equal(image, start)
    assert optimizer is the_notebooks_optimizer
    assert not optimizer.built


def test_train_step_without_an_optimizer(capsys):
    solution = eval("lambda generated_image: None", {})  # its own globals, without an optimizer
    solution.__name__ = "train_step_solution"
    assert checked(train_step_solution, solution, tf.Variable(np.zeros((1, 2, 2, 3), np.float32))) is solution
    assert "there is no optimizer yet" in capsys.readouterr().out
