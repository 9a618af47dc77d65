"""The errors that learners meet, and what each means here. The first row that fits counts, so those that know
more come first; the last ones know only the type of error.
"""

from typing import NamedTuple


class KnownError(NamedTuple):
    """A row: regular expressions for the error, the learner's line and the exercise, and what they tell.

    Attributes:
        slug: the mistake's stable name.
        error: matches the error.
        sentence: what it means; ``\\1`` is the error's first group.
        line: matches the learner's line.
        exercise: matches the function's name.
    """

    slug: str
    error: str
    sentence: str
    line: str = ""
    exercise: str = ""


NAMES = (
    *("compute_content_cost", "gram_matrix", "compute_layer_style_cost", "compute_style_cost", "total_cost"),
    *("content_output", "generated_output", "style_image_output", "generated_image_output", "STYLE_LAYERS"),
    *("a_C", "a_S", "a_G", "n_H", "n_W", "n_C", "J", "J_content", "J_style", "J_style_layer"),
    *("alpha", "beta", "generated_image", "vgg_model_outputs", "optimizer", "clip_0_1", "tape", "image"),
    *("A", "GS", "GG", "mask", "guided_gram_matrix", "scaled_gram_matrix"),
    *("channels_first_style_cost", "tf", "np", "enumerate", "range", "zip", "len", "sum"),
)

_CONTENT, _LAYER, _STYLE, _STEP = "content", "compute_layer", "compute_style", "train_step"
_GUIDED, _SCALED, _FIRST = "guided_gram_matrix", "scaled_gram_matrix", "channels_first"
_APPLY = "`apply_gradients` takes a list of (gradient, variable) pairs: `[(gradient, generated_image)]`."
_OF_THE_NOTEBOOK = (
    "(?:guided_|scaled_)?gram_matrix|compute_\\w+|channels_first_style_cost|total_cost|clip_0_1|optimizer"
    "|vgg_model_outputs|alpha|beta"
)
_SHAPES = "Incompatible shapes|Shapes of all inputs|must be (equal|broadcast)|required broadcastable"
_DTYPES = "as input #|same dtype|expected to be a|requested dtype|EagerTensor of dtype|does not match type"

_OF_CHANNELS_FIRST = (
    KnownError(
        "batch-forgotten",
        "values to unpack \\(expected [23]",
        "An activation has four dimensions, here in the order of PyTorch: `_, n_C, n_H, n_W = …`.",
        exercise=_FIRST,
    ),
    KnownError(
        "sizes-of-the-other-picture",
        "requested shape has|Cannot reshape",
        "S and G may differ in size, so each is unrolled with sizes of its own, and n_C is on the axis after "
        "the batch's.",
        exercise=_FIRST,
    ),
    KnownError(
        "positions-for-channels",
        "Incompatible shapes: \\[(\\d+),\\1\\] vs. \\[(\\d+),\\2\\]",
        "The Gram matrices of S and G differ in shape, so they don't compare channels: (n_C, n_C) comes from "
        "a matrix with one channel in each row. Which reshape gives one in this layout?",
        exercise=_FIRST,
    ),
)

