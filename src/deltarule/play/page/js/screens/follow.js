/** Follow: the algorithm one line at a time, forwards and back, with its operands lit in the network beside it. */

import { focusIn, html, oneStop, put, say } from "../dom.js";
import { networkOf } from "../describing.js";
import { createGuess } from "../guess.js";
import { equationOf, keyOf, namedSymbol } from "../marks/equation.js";
import { createNetwork } from "../marks/network.js";
import { sliceOf } from "../marks/slice.js";
import { exact, typed, written } from "../numbers.js";
import { createTrace } from "../trace.js";
import { reasonOf } from "./reasons.js";

const LEVELS = ["network", "layer", "unit", "term"];
const PHASES = { forward: "forward", cost: "cost", backward: "backward", Delta: "Δ", D: "D", update: "update" };
const STRIP = 300;

/** @param {Object} app @returns {Object} `element`, `paint`, `key` */
export function createFollow(app) {
  const { store } = app;
  const trace = createTrace(app);
  const local = { number: 0, level: "unit", whatIf: [], shown: null, answer: null, revealed: "", back: [] };
  const network = createNetwork({ unit: (layer, j) => jumpTo({ symbol: layer === 1 ? "x" : "a", layer, i: j, j: -1 }), edge: (layer, i, j) => jumpTo({ symbol: "Δ", layer, i, j }),
    more: (layer) => store.change({ expanded: [...store.state.expanded, layer] }) });
  const guess = createGuess(() => {
    local.revealed = `${local.number}`;
    paint(store.state);
  });
  const where = html("p", { class: "where" });
  const phases = html("div", { class: "dr-row", role: "group", "aria-label": "phase" });
  const line = html("div", { class: "dr-line" });
  const more = html("div", { class: "dr-more", "aria-live": "off" });
  const slice = html("div", {});
  const strip = html("tbody", {});
  const stripTable = html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "all quantities of this example" },
    html("table", {}, html("thead", {}, html("tr", {}, ...["quantity", "value", "line"].map((name) => html("th", { scope: "col" }, name)))), strip));
  const previous = html("button", { onclick: () => go(local.number - 1) }, "← line");
  const next = html("button", { class: "primary", onclick: () => go(local.number + 1) }, "line →");
  const level = html("select", { "aria-label": "level", onchange: (event) => setLevel(event.target.value) }, ...LEVELS.map((name) => html("option", { value: name, selected: name === "unit" }, name)));
  const guessing = html("button", { "aria-pressed": "false", onclick: () => toggleGuess() }, "Guess");
  const digits = html("button", { "aria-pressed": "false", onclick: () => store.change({ digits: store.state.digits > 6 ? 3 : 17 }) }, "All digits");
  const element = html("div", { class: "dr-follow" },
    html("div", { class: "dr-panel" }, network.element, html("h2", {}, "Quantities of this example"), stripTable),
    html("div", { class: "dr-panel" }, where, phases, html("div", { class: "dr-row" }, previous, next, html("label", {}, "level ", level),
      html("button", { "aria-label": "example before", onclick: () => example(-1) }, "‹ example"), html("button", { "aria-label": "example after", onclick: () => example(1) }, "example ›"), guessing, digits),
    line, guess.element, html("div", { class: "dr-row" }, html("button", { onclick: why }, "Why?"), html("button", { onclick: uses }, "Where does it go?"), html("button", { onclick: returnBack }, "Back to where I was")), more, slice));

  const place = () => ({ example: store.state.example, level: local.level, digits: store.state.digits, whatIf: [], revision: store.state.frame?.revision ?? -1 });

  async function go(number) {
    local.number = Math.max(0, number);
    keepingFocus(() => {
      put(more);
      guess.clear();
    });
    await show();
  }

  /** Put other things in; if what had the focus is gone, the next line has it: keys are heard where the focus is. */
  function keepingFocus(change) {
    const had = element.contains(focusIn(element));
    change();
    if (had && !element.contains(focusIn(element))) (next.disabled ? previous : next).focus();
  }

  async function setLevel(name) {
    const before = local.shown?.writes;
    local.level = name;
    level.value = name;
    const found = before ? await trace.writerOf(place(), before) : null;
    await go(found?.number ?? firstOfPhase());
  }

  function firstOfPhase() {
    return (local.answer?.phases ?? []).find(([phase]) => phase === local.shown?.phase)?.[1] ?? 0;
  }

  function example(by) {
    const rows = local.answer?.examples ?? [];
    const at = rows.indexOf(store.state.example);
    const wanted = at >= 0 ? rows[(at + by + rows.length) % rows.length] : (rows[0] ?? Math.max(1, Math.min(store.state.opened.data.rows, store.state.example + by)));
    local.whatIf = [];
    store.change({ example: wanted });
  }

  function toggleGuess() {
    store.change({ guess: !store.state.guess });
    local.revealed = "";
    guess.clear();
    show();
  }

  /** Fetch the current line and paint it; the newest call wins. */
  async function show() {
    const mine = (local.turn = (local.turn ?? 0) + 1);
    try {
      const from = place();
      const { answer, line: current } = await trace.line(from, local.number);
      if (mine !== local.turn) return;
      local.answer = answer;
      local.answeredLevel = from.level;
      local.shown = current;
      local.number = current?.number ?? 0;
      const changed = local.whatIf.length ? await app.ask({ ask: "trace", example: store.state.example, level: local.level, digits: 6, start: local.number, count: 1, what_if: local.whatIf }) : null;
      if (mine !== local.turn) return;
      local.other = changed?.lines[0] ?? null;
      local.lines = await trace.first(place(), STRIP);
      if (mine === local.turn) keepingFocus(() => draw(store.state));
    } catch (error) {
      app.complain(error);
    }
  }

  /** The line search of an update, where there is one: asked for once for each step. */
  async function paintSlice(state) {
    const wanted = local.shown?.phase === "update" ? `${state.opened.generation},${state.frame?.revision}` : "";
    if (wanted === local.sliced) return;
    local.sliced = wanted;
    put(slice);
    if (!wanted) return;
    const answer = await app.ask({ ask: "search" });
    const picture = sliceOf(answer);
    if (picture && local.sliced === wanted) put(slice, html("h2", {}, "J along the direction d, and the steps that were tried"), picture);
  }

  function draw(state) {
    paintSlice(state).catch(() => put(slice));  // a recording has lines, and no picture of their search
    const { answer, shown } = local;
    if (!shown) {
      put(line, html("p", {}, answer?.note || "There is no line here."));
      return;
    }
    where.dataset.level = local.answeredLevel;
    say(where, `${answer.label}. Line ${shown.number + 1} of ${answer.total}.${answer.note ? ` ${answer.note}` : ""}`);
    put(phases, ...answer.phases.map(([phase, first]) => html("button", { "aria-pressed": String(phase === shown.phase), onclick: () => go(first) }, PHASES[phase] ?? phase)));
    const hide = state.guess && local.revealed !== `${local.number}`;
    const options = { reads: new Set(shown.reads.map(keyOf)), digits: state.digits, hideResult: hide,
      chosen: chooseToken, hovered: (key) => light(key) };
    put(line, equationOf(shown, options), local.other ? html("div", { class: "dr-what-if" }, html("h3", {}, `What if ${local.whatIf.map(([symbol, , , , value]) => `${symbol} were ${written(value)}`).join(", ")}`), equationOf(local.other, { ...options, hideResult: false, chosen: null })) : null);
    if (hide && !guess.element.firstChild) guess.ask(shown);
    previous.disabled = shown.number === 0;
    next.disabled = shown.number >= answer.total - 1;
    paintStrip();
    paintNetwork(state);
    app.speak?.(hide ? "The result is hidden. Make a guess." : shown.spoken);
    line.dataset.number = String(shown.number);
  }

  /** The table of quantities, which is written only when it changes: laying it out takes as long as all the rest. */
  function paintStrip() {
    const lines = local.lines ?? [];
    const of = [lines[0], lines.length, store.state.digits > 6, store.state.guess ? local.number : -1];
    if (of.every((one, index) => one === local.strip?.[index])) return;
    local.strip = of;
    put(strip, ...lines.slice(0, store.state.guess ? local.number : lines.length).map((one) => html("tr", {},
      html("th", { scope: "row" }, namedSymbol(one.writes)), html("td", { title: exact(one.value) }, store.state.digits > 6 ? exact(one.value) : one.result.text),
      html("td", {}, html("button", { "aria-label": `go to line ${one.number + 1}`, onclick: () => jump(one.number) }, String(one.number + 1))))));
    oneStop(strip);
  }

  function paintNetwork(state, extra = "") {
    const { opened, frame } = state;
    if (!frame?.edges) return;
    const lit = new Set(extra ? [] : (local.shown?.reads ?? []).map(placeOf));
    if (extra) lit.add(extra);
    const a = valuesOf(local.lines ?? [], opened.network.sizes);
    network.paint({ ...networkOf(state), picked: null, lit, written: local.shown ? placeOf(local.shown.writes) : null, a });
  }

  /** A quantity under the pointer lights up wherever it is: in the line and in the network. */
  function light(key) {
    for (const token of line.querySelectorAll(".dr-token")) token.classList.toggle("lit-now", key !== "" && token.dataset.ref === key);
    if (!key) paintNetwork(store.state);
    else {
      const [symbol, layer, i, j] = key.split("|");
      paintNetwork(store.state, placeOf({ symbol, layer: Number(layer), i: Number(i), j: Number(j) }));
    }
  }

  /** A chosen operand: its exact value, the line that wrote it, and what if it were another. */
  function chooseToken(one) {
    const input = html("input", { class: "number", inputmode: "decimal", "aria-label": "what if it were", value: one.value === null ? "" : exact(one.value) });
    const changeable = one.ref && local.shown.reads.some((read) => keyOf(read) === keyOf(one.ref));
    put(more, html("p", {}, namedSymbol(one.ref), one.value === null ? "" : ` = ${exact(one.value)}`),
      html("div", { class: "dr-row" }, html("button", { onclick: () => jumpTo(one.ref) }, "Go to the line that wrote it"),
        changeable ? html("form", { class: "dr-row", onsubmit: (event) => {
          event.preventDefault();
          const value = typed(input.value);
          if (value === null) app.complain(new Error(`${input.value} is not a number.`));
          else setWhatIf(one.ref, value);
        } }, html("label", {}, "What if it were ", input), html("button", {}, "Try")) : null,
        local.whatIf.length ? html("button", { onclick: () => ((local.whatIf = []), show()) }, "Undo what-if") : null));
  }

  function setWhatIf(ref, value) {
    local.whatIf = [...local.whatIf.filter(([symbol, layer, i, j]) => keyOf({ symbol, layer, i, j }) !== keyOf(ref)), [ref.symbol, ref.layer, ref.i, ref.j, value]];
    show();
  }

  async function jumpTo(ref) {
    try {
      const found = await trace.writerOf(place(), ref) ?? (ref.symbol === "a" ? await trace.writerOf(place(), { ...ref, symbol: "z" }) : null);
      if (found) jump(found.number);
      else put(more, html("p", { role: "status" }, "It is given: data, a parameter or a setting. No line of this step writes it."));
    } catch (error) {
      app.complain(error);
    }
  }

  function jump(number) {
    local.back.push(local.number);
    go(number);
  }

  function returnBack() {
    if (local.back.length) go(local.back.pop());
  }

  function why() {
    if (local.shown) put(more, html("p", { role: "status" }, reasonOf(local.shown, store.state.opened.network.sizes.length)));
  }

  async function uses() {
    if (!local.shown) return;
    const found = await trace.usersOf(place(), local.shown.writes);
    put(more, html("p", { role: "status" }, found.length ? `It is read by ${found.length === 30 ? "30 lines or more" : `${found.length} line${found.length > 1 ? "s" : ""}`}:` : "No line of this level reads it."),
      html("div", { class: "dr-row" }, ...found.map((one) => html("button", { onclick: () => jump(one.number) }, namedSymbol(one.writes)))));
  }

  let painted = "";
  function paint(state) {
    guessing.setAttribute("aria-pressed", String(state.guess));
    digits.setAttribute("aria-pressed", String(state.digits > 6));
    const key = JSON.stringify([state.opened.generation, state.frame?.revision, state.example, state.digits, state.guess, local.revealed, state.expanded]);
    if (key === painted || !state.frame || state.frame.running) return;
    painted = key;
    show();
  }

  /** Keys of Follow; true if the key was one of them. @param {KeyboardEvent} event */
  function key(event) {
    const acts = {
      ArrowRight: () => go(local.number + 1), ArrowLeft: () => go(local.number - 1),
      ArrowDown: () => setLevel(LEVELS[Math.min(3, LEVELS.indexOf(local.level) + 1)]), ArrowUp: () => setLevel(LEVELS[Math.max(0, LEVELS.indexOf(local.level) - 1)]),
      "[": () => example(-1), "]": () => example(1), g: toggleGuess, Backspace: returnBack,
    };
    if (!acts[event.key]) return false;
    acts[event.key]();
    return true;
  }

  return { element, paint, key };
}

/** Where a quantity is in the picture: a unit, or an edge. */
function placeOf({ symbol, layer, i, j }) {
  return ["Θ", "Θ'", "Δ", "D", "v", "p", "q"].includes(symbol) ? `Θ${layer},${i},${j}` : `u${symbol === "x" ? 1 : layer},${i}`;
}

function valuesOf(lines, sizes) {
  const a = sizes.map(() => []);
  for (const { writes, value } of lines) if (writes.symbol === "a" && a[writes.layer - 1]) a[writes.layer - 1][writes.i - 1] = value;
  return a;
}
