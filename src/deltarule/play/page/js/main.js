/** The page: one function that draws it into an element of a page or of a notebook, and ends it again. */

import { createApp } from "./app.js";
import { createBar } from "./bar.js";
import { shapeOf } from "./colours.js";
import { networkWants } from "./describing.js";
import { focusIn, html, put } from "./dom.js";
import { createFiles } from "./files.js";
import { KEYS, listen } from "./keys.js";
import { written } from "./numbers.js";
import { createClasses, classesWants } from "./screens/classes.js";
import { createFollow } from "./screens/follow.js";
import { createShare } from "./screens/share.js";
import { createStart } from "./screens/start.js";
import { createTable } from "./screens/table.js";
import { createTours } from "./screens/tours.js";
import { createWatch, watchWants } from "./screens/watch.js";
import { createSpeech } from "./speech.js";

const WANTS = { start: () => ({}), watch: watchWants, follow: networkWants, table: () => ({}), classes: classesWants };

/**
 * Draw the page into `el`; `model` has `send` and `on("msg:custom")`. Returns the function that ends it.
 *
 * @param {{model: Object, el: HTMLElement, scene?: string | null}} place
 * @returns {() => void}
 */
export function render({ model, el, scene = null }) {
  const app = createApp(model);
  const speech = createSpeech();
  const single = html("input", { type: "checkbox", checked: true, id: "dr-single-keys" });
  const help = html("dialog", { class: "dr-dialog", "aria-label": "keys and help" }, html("h2", {}, "Keys, while the focus is on this page"),
    html("table", {}, html("tbody", {}, ...KEYS.map(([key, text]) => html("tr", {}, html("th", { scope: "row" }, key), html("td", { class: "text" }, text))))),
    html("div", { class: "dr-row" }, html("label", {}, single, " single keys are on"), html("button", { onclick: () => help.close() }, "Close")));
  const share = createShare(app);
  const tours = createTours(app);
  const files = createFiles(app);
  const bar = createBar(app, { help: () => help.showModal(), share: () => share.show(), tours: () => tours.toggle(), files: files.choose });
  const screens = { start: createStart(app, tours, files), watch: createWatch(app), follow: createFollow(app), table: createTable(app, files), classes: createClasses(app) };
  const note = html("div", { role: "alert" });
  const screen = html("div", { id: "dr-screen", role: "tabpanel", "aria-labelledby": "dr-tab-watch", tabindex: "-1" });
  const legend = html("footer", { class: "dr-legend" });
  const root = html("div", { class: "dr" }, bar.element, html("main", {}, note, tours.element, screen, speech.element), legend, help, share.element, files.element);
  if (!app.recorded) files.over(root);
  put(el, root);
  app.wants((state) => WANTS[state.screen](state));
  app.speak = (text) => speech.say(text);
  app.focus = (id) => root.querySelector(`#${id}`)?.focus();

  const deafen = listen(root, { ...bar.acts, Escape: () => app.store.change({ unit: null, note: null }), e: editWeight },
    (event) => app.store.state.screen === "follow" && screens.follow.key(event), () => single.checked);

  function editWeight() {
    const field = root.querySelector(".dr-inspector input");
    if (field) field.focus();
    else app.store.change({ note: { kind: "notice", text: "Choose a unit first; its weights can then be edited." } });
  }

  let shown = "";
  app.store.subscribe((state) => {
    root.dataset.revision = String(state.revision);
    paintNote(note, state);
    if (!state.opened) return;
    if (shown !== state.screen) {
      shown = state.screen;
      const hadFocus = screen.contains(focusIn(screen));
      put(screen, screens[shown].element);
      if (hadFocus) screen.focus({ preventScroll: true }); // what had it is gone; keys are heard where the focus is
      screen.setAttribute("aria-labelledby", `dr-tab-${shown}`);
    }
    bar.paint(state);
    screens[state.screen].paint(state);
    paintLegend(legend, state);
    if (state.frame) speech.say(state.frame.running ? `step ${state.frame.step}, J ${written(state.frame.cost.train)}` : "", true);
  });

  let font = null;
  app.open(scene ? { scene } : {}).then(() => {
    if (!el.isConnected) return;
    font = fontOf(el);
    if (!el.contains(focusIn(el))) bar.run.focus({ preventScroll: true });
  });
  return () => {
    deafen();
    app.close();
    font?.remove();
    el.replaceChildren();
  };
}

/** A font of a style sheet in a shadow root is not loaded, so the document gets it. @returns {Element | null} */
function fontOf(el) {
  const root = el.getRootNode();
  if (!(root instanceof ShadowRoot)) return null;
  const rules = [...root.styleSheets, ...root.adoptedStyleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const style = html("style", {}, rules.find((rule) => rule instanceof CSSFontFaceRule && rule.cssText.includes("Deltarule Math"))?.cssText ?? "");
  document.head.append(style);
  return style;
}

function paintNote(element, { note, connected, frame }) {
  const said = note?.text ?? (connected ? frame?.message : null) ?? "";
  const text = connected ? said : note?.text || "The engine does not answer; this page tries again.";
  const kind = !connected || note?.kind === "error" || frame?.paused_because === "diverged" ? " error" : "";
  if (element.dataset.said === text + kind) return;
  element.dataset.said = text + kind;
  put(element, text ? html("p", { class: `dr-note${kind}` }, text) : null);
}

function paintLegend(element, { opened, screen }) {
  const key = `${opened.generation}|${screen}`;
  if (element.dataset.of === key) return;
  element.dataset.of = key;
  const classes = (opened.data.classes ?? []).slice(0, 6).map((name, index) => `${shapeOf(index)} ${name}`).join("  ");
  put(element, html("span", {}, html("b", { class: "plus" }, "━ +"), " positive  ", html("b", { class: "minus" }, "╍ −"), " negative, thicker for larger |Θ|"),
    classes ? html("span", {}, classes, opened.data.validation_rows ? "; dashed outline: held out" : "") : null,
    html("span", {}, "double border: more than half of the rows saturate the unit"),
    screen === "follow" ? html("span", {}, html("mark", { class: "reads" }, "read"), " and ", html("mark", { class: "writes" }, "written"), " by the current line") : null);
}