_OF_SHAPES = (
    KnownError(
        "sizes-of-a-matrix",
        "values to unpack|tuple index out of range",
        "A has only two dimensions, (n_C, n_H·n_W): it is already unrolled, so you need neither its sizes "
        "nor a reshape before the product.",
        exercise="^(guided_)?gram_matrix",
    ),
    KnownError(
        "pair-unpacked",
        "values to unpack",
        "`enumerate` gives two things, the index and the pair, so the pair needs brackets of its own: "
        "`for i, (name, weight) in enumerate(STYLE_LAYERS)`.",
        line="enumerate",
        exercise=_STYLE,
    ),
    KnownError(
        "pair-unpacked",
        "values to unpack",
        "Each entry of STYLE_LAYERS is a pair (layer name, λ), so the loop has to unpack it into two names.",
        line="STYLE_LAYERS",
    ),
    KnownError(
        "batch-forgotten",
        "too many values to unpack \\(expected 3",
        "An activation has four dimensions, the first being the batch dimension of size 1: "
        "`_, n_H, n_W, n_C = …`.",
        exercise=f"{_CONTENT}|{_LAYER}|{_SCALED}",
    ),
    KnownError(
        "sizes-after-reshape",
        "not enough values to unpack \\(expected \\d, got [123]",
        "By that point the tensor has been reshaped and has fewer axes: get n_H, n_W and n_C from the "
        "activation before you reshape it.",
        line="shape",
        exercise=f"{_CONTENT}|{_LAYER}|{_SCALED}",
    ),
    KnownError(
        "channels-of-the-wrong-axis",
        "values to unpack",
        "That unpacks the image along its first axis, the batch axis. The channels are on the last axis.",
        exercise="preprocess",
    ),
    KnownError(
        "sizes-of-the-values",
        "values to unpack",
        "That unpacks the tensor itself, along its first axis. Its sizes are in `.shape`.",
        line="= *\\w+$",
    ),
    KnownError(
        "one-size-unpacked",
        "cannot unpack non-iterable int",
        "A single size is a number, which can't be unpacked: the shape itself is what holds all of them.",
    ),
    KnownError(
        "sizes-after-reshape",
        "values to unpack",
        "The number of names differs from the number of values: an activation's shape is "
        "(1, n_H, n_W, n_C), unless you have reshaped it.",
    ),
    KnownError(
        "sizes-without-brackets",
        "requested shape has|Cannot reshape|name_scope|must be string",
        "`tf.reshape` takes the new shape as a single list: `[n_H * n_W, n_C]`.",
        line="reshape\\([^\\[\\(]*,[^\\[\\(]*,",
    ),
    KnownError(
        "reshape-of-other-size",
        "requested shape has|Cannot reshape",
        "A reshape keeps every entry, so the product of the sizes must stay the same: n_H · n_W · n_C for "
        "an activation.",
        line="reshape",
    ),
    KnownError(
        "two-sizes-open",
        "input size may be -1",
        "A reshape can work out one size for you, written as −1, but not two.",
    ),
    KnownError(
        "wrong-perm",
        "transpose expects",
        "`perm` lists each axis exactly once, and a matrix has two. To transpose a matrix you don't need it "
        "at all.",
    ),
    KnownError(
        "list-of-axes",
        "'dims' must be 1-dimension",
        "`tf.reverse` takes a list of axes.",
    ),
    KnownError(
        "no-matrix",
        "ndims must be >= 2|different ndims",
        "A matrix product needs two axes, but what it is given has only one: keep the channels as a "
        "separate axis.",
    ),
    KnownError(
        "one-not-transposed",
        "Incompatible shapes: \\[(\\d+),\\1\\] vs. \\[(\\d+),\\2\\]",
        "One of the two Gram matrices compares channels, the other one positions: is only one of the "
        "activations transposed after the reshape?",
        exercise=_LAYER,
    ),
    KnownError(
        "elementwise-product",
        _SHAPES,
        "`*` multiplies entry by entry. The matrix product is `tf.matmul` or `@`.",
        line="\\w\\)? \\* |multiply",
        exercise="^(guided_)?gram_matrix",
    ),
    KnownError(
        "no-transpose",
        "Matrix size-incompatible|In\\[0\\] mismatch|Dimensions must be equal",
        "The inner dimensions of a matrix product must match, and here they don't: in A Aᵀ the second factor "
        "is A transposed.",
        exercise="gram_matrix|style_cost",
    ),
    KnownError(
        "axis-missing",
        "Invalid reduction dimension|axis.* out of (range|bounds)|dimension out of range",
        "There is no such axis: axes count from 0. Leave out `axis` to reduce over all of them.",
    ),
)

