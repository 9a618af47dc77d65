"""VGG-19 in a table: its layers, their shapes, and the choices of layers that have a name.

Nothing here needs TensorFlow, so that a wrong layer name is answered at once.
"""

# The 16 convolutions: every kernel is 3×3, every stride 1; a 2×2 max pooling ends each block.
# name: (channels in, channels out n_C)
CONV_LAYERS = {
    "block1_conv1": (3, 64),
    "block1_conv2": (64, 64),
    "block2_conv1": (64, 128),
    "block2_conv2": (128, 128),
    "block3_conv1": (128, 256),
    "block3_conv2": (256, 256),
    "block3_conv3": (256, 256),
    "block3_conv4": (256, 256),
    "block4_conv1": (256, 512),
    "block4_conv2": (512, 512),
    "block4_conv3": (512, 512),
    "block4_conv4": (512, 512),
    "block5_conv1": (512, 512),
    "block5_conv2": (512, 512),
    "block5_conv3": (512, 512),
    "block5_conv4": (512, 512),
}

# The course's choice: one layer of each block, all with the same weight λ.
STYLE_LAYERS = [
    ("block1_conv1", 0.2),
    ("block2_conv1", 0.2),
    ("block3_conv1", 0.2),
    ("block4_conv1", 0.2),
    ("block5_conv1", 0.2),
]

# The same layers, each counting about alike: λ is inversely proportional to what activations of 0 would cost
# there (the geometric mean over images/style at 400 px, preprocessed). With equal λ, block 4 outweighs all
# others a hundredfold.
BALANCED_STYLE_LAYERS = [
    ("block1_conv1", 80),
    ("block2_conv1", 0.13),
    ("block3_conv1", 0.11),
    ("block4_conv1", 0.00066),
    ("block5_conv1", 11),
]

# Likewise where means and standard deviations are compared in place of Gram matrices. They are scaled so that
# activations of 0 cost about as much as with Gram matrices, and β is of the same order.
BALANCED_FOR_MOMENTS: list[tuple[str, float]] = [
    ("block1_conv1", 13000),
    ("block2_conv1", 530),
    ("block3_conv1", 340),
    ("block4_conv1", 36),
    ("block5_conv1", 2300),
]

BALANCED = {"gram": BALANCED_STYLE_LAYERS, "moments": BALANCED_FOR_MOMENTS}

# Each name stands for the same layers, whatever is compared there; the balanced λ depend on that.
STYLE_PRESETS = {
    "balanced": BALANCED,
    "course": dict.fromkeys(BALANCED, STYLE_LAYERS),
    "fine": {statistics: layers[:3] for statistics, layers in BALANCED.items()},
    "coarse": {statistics: layers[2:] for statistics, layers in BALANCED.items()},
}


def block_of(layer: str) -> int:
    """Number of the block, 1 to 5, that a layer such as ``"block4_conv2"`` belongs to."""
    return int(layer[len("block")])


def minimum_side(layers: list[str]) -> int:
    """Fewest pixels a picture's shorter side may have for these layers to have an output.

    Each block's pooling halves the side: ``block5_*`` comes after four of them, so 16 pixels.
    """
    return 2 ** (max(map(block_of, layers)) - 1)
