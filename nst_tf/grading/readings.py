"""What the text of a wrong function says, where what it does says less."""

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
    "`tf.Variable(…)` copies the values, so no gradient passes through it, and it can't be created inside "
    "`tf.function`: leave it out.",
)
_INTEGERS = Advice(
    "rounded-to-integers",
    "Converting to integers drops everything after the decimal point, and no gradient passes through it: "
    "stay in float32.",
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
_OVERWRITTEN = "`{name} = …` overwrites the argument, so what is passed in is ignored: leave that line out."
_MULTIPLIED = (
    "`{line}` multiplies the whole running sum, with what earlier rounds have added to it: multiply only "
    "what this round adds."
)
_DROPPED = "`{code}` computes a new value and doesn't change anything by itself: assign it to a name."
_SIZES_AFTER_RESHAPE = (
    "`{name}` is reshaped before you read n_H, n_W and n_C from it, so its sizes have changed by then: read "
    "them first."
)
_AS_IT_BEGAN = (
    "`{name}` still has its initial value when it is returned: nothing is ever added to it. What should the "
    "loop add?"
)
_INTEGER_TYPES = ("uint8", "int8", "uint16")  # of pictures; sizes are int32 for good reasons


def read_off(text: Text, slug: str | None, is_right: bool = False) -> Advice | None:
    """What the text says of a function that is wrong but doesn't fail.

    Args:
        text: the function's.
        slug: the mistake that behaves like it, if there is one.
        is_right: whether its values are right, so that only the gradient is wrong.
    """
    if text.has_caret:
        return _CARET
    if overwritten := [name for name, is_read in text.rebound.items() if not is_read]:
        return Advice("argument-overwritten", _OVERWRITTEN.format(name=overwritten[0]))
    slugs = set((slug or "unknown").split("+"))
    if "unknown" in slugs and text.returns_too_early:
        return TOO_EARLY
    if is_right:
        slugs.discard("unknown")
    has_no_gradient = is_right or "no-gradient" in slugs
    if (slugs & {"unknown"} or has_no_gradient) and text.calls("tf.Variable"):
        return _VARIABLE
    if (slugs & {"unknown"} or has_no_gradient) and text.mentions(*_INTEGER_TYPES):
        return _INTEGERS
    if slugs & {"unknown", "compared-with-itself"}:
        if text.has_floor_division:
            return _FLOOR
        if code := text.dropped:
            return Advice("value-dropped", _DROPPED.format(code=code))
        if name := text.returned_as_it_began:
            return Advice("never-added-to", _AS_IT_BEGAN.format(name=name))
    if "unknown" in slugs and (line := text.multiplied_sum):
        return Advice("sum-multiplied", _MULTIPLIED.format(line=line))
    if "unknown" in slugs and text.sums_a_tensor:
        return _PYTHONS_SUM
    reads = text.reads_sizes_after_reshape
    if reads and slugs & {"unknown", "gram-divided-by-positions", "gram-divided-by-size"}:
        return Advice("sizes-after-reshape", _SIZES_AFTER_RESHAPE.format(name=reads))
    return None


def read_off_failing(text: Text) -> Advice | None:
    """What the text says of a function that stops with an error, whatever the error."""
    if code := text.dropped:
        return Advice("value-dropped", _DROPPED.format(code=code))
    return None
