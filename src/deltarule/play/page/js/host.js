/** The page's own host: the model of `main.js` over HTTP to the program that serves this page, and to no one else. */

import { split } from "./frame.js";
import { render } from "./main.js";

const KEY = "deltarule-token";

/** The token of this session and the scene of the address; the token is taken out of the address at once. */
function opening() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("t")) sessionStorage.setItem(KEY, given.get("t"));
  const scene = given.get("s");
  history.replaceState(null, "", scene ? `#s=${scene}` : location.pathname);
  return { token: sessionStorage.getItem(KEY) ?? "", scene };
}

/** A model whose `send` is one POST. */
function modelOver(token) {
  const listeners = new Set();
  const tell = (message, buffers) => listeners.forEach((listener) => listener(message, buffers));
  async function send({ n, request }) {
    try {
      const answer = await fetch("ask", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Deltarule-Token": token },
        body: JSON.stringify(request),
      });
      if (!answer.ok) {
        tell({ n, lost: await answer.text() });
        return;
      }
      const { header, buffers } = split(await answer.arrayBuffer());
      tell({ n, answer: header }, buffers);
    } catch {
      tell({ n, lost: "The program that opened this page does not answer. Start `deltarule play` again; this page then opens anew." });
    }
  }
  return {
    send,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    get: (name) => (name === "place" ? "page" : null),
  };
}

const { token, scene } = opening();
render({ model: modelOver(token), el: document.getElementById("page"), scene });
