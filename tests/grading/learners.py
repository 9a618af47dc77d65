"""What learners hand in: right functions written in many ways, and wrong ones, as the text of a cell."""

from textwrap import dedent

RIGHT = {
    "compute_content_cost": {
        "as in the course": """
            def compute_content_cost(content_output, generated_output):
                a_C = content_output[-1]
                a_G = generated_output[-1]
                _, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_C_unrolled = tf.reshape(a_C, shape=[-1, n_H * n_W, n_C])
                a_G_unrolled = tf.reshape(a_G, shape=[-1, n_H * n_W, n_C])
                return (
                    1 / (4 * n_H * n_W * n_C)
                    * tf.reduce_sum(tf.square(tf.subtract(a_C_unrolled, a_G_unrolled)))
                )
            """,
        "as a mean": """
            def compute_content_cost(content_output, generated_output):
                return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4
            """,
        "typed, with a helper": """
            from collections.abc import Sequence

            def squared_distance(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
                return tf.reduce_sum(tf.math.squared_difference(a, b))

            def compute_content_cost(
                content_output: Sequence[tf.Tensor], generated_output: Sequence[tf.Tensor]
            ) -> tf.Tensor:
                *_, a_C = content_output
                *_, a_G = generated_output
                return 0.25 * squared_distance(a_C, a_G) / tf.cast(tf.size(a_G), tf.float32)
            """,
        "tensordot": """
            def compute_content_cost(content_output, generated_output):
                d = tf.reshape(generated_output[-1] - content_output[-1], [-1])
                return tf.tensordot(d, d, 1) / (4 * d.shape[0])
            """,
        "norm": """
            def compute_content_cost(content_output, generated_output):
                difference = content_output[-1] - generated_output[-1]
                return tf.nn.l2_loss(difference) / 2 / float(np.prod(difference.shape))
            """,
        "shape (1,)": """
            def compute_content_cost(content_output, generated_output):
                return tf.reshape(
                    tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1])) / 4, [1]
                )
            """,
        "compiled": """
            @tf.function
            def compute_content_cost(content_output, generated_output):
                a_C, a_G = content_output[-1], generated_output[-1]
                return tf.reduce_sum((a_C - a_G) ** 2) / (4 * a_G.shape[1] * a_G.shape[2] * a_G.shape[3])
            """,
        "Keras": """
            def compute_content_cost(content_output, generated_output):
                ops = tf.keras.ops
                return ops.mean(ops.square(ops.subtract(content_output[-1], generated_output[-1]))) / 4
            """,
        "unrolled with a transpose": """
            def compute_content_cost(content_output, generated_output):
                '''
                Computes the content cost

                Arguments:
                a_C -- tensor of dimension (1, n_H, n_W, n_C), hidden layer activations
                a_G -- tensor of dimension (1, n_H, n_W, n_C), hidden layer activations

                Returns:
                J_content -- scalar that you compute using equation 1 above.
                '''
                a_C = content_output[-1]
                a_G = generated_output[-1]
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_C_unrolled = tf.transpose(tf.reshape(a_C, [m, n_H * n_W, n_C]), perm=[0, 2, 1])
                a_G_unrolled = tf.transpose(tf.reshape(a_G, [m, n_H * n_W, n_C]), perm=[0, 2, 1])
                J_content = (1 / (4 * n_H * n_W * n_C)) * tf.reduce_sum(
                    tf.pow(tf.subtract(a_C_unrolled, a_G_unrolled), 2)
                )
                return J_content
            """,
        "TensorFlow 1's names": """
            def compute_content_cost(content_output, generated_output):
                v1 = tf.compat.v1
                a_C, a_G = content_output[-1], generated_output[-1]
                n_H, n_W, n_C = [dimension for dimension in a_G.get_shape().as_list() if dimension][-3:]
                squares = v1.squared_difference(a_C, a_G)
                return v1.div(v1.reduce_sum(squares, keep_dims=False), 4.0 * n_H * n_W * n_C)
            """,
        "constants and arguments with defaults": """
            QUARTER = tf.constant(0.25)
            LAYER = -1

            def compute_content_cost(content_output, generated_output, *, layer=LAYER, factor=QUARTER):
                a_C, a_G = (outputs[layer] for outputs in (content_output, generated_output))
                return factor * tf.keras.losses.MeanSquaredError()(a_C, a_G)
            """,
        "channel by channel": """
            def compute_content_cost(content_output, generated_output):
                a_C = tf.unstack(content_output[-1][0], axis=-1)
                a_G = tf.unstack(generated_output[-1][0], axis=-1)
                costs = [tf.reduce_sum(tf.square(c - g)) for c, g in zip(a_C, a_G)]
                return tf.add_n(costs) / (4 * len(a_C) * float(np.prod(a_C[0].shape)))
            """,
        "position by position": """
            def compute_content_cost(content_output, generated_output):
                a_C, a_G = content_output[-1], generated_output[-1]
                n_H, n_W, n_C = a_G.shape[1:]
                total = 0.0
                for i in range(n_H):
                    for j in range(n_W):
                        total += tf.reduce_sum((a_C[0, i, j] - a_G[0, i, j]) ** 2)
                print("total", total)
                return total / (4 * n_H * n_W * n_C)
            """,
    },
    "gram_matrix": {
        "course": "def gram_matrix(A):\n    return tf.matmul(A, tf.transpose(A))",
        "operator": "gram_matrix = lambda A: A @ tf.transpose(A)",
        "transpose_b": "def gram_matrix(A):\n    return tf.linalg.matmul(A, A, transpose_b=True)",
        "einsum": "def gram_matrix(A: tf.Tensor) -> tf.Tensor:\n    return tf.einsum('ki,li->kl', A, A)",
        "tensordot": "@tf.function\ndef gram_matrix(A):\n    return tf.tensordot(A, A, axes=[[1], [1]])",
        "Keras": "def gram_matrix(A):\n    return tf.keras.ops.matmul(A, tf.keras.ops.transpose(A))",
        "broadcast": "def gram_matrix(A):\n    return tf.reduce_sum(A[:, None, :] * A[None, :, :], axis=-1)",
        "loops": """
            def gram_matrix(A):
                n_C = A.shape[0]
                rows = [[tf.reduce_sum(A[k] * A[l]) for l in range(n_C)] for k in range(n_C)]
                return tf.stack([tf.stack(row) for row in rows])
            """,
        "map": "def gram_matrix(A):\n    return tf.map_fn(lambda row: tf.linalg.matvec(A, row), A)",
        "an array": """
            def gram_matrix(A):
                rows = tf.TensorArray(tf.float32, size=A.shape[0])
                for k in tf.range(A.shape[0]):
                    rows = rows.write(k, tf.linalg.matvec(A, A[k]))
                return rows.stack()
            """,
        "a class": """
            class Gram:
                def __call__(self, A):
                    return A @ tf.transpose(A)

            gram_matrix = Gram()
            """,
        "asserted, printed": """
            def gram_matrix(A):
                assert len(A.shape) == 2, f"{A.shape}"
                G = tf.matmul(A, A, transpose_b=True)
                tf.print("G", tf.shape(G), output_stream=sys.stderr)
                return G

            import sys
            """,
        "perm, typed, documented": """
            def gram_matrix(A: "tf.Tensor") -> "tf.Tensor":
                '''Returns G_A of shape (n_C, n_C).'''
                ### START CODE HERE ###
                GA = tf.linalg.matmul(a=A, b=tf.transpose(A, perm=[1, 0]))
                ### END CODE HERE ###
                return GA
            """,
        "TensorFlow 1's names": """
            def gram_matrix(A):
                return tf.compat.v1.matmul(A, tf.compat.v1.matrix_transpose(A), name="gram")
            """,
        "with a name for each half": """
            def rows(A):
                return tf.expand_dims(A, 1)

            def columns(A):
                return tf.expand_dims(A, 0)

            def gram_matrix(A, *, axis=-1):
                return tf.math.reduce_sum(tf.math.multiply(rows(A), columns(A)), axis)
            """,
        "in float64": """
            def gram_matrix(A):
                A = tf.cast(A, tf.float64)
                return tf.cast(A @ tf.transpose(A), tf.float32)
            """,
    },
    "compute_layer_style_cost": {
        "as in the course": """
            def compute_layer_style_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_S = tf.transpose(tf.reshape(a_S, [n_H * n_W, n_C]))
                a_G = tf.transpose(tf.reshape(a_G, [n_H * n_W, n_C]))
                GS = gram_matrix(a_S)
                GG = gram_matrix(a_G)
                return tf.reduce_sum(tf.square(GS - GG)) / (4.0 * ((n_H * n_W * n_C) ** 2))
            """,
        "transposed first": """
            def compute_layer_style_cost(a_S, a_G):
                n_C = a_G.shape[-1]
                A_S, A_G = (tf.reshape(tf.transpose(a, [3, 0, 1, 2]), [n_C, -1]) for a in (a_S, a_G))
                n = A_G.shape[1]
                return tf.norm(gram_matrix(A_S) - gram_matrix(A_G)) ** 2 / (2 * n_C * n) ** 2
            """,
        "not unrolled": """
            def compute_layer_style_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.shape
                G_S = tf.einsum("bijc,bijd->cd", a_S, a_S)
                G_G = tf.einsum("bijc,bijd->cd", a_G, a_G)
                return tf.reduce_sum((G_S - G_G) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)
            """,
        "divided before": """
            def compute_layer_style_cost(a_S, a_G):
                def gram(a):
                    A = tf.reshape(a, (-1, a.shape[-1]))
                    return tf.matmul(A, A, transpose_a=True) / A.shape[0]

                return tf.reduce_mean(tf.square(gram(a_G) - gram(a_S))) / 4
            """,
        "permuted, compiled": """
            @tf.function
            def compute_layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
                shape = tf.shape(a_G)
                n_H, n_W, n_C = shape[1], shape[2], shape[3]
                A_S = tf.transpose(tf.reshape(a_S, [n_H * n_W, n_C]), perm=[1, 0])
                A_G = tf.transpose(tf.reshape(a_G, [n_H * n_W, n_C]), perm=[1, 0])
                size = tf.cast(n_C, tf.float32) * tf.cast(n_H * n_W, tf.float32)
                factor = 1.0 / (4 * size**2)
                return factor * tf.reduce_sum(tf.math.squared_difference(gram_matrix(A_S), gram_matrix(A_G)))
            """,
        "a batch of one, transpose_b": """
            def compute_layer_style_cost(a_S, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_S = tf.transpose(tf.reshape(a_S, [m, n_H * n_W, n_C]), perm=[0, 2, 1])
                a_G = tf.transpose(tf.reshape(a_G, [m, n_H * n_W, n_C]), perm=[0, 2, 1])
                GS, GG = gram_matrix(a_S), gram_matrix(a_G)
                return tf.reduce_sum(tf.square(tf.subtract(GS, GG))) / (4 * n_C**2 * (n_H * n_W) ** 2)
            """,
        "by keyword": """
            def compute_layer_style_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.shape.as_list()
                unrolled = [tf.transpose(tf.reshape(a, (n_H * n_W, n_C)), perm=(1, 0)) for a in (a_S, a_G)]
                GS, GG = [gram_matrix(A=each) for each in unrolled]
                J_style_layer = tf.reduce_sum(tf.math.square(GS - GG)) * (0.5 / (n_H * n_W * n_C)) ** 2
                return J_style_layer
            """,
        "sizes in int64": """
            def compute_layer_style_cost(a_S, a_G):
                n_H, n_W, n_C = tf.unstack(tf.shape(a_G, out_type=tf.int64)[1:])
                GS, GG = (gram_matrix(tf.transpose(tf.reshape(a, [-1, n_C]))) for a in (a_S, a_G))
                divisor = 4 * n_C**2 * (n_H * n_W) ** 2
                return tf.reduce_sum((GS - GG) ** 2) / tf.cast(divisor, tf.float32)
            """,
        "TensorFlow 1's names": """
            def compute_layer_style_cost(a_S, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_S = tf.compat.v1.transpose(tf.reshape(a_S, [n_H * n_W, n_C]), perm=[1, 0])
                a_G = tf.compat.v1.transpose(tf.reshape(a_G, [n_H * n_W, n_C]), perm=[1, 0])
                distance = tf.compat.v1.squared_difference(gram_matrix(a_S), gram_matrix(a_G))
                return 1.0 / (4 * n_C * n_C * (n_H * n_W) * (n_H * n_W)) * tf.compat.v1.reduce_sum(distance)
            """,
        "squeezed": """
            def compute_layer_style_cost(a_S, a_G):
                n_H, n_W, n_C = tf.squeeze(a_G, 0).shape
                G = [gram_matrix(tf.transpose(tf.reshape(tf.squeeze(a), [-1, n_C]))) for a in [a_S, a_G]]
                return tf.reduce_sum((G[0] - G[1]) ** 2) * (1 / 4) * (1 / n_C**2) * (1 / (n_H * n_W) ** 2)
            """,
    },
    "compute_style_cost": {
        "as in the course": """
            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                J_style = 0
                a_S = style_image_output[:-1]
                a_G = generated_image_output[:-1]
                for i, weight in zip(range(len(a_S)), STYLE_LAYERS):
                    J_style_layer = compute_layer_style_cost(a_S[i], a_G[i])
                    J_style += weight[1] * J_style_layer
                return J_style
            """,
        "sum of a generator": """
            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                layers = zip(STYLE_LAYERS, style_image_output, generated_image_output)
                return sum(weight * compute_layer_style_cost(a_S, a_G) for (_, weight), a_S, a_G in layers)
            """,
        "tensordot": """
            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                weights = tf.constant([weight for _, weight in STYLE_LAYERS], tf.float32)
                pairs = zip(style_image_output[:-1], generated_image_output[:-1])
                costs = tf.stack([compute_layer_style_cost(*pair) for pair in pairs])
                return tf.tensordot(weights, costs, 1)
            """,
        "while": """
            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                names, weights = zip(*STYLE_LAYERS)
                J_style, layer = tf.constant(0.0), 0
                while layer < len(weights):
                    J_style = J_style + weights[layer] * compute_layer_style_cost(
                        style_image_output[layer], generated_image_output[layer]
                    )
                    layer += 1
                return J_style
            """,
        "with names and a check": """
            def weighted(layer, a_S, a_G):
                name, coefficient = layer
                assert a_S.shape == a_G.shape, name
                return tf.cast(coefficient, tf.float32) * compute_layer_style_cost(a_S=a_S, a_G=a_G)

            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                a_S, a_G = style_image_output[0:-1], generated_image_output[0:-1]
                return tf.math.accumulate_n(list(map(weighted, STYLE_LAYERS, a_S, a_G)))
            """,
        "a dictionary of layers": """
            def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
                outputs = {
                    name: (style_image_output[place], generated_image_output[place])
                    for place, (name, _) in enumerate(STYLE_LAYERS)
                }
                J_style = tf.zeros(())
                for name, coeff in STYLE_LAYERS:
                    a_S, a_G = outputs[name]
                    J_style_layer = compute_layer_style_cost(a_S, a_G)
                    J_style = tf.add(J_style, coeff * J_style_layer)
                return J_style
            """,
        "everything in one": """
            def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
                def cost(a_S, a_G):
                    G_S, G_G = (tf.einsum("bijc,bijd->cd", a, a) for a in (a_S, a_G))
                    return tf.reduce_sum((G_S - G_G) ** 2) / (2.0 * float(np.prod(a_G.shape))) ** 2

                return tf.add_n([STYLE_LAYERS[l][1] * cost(S[l], G[l]) for l in range(len(STYLE_LAYERS))])
            """,
    },
    "total_cost": {
        "course": """
            @tf.function()
            def total_cost(J_content, J_style, alpha=10, beta=40):
                J = alpha * J_content + beta * J_style
                return J
            """,
        "tf.add": """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                return tf.add(tf.multiply(J_content, alpha), tf.multiply(J_style, beta))
            """,
        "a sum of products": """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                return sum(weight * cost for weight, cost in ((beta, J_style), (alpha, J_content)))
            """,
        "factored": """
            def total_cost(
                J_content: tf.Tensor, J_style: tf.Tensor, alpha: float = 10, beta: float = 40
            ) -> tf.Tensor:
                return alpha * (J_content + beta / alpha * J_style)
            """,
        "add_n, cast": """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                weighted = [tf.cast(w, J.dtype) * J for w, J in [(alpha, J_content), (beta, J_style)]]
                return tf.add_n(weighted, name="J")
            """,
        "constants above": """
            ALPHA, BETA = 10, 40

            def total_cost(J_content, J_style, alpha=ALPHA, beta=BETA):
                '''J = α J_content + β J_style'''
                costs = tf.stack([J_content, J_style])
                return tf.tensordot(costs, tf.convert_to_tensor([alpha, beta], tf.float32), axes=1)
            """,
        "accumulated": """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                J = tf.zeros_like(J_content)
                J += alpha * J_content
                J += beta * J_style
                return J
            """,
    },
    "preprocess": {
        "in one line": """
            def preprocess(image):
                return image[..., ::-1] * 255 - tf.constant([103.939, 116.779, 123.68])
            """,
        "channel by channel": """
            def preprocess(image):
                red, green, blue = tf.unstack(255.0 * image, axis=-1)
                return tf.stack([blue - 103.939, green - 116.779, red - 123.68], axis=-1)
            """,
        "reverse, means first": """
            MEANS = np.array([123.68, 116.779, 103.939], np.float32)

            def preprocess(image: tf.Tensor) -> tf.Tensor:
                return tf.reverse(tf.multiply(image, 255.0) - MEANS, axis=[-1])
            """,
        "gather": """
            @tf.function
            def preprocess(image):
                return tf.gather(image, [2, 1, 0], axis=3) * 255 - [[[[103.939, 116.779, 123.68]]]]
            """,
        "split and joined": """
            def preprocess(image, means=(103.939, 116.779, 123.68)):
                r, g, b = tf.split(image * 255.0, num_or_size_splits=3, axis=-1)
                return tf.concat([b, g, r], -1) - tf.reshape(tf.constant(means), [1, 1, 1, 3])
            """,
        "Keras": """
            def preprocess(image):
                return tf.keras.applications.vgg19.preprocess_input(image * 255)
            """,
        "a product of matrices": """
            SWAP = np.fliplr(np.eye(3)).astype("float32")

            def preprocess(image):
                shifted = tf.nn.bias_add(255 * image, [-123.68, -116.779, -103.939])
                return tf.einsum("bhwc,cd->bhwd", shifted, SWAP)
            """,
    },
    "guided_gram_matrix": {
        "as a formula": """
            def guided_gram_matrix(A, mask):
                weighted = A * mask
                return tf.matmul(weighted, tf.transpose(weighted)) / tf.reduce_sum(tf.square(mask))
            """,
        "with the earlier function": """
            def guided_gram_matrix(A, mask):
                return gram_matrix(tf.multiply(A, mask[None, :])) / tf.reduce_sum(mask**2)
            """,
        "einsum": """
            @tf.function
            def guided_gram_matrix(A: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
                squares = mask * mask
                return tf.einsum("ki,li,i->kl", A, A, squares) / tf.math.add_n(tf.unstack(squares))
            """,
        "the mask as a diagonal matrix": """
            guided_gram_matrix = lambda A, mask: (
                A @ tf.linalg.diag(mask**2) @ tf.transpose(A) / tf.linalg.trace(tf.linalg.diag(mask**2))
            )
            """,
        "the square in one factor": """
            def guided_gram_matrix(A, mask):
                weights = tf.square(mask)
                return tf.matmul(A * weights, A, transpose_b=True) / tf.reduce_sum(weights)
            """,
        "roots of normalised weights": """
            def guided_gram_matrix(A, mask):
                weights = mask**2 / tf.reduce_sum(mask**2)
                A_m = tf.sqrt(weights) * A
                return tf.linalg.matmul(A_m, A_m, transpose_b=True)
            """,
        "the mask scaled to length 1": """
            def guided_gram_matrix(A, mask):
                A_m = A * tf.math.l2_normalize(mask)
                return tf.tensordot(A_m, A_m, axes=[[1], [1]])
            """,
        "the mask scaled to a maximum of 1": """
            def guided_gram_matrix(A, mask):
                mask = mask / tf.reduce_max(mask)
                return tf.matmul(A * mask, A * mask, transpose_b=True) / tf.norm(mask) ** 2
            """,
        "without the positions that don't count": """
            def guided_gram_matrix(A, mask):
                counts = mask > 0
                A, mask = tf.boolean_mask(A, counts, axis=1), tf.boolean_mask(mask, counts)
                return tf.matmul(A * mask, A * mask, transpose_b=True) / tf.reduce_sum(mask**2)
            """,
        "position by position": """
            def guided_gram_matrix(A, mask):
                total, squares = tf.zeros([A.shape[0], A.shape[0]]), 0.0
                for i in range(A.shape[1]):
                    column = mask[i] * A[:, i : i + 1]
                    total += column @ tf.transpose(column)
                    squares += mask[i] ** 2
                return total / squares
            """,
        "as a mean": """
            def guided_gram_matrix(A, mask):
                A_m = tf.transpose(A) * tf.reshape(mask, [-1, 1])
                sizes = tf.cast(tf.shape(mask)[0], tf.float32)
                return tf.matmul(A_m, A_m, transpose_a=True) / (sizes * tf.reduce_mean(mask**2))
            """,
        "Keras": """
            def guided_gram_matrix(A, mask):
                masked = tf.keras.ops.multiply(A, mask)
                product = tf.keras.ops.matmul(masked, tf.keras.ops.transpose(masked))
                return product / tf.keras.ops.sum(tf.keras.ops.square(mask))
            """,
        "in float64": """
            def guided_gram_matrix(A, mask):
                A, mask = tf.cast(A, tf.float64), tf.cast(mask, tf.float64)
                G = (A * mask) @ tf.transpose(A * mask) / tf.tensordot(mask, mask, 1)
                return tf.cast(G, tf.float32)
            """,
    },
    "scaled_gram_matrix": {
        "mended": """
            def scaled_gram_matrix(a):
                _, n_H, n_W, n_C = a.shape
                A = tf.transpose(tf.reshape(a, [n_H * n_W, n_C]))
                return gram_matrix(A) / (n_H * n_W * n_C)
            """,
        "as a mean": """
            def scaled_gram_matrix(a):
                products = a[..., :, None] * a[..., None, :]
                return tf.reduce_mean(products, axis=[0, 1, 2]) / a.shape[-1]
            """,
        "einsum": """
            @tf.function
            def scaled_gram_matrix(a: tf.Tensor) -> tf.Tensor:
                return tf.einsum("bijk,bijl->kl", a, a) / tf.cast(tf.size(a), tf.float32)
            """,
        "channels to the front": """
            def scaled_gram_matrix(a):
                A = tf.reshape(tf.transpose(a[0], perm=[2, 0, 1]), [a.shape[-1], -1])
                return tf.matmul(A, A, transpose_b=True) / tf.cast(tf.reduce_prod(tf.shape(a)), a.dtype)
            """,
        "in steps": """
            def scaled_gram_matrix(a):
                rows = tf.reshape(a, (-1, a.shape[3]))
                G = tf.transpose(rows) @ rows
                G /= rows.shape[0]
                G /= rows.shape[1]
                return G
            """,
        "tensordot": """
            scaled_gram_matrix = lambda a: tf.tensordot(a[0], a[0], [[0, 1], [0, 1]]) / np.prod(a.shape)
            """,
    },
    "channels_first_style_cost": {
        "a function of its own": """
            def channels_first_style_cost(a_S, a_G):
                def gram(a):
                    _, n_C, n_H, n_W = a.shape
                    return gram_matrix(tf.reshape(a, [n_C, n_H * n_W])) / (n_H * n_W)

                n_C = a_G.shape[1]
                return tf.reduce_sum(tf.square(gram(a_S) - gram(a_G))) / (4 * n_C**2)
            """,
        "the channels moved to the end": """
            def channels_first_style_cost(a_S, a_G):
                last = [tf.transpose(a, [0, 2, 3, 1]) for a in (a_S, a_G)]
                return compute_layer_style_cost(*last)
            """,
        "einsum": """
            @tf.function
            def channels_first_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
                of_S, of_G = (tf.cast(tf.size(a[0, 0]), tf.float32) for a in (a_S, a_G))
                G_S = tf.einsum("bkij,blij->kl", a_S, a_S) / of_S
                G_G = tf.einsum("bkij,blij->kl", a_G, a_G) / of_G
                return tf.reduce_mean((G_S - G_G) ** 2) / 4
            """,
        "step by step": """
            def channels_first_style_cost(a_S, a_G):
                _, n_C, n_H_S, n_W_S = a_S.get_shape().as_list()
                _, n_C, n_H_G, n_W_G = a_G.get_shape().as_list()
                A_S = tf.reshape(a_S, [n_C, n_H_S * n_W_S])
                A_G = tf.reshape(a_G, [n_C, n_H_G * n_W_G])
                G_S = tf.matmul(A_S, tf.transpose(A_S)) / float(n_H_S * n_W_S)
                G_G = tf.matmul(A_G, tf.transpose(A_G)) / float(n_H_G * n_W_G)
                difference = tf.subtract(G_S, G_G)
                return tf.multiply(tf.reduce_sum(tf.multiply(difference, difference)), 1 / (2 * n_C) ** 2)
            """,
        "rows of one picture": """
            def channels_first_style_cost(a_S, a_G):
                G_S, G_G = (tf.reduce_mean(a[0, :, None] * a[0], [2, 3]) for a in (a_S, a_G))
                return tf.nn.l2_loss(G_S - G_G) / (2 * a_S.shape[1] ** 2)
            """,
    },
    "train_step": {
        "as in the course": """
            @tf.function()
            def train_step(generated_image):
                with tf.GradientTape() as tape:
                    a_G = vgg_model_outputs(generated_image)
                    J_style = compute_style_cost(a_S, a_G)
                    J_content = compute_content_cost(a_C, a_G)
                    J = total_cost(J_content, J_style, alpha, beta)
                grad = tape.gradient(J, generated_image)
                optimizer.apply_gradients([(grad, generated_image)])
                generated_image.assign(clip_0_1(generated_image))
                return J
            """,
        "zip": """
            def train_step(generated_image):
                with tf.GradientTape() as tape:
                    a_G = vgg_model_outputs(generated_image)
                    J = total_cost(
                        compute_content_cost(a_C, a_G),
                        compute_style_cost(a_S, a_G, STYLE_LAYERS),
                        alpha,
                        beta,
                    )
                gradients = tape.gradient(J, [generated_image])
                optimizer.apply_gradients(zip(gradients, [generated_image]))
                generated_image.assign(tf.clip_by_value(generated_image, 0.0, 1.0))
                return J
            """,
        "apply, watched, persistent": """
            def train_step(image: tf.Variable) -> tf.Tensor:
                with tf.GradientTape(persistent=True) as tape:
                    tape.watch(image)
                    a_G = vgg_model_outputs(image)
                    J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
                    J = total_cost(J_content, J_style, alpha=alpha, beta=beta)
                gradient = tape.gradient(J, image)
                del tape
                optimizer.apply([gradient], [image])
                image.assign(tf.minimum(tf.maximum(image, 0), 1))
                tf.print("J:", J)
                return tf.reshape(J, [1])
            """,
        "with functions": """
            def cost(image):
                a_G = vgg_model_outputs(image)
                return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)

            @tf.function
            def train_step(generated_image):
                with tf.GradientTape() as tape:
                    J = cost(generated_image)
                optimizer.apply_gradients(
                    grads_and_vars=[(tape.gradient(J, generated_image), generated_image)]
                )
                generated_image.assign(clip_0_1(generated_image))
                return J
            """,
        "by keyword": """
            def train_step(generated_image):
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(generated_image)
                    a_G = vgg_model_outputs(generated_image, training=False)
                    J_content = compute_content_cost(content_output=a_C, generated_output=a_G)
                    J_style = compute_style_cost(
                        style_image_output=a_S, generated_image_output=a_G, STYLE_LAYERS=STYLE_LAYERS
                    )
                    J = total_cost(J_content=J_content, J_style=J_style, alpha=alpha, beta=beta)
                grads = tape.gradient(target=J, sources=[generated_image])
                optimizer.apply_gradients(list(zip(grads, [generated_image])))
                generated_image.assign(clip_0_1(image=generated_image))
                return J
            """,
        "its own weights beside it": """
            alpha, beta = 7.0, tf.constant(0.3)

            def train_step(generated_image, step=tf.constant(1)):
                with tf.GradientTape() as tape:
                    a_G = vgg_model_outputs(generated_image)
                    J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)
                grad = tape.gradient(J, generated_image)
                optimizer.apply_gradients([(grad, generated_image)])
                generated_image.assign(clip_0_1(generated_image))
                return J
            """,
        "the formula in it": """
            def train_step(generated_image):
                with tf.GradientTape() as tape:
                    a_G = vgg_model_outputs(generated_image)
                    J = alpha * compute_content_cost(a_C, a_G) + beta * compute_style_cost(a_S, a_G)
                (gradient,) = tape.gradient(J, [generated_image])
                optimizer.apply_gradients([(gradient, generated_image)])
                clipped = clip_0_1(generated_image)
                generated_image.assign(clipped)
                return J
            """,
    },
}

