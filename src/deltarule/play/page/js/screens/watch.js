/** Watch: the data and the settings, the network with each unit's own picture, the map, and the cost with its penalty apart. */

import { createControls } from "../controls.js";
import { createDrawing } from "../drawing.js";
import { html, oneStop, put, say } from "../dom.js";
import { createCurve } from "../marks/curve.js";
import { createMap } from "../marks/maps.js";
import { createNetwork } from "../marks/network.js";
import { counted, written } from "../numbers.js";
import { costSays, networkOf, networkWants } from "../describing.js";
import { createInspector } from "./inspector.js";

/** What Watch wants of a frame. @param {Object} state @returns {Object} */
export function watchWants(state) {
  const unit = state.unit && state.unit[0] > 1 && state.unit[1] > 0;
  return {
    map: unit ? "unit" : "decision", ...(unit ? { unit: state.unit } : {}), features: state.features, held_at: state.held ? state.example : 0,
    size: state.size, ...networkWants(state), theta: state.opened.network.parameters <= 2000,
  };
}

/** @param {Object} app @returns {{element: Element, paint: (state: Object) => void}} */
export function createWatch(app) {
  const { store } = app;
  const controls = createControls(app);
  const network = createNetwork({
    unit: (layer, j) => {
      const same = store.state.unit?.[0] === layer && store.state.unit?.[1] === j;
      store.change({ unit: same ? null : [layer, j] });
      app.refresh();
    },
    edge: (layer, i, j) => {
      store.change({ unit: [layer + 1, i], edge: [layer, i, j] });
      app.refresh();
    },
    more: (layer) => store.change({ expanded: [...store.state.expanded, layer] }),
  });
  const map = createMap({ chosen: (example) => store.change({ example }) });
  const curve = createCurve((step) => app.command({ ask: "seek", step: Math.min(step, store.state.frame?.last_step ?? step) }));
  const inspector = createInspector(app);
  const mapTitle = html("h2", {}, "Decision map");
  const cost = html("p", { class: "cost" });
  const costs = html("tbody", {});
  const table = html("details", {}, html("summary", {}, "The curve as a table"), html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "cost by step" },
    html("table", {}, html("thead", {}, html("tr", {}, ...["step", "data", "penalty", "validation"].map((name) => html("th", { scope: "col" }, name)))), costs)));
  table.addEventListener("toggle", () => table.open && fillCosts());
  const axes = html("div", { class: "dr-row" });
  const checked = html("div", { role: "status" });
  const drawing = createDrawing(app, map);
  const element = html("div", { class: "dr-watch" },
    html("div", { class: "dr-panel" }, controls.element),
    html("div", { class: "dr-panel net" }, network.element, inspector.element),
    html("div", { class: "dr-panel" }, mapTitle, map.element, axes, drawing, html("h2", {}, "Cost J against steps"), curve.element, cost, table,
      html("div", { class: "dr-row" }, html("button", { onclick: check }, "Gradient check"), checked)));
  let axesOf = "";

  /** D against differences of J, computed by the library. */
  async function check() {
    try {
      const answer = await app.ask({ ask: "check" });
      put(checked, html("p", {}, `${answer.passed ? "✓" : "✗"} ${answer.text}`));
    } catch (error) {
      app.complain(error);
    }
  }

  function fillCosts() {
    put(costs, ...store.state.curve.map(([step, data, penalty, validation]) => html("tr", {}, html("th", { scope: "row" }, html("button", { "aria-label": `go to step ${step}`, onclick: () => app.command({ ask: "seek", step }) }, counted(step))),
      ...[data, penalty, validation].map((value) => html("td", {}, written(value, 4))))));
    oneStop(costs);
  }

  /** Which two features the map shows, and at what the others are held. */
  function paintAxes(state) {
    const { features } = state.opened.data;
    const key = JSON.stringify([state.opened.generation, state.features, state.example, state.held]);
    if (key === axesOf) return;
    axesOf = key;
    if (features.length < 3) {
      put(axes, html("span", {}, features.length === 2 ? `${features[0]} to the right, ${features[1]} upwards` : `${features[0]} to the right`));
      return;
    }
    const choice = (place, name) => html("label", {}, `${name} `, html("select", { "aria-label": `feature ${name}`, onchange: (event) => {
      const next = [...state.features];
      next[place] = Number(event.target.value);
      store.change({ features: next });
      app.refresh();
    } }, ...features.map((feature, index) => html("option", { value: index + 1, selected: state.features[place] === index + 1 }, feature))));
    put(axes, choice(0, "to the right"), choice(1, "upwards"), html("label", {}, html("input", { type: "checkbox", checked: Boolean(state.held), onchange: (event) => {
      store.change({ held: event.target.checked });
      app.refresh();
    } }), ` others held at ${state.held ? `example ${state.example}` : "their means"}`));
  }

  function paint(state) {
    const { opened, frame } = state;
    controls.paint(state);
    paintAxes(state);
    if (state.drawing) {
      drawing.open = true;
      store.change({ drawing: false });
    }
    if (!frame) return;
    network.paint({ ...networkOf(state), picked: state.unit ? `${state.unit[0]},${state.unit[1]}` : null });
    if (frame.map) map.paint({ map: frame.map, range: frame.map_of === "decision" ? frame.map_range : null, classes: opened.data.classes?.length ?? 0, extent: frame.map_extent, opened, features: state.features, picked: state.example });
    say(mapTitle, frame.map_of === "decision" ? (opened.data.classes ? "Decision map: the likeliest class, lighter where it is less sure" : "Prediction") : `a of unit ${frame.map_of.replace("unit ", "")} over the inputs, ${written(frame.map_range?.[0])} to ${written(frame.map_range?.[1])}`);
    curve.paint(linesOf(state), frame.step);
    say(cost, costSays(frame));
    if (table.open) fillCosts();
    inspector.paint(state);
  }

  return { element, paint };
}

function linesOf(state) {
  const column = (points, index) => ({ steps: points.map((point) => point[0]), values: points.map((point) => point[index]) });
  const usable = (line) => ({ ...line, steps: line.steps.filter((_, place) => Number.isFinite(line.values[place])), values: line.values.filter(Number.isFinite) });
  return [
    ...state.runs.map((points, index) => usable({ name: `earlier run ${index + 1}`, kind: "old", ...column(points, 1) })),
    usable({ name: "data term of J", kind: "data", ...column(state.curve, 1) }),
    usable({ name: "penalty", kind: "penalty", ...column(state.curve, 2) }),
    usable({ name: "validation cost", kind: "validation", ...column(state.curve, 3) }),
  ];
}
