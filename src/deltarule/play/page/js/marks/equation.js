/** A line of the algorithm as MathML: in symbols, in numbers, and what comes out. Every number is an element of its own. */

import { html, math } from "../dom.js";
import { exact } from "../numbers.js";

/** The key of a quantity, by which what is lit is found. @param {Object | null} ref @returns {string} */
export function keyOf(ref) {
  return ref ? `${ref.symbol}|${ref.layer}|${ref.i}|${ref.j}` : "";
}

/**
 * A line.
 *
 * @param {Object} line of the trace
 * @param {{reads: Set<string>, digits: number, hideResult: boolean, chosen: Function | null, hovered: Function}} options
 *   `chosen` is told the token that a reader chose; without it none can be
 * @returns {Element}
 */
export function equationOf(line, { reads, digits, hideResult, chosen, hovered }) {
  const token = (one) => tokenOf(one, { reads, exactDigits: digits > 6, chosen, hovered, writes: keyOf(line.writes) });
  const rounded = digits <= 6 && (line.result.text !== exact(line.value) || line.numbers.some((one) => one.kind === "number" && one.value !== null && one.text !== exact(one.value)));
  const result = hideResult ? math("mrow", { class: "dr-token" }, math("mo", {}, "?")) : token(line.result);
  const first = math("math", { class: "symbols", "aria-hidden": "true" }, ...line.symbols.map(token));
  const second = math("math", { class: "numbers", "aria-hidden": "true" }, math("mo", {}, "="), ...line.numbers.map(token));
  const third = math("math", { class: "result", "aria-hidden": "true" }, math("mo", {}, rounded ? "≈" : "="), result);
  const quantities = [...line.numbers, ...(hideResult ? [] : [line.result])].filter((one) => one.ref);
  return html("div", { class: "dr-equation", "data-line": line.number, "data-equation": line.equation, "data-phase": line.phase },
    html("p", { class: "name" }, [line.equation ? `(${line.equation})` : "", line.saturated ? "saturated unit" : "", line.note].filter(Boolean).join("  ")),
    first, line.numbers.length ? second : null, third, html("p", { class: "hidden" }, hideResult ? "The result is hidden." : line.spoken), chosen ? keysOf(quantities, chosen, hovered) : null);
}

/**
 * The quantities of a line for keys and ears: buttons that are not drawn, because MathML has no place for them; whichever
 * has the focus lights up in the line above. One of them is in the order of the tab key, arrows go to the others.
 */
function keysOf(quantities, chosen, hovered) {
  const buttons = quantities.map((one, index) => html("button", { tabindex: index ? "-1" : "0", onclick: () => chosen(one), onfocus: () => hovered(keyOf(one.ref)), onblur: () => hovered("") },
    `${nameOfRef(one.ref)}${one.kind === "number" ? `: ${one.text}` : ""}`));
  const walk = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = buttons.indexOf(event.target);
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, at + by))];
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  return html("div", { class: "dr-quantities", role: "group", "aria-label": "quantities of this line", onkeydown: walk }, ...buttons);
}

function tokenOf(one, { reads, exactDigits, chosen, hovered, writes }) {
  const key = keyOf(one.ref);
  const content = one.kind === "number" ? [math("mn", {}, exactDigits && one.value !== null ? exact(one.value) : one.text)]
    : one.ref ? [symbolOf(one.ref)] : pieces(one.text);
  if (!one.ref) {
    return one.kind === "number" ? math("mrow", { class: "dr-token", "data-value": one.value === null ? null : String(one.value) }, ...content) : math("mrow", {}, ...content);
  }
  const state = key === writes ? " writes" : reads.has(key) ? " reads" : "";
  return math("mrow", {
    class: `dr-token${state}`, "data-ref": key, "data-value": one.kind === "number" && one.value !== null ? String(one.value) : null,
    onclick: chosen && (() => chosen(one)), onmouseenter: () => hovered(key), onmouseleave: () => hovered(""),
  }, ...content);
}

/** A quantity with its layer above and its indices below. @param {Object} ref @returns {Element} */
function symbolOf({ symbol, layer, i, j }) {
  const letter = math("mi", {}, symbol);
  const below = [i, j].filter((index, place) => index > 0 || (place === 1 && index === 0));
  const under = below.length ? math("mrow", {}, ...below.flatMap((index, place) => [place ? math("mo", {}, ",") : null, math("mn", { class: "index" }, String(index))].filter(Boolean))) : null;
  const above = layer > 0 ? math("mrow", {}, math("mo", { stretchy: "false" }, "("), math("mn", { class: "index" }, String(layer)), math("mo", { stretchy: "false" }, ")")) : null;
  if (under && above) return math("msubsup", {}, letter, under, above);
  if (under) return math("msub", {}, letter, under);
  return above ? math("msup", {}, letter, above) : letter;
}

/** A quantity in words. @param {Object} ref @returns {string} */
function nameOfRef(ref) {
  const below = [ref.i, ref.j].filter((index, place) => index > 0 || (place === 1 && index === 0)).join(",");
  return `${ref.symbol}${below ? ` ${below}` : ""}${ref.layer > 0 ? `, layer ${ref.layer}` : ""}`;
}

/** A quantity by itself in running text: drawn, and named for those who hear it. @param {Object} ref @returns {Element} */
export function namedSymbol(ref) {
  return html("span", {}, html("span", { class: "hidden" }, nameOfRef(ref)), math("math", { "aria-hidden": "true" }, symbolOf(ref)));
}

const RAISED = { "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8", "⁹": "9", "⁻": "−", "⁽": "(", "⁾": ")", "ᴸ": "L", "ˡ": "l", "ᶻ": "z" };
const PIECE = /(\d+(?:\.\d+)?(?:e[-+]\d+)?)|([\p{L}]{2,})|(\p{L}[′']?)|([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁽⁾ᴸˡᶻ]+)|(\s+)|(.)/gu;

/** Text without a quantity, cut into numbers, words, letters, powers and signs. @param {string} text @returns {Element[]} */
function pieces(text) {
  const found = [];
  for (const [, number, word, letter, power, blank, sign] of text.matchAll(PIECE)) {
    if (number) found.push(math("mn", { class: "constant" }, number));
    else if (word) found.push(math("mi", {}, word));
    else if (letter) found.push(math("mi", {}, letter));
    else if (power) found.push(math("msup", {}, found.pop() ?? math("mrow", {}), math("mtext", {}, [...power].map((one) => RAISED[one]).join(""))));
    else if (sign) found.push(math("mo", "()[]{}|".includes(sign) ? { stretchy: "false" } : {}, sign === "-" ? "−" : sign));
    else if (blank) continue;
  }
  return found;
}
