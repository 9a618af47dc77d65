"""The mistakes that can be made in several exercises, and what their hints say.

Where one mistake would cancel another (a mean in place of a sum, with the number of entries forgotten), it
lists the other's step too, unchanged, so that the two are not combined.
"""

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.base import mistake

ANOTHER_IMAGE = "It changes a different image from the one it is given: work on the argument throughout."


def _only_prints(value: object) -> None:
    print(value)


A_CONSTANT = np.linspace(0.1, 2.3, 1000, dtype=np.float32)


def from_the_notebook(a: tf.Tensor) -> tf.Tensor:
    """Something of an argument's shape from earlier in the notebook, used in its place."""
    return tf.cast(tf.reshape(A_CONSTANT[: tf.size(a)], a.shape), a.dtype)


IN_PLACE_OF_RESULT = [
    mistake(
        "returns-none",
        "It returns None: either the exercise isn't written yet, or it doesn't hand back the value with "
        "`return`.",
        result=lambda value: None,
    ),
    mistake(
        "print-for-return",
        "It prints the value but returns None. Which keyword hands a value back to the caller?",
        result=_only_prints,
    ),
    mistake(
        "no-gradient",
        "The gradient is lost: somewhere between G and the result, TensorFlow starts treating it as a "
        "constant.",
        result=tf.stop_gradient,
    ),
]
NUMBER_FOR_TENSOR = mistake(
    "float-for-tensor",
    "It returns a plain Python number, which has no gradient: keep everything a tensor and return that.",
    result=float,
)
ARRAY_FOR_TENSOR = mistake(
    "array-for-tensor",
    "It returns a NumPy array, which has no gradient and can't be created inside `tf.function`: keep "
    "everything a tensor and return that.",
    result=np.asarray,
)
NUMPY_NUMBER = mistake(
    "numpy-number",
    "The final number comes from NumPy, which TensorFlow can't track, so there is no gradient, and it fails "
    "inside `tf.function`. Which TensorFlow functions do the same?",
    result=lambda value: np.sum(np.asarray(value)),
)
NUMPY = (
    "TensorFlow can't track operations done in NumPy, so there is no gradient, and it fails inside "
    "`tf.function`. Which TensorFlow functions do the same?"
)
GLOBAL = (
    "The result doesn't change when `{argument}` does: do you use a variable from the notebook where you "
    "need the argument?"
)


INT32_OVERFLOW = "int32-overflow"
AN_OVERFLOW = (
    "It is right for small layers, but for a layer of real size the product of the sizes overflows: "
    "`tf.shape` and `tf.size` give int32, whose largest value is 2,147,483,647. Cast the sizes before you "
    "multiply or square them."
)


def _numpy_square(difference: tf.Tensor) -> tf.Tensor:
    return tf.convert_to_tensor(np.square(difference))


def compared_with_itself(what: str, first: str, second: str) -> str:
    """The hint where an argument is used twice."""
    return (
        f"The cost is always 0. Do you use both `{first}` and `{second}`, or is {what} being compared with "
        "itself?"
    )


POWERS = [
    mistake(
        "absolute-for-square",
        "It takes the absolute value of each difference. What does the formula do with each one instead?",
        power=tf.abs,
    ),
    mistake(
        "signed-difference",
        "The differences are added up with their signs, so positive and negative ones cancel out. What does "
        "the formula do with each one first?",
        power=lambda difference: difference,
    ),
    mistake(
        "numpy-inside",
        NUMPY,
        power=_numpy_square,
    ),
    mistake(
        "square-of-the-sum",
        "It squares the sum of the differences, but the formula sums the squared differences: which "
        "operation comes first?",
        power=lambda difference: difference,
        reduction=lambda difference: tf.square(tf.reduce_sum(difference)),
    ),
    mistake(
        "root-of-the-sum",
        "It takes a square root, as for a distance. The formula uses the sum of the squares as it is.",
        reduction=lambda squares: tf.sqrt(tf.reduce_sum(squares)),
    ),
]
QUARTERS = [
    mistake(
        "quarter-missing",
        "A constant factor is missing: which number does the formula's denominator start with?",
        quarter=lambda: 1,
    ),
    mistake(
        "half-for-quarter",
        "The result is twice what the formula gives: ½ is Gatys' factor, and the one in `tf.nn.l2_loss`, but "
        "the course uses a different one.",
        quarter=lambda: 2,
    ),
    mistake(
        "doubled-divisor",
        "The result is half of what the formula gives: is there an extra 2 in the denominator, or "
        "`tf.nn.l2_loss`, which already halves the sum?",
        quarter=lambda: 8,
    ),
    mistake(
        "quarter-squared",
        "The result is a quarter of what the formula gives: does the 4 appear twice, or is it squared along "
        "with the rest?",
        quarter=lambda: 16,
    ),
]
TWO_ACTIVATIONS = [
    mistake(
        "compared-with-itself",
        compared_with_itself("one image's style", "a_S", "a_G"),
        activations=lambda a_S, a_G: (a_S, a_S),
    ),
    mistake(
        "global-for-a-S",
        GLOBAL.format(argument="a_S"),
        ignores="a_S",
        activations=lambda a_S, a_G: (from_the_notebook(a_S), a_G),
    ),
    mistake(
        "global-for-a-G",
        GLOBAL.format(argument="a_G"),
        ignores="a_G",
        activations=lambda a_S, a_G: (a_S, from_the_notebook(a_G)),
    ),
]
NUMPY_PRODUCT = mistake(
    "numpy-inside",
    NUMPY,
    product=lambda A: tf.convert_to_tensor(np.matmul(A, np.transpose(A))),
)
# The first two of ``OF_THE_PRODUCT`` do something else, or nothing, with two activations of different sizes.
PRODUCTS = [
    mistake(
        "diagonal-only",
        "Only the diagonal is right: each channel is compared with itself, but not with the others.",
        product=lambda A: tf.linalg.diag(tf.reduce_sum(A**2, axis=1)),
    ),
    mistake(
        "covariance",
        "Each channel's mean is subtracted first, as for a covariance. The Gram matrix uses the activations "
        "as they are.",
        product=lambda A: tf.matmul(
            A - tf.reduce_mean(A, 1, keepdims=True), A - tf.reduce_mean(A, 1, keepdims=True), transpose_b=True
        ),
    ),
]

OF_THE_PRODUCT = [
    mistake(
        "elementwise-product",
        "The matrix is multiplied by itself entry by entry. A matrix product compares every row with every "
        "other.",
        product=lambda A: A * A,
    ),
    mistake(
        "one-number",
        "It adds up the whole matrix to a single number. The Gram matrix has one entry for each pair of "
        "channels.",
        product=lambda A: tf.reduce_sum(tf.matmul(A, A, transpose_b=True)),
    ),
    *PRODUCTS,
]
