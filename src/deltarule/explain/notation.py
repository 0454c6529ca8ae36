"""The plain-text notation of formulas, split into tokens from which LaTeX and HTML are written.

    Θ⁽¹⁾_12,0     a letter with marks: superscript characters, and after _ a subscript of letters, numbers or {…}
    e^−0.5        a power of e
    2.06e-09      a number
    1/4, λ/2m     a fraction of numbers and single letters
    log, below    two or more Latin letters: a function or a word
    ²             a power, after a bracket or a number

Every other character is a token of its own. `plain` turns superscript characters into ordinary ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["FUNCTIONS", "Token", "plain", "sup", "tokens"]

RAISED = "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᶻˡᴸ"
_UNRAISE = str.maketrans(RAISED, "()0123456789−zlL")
_RAISE = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

FUNCTIONS = ("log", "exp", "tanh", "max", "cos", "sin")

_NUMBER = r"\d+(?:\.\d+)?(?:e[-+]\d+)?"
_TOKEN = re.compile(
    rf"""
      (?P<fraction>(?P<top>λ|{_NUMBER})/(?P<bottom>2?m(?![a-z])|{_NUMBER}))
    | e\^(?P<exponent>−?{_NUMBER})
    | (?P<number>{_NUMBER})
    | (?P<word>[A-Za-z]{{2,}})
    | (?P<letter>[A-Za-zΘΔδλℓΣΦφσαγπωτ])(?P<prime>′?)(?P<above>[{RAISED}]*)
      (?:_(?P<below>\{{[^}}]*\}}|[A-Za-z0-9]+(?:,\d+)?))?
    | (?P<power>[{RAISED}]+)
    | (?P<other>.)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of a formula.

    Attributes
    ----------
    kind : str
        "fraction", "exponential", "number", "word", "letter", "power" or "other".
    text : str
        The numerator, the exponent, the number, the word, the letter (with its prime), the power, the character.
    above, below : str
        Superscript and subscript of a letter, in ordinary characters; `below` is also the denominator of a fraction.
    """

    kind: str
    text: str
    above: str = ""
    below: str = ""


def tokens(formula: str) -> Iterator[Token]:
    """Split a formula into its tokens.

    Examples
    --------
    >>> [token.text for token in tokens("a⁽²⁾_1 = e^−0.5")]
    ['a', ' ', '=', ' ', '−0.5']
    """
    for match in _TOKEN.finditer(formula):
        if match["fraction"]:
            yield Token("fraction", match["top"], below=match["bottom"])
        elif match["exponent"]:
            yield Token("exponential", match["exponent"])
        elif match["letter"]:
            below = (match["below"] or "").strip("{}")
            yield Token("letter", match["letter"] + match["prime"], plain(match["above"]), below)
        elif match["power"]:
            yield Token("power", plain(match["power"]))
        else:
            kind = str(match.lastgroup)
            yield Token(kind, match[kind])


def plain(raised: str) -> str:
    """Return superscript characters as ordinary ones.

    >>> plain("⁽¹²⁾")
    '(12)'
    """
    return raised.translate(_UNRAISE)


def sup(layer: int) -> str:
    """Return the superscript of a layer.

    >>> sup(12)
    '⁽¹²⁾'
    """
    return f"⁽{str(layer).translate(_RAISE)}⁾"
