"""Reads an explanation back out of its text, Markdown or HTML, sharing nothing with the code that writes it.

What comes out is the same for the three forms: formulas without spaces, Δ^(1)_2,0 for marks, * and ** and exp(…) for
arithmetic. `value_of` computes what is written in interval arithmetic: a number of four digits stands for every number
that is printed so, and the result holds every value that those could give.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mpmath import iv, mp

iv.dps = 40

GREEK = {"Theta": "Θ", "Delta": "Δ", "delta": "δ", "lambda": "λ", "ell": "ℓ", "sum": "Σ", "Phi": "Φ", "varphi": "φ"}
GREEK |= {"sigma": "σ", "cdot": "*", "le": "≤", "ge": "≥", "dots": "…", "quad": ""}
NUMBER = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Equality:
    name: str
    numbers: str
    value: str


@dataclass
class Part:
    label: str
    formula: str
    number: int
    lines: list[list[Equality]] = field(default_factory=list)


@dataclass
class Section:
    title: str
    items: list[Part | str] = field(default_factory=list)

    def parts(self, number: int) -> list[Part]:
        return [item for item in self.items if isinstance(item, Part) and item.number == number]

    def values(self, number: int) -> dict[str, Equality]:
        """Every equality of the parts with an equation's number, by its name."""
        lines = [line for part in self.parts(number) for line in part.lines]
        return {equality.name: equality for line in lines for equality in line}


def read(written: str, form: str) -> list[Section]:
    """Return the sections; the first one's title is the opening sentence."""
    return {"text": read_text, "markdown": read_markdown, "html": read_html}[form](written)


def equality(text: str) -> Equality:
    first, *rest = text.split("=")
    return Equality(first, "=".join(rest[:-1]), rest[-1])


def squeezed(text: str) -> str:
    """The last steps for every form: one way to write a minus, a power of ten, a half, and no spaces."""
    text = text.replace("−", "-").replace("·", "*").replace("½", "(1/2)*").replace("′", "'")
    text = re.sub(r"e([-+]?)0*(\d)", r"e\1\2", text)
    return re.sub(r"\s", "", text).replace("e+", "e")


# Text


def from_text(text: str) -> str:
    text = re.sub(rf"e\^(−?{NUMBER})", r"exp(\1)", text)
    text = text.replace("e⁻ᶻ", "exp(-z)").replace("eᶻ", "exp(z)").replace("{", "").replace("}", "")
    raised = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ˡ", "0123456789l")
    text = re.sub("⁽(.+?)⁾", lambda match: f"^({match[1].translate(raised)})", text)
    return squeezed(text.replace("²", "**2"))


def read_text(text: str) -> list[Section]:
    opening, *lines = text.splitlines()
    sections = [Section(from_text(opening))]
    for line in lines:
        items = sections[-1].items
        if match := re.fullmatch(r"(\S[^:]*):  (.*?)(?: +\((\d+)\))?", line):
            items.append(Part(from_text(match[1]), from_text(match[2]), int(match[3] or 0)))
        elif line.startswith("  …"):
            items.append(from_text(line))
        elif line.startswith("  "):
            part = items[-1]
            assert isinstance(part, Part)
            part.lines.append([equality(from_text(half)) for half in line.split(",  ")])
        elif line:
            sections.append(Section(from_text(line)))
    return sections


# Markdown


def from_latex(text: str) -> str:
    text = re.sub(r"\\text\{ ?(.*?) ?\}", r"\1", text).replace(r"\tfrac{1}{2}", "½").replace(r"\ ", " ")
    text = re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", text)
    text = re.sub(r"\\frac\{(.*?)\}\{(.*?)\}", r"\1/\2", text)
    text = re.sub(r"e\^\{(-?[^(}]+)\}", r"exp(\1)", text)
    text = re.sub(r"\^\{2\}", "**2", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda match: GREEK.get(match[1], match[1]), text)
    return squeezed(re.sub(r"([\^_])\{(.*?)\}", r"\1\2", text))


def from_words(text: str) -> str:
    pieces = re.split(r"(?<!\\)\$", text)
    words = [re.sub(r"\\(.)", r"\1", piece) for piece in pieces[::2]]
    return squeezed(words[0] + "".join(map(from_latex, pieces[1::2])))


