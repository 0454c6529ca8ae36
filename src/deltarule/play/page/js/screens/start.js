/** Start: scenes to begin with, each a small picture and a link, and the ways to one's own data. */

import { html, put } from "../dom.js";
import { createMiniature } from "../marks/miniature.js";
import { remembered } from "../memory.js";

/**
 * @param {Object} app @param {{begin: (index: number) => void}} tours @param {{choose: () => void}} files
 * @returns {{element: Element, paint: (state: Object) => void}}
 */
export function createStart(app, tours, files) {
  const { store } = app;
  const scenes = html("div", { class: "dr-cards" });
  const guided = html("div", { class: "dr-cards" });
  const last = html("ul", {});
  const lastPart = html("section", { hidden: true }, html("h2", {}, "Where you were"), last);
  let drawn = "";
  const element = html("div", { class: "dr-wide" },
    html("p", {}, "Choose a scene, or press ", html("kbd", {}, "space"), ": what is open begins to learn."),
    html("section", {}, html("h2", {}, "Scenes"), scenes), html("section", {}, html("h2", {}, "Tours, with questions"), guided),
    html("section", {}, html("h2", {}, "Your own"), html("div", { class: "dr-row" },
      html("button", { onclick: () => table() }, "Open a table"), html("button", { onclick: files.choose }, "Open a model"), html("button", { onclick: () => draw() }, "Draw points")),
      html("p", {}, "A table, a model, or a model with its table can also be dropped anywhere on this page.")), lastPart);
  let asked = false;

  /** Fetch the cards, then one picture after the other, so that the engine is never kept for long. */
  async function load() {
    try {
      const answer = await app.ask({ ask: "start" });
      drawn = answer.drawn;
      const made = [...answer.cards.map((card) => [card, createMiniature(card, () => open(card.scene))]),
        ...answer.tours.map((card, index) => [card, createMiniature(card, () => tours.begin(index))])];
      const elements = made.map(([, one]) => one.element);
      put(scenes, ...elements.slice(0, answer.cards.length));
      put(guided, ...elements.slice(answer.cards.length));
      for (const [card, one] of made) one.paint(await app.ask({ ask: "miniature", scene: card.scene, steps: card.steps }));
    } catch (error) {
      app.complain(error);
    }
  }

  async function open(scene) {
    await app.open({ scene });
    app.focus("dr-screen");
  }

  function table() {
    store.change({ screen: "table" });
    app.focus("dr-file");
  }

  async function draw() {
    store.change({ drawing: true });
    await open(drawn);
  }

  function paint(state) {
    if (!asked) {
      asked = true;
      load();
    }
    const kept = remembered().filter(([link]) => link !== state.opened.link);
    lastPart.hidden = !kept.length;
    put(last, ...kept.map(([link, name]) => html("li", {}, html("a", { href: `#${link}`, onclick: (event) => {
      event.preventDefault();
      open(link);
    } }, name))));
  }

  return { element, paint };
}