_OF_A_MASK = (
    KnownError(
        "mask-on-channels",
        "\\[\\d+,(\\d+)\\] vs. \\[\\1,1\\]|\\[(\\d+),1\\] vs. \\[\\d+,\\2\\]"
        "|\\[(\\d+),\\d+\\] vs. \\[\\3\\]|\\[(\\d+)\\] vs. \\[\\4,|Expected dimension \\d+ at axis",
        "The mask has one number for each position: along which axis of the activations do the positions lie "
        "here, and along which one does the mask?",
        exercise=_GUIDED,
    ),
    KnownError(
        "mask-on-channels",
        "In\\[0\\]: \\[(\\d+),\\1\\]",
        "Multiplied from the left, the mask weights the rows, which are A's channels. The positions are its "
        "columns.",
        exercise=_GUIDED,
    ),
    KnownError(
        "mask-on-channels",
        "are incompatible",
        "`tf.boolean_mask` picks along the first axis, the channels, unless `axis` says otherwise. And what "
        "does the formula do where the mask is ½?",
        line="boolean_mask",
        exercise=_GUIDED,
    ),
    KnownError(
        "mask-after-the-product",
        "\\[(\\d+),\\1\\] vs. \\[\\d+\\]",
        "After the matrix product no axis is left for the positions: the mask comes in before it, and the "
        "divisor is a single number.",
        exercise=_GUIDED,
    ),
    KnownError(
        "mask-in-a-matrix-product",
        "ndims must be >= 2|different ndims",
        "The mask has a single axis, so it can't be a factor of a matrix product: each position of A is "
        "multiplied by its own number.",
        exercise=_GUIDED,
    ),
    KnownError(
        "indexed-by-mask",
        "valid indices|integers, slices",
        "Unlike a NumPy array, a tensor can't be indexed with a mask. And what does the formula do where the "
        "mask is ½?",
        exercise=_GUIDED,
    ),
    KnownError(
        "dtypes-mixed",
        f"{_DTYPES}|attr 'T' of bool",
        "TensorFlow doesn't mix dtypes. A and the mask are float32, counting gives integers, and comparing "
        "gives booleans: `tf.cast` those to float32.",
        exercise=_GUIDED,
    ),
)

_OF_LISTS = (
    KnownError(
        "list-for-activation",
        "'list' object|'list' and 'list'|Shapes of all inputs",
        "`content_output` and `generated_output` are lists of activations: the content layer is the last "
        "entry of each, `[-1]`.",
        exercise=_CONTENT,
    ),
    KnownError(
        "list-for-activation",
        "'(list|tuple)' object has no attribute '(shape|get_shape)'",
        "A whole list is passed where one layer's activation is expected: which entry of it?",
    ),
    KnownError(
        "name-for-index",
        "indices must be integers or slices, not str",
        "Something indexes a list with a layer's name. A list is indexed with numbers: "
        "`for i, (name, weight) in enumerate(STYLE_LAYERS)` gives you all three.",
    ),
    KnownError(
        "tuple-for-index",
        "indices must be integers or slices, not tuple",
        "A list takes a single index or slice, with no commas: the outputs are a list of tensors, and "
        "STYLE_LAYERS is a list of pairs.",
    ),
    KnownError(
        "pair-for-weight",
        "mixed types to Tensor|can't multiply sequence|operand.*'(tuple|list)'|numpy array .* 'tuple'",
        "Each entry of STYLE_LAYERS is a pair (layer name, λ): λ is the second element.",
        exercise=_STYLE,
    ),
    KnownError(
        "name-for-weight",
        "Cannot convert '|Unsupported type.*str|could not convert string|must be .*not '?str|and 'str'",
        "Each entry of STYLE_LAYERS is a pair (layer name, λ): λ is the second element, and here it's the "
        "name.",
        exercise=_STYLE,
    ),
    KnownError(
        "six-for-five",
        "list index out of range|out of bounds",
        "STYLE_LAYERS has one entry for each style layer. The lists of outputs have one more at the end, for "
        "the content layer, which isn't used here: slice with `[:-1]` exactly once, so that the two line up.",
        exercise=_STYLE,
    ),
    KnownError(
        "index-beyond",
        "tuple index out of range",
        "A pair has the indices 0 and 1: λ is at 1.",
        exercise=_STYLE,
    ),
    KnownError(
        "number-for-list",
        "'int' object is not iterable",
        "A loop runs over a list or a `range(…)`, not over a number.",
    ),
    KnownError(
        "function-hidden",
        f"local variable '({_OF_THE_NOTEBOOK})'",
        "`\\1 = …` makes that name one of this function's own, which hides the notebook's `\\1`: give the "
        "result another name.",
    ),
    KnownError(
        "sum-before-start",
        "local variable '(\\w+)'",
        "`\\1` has no value at that point: give it one first, just as a sum starts from 0.",
    ),
)

