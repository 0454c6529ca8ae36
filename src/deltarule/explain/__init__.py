"""What the algorithm does, as the lecture notes would write it, with the numbers in: text, Markdown or HTML.

Each part gives an equation once and then the same with numbers, a line for each unit. What is too large for the lines
that there are is shortened: units with a small |δ⁽ˡ⁾_j| go, in each sum the small terms, of many layers the middle
ones, of many examples those that cost little. What was left out is said.

`content.py` is what is said; `example.py` and `whole.py` say it of one example and of a training set, and `scale.py`
chooses; `text.py`, `markdown.py` and `markup.py` write it down.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from deltarule.common.errors import SettingsError
from deltarule.explain.content import Account
from deltarule.explain.example import account_of_example
from deltarule.explain.markdown import as_markdown
from deltarule.explain.markup import as_html
from deltarule.explain.scale import Scale
from deltarule.explain.text import as_text
from deltarule.explain.whole import account_of_training_set
from deltarule.network.textbook import ExampleTrace, Trace

__all__ = ["FORMS", "explain"]


@dataclass(frozen=True)
class Form:
    """A way to write an account down.

    Attributes
    ----------
    write : callable
        (account, width) ↦ str.
    lines, width : int
        How much it holds by default, measured as text.
    """

    write: Callable[[Account, int], str]
    lines: int
    width: int


# A screen for text; what can be scrolled holds XOR's four examples through 2-2-1 whole, and sums of some twenty terms.
FORMS = {
    "text": Form(as_text, 40, 100),
    "markdown": Form(lambda account, _: as_markdown(account), 100, 120),
    "html": Form(lambda account, _: as_html(account), 100, 160),
}

LEAST_UNITS = 3
"""An example more is shown only if every layer keeps so many of its units."""


def explain(
    trace: ExampleTrace | Trace,
    *,
    form: str = "text",
    lines: int | None = None,
    width: int | None = None,
    heading: str = "",
) -> str:
    """Write the forward and backward pass, equations (1) to (6), with numbers.

    Of one example: (1) to (5). Its D (6) is not written out: it is a mean over a training set with the penalty in it,
    and for m = 1 without penalty it would only say the numbers of (5) again. Of a training set: the examples that cost
    most in the same way, then J with its penalty, Δ and D over all examples.

    Parameters
    ----------
    trace : ExampleTrace or Trace
        What `deltarule.trace_example` or `deltarule.trace` returns.
    form : {"text", "markdown", "html"}, default "text"
        Markdown has LaTeX between dollar signs; HTML is a fragment of a page, with its style and without scripts.
    lines : int, optional
        So many lines at most, counted as text. Everything is shown if it fits. Default 40 for text, else 100.
    width : int, optional
        Columns of a line, 80 or more, counted as text; sums are cut to fit it. Default 100 for text, 120 for Markdown,
        160 for HTML, where long lines scroll.
    heading : str, optional
        One more line, to stand first.

    Returns
    -------
    text : str
        Lines with line breaks between them. Numbers have four digits.

    Raises
    ------
    SettingsError
        If there are too few lines for one unit of two layers, or there is no such form.

    Examples
    --------
    >>> from deltarule import Network, trace_example
    >>> print(explain(trace_example(Network((1, 1)), [0.5, -1.0], [0.5], [1.0]), width=80))
    The network 1-1 on one example, y = [1]
    <BLANKLINE>
    Layer 1:  a⁽¹⁾ = x = [0.5]
    Layer 2:  z⁽²⁾_i = Θ⁽¹⁾_i0 + Σ_j Θ⁽¹⁾_ij a⁽¹⁾_j, a⁽²⁾_i = 1/(1 + e⁻ᶻ)        (1)
      z⁽²⁾_1 = 0.5 − 1·0.5 = 0,  a⁽²⁾_1 = 1/(1 + e^0) = 0.5
    <BLANKLINE>
    Cost:  ℓ = −Σ_k [ y_k log h_k + (1 − y_k) log(1 − h_k) ],  h = a⁽²⁾          (2)
      ℓ = −[ log 0.5 ] = 0.6931
    <BLANKLINE>
    Layer 2:  δ⁽²⁾_k = a⁽²⁾_k − y_k                                              (3)
      δ⁽²⁾_1 = 0.5 − 1 = −0.5
    <BLANKLINE>
    To Δ⁽¹⁾:  Δ⁽¹⁾_ij := Δ⁽¹⁾_ij + δ⁽²⁾_i a⁽¹⁾_j,  a⁽¹⁾_0 = 1                    (5)
      δ⁽²⁾_1·[1, a⁽¹⁾] = −0.5·[1, 0.5] = [−0.5, −0.25]
    Gradient:  D⁽ˡ⁾ = Δ⁽ˡ⁾ for this example alone, m = 1 and λ = 0               (6)
    """
    if form not in FORMS:
        raise SettingsError(f"form={form!r} is not known. Take one of {', '.join(FORMS)}.")
    style = FORMS[form]
    width = style.width if width is None else width
    return style.write(_fitted(trace, style.lines if lines is None else lines, width, heading), width)


def _fitted(trace: ExampleTrace | Trace, lines: int, width: int, heading: str) -> Account:
    """Return the account with as many examples, then layers, then units as fit."""
    L, most = trace.network.L, 1 + max(trace.network.sizes)  # so many units: every entry of every matrix
    numbers = {1}
    if isinstance(trace, Trace):
        # Eight lines are the least that an example takes: so no more of them are written than could fit.
        numbers = {n for n in (len(trace.examples), 4, 3, 2, 1, 0) if n <= min(len(trace.examples), lines // 8)}

    def height(scale: Scale) -> int:
        return len(as_text(_account(trace, scale, heading), width).splitlines())

    smallest = 0
    for examples in sorted(numbers, reverse=True):
        least = min(LEAST_UNITS, most) if examples > 1 else 1
        narrow = [Scale.of(L, layers, least, examples, width) for layers in range(min(L - 1, 2), L)]
        if fitting := bisect_right(narrow, lines, key=height):
            scales = [replace(narrow[fitting - 1], units=units) for units in range(least, most + 1)]
            return _account(trace, _largest_that_fits(scales, lines, height), heading)
        smallest = height(narrow[0])
    raise SettingsError(
        f"lines={lines} is too few to explain the network {trace.network}: the shortest text takes {smallest}."
    )


def _largest_that_fits(scales: list[Scale], lines: int, height: Callable[[Scale], int]) -> Scale:
    """Return the last of growing scales that fits, the first of which does; none far too large is ever written."""
    fitting, beyond = 1, min(2, len(scales))
    while fitting < beyond and height(scales[beyond - 1]) <= lines:
        fitting, beyond = beyond, min(2 * beyond, len(scales))
    return scales[bisect_right(scales, lines, lo=fitting, hi=max(fitting, beyond - 1), key=height) - 1]


def _account(trace: ExampleTrace | Trace, scale: Scale, heading: str) -> Account:
    if isinstance(trace, ExampleTrace):
        return account_of_example(trace, scale, heading)
    return account_of_training_set(trace, scale, heading)
