/**
 * The page without its looks: what is open, the newest snapshot, and the commands that change it. Frames are asked for only
 * while training runs or after a command, so a page at rest sends nothing.
 */

import { remember } from "./memory.js";
import { createStore } from "./store.js";
import { createWire } from "./wire.js";

const RUNS_KEPT = 8;

/** Milliseconds between two frames of a notebook, whose kernel may be far away; the page's own frames follow the screen. */
const NOTEBOOK_PAUSE = 100;

/**
 * Milliseconds between two frames of a run at full speed, because each frame takes time from training, which keeps 36 % of its
 * speed beside 60 frames a second, 78 % beside 8, and 86 % beside 5.
 */
const FULL_SPEED_PAUSE = 200;

/**
 * @param {Object} model of a notebook or of `host.js`
 * @returns {Object} `store`, `ask`, `command`, `refresh`, `open`, `close`
 */
export function createApp(model) {
  const recorded = model.get?.("place") === "recording";
  const local = Boolean(model.get?.("place"));
  const store = createStore({
    opened: null, frame: null, screen: "watch", example: 1, unit: null, edge: null, features: [1, 2], map: "decision", revision: -1,
    drawing: false, note: null, connected: true, curve: [], runs: [], digits: 3, guess: false, expanded: [], size: local ? 100 : 70,
  });
  const wire = createWire(model, (connected) => connected !== store.state.connected && store.change({ connected }));
  let polling = false;
  let closed = false;
  let wanted = () => ({});

  async function ask(request) {
    const answer = await wire.ask(request);
    if (answer.kind !== "failed") return answer;
    throw Object.assign(new Error(answer.message), { kind: answer.error });
  }

  /** Carry out a command once, then show what it changed. What goes wrong becomes the note, never a blank page. */
  async function command(request) {
    try {
      const done = await ask({ ...request, id: crypto.randomUUID?.() ?? String(Math.random()).slice(2) });
      store.change({ note: null });
      if (done.generation !== store.state.opened?.generation) await describe();
      else await refresh();
      return done;
    } catch (error) {
      complain(error);
      return null;
    }
  }

  function complain(error) {
    if (!closed) store.change({ note: { kind: "error", text: error.message } });
  }

  /** Open a scene, a table or a model; with none of them, learn what is open. */
  async function open(request = {}) {
    const own = request.scene || request.model;
    try {
      const opened = await ask({ ask: "open", ...request });
      const isNew = opened.step === 0 && opened.generation === 1 && !recorded;
      const leaves = request.table_text && store.state.screen === "start" ? { screen: "table" } : {};
      took(opened, own || (!request.table_text && (isNew || opened.scene.view.screen !== "start")) ? viewOf(opened) : leaves);
      await refresh();
    } catch (error) {
      complain(error);
      if (!store.state.opened && (own || request.table_text)) await describe();
    }
  }

  /** Where a scene is looked at from. */
  function viewOf({ scene, network }) {
    const { screen, unit, features, digits, guess } = scene.view;
    return { screen, digits, guess, ...(unit[0] > 0 ? { unit } : {}), ...(Math.max(...features) <= network.sizes[0] ? { features } : {}), ...(scene.at.example > 1 ? { example: scene.at.example } : {}) };
  }

  async function describe() {
    took(await ask({ ask: "open" }));
    await refresh();
  }

  function took(opened, view = {}) {
    const isNew = store.state.opened?.generation !== opened.generation;
    const kept = !isNew ? {} : { curve: [], runs: [], unit: null, edge: null, expanded: [] };
    const note = opened.notices.length ? { kind: "notice", text: opened.notices.join(" ") } : null;
    const [across, upwards] = store.state.features;
    const fits = Math.max(across, upwards) <= opened.network.sizes[0];
    if (isNew && local) remember(opened);
    const first = opened.rows[Math.max(0, opened.held_out.indexOf(0))] ?? 1;  // one that the network learns from
    store.change({ opened, frame: null, revision: -1, note, ...kept, example: isNew ? first : store.state.example, features: fits ? store.state.features : [1, Math.min(2, opened.network.sizes[0])], ...view });
  }

  /** Ask for one frame, and go on asking while the network trains and somebody looks. */
  async function refresh(wait = 0) {
    const { state } = store;
    if (!state.opened || closed) return;
    const last = state.curve.length ? state.curve[state.curve.length - 1][0] : -1;
    try {
      const frame = await ask({ ask: "frame", after: wait ? state.revision : -1, wait, curve_after: last, ...wanted(state) });
      if (closed) return;
      if (frame.generation !== store.state.opened.generation) {
        await describe();
        return;
      }
      if (frame.revision >= store.state.revision) show(frame);
      if (frame.running) poll();
    } catch (error) {
      complain(error);
    }
  }

  function show(frame) {
    const { state } = store;
    let { curve, runs } = state;
    if (state.frame && frame.branch !== state.frame.branch) {
      runs = [...runs, curve].slice(-RUNS_KEPT);
      curve = curve.filter(([step]) => step <= frame.step);
    }
    const from = frame.curve?.shape[0] ?? 0;
    const points = Array.from({ length: from }, (_, row) => Array.from(frame.curve.subarray(4 * row, 4 * row + 4)));
    if (points.length) curve = [...curve.filter(([step]) => step < points[0][0]), ...points];
    if (curve.length > 4000) curve = curve.filter((_, index) => index % 2 === 0 || index === curve.length - 1);
    store.change({ frame, revision: frame.revision, curve, runs });
  }

  async function poll() {
    if (polling) return;
    polling = true;
    while (!closed && store.state.connected && store.state.frame?.running && !document.hidden) {
      const pause = local ? (store.state.frame.speed > 0 ? 0 : FULL_SPEED_PAUSE) : NOTEBOOK_PAUSE;
      await new Promise((next) => (pause ? setTimeout(next, pause) : requestAnimationFrame(next)));
      await refresh(0.25);
    }
    polling = false;
  }

  const seen = () => !document.hidden && store.state.opened && refresh();
  document.addEventListener("visibilitychange", seen);

  function close() {
    closed = true;
    document.removeEventListener("visibilitychange", seen);
    wire.close();
  }

  return { store, recorded, ask, command, refresh, open, close, complain, wants: (made) => (wanted = made) };
}
