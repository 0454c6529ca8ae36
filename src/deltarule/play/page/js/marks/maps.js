/** A map with its axes and its examples: a canvas under an SVG picture. */

import { html, mark, put, svg } from "../dom.js";
import { palette } from "../palette.js";
import { linear, ticks, tickText } from "../scale.js";
import { paintDecision, paintField } from "./field.js";
import { pointsOf } from "./points.js";

/**
 * @param {{chosen: (row: number) => void}} told
 * @returns {{element: Element, paint: (content: Object) => void}}
 */
export function createMap(told) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const over = svg("svg", { viewBox: "0 0 300 300", "aria-hidden": "true" });
  const element = html("div", { class: "dr-field" }, canvas, over);
  const line = svg("path", { class: "dr-prediction" });
  let drawn = "";

  /** @param {Object} content `map`, `range`, `classes`, `extent`, `opened`, `features`, `picked` */
  function paint({ map, range, classes, extent, opened, features, picked }) {
    if (map) paintLevels(canvas, map, classes);
    const width = opened.network.sizes[0];
    const one = features[0] === features[1] || width === 1;
    const isLine = one && !opened.data.classes && map?.shape[0] === 1;
    const [x0, x1, y0, y1] = one && extent ? [extent[0], extent[1], ...span(opened.Y)] : extent ?? [];
    mark(line, "d", isLine && range ? pathOf(map, range, linear(y0, y1, 300, 0)) : null);
    const key = JSON.stringify([opened.generation, extent, features, picked]);
    if (!extent || key === drawn) return;
    drawn = key;
    const x = linear(x0, x1, 0, 300);
    const y = linear(y0, y1, 300, 0);
    const rows = Array.from({ length: opened.data.shown_rows }, (_, row) => row);
    const place = (row) => one ? opened.Y[row] : opened.X[row * width + features[1] - 1];
    put(over, line,
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

/** Two planes are the likeliest class and how likely it is; one plane is a number between the ends of its range. */
function paintLevels(canvas, map, classes) {
  const [planes, rows, columns] = map.shape;
  const size = rows * columns;
  const { sign, classes: tables } = palette();
  if (planes === 2) paintDecision(canvas, map.subarray(0, size), map.subarray(size), columns, rows, tables.slice(0, Math.max(1, classes)));
  else paintField(canvas, map, columns, rows, sign);
}

/** The range of quantities, or of numbers of classes, with a margin. @param {Float64Array} values @returns {[number, number]} */
function span(values) {
  const low = values.reduce((one, other) => Math.min(one, other), Infinity);
  const high = values.reduce((one, other) => Math.max(one, other), -Infinity);
  const margin = 0.1 * (high - low) || 0.5;
  return [low - margin, high + margin];
}

/** The line of a map of one row: what is predicted for each place of the one feature. */
function pathOf(map, [low, high], y) {
  const last = map.shape[2] - 1;
  return Array.from(map, (level, place) => `${place ? "L" : "M"}${((place / last) * 300).toFixed(1)} ${Math.min(330, Math.max(-30, y(low + (level / 255) * (high - low)))).toFixed(1)}`).join("");
}
