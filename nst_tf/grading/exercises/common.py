"""The catalogue: what learners do instead, each mistake a slug, a hint, and the steps of the right function that it replaces.

A submission is compared with these in behaviour, so that every way of writing a mistake gets the same hint. Two mistakes
that replace different steps combine by themselves. To add one, add an entry; the tests say if it can't be told from
another. Where one mistake would make another one harmless (a mean in place of a sum, and the number of entries forgotten),
it names the other's step too, unchanged, so that they don't combine. ``train_step``'s are in ``training_mistakes.py``.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.base import Mistake, mistake, pairs
from nst_tf.grading.references import ContentCost, LayerStyleCost


def mistakes_of(name: str) -> Iterator[Mistake]:
    """The mistakes of a function, and then every two of them that combine."""
    yield from CATALOGUE[name]
    yield from pairs(CATALOGUE[name])


def _fails(*_: object) -> None:
    raise RuntimeError


def _print(value: object) -> None:
    print(value)


_A_CONSTANT = np.linspace(0.1, 2.3, 1000, dtype=np.float32)


def _from_the_notebook(a: tf.Tensor) -> tf.Tensor:
    """In place of an argument: something of its shape that was there before."""
    return tf.cast(tf.reshape(_A_CONSTANT[: tf.size(a)], a.shape), a.dtype)


_IN_PLACE_OF_RESULT = [
    mistake(
        "returns-none",
        "It returns None: the exercise is not written yet, or there is no `return` with the value behind it.",
        result=lambda value: None,
    ),
    mistake(
        "print-for-return",
        "It prints the value, and returns None. Which word hands a value back?",
        result=_print,
    ),
    mistake("exception", "It stops with {error}.", result=_fails),
    mistake(
        "no-gradient",
        "The value is right, but it has no gradient: somewhere on the way from G it becomes a constant to TensorFlow.",
        result=tf.stop_gradient,
    ),
]
_NUMBER_FOR_TENSOR = mistake(
    "float-for-tensor",
    "It returns a Python number, which has no gradient: return the tensor itself.",
    result=float,
)
_ARRAY_FOR_TENSOR = mistake(
    "array-for-tensor",
    "It returns a NumPy array, which has no gradient, and can't be made inside `tf.function`: return the tensor itself.",
    result=np.asarray,
)
_NUMPY_NUMBER = mistake(
    "numpy-number",
    "NumPy computes the right number, but TensorFlow can't follow it: there is no gradient, and inside `tf.function` it "
    "fails. Which TensorFlow functions do the same?",
    result=lambda value: np.sum(np.asarray(value)),
)
_NUMPY = (
    "NumPy computes the right value, but TensorFlow can't follow it: there is no gradient, and inside `tf.function` it "
    "fails. Which TensorFlow functions do the same?"
)
_GLOBAL = (
    "The value does not change when `{argument}` does: is the name of something in the notebook used where the "
    "argument's name belongs?"
)


def _numpy_square(difference: tf.Tensor) -> tf.Tensor:
    return tf.convert_to_tensor(np.square(difference))


def _own(what: str, first: str, second: str) -> str:
    return f"The cost is always 0. Are `{first}` and `{second}` both used, or is {what} compared with itself?"


_POWERS = [
    mistake(
        "absolute-for-square",
        "The differences are taken without their sign, but they are not squared. What does the formula do with each?",
        power=tf.abs,
    ),
    mistake(
        "signed-difference",
        "The differences are added up with their signs, so that they cancel out. What does the formula do with each one first?",
        power=lambda difference: difference,
    ),
    mistake(
        "numpy-inside",
        _NUMPY,
        power=_numpy_square,
    ),
    mistake(
        "square-of-the-sum",
        "It squares the sum of the differences. The formula has the sum of the squared differences: which comes first?",
        power=lambda difference: difference,
        reduction=lambda difference: tf.square(tf.reduce_sum(difference)),
    ),
    mistake(
        "root-of-the-sum",
        "There is a square root, as in a distance. The formula keeps the sum of the squares itself.",
        reduction=lambda squares: tf.sqrt(tf.reduce_sum(squares)),
    ),
]
_QUARTERS = [
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

CONTENT = [
    *_IN_PLACE_OF_RESULT,
    _NUMBER_FOR_TENSOR,
    _ARRAY_FOR_TENSOR,
    _NUMPY_NUMBER,
    mistake(
        "first-entry",
        "It uses the first entries of the lists. At which end of the list is the content layer's activation?",
        entries=lambda content_output, generated_output: (content_output[0], generated_output[0]),
    ),
    mistake(
        "entry-before-the-last",
        "It uses the entries before the last ones, a style layer's. The content layer's is the very last.",
        entries=lambda content_output, generated_output: (content_output[-2], generated_output[-2]),
    ),
    mistake(
        "compared-with-itself",
        _own("an activation", "content_output", "generated_output"),
        entries=lambda content_output, generated_output: (content_output[-1], content_output[-1]),
    ),
    mistake(
        "global-for-content-output",
        _GLOBAL.format(argument="content_output"),
        ignores="content_output",
        entries=lambda content_output, generated_output: (
            _from_the_notebook(content_output[-1]),
            generated_output[-1],
        ),
    ),
    mistake(
        "global-for-generated-output",
        _GLOBAL.format(argument="generated_output"),
        ignores="generated_output",
        entries=lambda content_output, generated_output: (
            content_output[-1],
            _from_the_notebook(generated_output[-1]),
        ),
    ),
    mistake(
        "argument-changed",
        "The value is right, but the lists that came in are changed: whoever uses them next finds an entry less. "
        "Look an entry up without taking it out.",
        entries=lambda content_output, generated_output: (content_output.pop(), generated_output.pop()),
    ),
    mistake(
        "all-layers",
        "It adds up the costs of all entries. The content is compared in one layer only, the last.",
        entries=lambda content_output, generated_output: (content_output, generated_output),
        difference=lambda C, G: (C, G),
        power=lambda sides: [tf.square(a_C - a_G) for a_C, a_G in zip(*sides, strict=True)],
        reduction=lambda squares: tf.add_n(
            [tf.reduce_sum(each) / tf.cast(tf.size(each), each.dtype) for each in squares]
        ),
        sizes=lambda G: (1, 1, 1),
        size=ContentCost.size,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two activations. The cost is 0 when they are equal: what has to be done with them?",
        difference=lambda a_C, a_G: a_C + a_G,
    ),
    *_POWERS,
    mistake(
        "mean-for-sum",
        "It divides by n_H · n_W · n_C twice. A mean does that already, and the formula has no square there.",
        reduction=tf.reduce_mean,
        size=ContentCost.size,
    ),
    mistake(
        "sum-over-one-axis",
        "It adds up along some axes only, and takes what is left for the whole: the cost is one number, over all entries.",
        reduction=lambda squares: tf.reduce_sum(squares, axis=[1, 2])[0, 0],
    ),
    *_QUARTERS,
    mistake(
        "size-missing",
        "It is not divided by the number of entries: the formula has n_H, n_W and n_C below the line.",
        size=lambda n_H, n_W, n_C: 1,
    ),
    mistake(
        "channels-missing",
        "n_C is missing below the line, or the sizes are read one axis too early: an activation's first axis is the batch of 1.",
        size=lambda n_H, n_W, n_C: n_H * n_W,
    ),
    mistake(
        "everything-squared",
        "The whole of 4 · n_H · n_W · n_C is squared below the line: here nothing is.",
        factor=lambda summed, divisor: summed / divisor**2,
        quarter=ContentCost.quarter,
        size=ContentCost.size,
    ),
    mistake("positions-missing", "n_H · n_W is missing below the line.", size=lambda n_H, n_W, n_C: n_C),
    mistake("width-missing", "n_W is missing below the line.", size=lambda n_H, n_W, n_C: n_H * n_C),
    mistake("height-missing", "n_H is missing below the line.", size=lambda n_H, n_W, n_C: n_W * n_C),
    mistake(
        "sizes-added",
        "n_H, n_W and n_C are added below the line. How many entries does a block of n_H by n_W by n_C have?",
        size=lambda n_H, n_W, n_C: n_H + n_W + n_C,
    ),
    mistake(
        "factor-upside-down",
        "It is multiplied by n_H · n_W · n_C. In Python, `1 / 4 * n` is a quarter *of* n: where do the brackets go?",
        size=lambda n_H, n_W, n_C: 1 / (n_H * n_W * n_C),
    ),
    mistake(
        "factor-multiplied",
        "It is multiplied by the whole of 4 · n_H · n_W · n_C, where the formula divides.",
        factor=lambda summed, divisor: summed * divisor,
        quarter=ContentCost.quarter,
        size=ContentCost.size,
    ),
]


def _without_transpose(A: tf.Tensor) -> tf.Tensor:
    if A.shape[0] != A.shape[1]:  # TensorFlow would say so too, and write to the screen
        raise ValueError
    return tf.matmul(A, A)


GRAM = [
    *_IN_PLACE_OF_RESULT,
    _ARRAY_FOR_TENSOR,
    mistake(
        "positions-for-channels",
        "This is Aᵀ A: it has shape (n_H·n_W, n_H·n_W) and compares positions. Which axis of A holds the channels, and which one has to be summed over?",
        product=lambda A: tf.matmul(A, A, transpose_a=True),
    ),
    mistake(
        "elementwise-product",
        "This multiplies A with itself entry by entry. A matrix product compares every row with every other.",
        product=lambda A: A * A,
    ),
    mistake(
        "no-transpose",
        "It multiplies A with A itself, which only works where A is square. What has to be turned round?",
        product=_without_transpose,
    ),
    mistake(
        "reshape-for-transpose",
        "The second factor has the right shape, but its entries are in another order: reshaping keeps the order in memory, it "
        "does not turn rows into columns.",
        product=lambda A: tf.matmul(A, tf.reshape(A, [A.shape[1], A.shape[0]])),
    ),
    mistake(
        "numpy-inside",
        _NUMPY,
        product=lambda A: tf.convert_to_tensor(np.matmul(A, np.transpose(A))),
    ),
    mistake(
        "one-number",
        "It adds the whole matrix up to one number. The Gram matrix has an entry for each pair of channels.",
        product=lambda A: tf.reduce_sum(tf.matmul(A, tf.transpose(A))),
    ),
    mistake(
        "diagonal-only",
        "Only the diagonal is right: every channel is compared with itself, but not with the others.",
        product=lambda A: tf.linalg.diag(tf.reduce_sum(A * A, axis=1)),
    ),
    mistake(
        "norms-only",
        "It has one number for each channel, how strong it is. The Gram matrix has one for each *pair* of channels.",
        product=lambda A: tf.reduce_sum(A * A, axis=1),
    ),
    mistake(
        "covariance",
        "The channels' means are taken off first. That is a covariance; the Gram matrix takes the activations as they are.",
        product=lambda A: tf.matmul(
            A - tf.reduce_mean(A, 1, keepdims=True), A - tf.reduce_mean(A, 1, keepdims=True), transpose_b=True
        ),
    ),
    mistake(
        "rows-normalised",
        "Each channel is brought to length 1 first. That is a cosine similarity; the Gram matrix takes the activations as they are.",
        product=lambda A: tf.matmul(tf.math.l2_normalize(A, 1), tf.math.l2_normalize(A, 1), transpose_b=True),
    ),
    mistake(
        "global-for-argument",
        _GLOBAL.format(argument="A"),
        ignores="A",
        product=lambda A: tf.cast(tf.reshape(_A_CONSTANT[:16], [4, 4]), A.dtype),
    ),
    mistake(
        "divided-by-size",
        "It is divided by the number of A's entries. The Gram matrix has no such factor; the style cost has one.",
        factor=lambda G, A: G / (A.shape[0] * A.shape[1]),
    ),
    mistake(
        "divided-by-positions",
        "It is divided by n_H·n_W. The Gram matrix has no such factor; the style cost has one.",
        factor=lambda G, A: G / A.shape[1],
    ),
    mistake(
        "divided-by-channels",
        "It is divided by n_C. The Gram matrix has no such factor; the style cost has one.",
        factor=lambda G, A: G / A.shape[0],
    ),
    mistake("halved", "It is half of A Aᵀ: the Gram matrix has no factor.", factor=lambda G, A: G / 2),
    mistake("doubled", "It is twice A Aᵀ: the Gram matrix has no factor.", factor=lambda G, A: 2 * G),
    mistake(
        "root",
        "There is a square root over the entries: the Gram matrix is A Aᵀ, and nothing else.",
        factor=lambda G, A: tf.sqrt(tf.abs(G)),
    ),
    mistake(
        "squared",
        "The entries are squared: the Gram matrix is A Aᵀ, and nothing else.",
        factor=lambda G, A: tf.square(G),
    ),
]

LAYER_STYLE = [
    *_IN_PLACE_OF_RESULT,
    _NUMBER_FOR_TENSOR,
    _ARRAY_FOR_TENSOR,
    _NUMPY_NUMBER,
    mistake(
        "compared-with-itself",
        _own("an image's style", "a_S", "a_G"),
        activations=lambda a_S, a_G: (a_S, a_S),
    ),
    mistake(
        "global-for-a-S",
        _GLOBAL.format(argument="a_S"),
        ignores="a_S",
        activations=lambda a_S, a_G: (_from_the_notebook(a_S), a_G),
    ),
    mistake(
        "global-for-a-G",
        _GLOBAL.format(argument="a_G"),
        ignores="a_G",
        activations=lambda a_S, a_G: (a_S, _from_the_notebook(a_G)),
    ),
    mistake(
        "reshaped-straight",
        "The rows of the unrolled matrices mix the channels. In memory the channels stand side by side at every position, so "
        "which shape can a reshape give, and what has to follow?",
        reshape=lambda a, n_H, n_W, n_C: tf.reshape(a, [n_C, n_H * n_W]),
        transpose=lambda A: A,
    ),
    mistake(
        "positions-for-channels",
        "The Gram matrices compare positions, not channels: they are of shape (n_H·n_W, n_H·n_W). Which axis has to be the channels' "
        "before the product is taken?",
        gram=lambda A: tf.matmul(A, A, transpose_a=True),
    ),
    mistake(
        "elementwise-product",
        "The Gram matrices are products entry by entry. A matrix product compares every channel with every other.",
        gram=lambda A: A * A,
    ),
    mistake(
        "no-gram-matrix",
        "It compares the activations themselves, position by position. Style is compared through the Gram matrices.",
        gram=lambda A: A,
    ),
    mistake(
        "gram-divided-by-positions",
        "Divided by n_H·n_W twice: the Gram matrices are divided by it, and the factor of the formula does it once more.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W),
        positions=LayerStyleCost.positions,
    ),
    mistake(
        "gram-divided-by-size",
        "The Gram matrices are divided by their layer's size, and the factor of the formula does it once more.",
        gram_factor=lambda G, n_H, n_W, n_C: G / (n_H * n_W * n_C),
        positions=LayerStyleCost.positions,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "sum-for-difference",
        "It adds the two Gram matrices. The cost is 0 when they are equal: what has to be done with them?",
        difference=lambda G_S, G_G: G_S + G_G,
    ),
    *_POWERS,
    mistake(
        "mean-for-sum",
        "It takes the mean of the squares, and divides by n_C² once more: a mean has that in it already.",
        reduction=tf.reduce_mean,
        channels=LayerStyleCost.channels,
    ),
    mistake(
        "diagonal-only",
        "Only the diagonals of the Gram matrices are compared: what about the pairs of different channels?",
        reduction=lambda squares: tf.linalg.trace(squares),
    ),
    *_QUARTERS,
    mistake(
        "channels-missing",
        "n_C² is missing below the line, or the sizes are read one axis too early: an activation's first axis is the batch of 1.",
        channels=lambda n_C: 1,
    ),
    mistake(
        "channels-not-squared",
        "Below the line there is n_C: the formula has its square.",
        channels=lambda n_C: n_C,
    ),
    mistake("positions-missing", "(n_H·n_W)² is missing below the line.", positions=lambda n_H, n_W: 1),
    mistake(
        "positions-not-squared",
        "Below the line there is n_H·n_W: the formula has its square.",
        positions=lambda n_H, n_W: n_H * n_W,
    ),
    mistake(
        "width-not-squared",
        "Below the line only n_H is squared: the brackets of (n_H·n_W)² hold both.",
        positions=lambda n_H, n_W: n_H**2 * n_W,
    ),
    mistake(
        "height-not-squared",
        "Below the line only n_W is squared: without brackets, Python squares what stands right before the power.",
        positions=lambda n_H, n_W: n_H * n_W**2,
    ),
    mistake(
        "factor-upside-down",
        "It is multiplied by n_C² (n_H·n_W)². In Python, `1 / 4 * n` is a quarter *of* n: where do the brackets go?",
        channels=lambda n_C: 1 / n_C**2,
        positions=lambda n_H, n_W: 1 / (n_H * n_W) ** 2,
    ),
    mistake(
        "factor-missing",
        "There is no factor: the formula divides by 4 n_C² (n_H·n_W)².",
        factor=lambda summed, divisor: summed,
        quarter=LayerStyleCost.quarter,
        channels=LayerStyleCost.channels,
        positions=LayerStyleCost.positions,
    ),
]


def _add_up(costs: list) -> tf.Tensor:
    """As ``tf.add_n``, where a cost might be None or a number."""
    return sum(costs[1:], start=costs[0])


STYLE = [
    *_IN_PLACE_OF_RESULT,
    _NUMBER_FOR_TENSOR,
    _ARRAY_FOR_TENSOR,
    _NUMPY_NUMBER,
    mistake(
        "compared-with-itself",
        _own("an image", "style_image_output", "generated_image_output"),
        outputs=lambda S, G: (S[:-1], S[:-1]),
    ),
    mistake(
        "first-layer-always",
        "Every λ meets the first layer's activations: does the loop move on in both lists?",
        outputs=lambda S, G: ([S[0]] * (len(S) - 1), [G[0]] * (len(G) - 1)),
    ),
    mistake(
        "shifted-by-one",
        "Each λ meets the layer after its own, and the last one the content layer's. At which end of the list is the entry that doesn't count?",
        outputs=lambda S, G: (S[1:], G[1:]),
    ),
    mistake(
        "argument-changed",
        "The value is right, but the lists that came in are changed: whoever uses them next finds an entry less.",
        outputs=lambda S, G: (S, G) if S.pop() is not None and G.pop() is not None else None,
    ),
    mistake(
        "last-style-layer-missing",
        "The last style layer is left out: only the content layer's entry doesn't count.",
        outputs=lambda S, G: (S[:-2], G[:-2]),
        reduction=_add_up,
    ),
    mistake(
        "global-for-style-image-output",
        _GLOBAL.format(argument="style_image_output"),
        ignores="style_image_output",
        outputs=lambda S, G: ([_from_the_notebook(a) for a in S[:-1]], G[:-1]),
    ),
    mistake(
        "global-for-generated-image-output",
        _GLOBAL.format(argument="generated_image_output"),
        ignores="generated_image_output",
        outputs=lambda S, G: (S[:-1], [_from_the_notebook(a) for a in G[:-1]]),
    ),
    mistake(
        "lambda-forgotten",
        "The layers' costs are added up without their λ.",
        weights=lambda style_layers: [1.0 for _ in style_layers],
    ),
    mistake(
        "lambda-twice",
        "Each λ is applied twice.",
        weights=lambda style_layers: [weight**2 for _, weight in style_layers],
    ),
    mistake(
        "lambda-hard-coded",
        "Every layer counts with 0.2. That is one choice of λ: take each layer's from STYLE_LAYERS.",
        weights=lambda style_layers: [0.2 for _ in style_layers],
    ),
    mistake(
        "lambda-of-the-first-layer",
        "Every layer counts with the λ of the first: does the λ move on with the loop?",
        weights=lambda style_layers: [style_layers[0][1] for _ in style_layers],
    ),
    mistake(
        "lambda-in-reverse",
        "The λ are met in reverse order.",
        weights=lambda style_layers: [weight for _, weight in style_layers][::-1],
    ),
    mistake(
        "content-layer-counted",
        "The content layer's entry, the last, is counted as a style layer with the last λ.",
        outputs=lambda S, G: (S, G),
        weights=lambda style_layers: [weight for _, weight in [*style_layers, style_layers[-1]]],
    ),
    mistake(
        "content-layer-counted-without-lambda",
        "The content layer's entry, the last, is counted as a style layer too.",
        outputs=lambda S, G: (S, G),
        weights=lambda style_layers: [weight for _, weight in [*style_layers, ("content", 1.0)]],
    ),
    mistake(
        "first-layer-only",
        "Only the first layer counts: is the `return` inside of the loop?",
        reduction=lambda costs: costs[0],
    ),
    mistake(
        "last-layer-only",
        "Only the last style layer counts: does the loop add each cost to what is there, or put it in its place?",
        reduction=lambda costs: costs[-1],
    ),
    mistake(
        "content-cost-for-style-cost",
        "The layers are compared without Gram matrices. Which function gives the style cost of one layer?",
        layer_cost=lambda a_S, a_G: tf.reduce_mean(tf.square(a_S - a_G)) / 4,
    ),
    mistake(
        "numpy-inside",
        _NUMPY,
        reduction=lambda costs: tf.convert_to_tensor(np.sum(np.stack(costs))),
    ),
    mistake(
        "divided-by-number-of-layers",
        "It is divided by the number of layers. The formula adds them up: the λ do the rest.",
        factor=lambda summed, number_of_layers: summed / number_of_layers,
    ),
    mistake(
        "divided-by-number-of-outputs",
        "It is divided by the number of outputs. The formula adds the layers up: the λ do the rest.",
        factor=lambda summed, number_of_layers: summed / (number_of_layers + 1),
    ),
    mistake(
        "halved",
        "It is half of the weighted sum: the formula has no further factor.",
        factor=lambda summed, _: summed / 2,
    ),
    mistake(
        "doubled",
        "It is twice the weighted sum: the formula has no further factor.",
        factor=lambda summed, _: 2 * summed,
    ),
]

TOTAL = [
    *_IN_PLACE_OF_RESULT,
    _NUMBER_FOR_TENSOR,
    _ARRAY_FOR_TENSOR,
    _NUMPY_NUMBER,
    mistake(
        "numpy-inside",
        _NUMPY,
        result=lambda J: tf.convert_to_tensor(np.add(J, 0)),
    ),
    mistake(
        "weights-swapped",
        "α and β are swapped: which cost does α belong to?",
        weights=lambda alpha, beta: (beta, alpha),
    ),
    mistake(
        "weights-ignored",
        "The costs are added up without α and β.",
        weights=lambda alpha, beta: (1, 1),
    ),
    mistake(
        "weights-hard-coded",
        "It computes with α = 10 and β = 40 whatever is given: those are only the defaults. Use the arguments' names.",
        weights=lambda alpha, beta: (10, 40),
    ),
    mistake(
        "alpha-hard-coded",
        "It computes with α = 10 whatever is given: use the argument's name.",
        weights=lambda alpha, beta: (10, beta),
    ),
    mistake(
        "beta-hard-coded",
        "It computes with β = 40 whatever is given: use the argument's name.",
        weights=lambda alpha, beta: (alpha, 40),
    ),
    mistake("alpha-ignored", "J_content comes in without α.", weights=lambda alpha, beta: (1, beta)),
    mistake("beta-ignored", "J_style comes in without β.", weights=lambda alpha, beta: (alpha, 1)),
    mistake("alpha-for-beta", "Both costs are multiplied by α.", weights=lambda alpha, beta: (alpha, alpha)),
    mistake("beta-for-alpha", "Both costs are multiplied by β.", weights=lambda alpha, beta: (beta, beta)),
    mistake(
        "content-twice",
        "J_content is there twice, and J_style not at all.",
        costs=lambda J_content, J_style: (J_content, J_content),
    ),
    mistake(
        "style-twice",
        "J_style is there twice, and J_content not at all.",
        costs=lambda J_content, J_style: (J_style, J_style),
    ),
    mistake(
        "global-for-J-content",
        _GLOBAL.format(argument="J_content"),
        ignores="J_content",
        costs=lambda J_content, J_style: (tf.cast(5.43, J_style.dtype), J_style),
    ),
    mistake(
        "global-for-J-style",
        _GLOBAL.format(argument="J_style"),
        ignores="J_style",
        costs=lambda J_content, J_style: (J_content, tf.cast(5.43, J_content.dtype)),
    ),
    mistake(
        "alpha-added",
        "α is added to J_content: a weight multiplies.",
        content=lambda alpha, J_content: alpha + J_content,
    ),
    mistake(
        "beta-added",
        "β is added to J_style: a weight multiplies.",
        style=lambda beta, J_style: beta + J_style,
    ),
    mistake(
        "divided-by-alpha",
        "J_content is divided by α: a weight multiplies.",
        content=lambda alpha, J_content: J_content / alpha,
    ),
    mistake(
        "divided-by-beta",
        "J_style is divided by β: a weight multiplies.",
        style=lambda beta, J_style: J_style / beta,
    ),
    mistake(
        "content-missing",
        "J_content is missing.",
        content=lambda alpha, J_content: 0.0,
        costs=lambda *costs: costs,
    ),
    mistake(
        "style-missing", "J_style is missing.", style=lambda beta, J_style: 0.0, costs=lambda *costs: costs
    ),
    mistake(
        "style-subtracted",
        "J_style is taken off. Both costs are to become small, so both are added.",
        together=lambda content, style: content - style,
    ),
    mistake(
        "costs-multiplied",
        "The two weighted costs are multiplied: the formula adds them.",
        together=lambda content, style: content * style,
    ),
    mistake(
        "divided-by-the-weights",
        "It is divided by α + β, as a mean would be. The formula only adds up.",
        factor=lambda J, alpha, beta: J / (alpha + beta),
    ),
    mistake(
        "halved",
        "It is half of what the formula says: there is no further factor.",
        factor=lambda J, alpha, beta: J / 2,
    ),
    mistake(
        "doubled",
        "It is twice what the formula says: there is no further factor.",
        factor=lambda J, alpha, beta: 2 * J,
    ),
]

CATALOGUE = {
    "compute_content_cost": CONTENT,
    "gram_matrix": GRAM,
    "compute_layer_style_cost": LAYER_STYLE,
    "compute_style_cost": STYLE,
    "total_cost": TOTAL,
}
