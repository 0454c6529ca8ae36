/** The last scenes that were open, kept in this browser where it lets the page keep something. */

const KEY = "deltarule-scenes";
const MOST = 6;

/** Keep the scene that is open among the last ones. A table is none that a link could open. @param {import("./protocol.js").Opened} opened */
export function remember({ link, data, network }) {
  if (!link || data.kind === "table" || data.kind === "model") return;
  try {
    localStorage.setItem(KEY, JSON.stringify([[link, `${data.name}, ${network.says}`], ...remembered().filter(([other]) => other !== link)].slice(0, MOST)));
  } catch {
    // Private windows and notebooks in a sandbox keep nothing; the scenes above are still there.
  }
}

/** Links and names of the last scenes. @returns {[string, string][]} */
export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}
