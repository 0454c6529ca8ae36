"""Explanations: the algorithm as lecture notes write it, with numbers, as text, Markdown or HTML.

Each part gives an equation once, and then the equation with numbers, one line for each unit. An explanation that is
too long is shortened. It then leaves out units with a small |δ⁽ˡ⁾_j|, small terms of each sum, the middle layers, and
examples that cost little, and says how many of each.

content.py                             the parts of an explanation, as data
example.py, whole.py                   the explanation of one example, and of a training set
first_floor.py                         parts without weighted inputs, (7) to (11), in the explanation of one example
extent.py                              what is shown and what is left out
text.py, markdown.py, markup.py        an explanation as plain text, Markdown and HTML
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from deltarule.common.errors import SettingsError
from deltarule.explain.content import Account
from deltarule.explain.example import account_of_example
from deltarule.explain.extent import Extent
from deltarule.explain.markdown import as_markdown
from deltarule.explain.markup import as_html
from deltarule.explain.text import as_text
from deltarule.explain.whole import account_of_training_set
from deltarule.network.textbook import ExampleTrace, Trace

__all__ = ["FORMS", "explain"]


@dataclass(frozen=True)
class Form:
    """A format of an explanation.

    Attributes
    ----------
    write : callable
        (account, width) ↦ str.
    lines, width : int
        Default size, measured as text.
    """

    write: Callable[[Account, int], str]
    lines: int
    width: int


# Text fills a screen. The other formats scroll; they hold XOR's four examples through 2-2-1 uncut, and sums of about
# twenty terms.
FORMS = {
    "text": Form(as_text, 40, 100),
    "markdown": Form(lambda account, _: as_markdown(account), 100, 120),
    "html": Form(lambda account, _: as_html(account), 100, 160),
}

LEAST_UNITS = 3
"""Another example is shown only if every layer keeps at least this many units."""


def explain(
    trace: ExampleTrace | Trace,
    *,
    form: str = "text",
    lines: int | None = None,
    width: int | None = None,
    heading: str = "",
    inputs: Sequence[str] = (),
) -> str:
    """Write the forward and backward pass, equations (1) to (6), with numbers.

    One example is explained by (1) to (5). Its D (6) is not written out: for m = 1 without penalty, D repeats the
    numbers of (5). A training set is explained by (1) to (4) for the examples that cost most, then J with its penalty,
    Δ and D over all examples.

    Parameters
    ----------
    trace : ExampleTrace or Trace
        The result of `deltarule.trace_example` or `deltarule.trace`.
    form : {"text", "markdown", "html"}, default "text"
        Markdown has LaTeX between dollar signs; HTML is a fragment of a page, with its style and without scripts.
    lines : int, optional
        Most lines, counted as text. Everything is shown if it fits. Default 40 for text, else 100, or as many as the
        shortest explanation takes.
    width : int, optional
        Columns of a line, 80 or more, counted as text; sums are shortened to fit. Default 100 for text, 120 for
        Markdown, 160 for HTML, where long lines scroll.
    heading : str, optional
        A first line above the explanation.
    inputs : sequence of str, optional
        Names of x_1, x_2, …: those that the first part of one example is shown to take are named, unless it is `Dense`.

    Returns
    -------
    text : str
        Lines with line breaks between them. Numbers have four digits.

    Raises
    ------
    SettingsError
        If there are too few lines for one unit of two layers, or the form is unknown.

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
    return style.write(_fitted(trace, style.lines, lines, width, heading, inputs), width)


def _fitted(
    trace: ExampleTrace | Trace, usual: int, asked: int | None, width: int, heading: str, inputs: Sequence[str]
) -> Account:
    """Return the account with as many examples as fit, then as many layers, then as many units.

    Where nothing fits into the usual number of lines and no other was asked for, it is the shortest one.
    """
    lines = usual if asked is None else asked
    L, most = trace.network.L, 1 + max(trace.network.sizes)  # with `most` units, every entry of every matrix is shown
    numbers = {1}
    if isinstance(trace, Trace):
        # An example takes at least eight lines, so lines // 8 is the most that can fit.
        numbers = {n for n in (len(trace.examples), 4, 3, 2, 1, 0) if n <= min(len(trace.examples), lines // 8)}

    def height(extent: Extent) -> int:
        return len(as_text(_account(trace, extent, heading, inputs), width).splitlines())

    smallest = 0
    for examples in sorted(numbers, reverse=True):
        least = min(LEAST_UNITS, most) if examples > 1 else 1
        narrow = [Extent.of(L, layers, least, examples, width) for layers in range(min(L - 1, 2), L)]
        if fitting := bisect_right(narrow, lines, key=height):
            extents = [replace(narrow[fitting - 1], units=units) for units in range(least, most + 1)]
            return _account(trace, _largest_that_fits(extents, lines, height), heading, inputs)
        smallest = height(narrow[0])
    if asked is None:
        return _account(trace, narrow[0], heading, inputs)
    raise SettingsError(
        f"lines={lines} is too few to explain the network {trace.network}: the shortest text takes {smallest}."
    )


def _largest_that_fits(extents: list[Extent], lines: int, height: Callable[[Extent], int]) -> Extent:
    """Return the largest of growing extents that fits, given that the first fits.

    The search doubles before it bisects, so that no extent that is far too large is ever written.
    """
    fitting, beyond = 1, min(2, len(extents))
    while fitting < beyond and height(extents[beyond - 1]) <= lines:
        fitting, beyond = beyond, min(2 * beyond, len(extents))
    return extents[bisect_right(extents, lines, lo=fitting, hi=max(fitting, beyond - 1), key=height) - 1]


def _account(trace: ExampleTrace | Trace, extent: Extent, heading: str, inputs: Sequence[str]) -> Account:
    if isinstance(trace, ExampleTrace):
        return account_of_example(trace, extent, heading, inputs)
    return account_of_training_set(trace, extent, heading)
