/** A map: a value in 0 … 255 for each place, painted by a table of 256 colours. */

/**
 * Paint `levels`, row by row from the lowest x₂ up, so that the first row is at the foot.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} levels @param {number} columns @param {number} rows
 * @param {Uint32Array} table
 */
export function paintField(canvas, levels, columns, rows, table) {
  paint(canvas, columns, rows, (place) => table[levels[place]]);
}

/**
 * Paint the decision map: the hue of the likeliest class, lighter where it is less likely.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} classes @param {Uint8Array} confidence
 * @param {number} columns @param {number} rows @param {Uint32Array[]} tables one table of colours for each class
 */
export function paintDecision(canvas, classes, confidence, columns, rows, tables) {
  paint(canvas, columns, rows, (place) => tables[classes[place] % tables.length][confidence[place]]);
}

/** Paint the colour of each place, as packed RGBA. */
function paint(canvas, columns, rows, colourAt) {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    const from = (rows - 1 - row) * columns;
    for (let column = 0; column < columns; column++) pixels[row * columns + column] = colourAt(from + column);
  }
  context.putImageData(image, 0, 0);
}
