/**
 * An answer of the engine as it travels: the length of the header (u32, little-endian), the header as JSON, and the arrays,
 * each aligned to 8 bytes. In a notebook the header is the message and the arrays are its buffers.
 */

const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };

/**
 * The header of an answer and the bytes of its arrays, which are views of `buffer`: nothing is copied.
 *
 * @param {ArrayBuffer} buffer @returns {{header: Object, buffers: DataView[]}}
 */
export function split(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const buffers = header.arrays.map(({ dtype, shape, offset }) =>
    new DataView(buffer, 4 + length + offset, sizeOf(shape) * KINDS[dtype].BYTES_PER_ELEMENT));
  return { header, buffers };
}

/**
 * The answer as one object: the fields of its header, and its arrays under their names, each with its `shape`.
 *
 * @param {Object} header @param {DataView[]} buffers @returns {Object}
 */
export function joined(header, buffers) {
  const answer = { ...header };
  (header.arrays ?? []).forEach(({ name, dtype, shape }, index) => {
    const bytes = buffers[index];
    const Kind = KINDS[dtype];
    const aligned = bytes.byteOffset % Kind.BYTES_PER_ELEMENT === 0;
    const values = aligned
      ? new Kind(bytes.buffer, bytes.byteOffset, sizeOf(shape))
      : new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), 0, sizeOf(shape));
    answer[name] = Object.assign(values, { shape });
  });
  return answer;
}

function sizeOf(shape) {
  return shape.reduce((product, side) => product * side, 1);
}
