/** Lines from values to places, and the round numbers that an axis names. */

/**
 * A linear map of [low, high] to [start, end].
 *
 * @param {number} low @param {number} high @param {number} start @param {number} end
 * @returns {(value: number) => number}
 */
export function linear(low, high, start, end) {
  const slope = high === low ? 0 : (end - start) / (high - low);
  return (value) => start + (value - low) * slope;
}

/**
 * Up to `count` round numbers in [low, high]: steps of 1, 2 or 5 times a power of ten.
 *
 * @param {number} low @param {number} high @param {number} [count] @returns {number[]}
 */
export function ticks(low, high, count = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10);
  const found = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index++) found.push(index * step);
  return found;
}

/** The number of a tick without the noise of its multiplication @param {number} value @returns {string} */
export function tickText(value) {
  const text = String(Number(value.toPrecision(6)));
  return text.replace("-", "−").replace(/e([-+]?\d+)/, "·10^$1");
}
