"""Networks that real tools wrote, and what those tools predict: file, what must be said besides, rows, predictions.

Predictions are those that the tool itself printed, in its own precision; `within` says how exact that is.
"""

# ruff: noqa: E501 (a line for each example)

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "exchange" / "files"


@dataclass(frozen=True)
class Example:
    """A file with rows and what its tool predicts of them: a column for each output, or for each class by its label."""

    file: str
    source: str
    rows: Any
    predicted: Any
    within: float = 1e-12
    said: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[str, ...] = ()


DOUBLE, SINGLE, THREE_DECIMALS, BFLOAT16 = 1e-12, 2e-6, 6e-4, 2**-8
TWO = [[0.5, 1], [-1, 0]]
KERAS = [[1, -2], [3.5, 0.25]]
OF_TORCH = [
    [0.1257302210933933, -0.1321048632913019, 0.6404226504432821],
    [0.10490011715303971, -0.535669373161111, 0.36159505490948474],
]
ODD = {
    "petal width": [0.5, -1, 2, 0.1, 1.3, -0.3],
    "g h": ["x y", "z", "x y", None, "z", "z"],
    "const": [3.0] * 6,
    "never": list("pqpqpq"),
    "cls": ["no", "yes", "yes", "no", None, "yes"],
}

OF_KERAS = [[1.0, -2.0, 0.5], [3.5, 0.25, -1.0]]
OF_OPENCV = [[0.1257302165031433, -0.13210485875606537], [0.6404226422309875, 0.10490011423826218]]
SYM, LEAKY = (
    [[4.984966749248439, -3.142550350549209], [6.077535905678915, -2.794411524899061]],
    [[5.167918871239783, -3.298878046363634], [6.186429612834733, -3.0756197126694165]],
)

