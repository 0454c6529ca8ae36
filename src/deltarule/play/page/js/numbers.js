/** How numbers are written: few digits to read, all digits on demand, a true minus, and never 0.00 for a small number. */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A whole number as superscript: −12 → ⁻¹² @param {number} value @returns {string} */
function superscript(value) {
  const digits = String(Math.abs(value)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return value < 0 ? `⁻${digits}` : digits;
}

/**
 * `value` with `digits` significant digits, as 0.412, −1.30 or 1.2 × 10⁻⁵.
 *
 * @param {number | null | undefined} value
 * @param {number} [digits]
 * @returns {string}
 */
export function written(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 1e-3 && size < 1e5) return sign + size.toPrecision(digits).replace(/e\+\d+$/, "").replace(/\.$/, "");
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  return `${sign}${mantissa} × 10${superscript(Number(exponent))}`;
}

/** Every digit that tells `value` from its neighbours @param {number} value @returns {string} */
export function exact(value) {
  const [mantissa, exponent] = String(value).replace("-", "−").split("e");
  return exponent ? `${mantissa} × 10${superscript(Number(exponent))}` : mantissa;
}

/** A count, with thin spaces between thousands @param {number} value @returns {string} */
export function counted(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** The number that a person typed, or null: a true minus, a comma and × 10^ are understood. @param {string} text */
export function typed(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".").replace(/\s*[×x*]\s*10\^?/, "e");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}
