/** The inspector of Watch: one unit with its weights, which can be changed, and the lines of the algorithm that compute it. */

import { focusIn, html, put } from "../dom.js";
import { equationOf, keyOf } from "../marks/equation.js";
import { exact, typed, written } from "../numbers.js";
import { nameOf } from "../describing.js";

const MOST_WEIGHTS = 60;

/** @param {Object} app @returns {{element: Element, paint: (state: Object) => void}} */
export function createInspector(app) {
  const { store } = app;
  const body = html("div", {});
  const element = html("section", { class: "dr-inspector", "aria-label": "inspector" }, body);
  let shown = "";
  let asked = "";

  function paint(state) {
    const { unit, frame, opened } = state;
    if (!unit) {
      if (shown !== "none") put(body, html("p", {}, "Choose a unit to see its bias, its weights, and how its z, a and δ are computed."));
      shown = "none";
      return;
    }
    const editing = body.contains(focusIn(body)) && focusIn(body).tagName === "INPUT";
    const key = `${unit}|${state.example}|${frame.revision}`;
    if (key === shown || (editing && frame.running)) return;
    if (frame.running && shown.startsWith(`${unit}|`) && frame.revision % 8) return;
    shown = key;
    const [layer, i] = unit;
    put(body, html("h2", {}, title(opened, layer, i)), i > 0 && layer > 1 ? weights(state, layer, i) : html("p", {}, about(opened, layer, i)), html("div", { class: "lines" }));
    if (layer > 1 && i > 0) explain(state, layer, i);
    if (state.edge && state.edge[0] === layer - 1 && state.edge[1] === i) {
      body.querySelector(`#dr-w-${state.edge[2]}`)?.focus();
      store.change({ edge: null });
    }
  }

  /** z, a and δ of this unit for the chosen example, as lines of the trace. */
  async function explain(state, layer, i) {
    const key = `${layer},${i},${state.example},${state.frame.revision}`;
    if (asked === key || state.frame.running) return;
    asked = key;
    try {
      const lines = await linesOfUnit(app, state, layer, i);
      if (asked !== key) return;
      const place = body.querySelector(".lines");
      if (place) put(place, ...lines.map((line) => equationOf(line, { reads: new Set(line.reads.map(keyOf)), digits: state.digits, hideResult: false, hovered: () => {}, chosen: null })));
    } catch (error) {
      app.complain(error);
    }
  }

  function weights(state, layer, i) {
    const { opened, frame } = state;
    if (!frame.theta) return html("p", {}, "This network has too many parameters to list them all; Follow shows each of them.");
    const row = rowOf(opened.network.sizes, layer - 1, i, frame.theta);
    const rows = row.slice(0, MOST_WEIGHTS).map((value, j) => html("tr", {},
      html("th", { scope: "row" }, j === 0 ? "bias unit" : nameOf(opened, layer - 1, j)),
      html("td", {}, `Θ⁽${layer - 1}⁾ ${i},${j}`),
      html("td", {}, html("input", { class: "number", id: `dr-w-${j}`, inputmode: "decimal", autocomplete: "off", "aria-label": `Θ ${i},${j} of layer ${layer - 1}`, title: exact(value), value: written(value, 5),
        onchange: (event) => {
          const given = typed(event.target.value);
          if (given === null) app.complain(new Error(`Θ ${i},${j}: ${event.target.value} is not a number.`));
          else app.command({ ask: "edit", layer: layer - 1, i, j, value: given });
        } }))));
    return html("table", {}, html("thead", {}, html("tr", {}, ...["comes from", "parameter", "value"].map((name) => html("th", { scope: "col" }, name)))), html("tbody", {}, ...rows));
  }

  return { element, paint };
}

function title(opened, layer, i) {
  if (i === 0) return `Layer ${layer}, bias unit`;
  return layer === 1 ? `Input ${i}: ${nameOf(opened, 1, i)}` : `Layer ${layer}, unit ${i}${layer === opened.network.sizes.length ? `: ${nameOf(opened, layer, i)}` : ""}`;
}

function about(opened, layer, i) {
  if (i === 0) return "It is always 1. Its weight to a unit of the next layer is that unit's bias Θ_i0, which the penalty leaves alone.";
  const [low, high] = opened.data.feature_ranges[i - 1] ?? [];
  return low === undefined ? "A column of the data." : `A column of the data, from ${written(low)} to ${written(high)}.`;
}

/** Row i of Θ⁽ˡ⁾, bias first. */
function rowOf(sizes, layer, i, theta) {
  let start = 0;
  for (let before = 1; before < layer; before++) start += sizes[before] * (sizes[before - 1] + 1);
  const width = sizes[layer - 1] + 1;
  return Array.from(theta.subarray(start + (i - 1) * width, start + i * width));
}

/** The lines of the trace that write quantities of a unit. */
async function linesOfUnit(app, state, layer, i) {
  const found = [];
  for (const phase of ["forward", "backward"]) {
    let start = 0;
    for (let turn = 0; turn < 6; turn++) {
      const part = await app.ask({ ask: "trace", example: state.example, level: "unit", phase, start, count: 400, digits: Math.min(state.digits, 6) });
      found.push(...part.lines.filter((line) => line.writes.layer === layer && line.writes.i === i && "zaδeg'".includes(line.writes.symbol)));
      start += part.lines.length;
      if (!part.lines.length || (phase === "forward" && found.length >= 2)) break;
    }
  }
  return found;
}
