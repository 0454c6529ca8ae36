/** Guess before reveal: the result of a line is hidden until a reader says a number or a sign; then the gap is shown. */

import { html, put, svg } from "./dom.js";
import { typed, written } from "./numbers.js";
import { linear } from "./scale.js";

/**
 * @param {() => void} revealed is called when a guess was made or given up
 * @returns {{element: Element, ask: (line: Object) => void, clear: () => void}}
 */
export function createGuess(revealed) {
  const element = html("div", { class: "dr-guess", role: "group", "aria-label": "guess" });

  function ask(line) {
    const input = html("input", { class: "number", inputmode: "decimal", autocomplete: "off", "aria-label": "your number" });
    const reveal = (guess) => {
      show(line, guess);
      revealed();
    };
    const sign = (value, text) => html("button", { onclick: () => reveal({ sign: value }) }, text);
    put(element, html("form", { class: "dr-row", onsubmit: (event) => {
      event.preventDefault();
      const value = typed(input.value);
      reveal(value === null ? {} : { value });
    } }, html("span", {}, "What comes out?"), input, html("button", {}, "Reveal")),
    html("div", { class: "dr-row" }, html("span", {}, "or only its sign:"), sign(1, "positive"), sign(-1, "negative"), sign(0, "zero")));
  }

  function show(line, guess) {
    const truth = line.value;
    if (guess.sign !== undefined) {
      put(element, html("p", { role: "status" }, `You said ${["negative", "zero", "positive"][guess.sign + 1]}; it is ${written(truth)}. ${Math.sign(truth) === guess.sign ? "The sign is right." : "The sign is another."} ${reason(line)}`));
      return;
    }
    if (guess.value === undefined) {
      put(element, html("p", { role: "status" }, `It is ${written(truth)}. ${reason(line)}`));
      return;
    }
    const far = Math.max(Math.abs(truth), Math.abs(guess.value), 1e-12) * 1.15;
    const x = linear(-far, far, 10, 290);
    put(element,
      svg("svg", { class: "dr-gap", viewBox: "0 0 300 46", role: "img", "aria-label": `your guess ${written(guess.value)}, the result ${written(truth)}` },
        svg("line", { x1: 10, x2: 290, y1: 23, y2: 23, stroke: "var(--line)" }),
        svg("line", { x1: x(0), x2: x(0), y1: 17, y2: 29, stroke: "var(--ink)" }),
        svg("line", { x1: x(guess.value), x2: x(truth), y1: 23, y2: 23, stroke: "var(--focus)", "stroke-width": 4 }),
        svg("circle", { cx: x(guess.value), cy: 23, r: 5, fill: "none", stroke: "var(--ink)" }), svg("circle", { cx: x(truth), cy: 23, r: 5, fill: "var(--ink)" }),
        svg("text", { x: x(guess.value), y: 12, "text-anchor": "middle" }, "yours"), svg("text", { x: x(truth), y: 42, "text-anchor": "middle" }, "result")),
      html("p", { role: "status" }, `You said ${written(guess.value)}; it is ${written(truth)}. ${reason(line)}`));
  }

  return { element, ask, clear: () => put(element) };
}

function reason(line) {
  return line.saturated ? "The unit is saturated, so its slope is near 0 and little error passes." : line.spoken;
}
