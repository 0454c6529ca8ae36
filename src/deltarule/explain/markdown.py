r"""An account as Markdown with LaTeX, for notebooks and pages that typeset $…$ and $$…$$ as mathematics.

It uses only commands that both KaTeX and MathJax know. Lines that belong together are one `aligned` block, so that
their equals signs are aligned.
"""

import re

from deltarule.explain.content import Account, Line, Part, Section, Sentence
from deltarule.explain.notation import FUNCTIONS, Token, tokens

__all__ = ["as_markdown"]

SYMBOLS = {
    "Θ": r"\Theta ",
    "Δ": r"\Delta ",
    "δ": r"\delta ",
    "λ": r"\lambda ",
    "ℓ": r"\ell ",
    "Σ": r"\sum ",
    "Φ": r"\Phi ",
    "φ": r"\varphi ",
    "σ": r"\sigma ",
    "α": r"\alpha ",
    "π": r"\pi ",
    "γ": r"\gamma ",
    "ω": r"\omega ",
    "τ": r"\tau ",
    "∂": r"\partial ",
    "·": r"\cdot ",
    "−": "-",
    "≤": r"\le ",
    "≥": r"\ge ",
    "…": r"\dots ",
    "½": r"\tfrac{1}{2}",
    "′": "'",
}


def as_markdown(account: Account) -> str:
    """Return paragraphs with blank lines between them."""
    paragraphs = [_escaped(account.heading)] if account.heading else []
    paragraphs.append(_sentence(account.opening))
    for section in account.sections:
        paragraphs += _section(section)
    return "\n\n".join(paragraphs) + "\n"


def _section(section: Section) -> list[str]:
    paragraphs = []
    if section.title:
        paragraphs.append(f"{'#### ' if section.groups else ''}{_sentence(section.title)}")
    for group in section.groups:
        for part in group:
            paragraphs += [_sentence(part)] if isinstance(part, Sentence) else _part(part)
    return paragraphs


def _part(part: Part) -> list[str]:
    number = rf" $\quad ({part.number})$" if part.number else ""
    paragraphs = [f"**{part.label}:** ${_latex(part.formula)}${number}"]
    if part.lines:
        rows = " \\\\\n".join(map(_row, part.lines))
        paragraphs.append(f"$$\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n$$")
    return paragraphs + ([_sentence(part.left_out)] if part.left_out else [])


def _row(line: Line) -> str:
    return ", & ".join(f"{_latex(equality.name)} &= {_latex(equality.right)}" for equality in line)


def _sentence(sentence: Sentence) -> str:
    return _escaped(sentence.words) + (f" ${_latex(sentence.formula)}$" if sentence.formula else "")


def _escaped(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|$~&+.!-])", r"\\\1", " ".join(words.split()))


def _latex(formula: str) -> str:
    text = "".join(map(_written, tokens(formula)))
    text = re.sub(r" \} *\\text\{ ", " ", text)  # words side by side are one text
    text = re.sub(r" \}(?=[,:])", "}", text)
    return re.sub(r", +", r",\\ ", re.sub(r" +", " ", text)).strip()


def _written(token: Token) -> str:
    if token.kind == "fraction":
        return rf"\frac{{{_number(_symbols(token.text).strip())}}}{{{_number(token.below)}}}"
    if token.kind == "exponential":
        return f"e^{{{_number(_symbols(token.text))}}}"
    if token.kind == "number":
        return _number(token.text)
    if token.kind == "word":
        return rf"\{token.text} " if token.text in FUNCTIONS else rf"\text{{ {token.text} }}"
    if token.kind == "power":
        return f"^{{{token.text}}}"
    above = f"^{{{_symbols(token.above)}}}" if token.above else ""
    below = f"_{{{_symbols(token.below)}}}" if token.below else ""
    return f"{_symbols(token.text).rstrip() if above or below else _symbols(token.text)}{above}{below}"


def _symbols(text: str) -> str:
    return "".join(SYMBOLS.get(character, character) for character in text)


def _number(text: str) -> str:
    digits, _, exponent = text.partition("e")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits
