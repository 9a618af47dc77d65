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
        *(Input((other,), "a different image", only="image") for other in others),
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
        "The channels are still in the order red, green, blue, and so are the means. Reverse the image's "
        "channels: VGG-19 was trained on blue, green, red.",
        order=the_same,
        means=lambda image: tf.constant(MEANS_BGR[::-1], image.dtype),
    ),
    mistake(
        "means-in-rgb-order",
        "The means and the channels are in opposite orders. Where you subtract them, does the first mean "
        "belong to the color that the first channel holds?",
        means=lambda image: tf.constant(MEANS_BGR[::-1], image.dtype),
    ),
    mistake(
        "channels-of-the-wrong-axis",
        "The image is flipped left to right, and its channels stay in the same order: which axis holds the "
        "channels?",
        order=lambda image: image[..., ::-1, :],
    ),
    mistake(
        "rows-turned-round",
        "The image is flipped upside down, and its channels stay in the same order: which axis holds the "
        "channels?",
        order=lambda image: image[..., ::-1, :, :],
    ),
    mistake(
        "every-axis-turned-round",
        "The image is reversed along every axis: only the last one, the channels, should be.",
        order=lambda image: tf.reverse(image, axis=[0, 1, 2, 3]),
    ),
    mistake(
        "first-channel-moved",
        "The channels are shifted by one place. Blue, green, red is red, green, blue read backwards.",
        order=lambda image: tf.roll(image, 1, axis=-1),
    ),
    mistake(
        "channels-first",
        "The channels come first, as in some other libraries: the image should keep its shape, (1, h, w, 3).",
        result=lambda image: tf.transpose(image, [0, 3, 1, 2]),
    ),
    mistake(
        "batch-lost",
        "The first axis, the batch axis of size 1, is lost: the image should keep its shape, (1, h, w, 3).",
        result=lambda image: image[0],
    ),
    mistake(
        "not-scaled",
        "The means are on a 0–255 scale, but the values are still in [0, 1] when the means are subtracted.",
        scaled=the_same,
    ),
    mistake(
        "divided-by-255",
        "It divides by 255, but the image is already in [0, 1], and VGG-19 was trained on 0–255.",
        scaled=lambda image: image / 255,
    ),
    mistake(
        "scaled-by-256",
        "It multiplies by 256, but the largest value of a byte is 255.",
        scaled=lambda image: image * 256,
    ),
    mistake(
        "rounded",
        "The values are rounded to whole numbers, and rounding has no gradient: leave them as they are.",
        scaled=lambda image: tf.round(image * 255),
    ),
    mistake(
        "scaled-after-the-means",
        "It multiplies by 255 after subtracting the means, so the means are multiplied too: which step "
        "comes first?",
        scaled=the_same,
        factor=lambda image: image * 255,
    ),
    mistake(
        "divided-in-the-end",
        "The result is divided by 255, but VGG-19 was trained on values that aren't.",
        factor=lambda image: image / 255,
    ),
    mistake(
        "centred-to-one",
        "The values are scaled to [−1, 1], as other networks expect. VGG-19 expects 0–255, minus the means.",
        scaled=lambda image: image * 2,
        means=lambda image: tf.ones(3, image.dtype),
    ),
    mistake(
        "divided-by-deviations",
        "It divides by a standard deviation, as other networks expect. VGG-19's channels are only centred.",
        factor=lambda image: image / (255 * tf.constant(DEVIATIONS_RGB[::-1], image.dtype)),
    ),
    mistake(
        "divided-by-deviations-of-bytes",
        "It divides by a standard deviation, as other networks expect. VGG-19's channels are only centred.",
        factor=lambda image: image / tf.constant(DEVIATIONS_RGB[::-1], image.dtype),
    ),
    mistake(
        "means-added",
        "The means are added. Which sign brings each channel's average to 0?",
        centred=lambda image, means: image + means,
    ),
    mistake(
        "subtracted-from-the-means",
        "The image is subtracted from the means, so it comes out as its negative: which should be "
        "subtracted from which?",
        centred=lambda image, means: means - image,
    ),
    mistake(
        "means-missing",
        "The means aren't subtracted: VGG-19 was trained on images whose channels are 0 on average.",
        means=lambda image: tf.zeros(3, image.dtype),
    ),
    mistake(
        "means-scaled-to-one",
        "The means are divided by 255, but the image is in 0–255: bring both to the same scale.",
        means=lambda image: tf.constant(MEANS_BGR, image.dtype) / 255,
        factor=the_same,  # multiplied by 255 in the end, it would be right
    ),
    mistake(
        "mean-of-the-picture",
        "It subtracts this image's own means. Subtract those of the images that VGG-19 was trained on: "
        "three given numbers.",
        means=lambda image: tf.reduce_mean(image, axis=[-3, -2]),
    ),
    mistake(
        "one-mean-of-the-picture",
        "It subtracts a single mean, of this whole image. Subtract those of the images that VGG-19 was "
        "trained on: one given number for each channel.",
        means=tf.reduce_mean,
    ),
    mistake(
        "one-mean-for-all",
        "The same mean is subtracted from every channel, but each channel has its own.",
        means=lambda image: tf.fill([3], tf.constant(sum(MEANS_BGR) / 3, image.dtype)),
    ),
    mistake(
        "clipped",
        "Negative values are clipped to 0. Once the means are subtracted, about half of all values are "
        "negative, as they should be.",
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
