/** A map with its axes and its examples: a canvas under an SVG picture. */

import { CLASSES, hueTable, signTable, twoClassTable } from "../colours.js";
import { html, put, svg } from "../dom.js";
import { linear, ticks, tickText } from "../scale.js";
import { paintDecision, paintField } from "./field.js";
import { pointsOf } from "./points.js";

/** The colour of the paper, on which maps are painted. @returns {number[]} */
export function middleColour() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? [38, 39, 46] : [250, 250, 250];
}

/**
 * @param {{chosen: (row: number) => void}} told
 * @returns {{element: Element, paint: (content: Object) => void}}
 */
export function createMap(told) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const over = svg("svg", { viewBox: "0 0 300 300", "aria-hidden": "true" });
  const element = html("div", { class: "dr-field" }, canvas, over);
  let drawn = "";

  /** @param {Object} content `map`, `shape`, `of`, `extent`, `opened`, `features`, `picked`, `draw` */
  function paint({ map, of, classes, outputs, extent, opened, features, picked }) {
    if (map) paintLevels(canvas, map, of, classes, outputs);
    const key = JSON.stringify([opened.generation, extent, features, picked]);
    if (!extent || key === drawn) return;
    drawn = key;
    const [x0, x1, y0, y1] = extent;
    const x = linear(x0, x1, 0, 300);
    const y = linear(y0, y1, 300, 0);
    const width = opened.network.sizes[0];
    const rows = Array.from({ length: opened.data.shown_rows }, (_, row) => row);
    const one = features[0] === features[1] || width === 1;
    const place = (row) => one ? opened.Y[row] : opened.X[row * width + features[1] - 1];
    put(over,
      pointsOf(rows.map((row) => ({
        index: opened.rows[row], x: x(opened.X[row * width + features[0] - 1]), y: y(place(row)),
        label: opened.data.classes ? opened.Y[row] : -1, held: opened.held_out[row] === 1, picked: opened.rows[row] === picked,
        title: `example ${opened.rows[row]}, ${opened.data.classes ? opened.data.classes[opened.Y[row]] : tickText(opened.Y[row])}${opened.held_out[row] ? ", held out" : ""}`,
      })), told.chosen),
      ...ticks(x0, x1, 4).filter((value) => x(value) > 12 && x(value) < 288).map((value) => svg("text", { x: x(value), y: 296, "text-anchor": "middle" }, tickText(value))),
      ...ticks(y0, y1, 4).filter((value) => y(value) < 270 && y(value) > 8).map((value) => svg("text", { x: 4, y: y(value) + 4 }, tickText(value))));
  }

  return { element, over, paint };
}

function paintLevels(canvas, map, of, classes, outputs) {
  const [planes, rows, columns] = map.shape;
  const size = rows * columns;
  const middle = middleColour();
  const plane = (index) => map.subarray(index * size, (index + 1) * size);
  if (of === "decision" && planes === 2 && outputs > 1) {
    paintDecision(canvas, plane(0), plane(1), columns, rows, CLASSES.slice(0, Math.max(1, classes)).map((hue) => hueTable(hue, middle)));
  } else if (of === "decision" && planes === 2) {
    paintDecision(canvas, plane(0), plane(1), columns, rows, CLASSES.slice(0, 2).map((hue) => hueTable(hue, middle)));
  } else {
    paintField(canvas, plane(0), columns, rows, of === "two" ? twoClassTable(middle) : signTable(middle));
  }
}
