/** Keys, while the focus is inside the page; all of them can be switched off. */

const FIELDS = ["INPUT", "SELECT", "TEXTAREA"];

export const KEYS = [
  ["space", "run or pause"], [".", "one step on"], [",", "one step back"], ["r", "rewind to the start"], ["0 – 4", "Start, Watch, Follow, Table, Classes"],
  ["→ ←", "Follow: next line, line before"], ["↓ ↑", "Follow: finer, coarser"], ["[ ]", "Follow: example before, after"], ["g", "Follow: guess before the result is shown"],
  ["Enter", "on a number: what it is, and the line that wrote it"], ["Backspace", "Follow: back to where you were"], ["e", "edit a weight of the chosen unit"], ["o", "open a file"], ["s", "share"], ["?", "these keys"], ["Esc", "out of what is open"],
];

/**
 * Listen for keys on `root`.
 *
 * @param {Element} root @param {Object} acts functions by key @param {(event: KeyboardEvent) => boolean} first what the screen does
 * @param {() => boolean} active whether single keys are on
 * @returns {() => void} ends it
 */
export function listen(root, acts, first, active) {
  function heard(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !active()) return;
    const field = FIELDS.includes(event.target.tagName) && event.target.type !== "checkbox";
    if (field || event.target.closest("dialog")) return;
    const button = event.target.tagName === "BUTTON" || event.target.tagName === "SUMMARY" || event.target.getAttribute("role") === "tab";
    if (button && (event.key === " " || event.key === "Enter")) return;
    if (event.target.closest(".dr-network, [role=tablist], .scroll") && event.key.startsWith("Arrow")) return;
    const done = first(event) || (acts[event.key] && (acts[event.key](), true));
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  /**
   * JupyterLab hears keys before the page does, and would make or delete cells. It lets a key be that comes to an element
   * with this mark, which must stand on that element itself. Keys with Ctrl, such as save, stay JupyterLab's.
   */
  function claim(event) {
    const [target] = event.composedPath();
    const isOurs = FIELDS.includes(target.tagName) || !(event.ctrlKey || event.metaKey || event.altKey);
    if (root.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", isOurs);
  }

  window.addEventListener("keydown", claim, true);
  root.addEventListener("keydown", heard);
  return () => {
    window.removeEventListener("keydown", claim, true);
    root.removeEventListener("keydown", heard);
  };
}
