/** Share: a link, files, and Python that makes the same network again. */

import { html, put } from "../dom.js";
import { counted } from "../numbers.js";

const FILES = [
  ["scene", "Scene", "everything but a table of your own; opens on this page"],
  ["model", "Model", "for deltarule.load and every other command"],
  ["csv", "Trace as a table", "every line of one pass, for a spreadsheet"],
  ["python", "Python", "deltarule: the same data, settings and steps"],
  ["python_sklearn", "Python, scikit-learn", "with λ converted to its alpha"],
  ["python_numpy", "Python, NumPy only", "the network as plain arrays"],
  ["svg", "Picture", "the network as SVG"],
  ["json", "JSON", "sizes, units and Θ as text"],
  ["html", "Recorded page", "one file that plays this run without an engine"],
];

/** @param {Object} app @returns {{element: Element, show: () => void}} */
export function createShare(app) {
  const address = html("textarea", { rows: 3, readonly: true, "aria-label": "link" });
  const length = html("span", {});
  const weights = html("input", { type: "checkbox", onchange: () => link() });
  const status = html("p", { role: "status" });
  const files = FILES.map(([kind, name, help]) => html("div", { class: "dr-row" }, html("button", { "data-kind": kind, onclick: () => save(kind) }, name), html("span", {}, help)));
  const element = html("dialog", { class: "dr-dialog", "aria-label": "share" }, html("h2", {}, "A link to this scene"), address,
    html("div", { class: "dr-row" }, html("label", {}, weights, " with the weights"), length, html("button", { onclick: copy }, "Copy"), html("button", { onclick: () => element.close() }, "Close")),
    html("h2", {}, "Files"), ...files, status);

  /** Tell the engine from where one looks, so that a link and a file lead there. */
  async function look() {
    const { screen, unit, features, digits, guess, opened } = app.store.state;
    if (!app.recorded) await app.ask({ ask: "set", setting: "view", value: { screen, unit: unit ?? [0, 0], features, digits, guess, hide: opened.scene.view.hide } });
  }

  async function link() {
    try {
      await look();
      const answer = await app.ask({ ask: "export", kind: "link", weights: weights.checked });
      const base = location.protocol.startsWith("http") ? location.href.split("#")[0] : "";
      address.value = answer.text ? `${base}#${answer.text.replace(/^#/, "")}` : "";
      length.textContent = answer.text ? `${counted(answer.text.length)} characters` : "";
      put(status, answer.note);
    } catch (error) {
      put(status, error.message);
    }
  }

  async function copy() {
    address.select();
    try {
      await navigator.clipboard.writeText(address.value);
      put(status, "Copied.");
    } catch {
      put(status, "The browser keeps the clipboard; the link is selected, copy it by the keyboard.");
    }
  }

  async function save(kind) {
    try {
      const answer = await app.ask({ ask: "export", kind, weights: true });
      const url = URL.createObjectURL(new Blob([answer.bytes], { type: answer.mime }));
      const anchor = html("a", { href: url, download: answer.name });
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      put(status, `${answer.name}, ${counted(answer.bytes.length)} bytes. ${answer.note}`);
    } catch (error) {
      put(status, error.message);
    }
  }

  return {
    element,
    show: () => {
      put(status);
      element.showModal();
      link();
    },
  };
}
