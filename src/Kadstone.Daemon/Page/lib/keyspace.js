// Points of a keyspace, as the map needs them: fractions of the way round.

const DIGITS = 12;

/** Where a hex key lies, from 0 to 1; null when it is no key. */
export function fraction(hex) {
  if (typeof hex !== 'string' || !/^[0-9a-f]{2,}$/i.test(hex)) {
    return null;
  }

  const digits = hex.slice(0, DIGITS);
  return parseInt(digits, 16) / 16 ** digits.length;
}

/** A point of a circle around (0, 0); 0 is at the top, and the keyspace runs clockwise. */
export function onCircle(part, radius) {
  const angle = (part - 0.25) * 2 * Math.PI;
  return { x: round(Math.cos(angle) * radius), y: round(Math.sin(angle) * radius) };
}

export const round = value => Math.round(value * 100) / 100;

/** How many leading bits two keys share. */
export function sharedBits(a, b) {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const difference = parseInt(a[i], 16) ^ parseInt(b[i], 16);
    if (difference !== 0) {
      return i * 4 + Math.clz32(difference) - 28;
    }
  }

  return most * 4;
}
