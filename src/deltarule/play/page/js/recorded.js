/**
 * The host of a recorded page: a file that plays a run without an engine. It holds answers that the engine gave at some steps
 * of the run, and answers every request with the one that fits; whatever would need new arithmetic it refuses in a sentence.
 */

import { split } from "./frame.js";
import { render } from "./main.js";

const REFUSED = "This is a recording of a run. Start `deltarule play` to change it, or to see what was not recorded.";
const TICK = 120;

/**
 * Draw the page from a recording.
 *
 * @param {HTMLElement} el @param {string} text base64 of deflated JSON: `opened`, `steps`, `frames`, `lines`, `predictions`
 * @returns {Promise<() => void>} its value ends the page
 */
export async function play(el, text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return render({ model: modelOf(await new Response(stream).json()), el });
}

/** A model that answers from a recording. @param {Object} recording */
function modelOf(recording) {
  const listeners = new Set();
  let at = 0;
  let revision = 1;
  let timer = null;

  function stop() {
    clearInterval(timer);
    timer = null;
  }

  function go(index) {
    at = Math.max(0, Math.min(recording.steps.length - 1, index));
    revision++;
    if (at === recording.steps.length - 1) stop();
  }

  /** The recorded step nearest to a step. */
  function nearest(step) {
    let best = 0;
    recording.steps.forEach((one, index) => {
      if (Math.abs(one - step) < Math.abs(recording.steps[best] - step)) best = index;
    });
    return best;
  }

  let read = {};

  function done(header) {
    return { header: { kind: "done", revision, generation: recording.generation, step: recording.steps[at], running: timer !== null, id: "", arrays: [], ...header }, buffers: [] };
  }

  function refused() {
    return { header: { kind: "failed", error: "Recorded", message: REFUSED, id: "", arrays: [] }, buffers: [] };
  }

  function stored(text, piece) {
    if (!text) return refused();
    const { header, buffers } = split(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
    return { header: { ...header, revision, generation: recording.generation, ...piece }, buffers };
  }

  /** Recorded lines are all of an example at a level; a request takes some of them. */
  function linesOf({ example = 1, start = 0, count = 40, level = "unit", phase = "", what_if: whatIf = [] }) {
    const kept = recording.lines[at]?.[`${example}|${level}`] ?? recording.lines[at]?.[`${recording.example}|${level}`];
    if (!kept || whatIf.length) return refused();
    if (read.kept !== kept) read = { kept, ...stored(kept, {}) }; // one text has all lines, of which each request takes some
    const { header } = read;
    const chosen = phase ? header.lines.filter((line) => line.phase === phase) : header.lines;
    return { header: { ...header, lines: chosen.slice(start, start + count), total: chosen.length, arrays: [] }, buffers: [] };
  }

  /** The plane as the two units see it with which its part of the screen begins. */
  function warpOf({ layer, units }) {
    const kept = stored(recording.warps[at], {});
    return kept.header.layer === layer && String(kept.header.units) === String(units) ? kept : refused();
  }

  function answer(request) {
    if (request.ask === "open" && !request.scene && !request.table_text) return stored(recording.opened, { step: recording.steps[at] });
    if (request.ask === "frame") return stored(request.map === "classes" ? recording.classes[at] || recording.frames[at] : recording.frames[at], { running: timer !== null, last_step: recording.steps[recording.steps.length - 1], message: "", ...(timer ? {} : { paused_because: "asked" }) });
    if (request.ask === "run") {
      stop();
      if (at === recording.steps.length - 1) go(0);
      timer = setInterval(() => go(at + 1), TICK);
      return done();
    }
    if (request.ask === "pause") {
      stop();
      return done();
    }
    if (request.ask === "step") {
      go(at + request.by);
      return done();
    }
    if (request.ask === "seek") {
      go(nearest(request.step));
      return done();
    }
    if (request.ask === "trace") return linesOf(request);
    if (request.ask === "warp") return warpOf(request);
    if (request.ask === "predict") return stored(recording.predictions[at], {});
    return refused();
  }

  return {
    send: ({ n, request }) => setTimeout(() => {
      const { header, buffers } = answer(request);
      listeners.forEach((listener) => listener({ n, answer: header }, buffers));
    }, request.ask === "frame" && request.wait ? 40 : 0),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    get: (name) => (name === "place" ? "recording" : null),
  };
}