def read_markdown(text: str) -> list[Section]:
    opening, *paragraphs = text.strip().split("\n\n")
    sections = [Section(from_words(opening))]
    for paragraph in paragraphs:
        items = sections[-1].items
        if match := re.fullmatch(r"\*\*(.+?):\*\* \$(.*?)\$(?: \$\\quad \((\d+)\)\$)?", paragraph):
            items.append(Part(from_text(match[1]), from_latex(match[2]), int(match[3] or 0)))
        elif match := re.fullmatch(
            r"\$\$\n\\begin\{aligned\}\n(.*)\n\\end\{aligned\}\n\$\$", paragraph, flags=re.DOTALL
        ):
            part = items[-1]
            assert isinstance(part, Part)
            for row in match[1].split(" \\\\\n"):
                part.lines.append([equality(from_latex(half).replace("&=", "=")) for half in row.split(", & ")])
        elif paragraph.startswith("#### ") or not items[-1:]:
            sections.append(Section(from_words(paragraph.removeprefix("#### "))))
        elif re.match("… (?:and .* more examples|each)", paragraph):
            sections.append(Section(from_words(paragraph)))
        else:
            items.append(from_words(paragraph))
    return sections


# HTML


def from_element(element: ET.Element) -> str:
    return squeezed(_flat(element))


def _flat(element: ET.Element) -> str:
    text = element.text or ""
    for child in element:
        inner = _flat(child)
        if child.tag == "sub":
            text += f"_{inner}"
        elif child.tag == "sup" and text.endswith("×10"):
            text = f"{text.removesuffix('×10')}e{inner}"
        elif child.tag == "sup" and text.endswith("e") and not inner.startswith("("):
            text = f"{text[:-1]}exp({inner})"
        elif child.tag == "sup":
            text += f"^{inner}" if inner.startswith("(") else f"**{inner}"
        else:
            text += inner
        text += child.tail or ""
    return text


def read_html(text: str) -> list[Section]:
    root = ET.fromstring(text)
    style, opening, *others = root
    assert (style.tag, opening.tag) == ("style", "p")
    sections = [Section(from_element(opening))]
    for element in others:
        if element.tag == "p":
            sections.append(Section(from_element(element)))
            continue
        children = list(element)
        if element.tag == "details":
            sections.append(Section(from_element(children.pop(0))))
        for child in children:
            sections[-1].items += _items(child)
    return sections


def _items(element: ET.Element) -> list[Part | str]:
    if element.tag == "p":
        return [from_element(element)]
    title, *others = element
    spans = list(title)
    bold = spans[0][0]
    label = from_element(bold)
    formula = from_element(spans[0]).removeprefix(label)
    part = Part(label, formula, int(from_element(spans[1]).strip("()")) if len(spans) > 1 else 0)
    items: list[Part | str] = [part]
    for other in others:
        if other.tag == "p":
            items.append(from_element(other))
            continue
        for line in other:
            first, second, *rest = map(from_element, line)
            part.lines.append([equality(first + second), *map(equality, rest)])
    return items


# What is written, computed


def shown(text: str) -> Any:
    """Every number that is printed so with four digits."""
    number = Decimal(text.strip("()"))
    if number == 0:
        return iv.mpf(0)
    half = Decimal(5).scaleb(number.adjusted() - 4)
    return iv.mpf([str(number - half), str(number + half)])


def value_of(expression: str) -> Any:
    """Compute an expression: sums, products, squares, log, exp, tanh, Φ, max(0, …), and what is left out of a sum."""
    parser = _Parser(re.findall(rf"{NUMBER}|\*\*2|[a-zΦ]+|\S", expression))
    value = parser.sum()
    assert parser.token is None, f"{expression} ends too late"
    return value


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.place = tokens, 0

    @property
    def token(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, *expected: str) -> str:
        token = self.token
        assert token is not None, f"{self.tokens} ends too early"
        assert not expected or token in expected, f"{token} for {expected} in {self.tokens}"
        self.place += 1
        return token

    def sum(self) -> Any:
        value = -self.product() if self.token == "-" and self.take() else self.product()
        while self.token in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> Any:
        value = self.power()
        while self.token in ("*", "/"):
            value = value * self.power() if self.take() == "*" else value / self.power()
        return value

    def power(self) -> Any:
        value = self.atom()
        if self.token == "**2":
            self.take()
            return value**2
        return value

    def atom(self) -> Any:
        token = self.take()
        if token in ("(", "["):
            value = self.sum()
            self.take(")", "]")
            return value
        if token == "…":  # (3 more: 0.5)
            self.take("("), self.take(), self.take("more"), self.take(":")
            value = self.sum()
            self.take(")")
            return value
        if token == "max":
            self.take("("), self.take("0"), self.take(",")
            value = relu(self.sum())
            self.take(")")
            return value
        if token == "tanhlog":
            return tanh(log(self.atom()))
        if token in ("log", "tanh", "exp", "Φ"):
            return {"log": log, "tanh": tanh, "exp": iv.exp, "Φ": Phi}[token](self.atom())
        return iv.mpf(token) if self.is_exact(token) else shown(token)

    def is_exact(self, token: str) -> bool:
        """Whether a number belongs to the formula and is no data: 1/m, 2 of ½, (1 − a), 1/(1 + e⁻ᶻ), eᶻ − 1."""
        before, after = self.tokens[: self.place - 1], self.token
        if before[-1:] == ["/"]:
            return before[-2:-1] == ["1"] or len(before) == 2
        if token != "1":
            return False
        return after == "/" or (before[-1:] == ["("] and after in ("+", "-")) or before[-2:] == [")", "-"]


