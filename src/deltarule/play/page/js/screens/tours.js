/** Tours: short texts beside the live network. Each step sets a scene and asks a question; nothing is locked meanwhile. */

import { html, put } from "../dom.js";

/** @param {Object} app @returns {{element: Element, toggle: () => void, begin: (index: number) => void}} */
export function createTours(app) {
  const element = html("section", { class: "dr-tour", "aria-label": "tours", hidden: true });
  let tours = null;

  async function toggle() {
    if (!element.hidden) {
      element.hidden = true;
      return;
    }
    await show(list);
  }

  /** Begin a tour, by its number from 0. */
  function begin(index) {
    return show(() => step(index, 0));
  }

  async function show(made) {
    element.hidden = false;
    try {
      tours ??= (await app.ask({ ask: "tours" })).tours;
      await made();
    } catch (error) {
      app.complain(error);
    }
  }

  /** Put something in; the focus, which was on a button that is gone, goes to the first that is of use. */
  function fill(...children) {
    put(element, ...children);
    (element.querySelector("button.primary:enabled") ?? element.querySelector("button:enabled")).focus();
  }

  function list() {
    fill(html("h2", {}, "Tours"), ...tours.map((tour, index) => html("div", { class: "dr-row" }, html("button", { onclick: () => step(index, 0) }, tour.title), html("span", {}, tour.about))), closing());
  }

  function closing() {
    return html("button", { onclick: () => {
      element.hidden = true;
      element.parentElement.querySelector("#dr-screen").focus();
    } }, "Close");
  }

  async function step(index, number) {
    const tour = tours[index];
    const { text, question, answer, scene, screen } = tour.steps[number];
    const before = app.store.state.screen;
    if (scene) await app.open({ scene });
    app.store.change({ screen: screen || (before === "start" ? "watch" : before) });
    app.refresh();
    const reply = html("p", { role: "status" });
    fill(html("h2", {}, `${tour.title}: ${number + 1} of ${tour.steps.length}`), ...text.map((paragraph) => html("p", {}, paragraph)),
      question ? html("p", {}, html("b", {}, question)) : null, reply,
      html("div", { class: "dr-row" }, answer ? html("button", { onclick: () => put(reply, answer) }, "What I found") : null,
        html("button", { disabled: number === 0, onclick: () => step(index, number - 1) }, "Before"),
        html("button", { class: "primary", disabled: number + 1 === tour.steps.length, onclick: () => step(index, number + 1) }, "Next"), html("button", { onclick: list }, "All tours"), closing()));
  }

  return { element, toggle, begin };
}
