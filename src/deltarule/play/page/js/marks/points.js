/** Examples as marks on a map: the shape says the class, the colour repeats it, a dashed outline says "held out". */

import { CLASSES, css } from "../colours.js";
import { svg } from "../dom.js";

const SIZE = 5;

/** The outline of a class's shape around a place, as SVG path data. @param {number} index @param {number} x @param {number} y */
function shapePath(index, x, y, size = SIZE) {
  const polygon = (points) => `M${points.map(([right, down]) => `${(x + right * size).toFixed(1)} ${(y + down * size).toFixed(1)}`).join("L")}Z`;
  const star = Array.from({ length: 10 }, (_, corner) => {
    const radius = corner % 2 ? 0.55 : 1.3;
    const angle = (Math.PI * corner) / 5 - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  const shapes = [
    null,
    [[0, -1.1], [1.1, 0.9], [-1.1, 0.9]],
    [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
    [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
    [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
    star,
  ];
  const points = shapes[index % shapes.length];
  if (points) return polygon(points);
  const left = (x - size).toFixed(1);
  return `M${left} ${y.toFixed(1)}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0Z`;
}

/**
 * Marks for examples.
 *
 * @param {{x: number, y: number, label: number, held: boolean, picked: boolean, index: number, title: string}[]} examples
 *   with places in the coordinates of the picture; a label below 0 is a quantity, drawn as a grey disc
 * @param {(index: number) => void} chosen
 * @returns {Element}
 */
export function pointsOf(examples, chosen) {
  const group = svg("g", {});
  for (const example of examples) {
    group.append(svg("path", {
      d: shapePath(Math.max(0, example.label), example.x, example.y, example.picked ? SIZE * 1.5 : SIZE),
      fill: example.label < 0 ? "#9a9aa5" : css(CLASSES[example.label % CLASSES.length]),
      class: `dr-point${example.held ? " held" : ""}${example.picked ? " picked" : ""}`,
      onclick: () => chosen(example.index),
    }, svg("title", {}, example.title)));
  }
  return group;
}
