/**
 * Requests to the engine, each with one answer. A request that is not answered in time is sent again: commands carry an id
 * and are carried out once. The model is a notebook's or that of `host.js`; both have `send` and `on("msg:custom")`.
 */

import { joined } from "./frame.js";

const PATIENCE = 8000;
const TRIES = 4;

/**
 * @param {Object} model @param {(connected: boolean) => void} told whether the engine answers
 * @returns {{ask: (request: Object) => Promise<Object>, close: () => void}}
 */
export function createWire(model, told) {
  const waiting = new Map();
  let last = 0;

  function heard(message, buffers) {
    const call = waiting.get(message?.n);
    if (!call) return;
    waiting.delete(message.n);
    clearTimeout(call.timer);
    told(!message.lost);
    if (message.lost) call.reject(new Error(message.lost));
    else call.resolve(joined(message.answer, (buffers ?? []).map((part) => (part instanceof DataView ? part : new DataView(part.buffer ?? part)))));
  }

  model.on("msg:custom", heard);

  function ask(request) {
    return new Promise((resolve, reject) => send(request, resolve, reject, 1));
  }

  function send(request, resolve, reject, turn) {
    const n = ++last;
    const timer = setTimeout(() => {
      waiting.delete(n);
      told(false);
      if (turn < TRIES) send(request, resolve, reject, turn + 1);
      else reject(new Error("The engine does not answer. Is the program that opened this page still running?"));
    }, PATIENCE * turn);
    waiting.set(n, { resolve, reject, timer });
    try {
      model.send({ n, request });
    } catch {
      heard({ n, lost: "This notebook's kernel has ended or begun anew, and with it what was open here. Run the cell of this page again." });
    }
  }

  function close() {
    model.off?.("msg:custom", heard);
    for (const call of waiting.values()) clearTimeout(call.timer);
    waiting.clear();
  }

  return { ask, close };
}
