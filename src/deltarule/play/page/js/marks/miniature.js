/** A small picture of a scene: a link to it, with the map of its network at some steps, played while one looks at it. */

import { html, say } from "../dom.js";
import { counted, written } from "../numbers.js";
import { createMap } from "./maps.js";

/** Milliseconds of a map: twelve of them take two and a half seconds. */
const TICK = 200;

/**
 * @param {import("../protocol.js").Card} card @param {() => void} chosen
 * @returns {{element: Element, paint: (answer: import("../protocol.js").Miniature) => void, stop: () => void}}
 */
export function createMiniature(card, chosen) {
  const map = createMap({ chosen: () => {} });
  const state = html("span", { class: "state" });
  const element = html("a", { class: "dr-card", href: `#${card.scene}`, onclick: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chosen();
  }, onpointerenter: play, onfocus: play, onpointerleave: stop, onblur: stop }, map.element, html("b", {}, card.title), html("span", {}, card.about), state);
  let answer = null;
  let timer = null;

  function paint(given) {
    answer = given;
    show(answer.steps.length - 1);
  }

  function show(index) {
    const { classes, extent, steps, costs, says, X, Y, rows, held_out: held, maps } = answer;
    const [, planes, high, wide] = maps.shape;
    const size = planes * high * wide;
    const level = Object.assign(maps.subarray(index * size, (index + 1) * size), { shape: [planes, high, wide] });
    const features = X.shape[1] === 1 ? [1, 1] : [1, 2];
    map.paint({ map: level, range: answer.ranges[index], classes: classes?.length ?? 0, extent, features, picked: 0, opened: {
      generation: 0, network: { sizes: [X.shape[1]] }, data: { shown_rows: rows.length, classes }, rows, X, Y, held_out: held } });
    say(state, `${says}, step ${counted(steps[index])}: J ${written(costs[index])}`);
  }

  function play() {
    if (!answer || timer || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let index = 0;
    show(0);
    timer = setInterval(() => (++index < answer.steps.length ? show(index) : stop()), TICK);
  }

  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    show(answer.steps.length - 1);
  }

  return { element, paint, stop };
}