_OF_DTYPES = (
    KnownError(
        "constant-of-a-tensor",
        "but got Tensor",
        "`tf.constant` takes numbers, and inside `tf.function` a tensor doesn't have any yet. What comes "
        "from TensorFlow is a tensor already.",
        line="constant\\(",
    ),
    KnownError(
        "power-by-caret",
        "attr 'T' of float|BitwiseXor|for \\^|bitwise_xor",
        "In Python `^` is bitwise XOR, not a power: use `**` or `tf.square`.",
    ),
    KnownError(
        "dtypes-mixed",
        _DTYPES,
        "TensorFlow doesn't mix dtypes, and the costs are float32. `tf.constant(10)` is int32, and so is "
        "the 10 in `tf.multiply(10, J_content)` inside `tf.function`: write `alpha * J_content + "
        "beta * J_style` with plain numbers.",
        exercise=f"total_cost|{_STEP}",
    ),
    KnownError(
        "rounded-to-integers",
        _DTYPES,
        "That mixes integers with float32, which TensorFlow doesn't allow: stay in float32.",
        exercise="preprocess",
    ),
    KnownError(
        "dtypes-mixed",
        _DTYPES,
        "TensorFlow doesn't mix dtypes, and the costs are float32: `tf.constant(0)` is int32, so start the "
        "sum from `0.0`.",
        exercise=_STYLE,
    ),
    KnownError(
        "dtypes-mixed",
        _DTYPES,
        "TensorFlow doesn't mix dtypes: the activations are float32, while `tf.shape`, `tf.size` and "
        "products such as `tf.multiply(4, n)` are int32, and dividing those gives float64. Take the sizes "
        "from `.shape`, which gives plain numbers, and use `*`, `/` and `**` with them.",
    ),
)

_OF_THE_STEP = (
    KnownError(
        "slices-zipped",
        "_unique_id",
        "`zip` pairs up the entries of two lists, and it splits a tensor along its first axis: put each one "
        "in a list, `zip([gradient], [generated_image])`, or write the single pair yourself.",
        line="zip\\(",
        exercise=_STEP,
    ),
    KnownError(
        "no-tape",
        "has no attribute '(minimize|compute_gradients|get_gradients)'",
        "Keras's optimizers have no `\\1` any more: compute J inside `with tf.GradientTape() as tape:`, then "
        "call `tape.gradient(J, generated_image)` and `optimizer.apply_gradients`.",
        exercise=_STEP,
    ),
    KnownError("no-list-of-pairs", "to unpack|_unique_id|apply_gradients\\(\\) takes", _APPLY, "apply"),
    KnownError(
        "network-outside-the-tape",
        "No gradients provided|\\(None\\)|'NoneType'",
        "There is no gradient: everything from the image to J, starting with the network, has to be computed "
        "inside the `with` block, while the tape records, and `tape.gradient` takes J first, then the image.",
        exercise=_STEP,
    ),
    KnownError(
        "gradient-of-the-wrong-thing",
        _SHAPES,
        "The gradient doesn't have the same shape as the image: you are optimizing the pixels, so take the "
        "gradient with respect to `generated_image`.",
        line="apply|assign",
        exercise=_STEP,
    ),
    KnownError(
        "global-image",
        "Unknown variable",
        "The optimizer is given a different image from the one the gradient was computed for: both must be "
        "the argument, `generated_image`.",
        exercise=_STEP,
    ),
    KnownError(
        "global-image",
        "name '(\\w*(?:image|img)\\w*)' is not defined",
        "`\\1` isn't defined in this function: work on the argument, `generated_image`.",
        exercise=_STEP,
    ),
    KnownError(
        "preprocessed-twice",
        "name 'preprocess\\w*' is not defined",
        "`vgg_model_outputs` preprocesses the image by itself: pass it `generated_image` as it is.",
        exercise=_STEP,
    ),
    KnownError(
        "global-image",
        _SHAPES,
        "That line combines activations of images of different sizes: are you passing the network some image "
        "other than the argument, `generated_image`?",
        line="cost",
        exercise=_STEP,
    ),
    KnownError(
        "tape-used-twice",
        "non-persistent GradientTape",
        "A tape can be used only once: ask it for a single gradient, that of J.",
    ),
    KnownError(
        "tape-gradient-arguments", "gradient\\(\\) missing", "`tape.gradient` takes J, then the image."
    ),
    KnownError(
        "tape-without-brackets",
        "context manager protocol|__enter__",
        "`tf.GradientTape()` needs its parentheses: the call is what creates the tape.",
    ),
    KnownError(
        "number-for-tensor",
        "'_id'|`type_value`|not a tensor",
        "J has become a plain number, which the tape can't track: keep it a tensor, without `.numpy()` or "
        "`float(…)`.",
        line="gradient",
    ),
    KnownError(
        "tensor-for-variable",
        "has no attribute 'assign",
        "Only a variable has `assign`, and by that point the name refers to a tensor: use another name for "
        "the result, and assign it to `generated_image`.",
    ),
    KnownError("no-list-of-pairs", "TypeError|ValueError", _APPLY, line="apply_gradients"),
)

