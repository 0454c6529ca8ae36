/** Table: the columns of the data, the target, and the predictions, largest cost first. */

import { html, oneStop, put, svg } from "../dom.js";
import { ENDINGS } from "../files.js";
import { counted, written } from "../numbers.js";

/** @param {Object} app @param {Object} files of `files.js` @returns {{element: Element, paint: (state: Object) => void}} */
export function createTable(app, files) {
  const { store } = app;
  const columns = html("div", {});
  const predictions = html("div", {});
  const rows = html("select", { "aria-label": "rows", onchange: () => load() }, ...["all", "train", "validation"].map((name) => html("option", { value: name }, name)));
  const element = html("div", { class: "dr-wide" }, ownData(app, files), columns, html("div", { class: "dr-row" }, html("h2", {}, "Predictions, largest cost first"), html("label", {}, "rows ", rows)), predictions);
  let painted = "";

  async function load() {
    try {
      const answer = await app.ask({ ask: "predict", rows: rows.value, most: 300 });
      put(predictions, measuresOf(answer), predictionTable(app, answer, store.state.opened));
    } catch (error) {
      app.complain(error);
    }
  }

  function paint(state) {
    const { opened, frame } = state;
    const key = `${opened.generation}|${frame?.running ? "running" : frame?.revision}`;
    if (key === painted || !frame) return;
    const first = painted.split("|")[0] !== String(opened.generation);
    painted = key;
    if (first) put(columns, summary(app, opened), columnTable(opened));
    load();
  }

  return { element, paint };
}

/** A place for the reader's own data: a file, or a text. */
function ownData(app, files) {
  const input = html("input", { type: "file", multiple: true, accept: ENDINGS, id: "dr-file", onchange: () => files.take(input.files, wanted()) });
  const text = html("textarea", { rows: 3, "aria-label": "a table as text", placeholder: "or paste a table here, its first line naming the columns" });
  const target = html("input", { "aria-label": "column to predict", placeholder: "column to predict (the last one)", size: 28 });
  const wanted = () => target.value.trim() || null;

  const zone = html("section", { class: "dr-drop", "aria-label": "open a table" }, html("h2", {}, "Your own data"),
    html("div", { class: "dr-row" }, html("label", { for: "dr-file" }, "A file: "), input, target),
    text, html("div", { class: "dr-row" }, html("button", { onclick: () => (text.value.trim() ? app.open({ table_name: "pasted table", table_text: text.value, target: wanted() }) : app.complain(new Error("Paste a table first: a line of column names, then a line for each row."))) }, "Open the pasted table")));
  zone.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    files.take(event.dataTransfer.files, wanted());
  });
  return zone;
}

function summary(app, opened) {
  const { data } = opened;
  const rows = `${counted(data.rows)} rows: ${counted(data.train_rows)} to learn from${data.validation_rows ? `, ${counted(data.validation_rows)} held out` : ""}. The network gets ${data.features.length} inputs.`;
  const names = data.columns?.map((column) => column.name) ?? [];
  const choice = data.kind === "table" && names.length ? html("label", {}, "column to predict ", html("select", { onchange: (event) => app.command({ ask: "set", setting: "target", value: event.target.value }) },
    ...[...new Set([...names, data.target])].filter(Boolean).map((name) => html("option", { value: name, selected: name === data.target }, name)))) : null;
  return html("div", {}, html("h2", {}, data.name), html("p", {}, rows), choice);
}

function columnTable(opened) {
  const rows = (opened.data.columns ?? []).map((column) => html("tr", {}, html("th", { scope: "row" }, column.name), html("td", { class: "text" }, column.kind), html("td", {}, String(column.gaps ?? 0)),
    html("td", {}, column.distinct === null || column.distinct === undefined ? "–" : counted(column.distinct)), html("td", {}, histogram(column)), html("td", { class: "text" }, column.about ?? "")));
  if (!rows.length) return html("p", {}, `Columns: ${opened.data.features.join(", ")}.`);
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "columns" }, html("table", {}, html("thead", {}, html("tr", {}, ...["column", "kind", "gaps", "distinct", "values", "what the network gets"].map((name) => html("th", { scope: "col" }, name)))), html("tbody", {}, ...rows)));
}

function histogram(column) {
  const counts = column.histogram ?? [];
  if (!counts.length) return "";
  const most = Math.max(1, ...counts);
  return svg("svg", { width: 90, height: 22, role: "img", "aria-label": `from ${written(column.low)} to ${written(column.high)}` },
    ...counts.map((count, index) => svg("rect", { x: (index * 90) / counts.length, y: 22 - (20 * count) / most, width: Math.max(1, 90 / counts.length - 1), height: (20 * count) / most, fill: "var(--quiet)" })));
}

function measuresOf(answer) {
  return html("p", {}, Object.entries(answer.measures).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${written(value, 4)}`).join(" · "));
}

/** Rows of predictions; one chosen becomes the example of Follow. */
export function predictionTable(app, answer, opened) {
  const { labels } = answer;
  const width = answer.h.shape[1];
  const said = (value) => (labels.length ? labels[value] : written(value, 4));
  const rows = Array.from(answer.rows, (row, index) => {
    const wrong = labels.length > 0 && answer.truth[index] !== answer.predicted[index];
    return html("tr", {}, html("th", { scope: "row" }, html("button", { "aria-label": `follow example ${row}`, onclick: () => app.store.change({ example: row, screen: "follow" }) }, String(row))),
      html("td", { class: "text" }, said(answer.truth[index])), html("td", { class: "text" }, said(answer.predicted[index]), wrong ? html("b", {}, " ✗ wrong") : null),
      html("td", {}, Array.from(answer.h.subarray(index * width, (index + 1) * width), (value) => written(value)).slice(0, 6).join("  ")), html("td", {}, written(answer.costs[index])));
  });
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "predictions" }, html("table", {}, html("thead", {}, html("tr", {},
    ...["example", opened.data.target ?? "truth", "predicted", labels.length ? "h" : "prediction", "cost"].map((name) => html("th", { scope: "col" }, name)))), oneStop(html("tbody", {}, ...rows))));
}
