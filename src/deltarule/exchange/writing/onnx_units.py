"""Hidden and output units from ONNX operators that runtimes compute in both precisions, with all digits.

onnxruntime has no double kernel for Softplus, Elu, Selu, LeakyRelu, Mish, Gelu and Erf, and its Sigmoid in float32 is 0
from z = −18 on and wrong from −10 on, so these are made here from Exp, Log, Tanh and Where. With e = exp −|z|:

    logistic  (1 or e)/(1 + e)
    expm1 z   2t/(1 − t) with t = tanh ½z, which keeps the digits of a small z
    log1p e   e log(u)/(u − 1) with u = 1 + e, and e where u rounds to 1
    gelu      Φ(−|z|) = ½ erfcx(x) exp(−z²/2) with x = |z|/√2, and (1 + 2x) erfcx(x) a polynomial in (x − c)/(x + c)
"""

from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.network.parts import Unit
from deltarule.network.smooth_units import GELU_CUBE, GELU_LINE
from deltarule.network.units import SELU_ALPHA, SELU_SCALE

__all__ = ["Graph", "hidden", "logistic"]

CENTRE = 3.75
"""c of the polynomial of erfcx; with degree 24 the error is below 4e-16 of the value."""


class Graph:
    """Nodes and constants of an ONNX graph under names that no input has.

    Parameters
    ----------
    prefix : str
        Of the names of all that is made here.
    dtype : type
        Of the constants of the units: numpy.float64 or numpy.float32.
    """

    def __init__(self, prefix: str, dtype: Any) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.prefix = prefix
        self._numbers = count(1)

    def __call__(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        from onnx import helper

        output = output or f"{self.prefix}{operator}{next(self._numbers)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def cast(self, value: str, dtype: Any, output: str = "") -> str:
        """Add a change of type, and return the name of its output."""
        from onnx import helper

        return self("Cast", value, output=output, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def sorted(self, value: str, n: int) -> str:
        """Add the n numbers of each row in ascending order, and return the name of its output."""
        from onnx import helper

        outputs = [f"{self.prefix}{name}{next(self._numbers)}" for name in ("Sorted", "Places")]
        inputs = [value, self.constant([n], np.int64, f"[{n}]")]
        self.nodes.append(helper.make_node("TopK", inputs, outputs, axis=1, largest=0, sorted=1))
        return outputs[0]

    def constant(self, values: Any, dtype: Any = None, name: str = "") -> str:
        """Add a constant unless it is there, and return its name."""
        array = np.array(values, dtype=dtype or self.dtype)
        name = self.prefix + (name or f"{array.dtype.name}({array.item()!r})")
        self.constants[name] = array
        return name


def logistic(graph: Graph, z: str) -> str:
    """Add 1/(1 + e⁻ᶻ)."""
    e, one = _exp_of_minus_absolute(graph, z), graph.constant(1)
    above = graph("Where", graph("GreaterOrEqual", z, graph.constant(0)), one, e)
    return graph("Div", above, graph("Add", one, e))


def hidden(graph: Graph, unit: Unit, z: str) -> str:
    """Add a = g(z)."""
    return _UNITS[unit.name](graph, z, *unit.numbers)


def _exp_of_minus_absolute(graph: Graph, z: str) -> str:
    return graph("Exp", graph("Neg", graph("Abs", z)))


def _leaky_relu(graph: Graph, z: str, slope: float) -> str:
    return _where_positive(graph, z, z, graph("Mul", z, graph.constant(slope)))


def _elu(graph: Graph, z: str, alpha: float) -> str:
    half = graph("Mul", graph("Min", z, graph.constant(0)), graph.constant(0.5))
    t = graph("Tanh", half)
    expm1 = graph("Div", graph("Add", t, t), graph("Sub", graph.constant(1), t))
    return _where_positive(graph, z, z, graph("Mul", expm1, graph.constant(alpha)))


def _selu(graph: Graph, z: str) -> str:
    return graph("Mul", _elu(graph, z, SELU_ALPHA), graph.constant(SELU_SCALE))


def _softplus(graph: Graph, z: str) -> str:
    e, one = _exp_of_minus_absolute(graph, z), graph.constant(1)
    u = graph("Add", one, e)
    below = graph("Sub", u, one)
    lost = graph("Equal", below, graph.constant(0))
    log1p = graph("Where", lost, e, graph("Mul", graph("Log", u), graph("Div", e, graph("Where", lost, one, below))))
    return graph("Add", graph("Max", z, graph.constant(0)), log1p)


def _mish(graph: Graph, z: str) -> str:
    """Add z t with t = (1 + 2e)/(1 + 2e + 2e²) for z ≥ 0, (2e + e²)/(2 + 2e + e²) for z < 0."""
    e, one, two = _exp_of_minus_absolute(graph, z), graph.constant(1), graph.constant(2)
    two_e, square = graph("Mul", two, e), graph("Mul", e, e)
    is_above = graph("GreaterOrEqual", z, graph.constant(0))
    upper = graph("Where", is_above, graph("Add", one, two_e), graph("Add", two_e, square))
    rest = graph("Where", is_above, graph("Mul", two, square), two)
    return graph("Mul", z, graph("Div", upper, graph("Add", upper, rest)))


def _gelu(graph: Graph, z: str) -> str:
    absolute, half = graph("Abs", z), graph.constant(0.5)
    x, c = graph("Mul", absolute, graph.constant(0.5**0.5)), graph.constant(CENTRE)
    t = graph("Div", graph("Sub", x, c), graph("Add", x, c))
    first, *rest = _erfcx_coefficients()
    P = graph.constant(first)
    for coefficient in rest:
        P = graph("Add", graph("Mul", P, t), graph.constant(coefficient))
    bell = graph("Exp", graph("Neg", graph("Mul", graph("Mul", absolute, absolute), half)))
    below = graph("Div", graph("Mul", graph("Mul", P, bell), half), graph("Add", graph.constant(1), graph("Add", x, x)))
    return graph("Mul", z, _where_positive(graph, z, graph("Sub", graph.constant(1), below), below))


@cache
def _erfcx_coefficients() -> tuple[float, ...]:
    """Return the polynomial of (1 + 2x) erfcx(x) in (x − c)/(x + c), the highest power first."""
    from scipy.special import erfcx

    def f(t: Any) -> Any:
        x = CENTRE * (1 + t) / (1 - t)
        return (1 + 2 * x) * erfcx(x)

    series: Any = np.polynomial.chebyshev.chebinterpolate(f, 24)
    return tuple(np.polynomial.chebyshev.cheb2poly(series)[::-1].tolist())


def _gelu_tanh(graph: Graph, z: str) -> str:
    cube = graph("Mul", graph("Mul", graph("Mul", z, z), z), graph.constant(GELU_CUBE))
    return graph("Mul", z, logistic(graph, graph("Add", graph("Mul", z, graph.constant(GELU_LINE)), cube)))


def _where_positive(graph: Graph, z: str, above: str, below: str) -> str:
    return graph("Where", graph("Greater", z, graph.constant(0)), above, below)


_UNITS: dict[str, Callable[..., str]] = {
    "identity": lambda _, z: z,
    "relu": lambda graph, z: graph("Relu", z),
    "tanh": lambda graph, z: graph("Tanh", z),
    "logistic": logistic,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": lambda graph, z: graph("Mul", z, logistic(graph, z)),
    "mish": _mish,
    "softplus": _softplus,
}
