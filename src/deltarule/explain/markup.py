"""An account as HTML for notebooks and reports, without scripts or other files."""

from collections.abc import Iterator

from deltarule.common.html import Html, fragment, tag
from deltarule.explain.content import Account, Line, Part, Section, Sentence
from deltarule.explain.notation import Token, tokens

__all__ = ["as_html"]


def as_html(account: Account) -> Html:
    """Return a fragment of a page; the first of several examples is open, the others open by a click."""
    head = [tag("p", tag("b", account.heading))] if account.heading else []
    titled = [section for section in account.sections if section.title and section.groups]
    is_open = {id(section) for section in (titled[:1] + titled[-1:])}
    sections = [_section(section, id(section) in is_open) for section in account.sections]
    return fragment(*head, tag("p", *_sentence(account.opening)), *sections)


def _section(section: Section, is_open: bool) -> Html:
    groups = [
        tag("p", *_sentence(part), class_="faint") if isinstance(part, Sentence) else _part(part)
        for group in section.groups
        for part in group
    ]
    if section.title is None:
        return tag("div", *groups)
    if not groups:
        return tag("p", *_sentence(section.title), class_="faint")
    return tag("details", tag("summary", *_sentence(section.title)), *groups, **({"open": ""} if is_open else {}))


def _part(part: Part) -> Html:
    number = [tag("span", f"({part.number})", class_="number")] if part.number else []
    title = tag("span", tag("b", *_formula(part.label)), " ", *_formula(part.formula))
    children = [tag("div", title, *number, class_="equation")]
    if part.lines:
        children.append(tag("div", *map(_line, part.lines), class_="lines"))
    if part.left_out:
        children.append(tag("p", *_sentence(part.left_out), class_="faint"))
    return tag("div", *children, class_="part")


def _line(line: Line) -> Html:
    first, *others = line
    cells = [tag("span", *_formula(first.name), " "), tag("span", *_formula(f"= {first.right}"))]
    cells += [tag("span", *_formula(f" {equality.name} = {equality.right}")) for equality in others]
    return tag("div", *cells, class_="line")


def _sentence(sentence: Sentence) -> Iterator[str]:
    yield sentence.words
    if sentence.formula:
        yield " "
        yield from _formula(sentence.formula)


def _formula(formula: str) -> Iterator[str]:
    for token in tokens(formula):
        yield from _written(token)


def _written(token: Token) -> Iterator[str]:
    if token.kind == "fraction":
        yield from (*_number(token.text), "/", *_number(token.below))
    elif token.kind == "exponential":
        yield from (tag("i", "e"), tag("sup", *_number(token.text)))
    elif token.kind == "power":
        yield tag("sup", token.text)
    elif token.kind == "letter":
        # In mathematics capital Greek letters are upright, all others italic.
        yield token.text if token.text in "ΘΔΣΦ" else tag("i", token.text)
        above, below = (tag(name, text) if text else "" for name, text in (("sup", token.above), ("sub", token.below)))
        yield tag("span", above, below, class_="marks") if above and below else above or below
    else:
        yield from _number(token.text)


def _number(text: str) -> Iterator[str]:
    digits, _, exponent = text.partition("e") if text[-1:].isdigit() else (text, "", "")
    yield digits
    if exponent:
        yield from ("×10", tag("sup", str(int(exponent)).replace("-", "−")))
