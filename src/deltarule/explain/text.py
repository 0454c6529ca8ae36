"""An account as plain text, for a terminal."""

from deltarule.explain.content import Account, Line, Part, Section, Sentence

__all__ = ["as_text"]


def as_text(account: Account, width: int) -> str:
    """Return lines with line breaks between them."""
    head = [account.heading] if account.heading else []
    return "\n".join(
        [*head, _sentence(account.opening), *(line for part in account.sections for line in _section(part, width))]
    )


def _section(section: Section, width: int) -> list[str]:
    lines = ["", _sentence(section.title)] if section.title else []
    for n, group in enumerate(section.groups):
        lines += [""] * (n > 0 or section.title is None)
        for part in group:
            lines += [f"  {_sentence(part)}"] if isinstance(part, Sentence) else _part(part, width)
    return lines


def _part(part: Part, width: int) -> list[str]:
    title = f"{part.label}:  {part.formula}"
    lines = [f"{title.ljust(width - 4)} ({part.number})" if part.number else title]
    lines += [f"  {_line(line)}" for line in part.lines]
    return lines + ([f"  {_sentence(part.left_out)}"] if part.left_out else [])


def _line(line: Line) -> str:
    return ",  ".join(f"{equality.name} = {equality.right}" for equality in line)


def _sentence(sentence: Sentence) -> str:
    return f"{sentence.words} {sentence.formula}".rstrip()
