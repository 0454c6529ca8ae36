/** The tables of colours of maps on light paper and on dark paper, each made once. */

import { CLASSES, hueTable, signTable } from "./colours.js";

const PAPER = { true: [38, 39, 46], false: [250, 250, 250] };
const made = new Map();

/** The table for signs, and one for each class, on the paper that the reader has now. @returns {{sign: Uint32Array, classes: Uint32Array[]}} */
export function palette() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (!made.has(isDark)) {
    const middle = PAPER[isDark];
    made.set(isDark, { sign: signTable(middle), classes: CLASSES.map((hue) => hueTable(hue, middle)) });
  }
  return made.get(isDark);
}
