"""The parts of a program in plain NumPy: units, outputs, gradient, order of rows, update rules."""

__all__ = ["GRADIENT", "HIDDEN", "ORDER", "OUTPUTS", "RULES"]

HIDDEN = {
    "logistic": ("lambda z: 1 / (1 + np.exp(-z))", "lambda z, a: a * (1 - a)"),
    "tanh": ("np.tanh", "lambda z, a: 1 - a * a"),
    "relu": ("lambda z: np.maximum(z, 0)", "lambda z, a: (z > 0) * 1.0"),
    "identity": ("lambda z: z", "lambda z, a: np.ones_like(z)"),
    "leaky_relu": ("lambda z, s: np.where(z > 0, z, s * z)", "lambda z, a, s: np.where(z > 0, 1, s)"),
    "elu": (
        "lambda z, c: np.where(z > 0, z, c * np.expm1(np.minimum(z, 0)))",
        "lambda z, a, c: np.where(z > 0, 1, c * np.exp(np.minimum(z, 0)))",
    ),
    "selu": (
        "lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))",
        "lambda z, a: 1.0507009873554805 * np.where(z > 0, 1, 1.6732632423543772 * np.exp(np.minimum(z, 0)))",
    ),
    "gelu_tanh": (
        "lambda z: z / (1 + np.exp(-z * (1.5957691216057308 + 0.07135481627260025 * z * z)))",
        "lambda z, a: (1 + z * (1.5957691216057308 + 0.21406444881780075 * z * z) "
        "/ (1 + np.exp(z * (1.5957691216057308 + 0.07135481627260025 * z * z)))) "
        "/ (1 + np.exp(-z * (1.5957691216057308 + 0.07135481627260025 * z * z)))",
    ),
    "silu": (
        "lambda z: z / (1 + np.exp(-z))",
        "lambda z, a: (1 + z / (1 + np.exp(z))) / (1 + np.exp(-z))",
    ),
    "mish": (
        "lambda z: z * np.tanh(np.logaddexp(0, z))",
        "lambda z, a: np.tanh(np.logaddexp(0, z)) + z * (1 - np.tanh(np.logaddexp(0, z)) ** 2) / (1 + np.exp(-z))",
    ),
    "softplus": ("lambda z: np.logaddexp(0, z)", "lambda z, a: 1 / (1 + np.exp(-z))"),
}
"""g(z, numbers) and g′(z, a, numbers) by name."""

OUTPUTS = {
    "sigmoid": """
def outputs(z, Y):  # h, and the cost of each row
    return 1 / (1 + np.exp(-z)), (np.logaddexp(0, z) - Y * z).sum(axis=1)
""",
    "softmax": """
def outputs(z, Y):  # h, and the cost of each row
    e = np.exp(z - z.max(axis=1, keepdims=True))
    h = e / e.sum(axis=1, keepdims=True)
    return h, (Y * (z.max(axis=1, keepdims=True) + np.log(e.sum(axis=1, keepdims=True)) - z)).sum(axis=1)
""",
    "identity": """
def outputs(z, Y):  # h, and the cost of each row
    return z, ((z - Y) ** 2).sum(axis=1) / 2
""",
    "exp": """
def outputs(z, Y):  # h, and the cost of each row
    entropy = Y * np.log(np.where(Y > 0, Y, 1)) - Y
    return np.exp(z), (entropy + np.exp(z) - Y * z).sum(axis=1)
""",
}

GRADIENT = '''

def rolled(theta):
    """Return the matrices; column 0 of each holds the biases."""
    matrices, start = [], 0
    for rows, columns in SHAPES:
        matrices.append(theta[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns
    return matrices


def forward(theta, X):
    """Return z of each layer from the second on, and a of each layer from the first to the last but one: (1)."""
    a, z = [X], []
    for n, Theta in enumerate(rolled(theta)):
        z.append(Theta[:, 0] + a[n] @ Theta[:, 1:].T)
        if n < len(UNITS):
            name, numbers = UNITS[n]
            a.append(HIDDEN[name][0](z[n], *numbers))
    return z, a


def cost_and_gradient(theta, X, Y, m):
    """Return J (2) and D (6) of some rows, where m is the number of all rows."""
    matrices = rolled(theta)
    z, a = forward(theta, X)
    h, costs = outputs(z[-1], Y)
    J = costs.mean() + LAMBDA / (2 * m) * sum((Theta[:, 1:] ** 2).sum() for Theta in matrices)
    delta = h - Y  # (3)
    D = []
    for n in reversed(range(len(matrices))):
        Theta = matrices[n]
        Delta = np.column_stack([delta.sum(axis=0), delta.T @ a[n]])  # (5)
        Delta /= len(X)
        Delta[:, 1:] += LAMBDA / m * Theta[:, 1:]  # (6)
        D.insert(0, Delta.ravel())
        if n > 0:
            name, numbers = UNITS[n - 1]
            delta = (delta @ Theta[:, 1:]) * HIDDEN[name][1](z[n - 1], a[n], *numbers)  # (4)
    return J, np.concatenate(D)
'''

ORDER = '''

MASK = 2**64 - 1


def mix(x):
    """Return the hash of SplitMix64."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def row_order(key, epoch, rows):
    """Return the order in which an epoch takes its rows: a function of a key and the number of the epoch."""
    golden = 0x9E3779B97F4A7C15
    base = mix((key + (epoch + 1) * golden) & MASK)
    order = list(range(rows))
    for i in range(rows - 1, 0, -1):
        j = (mix((base + (i + 1) * golden) & MASK) * (i + 1)) >> 64
        order[i], order[j] = order[j], order[i]
    return order
'''

RULES = {
    "gd": """
for eta in ETA:
    J, D = cost_and_gradient(theta, X, Y, len(X))
    theta = theta - eta * D
""",
    "sgd": """
v, step, epoch = np.zeros_like(theta), 0, 0
while step < len(ETA):
    order = row_order(KEY, epoch, len(X)) if SHUFFLE else list(range(len(X)))
    for start in range(0, len(X), BATCH):
        if step == len(ETA):
            break
        rows = order[start : start + BATCH]
        J, D = cost_and_gradient(theta, X[rows], Y[rows], len(X))
        v = MU * v - ETA[step] * D
        theta = theta + (MU * v - ETA[step] * D if NESTEROV else v)
        step += 1
    epoch += 1
""",
    "adam": """
p, q, step, epoch = np.zeros_like(theta), np.zeros_like(theta), 0, 0
while step < len(ETA):
    order = row_order(KEY, epoch, len(X)) if SHUFFLE else list(range(len(X)))
    for start in range(0, len(X), BATCH):
        if step == len(ETA):
            break
        rows = order[start : start + BATCH]
        J, D = cost_and_gradient(theta, X[rows], Y[rows], len(X))
        p = B1 * p + (1 - B1) * D
        q = B2 * q + (1 - B2) * D * D
        factor = ETA[step] * np.sqrt(1 - B2 ** (step + 1)) / (1 - B1 ** (step + 1))
        theta = theta - factor * p / (np.sqrt(q) + EPSILON)
        step += 1
    epoch += 1
""",
}
