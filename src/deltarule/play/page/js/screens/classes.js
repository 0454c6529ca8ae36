/** Classes: a map for each class, the confusion matrix, whose cells choose predictions, and whether probabilities come true. */

import { ofClass, shapeOf } from "../colours.js";
import { html, put, svg } from "../dom.js";
import { paintField } from "../marks/field.js";
import { counted, written } from "../numbers.js";
import { palette } from "../palette.js";
import { predictionTable } from "./table.js";
import { createWarp } from "./warp.js";

/** What Classes wants of a frame. @param {Object} state @returns {Object} */
export function classesWants(state) {
  return { map: "classes", features: state.features, size: 60, held_at: state.held ? state.example : 0 };
}

/** @param {Object} app @returns {{element: Element, paint: (state: Object) => void}} */
export function createClasses(app) {
  const maps = html("div", { class: "dr-maps" });
  const matrix = html("div", {});
  const curve = html("div", {});
  const rows = html("div", {});
  const warp = createWarp(app);
  const element = html("div", { class: "dr-wide" }, html("h2", {}, "One map for each output: brown for a small h, teal for a large one"), maps, warp.element,
    html("h2", {}, "Confusion matrix: true classes in rows, predicted ones in columns"), matrix, rows, html("h2", {}, "Do the probabilities come true?"), curve);
  let painted = "";
  let cell = null;

  function paintMaps({ opened, frame }) {
    if (!frame.map || frame.map_of !== "classes") return;
    const [planes, high, wide] = frame.map.shape;
    const names = opened.data.classes ?? [opened.data.target ?? "output"];
    const table = palette().sign;
    while (maps.children.length > planes) maps.lastChild.remove();
    while (maps.children.length < planes) maps.append(html("figure", {}, html("div", { class: "dr-field" }, html("canvas", { "aria-hidden": "true" })), html("figcaption", {})));
    Array.from(maps.children).forEach((figure, index) => {
      paintField(figure.querySelector("canvas"), frame.map.subarray(index * high * wide, (index + 1) * high * wide), wide, high, table);
      const named = planes === 1 && names.length === 2 ? 1 : index;
      figure.lastChild.textContent = `${opened.data.classes ? `${shapeOf(named)} ` : ""}${names[named]}, h from ${written(frame.map_range?.[0])} to ${written(frame.map_range?.[1])}`;
    });
  }

  async function load(state) {
    try {
      const answer = await app.ask({ ask: "predict", rows: "all", most: 2000 });
      paintMatrix(answer, state);
      put(curve, reliability(answer));
      if (cell) filter(answer, state);
    } catch (error) {
      app.complain(error);
    }
  }

  function paintMatrix(answer, state) {
    if (!answer.confusion) {
      put(matrix, html("p", {}, "A quantity has no classes; the predictions are on the screen Table."));
      return;
    }
    const { labels, confusion } = answer;
    const size = labels.length;
    const row = (truth) => html("tr", {}, html("th", { scope: "row" }, `${shapeOf(truth)} ${labels[truth]}`), ...labels.map((label, predicted) => html("td", {},
      html("button", { "aria-pressed": String(cell?.[0] === truth && cell?.[1] === predicted), "aria-label": `true ${labels[truth]}, predicted ${label}: ${confusion[truth * size + predicted]} rows`, onclick: () => {
        cell = [truth, predicted];
        paintMatrix(answer, state);
        filter(answer, state);
      } }, counted(confusion[truth * size + predicted])))));
    put(matrix, html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "confusion matrix" }, html("table", {}, html("thead", {}, html("tr", {}, html("td", {}), ...labels.map((label, index) => html("th", { scope: "col" }, `${shapeOf(index)} ${label}`)))), html("tbody", {}, ...labels.map((_, truth) => row(truth))))));
  }

  function filter(answer, state) {
    const kept = Array.from(answer.rows.keys()).filter((index) => answer.truth[index] === cell[0] && answer.predicted[index] === cell[1]);
    const width = answer.h.shape[1];
    const h = Object.assign(Float64Array.from(kept.flatMap((index) => Array.from(answer.h.subarray(index * width, (index + 1) * width)))), { shape: [kept.length, width] });
    const part = { labels: answer.labels, rows: kept.map((index) => answer.rows[index]), truth: kept.map((index) => answer.truth[index]), predicted: kept.map((index) => answer.predicted[index]), costs: kept.map((index) => answer.costs[index]), h };
    put(rows, html("p", { role: "status" }, `${counted(kept.length)} rows, largest cost first.`), predictionTable(app, part, state.opened));
  }

  function paint(state) {
    const { opened, frame } = state;
    if (!frame) return;
    paintMaps(state);
    warp.paint(state);
    const key = `${opened.generation}|${frame.running ? "running" : frame.revision}`;
    if (key === painted) return;
    painted = key;
    load(state);
  }

  return { element, paint };
}

/** Share that was right against the probability that was said, by bins. */
function reliability(answer) {
  const bins = answer.reliability.filter((bin) => bin.rows > 0);
  if (!bins.length) return html("p", {}, "Reliability is shown for classes.");
  const place = (value) => 30 + value * 220;
  const most = Math.max(...bins.map((bin) => bin.rows));
  const picture = svg("svg", { class: "dr-curve", viewBox: "0 0 260 270", role: "img", "aria-label": "reliability: share that was right against the probability that was said" },
    svg("line", { x1: place(0), y1: 250 - 220 * 0, x2: place(1), y2: 30 }), svg("path", { d: bins.map((bin, index) => `${index ? "L" : "M"}${place(bin.confidence).toFixed(1)} ${(250 - 220 * bin.correct).toFixed(1)}`).join("") }),
    ...bins.map((bin) => svg("circle", { cx: place(bin.confidence), cy: 250 - 220 * bin.correct, r: 2 + 5 * Math.sqrt(bin.rows / most), fill: ofClass(0) }, svg("title", {}, `${bin.rows} rows`))),
    svg("text", { x: 140, y: 266, "text-anchor": "middle" }, "probability that was said"), svg("text", { x: 32, y: 24 }, "share that was right"));
  picture.setAttribute("width", "300");
  const table = html("table", {}, html("thead", {}, html("tr", {}, ...["rows", "said", "right"].map((name) => html("th", { scope: "col" }, name)))),
    html("tbody", {}, ...bins.map((bin) => html("tr", {}, html("th", { scope: "row" }, counted(bin.rows)), html("td", {}, written(bin.confidence)), html("td", {}, written(bin.correct))))));
  return html("div", { class: "dr-row" }, html("div", { class: "dr-reliability" }, picture), table);
}
