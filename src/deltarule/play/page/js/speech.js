/** One polite live region. While training runs it speaks every few seconds at most, and only what changed. */

import { html } from "./dom.js";

const PAUSE = 5000;

/** @returns {{element: Element, say: (text: string, running?: boolean) => void}} */
export function createSpeech() {
  const element = html("div", { class: "hidden", role: "status", "aria-live": "polite" });
  let last = 0;

  function say(text, running = false) {
    const now = performance.now();
    if (!text || text === element.textContent || (running && now - last < PAUSE)) return;
    last = now;
    element.textContent = text;
  }

  return { element, say };
}
