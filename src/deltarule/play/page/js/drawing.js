/** Draw points: a click on the map, or two numbers by the keyboard, add an example of the chosen class. */

import { shapeOf } from "./colours.js";
import { html } from "./dom.js";
import { typed } from "./numbers.js";

const MOST = 2000;
const CLASSES = ["A", "B", "C", "D", "E", "F"];

/**
 * @param {Object} app @param {{element: Element, over: Element}} map whose clicks add points while drawing is on
 * @returns {Element}
 */
export function createDrawing(app, map) {
  const kind = html("select", { "aria-label": "class of new points" }, ...CLASSES.map((name, index) => html("option", { value: index }, `${shapeOf(index)} ${name}`)));
  const first = html("input", { class: "number", inputmode: "decimal", "aria-label": "x₁ of the new point" });
  const second = html("input", { class: "number", inputmode: "decimal", "aria-label": "x₂ of the new point" });
  const element = html("details", { class: "dr-drawing" }, html("summary", {}, "Draw points"),
    html("p", {}, "While this is open, a click on the map adds an example of the class chosen here."),
    html("div", { class: "dr-row" }, html("label", {}, "class ", kind)),
    html("form", { class: "dr-row", onsubmit: (event) => {
      event.preventDefault();
      const point = [typed(first.value), typed(second.value)];
      if (point.includes(null)) app.complain(new Error("A point has two numbers, such as 0.5 and −1."));
      else add(point);
    } }, html("label", {}, "x₁ ", first), html("label", {}, "x₂ ", second), html("button", {}, "Add")),
    html("div", { class: "dr-row" }, html("button", { onclick: () => change((x, y) => [x.slice(0, -1), y.slice(0, -1)]) }, "Take back the last"),
      html("button", { onclick: () => begin() }, "Begin with four points")));

  map.over.addEventListener("click", (event) => {
    const { state } = app.store;
    const extent = state.frame?.map_extent;
    if (!element.open || !extent || state.opened.network.sizes[0] !== 2) return;
    const box = map.element.getBoundingClientRect();
    const [x0, x1, y0, y1] = extent;
    add([x0 + ((event.clientX - box.left) / box.width) * (x1 - x0), y1 - ((event.clientY - box.top) / box.height) * (y1 - y0)].map((value) => Number(value.toPrecision(4))));
  });

  /** The points of the scene, or those of the data that is open, as far as a scene holds them. */
  function points() {
    const { opened } = app.store.state;
    const width = opened.network.sizes[0];
    if (width !== 2 || !opened.data.classes) return [[], []];
    const x = Array.from({ length: Math.min(MOST, opened.data.shown_rows) }, (_, row) => [opened.X[row * 2], opened.X[row * 2 + 1]]);
    return [x, x.map((_, row) => opened.Y[row])];
  }

  function change(made) {
    const [x, y] = made(...points());
    app.command({ ask: "set", setting: "data", value: { kind: "points", x, y, task: "classify" } });
  }

  function add(point) {
    change((x, y) => [[...x, point].slice(-MOST), [...y, Number(kind.value)].slice(-MOST)]);
  }

  function begin() {
    change(() => [[[-1, -1], [1, 1], [-1, 1], [1, -1]], [0, 0, 1, 1]]);
  }

  return element;
}