def agree(one: Any, other: Any) -> bool:
    """Whether two intervals have a number in common."""
    return bool(one.a <= other.b and other.a <= one.b)


def hull(*intervals: Any) -> Any:
    return iv.mpf([min(x.a for x in intervals), max(x.b for x in intervals)])


def log(x: Any) -> Any:
    return iv.log(iv.mpf([max(x.a, mp.mpf("1e-400")), x.b]))


def relu(x: Any) -> Any:
    return iv.mpf([max(x.a, 0), max(x.b, 0)])


def tanh(x: Any) -> Any:
    return hull(*(1 - 2 / (iv.exp(2 * iv.mpf(end)) + 1) for end in (x.a, x.b)))


def Phi(x: Any) -> Any:
    return hull(*(iv.mpf(mp.ncdf(mp.mpf(end.mid))) for end in (iv.mpf(x.a), iv.mpf(x.b))))


def sigma(x: Any) -> Any:
    return 1 / (1 + iv.exp(-x))


def parted(x: Any, below: Any, above: Any) -> Any:
    """A function with one formula below 0 and one above, on an interval that may hold both."""
    sides = []
    if x.a <= 0:
        sides.append(below(iv.mpf([x.a, min(x.b, 0)])))
    if x.b >= 0:
        sides.append(above(iv.mpf([max(x.a, 0), x.b])))
    return hull(*sides)


_SELU = iv.mpf("1.0507009873554805"), iv.mpf("1.0507009873554805") * iv.mpf("1.6732632423543772")

_LINE = 2 * iv.sqrt(2 / iv.pi)


def _cubic(z: Any) -> Any:
    return _LINE * (z + iv.mpf("0.044715") * z**3)


UNITS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "logistic": (sigma, lambda z: sigma(z) * sigma(-z)),
    "tanh": (tanh, lambda z: 1 - tanh(z) ** 2),
    "relu": (relu, lambda z: parted(z, lambda _: iv.mpf(0), lambda _: iv.mpf(1))),
    "identity": (lambda z: z, lambda z: iv.mpf(1)),
    "leaky_relu": (
        lambda z, slope=0.01: parted(z, lambda x: x * iv.mpf(slope), lambda x: x),
        lambda z, slope=0.01: parted(z, lambda _: iv.mpf(slope), lambda _: iv.mpf(1)),
    ),
    "elu": (
        lambda z, alpha=1: parted(z, lambda x: alpha * (iv.exp(x) - 1), lambda x: x),
        lambda z, alpha=1: parted(z, lambda x: alpha * iv.exp(x), lambda _: iv.mpf(1)),
    ),
    "selu": (
        lambda z: parted(z, lambda x: _SELU[1] * (iv.exp(x) - 1), lambda x: _SELU[0] * x),
        lambda z: parted(z, lambda x: _SELU[1] * iv.exp(x), lambda _: _SELU[0]),
    ),
    "gelu": (lambda z: z * Phi(z), lambda z: Phi(z) + z * iv.exp(-(z**2) / 2) / iv.sqrt(2 * iv.pi)),
    "gelu_tanh": (
        lambda z: z * sigma(_cubic(z)),
        lambda z: sigma(_cubic(z)) * (1 + z * sigma(-_cubic(z)) * _LINE * (1 + 3 * iv.mpf("0.044715") * z**2)),
    ),
    "silu": (lambda z: z * sigma(z), lambda z: sigma(z) * (1 + z * sigma(-z))),
    "mish": (
        lambda z: z * tanh(log(1 + iv.exp(z))),
        lambda z: tanh(log(1 + iv.exp(z))) + z * (1 - tanh(log(1 + iv.exp(z))) ** 2) * sigma(z),
    ),
    "softplus": (lambda z: log(1 + iv.exp(z)), sigma),
}
"""g and g′ of each hidden unit on intervals, from the definitions: functions of z and the numbers of the unit."""
