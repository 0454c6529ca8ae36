"""Reads a page of HTML back, as a browser would nest it, and fails where an element is left open or closed twice."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = ("meta", "img")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder, self.open = ET.TreeBuilder(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        if self.open:
            self.builder.data(data)


def read_page(text: str) -> ET.Element:
    """Return the tree of a page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader.builder.close()


def text_of(element: ET.Element) -> str:
    return "".join(element.itertext())


def section(page: ET.Element, name: str) -> ET.Element:
    """Return the section below a heading."""
    (found,) = [element for element in page.iter("section") if text_of(element[0]) == name]
    return found


def table_of(page: ET.Element, kind: str) -> list[list[str]]:
    """Return the body of the table of a class: of a number all its digits, of other cells the text."""
    (found,) = [element for element in page.iter("table") if element.get("class") == kind]
    return [[_content(cell) for cell in row] for row in found.findall("./tbody/tr")]


def named(parent: ET.Element) -> dict[str, str]:
    """Return what the tables without a head say, by the names of their rows."""
    rows = [row for table in parent.iter("table") for row in table.findall("tr")]
    return {text_of(row[0]): _content(row[1]) for row in rows if len(row) == 2}


def _content(cell: ET.Element) -> str:
    numbers = [data.get("value", "") for data in cell.iter("data")]
    return " … ".join(numbers) if numbers else text_of(cell)
