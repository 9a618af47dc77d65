"""What an exception means here: from the error, the learner's line and the exercise to a sentence."""

import difflib
import re
from typing import NamedTuple

import tensorflow as tf

from nst_tf.grading.errors import line_in, without_line
from nst_tf.grading.known_errors import KNOWN_ERRORS, NAMES
from nst_tf.grading.signs import SIGNATURES, parameters_of


class Advice(NamedTuple):
    """What is said of a mistake.

    Attributes:
        slug: its stable name.
        sentence: what leads to the fix, in one or two sentences.
    """

    slug: str
    sentence: str


def advice_on(error: str, name: str) -> Advice:
    """What an error means.

    Args:
        error: as ``error_line`` gives it.
        name: of the exercise.
    """
    text, line = without_line(error), line_in(error)
    if re.match(rf"TypeError: {name}\(\) (missing|takes|got)", text):
        sentence = f"Keep the function's first line as it was given: `def {SIGNATURES[name]}:`."
        return Advice("other-parameters", sentence)
    for known in KNOWN_ERRORS:
        found = re.search(known.error, text)
        if found and re.search(known.line, line) and re.search(known.exercise, name):
            sentence = found.expand(known.sentence)
            return Advice(known.slug, f"{sentence}{_arguments(text, name)}{_similar_name(text)}")
    return Advice("exception", "Print the types and shapes of everything involved, just before the error.")


def _arguments(error: str, name: str) -> str:
    """What the function is given, where it uses the name of something else."""
    missing = re.search(r"name '(\w+)' is not defined", error)
    if not missing or missing[1] not in NAMES:
        return ""
    arguments = " and ".join(f"`{each}`" for each in parameters_of(name))
    return f" This function is given {arguments}."


def _similar_name(error: str) -> str:
    """A question for the name that was meant, where there is one much like it."""
    missing = re.search(r"module 'tensorflow' has no attribute '(\w+)'|name '(\w+)' is not defined", error)
    if not missing:
        return ""
    wanted, known = missing[1] or missing[2], dir(tf) if missing[1] else NAMES
    for part in ("math", "linalg", "image", "nn") if missing[1] else ():
        if hasattr(getattr(tf, part), wanted):
            return f" It is `tf.{part}.{wanted}`."
    similar = [each for each in known if _plain(each) == _plain(wanted)]
    similar += difflib.get_close_matches(wanted, known, 1)
    prefix = "tf." if missing[1] else ""
    meant = next((each for each in similar if each != wanted), None)
    return f" Did you mean `{prefix}{meant}`?" if meant and wanted not in known else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
