"""The formulas against loops in NumPy, finite differences, and what must not change them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from nst_tf.costs import (
    STYLE_LAYERS,
    channel_moments,
    compute_content_cost,
    compute_layer_style_cost,
    compute_style_cost,
    gram_matrix,
    gram_matrix_per_position,
    guided_gram_matrix,
    moments_distance,
    total_cost,
    total_variation_cost,
)
from nst_tf.terms import STATISTICS

# n_H, n_W and n_C all differ, so that a swapped axis can't go unseen.
SHAPES = st.lists(st.integers(1, 6), min_size=3, max_size=3, unique=True)
SIDES = st.integers(1, 6)
SEEDS = st.integers(0, 2**32 - 1)
DTYPES = st.sampled_from(["float32", "float64"])
TOLERANCE = {"float32": 1e-4, "float64": 1e-11}
of_the_program = STATISTICS["moments"].whole
thorough = settings(max_examples=40, deadline=None)


def activations(seed, *shape, dtype="float64"):
    return np.random.default_rng(seed).normal(size=(1, *shape)).astype(dtype)


# ------------------------------------------------------- the same formulas, one number at a time


def content_cost_by_loops(a_C, a_G):
    _, n_H, n_W, n_C = a_C.shape
    total = 0.0
    for i in range(n_H):
        for j in range(n_W):
            for k in range(n_C):
                total += (float(a_C[0, i, j, k]) - float(a_G[0, i, j, k])) ** 2
    return total / (4 * n_H * n_W * n_C)


def gram_by_loops(a):
    _, n_H, n_W, n_C = a.shape
    gram = np.zeros((n_C, n_C))
    for k in range(n_C):
        for other in range(n_C):
            for i in range(n_H):
                for j in range(n_W):
                    gram[k, other] += float(a[0, i, j, k]) * float(a[0, i, j, other])
    return gram


def layer_style_cost_by_loops(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    gram_S, gram_G = gram_by_loops(a_S), gram_by_loops(a_G)
    total = 0.0
    for k in range(n_C):
        for other in range(n_C):
            total += (gram_S[k, other] - gram_G[k, other]) ** 2
    return total / (4 * n_C**2 * (n_H * n_W) ** 2)


def total_variation_by_loops(G):
    _, h, w, _ = G.shape
    total = 0.0
    for down, across in ((1, 0), (0, 1)):
        squares = [
            (float(G[0, i + down, j + across, c]) - float(G[0, i, j, c])) ** 2
            for i in range(h - down)
            for j in range(w - across)
            for c in range(3)
        ]
        total += sum(squares) / max(len(squares), 1)
    return total


@thorough
@given(SHAPES, SEEDS, DTYPES)
def test_content_cost(shape, seed, dtype):
    a_C, a_G = activations(seed, *shape, dtype=dtype), activations(seed + 1, *shape, dtype=dtype)
    J_content = compute_content_cost(a_C, a_G)
    assert J_content.dtype.name == dtype
    assert J_content.shape == ()
    assert float(J_content) == pytest.approx(content_cost_by_loops(a_C, a_G), rel=TOLERANCE[dtype])


@thorough
@given(SHAPES, SEEDS, DTYPES)
def test_gram_matrix(shape, seed, dtype):
    a = activations(seed, *shape, dtype=dtype)
    A = np.stack([a[0, :, :, k].ravel() for k in range(shape[2])])  # (n_C, n_H·n_W)
    gram = gram_matrix(A)
    assert gram.dtype.name == dtype
    np.testing.assert_allclose(gram, gram_by_loops(a), rtol=TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])


@thorough
@given(SHAPES, SEEDS, DTYPES)
def test_layer_style_cost(shape, seed, dtype):
    a_S, a_G = activations(seed, *shape, dtype=dtype), activations(seed + 1, *shape, dtype=dtype)
    J_style = compute_layer_style_cost(a_S, a_G)
    assert J_style.dtype.name == dtype
    assert J_style.shape == ()
    assert float(J_style) == pytest.approx(layer_style_cost_by_loops(a_S, a_G), rel=TOLERANCE[dtype])


@thorough
@given(SHAPES, SEEDS, st.lists(st.floats(0, 2), min_size=1, max_size=4))
def test_style_cost(shape, seed, weights):
    n_H, n_W, n_C = shape
    sizes = [(n_H + layer, n_W + layer, n_C) for layer in range(len(weights) + 1)]
    S = [activations(seed + layer, *size) for layer, size in enumerate(sizes)]
    G = [activations(seed + 100 + layer, *size) for layer, size in enumerate(sizes)]
    layers = [(f"layer{number}", weight) for number, weight in enumerate(weights)]
    expected = sum(
        weight * layer_style_cost_by_loops(s, g) for weight, s, g in zip(weights, S[:-1], G[:-1], strict=True)
    )
    assert float(compute_style_cost(S, G, layers)) == pytest.approx(expected, rel=1e-10)


@thorough
@given(SIDES, SIDES, SEEDS, DTYPES)
def test_total_variation_cost(h, w, seed, dtype):
    G = activations(seed, h, w, 3, dtype=dtype)
    J_tv = total_variation_cost(G)
    assert J_tv.dtype.name == dtype
    assert J_tv.shape == ()
    assert float(J_tv) == pytest.approx(total_variation_by_loops(G), rel=TOLERANCE[dtype])


@thorough
@given(shape=SHAPES, seed=SEEDS, dtype=DTYPES)
def test_guided_gram_matrix(shape, seed, dtype):
    n_H, n_W, n_C = shape
    a = activations(seed, *shape, dtype=dtype)
    mask = np.random.default_rng(seed).uniform(0.1, 1, (n_H, n_W)).astype(dtype)
    expected = gram_by_loops(a * mask[np.newaxis, ..., np.newaxis]) / sum(
        float(mask[i, j]) ** 2 for i in range(n_H) for j in range(n_W)
    )
    guided = guided_gram_matrix(a.reshape(-1, n_C).T, mask.ravel())
    assert guided.dtype == dtype
    np.testing.assert_allclose(guided, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_guided_gram_matrix_by_hand():
    A, mask = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([1.0, 0.5, 0])
    np.testing.assert_allclose(guided_gram_matrix(A, mask), np.array([[2, 6.5], [6.5, 22.25]]) / 1.25)


@thorough
@given(shape=SHAPES, seed=SEEDS)
def test_what_a_guided_gram_matrix_sees(shape, seed):
    a = activations(seed, *shape)
    A = a.reshape(-1, shape[-1]).T
    whole = guided_gram_matrix(A, np.ones(A.shape[1]))
    np.testing.assert_allclose(whole, gram_matrix_per_position(a), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(guided_gram_matrix(A, np.full(A.shape[1], 0.3)), whole, rtol=1e-9, atol=1e-12)
    first = np.arange(A.shape[1]) == 0
    np.testing.assert_allclose(
        guided_gram_matrix(A, first.astype(float)), np.outer(A[:, 0], A[:, 0]), rtol=1e-9
    )


def moments_by_loops(a, mask):
    """Mean and deviation of each channel, every position with a weight of m² / Σ m²."""
    _, n_H, n_W, n_C = a.shape
    total = sum(float(m) ** 2 for m in mask.ravel())
    moments = np.zeros((2, n_C))
    for k in range(n_C):
        for i in range(n_H):
            for j in range(n_W):
                moments[0, k] += float(mask[i, j]) ** 2 / total * float(a[0, i, j, k])
        for i in range(n_H):
            for j in range(n_W):
                moments[1, k] += float(mask[i, j]) ** 2 / total * (float(a[0, i, j, k]) - moments[0, k]) ** 2
        moments[1, k] = np.sqrt(moments[1, k] + 1e-5)
    return moments


@thorough
@given(shape=SHAPES, seed=SEEDS, dtype=DTYPES)
def test_channel_moments(shape, seed, dtype):
    n_H, n_W, n_C = shape
    a, everywhere = activations(seed, *shape, dtype=dtype), np.ones((n_H, n_W), dtype)
    mask = np.random.default_rng(seed).uniform(0.1, 1, (n_H, n_W)).astype(dtype)
    A, close = a.reshape(-1, n_C).T, {"rtol": 10 * TOLERANCE[dtype], "atol": 10 * TOLERANCE[dtype]}
    assert channel_moments(A).dtype == dtype
    np.testing.assert_allclose(channel_moments(A), moments_by_loops(a, everywhere), **close)
    np.testing.assert_allclose(channel_moments(A, everywhere.ravel()), channel_moments(A), **close)
    np.testing.assert_allclose(channel_moments(A, mask.ravel()), moments_by_loops(a, mask), **close)
    np.testing.assert_allclose(channel_moments(A, 0.3 * mask.ravel()), moments_by_loops(a, mask), **close)
    m = mask.reshape(-1, 1) / np.linalg.norm(mask)
    np.testing.assert_allclose(
        of_the_program(tf.constant(a), tf.constant(m)), moments_by_loops(a, mask), **close
    )


def test_channel_moments_by_hand():
    """The first channel is 1 and 3, the second 5 and 5; with the mask, only its first position counts."""
    A = np.array([[1.0, 3.0], [5.0, 5.0]])
    np.testing.assert_allclose(channel_moments(A), [[2, 5], [np.sqrt(1 + 1e-5), np.sqrt(1e-5)]])
    np.testing.assert_allclose(channel_moments(A, np.array([1.0, 0.0])), [[1, 5], [np.sqrt(1e-5)] * 2])


def test_moments_distance_by_hand():
    """Three channels: (1 + 4 + 9 + 16 + 25 + 36) / 3."""
    moments = np.array([[1.0, 2, 3], [4, 5, 6]])
    np.testing.assert_allclose(moments_distance(moments, np.zeros((2, 3))), 91 / 3)


def test_moments_do_not_see_which_channels_fire_together():
    """Two channels that rise together, or one falls as the other rises: only a Gram matrix differs."""
    up, down = np.array([[1.0, 2, 3], [1, 2, 3]]), np.array([[1.0, 2, 3], [3, 2, 1]])
    np.testing.assert_allclose(channel_moments(up), channel_moments(down))
    assert not np.allclose(gram_matrix(up), gram_matrix(down))


def test_moments_of_a_constant_channel_have_a_gradient():
    a = tf.ones((1, 2, 3, 2), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(a)
        distance = moments_distance(channel_moments(A_S[0, 0]), of_the_program(a))
    assert np.isfinite(tape.gradient(distance, a)).all()


def test_total_variation_of_four_pixels():
    """Vertical differences 2 and 4, horizontal ones 1 and 3, in each channel: (4 + 16)/2 + (1 + 9)/2."""
    G = np.array([[0.0, 1.0], [2.0, 5.0]])[np.newaxis, :, :, np.newaxis].repeat(3, axis=3)
    assert float(total_variation_cost(G)) == 15


def test_total_variation_where_there_are_no_neighbours():
    column = np.array([0.0, 3.0, 3.0]).reshape(1, 3, 1, 1).repeat(3, axis=3)
    assert float(total_variation_cost(column)) == 9 / 2
    assert float(total_variation_cost(column.transpose(0, 2, 1, 3))) == 9 / 2
    assert float(total_variation_cost(column[:, :1])) == 0


@thorough
@given(*[st.floats(0, 1e3)] * 4, DTYPES)
def test_total_cost(J_content, J_style, alpha, beta, dtype):
    as_tensors = [tf.constant(value, dtype) for value in (J_content, J_style, alpha, beta)]
    J = total_cost(*as_tensors)
    assert J.dtype.name == dtype
    assert float(J) == pytest.approx(alpha * J_content + beta * J_style, rel=TOLERANCE[dtype], abs=1e-30)


def test_the_default_weights_are_the_courses():
    assert float(total_cost(0.2, 0.8)) == pytest.approx(10 * 0.2 + 40 * 0.8)
    assert [name for name, _ in STYLE_LAYERS] == [f"block{block}_conv1" for block in range(1, 6)]
    assert [weight for _, weight in STYLE_LAYERS] == [0.2] * 5


# ------------------------------------------------------------------------------------- gradients


def central_differences(function, x, step=1e-5):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (float(function(up)) - float(function(down))) / (2 * step)
    return gradient


A_C, A_S = activations(1, 3, 4, 2), activations(2, 5, 2, 2)
TWO_LAYERS = [("one", 0.3), ("two", 0.7)]
MASK = np.random.default_rng(4).uniform(0.1, 1, 12)  # over A_C's positions


def rows(a):
    """Activations of two channels unrolled, one channel in each row."""
    return tf.transpose(tf.reshape(a, [-1, 2]))


@pytest.mark.parametrize(
    "cost",
    [
        lambda a_G: compute_content_cost(A_C, a_G),
        lambda a_G: compute_layer_style_cost(A_S, a_G),
        lambda a_G: compute_style_cost([A_S, A_C, A_C], [a_G, a_G, a_G], TWO_LAYERS),
        lambda a_G: total_cost(compute_content_cost(A_C, a_G), compute_layer_style_cost(A_S, a_G), 3.0, 0.5),
        lambda a_G: total_variation_cost(tf.concat([a_G, tf.square(a_G[..., :1])], axis=-1)),
        lambda a_G: tf.reduce_sum(gram_matrix(rows(a_G)) * [[1.0, 2.0], [3.0, -4.0]]),
        lambda a_G: tf.reduce_sum(gram_matrix_per_position(a_G) * [[1.0, 2.0], [3.0, -4.0]]),
        lambda a_G: tf.reduce_sum(STATISTICS["gram"].whole(a_G) * [[1.0, 2.0], [3.0, -4.0]]),
        lambda a_G: tf.reduce_sum(channel_moments(rows(a_G)) * [[1.0, 2.0], [3.0, -4.0]]),
        lambda a_G: tf.reduce_sum(channel_moments(rows(a_G), MASK) * [[1.0, 2.0], [3.0, -4.0]]),
        lambda a_G: moments_distance(channel_moments(rows(A_S)), of_the_program(a_G)),
        lambda a_G: moments_distance(
            channel_moments(rows(A_S)), of_the_program(a_G, tf.reshape(MASK / tf.norm(MASK), [-1, 1]))
        ),
    ],
    ids=[
        "content",
        "layer style",
        "style",
        "total",
        "total variation",
        "gram matrix",
        "gram matrix per position",
        "the same with a faster gradient",
        "moments",
        "moments with a mask",
        "moments' distance",
        "moments' distance with a mask",
    ],
)
def test_gradient(cost):
    x = activations(3, 3, 4, 2)
    with tf.GradientTape() as tape:
        a_G = tf.constant(x)
        tape.watch(a_G)
        J = cost(a_G)
    np.testing.assert_allclose(
        tape.gradient(J, a_G), central_differences(lambda x: cost(tf.constant(x)), x), atol=1e-7
    )


# ------------------------------------------------------------------------------------ invariances


@thorough
@given(SHAPES, SEEDS)
def test_where_things_are_does_not_matter_to_style(shape, seed):
    n_H, n_W, n_C = shape
    a_S, a_G = activations(seed, *shape), activations(seed + 1, *shape)
    order = np.random.default_rng(seed).permutation(n_H * n_W)
    shuffled = a_G.reshape(1, n_H * n_W, n_C)[:, order].reshape(a_G.shape)
    np.testing.assert_allclose(
        gram_matrix(shuffled.reshape(-1, n_C).T), gram_matrix(a_G.reshape(-1, n_C).T), atol=1e-12
    )
    assert float(compute_layer_style_cost(a_S, shuffled)) == pytest.approx(
        float(compute_layer_style_cost(a_S, a_G)), rel=1e-9
    )


@thorough
@given(SHAPES, SEEDS)
def test_content_is_quadratic_and_style_quartic(shape, seed):
    one, other = activations(seed, *shape), activations(seed + 1, *shape)
    assert float(compute_content_cost(2 * one, 2 * other)) == pytest.approx(
        4 * float(compute_content_cost(one, other))
    )
    assert float(compute_layer_style_cost(2 * one, 2 * other)) == pytest.approx(
        16 * float(compute_layer_style_cost(one, other))
    )


@thorough
@given(SHAPES, SEEDS)
def test_equal_activations_cost_nothing(shape, seed):
    a = activations(seed, *shape)
    assert float(compute_content_cost(a, a)) == 0
    assert float(compute_layer_style_cost(a, a)) == 0


@thorough
@given(SIDES, SIDES, SEEDS)
def test_what_total_variation_does_not_see_and_what_it_does(h, w, seed):
    G = activations(seed, h, w, 3)
    J_tv = float(total_variation_cost(G))
    for alike in (G[:, ::-1], G[:, :, ::-1], G[..., ::-1], G.transpose(0, 2, 1, 3), G + 0.5):
        assert float(total_variation_cost(alike)) == pytest.approx(J_tv, rel=1e-9)
    assert float(total_variation_cost(0.5 + 2 * (G - 0.5))) == pytest.approx(4 * J_tv, rel=1e-9)
    assert float(total_variation_cost(np.full_like(G, 0.3))) == 0


def test_total_variation_does_not_depend_on_the_size():
    """A slope that rises by 0.01 from row to row and by 0.02 from column to column."""
    for h, w in ((2, 2), (5, 40), (300, 200)):
        slope = 0.01 * np.arange(h)[:, np.newaxis] + 0.02 * np.arange(w)
        G = slope[np.newaxis, :, :, np.newaxis].repeat(3, axis=3)
        assert float(total_variation_cost(G)) == pytest.approx(0.01**2 + 0.02**2, rel=1e-9)


def test_a_style_picture_of_another_size():
    a_S, a_G = activations(1, 5, 7, 3), activations(2, 2, 4, 3)
    difference = gram_by_loops(a_S) / (5 * 7) - gram_by_loops(a_G) / (2 * 4)
    assert float(compute_layer_style_cost(a_S, a_G)) == pytest.approx(np.sum(difference**2) / (4 * 3**2))
    tiled = np.tile(a_S, (1, 3, 2, 1))  # the same texture on a larger canvas
    assert float(compute_layer_style_cost(tiled, a_S)) == pytest.approx(0, abs=1e-20)


# ----------------------------------------------------------------------------- ways to call them


def test_the_content_layer_is_the_last_of_a_sequence():
    first, a_C, a_G = (activations(seed, 3, 2, 4) for seed in (1, 2, 3))
    expected = content_cost_by_loops(a_C, a_G)
    for content, generated in (
        (a_C, a_G),
        ([first, a_C], [first, a_G]),
        ((a_C,), [a_G]),
        (tf.constant(np.stack([first, a_C])), tf.constant(np.stack([first, a_G]))),  # rank 5
        (tf.Variable(np.stack([first, a_C])), np.stack([first, a_G])),
        (a_C, [first, a_G]),
    ):
        assert float(compute_content_cost(content, generated)) == pytest.approx(expected)


def test_style_outputs_as_a_tensor_of_rank_5():
    S, G = (np.stack([activations(seed + layer, 3, 2, 4) for layer in range(3)]) for seed in (1, 10))
    expected = sum(0.5 * layer_style_cost_by_loops(s, g) for s, g in zip(S[:2], G[:2], strict=True))
    layers = [("one", 0.5), ("two", 0.5)]
    assert float(compute_style_cost(tf.constant(S), tf.constant(G), layers)) == pytest.approx(expected)


def test_inside_a_function_of_unknown_batch_and_size():
    unknown = tf.TensorSpec([None, None, None, 4], tf.float64)

    @tf.function(input_signature=[unknown, unknown])
    def costs(a_C, a_G):
        J_content = compute_content_cost([a_C], [a_G])
        J_style = compute_style_cost([a_C, a_C], [a_G, a_G], [("one", 0.25)])
        return J_content, J_style, total_cost(J_content, J_style)

    for n_H, n_W in ((3, 2), (5, 6)):
        a_C, a_G = activations(1, n_H, n_W, 4), activations(2, n_H, n_W, 4)
        J_content, J_style, J = map(float, costs(a_C, a_G))
        assert J_content == pytest.approx(content_cost_by_loops(a_C, a_G))
        assert J_style == pytest.approx(0.25 * layer_style_cost_by_loops(a_C, a_G))
        assert J == pytest.approx(10 * J_content + 40 * J_style)


def test_total_variation_inside_a_function_of_unknown_shape():
    for spec in ([None, None, None, 3], None):

        @tf.function(input_signature=[tf.TensorSpec(spec, tf.float64)])
        def J_tv(G):
            return total_variation_cost(G)

        for h, w in ((3, 2), (5, 1), (1, 1)):
            G = activations(1, h, w, 3)
            assert float(J_tv(G)) == pytest.approx(total_variation_by_loops(G))


def test_inside_a_function_of_unknown_rank_5():
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, None, None], tf.float64)] * 2)
    def costs(C, G):
        return compute_content_cost(C, G), compute_style_cost(C, G, [("one", 1.0)])

    C, G = (np.stack([activations(seed + layer, 3, 2, 4) for layer in range(2)]) for seed in (1, 10))
    J_content, J_style = costs(C, G)
    assert float(J_content) == pytest.approx(content_cost_by_loops(C[1], G[1]))
    assert float(J_style) == pytest.approx(layer_style_cost_by_loops(C[0], G[0]))


def test_new_alpha_and_beta_as_tensors_do_not_trace_again():
    total_cost(tf.constant(1.0), tf.constant(2.0), tf.constant(3.0), tf.constant(4.0))
    traces = total_cost.experimental_get_tracing_count()
    assert float(total_cost(tf.constant(1.0), tf.constant(2.0), tf.constant(30.0), tf.constant(5.0))) == 40
    assert total_cost.experimental_get_tracing_count() == traces


# ------------------------------------------------------------------------------------ wrong input


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: compute_content_cost(A_C[0], A_C[0]), ["(3, 4, 2)", "rank 4", "(1, n_H, n_W, n_C)"]),
        (lambda: compute_content_cost(A_C, A_S), ["(1, 3, 4, 2)", "(1, 5, 2, 2)", "same size"]),
        (lambda: compute_content_cost(A_C, A_C.astype("float32")), ["float64", "float32", "tf.cast"]),
        (lambda: compute_content_cost(A_C.astype(int), A_C), ["int64", "floating-point"]),
        (lambda: compute_content_cost(np.concatenate([A_C, A_C]), A_C), ["(2, 3, 4, 2)", "batch of one"]),
        (lambda: gram_matrix(A_C), ["(1, 3, 4, 2)", "(n_C, n_H·n_W)"]),
        (lambda: compute_layer_style_cost(A_C, A_C[..., :1]), ["(1, 3, 4, 2)", "(1, 3, 4, 1)", "n_C"]),
        (lambda: compute_layer_style_cost(A_C, A_C[0, 0]), ["(4, 2)", "rank 4"]),
        (lambda: compute_style_cost([A_C] * 3, [A_C] * 3), ["3 outputs", "5 layers", "expected 6"]),
        (
            lambda: compute_style_cost([A_C] * 6, [A_C] * 2),
            ["generated_image_output", "2 outputs", "expected 6"],
        ),
        (lambda: compute_style_cost([A_C], [A_C], []), ["STYLE_LAYERS", "empty"]),
        (lambda: compute_content_cost([], []), ["list of outputs is empty"]),
        (lambda: channel_moments(A_C), ["(1, 3, 4, 2)", "channel_moments needs rank 2"]),
        (lambda: channel_moments(A_C[0, 0], np.ones(2, np.float32)), ["mask is float32", "tf.cast"]),
        (lambda: channel_moments(A_C[0, 0], np.zeros(2)), ["0 everywhere", "1 somewhere"]),
        (lambda: guided_gram_matrix(A_C, np.ones(12)), ["(1, 3, 4, 2)", "(n_C, n_H·n_W)"]),
        (lambda: guided_gram_matrix(A_C[0, 0], np.ones(4)), ["(4, 2)", "mask (4,)", "each of the n_H·n_W"]),
        (lambda: guided_gram_matrix(A_C[0, 0], np.ones((1, 2))), ["mask (1, 2)", "each of the n_H·n_W"]),
        (lambda: guided_gram_matrix(A_C[0, 0], np.ones(2, np.float32)), ["mask is float32", "tf.cast"]),
        (lambda: guided_gram_matrix(A_C[0, 0], np.zeros(2)), ["0 everywhere", "1 somewhere"]),
        (lambda: total_variation_cost(A_C[0]), ["(3, 4, 2)", "(1, h, w, 3)"]),
        (lambda: total_variation_cost(np.zeros((2, 4, 4, 3))), ["(2, 4, 4, 3)", "(1, h, w, 3)"]),
        (lambda: total_variation_cost(np.zeros((1, 4, 4, 1))), ["(1, 4, 4, 1)", "(1, h, w, 3)"]),
        (lambda: total_variation_cost(np.zeros((1, 4, 0, 3))), ["(1, 4, 0, 3)", "at least one pixel"]),
        (lambda: total_variation_cost(np.zeros((1, 4, 4, 3), int)), ["G has dtype int64", "floating-point"]),
        (lambda: total_cost(1, 2, 0.5, 0.5), ["J_content", "int32", "floating-point"]),
        (lambda: total_cost(tf.constant(1.0), tf.constant(2.0, tf.float64)), ["float32", "float64"]),
    ],
)
def test_wrong_input_is_a_value_error_that_says_what_was_expected(call, words):
    with pytest.raises(ValueError) as problem:  # noqa: PT011 - the words are the test
        call()
    assert [word for word in words if word not in str(problem.value)] == []