# As a learner would write them, unlike the catalogue: (function, slug, cell).
WRONG = [
    (
        "compute_content_cost",
        "first-entry",
        """
        def compute_content_cost(content_output, generated_output):
            a_C, a_G = content_output[0], generated_output[0]
            return tf.reduce_mean((a_C - a_G) ** 2) / 4
        """,
    ),
    (
        "compute_content_cost",
        "absolute-for-square",
        "def compute_content_cost(C, G):\n    return tf.reduce_mean(tf.abs(C[-1] - G[-1])) / 4",
    ),
    (
        "compute_content_cost",
        "quarter-missing",
        "compute_content_cost = lambda C, G: tf.reduce_mean(tf.math.squared_difference(C[-1], G[-1]))",
    ),
    (
        "compute_content_cost",
        "half-for-quarter",
        (
            "def compute_content_cost(C, G):\n"
            "    return tf.nn.l2_loss(C[-1] - G[-1]) / float(np.prod(C[-1].shape))"
        ),
    ),
    (
        "compute_content_cost",
        "mean-for-sum",
        """
        def compute_content_cost(C, G):
            m, n_H, n_W, n_C = C[-1].shape
            return 1 / (4 * n_H * n_W * n_C) * tf.reduce_mean((C[-1] - G[-1]) ** 2)
        """,
    ),
    (
        "compute_content_cost",
        "factor-upside-down",
        """
        def compute_content_cost(C, G):
            m, n_H, n_W, n_C = C[-1].shape
            return 1 / 4 * n_H * n_W * n_C * tf.reduce_sum((C[-1] - G[-1]) ** 2)
        """,
    ),
    (
        "compute_content_cost",
        "channels-missing",
        """
        def compute_content_cost(C, G):
            n_H, n_W, n_C = C[-1].shape[0], C[-1].shape[1], C[-1].shape[2]
            return tf.reduce_sum((C[-1] - G[-1]) ** 2) / (4 * n_H * n_W * n_C)
        """,
    ),
    (
        "compute_content_cost",
        "half-for-quarter+size-missing",
        "def compute_content_cost(C, G):\n    return tf.nn.l2_loss(C[-1] - G[-1])",
    ),
    (
        "compute_content_cost",
        "compared-with-itself",
        """
        def compute_content_cost(content_output, generated_output):
            a_C = generated_output[-1]
            a_G = generated_output[-1]
            return tf.reduce_mean((a_C - a_G) ** 2) / 4
        """,
    ),
    (
        "compute_content_cost",
        "float-for-tensor",
        "def compute_content_cost(C, G):\n    return float(tf.reduce_mean((C[-1] - G[-1]) ** 2)) / 4",
    ),
    (
        "compute_content_cost",
        "array-for-tensor",
        (
            "def compute_content_cost(C, G):\n"
            "    return np.mean((C[-1].numpy() - G[-1].numpy()) ** 2, keepdims=True) .reshape([1])/ 4"
        ),
    ),
    (
        "compute_content_cost",
        "argument-changed",
        """
        def compute_content_cost(content_output, generated_output):
            a_C = content_output.pop()
            a_G = generated_output.pop()
            return tf.reduce_mean((a_C - a_G) ** 2) / 4
        """,
    ),
    ("gram_matrix", "positions-for-channels", "def gram_matrix(A):\n    return tf.einsum('ki,kj->ij', A, A)"),
    ("gram_matrix", "elementwise-product", "def gram_matrix(A):\n    return tf.square(A)"),
    ("gram_matrix", "no-transpose", "def gram_matrix(A):\n    return A @ A"),
    (
        "gram_matrix",
        "divided-by-size",
        "def gram_matrix(A):\n    return tf.matmul(A, A, transpose_b=True) / tf.cast(tf.size(A), tf.float32)",
    ),
    (
        "gram_matrix",
        "numpy-inside",
        "def gram_matrix(A):\n    return tf.constant(np.dot(A.numpy(), A.numpy().T))",
    ),
    ("gram_matrix", "print-for-return", "def gram_matrix(A):\n    print(A @ tf.transpose(A))"),
    ("gram_matrix", "returns-none", "def gram_matrix(A):\n    G = A @ tf.transpose(A)"),
    ("gram_matrix", "name-missing", "def gram_matrix(A):\n    return tf.matmul(A, transposed(A))"),
    (
        "gram_matrix",
        "no-gradient",
        "def gram_matrix(A):\n    A = tf.stop_gradient(A)\n    return A @ tf.transpose(A)",
    ),
    (
        "gram_matrix",
        "global-for-argument",
        (
            "A_unrolled = tf.random.normal([4, 9])\n"
            "def gram_matrix(A):\n"
            "    return A_unrolled @ tf.transpose(A_unrolled)"
        ),
    ),
    (
        "gram_matrix",
        "positions-for-channels+divided-by-positions",
        "def gram_matrix(A):\n    return tf.transpose(A) @ A / A.shape[1]",
    ),
    (
        "compute_layer_style_cost",
        "reshaped-straight",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [gram_matrix(tf.reshape(a, [n_C, n_H * n_W])) for a in (a_S, a_G)]
            return tf.reduce_sum((GS - GG) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)
        """,
    ),
    (
        "compute_layer_style_cost",
        "positions-for-channels",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [gram_matrix(tf.reshape(a, [n_H * n_W, n_C])) for a in (a_S, a_G)]
            return tf.reduce_sum((GS - GG) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)
        """,
    ),
    (
        "compute_layer_style_cost",
        "channels-not-squared",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [gram_matrix(tf.transpose(tf.reshape(a, [n_H * n_W, n_C]))) for a in (a_S, a_G)]
            return tf.reduce_sum((GS - GG) ** 2) / (4 * n_C * (n_H * n_W) ** 2)
        """,
    ),
    (
        "compute_layer_style_cost",
        "three-channels",
        """
        def compute_layer_style_cost(a_S, a_G):
            channels = 3
            size = a_G.shape[1] * a_G.shape[2]
            S, C = [gram_matrix(tf.transpose(tf.reshape(a, [size, -1]))) for a in (a_S, a_G)]
            return tf.reduce_sum(tf.square(S - C)) / (4.0 * (channels**2) * (size**2))
        """,
    ),
    (
        "compute_layer_style_cost",
        "reshaped-straight+three-channels",
        """
        def compute_layer_style_cost(a_S, a_G):
            channels = 3
            size = a_G.shape[1] * a_G.shape[2]
            S, C = [gram_matrix(tf.reshape(a, [-1, size])) for a in (a_S, a_G)]
            return tf.reduce_sum(tf.square(S - C)) / (4.0 * (channels**2) * (size**2))
        """,
    ),
    (
        "compute_layer_style_cost",
        "half-for-quarter+height-not-squared",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [gram_matrix(tf.transpose(tf.reshape(a, [n_H * n_W, n_C]))) for a in (a_S, a_G)]
            return tf.reduce_sum((GS - GG) ** 2) / (2 * n_C**2 * n_H * n_W**2)
        """,
    ),
    (
        "compute_layer_style_cost",
        "gram-divided-by-positions",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [tf.einsum("bijc,bijd->cd", a, a) / (n_H * n_W) for a in (a_S, a_G)]
            return tf.reduce_sum((GS - GG) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)
        """,
    ),
    (
        "compute_layer_style_cost",
        "int32-overflow",
        """
        @tf.function
        def compute_layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
            shape = tf.shape(a_G)
            n_H, n_W, n_C = shape[1], shape[2], shape[3]
            A_S = tf.transpose(tf.reshape(a_S, [n_H * n_W, n_C]), perm=[1, 0])
            A_G = tf.transpose(tf.reshape(a_G, [n_H * n_W, n_C]), perm=[1, 0])
            factor = 1.0 / tf.cast(4 * n_C**2 * (n_H * n_W) ** 2, tf.float32)
            return factor * tf.reduce_sum(tf.math.squared_difference(gram_matrix(A_S), gram_matrix(A_G)))
        """,
    ),
    (
        "compute_layer_style_cost",
        "int32-overflow",
        """
        def compute_layer_style_cost(a_S, a_G):
            m, n_H, n_W, n_C = tf.unstack(tf.shape(a_G))
            G_S, G_G = (gram_matrix(tf.transpose(tf.reshape(a, [-1, n_C]))) for a in (a_S, a_G))
            squares = tf.reduce_sum(tf.square(G_S - G_G))
            return squares / 4 / tf.cast(n_C, tf.float32) ** 2 / tf.cast((n_H * n_W) ** 2, tf.float32)
        """,
    ),
    (
        "compute_layer_style_cost",
        "square-of-the-sum",
        """
        def compute_layer_style_cost(a_S, a_G):
            _, n_H, n_W, n_C = a_G.shape
            GS, GG = [tf.einsum("bijc,bijd->cd", a, a) for a in (a_S, a_G)]
            return tf.reduce_sum(GS - GG) ** 2 / (2 * n_C * n_H * n_W) ** 2
        """,
    ),
    (
        "compute_style_cost",
        "lambda-forgotten",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            return tf.add_n([compute_layer_style_cost(S[l], G[l]) for l in range(len(STYLE_LAYERS))])
        """,
    ),
    (
        "compute_style_cost",
        "shifted-by-one",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            J = 0
            for l, (name, weight) in enumerate(STYLE_LAYERS):
                J += weight * compute_layer_style_cost(S[l + 1], G[l + 1])
            return J
        """,
    ),
    (
        "compute_style_cost",
        "int32-overflow",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            J = 0.0
            for (name, weight), a_S, a_G in zip(STYLE_LAYERS, S, G):
                G_S, G_G = (tf.einsum("bijc,bijd->cd", a, a) for a in (a_S, a_G))
                n = tf.cast(tf.size(a_G) ** 2, tf.float32)
                J += weight * tf.reduce_sum((G_S - G_G) ** 2) / (4 * n)
            return J
        """,
    ),
    (
        "compute_style_cost",
        "first-layer-only",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            J = 0
            for l, (name, weight) in enumerate(STYLE_LAYERS):
                J += weight * compute_layer_style_cost(S[l], G[l])
                return J
        """,
    ),
    (
        "compute_style_cost",
        "last-layer-only",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            for l, (name, weight) in enumerate(STYLE_LAYERS):
                J = weight * compute_layer_style_cost(S[l], G[l])
            return J
        """,
    ),
    (
        "compute_style_cost",
        "divided-by-number-of-layers",
        """
        def compute_style_cost(S, G, STYLE_LAYERS=STYLE_LAYERS):
            costs = [w * compute_layer_style_cost(a, b) for (_, w), a, b in zip(STYLE_LAYERS, S, G)]
            return tf.reduce_mean(costs)
        """,
    ),
    (
        "total_cost",
        "weights-swapped",
        (
            "def total_cost(J_content, J_style, alpha=10, beta=40):\n"
            "    return beta * J_content + alpha * J_style"
        ),
    ),
    (
        "total_cost",
        "weights-hard-coded",
        "def total_cost(J_content, J_style, alpha=10, beta=40):\n    return 10 * J_content + 40 * J_style",
    ),
    (
        "total_cost",
        "weights-ignored",
        "def total_cost(J_content, J_style, alpha=10, beta=40):\n    return tf.add(J_content, J_style)",
    ),
    (
        "total_cost",
        "alpha-added+beta-added",
        (
            "def total_cost(J_content, J_style, alpha=10, beta=40):\n"
            "    return alpha + J_content + beta + J_style"
        ),
    ),
    (
        "train_step",
        "network-outside-the-tape",
        """
        @tf.function
        def train_step(generated_image):
            a_G = vgg_model_outputs(generated_image)
            J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
            with tf.GradientTape() as tape:
                J = total_cost(J_content, J_style, alpha, beta)
            optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
            generated_image.assign(clip_0_1(generated_image))
            return J
        """,
    ),
    (
        "preprocess",
        "rgb-kept",
        "def preprocess(image):\n    return tf.cast(image * 255, tf.float32) - [103.939, 116.779, 123.68]",
    ),
    (
        "preprocess",
        "means-in-rgb-order",
        (
            "def preprocess(image):\n"
            "    image = image[:, :, :, ::-1] * 255\n"
            "    return image - [123.68, 116.779, 103.939]"
        ),
    ),
    (
        "preprocess",
        "means-in-rgb-order+numpy-inside",
        """
        def preprocess(image):
            image = np.asarray(image)[..., ::-1] * 255
            return tf.constant(image - [123.68, 116.779, 103.939], tf.float32)
        """,
    ),
    (
        "preprocess",
        "not-scaled",
        "def preprocess(image):\n    return image[..., ::-1] - tf.constant([103.939, 116.779, 123.68])",
    ),
    (
        "preprocess",
        "mean-of-the-picture",
        """
        def preprocess(image):
            image = tf.gather(image, [2, 1, 0], axis=-1) * 255
            return image - tf.reduce_mean(image, axis=(0, 1, 2))
        """,
    ),
    (
        "preprocess",
        "numpy-inside",
        """
        def preprocess(image):
            image = np.array(image)[..., ::-1] * 255
            image -= np.array([103.939, 116.779, 123.68])
            return tf.constant(image)
        """,
    ),
    (
        "train_step",
        "another-optimizer",
        """
        def train_step(generated_image):
            optimizer = tf.keras.optimizers.Adam(learning_rate=0.02)
            with tf.GradientTape() as tape:
                a_G = vgg_model_outputs(generated_image)
                J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)
            optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
            generated_image.assign(clip_0_1(generated_image))
            return J
        """,
    ),
    (
        "train_step",
        "no-clipping",
        """
        @tf.function
        def train_step(generated_image):
            with tf.GradientTape() as tape:
                a_G = vgg_model_outputs(generated_image)
                J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)
            optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
            generated_image = clip_0_1(generated_image)
            return J
        """,
    ),
    (
        "train_step",
        "float-for-tensor",
        """
        def train_step(generated_image):
            with tf.GradientTape() as tape:
                a_G = vgg_model_outputs(generated_image)
                J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta)
            optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
            generated_image.assign(clip_0_1(generated_image))
            return float(J)
        """,
    ),
    (
        "guided_gram_matrix",
        "mask-not-squared",
        """
        def guided_gram_matrix(A, mask):
            A = mask * A
            return A @ tf.transpose(A) / tf.reduce_sum(mask)
        """,
    ),
    (
        "guided_gram_matrix",
        "not-divided",
        "def guided_gram_matrix(A, mask):\n    return gram_matrix(A * mask)",
    ),
    (
        "guided_gram_matrix",
        "mask-in-one-factor",
        """
        def guided_gram_matrix(A, mask):
            return tf.einsum("ki,i,li->kl", A, mask, A) / tf.reduce_sum(mask**2)
        """,
    ),
    (
        "guided_gram_matrix",
        "mask-in-one-factor+mask-not-squared",
        """
        def guided_gram_matrix(A, mask):
            A_m = A * tf.sqrt(mask / tf.reduce_sum(mask))
            return tf.matmul(A_m, A_m, transpose_b=True)
        """,
    ),
    (
        "guided_gram_matrix",
        "divided-by-positions",
        """
        def guided_gram_matrix(A, mask):
            G = gram_matrix(A * mask)
            return G / tf.cast(tf.shape(A)[-1], G.dtype)
        """,
    ),
    (
        "guided_gram_matrix",
        "mask-ignored",
        "def guided_gram_matrix(A, mask):\n    return gram_matrix(A) / A.shape[1]",
    ),
    (
        "guided_gram_matrix",
        "mask-not-applied+divided-by-counted",
        """
        def guided_gram_matrix(A, mask):
            return gram_matrix(A) / tf.reduce_sum(tf.cast(mask > 0, tf.float32))
        """,
    ),
    (
        "guided_gram_matrix",
        "mask-thresholded",
        """
        def guided_gram_matrix(A, mask):
            A = tf.boolean_mask(A, mask > 0, axis=1)
            return gram_matrix(A) / A.shape[1]
        """,
    ),
    (
        "guided_gram_matrix",
        "square-of-the-sum",
        """
        def guided_gram_matrix(A, mask):
            return gram_matrix(A * (mask / tf.reduce_sum(mask)))
        """,
    ),
    (
        "guided_gram_matrix",
        "root-of-the-sum",
        "def guided_gram_matrix(A, mask):\n    return gram_matrix(A * mask) / tf.norm(mask)",
    ),
    (
        "guided_gram_matrix",
        "mask-on-channels",
        """
        def guided_gram_matrix(A, mask):
            masked = A * mask[:, None]
            return tf.matmul(masked, masked, transpose_b=True) / tf.reduce_sum(mask**2)
        """,
    ),
    (
        "guided_gram_matrix",
        "global-for-mask",
        """
        sky = tf.constant([0.0, 0.5, 1.0] * 5)

        def guided_gram_matrix(A, mask):
            weights = tf.reshape(tf.tile(sky, [mask.shape[0]])[: mask.shape[0]], [-1])
            return gram_matrix(A * weights) / tf.reduce_sum(weights**2)
        """,
    ),
    (
        "guided_gram_matrix",
        "other-order",
        """
        def guided_gram_matrix(mask, A):
            return gram_matrix(A * mask) / tf.reduce_sum(mask**2)
        """,
    ),
    (
        "guided_gram_matrix",
        "numpy-inside",
        """
        def guided_gram_matrix(A, mask):
            G = np.dot(A * mask, np.transpose(A * mask)) / np.sum(np.square(mask))
            return tf.constant(G)
        """,
    ),
    (
        "scaled_gram_matrix",
        "reshaped-straight+three-channels",
        """
        def scaled_gram_matrix(a):
            _, n_H, n_W, n_C = a.shape
            A = tf.reshape(a, [n_C, n_H * n_W])
            channels = 3
            return gram_matrix(A) / (channels * n_H * n_W)
        """,
    ),
    (
        "scaled_gram_matrix",
        "three-channels",
        """
        def scaled_gram_matrix(a):
            A = tf.reshape(tf.transpose(a, [3, 0, 1, 2]), [a.shape[3], -1])
            return A @ tf.transpose(A) / (3 * a.shape[1] * a.shape[2])
        """,
    ),
    (
        "scaled_gram_matrix",
        "reshaped-straight",
        """
        def scaled_gram_matrix(a):
            n_C = a.shape[-1]
            A = tf.reshape(a, [n_C, -1])
            return tf.matmul(A, A, transpose_b=True) / (n_C * A.shape[1])
        """,
    ),
    (
        "scaled_gram_matrix",
        "channels-forgotten",
        """
        def scaled_gram_matrix(a):
            return tf.einsum("bijk,bijl->kl", a, a) / (a.shape[1] * a.shape[2])
        """,
    ),
    (
        "scaled_gram_matrix",
        "multiplied-by-channels",
        """
        def scaled_gram_matrix(a):
            _, n_H, n_W, n_C = a.shape
            return gram_matrix(tf.transpose(tf.reshape(a, [-1, n_C]))) / (n_H * n_W) * n_C
        """,
    ),
    (
        "scaled_gram_matrix",
        "positions-for-channels",
        """
        def scaled_gram_matrix(a):
            _, n_H, n_W, n_C = a.shape
            return gram_matrix(tf.reshape(a, [n_H * n_W, n_C])) / (n_H * n_W * n_C)
        """,
    ),
    (
        "scaled_gram_matrix",
        "batch-forgotten",
        """
        def scaled_gram_matrix(a):
            n_H, n_W, n_C = a.shape
            return gram_matrix(tf.transpose(tf.reshape(a, [-1, n_C]))) / (n_H * n_W * n_C)
        """,
    ),
    (
        "scaled_gram_matrix",
        "numpy-inside",
        """
        def scaled_gram_matrix(a):
            rows = np.reshape(a, (-1, a.shape[-1]))
            return tf.constant(rows.T @ rows / a.shape.num_elements())
        """,
    ),
    (
        "channels_first_style_cost",
        "channels-last",
        """
        def channels_first_style_cost(a_S, a_G):
            n_C = a_G.shape[-1]
            grams = []
            for a in (a_S, a_G):
                A = tf.transpose(tf.reshape(a, [-1, n_C]))
                grams.append(gram_matrix(A) / A.shape[1])
            return tf.reduce_sum(tf.square(grams[0] - grams[1])) / (4 * n_C**2)
        """,
    ),
    (
        "channels_first_style_cost",
        "transposed-after-the-reshape",
        """
        def channels_first_style_cost(a_S, a_G):
            n_C = a_G.shape[1]
            A_S, A_G = (tf.transpose(tf.reshape(a, [-1, n_C])) for a in (a_S, a_G))
            G_S, G_G = gram_matrix(A_S) / A_S.shape[1], gram_matrix(A_G) / A_G.shape[1]
            return tf.reduce_mean((G_S - G_G) ** 2) / 4
        """,
    ),
    (
        "channels_first_style_cost",
        "positions-of-G-for-both",
        """
        def channels_first_style_cost(a_S, a_G):
            _, n_C, n_H, n_W = a_G.shape
            difference = gram_matrix(tf.reshape(a_S, [n_C, -1])) - gram_matrix(tf.reshape(a_G, [n_C, -1]))
            return tf.reduce_sum(tf.square(difference)) / (4 * n_C**2 * (n_H * n_W) ** 2)
        """,
    ),
    (
        "channels_first_style_cost",
        "sizes-of-the-other-picture",
        """
        def channels_first_style_cost(a_S, a_G):
            _, n_C, n_H, n_W = a_G.shape
            A_S, A_G = (tf.reshape(a, [n_C, n_H * n_W]) for a in (a_S, a_G))
            difference = gram_matrix(A_S) - gram_matrix(A_G)
            return tf.reduce_sum(tf.square(difference)) / (4 * n_C**2 * (n_H * n_W) ** 2)
        """,
    ),
    (
        "channels_first_style_cost",
        "channels-twice",
        """
        def channels_first_style_cost(a_S, a_G):
            def gram(a):
                return tf.einsum("bkij,blij->kl", a, a) / tf.cast(tf.size(a), a.dtype)

            return tf.reduce_mean(tf.square(gram(a_S) - gram(a_G))) / 4
        """,
    ),
    (
        "channels_first_style_cost",
        "positions-for-channels",
        """
        def channels_first_style_cost(a_S, a_G):
            _, n_C, n_H, n_W = a_G.shape
            A_S, A_G = (tf.transpose(tf.reshape(a, [n_C, -1])) for a in (a_S, a_G))
            return tf.reduce_mean(tf.square(gram_matrix(A_S) - gram_matrix(A_G))) / 4
        """,
    ),
]

