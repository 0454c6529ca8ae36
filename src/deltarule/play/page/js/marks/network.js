/**
 * The network as the notes draw it: layers from left to right, a bias unit +1 over each, edges by the sign and size of Θ.
 * Units are buttons, one of which is in the order of the tab key; arrows go from unit to unit.
 */

import { html, mark, say, svg } from "../dom.js";
import { paintField } from "./field.js";
import { exact, written } from "../numbers.js";

const MOST = 12;
const ROW = 50;

/**
 * @param {{unit: Function, edge: Function, more: Function}} told what a reader chose: a unit (layer, j), an edge
 *   (layer, i, j), the rest of a layer
 * @returns {{element: Element, paint: (content: Object) => void}}
 */
export function createNetwork(told) {
  const lines = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
  const element = html("div", { class: "dr-network", role: "group", "aria-label": "network" }, lines);
  const units = new Map();
  let current = "2,1";
  let shape = "";
  let places = new Map();

  /** Which units of a layer are drawn: all of a small one, the first and the last of a large one. */
  function shownOf(size, expanded) {
    if (size <= MOST || expanded) return Array.from({ length: size }, (_, index) => index + 1);
    return [...Array.from({ length: MOST - 2 }, (_, index) => index + 1), size];
  }

  function build({ sizes, names, expanded, says }) {
    element.replaceChildren(lines);
    units.clear();
    places = new Map();
    const shown = sizes.map((size, index) => shownOf(size, expanded.includes(index + 1)));
    const rows = Math.max(...shown.map((layer, index) => layer.length + (index + 1 < sizes.length ? 1 : 0) + (layer.length < sizes[index] ? 1 : 0)));
    element.style.height = `${rows * ROW + 10}px`;
    const edge = Math.min(40, Math.max(24, 480 / (sizes.length * 2)));
    sizes.forEach((size, index) => {
      const layer = index + 1;
      const group = html("div", { role: "group", "aria-label": `layer ${layer}, ${says(layer)}` });
      const entries = shown[index].map((j) => ({ j }));
      if (shown[index].length < size) entries.splice(MOST - 2, 0, { more: size - shown[index].length });
      if (layer < sizes.length) entries.unshift({ j: 0 });
      entries.forEach((entry, row) => {
        const x = ((index + 0.5) / sizes.length) * 100;
        const y = 5 + (row + 0.5 + (rows - entries.length) / 2) * ROW;
        group.append(entry.more ? moreOf(layer, entry.more, x, y) : unitOf(layer, entry.j, x, y, edge, names));
      });
      element.append(group);
    });
  }

  function placed(button, x, y) {
    button.style.left = `${x}%`;
    button.style.top = `${y}px`;
    return button;
  }

  function moreOf(layer, count, x, y) {
    return placed(html("button", { class: "dr-unit more", tabindex: "-1", onclick: () => told.more(layer) }, `… ${count} more`), x, y);
  }

  function unitOf(layer, j, x, y, edge, names) {
    const name = j === 0 ? "+1" : names(layer, j);
    const canvas = j > 0 && layer > 1 ? html("canvas", { "aria-hidden": "true" }) : null;
    const label = canvas ? null : html("span", {}, name.length > 7 ? `${name.slice(0, 6)}…` : name);
    const button = html("button", { class: `dr-unit${j === 0 ? " bias" : ""}`, tabindex: "-1", title: j === 0 ? "bias unit, always 1" : name,
      onclick: () => told.unit(layer, j), onfocus: () => (current = `${layer},${j}`), onkeydown: (event) => walk(event, layer, j) }, canvas ?? label);
    button.style.width = canvas ? `${edge}px` : "auto";
    button.style.height = canvas ? `${edge}px` : "26px";
    if (!canvas) button.style.padding = "0 5px";
    const key = `${layer},${j}`;
    units.set(key, { button, canvas, name });
    places.set(key, { x, y });
    return placed(button, x, y);
  }

  function walk(event, layer, j) {
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const inLayer = (number) => [...units.keys()].map((key) => key.split(",").map(Number)).filter(([other]) => other === number).map(([, unit]) => unit);
    const wanted = inLayer(layer + step[0]);
    if (!wanted.length) return;
    const row = wanted.indexOf(j);
    const next = step[1] ? wanted[row + step[1]] : wanted[Math.min(wanted.length - 1, Math.max(0, row < 0 ? 0 : row))];
    if (next === undefined) return;
    mark(units.get(`${layer},${j}`).button, "tabindex", "-1");
    const { button } = units.get(`${layer + step[0]},${next}`);
    mark(button, "tabindex", "0");
    button.focus();
  }

  function paint(content) {
    const key = JSON.stringify([content.sizes, content.expanded, content.key]);
    if (key !== shape) {
      shape = key;
      build(content);
    }
    if (!units.has(current)) current = "1,1";
    const { pictures, saturation, a, picked, lit = new Set(), written: result } = content;
    element.classList.toggle("dr-dim", lit.size > 0 || Boolean(result));
    let hiddenIndex = -1;
    content.sizes.forEach((size, index) => {
      for (let j = index + 1 < content.sizes.length ? 0 : 1; j <= size; j++) {
        if (index > 0 && j > 0) hiddenIndex++;
        const key = `${index + 1},${j}`;
        const unit = units.get(key);
        if (!unit) continue;
        const { button, canvas } = unit;
        if (canvas && pictures && j > 0) paintField(canvas, pictures.levels(hiddenIndex), pictures.edge, pictures.rows, pictures.table);
        const value = a?.[index]?.[j - 1];
        const heavy = saturation && index > 0 && j > 0 ? saturation[hiddenIndex] : 0;
        button.classList.toggle("saturated", heavy > 0.5);
        button.classList.toggle("lit", lit.has(`u${key}`));
        button.classList.toggle("result", result === `u${key}`);
        mark(button, "aria-pressed", String(picked === key));
        mark(button, "tabindex", key === current ? "0" : "-1");
        mark(button, "aria-label", j === 0 ? `layer ${index + 1}, bias unit, always 1`
          : `layer ${index + 1}, unit ${j}${index === 0 || index + 1 === content.sizes.length ? `, ${unit.name}` : ""}${value === undefined ? "" : `, a is ${written(value)}`}${heavy > 0.5 ? ", saturated" : ""}`);
      }
    });
    paintEdges(content);
  }

  function paintEdges({ edges, lit = new Set(), written: result, picked }) {
    const height = element.clientHeight || 300;
    mark(lines, "viewBox", `0 0 100 ${height}`);
    const largest = Math.max(1e-12, ...edges.map((edge) => Math.abs(edge.value)));
    const old = [...lines.children];
    edges.forEach((edge, index) => {
      const from = places.get(`${edge.layer},${edge.j}`);
      const to = places.get(`${edge.layer + 1},${edge.i}`);
      const line = old[index] ?? lines.appendChild(svg("path", { class: "dr-edge", "vector-effect": "non-scaling-stroke" }, svg("title", {})));
      line.onclick = () => told.edge(edge.layer, edge.i, edge.j);
      if (!from || !to) {
        mark(line, "d", "");
        return;
      }
      const middle = (from.x + to.x) / 2;
      const key = `Θ${edge.layer},${edge.i},${edge.j}`;
      const shown = !picked || picked === `${edge.layer + 1},${edge.i}` || picked === `${edge.layer},${edge.j}`;
      mark(line, "d", `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`);
      mark(line, "class", `dr-edge${lit.has(key) ? " lit" : ""}${result === key ? " result" : ""}`);
      mark(line, "stroke", edge.value < 0 ? "var(--minus)" : "var(--plus)");
      mark(line, "stroke-dasharray", edge.value < 0 ? "5 3" : null);
      mark(line, "stroke-width", (0.5 + 4 * (Math.abs(edge.value) / largest)).toFixed(2));
      mark(line, "stroke-opacity", shown ? 0.85 : 0.12);
      say(line.firstChild, `Θ⁽${edge.layer}⁾ ${edge.i},${edge.j} = ${exact(edge.value)}`);
    });
    for (const line of old.slice(edges.length)) line.remove();
  }

  return { element, paint };
}
