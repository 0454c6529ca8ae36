/** The cost against the steps: lines in an SVG picture, with a place that can be chosen. */

import { mark, svg } from "../dom.js";
import { linear, ticks, tickText } from "../scale.js";

const WIDTH = 280;
const HEIGHT = 170;
const LEFT = 44;
const FOOT = 24;

/**
 * A picture of lines `{name, kind, steps, values}` that keeps its elements while the lines grow.
 *
 * @param {(step: number) => void} chosen is told the step of the place that a reader clicks
 * @returns {{element: Element, paint: (lines: Object[], here: number) => void}}
 */
export function createCurve(chosen) {
  const axes = svg("g", {});
  const paths = svg("g", {});
  const cursor = svg("line", { class: "here", y1: 6, y2: HEIGHT - FOOT });
  const element = svg("svg", { class: "dr-curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "cost by step; the same numbers are in the table below" }, axes, paths, cursor);
  let toStep = (x) => x;

  element.addEventListener("click", (event) => {
    const box = element.getBoundingClientRect();
    chosen(Math.max(0, Math.round(toStep(((event.clientX - box.left) / box.width) * WIDTH))));
  });

  function paint(lines, here) {
    const filled = lines.filter((line) => line.values.length);
    const right = Math.max(1, here, ...filled.map((line) => line.steps[line.steps.length - 1]));
    let low = Infinity;
    let high = -Infinity;
    for (const line of filled) {
      for (const value of line.values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (!(high > low)) [low, high] = Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1];
    low = low > 0 && low < 0.4 * high ? 0 : low;
    const x = linear(0, right, LEFT, WIDTH - 8);
    const y = linear(low, high, HEIGHT - FOOT, 8);
    toStep = linear(LEFT, WIDTH - 8, 0, right);
    axes.replaceChildren(
      ...ticks(low, high, 4).flatMap((value) => [
        svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }),
        svg("text", { x: LEFT - 4, y: y(value) + 4, "text-anchor": "end" }, tickText(value)),
      ]),
      ...ticks(0, right, 4).map((value) =>
        svg("text", { x: x(value), y: HEIGHT - 8, "text-anchor": value === 0 ? "start" : "middle" }, tickText(value))),
    );
    paths.replaceChildren(...filled.map((line) => svg("path", { class: line.kind, d: pathOf(line, x, y) }, svg("title", {}, line.name))));
    mark(cursor, "x1", x(here));
    mark(cursor, "x2", x(here));
  }

  return { element, paint };
}

function pathOf(line, x, y) {
  let path = "";
  for (let index = 0; index < line.values.length; index++) {
    path += `${index ? "L" : "M"}${x(line.steps[index]).toFixed(1)} ${y(line.values[index]).toFixed(1)}`;
  }
  return path;
}
