"""What is read off a function's text: that it is there where it is the mistake, and not where it isn't."""

import random

import pytest

from nst_tf.grading.errors import error_line, line_in, raised, without_line
from nst_tf.grading.readings import read_off
from nst_tf.grading.signs import SIGNATURES, Text, parameters_of


def text(*lines, name="gram_matrix", arguments="A"):
    return Text(name, f"def {name}({arguments}):\n    " + "\n    ".join(lines))


@pytest.mark.parametrize(
    ("lines", "dropped"),
    [
        (["J + A"], "J + A"),
        (["tf.math.add(J, A)"], "tf.math.add(J, A)"),
        (["for a in A:", "    tf.transpose(a)"], "tf.transpose(a)"),
        (["costs.append(A + 1)"], ""),
        (["J = J + A"], ""),
        (["'J + A'"], ""),
        (["tf.print(A + 1)"], ""),
    ],
)
def test_a_value_that_is_dropped(lines, dropped):
    assert text(*lines).dropped == dropped


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["J = 0.0", "for a in A:", "    cost = a", "return J"], "J"),
        (["J = tf.constant(0.0)", "return J"], "J"),
        (["J = 0", "J += A", "return J"], ""),
        (["J = tf.reduce_sum(A)", "return J"], ""),
        (["J = 0", "for a in A:", "    J = J + a", "return J"], ""),
        (["return A"], ""),
    ],
)
def test_what_is_returned_as_it_began(lines, name):
    assert text(*lines).returned_as_it_began == name


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["A = tf.transpose(tf.reshape(A, [-1, 3]))", "n = A.shape[0]"], "A"),
        (["n = A.shape[0]", "A = tf.reshape(A, [-1, n])"], ""),
        (["B = tf.reshape(A, [-1, 3])", "n = B.shape[0]"], ""),
        (["A = tf.reshape(A, [-1, A.shape[-1]])"], ""),
    ],
)
def test_sizes_that_are_read_after_a_reshape(lines, name):
    assert text(*lines).reads_sizes_after_reshape == name


@pytest.mark.parametrize(
    ("lines", "is_read"),
    [
        (["A = A_global", "return A"], {"A": False}),
        (["A = tf.transpose(A)"], {"A": True}),
        (["B = tf.transpose(A)", "A = B"], {"A": True}),
        (["B = A"], {}),
        (["for a in A:", "    A = a"], {"A": True}),
    ],
)
def test_an_argument_that_is_overwritten(lines, is_read):
    assert text(*lines).rebound == is_read


@pytest.mark.parametrize(
    ("lines", "is_early"),
    [
        (["with tape:", "    J = 1", "    return J", "grad = 2"], True),
        (["return A", "print(A)"], True),
        (["if A:", "    return A", "return 1"], False),
        (["with tape:", "    return A"], False),
    ],
)
def test_a_return_that_comes_too_early(lines, is_early):
    assert text(*lines).returns_too_early is is_early


def test_pythons_sum_is_the_mistake_only_where_a_sum_is_missing():
    summing = text("return sum(A)")
    assert read_off(summing, None, is_unsummed=True).slug == "pythons-sum"
    assert read_off(summing, None) is None


def test_an_argument_is_overwritten_only_if_it_makes_no_difference():
    overwriting = text("A = other", "return A")
    assert read_off(overwriting, None, ignored=["A"]).slug == "argument-overwritten"
    assert read_off(overwriting, None) is None


def test_a_plus_after_the_equals_sign():
    assert text("J =+ w[1] * A").has_plus_after_equals
    assert text("J =+ A").has_plus_after_equals
    assert not text("J = A + 1", "J += A", "J = -A").has_plus_after_equals


def test_a_sum_that_is_multiplied():
    loop = ["for w in A:", "    J += w", "    J *= w"]
    assert text("J = 0", *loop).multiplied_sum == "J *= w"
    assert text("J = 0", *loop[:2], "J *= 2").multiplied_sum == ""
    assert text("J = 0", *loop[:2], "    w *= 2").multiplied_sum == ""


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_order_of_the_parameters(name):
    given = parameters_of(name)
    assert not Text(name, f"def {SIGNATURES[name]}: pass").has_other_order
    assert not Text(
        name, f"def {name}({', '.join(f'x{n}' for n in range(len(given)))}): pass"
    ).has_other_order
    backwards = Text(name, f"def {name}({', '.join(reversed(given))}): pass")
    assert backwards.has_other_order is (len(given) > 1)


def test_the_last_definition_counts_and_nothing_of_others():
    source = "def helper(x):\n    return x ^ 2\n\ndef gram_matrix(A):\n    return A // 2\n"
    assert not Text("gram_matrix", source).has_caret
    assert Text("gram_matrix", source).has_floor_division
    assert not Text("gram_matrix", source + "\ndef gram_matrix(A):\n    return A").has_floor_division


def test_no_text_is_too_odd():
    """Nothing escapes, and it comes to an end."""
    chance = random.Random(0)
    pieces = [
        "A",
        "(",
        ")",
        "[",
        "]",
        "=",
        "+",
        "^",
        "//",
        ".shape",
        "tf.reshape",
        "\n    ",
        "return ",
        "for a in A:",
        "\0",
        "é",
    ]
    sources = ["", "lambda A: A", "x = 1", "def gram_matrix(A): return A" + "+A" * 5000]
    sources += [f"def gram_matrix(A):\n    return {'(' * n}A{')' * n}" for n in (50, 5000)]
    sources += [f"def gram_matrix(A):\n    return A{'()' * n}{'.a' * n}" for n in (50, 4000)]
    sources += ["def gram_matrix(A):\n" + "    A = tf.reshape(A, A.shape)\n" * 600]
    sources += ["def gram_matrix(A):\n    " + "".join(chance.choices(pieces, k=60)) for _ in range(500)]
    for source in sources:
        read_off(Text("gram_matrix", source), None)


def test_an_error_and_its_line():
    def failing(A):
        return A + undefined  # noqa: F821

    try:
        failing(1)
    except NameError as error:
        told = error_line(error, __file__)
    assert line_in(told).startswith("return A + undefined")
    assert without_line(told) == "NameError: name 'undefined' is not defined"
    assert raised(told).startswith("Line ")
    assert raised(told).endswith("`, raises NameError: name 'undefined' is not defined.")
    assert raised(told, "For A,").startswith("For A, line ")
    assert raised("KeyError: 1") == "It raises KeyError: 1."
    assert raised("KeyError: 1", "For A,") == "For A, it raises KeyError: 1."
