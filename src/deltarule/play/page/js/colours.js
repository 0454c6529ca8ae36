/**
 * Colours with one meaning each. The sign of a number is brown (−) or teal (+); classes have hues of their own and a shape,
 * which is the first channel, because no six hues stay apart for every eye. `docs/play.md` has the measurements.
 */

const MINUS = [140, 81, 10];
const PLUS = [1, 102, 94];

/** Hues of Okabe and Ito in the order in which they stay apart longest. */
export const CLASSES = [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233]];
const SHAPES = ["●", "▲", "■", "◆", "✚", "★"];

/** @param {number[]} rgb @returns {string} */
export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/** The colour of a class as CSS @param {number} index @returns {string} */
export function ofClass(index) {
  return css(CLASSES[index % CLASSES.length]);
}

/** The shape of a class @param {number} index @returns {string} */
export function shapeOf(index) {
  return SHAPES[index % SHAPES.length];
}

function between(from, to, share) {
  return from.map((channel, index) => Math.round(channel + (to[index] - channel) * share));
}

/** 256 colours as packed RGBA: from − through `middle` to +. @param {number[]} middle @returns {Uint32Array} */
export function signTable(middle) {
  return packed((share) => (share < 0.5 ? between(MINUS, middle, share * 2) : between(middle, PLUS, share * 2 - 1)));
}

/** 256 colours as packed RGBA: from `middle` to one hue. @param {number[]} hue @param {number[]} middle */
export function hueTable(hue, middle) {
  return packed((share) => between(middle, hue, share * 0.85));
}

function packed(colourAt) {
  const table = new Uint32Array(256);
  const bytes = new Uint8Array(table.buffer);
  for (let level = 0; level < 256; level++) bytes.set([...colourAt(level / 255), 255], 4 * level);
  return table;
}
