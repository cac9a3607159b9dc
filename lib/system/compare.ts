/** One order for names, in files and in output alike, whatever the locale. */

/**
 * Compares by Unicode code point, the order of UTF-8 bytes that docker's own Go code sorts by. JavaScript's `<` compares
 * UTF-16 units instead, and puts characters beyond U+FFFF before U+E000.
 */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  for (let at = 0; ;) {
    const [left, right] = [a.codePointAt(at), b.codePointAt(at)];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
    if (left !== right) return left - right;
    at += left > 0xffff ? 2 : 1;
  }
}

/** The same for values that are known by a name. */
export function byName<T>(nameOf: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => byCodePoint(nameOf(a), nameOf(b));
}
