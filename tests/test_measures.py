"""What benchmarks.quality measures, against loops, closed forms and pictures whose measures are known."""

import math

import numpy as np
import pytest
from conftest import ROOT

from benchmarks.quality import measures
from nst_tf import load_image

KERNEL = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]


@pytest.fixture
def generator():
    return np.random.default_rng(0)


# --------------------------------------------------------------------------------------- grain


def test_the_fine_response_is_the_convolution_written_as_loops(generator):
    image = generator.random((5, 6, 3))
    expected = np.zeros((3, 4, 3))
    for row in range(3):
        for column in range(4):
            for channel in range(3):
                for i in range(3):
                    for j in range(3):
                        pixel = image[row + i, column + j, channel]
                        expected[row, column, channel] += KERNEL[i][j] * pixel / 16
    np.testing.assert_allclose(measures.fine_response(image), expected, atol=1e-12)


def test_a_plane_has_no_grain_whatever_its_slope():
    rows, columns = np.mgrid[:20, :30]
    plane = np.stack([0.3 + 0.01 * rows + 0.005 * columns] * 3, axis=-1)
    assert measures.grain(np.full((20, 30, 3), 0.7)) == 0
    assert measures.grain(plane) == pytest.approx(0, abs=1e-10)
    assert measures.median_grain(plane) == pytest.approx(0, abs=1e-10)


def test_the_grain_of_white_noise_is_its_closed_form(generator):
    sigma = 0.02
    noise = 0.5 + sigma * generator.standard_normal((600, 600, 3))
    response = 255 * sigma * math.sqrt(sum(k**2 for row in KERNEL for k in row)) / 16  # normally distributed
    assert measures.grain(noise) == pytest.approx(response, rel=0.01)
    assert measures.median_grain(noise) == pytest.approx(0.6745 * response, rel=0.01)  # its 75 % quantile


def test_a_chequerboard_has_the_most_grain_that_there_is():
    rows, columns = np.indices((8, 8))
    board = ((rows + columns) % 2).astype(float)
    assert measures.grain(board) == measures.median_grain(board) == 255 * 8 / 16


def test_an_edge_counts_in_the_mean_and_not_in_the_median():
    image = np.zeros((40, 40, 3))
    image[10, 10] = 1
    assert measures.grain(image) > 1
    assert measures.median_grain(image) == 0


@pytest.mark.parametrize(
    ("picture", "size", "expected"),
    [
        ("style/great_wave", 512, 4.09),
        ("content/chambord", 512, 3.42),
        ("style/summertime", 600, 1.02),
        ("content/louvre", 600, 3.75),
    ],
)
def test_the_grain_of_the_pictures_from_which_the_measure_comes(picture, size, expected):
    image = load_image(ROOT / f"images/{picture}.jpg", size)[0]
    assert measures.grain(image) == pytest.approx(expected, abs=0.006)


# --------------------------------------------------------------------------------------- style


def projections(a, directions):
    return measures.sorted_projections(np.asarray(a, float), directions)


def test_directions_have_length_1_and_point_everywhere():
    directions = measures.unit_vectors(20_000, 5)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions.T @ directions / 20_000, np.eye(5) / 5, atol=0.01)
    np.testing.assert_array_equal(measures.unit_vectors(7, 5), measures.unit_vectors(7, 5))


def test_the_distance_is_that_of_loops_over_directions_and_sorted_values(generator):
    a, b = generator.random((3, 4, 6)), generator.random((2, 6, 6))
    directions = measures.unit_vectors(5, 6)
    expected = 0.0
    for direction in directions:
        of_a = sorted(float(np.dot(position, direction)) for row in a for position in row)
        of_b = sorted(float(np.dot(position, direction)) for row in b for position in row)
        expected += sum(abs(x - y) for x, y in zip(of_a, of_b, strict=True)) / 12 / 5
    assert measures.sliced_wasserstein(
        projections(a, directions), projections(b, directions)
    ) == pytest.approx(expected)


def test_the_same_activations_elsewhere_are_the_same_style(generator):
    a, directions = generator.random((4, 5, 6)), measures.unit_vectors(8, 6)
    shuffled = generator.permutation(a.reshape(20, 6)).reshape(2, 10, 6)
    assert measures.sliced_wasserstein(projections(a, directions), projections(shuffled, directions)) < 1e-12


