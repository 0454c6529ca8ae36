/** What is open and what a frame holds, in words and as plain objects: shared by the screens. */

import { written } from "./numbers.js";
import { palette } from "./palette.js";

/** The cost in words: the two terms of J, and the score. @param {Object} frame @returns {string} */
export function costSays(frame) {
  const { cost, score } = frame;
  const validation = cost.validation === null ? "" : `; validation ${written(cost.validation, 4)}`;
  const scored = score.train === null || score.train === undefined ? "" : `. ${score.name} ${written(score.train)}${score.validation === null || score.validation === undefined ? "" : `, held out ${written(score.validation)}`}`;
  return `J = ${written(cost.train, 4)} = data ${written(cost.data, 4)} + penalty ${written(cost.penalty)}${validation}${scored}`;
}

/** The name of a unit: a feature, a class, or its number. @param {Object} opened @param {number} layer @param {number} j */
export function nameOf(opened, layer, j) {
  const { sizes } = opened.network;
  if (layer === 1) return opened.data.features[j - 1] ?? `x${j}`;
  if (layer < sizes.length) return `unit ${j}`;
  const { classes, target } = opened.data;
  if (!classes) return target ?? "output";
  return sizes[sizes.length - 1] === 1 ? classes[1] : classes[j - 1];
}

/** How a layer is announced. @param {Object} opened @param {number} layer @returns {string} */
function layerSays(opened, layer) {
  const { sizes, units, output } = opened.network;
  const kind = layer === 1 ? "inputs" : layer === sizes.length ? `outputs, ${output}` : `units, ${units[layer - 2]}`;
  return `${sizes[layer - 1]} ${kind}`;
}

/** The edges of a frame as objects. @param {Object} frame @returns {Object[]} */
function edgesOf(frame) {
  if (!frame.edges) return [];
  return Array.from({ length: frame.edges.shape[0] }, (_, row) => ({
    layer: frame.edges[3 * row], i: frame.edges[3 * row + 1], j: frame.edges[3 * row + 2], value: frame.edge_values[2 * row] }));
}

/** The pictures of units in a frame, or null. */
function picturesOf(frame) {
  if (!frame.thumbnails) return null;
  const [, rows, edge] = frame.thumbnails.shape;
  return { edge, rows, table: palette().sign, levels: (index) => frame.thumbnails.subarray(index * rows * edge, (index + 1) * rows * edge) };
}

/** What the picture of the network shows of what is open and of a frame. @param {Object} state @returns {Object} */
export function networkOf({ opened, frame, expanded }) {
  return {
    sizes: opened.network.sizes, expanded, key: opened.generation, pictures: picturesOf(frame), saturation: frame.saturation, edges: edgesOf(frame),
    names: (layer, j) => nameOf(opened, layer, j), says: (layer) => layerSays(opened, layer),
  };
}

const MOST_PICTURES = 64;

/** What a screen with the network wants of a frame: its strongest edges, and a picture of each unit if there are few. */
export function networkWants(state) {
  const units = state.opened.network.sizes.slice(1).reduce((sum, size) => sum + size, 0);
  return { strongest: 400, ...(units <= MOST_PICTURES ? { thumbnails: units <= 24 ? 24 : 16 } : {}) };
}
