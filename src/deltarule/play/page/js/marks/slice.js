/** J along the direction of a step: the one honest slice of the cost, with every step that the solver tried on it. */

import { svg } from "../dom.js";
import { written } from "../numbers.js";
import { linear, ticks, tickText } from "../scale.js";

const WIDTH = 280;
const HEIGHT = 170;
const LEFT = 44;
const FOOT = 30;

/**
 * A picture of an answer `searched`; null where no step is searched for.
 *
 * @param {Object} searched with `alpha`, `J`, `tried`, `taken`, `most`
 * @returns {Element | null}
 */
export function sliceOf({ alpha, J, tried, taken, most }) {
  if (!alpha || !tried.length) return null;
  const right = alpha[alpha.length - 1];
  const points = Array.from(alpha, (step, index) => [step, J[index]]).filter(([, height]) => Number.isFinite(height));
  const heights = [...points, ...tried].map(([, height]) => height).filter(Number.isFinite);
  const low = Math.min(...heights);
  const high = Math.max(...heights);
  const x = linear(0, right, LEFT, WIDTH - 8);
  const y = high > low ? linear(low, high, HEIGHT - FOOT, 10) : () => (HEIGHT - FOOT) / 2;
  const line = (pairs) => pairs.map(([step, height], index) => `${index ? "L" : "M"}${x(step).toFixed(1)} ${y(height).toFixed(1)}`).join("");
  // The line of the first condition is drawn as far as it stays in the picture.
  const [start, slope] = most;
  const end = slope < 0 ? Math.min(right, (low - start) / slope) : right;
  const names = tried.map(([step, height], index) => `step ${written(step)} with J ${written(height)}${index === taken ? ", taken" : ""}`);
  return svg("svg", { class: "dr-curve dr-slice", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `J along the direction d. Tried: ${names.join("; ")}` },
    ...ticks(low, high, 4).flatMap((value) => [
      svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }),
      svg("text", { x: LEFT - 4, y: y(value) + 4, "text-anchor": "end" }, tickText(value)),
    ]),
    ...ticks(0, right, 4).map((value) => svg("text", { x: x(value), y: HEIGHT - 14, "text-anchor": value === 0 ? "start" : "middle" }, tickText(value))),
    svg("text", { x: WIDTH - 8, y: HEIGHT - 2, "text-anchor": "end" }, "α"),
    svg("path", { class: "data", d: line(points) }),
    svg("path", { class: "penalty", d: line([[0, start], [end, start + slope * end]]) }, svg("title", {}, "below this line J falls enough")),
    ...tried.map(([step, height], index) => (Number.isFinite(height) ? svg("circle", { class: index === taken ? "taken" : "tried", cx: x(step), cy: y(height), r: 4 }, svg("title", {}, names[index])) : null)));
}