_OF_TENSORS = (
    KnownError(
        "no-list-of-tensors",
        "iterate over|add_n|not iterable",
        "`tf.add_n` takes a single list of tensors: `tf.add_n([…, …])`. Or add them with `+`.",
        line="add_n",
    ),
    KnownError(
        "axes-missing",
        "[Mm]issing required positional|missing .*'axes'",
        "`tf.tensordot` needs a third argument, `axes`: for a matrix product it is 1, and `tf.matmul` does "
        "the same without it.",
        line="tensordot",
    ),
    KnownError(
        "indexed-by-list",
        "valid indices|integers, slices",
        "Unlike a NumPy array, a tensor can't be indexed with a list: use a slice, or `tf.gather`.",
        line="\\[\\[|, ?\\[",
    ),
    KnownError(
        "new-variable",
        "UnliftableError|singleton tf.Variable|create variables on non-first|tf.Variable",
        "`tf.Variable(…)` copies the values, so no gradient passes through it, and it can't be created "
        "inside `tf.function`: leave it out.",
    ),
    KnownError(
        "numpy-inside",
        "has no attribute 'numpy'|numpy\\(\\)|NumPy array|numpy.*not supported|symbolic",
        "Inside `tf.function` a tensor has no NumPy value yet: use TensorFlow's functions, and `tf.print` to "
        "print a tensor.",
    ),
    KnownError(
        "no-transpose-attribute",
        "has no attribute 'T'",
        "A tensor has no `.T`: use `tf.transpose`, and `tf.matmul` instead of NumPy's product, which loses "
        "the gradient.",
        line="np\\.",
    ),
    KnownError(
        "no-transpose-attribute",
        "has no attribute 'T'",
        "A tensor has no `.T`: which TensorFlow function swaps rows and columns?",
    ),
    KnownError(
        "changed-in-place",
        "does not support item assignment",
        "A tensor can't be changed in place: compute a new one from it.",
    ),
    KnownError(
        "multiplied-without-sign",
        "'(int|float|EagerTensor|[\\w.]*Tensor|tuple)' object is not callable",
        "Python treats a value followed by parentheses as a function call: is a `*` missing between the two?",
    ),
    KnownError(
        "called-by-index",
        "'function' object is not subscriptable",
        "A function is called with parentheses: square brackets look up an entry.",
    ),
    KnownError(
        "none-computed-with",
        "'NoneType'|\\(None\\)",
        "Something on that line is None: is the `return` missing from a function that it calls?",
    ),
    KnownError(
        "attribute-missing",
        "has no attribute '(\\w+)'",
        "There is no `\\1` there: check the spelling, and the type of what comes before the dot.",
    ),
    KnownError(
        "name-missing",
        "name '(\\w+)' is not defined",
        "`\\1` isn't defined at that point.",
    ),
)

_BY_TYPE = (
    KnownError(
        "arguments-missing",
        "[Mm]issing \\d*.*argument|positional argument|Too many arguments|unexpected keyword",
        "That call doesn't match the arguments the function takes: compare it with the function's `def` line "
        "or its documentation.",
    ),
    KnownError(
        "not-broadcast",
        _SHAPES,
        "The two tensors on that line have incompatible shapes: print both, and check which axis isn't what "
        "you expect.",
    ),
    KnownError(
        "endless-recursion",
        "RecursionError",
        "The function keeps calling itself: which function did you mean to call there?",
    ),
    KnownError(
        "divided-by-zero", "ZeroDivisionError", "The divisor is 0: print it, and see where it comes from."
    ),
    KnownError(
        "module-missing", "ModuleNotFoundError|ImportError", "That module isn't installed: do you need it?"
    ),
    KnownError("index-beyond", "IndexError|KeyError", "There is no such entry: print how many there are."),
    KnownError(
        "too-much-memory",
        "MemoryError|ResourceExhausted|OOM",
        "It needs more memory than it is allowed. A Gram matrix compares channels and has shape (n_C, n_C): "
        "one that compares positions would be huge.",
    ),
    KnownError("assertion", "AssertionError", "One of your `assert` statements fails for these arguments."),
)

KNOWN_ERRORS = (
    *(*_OF_THE_STEP, *_OF_A_MASK, *_OF_DTYPES, *_OF_CHANNELS_FIRST),
    *(*_OF_SHAPES, *_OF_LISTS, *_OF_TENSORS, *_BY_TYPE),
)
