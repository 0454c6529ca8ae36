"""What the tests of the page read from it, and the scenes that they begin with."""

from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.play.scene import Scene, Toy

__all__ = ["READ_LINE", "SMALL", "TABLE", "at_line", "equation_of", "number", "theta"]

SMALL = Scene(data=Toy(name="spiral", n=60), hidden=(4, 3), training={"alpha": 0.5})

TABLE = "height;width;kind\n" + "\n".join(f"{i % 7},5;{i % 5};{'tall' if i % 7 > 3 else 'short'}" for i in range(40))


def theta(page: Any) -> Array:
    """Return θ of the session."""
    return np.array(page.session.snapshot.theta)


def at_line(page: Any, number: int) -> None:
    """Wait until Follow shows a line, by its number from 0."""
    page.locator(f".dr-line > .dr-equation[data-line='{number}']").wait_for()


def equation_of(page: Any) -> str:
    """Return the line of Follow as it is spoken."""
    return str(page.locator(".dr-line .hidden").first.text_content())


_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text: str) -> float:
    """Return the number that a reader reads, with its power of ten."""
    plain = text.replace("−", "-").replace(" ", "").replace("\u2009", "").translate(_RAISED)
    return float(plain.replace("×10", "e"))


READ_LINE = """
() => {
  const line = document.querySelector('.dr-line > .dr-equation');
  const tokens = (node) => {
    if (node.dataset?.value) {
      const { value, ref = '' } = node.dataset;
      return [{ kind: 'number', text: node.querySelector('mn').textContent, value: Number(value), ref }];
    }
    if (node.localName === 'mtext') return [{ kind: 'operator', text: `**(${node.textContent})` }];
    return node.children.length ? [...node.children].flatMap(tokens) : [{ kind: 'operator', text: node.textContent }];
  };
  const numbers = line.querySelector('.numbers');
  return { number: Number(line.dataset.line), equation: line.dataset.equation, phase: line.dataset.phase,
           formula: numbers ? tokens(numbers).slice(1) : [], result: tokens(line.querySelector('.result'))[1] };
}
"""
"""A line of Follow as its document has it: the tokens right of `=` and the result, exact and as they are shown."""