EXAMPLES = [
    Example("lin.rds", "R 4.2.2, nnet 7.3-18, linout=TRUE", TWO, [2.0474951984463363, 2.3918381216782572]),
    Example(
        "three.rds", "R 4.2.2, nnet 7.3-18, three classes with the levels c, a, b", {"a": [0.5], "b": [1.0]},
        {"c": [0.134404415549579159], "a": [0.28044129548704505], "b": [0.58515428896337585]},
    ),
    Example(
        "two.rds", "R 4.2.2, nnet 7.3-18, two classes", {"a": [0.5], "b": [1.0]}, {"yes": [0.88569427768297083]},
    ),
    Example(
        "fac.rds", "R 4.2.2, nnet 7.3-18, y ~ a + g + f with a factor and a logical, levels yes, no",
        {"a": [-0.626453810742332, 0.183643324222082, -0.835628612410047, 1.59528080213779], "g": list("wvvv"),
         "f": [True, False, True, False]},
        {"no": [0.96281438272646314, 0.17780625184315008, 0.80086510921869647, 0]}, 3e-8,
    ),
    Example("lin.RData", "R 4.2.2, nnet 7.3-18, save(), z ~ a + I(a^2)", {"a": [-0.626453810742332, 1.59528080213779], "I(a^2)": [0.39244437701, 2.54492084],
             }, [-0.2487406291267984, 4.1828068374661402], 1e-9, units=("logistic",)),
    Example("sig.net", "libfann 2.2.0, SIGMOID with steepness 0.5", [[0.5, -1]], [0.95048358938521404]),
    Example("symlin.net", "libfann 2.2.0, SIGMOID_SYMMETRIC, LINEAR", [[0.5, -1]], [0.66760372914401644]),
    Example(
        "scaled.net", "libfann 2.2.0 (double), fann_scale_input, fann_run, fann_descale_output", [[1, 20], [2, 30]],
        [650.68889327594752, 597.85360180455359], 1e-12, units=("tanh", "logistic"),
    ),
    Example(
        "sparse.net", "libfann 2.2.0 (double), fann_create_sparse(0.5, 3, 4, 5, 2)", [[1, -1, 0.5, 2]],
        [[-0.34001913080126411, -0.12831971809561138]],
    ),
    Example(
        "fix.yml", "OpenCV 4.14.0, SIGMOID_SYM", KERAS,
        [[96.41679381720125, -1.0637505992584093], [94.84384515174555, -0.7008673025855945]],
    ),
    Example("num.txt", "Weka 3.6.14, numeric class", {"a": [0.5, -1, 2, 0.1, 1.3, -0.7, 0.9], "b": [10, 20, 30, 60, 25, 12, 15]},
            [156.675, 110.01, 349.656, 265.306, 274.288, 110.128, 201.905], THREE_DECIMALS, {"table": FILES / "num.arff"}),
    Example("iris3.txt", "Weka 3.6.14, a nominal attribute, a gap in b", {"a": [0.5, -1, -0.7], "b": [10, 20, None], "c": list("uvw")},
            {"no": [0.400, 0.112, 0.391], "yes": [0.223, 0.737, 0.237], "maybe": [0.377, 0.152, 0.372]},
            THREE_DECIMALS, {"table": FILES / "iris3.arff"}),
    Example("weka2.txt", "Weka 3.6.14, two classes, which have an output each", {"a": [0.5, -1, 2, 0.1, 1.3], "g": ["m", "f", "m", "f", None]},
            {"no": [0.411, 0.412, 0.409, 0.411, 0.41], "yes": [0.589, 0.588, 0.591, 0.589, 0.59]},
            THREE_DECIMALS, {"table": FILES / "weka2.arff"}),
    Example("oddn2.txt", "Weka 3.6.14, -c 1: names with blanks, a constant, a value that never occurs", ODD,
            [0.525, -0.245, 2.68, 0.257, 1.3, -0.245], THREE_DECIMALS, {"table": FILES / "odd.arff"}),
    Example("odd397.txt", "Weka 3.9.7, -c 1: the input of cls {no,yes} is called cls=yes", ODD,
            [0.923, -0.071, 1.671, -0.439, 1.152, -0.071], THREE_DECIMALS, {"table": FILES / "odd.arff"}),
    Example("odd_I.txt", "Weka 3.6.14, -I: attributes as they are", ODD, {"no": [0.412, 0.411, 0.412, 0.411, 0.412, 0.411]},
            THREE_DECIMALS, {"table": FILES / "odd.arff"}),
    Example("hand_cls_if.pmml", "JPMML 0.16.0 and PMML4S 1.5.8: gaps, and a word that is in no list",
            {"age": [33.3, None, 70.123456789012, 20], "colour": ["blue", "red", None, "violet"]},
            {"hi": [0.07855249661916243, 0.5760535181607452, 0.867719140530374, 0.04694060490631118]}),
    Example("bin.pmml", "sklearn2pmml 0.133.1, scored by JPMML 0.16.0",
            {"a": [0.1257302210933933, 0.6404226504432821, -0.535669373161111], "b": [-0.1321048632913019, 0.10490011715303971, 0.36159505490948474]},
            {"yes": [0.2768527671850733, 0.9998473352747206, 0.012620386432638383]}, units=("tanh",)),
    Example("fix.keras", "Keras 3.15.1, leaky_relu, gelu, softmax", KERAS,
            {0: [0.46207624673843384, 0.4116547703742981], 1: [0.5379237532615662, 0.5883452296257019]}, SINGLE, {"labels": [0, 1]},
            units=("leaky_relu", "gelu")),
    Example("fix.h5", "Keras 3.15.1, the same", KERAS,
            {0: [0.46207624673843384, 0.4116547703742981]}, SINGLE, {"labels": [0, 1]}),
    Example("bn.keras", "Keras 3.15.1: BatchNormalization, LeakyReLU, no bias, names of layers that are not in order",
            OF_KERAS, {"a": [2.6854306270251982e-05, 0.0], "c": [0.9999657869338989, 1.0]}, SINGLE, {"labels": list("abc")},
            units=("elu", "leaky_relu", "silu")),
    Example("func.h5", "Keras 3.15.1: functional, Normalization with a given mean", OF_KERAS,
            {1: [0.1766389012336731, 0.2860639691352844]}, SINGLE, {"labels": [0, 1]}, units=("selu", "softplus")),
    Example("bf16.keras", "Keras 3.15.1, the policy bfloat16", [[0.2514604421867866, -0.2642097265826038, 1.2808453008865641], [0.20980023430607941, -1.071338746322222, 0.7231901098189695]],
            [[0.7421875, -3.53125], [1.1015625, -2.9375]], BFLOAT16, units=("relu",)),
    Example("sym.xml", "OpenCV 4.14.0, SIGMOID_SYM with 1, 1", OF_OPENCV, SYM),
    Example("leaky2.json", "OpenCV 4.14.0, LEAKYRELU with 0.2, NO_OUTPUT_SCALE", OF_OPENCV, LEAKY, units=("leaky_relu", "leaky_relu")),
    Example("t2.safetensors", "PyTorch 2.13.0, the state dict of t2l.onnx", OF_TORCH,
            {"b": [0.5007495880126953, 0.5007869005203247]}, SINGLE,
            {"labels": ["a", "b"], "output": "sigmoid", "activation": ["gelu", "mish", "elu(0.5)"]}, units=("gelu", "mish", "elu")),
    Example("sk2tanh.onnx", "skl2onnx 1.20.0, two classes, in double", OF_TORCH,
            {"no": [0.3420504657048783, 0.318729804702927], "yes": [0.6579495342951217, 0.681270195297073]}, units=("tanh", "tanh")),
    Example("sk3.onnx", "skl2onnx 1.20.0, StandardScaler, three classes, ZipMap", OF_TORCH,
            {0: [0.15958188863764225, 0.1278008610092014], 10: [0.6047824107686686, 0.6054826266504124], 20: [0.23563570059368924, 0.2667165123403862]},
            SINGLE),
    Example("t1l.onnx", "PyTorch 2.13.0, LeakyReLU(0.2), BatchNorm1d, SiLU, Softmax", OF_TORCH,
            {"a": [0.5711370706558228, 0.5726183652877808]}, SINGLE, {"labels": ["a", "b"]}, units=("leaky_relu", "silu")),
    Example("t2l.onnx", "PyTorch 2.13.0, BatchNorm1d, GELU, Mish, ELU(0.5), Sigmoid", OF_TORCH,
            {"b": [0.5007495880126953, 0.5007869005203247]}, SINGLE, {"labels": ["a", "b"]}, units=("gelu", "mish", "elu")),
    Example("t6l.onnx", "PyTorch 2.13.0, CELU(2), LogSoftmax", OF_TORCH,
            {"a": [0.54210965, 0.52700343]}, SINGLE, {"labels": ["a", "b"]}, units=("elu",)),
]  # fmt: skip