@pytest.mark.parametrize("rows", [50, 49, 70, 17])
def test_a_shifted_set_is_as_far_away_as_the_shift_along_each_direction(generator, rows):
    """Also where they differ in size: these are even ramps, whose quantiles lie between their values."""
    directions, shift = measures.unit_vectors(9, 2), np.array([0.5, -2.0])

    def evenly_spread(number):
        ramp = (np.arange(number) + 0.5) / number
        return np.stack([ramp, ramp], axis=-1)[:, np.newaxis]

    distance = measures.sliced_wasserstein(
        projections(evenly_spread(50), directions), projections(evenly_spread(rows) + shift, directions)
    )
    assert distance == pytest.approx(np.mean(np.abs(directions @ shift)))


def test_sets_of_different_sizes_are_compared_in_either_order(generator):
    directions = measures.unit_vectors(4, 3)
    a = projections(generator.standard_normal((200, 200, 3)), directions)
    b = projections(2 * generator.standard_normal((150, 170, 3)), directions)
    distance = measures.sliced_wasserstein(a, b)
    assert distance == measures.sliced_wasserstein(b, a)
    assert distance == pytest.approx(math.sqrt(2 / math.pi), rel=0.02)  # ∫ |2 Φ⁻¹ − Φ⁻¹| = E|x|


def test_style_is_0_for_the_painting_1_for_the_photograph_and_each_layer_counts_alike():
    S, C = (
        [np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])],
        [np.array([[2.0, 3.0]]), np.array([[1e3, 1e3 + 1]])],
    )
    assert measures.style_distance(S, S, C) == 0
    assert measures.style_distance(C, S, C) == 1
    assert measures.style_distance([S[0], C[1]], S, C) == measures.style_distance([C[0], S[1]], S, C) == 0.5


# --------------------------------------------------------------------------------------- content


def test_the_relative_feature_error_is_a_ratio_of_lengths(generator):
    a_C, a_G = generator.random((3, 4, 5)), generator.random((3, 4, 5))
    off = math.sqrt(sum((g - c) ** 2 for g, c in zip(a_G.flat, a_C.flat, strict=True)))
    length = math.sqrt(sum(c**2 for c in a_C.flat))
    assert measures.relative_feature_error(a_G, a_C) == pytest.approx(off / length)
    assert measures.relative_feature_error(a_C, a_C) == 0
    assert measures.relative_feature_error(0 * a_C, a_C) == 1


def test_edges_are_the_steepness_of_the_luminance():
    rows, columns = np.mgrid[:9, :9]
    ramp = np.stack([0.03 * rows + 0.04 * columns] * 3, axis=-1)
    np.testing.assert_allclose(measures.edges(ramp), 0.05)
    red = np.zeros((9, 9, 3))
    red[..., 0] = 0.1 * columns
    np.testing.assert_allclose(measures.edges(red), 0.0299)


def test_edges_correlate_as_numpy_says_and_not_where_there_are_none(generator):
    G, C = generator.random((8, 9, 3)), generator.random((8, 9, 3))
    expected = np.corrcoef(measures.edges(G).ravel(), measures.edges(C).ravel())[0, 1]
    assert measures.edge_correlation(G, C) == pytest.approx(expected)
    assert measures.edge_correlation(1 - 0.5 * C, C) == pytest.approx(1)  # where they are, not how strong
    assert measures.edge_correlation(np.full((8, 9, 3), 0.5), C) == 0


# ------------------------------------------------------------------------- at equal content error


def test_between_two_weights_a_measure_lies_on_a_straight_line():
    errors, values = [0.2, 0.6, 1.0], [0.9, 0.5, 0.4]
    assert measures.at_error(0.3, errors, values) == pytest.approx(0.8)
    assert measures.at_error(0.6, errors, values) == pytest.approx(0.5)
    assert measures.at_error(0.9, errors, values) == pytest.approx(0.425)


def test_nothing_is_extrapolated():
    for error in (0.19, 1.01):
        assert measures.at_error(error, [0.2, 0.6, 1.0], [0.9, 0.5, 0.4]) is None
    assert measures.at_error(0.5, [0.5], [1]) is None


def test_where_the_error_is_reached_twice_the_smaller_weights_count():
    assert measures.at_error(0.5, [0, 1, 0], [10, 20, 40]) == 15
    assert measures.at_error(0.5, [0.5, 0.5, 1], [10, 20, 40]) == 10
