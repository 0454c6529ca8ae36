/** The controls, built from the declaration of the library's settings: name, symbol, range, choices, help, default. */

import { focusIn, html, put } from "./dom.js";
import { exact, typed } from "./numbers.js";

const TOYS = ["spiral", "blobs", "ring", "moons", "xor", "bars", "line", "wave"];
const UNITS = ["tanh", "logistic", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "gelu_tanh", "selu", "mish", "identity"];

/**
 * Controls for the data, the network and the training of what is open.
 *
 * @param {Object} app
 * @returns {{element: Element, paint: (state: Object) => void}}
 */
export function createControls(app) {
  const element = html("div", { class: "dr-controls" });
  let painted = "";

  function paint(state) {
    const { opened } = state;
    const key = JSON.stringify([opened.generation, opened.network, opened.settings.map((setting) => setting.value), opened.data.name]);
    if (key === painted) return;
    const focused = element.contains(focusIn(element)) ? focusIn(element).id : null;
    painted = key;
    const hidden = new Set(opened.scene.view.hide);
    const seen = (name, control) => (hidden.has(name) ? null : control);
    const solver = opened.settings.find((setting) => setting.name === "solver")?.value;
    const acting = opened.settings.filter((setting) => !hidden.has(setting.name) && (!setting.solvers || setting.solvers.includes(solver)));
    put(element,
      html("h2", {}, "Data"),
      opened.data.kind === "toy" ? seen("data", toyControl(app, opened)) : html("p", {}, opened.data.name),
      seen("split", numberControl(app, { name: "split", symbol: "", word: "share held out", help: "Rows that the network never learns from.", low: 0, high: 0.9, value: opened.scene.split })),
      html("h2", {}, "Network"),
      opened.data.members > 1 ? seen("member", memberControl(app, opened.data)) : null,
      opened.data.members ? null : seen("hidden", layersControl(app, opened)),
      opened.data.members ? null : seen("unit", choiceControl(app, { name: "unit", word: "hidden units", symbol: "g", help: "What a unit makes of its z.", choices: UNITS, value: opened.network.units[0] ?? "tanh" })),
      html("h2", {}, "Training"),
      ...acting.filter((setting) => setting.common).map((setting) => controlOf(app, setting)),
      html("details", {}, html("summary", {}, "All settings"), ...acting.filter((setting) => !setting.common).map((setting) => controlOf(app, setting))),
    );
    if (focused) app.focus(focused);
  }

  return { element, paint };
}

function controlOf(app, setting) {
  if (setting.kind === "choice") return choiceControl(app, setting);
  if (setting.kind === "flag") return flagControl(app, setting);
  return setting.kind === "number" ? numberControl(app, setting) : textControl(app, setting);
}

function framed(setting, input) {
  const id = `dr-${setting.name}`;
  input.id = id;
  input.setAttribute("aria-describedby", `${id}-help`);
  const name = `${setting.word ?? setting.name}${setting.symbol ? ` ${setting.symbol}` : ""}`;
  return html("div", { class: "dr-control" }, html("label", { for: id }, name), input, html("span", { class: "help", id: `${id}-help` }, setting.help ?? ""));
}

function set(app, setting, value) {
  return app.command({ ask: "set", setting, value });
}

function choiceControl(app, setting) {
  const choices = setting.choices.includes(setting.value) ? setting.choices : [setting.value, ...setting.choices];
  const options = choices.map((choice) => html("option", { value: choice, selected: choice === setting.value }, String(choice)));
  return framed(setting, html("select", { onchange: (event) => set(app, setting.name, event.target.value) }, ...options));
}

/** Which of the networks that predict together is open. */
function memberControl(app, { member, members }) {
  const options = Array.from({ length: members }, (_, index) => html("option", { value: index + 1, selected: index + 1 === member }, `${index + 1} of ${members}`));
  const about = { name: "member", word: "member", help: "Which of the networks that predict together is open." };
  return framed(about, html("select", { onchange: (event) => set(app, "member", Number(event.target.value)) }, ...options));
}

function flagControl(app, setting) {
  return framed(setting, html("input", { type: "checkbox", checked: setting.value === true, onchange: (event) => set(app, setting.name, event.target.checked) }));
}

/** A number field keeps what was typed when the value does not fit, and says why. */
function numberControl(app, setting) {
  const shown = setting.value === null ? "none" : typeof setting.value === "number" ? exact(setting.value) : String(setting.value);
  const input = html("input", {
    class: "number", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: shown,
    onchange: () => {
      const text = input.value.trim();
      const named = { none: setting.or_none ? null : undefined, inf: setting.or_infinity ? "inf" : undefined }[text.toLowerCase()];
      const value = named !== undefined ? named : typed(text);
      if (value === null && named === undefined) app.complain(new Error(`${setting.word ?? setting.name}: ${text || "nothing"} is not a number.`));
      else set(app, setting.name, value);
    },
  });
  return framed(setting, input);
}

function textControl(app, setting) {
  const shown = Array.isArray(setting.value) ? setting.value.join(", ") : String(setting.value ?? "");
  return framed(setting, html("input", { value: shown, autocomplete: "off", onchange: (event) => set(app, setting.name, event.target.value) }));
}

function toyControl(app, opened) {
  const toy = opened.scene.data;
  const change = (piece) => set(app, "data", { ...toy, kind: "toy", ...piece });
  const select = html("select", { onchange: (event) => change({ name: event.target.value }) },
    ...TOYS.map((name) => html("option", { value: name, selected: name === (toy.name) }, name)));
  const noise = { name: "noise", word: "noise", help: "How far points stray.", value: toy.noise };
  const field = framed(noise, html("input", { class: "number", inputmode: "decimal", value: exact(noise.value),
    onchange: (event) => {
      const value = typed(event.target.value);
      if (value === null) app.complain(new Error(`noise: ${event.target.value} is not a number.`));
      else change({ noise: value });
    } }));
  const classes = html("input", { type: "number", min: 2, max: 10, value: toy.classes, onchange: (event) => change({ classes: Number(event.target.value) }) });
  return html("div", {}, framed({ name: "toy", word: "toy data", help: "" }, select), ["blobs", "spiral"].includes(toy.name) ? framed({ name: "classes", word: "classes", help: "" }, classes) : null, field);
}

function layersControl(app, opened) {
  const hidden = opened.network.sizes.slice(1, -1);
  const change = (sizes) => set(app, "hidden", sizes);
  const row = hidden.map((size, index) => html("span", { class: "dr-layers", role: "group", "aria-label": `layer ${index + 2}, ${size} units` },
    html("button", { "aria-label": `one unit less in layer ${index + 2}`, disabled: size <= 1, onclick: () => change(hidden.with(index, size - 1)) }, "−"),
    html("span", {}, String(size)),
    html("button", { "aria-label": `one unit more in layer ${index + 2}`, onclick: () => change(hidden.with(index, size + 1)) }, "+")));
  const field = html("input", { id: "dr-hidden", value: hidden.join(", "), "aria-describedby": "dr-hidden-help", autocomplete: "off",
    onchange: (event) => {
      const sizes = event.target.value.split(/[\s,;×x-]+/).filter(Boolean).map(Number);
      if (sizes.every((size) => Number.isInteger(size) && size > 0)) change(sizes);
      else app.complain(new Error("Hidden layers are whole numbers from 1 on, such as 8, 8."));
    } });
  return html("div", { class: "dr-control" }, html("label", { for: "dr-hidden" }, "hidden layers"), field,
    html("span", { class: "help", id: "dr-hidden-help" }, "Units of each layer between inputs and outputs."), html("div", { class: "dr-layers" }, ...row));
}