RIGHT = {name: {how: dedent(cell).strip() for how, cell in cells.items()} for name, cells in RIGHT.items()}
# Longer than Python likes to recurse.
RIGHT["total_cost"] |= {
    "a thousand terms": (
        "def total_cost(J_content, J_style, alpha=10, beta=40):\n"
        f"    return alpha * J_content + {' + '.join(['beta * J_style / 1000'] * 1000)}"
    ),
    "accumulated": RIGHT["total_cost"].pop("accumulated"),
}
RIGHT["gram_matrix"] |= {
    "four hundred cases": "\n".join(
        [
            "def gram_matrix(A):",
            "    if A.shape[0] == 0:",
            "        return None",
            *(
                f"    elif A.shape[0] == {n_C}:\n        return tf.matmul(A, A, transpose_b=True)"
                for n_C in range(1, 400)
            ),
        ]
    ),
    "in float64": RIGHT["gram_matrix"].pop("in float64"),
}
WRONG = [(name, slug, dedent(cell).strip()) for name, slug, cell in WRONG]


def defined(name, cell, folder, **others):
    """The function that a cell defines, with TensorFlow and the package's functions as its globals."""
    import numpy as np
    import tensorflow as tf

    from nst_tf import costs
    from nst_tf.images import clip_0_1

    file = folder / "cell.py"  # a file, so that tf.function finds the source
    file.write_text(cell)
    names = {
        **{each: getattr(costs, each) for each in costs.__all__},
        "tf": tf,
        "np": np,
        "clip_0_1": clip_0_1,
    }
    if name == "train_step":
        names |= {"alpha": tf.constant(10.0), "beta": tf.constant(0.05)}
    names |= others
    exec(compile(cell, file, "exec"), names)
    return names[name]
