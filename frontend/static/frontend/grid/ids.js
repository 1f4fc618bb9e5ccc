// @ts-check
/** Ids made by the client: UUID version 7, strictly ascending within this tab. */

let lastMoment = 0;
let counter = 0;

/**
 * Return the id of a new mark. Ids sort in the order in which the marks were made: the 12 bits after the time
 * count the marks of one millisecond.
 * @param {number} [now]
 * @returns {string}
 */
export function uuid7(now = Date.now()) {
  if (now > lastMoment) {
    lastMoment = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMoment += 1;
    counter = 0;
  }
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  bytes[0] = (bytes[0] & 0x3f) | 0x80;
  const time = lastMoment.toString(16).padStart(12, "0");
  const tail = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const count = counter.toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}
