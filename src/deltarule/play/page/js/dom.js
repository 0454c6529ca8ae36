/** Elements made in one line each. Text is always text: nothing here reads markup. */

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";

/**
 * An HTML element. Attributes whose value is null or false are left out; `on…` attributes are listeners.
 *
 * @param {string} tag @param {Object} [attributes] @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element, as `html`. @param {string} tag @param {Object} [attributes] @param {...(Node | string | null)} children */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A MathML element, as `html`. @param {string} tag @param {Object} [attributes] @param {...(Node | string | null)} children */
export function math(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(MATHML, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Put `children` in the place of what `parent` holds. @param {Element} parent @param {...(Node | string | null)} children */
export function put(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  return parent;
}

/** Set the text of `element` if it changed, so that nothing is laid out again without need. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute if it changed. @param {Element} element @param {string} name @param {string | number | null} value */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** What has the focus in the document of `element`, or in its shadow root, where a notebook may put the page. @returns {Element | null} */
export function focusIn(element) {
  return element.getRootNode().activeElement ?? null;
}

/** Make the buttons of a table one stop of the tab key: arrows up and down go from one to the other. @param {HTMLElement} body */
export function oneStop(body) {
  const buttons = [...body.querySelectorAll("button")];
  const kept = Math.max(0, buttons.indexOf(focusIn(body)));
  buttons.forEach((button, index) => (button.tabIndex = index === kept ? 0 : -1));
  body.onkeydown = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = buttons[buttons.indexOf(event.target) + by];
    if (!by || !next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  return body;
}
