/** The plane of two inputs as two units see it: lines of its grid bent by the layers before, and the examples among them. */

import { put, svg } from "../dom.js";
import { linear, ticks, tickText } from "../scale.js";
import { pointsOf } from "./points.js";

/**
 * @param {(example: number) => void} chosen
 * @returns {{element: Element, paint: (answer: import("../protocol.js").Warped, opened: import("../protocol.js").Opened, picked: number) => void}}
 */
export function createGrid(chosen) {
  const element = svg("svg", { class: "dr-grid", viewBox: "0 0 300 300", role: "img", "aria-label": "the grid of the inputs, bent; the examples are in the table below" });

  function paint({ extent: [x0, x1, y0, y1], across, up, rows, at, Y }, opened, picked) {
    const x = linear(x0, x1, 0, 300);
    const y = linear(y0, y1, 300, 0);
    const pathsOf = (lines, kind) => Array.from({ length: lines.shape[0] }, (_, index) => {
      const size = lines.shape[1];
      const d = Array.from({ length: size }, (_, place) => `${place ? "L" : "M"}${x(lines[2 * (index * size + place)]).toFixed(1)} ${y(lines[2 * (index * size + place) + 1]).toFixed(1)}`).join("");
      return svg("path", { class: kind, d });
    });
    const { classes } = opened.data;
    put(element, ...pathsOf(across, "across"), ...pathsOf(up, "up"),
      pointsOf(Array.from(rows, (row, index) => ({ index: row, x: x(at[2 * index]), y: y(at[2 * index + 1]), label: classes ? Y[index] : -1, held: false, picked: row === picked,
        title: `example ${row}, ${classes ? classes[Y[index]] : tickText(Y[index])}` })), chosen),
      ...ticks(x0, x1, 4).filter((value) => x(value) > 12 && x(value) < 288).map((value) => svg("text", { x: x(value), y: 296, "text-anchor": "middle" }, tickText(value))),
      ...ticks(y0, y1, 4).filter((value) => y(value) < 270 && y(value) > 8).map((value) => svg("text", { x: 4, y: y(value) + 4 }, tickText(value))));
  }

  return { element, paint };
}
