/** Lines of the algorithm, fetched in windows and kept while network, step and example stay the same. */

import { keyOf } from "./marks/equation.js";

const WINDOW = 100;
const MOST_WINDOWS = 40;

/**
 * A reader of lines.
 *
 * @param {Object} app
 * @returns {Object} `line(place)`, `around(place)`, `writerOf(key, place)`, `usersOf(key)`, `about()`
 */
export function createTrace(app) {
  let key = "";
  let windows = new Map();
  let last = null;

  function start({ example, level, digits, whatIf, revision }) {
    const wanted = JSON.stringify([example, level, digits, whatIf, revision]);
    if (wanted === key) return;
    key = wanted;
    windows = new Map();
    last = null;
  }

  async function window(place, number) {
    start(place);
    const mine = key;
    const index = Math.max(0, Math.floor(number / WINDOW));
    if (!windows.has(index)) {
      windows.set(index, app.ask({ ask: "trace", example: place.example, level: place.level, digits: Math.min(place.digits, 6), what_if: place.whatIf, start: index * WINDOW, count: WINDOW }));
    }
    try {
      const answer = await windows.get(index);
      if (mine === key) last = answer;
      return answer;
    } catch (error) {
      windows.delete(index);
      throw error;
    }
  }

  /** The line of a number, and what is known of all of them. */
  async function line(place, number) {
    const answer = await window(place, number);
    const at = Math.min(number, answer.total - 1);
    const found = at === number ? answer : await window(place, at);
    return { answer: found, line: found.lines.find((one) => one.number === at) ?? found.lines[at % WINDOW] };
  }

  /** Every line, in order, until `seen` answers true. */
  async function walk(place, seen) {
    for (let index = 0; index < MOST_WINDOWS; index++) {
      const answer = await window(place, index * WINDOW);
      for (const one of answer.lines) if (seen(one)) return one;
      if ((index + 1) * WINDOW >= answer.total) return null;
    }
    return null;
  }

  /** The line that writes a quantity, or null for what is given: data, Θ, settings. */
  function writerOf(place, ref) {
    const wanted = keyOf(ref);
    return walk(place, (one) => keyOf(one.writes) === wanted);
  }

  /** The lines that read a quantity, at most `most`. */
  async function usersOf(place, ref, most = 30) {
    const wanted = keyOf(ref);
    const found = [];
    await walk(place, (one) => {
      if (one.reads.some((read) => keyOf(read) === wanted)) found.push(one);
      return found.length >= most;
    });
    return found;
  }

  /** The lines from the first on, at most `most`: what the strip of quantities shows. */
  async function first(place, most) {
    const found = [];
    await walk(place, (one) => {
      found.push(one);
      return found.length >= most;
    });
    return found;
  }

  return { line, writerOf, usersOf, first, known: () => last };
}
