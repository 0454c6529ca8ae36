/** Two units of a layer chosen by the reader, and the plane of the inputs as they see it. */

import { nameOf } from "../describing.js";
import { html, put, say } from "../dom.js";
import { createGrid } from "../marks/grid.js";
import { exact, written } from "../numbers.js";

/** @param {Object} app @returns {{element: Element, paint: (state: Object) => void}} */
export function createWarp(app) {
  const { store } = app;
  const grid = createGrid((example) => store.change({ example }));
  const choices = html("div", { class: "dr-row" });
  const about = html("p", {});
  const values = html("tbody", {});
  const heads = html("tr", {});
  const table = html("details", {}, html("summary", {}, "The examples as a table"),
    html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "examples as two units see them" }, html("table", {}, html("thead", {}, heads), values)));
  const element = html("section", { class: "dr-warp", "aria-label": "the plane as two units see it" }, html("h2", {}, "The plane of the inputs as two units see it"), choices, about, grid.element, table);
  const local = { layer: 0, units: [1, 1], of: "", asked: "", busy: false, answer: null };
  table.addEventListener("toggle", () => table.open && fill());

  /** A layer to begin with: the last hidden one, whose units the outputs part by straight lines. */
  function begin({ opened }) {
    const { sizes } = opened.network;
    local.of = String(opened.generation);
    if (sizes[local.layer - 1] === undefined || local.layer < 2) local.layer = Math.max(2, sizes.length - 1);
    const size = sizes[local.layer - 1];
    local.units = local.units[0] <= size && local.units[1] <= size && local.units[0] !== local.units[1] ? local.units : [1, Math.min(2, size)];
    choose(opened);
  }

  function choose(opened) {
    const { sizes } = opened.network;
    const option = (value, text, chosen) => html("option", { value, selected: value === chosen }, text);
    const unit = (place, name) => html("label", {}, `${name} `, html("select", { "aria-label": `unit ${name}`, id: `dr-warp-${place}`, onchange: (event) => {
      local.units = local.units.with(place, Number(event.target.value));
      load(store.state);
    } }, ...Array.from({ length: sizes[local.layer - 1] }, (_, index) => option(index + 1, nameOf(opened, local.layer, index + 1), local.units[place]))));
    put(choices, html("label", {}, "layer ", html("select", { "aria-label": "layer of the two units", id: "dr-warp-layer", onchange: (event) => {
      local.layer = Number(event.target.value);
      local.units = [1, Math.min(2, sizes[local.layer - 1])];
      choose(opened);
      app.focus("dr-warp-layer");
      load(store.state);
    } }, ...sizes.slice(1).map((_, index) => option(index + 2, index + 2 === sizes.length ? `${index + 2}, outputs` : String(index + 2), local.layer)))),
    unit(0, "to the right"), unit(1, "upwards"));
  }

  /** Ask for the grid; while an answer is on its way no other is asked for, so a run is drawn as fast as it is answered. */
  async function load(state) {
    const { opened, frame, features, held, example } = state;
    const key = JSON.stringify([opened.generation, frame.revision, local.layer, local.units, features, held && example]);
    if (key === local.asked || local.busy) return;
    local.asked = key;
    local.busy = true;
    try {
      local.answer = await app.ask({ ask: "warp", layer: local.layer, units: local.units, features, held_at: held ? example : 0 });
      draw(store.state);
    } catch (error) {
      app.complain(error);
    }
    local.busy = false;
    if (store.state.screen === "classes") load(store.state);
  }

  function draw({ opened, example }) {
    const { answer } = local;
    if (answer.generation !== opened.generation) return;
    const { features } = opened.data;
    const [across, up] = store.state.features;
    const [first, second] = answer.units.map((unit) => `a of ${nameOf(opened, answer.layer, unit)}`);
    say(about, `${first} to the right, ${second} upwards, layer ${answer.layer}. Solid lines: ${features[across - 1]} changes${answer.up.shape[0] ? `; dashed lines: ${features[up - 1]} changes` : ""}.${features.length > 2 ? " Inputs besides are held; the examples have all of theirs." : ""}`);
    grid.paint(answer, opened, example);
    put(heads, ...["example", opened.data.target ?? "y", first, second].map((name) => html("th", { scope: "col" }, name)));
    if (table.open) fill();
  }

  function fill() {
    const { answer } = local;
    const { classes } = store.state.opened.data;
    if (answer) put(values, ...Array.from(answer.rows, (row, index) => html("tr", {}, html("th", { scope: "row" }, String(row)), html("td", { class: "text" }, classes ? classes[answer.Y[index]] : written(answer.Y[index])),
      ...[0, 1].map((place) => html("td", { title: exact(answer.at[2 * index + place]), "data-value": String(answer.at[2 * index + place]) }, written(answer.at[2 * index + place]))))));
  }

  function paint(state) {
    if (local.of !== String(state.opened.generation)) begin(state);
    load(state);
  }

  return { element, paint };
}
