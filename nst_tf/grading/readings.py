"""What the text of a wrong function says, where what it does says less."""

from collections.abc import Sequence

from nst_tf.grading.advice import Advice
from nst_tf.grading.signs import Text

_CARET = Advice(
    "power-by-caret",
    "In Python `^` is bitwise XOR, not a power, and it binds more loosely than `*` and `/`: use `**`.",
)
_FLOOR = Advice(
    "floor-division",
    "`//` rounds down to a whole number, so anything between 0 and 1 becomes 0, and it has no gradient: "
    "use `/` instead.",
)
_VARIABLE = Advice(
    "new-variable",
    "`tf.Variable` and `assign` keep values, not how they were computed, so no gradient gets through, and "
    "a variable can't be made inside `tf.function`: use plain tensors, and `J = J + …` to add.",
)
_INTEGERS = Advice(
    "rounded-to-integers",
    "Integers can't hold fractions, and no gradient passes through the conversion: stay in float32, and "
    "multiply by 255 yourself.",
)
_PYTHONS_SUM = Advice(
    "pythons-sum",
    "Python's `sum()` adds along the first axis only, so a tensor of many values is left: `tf.reduce_sum` "
    "adds up all of them.",
)
TOO_EARLY = Advice(
    "return-too-early",
    "`return` comes too early: the lines after it are never run. Move it to the end.",
)
_EQUALS_PLUS = Advice(
    "equals-plus",
    "`J =+ x` sets J to +x and forgets what J was before. To add, write `J += x`.",
)
_OVERWRITTEN = "`{name} = …` overwrites the argument, so what is passed in is ignored: leave that line out."
_MULTIPLIED = (
    "`{line}` multiplies the whole running sum, with what earlier rounds have added to it: multiply only "
    "what this round adds."
)
_DROPPED = (
    "`{code}` computes a new value and doesn't change anything by itself: assign the result to the variable "
    "you want to change."
)
_SIZES_AFTER_RESHAPE = (
    "`{name}` is reshaped before you read n_H, n_W and n_C from it, so its sizes have changed by then: read "
    "them first."
)
_AS_IT_BEGAN = (
    "`{name}` still has its initial value when it is returned: nothing is ever added to it. What should the "
    "loop add?"
)
# Mistakes that a function makes, too, whose author has written the step but not kept what it gives.
_LIKE_A_STEP_LEFT_OUT = ("compared-with-itself", "mask-ignored", "mask-not-applied", "not-divided")
_INTEGER_TYPES = ("uint8", "int8", "uint16")  # of pictures; sizes are int32 for good reasons


def read_off(
    text: Text,
    slug: str | None,
    is_right: bool = False,
    is_unsummed: bool = False,
    ignored: Sequence[str] = (),
) -> Advice | None:
    """What the text says of a function that is wrong but doesn't fail.

    Args:
        text: the function's.
        slug: the mistake that behaves like it, if there is one.
        is_right: whether its values are right, so that only the gradient is wrong.
        is_unsummed: whether there are several values where one is asked for.
        ignored: the arguments that make no difference to its values.
    """
    if text.has_caret:
        return _CARET
    overwritten = [name for name, is_read in text.rebound.items() if name in ignored and not is_read]
    if overwritten:
        return Advice("argument-overwritten", _OVERWRITTEN.format(name=overwritten[0]))
    slugs = set((slug or "unknown").split("+"))
    if text.has_plus_after_equals:
        return _EQUALS_PLUS
    if "unknown" in slugs and text.returns_too_early:
        return TOO_EARLY
    if is_right:
        slugs.discard("unknown")
    has_no_gradient = is_right or "no-gradient" in slugs
    if (slugs & {"unknown"} or has_no_gradient) and text.calls("tf.Variable"):
        return _VARIABLE
    if (slugs & {"unknown"} or has_no_gradient) and text.passes(*_INTEGER_TYPES):
        return _INTEGERS
    if slugs & {"unknown", *_LIKE_A_STEP_LEFT_OUT}:
        if text.has_floor_division:
            return _FLOOR
        if code := text.dropped:
            return Advice("value-dropped", _DROPPED.format(code=code))
        if name := text.returned_as_it_began:
            return Advice("never-added-to", _AS_IT_BEGAN.format(name=name))
    if "unknown" in slugs and (line := text.multiplied_sum):
        return Advice("sum-multiplied", _MULTIPLIED.format(line=line))
    if is_unsummed and text.calls("sum"):
        return _PYTHONS_SUM
    reads = text.reads_sizes_after_reshape
    if reads and slugs & {"unknown", "gram-divided-by-positions", "gram-divided-by-size"}:
        return Advice("sizes-after-reshape", _SIZES_AFTER_RESHAPE.format(name=reads))
    return None


def read_off_failing(text: Text, advice: Advice) -> Advice:
    """What the text says of a function that stops with an error, in place of what the error says by itself.

    Args:
        text: the function's.
        advice: on the error.
    """
    code = text.dropped
    if "(" in code and advice.slug not in ("name-missing", "attribute-missing"):
        return Advice("value-dropped", _DROPPED.format(code=code))
    return advice
