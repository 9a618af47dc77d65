"""preprocess: from a picture in [0, 1] to what VGG-19 was trained on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.exercises.base import RightFunction, mistake, the_same
from nst_tf.grading.exercises.common import ARRAY_FOR_TENSOR, GLOBAL, IN_PLACE_OF_RESULT, NUMPY
from nst_tf.grading.exercises.value_exercise import ValueExercise
from nst_tf.grading.value_trial import Input

_LEVELS = (0.25, 0.0, 0.5)  # the lowest value of a middling, a dark and a light picture
MEANS_BGR = (103.939, 116.779, 123.68)
DEVIATIONS_RGB = (0.229, 0.224, 0.225)  # what other networks divide by


@dataclass(frozen=True)
class Preprocess(RightFunction):
    """preprocess: RGB → BGR, × 255, minus the ImageNet means.

    Source: Simonyan and Zisserman 2014, section 2.1.
    """

    picture: Callable = the_same
    scaled: Callable = lambda image: image * 255
    order: Callable = lambda image: image[..., ::-1]
    means: Callable = lambda image: tf.constant(MEANS_BGR, image.dtype)
    centred: Callable = lambda image, means: image - means
    factor: Callable = the_same
    result: Callable = the_same

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        """A tensor of the image's shape."""
        image = self.order(self.scaled(self.picture(image)))
        return self.result(self.factor(self.centred(image, self.means(image))))


def _inputs(random: Generator) -> list[Input]:
    shapes = ((1, 3, 4, 3), (1, 2, 5, 3), (1, 3, 3, 3))
    pictures = [random.random(shape, dtype=np.float32) for shape in shapes]
    others = [np.float32(level) + 0.5 * random.random(shapes[0], dtype=np.float32) for level in _LEVELS]
    return [
        *(Input((picture,), f"an image of shape {picture.shape}") for picture in pictures),
        *(Input((other,), "another image", only="image") for other in others),
    ]


