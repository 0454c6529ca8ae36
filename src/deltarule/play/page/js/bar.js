/** The top bar: run and pause, steps both ways, rewind, speed, what the run has come to, and the screens as tabs. */

import { html, mark, say } from "./dom.js";
import { counted, written } from "./numbers.js";

const SCREENS = [["start", "Start"], ["watch", "Watch"], ["follow", "Follow"], ["table", "Table"], ["classes", "Classes"]];
const SPEEDS = [[0, "full speed"], [1, "1 step/s"], [5, "5 steps/s"], [25, "25 steps/s"], [200, "200 steps/s"], [2000, "2 000 steps/s"]];

/**
 * @param {Object} app @param {{help: Function, share: Function, tours: Function, files: Function}} opened what the buttons on the right open
 * @returns {Object} `element`, `paint`, `acts`, `run`
 */
export function createBar(app, opened) {
  const { store } = app;
  const title = html("h1", {}, "deltarule");
  const run = html("button", { class: "primary", onclick: () => toggle() }, "▶ run");
  const level = html("select", { "aria-label": "how far a step goes" }, html("option", { value: "step" }, "step"), html("option", { value: "epoch" }, "epoch"));
  const speed = html("select", { "aria-label": "speed", onchange: () => store.state.frame?.running && app.command({ ask: "run", speed: Number(speed.value) }) },
    ...SPEEDS.map(([value, name]) => html("option", { value }, name)));
  const state = html("span", { class: "state" });
  const screens = SCREENS.filter(([screen]) => screen !== "start" || !app.recorded);
  const tabs = screens.map(([screen, name], index) => html("button", { role: "tab", id: `dr-tab-${screen}`, "aria-controls": "dr-screen", onclick: () => show(screen), onkeydown: (event) => walk(event, index) }, name));
  const element = html("header", { class: "dr-bar" }, title, run,
    html("button", { "aria-label": "back", onclick: () => step(-1) }, "◀"), level, html("button", { "aria-label": "on", onclick: () => step(1) }, "▶|"),
    html("button", { onclick: () => app.command({ ask: "seek", step: 0 }) }, "↺ rewind"), html("button", { onclick: fresh }, "New weights"), speed, state,
    app.recorded ? null : html("button", { onclick: opened.files }, "Open"), html("button", { onclick: opened.share }, "Share"), html("button", { onclick: opened.tours }, "Tours"), html("button", { "aria-label": "keys and help", onclick: opened.help }, "?"),
    html("div", { class: "dr-tabs", role: "tablist", "aria-label": "screens" }, ...tabs));

  /** Whoever runs or steps from the screen Start wants to see it. */
  function leaveStart() {
    if (store.state.screen === "start") store.change({ screen: "watch" });
  }

  function toggle() {
    leaveStart();
    return app.command(store.state.frame?.running ? { ask: "pause" } : { ask: "run", speed: Number(speed.value) });
  }

  function step(by) {
    leaveStart();
    return app.command({ ask: "step", level: level.value, by });
  }

  /** New weights are another seed: rewinding alone always comes back to the same start. */
  function fresh() {
    return app.command({ ask: "set", setting: "seed", value: store.state.opened.scene.seed + 1 });
  }

  function show(screen) {
    store.change({ screen });
    app.refresh();
  }

  function walk(event, index) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const [screen] = screens[(index + by + screens.length) % screens.length];
    show(screen);
    tabs[(index + by + screens.length) % screens.length].focus();
  }

  function paint({ opened: open, frame, screen }) {
    say(title, open.data.name);
    tabs.forEach((tab, index) => {
      mark(tab, "aria-selected", String(screens[index][0] === screen));
      mark(tab, "tabindex", screens[index][0] === screen ? "0" : "-1");
    });
    if (!frame) return;
    say(run, frame.running ? "❚❚ pause" : "▶ run");
    const rate = frame.running && frame.rate ? `, ${counted(frame.rate)} steps/s` : "";
    say(state, `step ${counted(frame.step)}, epoch ${counted(frame.epoch)}${rate}, J ${written(frame.cost.train, 4)}`);
  }

  const acts = { " ": toggle, ".": () => step(1), ",": () => step(-1), r: () => app.command({ ask: "seek", step: 0 }), ...(app.recorded ? {} : { o: opened.files }), s: opened.share, "?": opened.help,
    ...Object.fromEntries(screens.map(([screen]) => [String(SCREENS.findIndex(([one]) => one === screen)), () => show(screen)])) };
  return { element, paint, acts, run };
}
