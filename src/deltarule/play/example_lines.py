"""Lines about one example: forward (1), its cost (2), and back, (3) and (4), with δ split into error and slope."""

import numpy as np

from deltarule.explain.spelled import cost_of_output, g_of, h_of, slope_of
from deltarule.network.parts import Unit, Values
from deltarule.pictures.layer_values import is_saturated
from deltarule.play.answers import Ref, TraceLine
from deltarule.play.following import Followed
from deltarule.play.quantities import Piece, Quantity, line, lost_digits, pieces, summed
from deltarule.play.sections import Section, input_of, sum_section

__all__ = ["example_sections"]


def example_sections(followed: Followed, level: str, digits: int) -> list[Section]:
    """Return the sections of forward, cost and backward."""
    return _Example(followed, level, digits).sections()


class _Example:
    """Writes the lines of one example."""

    def __init__(self, followed: Followed, level: str, digits: int) -> None:
        self.f, self.level, self.digits = followed, level, digits
        self.network = followed.snapshot.problem.network

    def sections(self) -> list[Section]:
        network = self.network
        found = []
        for layer in range(2, network.L + 1):
            found += self._forward(layer)
        if network.output == "softmax":
            found.insert(-1, Section("forward", 1, lambda _: self._sum_of_powers()))
        found += self._cost()
        found.append(Section("backward", network.K, self._last_delta))
        for layer in range(network.L - 1, 1, -1):
            found += self._backward(layer)
        return found

    def _line(self, symbol: str, layer: int, i: int, value: float, formula: list[Piece], **more: object) -> TraceLine:
        about = {"level": self.level, "digits": self.digits, "layer": layer, "unit": i, **more}
        return line(Quantity(Ref(symbol, layer, i), value), formula, **about)  # type: ignore[arg-type]

    def _forward(self, layer: int) -> list[Section]:
        f, Theta, size = self.f, self.f.thetas[layer - 2], self.network.sizes[layer - 1]

        def terms(i: int) -> list[tuple[Quantity, ...]]:
            row = Theta[i].tolist()
            bias = Quantity(Ref("Θ", layer - 1, i + 1, 0), row[0])
            return [
                (bias,),
                *(
                    (Quantity(Ref("Θ", layer - 1, i + 1, j), row[j]), input_of(f, layer - 1, j))
                    for j in range(1, len(row))
                ),
            ]

        z = sum_section(
            "forward",
            size,
            layer,
            "z",
            terms,
            lambda i: float(f.z[layer - 2][i]),
            equation="1",
            level=self.level,
            digits=self.digits,
        )
        return [z, Section("forward", size, lambda i: self._activation(layer, i + 1))]

    def _activation(self, layer: int, i: int) -> TraceLine:
        f = self.f
        z = Quantity(Ref("z", layer, i), float(f.z[layer - 2][i - 1]))
        a = float(f.a[layer - 1][i - 1])
        if layer == self.network.L:
            letters = {"z": z, "S": self._powers()}
            return self._line(
                "a", layer, i, a, pieces(h_of(self.network.output), letters), equation="1", phase="forward"
            )
        formula = pieces(g_of(self._unit(layer), z.value), {"z": z})
        factor, note = f.factors[layer - 2], ""
        if factor is not None:
            f_i = Quantity(Ref("f", layer, i), float(factor[i - 1]))
            formula = [f_i, "·(", *formula, ")"]
            note = "left out by dropout" if f_i.value == 0 else ""
        return self._line("a", layer, i, a, formula, equation="1", phase="forward", note=note)

    def _powers(self) -> Quantity:
        with np.errstate(over="ignore"):
            return Quantity(Ref("S", self.network.L), float(np.exp(self.f.z[-1]).sum()))

    def _sum_of_powers(self) -> TraceLine:
        L = self.network.L
        formula: list[Piece] = []
        for k, z in enumerate(self.f.z[-1].tolist(), 1):
            formula += [" + e^(" if k > 1 else "e^(", Quantity(Ref("z", L, k), z), ")"]
        whole = self._powers()
        return line(
            whole, formula, equation="1", phase="forward", level=self.level, digits=self.digits, layer=L, note="Σ e^z"
        )

    def _cost(self) -> list[Section]:
        network, f = self.network, self.f
        L, h, y = network.L, f.a[-1], f.y
        written = []
        for k in range(network.K):
            formula = cost_of_output(network.output, float(h[k]), float(y[k]), self.digits)
            if formula:
                written.append((k + 1, formula))

        def value(k: int) -> float:
            z, t = f.z[-1][np.newaxis], f.y[np.newaxis]
            if network.output == "softmax":
                rest = t.copy()
                rest[0, [n for n in range(network.K) if n != k - 1]] = 0
                return float(network.output_unit.costs(z, rest)[0])
            return float(network.output_unit.costs(z[:, k - 1 : k], t[:, k - 1 : k])[0])

        def term(n: int) -> TraceLine:
            k, formula = written[n]
            letters = {
                "h": Quantity(Ref("a", L, k), float(h[k - 1])),
                "z": Quantity(Ref("z", L, k), float(f.z[-1][k - 1])),
                "y": Quantity(Ref("y", L, k), float(y[k - 1])),
                "S": self._powers(),
            }
            i = k if len(written) > 1 else 0
            return self._line("ℓ", L if i else 0, i, value(k), pieces(formula, letters), equation="2", phase="cost")

        sections = [Section("cost", len(written), term)]
        if len(written) > 1:

            def whole(_: int) -> TraceLine:
                terms = [(Quantity(Ref("ℓ", L, k), value(k)),) for k, _ in written]
                return self._line("ℓ", 0, 0, f.cost, summed(terms, Ref("Σ", L)), equation="2", phase="cost")

            sections.append(Section("cost", 1, whole))
        return sections

    def _last_delta(self, n: int) -> TraceLine:
        L, f = self.network.L, self.f
        a = Quantity(Ref("a", L, n + 1), float(f.a[-1][n]))
        y = Quantity(Ref("y", L, n + 1), float(f.y[n]))
        value = float(f.delta[-1][n])
        more = lost_digits(value, max(abs(a.value), abs(y.value)), self.digits)
        return self._line("δ", L, n + 1, value, [a, " − ", y], equation="3", phase="backward", more_digits=more)

    def _backward(self, layer: int) -> list[Section]:
        f, above, size = self.f, self.f.thetas[layer - 1], self.network.sizes[layer - 1]

        def terms(j: int) -> list[tuple[Quantity, ...]]:
            return [
                (
                    Quantity(Ref("Θ", layer, i, j + 1), float(above[i - 1, j + 1])),
                    Quantity(Ref("δ", layer + 1, i), float(f.delta[layer - 1][i - 1])),
                )
                for i in range(1, above.shape[0] + 1)
            ]

        error = sum_section(
            "backward",
            size,
            layer,
            "e",
            terms,
            lambda j: float(f.error[layer - 2][j]),
            equation="4",
            level=self.level,
            digits=self.digits,
        )
        return [
            error,
            Section("backward", size, lambda j: self._slope(layer, j + 1)),
            Section("backward", size, lambda j: self._delta(layer, j + 1)),
        ]

    def _slope(self, layer: int, j: int) -> TraceLine:
        f, unit = self.f, self._unit(layer)
        z, a = float(f.z[layer - 2][j - 1]), float(f.a[layer - 1][j - 1])
        factor = f.factors[layer - 2]
        before = unit.g(f.z[layer - 2])[j - 1] if factor is not None else a  # g(z), before dropout
        letters = {
            "z": Quantity(Ref("z", layer, j), z),
            "a": Quantity(Ref("a" if factor is None else "g", layer, j), float(before)),
        }
        return self._line(
            "g′",
            layer,
            j,
            float(f.slope[layer - 2][j - 1]),
            pieces(slope_of(unit, z, float(before), self.digits), letters),
            equation="4",
            phase="backward",
            saturated=self._is_flat(layer, j),
        )

    def _delta(self, layer: int, j: int) -> TraceLine:
        f = self.f
        formula: list[Piece] = [
            Quantity(Ref("e", layer, j), float(f.error[layer - 2][j - 1])),
            "·",
            Quantity(Ref("g′", layer, j), float(f.slope[layer - 2][j - 1])),
        ]
        factor = f.factors[layer - 2]
        if factor is not None:
            formula += ["·", Quantity(Ref("f", layer, j), float(factor[j - 1]))]
        value = float(f.delta[layer - 2][j - 1])
        flat = self._is_flat(layer, j)
        return self._line("δ", layer, j, value, formula, equation="4", phase="backward", saturated=flat)

    def _is_flat(self, layer: int, j: int) -> bool:
        z = self.f.z[layer - 2][j - 1 : j]
        unit = self._unit(layer)
        return bool(is_saturated(unit, Values(z, unit.g(z)))[0])

    def _unit(self, layer: int) -> Unit:
        unit = self.network.parts[layer - 2].unit
        assert unit is not None
        return unit