def _clipped(image: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(image, 0.0, 255.0)


def _filled(image: tf.Tensor, values: object) -> tf.Tensor:
    """Values in place of an image's."""
    return tf.cast(tf.broadcast_to(values, image.shape), image.dtype)


def _with_numpy(image: tf.Tensor) -> tf.Tensor:
    return tf.convert_to_tensor(np.asarray(image)[..., ::-1])


MISTAKES = [
    *IN_PLACE_OF_RESULT,
    ARRAY_FOR_TENSOR,
    mistake(
        "rgb-kept",
        "The channels are still in the order red, green, blue. VGG-19 was trained on blue, green, red.",
        order=the_same,
    ),
    mistake(
        "rgb-kept-means-reversed",
        "The channels are still in the order red, green, blue, and so are the means. Reverse the "
        "picture's channels: VGG-19 was trained on blue, green, red.",
        order=the_same,
        means=lambda image: tf.constant(MEANS_BGR[::-1], image.dtype),
    ),
    mistake(
        "means-in-rgb-order",
        "The means are in the order red, green, blue, while the channels are blue, green, red: which of the "
        "three numbers belongs to blue?",
        means=lambda image: tf.constant(MEANS_BGR[::-1], image.dtype),
    ),
    mistake(
        "channels-of-the-wrong-axis",
        "The picture is mirrored from left to right, and its channels stay where they are: "
        "along which axis do the channels lie?",
        order=lambda image: image[..., ::-1, :],
    ),
    mistake(
        "rows-turned-round",
        "The picture is upside down, and its channels stay where they are: "
        "along which axis do the channels lie?",
        order=lambda image: image[..., ::-1, :, :],
    ),
    mistake(
        "every-axis-turned-round",
        "The picture is reversed along every axis: only the last one, the channels, should be.",
        order=lambda image: tf.reverse(image, axis=[0, 1, 2, 3]),
    ),
    mistake(
        "first-channel-moved",
        "The channels move on by one place. Blue, green, red is red, green, blue read backwards.",
        order=lambda image: tf.roll(image, 1, axis=-1),
    ),
    mistake(
        "channels-first",
        "The channels come first, as other libraries have them: the image keeps its shape (1, h, w, 3).",
        result=lambda image: tf.transpose(image, [0, 3, 1, 2]),
    ),
    mistake(
        "batch-lost",
        "The first axis, the batch of 1, is lost: the image keeps its shape (1, h, w, 3).",
        result=lambda image: image[0],
    ),
    mistake(
        "not-scaled",
        "The values are not scaled from [0, 1] to 0–255 before the means, which are on that scale, are "
        "subtracted.",
        scaled=the_same,
    ),
    mistake(
        "divided-by-255",
        "It divides by 255: the image is in [0, 1] already, and VGG-19 was trained on 0–255.",
        scaled=lambda image: image / 255,
    ),
    mistake(
        "scaled-by-256",
        "It multiplies by 256: the largest value of a byte is 255.",
        scaled=lambda image: image * 256,
    ),
    mistake(
        "rounded",
        "The values are rounded to whole numbers, which have no gradient: leave them as they are.",
        scaled=lambda image: tf.round(image * 255),
    ),
    mistake(
        "scaled-after-the-means",
        "It multiplies by 255 after the means are subtracted, and so multiplies the means too: "
        "which comes first?",
        scaled=the_same,
        factor=lambda image: image * 255,
    ),
    mistake(
        "divided-in-the-end",
        "The result is divided by 255: VGG-19 was trained on undivided values.",
        factor=lambda image: image / 255,
    ),
    mistake(
        "centred-to-one",
        "The values are brought to [−1, 1], as other networks want them. VGG-19 wants 0–255, "
        "minus the means.",
        scaled=lambda image: image * 2,
        means=lambda image: tf.ones(3, image.dtype),
    ),
    mistake(
        "divided-by-deviations",
        "It divides by a standard deviation, as other networks want it. VGG-19's channels are only centred.",
        factor=lambda image: image / (255 * tf.constant(DEVIATIONS_RGB[::-1], image.dtype)),
    ),
    mistake(
        "divided-by-deviations-of-bytes",
        "It divides by a standard deviation, as other networks want it. VGG-19's channels are only centred.",
        factor=lambda image: image / tf.constant(DEVIATIONS_RGB[::-1], image.dtype),
    ),
    mistake(
        "means-added",
        "The means are added. Which sign brings a channel's average to 0?",
        centred=lambda image, means: image + means,
    ),
    mistake(
        "subtracted-from-the-means",
        "The picture is subtracted from the means and comes out as its negative: which way round is right?",
        centred=lambda image, means: means - image,
    ),
    mistake(
        "means-missing",
        "The means are not subtracted: VGG-19 was trained on pictures whose channels are 0 on average.",
        means=lambda image: tf.zeros(3, image.dtype),
    ),
    mistake(
        "means-scaled-to-one",
        "The means are divided by 255, but the picture is in 0–255: bring both to the same scale.",
        means=lambda image: tf.constant(MEANS_BGR, image.dtype) / 255,
        factor=the_same,  # multiplied by 255 in the end, it would be right
    ),
    mistake(
        "mean-of-the-picture",
        "It subtracts the mean of this picture. The means are those of the pictures that VGG-19 was trained "
        "on: three given numbers.",
        means=lambda image: tf.reduce_mean(image, axis=[-3, -2]),
    ),
    mistake(
        "one-mean-of-the-picture",
        "It subtracts one mean for the whole of this picture. The means are those of the pictures that "
        "VGG-19 was trained on: one given number for each channel.",
        means=tf.reduce_mean,
    ),
    mistake(
        "one-mean-for-all",
        "The same mean is subtracted from all channels: each has its own.",
        means=lambda image: tf.fill([3], tf.constant(sum(MEANS_BGR) / 3, image.dtype)),
    ),
    mistake(
        "clipped",
        "Values below 0 are cut off. Once the means are subtracted, about half of all values are below 0, "
        "as they should be.",
        factor=_clipped,
    ),
    mistake("numpy-inside", NUMPY, order=_with_numpy),
    mistake(
        "global-for-argument",
        GLOBAL.format(argument="image"),
        ignores="image",
        picture=lambda image: _filled(image, [0.1, 0.5, 0.8]),
    ),
]

EXERCISE = ValueExercise(
    name="preprocess",
    right=Preprocess(),
    differentiated=(0,),
    inputs=_inputs,
    mistakes=MISTAKES,
    tolerance=1e-3,  # there is no product of matrices in it to be rounded
)
