"""Quantities of the algorithm with their names, and lines written from formulas and quantities.

A formula is text with letters; `pieces` puts quantities in their place. A line then is written twice, in symbols and in
numbers, each token of a quantity carrying what it refers to, and once more in spoken words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from deltarule.explain.notation import sup
from deltarule.explain.numbers import number
from deltarule.play.answers import Ref, Token, TraceLine

__all__ = [
    "Piece",
    "Quantity",
    "line",
    "lost_digits",
    "pieces",
    "summed",
]

MOST_TERMS = 24
"""Most terms of a sum that are written one by one; the others are added up to one number."""

LONGEST_SPOKEN = 4
"""Most terms of a sum that are spoken one by one."""

WORDS: Mapping[str, str] = {
    "Θ": "weight",
    "Θ′": "new weight",
    "z": "weighted input",
    "a": "activation",
    "δ": "delta",
    "e": "error",
    "g′": "slope",
    "Δ": "Delta",
    "D": "gradient",
    "ℓ": "cost",
    "J": "J",
    "λ": "lambda",
    "η": "step size",
    "μ": "momentum",
    "β₁": "beta 1",
    "β₂": "beta 2",
    "ε": "epsilon",
    "Σ": "the rest",
    "ℓ̄": "mean cost",
    "Σℓ": "sum of costs",
    "R": "penalty",
    "b": "batch size",
    "m": "number of rows",
    "c": "share of the gradient",
    "J′": "J after the step",
    "J′−J": "change of J",
    "D·(Θ′−Θ)": "change of J that the gradient predicts",
    "‖a‖": "length of a",
    "‖δ‖": "length of delta",
    "‖Δ‖": "length of Delta",
    "‖Θ′−Θ‖": "length of the step",
    "f": "dropout factor",
    "Θ²": "sum of the squares of all weights",
    "ηₜ": "corrected step size",
    "‖D‖": "length of the gradient",
    "p": "mean of gradients",
    "q": "mean of squared gradients",
    "v": "velocity",
    "d": "direction",
    "d·D": "slope along the direction",
    "α": "step length",
    "β": "beta",
    "γ": "gamma",
    "ρ": "rho",
    "κ": "kappa",
    "ω": "omega",
    "A": "what the fall of J lacks",
    "C": "what the slope there lacks",
    "‖d‖": "length of the direction",
}

EXACT: Mapping[str, int] = {
    **dict.fromkeys(("λ", "μ", "β₁", "β₂", "ε", "w", "b", "m", "t", "c_max", "c₁", "c₂"), 15),
    "η": 6,
    "y": 6,
}
"""Least digits of settings, counts and targets, which are known exactly."""

_SPOKEN = {
    "·": "times",
    "+": "plus",
    "−": "minus",
    "/": "over",
    "²": "squared",
    "√": "the root of",
    "^": "to the power",
    "e^": "e to the",
    "log": "the logarithm of",
    "max": "the larger of",
    "tanh": "tanh of",
    "σ": "sigma of",
    "Φ": "Phi of",
    "φ": "phi of",
    ",": "and",
    "(": "",
    ")": "",
    " ": "",
}

_OPERATOR = re.compile(r"e\^|tanh|log|max|[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|\S|\s+")


@dataclass(frozen=True)
class Quantity:
    """A number of the algorithm, and what it is."""

    ref: Ref
    value: float


Piece: TypeAlias = str | Quantity
"""A quantity, or operators and constants between two."""


def symbol_of(ref: Ref) -> str:
    """Return the name of a quantity in the notation of the formulas.

    >>> symbol_of(Ref("Θ", 1, 2, 0)), symbol_of(Ref("δ", 3, 1)), symbol_of(Ref("λ"))
    ('Θ⁽¹⁾_20', 'δ⁽³⁾_1', 'λ')
    """
    name = ref.symbol
    if ref.layer and ref.symbol not in ("x", "y"):
        name += sup(ref.layer)
    if ref.i and ref.j >= 0:
        return f"{name}_{ref.i}{ref.j}" if ref.i < 10 and ref.j < 10 else f"{name}_{ref.i},{ref.j}"
    return f"{name}_{ref.i}" if ref.i else name


def pieces(formula: str, letters: Mapping[str, Quantity]) -> list[Piece]:
    """Return a formula with quantities in the place of its letters.

    >>> z = Quantity(Ref("z", 2, 1), 0.5)
    >>> pieces("tanh(z)", {"z": z}) == ["tanh(", z, ")"]
    True
    """
    names = "|".join(sorted(map(re.escape, letters), key=len, reverse=True))
    found: list[Piece] = []
    for n, part in enumerate(re.split(rf"(?<![A-Za-z])({names})(?![A-Za-z])", formula)):
        if n % 2:
            found.append(letters[part])
        elif part:
            found.append(part)
    return found


def summed(terms: Sequence[tuple[Quantity, ...]], rest: Ref) -> list[Piece]:
    """Return a sum of products; of many terms the largest, and the rest as one number."""
    values = [_product(term) for term in terms]
    kept = sorted(range(len(terms)), key=lambda n: -abs(values[n]))[:MOST_TERMS]
    found: list[Piece] = []
    for n in sorted(kept):
        found += [" + "] if found else []
        for k, factor in enumerate(terms[n]):
            found += ["·", factor] if k else [factor]
    if len(kept) < len(terms):
        found += [" + ", Quantity(rest, sum(values) - sum(values[n] for n in kept))]
    return found


def line(
    writes: Quantity,
    formula: Sequence[Piece],
    *,
    equation: str,
    phase: str,
    level: str,
    digits: int,
    layer: int = 0,
    unit: int = 0,
    saturated: bool = False,
    note: str = "",
    more_digits: int = 0,
) -> TraceLine:
    """Return a line: what it writes, in symbols, in numbers, and in words. Its number is set by who collects lines."""
    name = Token("symbol", symbol_of(writes.ref), writes.value, writes.ref)
    symbols, numbers = [name, Token("operator", " = ")], []
    before = ""
    for piece, after in zip(formula, [*formula[1:], ""], strict=True):
        if isinstance(piece, Quantity):
            symbols.append(Token("symbol", symbol_of(piece.ref), piece.value, piece.ref))
            text = _shown(piece, digits + more_digits)
            is_first = before.rstrip()[-1:] in ("", "(", ",")
            needs_brackets = text.startswith("−") and (not is_first or str(after).startswith("²"))
            shown = Token("number", text, piece.value, piece.ref)
            numbers += [Token("operator", "("), shown, Token("operator", ")")] if needs_brackets else [shown]
            before = "0"
        else:
            cut = [_constant(part, digits) for part in _OPERATOR.findall(piece)]
            symbols += cut
            numbers += cut
            before = piece
    reads = tuple(dict.fromkeys(piece.ref for piece in formula if isinstance(piece, Quantity)))
    return TraceLine(
        number=0,
        equation=equation,
        phase=phase,
        level=level,
        layer=layer,
        unit=unit,
        writes=writes.ref,
        reads=reads,
        symbols=tuple(symbols),
        numbers=tuple(numbers),
        result=Token("number", number(writes.value, digits), writes.value, writes.ref),
        value=writes.value,
        spoken=_spoken(writes, formula, digits),
        saturated=saturated,
        note=note,
    )


def lost_digits(value: float, largest: float, digits: int) -> int:
    """Return how many leading digits a difference loses, which its operands must show besides."""
    if value == 0 or abs(value) >= largest:
        return 0
    return int(min(17 - digits, np.ceil(np.log10(largest / abs(value)))))


def _shown(quantity: Quantity, digits: int) -> str:
    """Return a number as it is written: settings and counts with all their digits."""
    return number(quantity.value, max(digits, EXACT.get(quantity.ref.symbol, 0)))


def _constant(text: str, digits: int) -> Token:
    if text[0].isdecimal():
        value = float(text)
        return Token("number", number(value, max(4, digits)), value)
    return Token("operator", text)


def _product(factors: Sequence[Quantity]) -> float:
    value = 1.0
    for factor in factors:
        value *= factor.value
    return value


def _spoken(writes: Quantity, formula: Sequence[Piece], digits: int) -> str:
    """Return a line in words: what it is, about how much, and how it came."""
    words: list[str] = []
    terms = 0
    for piece in formula:
        if isinstance(piece, Quantity):
            words.append(_said(piece.value, digits))
            continue
        terms += piece.count("+")
        if terms >= LONGEST_SPOKEN:
            more = sum(isinstance(one, str) and one.strip() == "+" for one in formula) - LONGEST_SPOKEN + 1
            words.append(f"plus {more} more terms")
            break
        words += [_SPOKEN.get(part.strip() or " ", part.strip()) for part in _OPERATOR.findall(piece)]
    how = " ".join(word for word in words if word)
    about = "is" if float(f"{writes.value:.{digits}g}") == writes.value else "is about"
    said = f"{_name(writes.ref)} {about} {_said(writes.value, digits)}"
    return f"{said}: {how}." if how != _said(writes.value, digits) else f"{said}."


def _said(value: float, digits: int) -> str:
    text = number(value, digits).replace("−", "minus ")
    mantissa, power, exponent = text.partition("e")
    if not power:
        return text
    sign = "minus " if exponent.startswith("-") else ""
    return f"{mantissa} times 10 to the {sign}{exponent.lstrip('+-0') or '0'}"


def _name(ref: Ref) -> str:
    """Return the spoken name of a quantity."""
    if ref.symbol == "S":
        return "the sum so far"
    word = WORDS.get(ref.symbol) or WORDS.get(ref.symbol.rstrip("′")) or ref.symbol
    if ref.symbol.endswith("′") and ref.symbol not in WORDS:
        word = f"new {word}"
    if ref.j >= 0 and ref.i:
        source = "the bias" if ref.j == 0 else f"unit {ref.j}"
        return f"{word} to unit {ref.i} from {source}, layer {ref.layer}"
    return f"{word} of unit {ref.i}, layer {ref.layer}" if ref.i and ref.layer else word
