"""The mistakes that can be made in several exercises, and what their hints say.

Where one mistake would cancel another (a mean in place of a sum, with the number of entries forgotten), it
lists the other's step too, unchanged, so that the two are not combined.
"""

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.base import mistake

ANOTHER_IMAGE = "It changes another image than the one it is given: use the argument's name throughout."


def _only_prints(value: object) -> None:
    print(value)


A_CONSTANT = np.linspace(0.1, 2.3, 1000, dtype=np.float32)


def from_the_notebook(a: tf.Tensor) -> tf.Tensor:
    """Something of an argument's shape from earlier in the notebook, used in its place."""
    return tf.cast(tf.reshape(A_CONSTANT[: tf.size(a)], a.shape), a.dtype)


IN_PLACE_OF_RESULT = [
    mistake(
        "returns-none",
        "It returns None: the exercise is not written yet, or there is no `return` with the value behind it.",
        result=lambda value: None,
    ),
    mistake(
        "print-for-return",
        "It prints the value, and returns None. Which word hands a value back?",
        result=_only_prints,
    ),
    mistake(
        "no-gradient",
        "The value is right, but it has no gradient: "
        "somewhere on the way from G it becomes a constant to TensorFlow.",
        result=tf.stop_gradient,
    ),
]
NUMBER_FOR_TENSOR = mistake(
    "float-for-tensor",
    "It returns a Python number, which has no gradient: return the tensor itself.",
    result=float,
)
ARRAY_FOR_TENSOR = mistake(
    "array-for-tensor",
    "It returns a NumPy array, which has no gradient, and can't be made inside `tf.function`: "
    "return the tensor itself.",
    result=np.asarray,
)
NUMPY_NUMBER = mistake(
    "numpy-number",
    "NumPy computes the right number, but TensorFlow can't follow it: there is no gradient, and inside "
    "`tf.function` it fails. Which TensorFlow functions do the same?",
    result=lambda value: np.sum(np.asarray(value)),
)
NUMPY = (
    "NumPy computes the right value, but TensorFlow can't follow it: there is no gradient, and inside "
    "`tf.function` it fails. Which TensorFlow functions do the same?"
)
GLOBAL = (
    "The value does not change when `{argument}` does: is the name of something in the notebook used where "
    "the argument's name belongs?"
)


INT32_OVERFLOW = "int32-overflow"
AN_OVERFLOW = (
    "It is right for small layers. In a layer of real size, the product of sizes overflows: `tf.shape` gives "
    "them as int32, and the largest int32 is 2,147,483,647. Cast the sizes before you multiply them."
)


def _numpy_square(difference: tf.Tensor) -> tf.Tensor:
    return tf.convert_to_tensor(np.square(difference))


def compared_with_itself(what: str, first: str, second: str) -> str:
    """The hint where an argument is used twice."""
    return f"The cost is always 0. Are `{first}` and `{second}` both used, or is {what} compared with itself?"


POWERS = [
    mistake(
        "absolute-for-square",
        "The differences are taken without their sign, but they are not squared. "
        "What does the formula do with each?",
        power=tf.abs,
    ),
    mistake(
        "signed-difference",
        "The differences are added up with their signs, so that they cancel out. "
        "What does the formula do with each one first?",
        power=lambda difference: difference,
    ),
    mistake(
        "numpy-inside",
        NUMPY,
        power=_numpy_square,
    ),
    mistake(
        "square-of-the-sum",
        "It squares the sum of the differences. The formula has the sum of the squared differences: "
        "which comes first?",
        power=lambda difference: difference,
        reduction=lambda difference: tf.square(tf.reduce_sum(difference)),
    ),
    mistake(
        "root-of-the-sum",
        "There is a square root, as in a distance. The formula keeps the sum of the squares itself.",
        reduction=lambda squares: tf.sqrt(tf.reduce_sum(squares)),
    ),
]
QUARTERS = [
    mistake(
        "quarter-missing",
        "A constant factor is missing: with which number does the formula's fraction begin?",
        quarter=lambda: 1,
    ),
    mistake(
        "half-for-quarter",
        "It is twice as large as the formula says: ½ is Gatys' factor, and the course's is another one.",
        quarter=lambda: 2,
    ),
    mistake(
        "doubled-divisor",
        "It is half of what the formula says: a 2 too much below the line?",
        quarter=lambda: 8,
    ),
    mistake(
        "quarter-squared",
        "It is a quarter of what the formula says: is the 4 there twice, or squared with the rest?",
        quarter=lambda: 16,
    ),
]
