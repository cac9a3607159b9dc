/**
 * Random choices that can be taken again. Whatever is made from them is made anew from the same numbers, and from
 * fewer or lower ones something smaller: so a generator shrinks what it makes without knowing how. It has to be
 * written so that 0 is the plainest choice.
 */

export class Choices {
  /** The numbers drawn so far. */
  readonly taken: number[] = [];
  readonly #next: () => number;

  /** From a seed, or from numbers drawn earlier, after which every choice is 0. */
  constructor(source: number | readonly number[]) {
    if (typeof source === "number") this.#next = randomFrom(source);
    else this.#next = () => source[this.taken.length] ?? 0;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    const number = this.#next() % count;
    this.taken.push(number);
    return number;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** True so many times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  /** As many things as are drawn, at most `most`. */
  list<T>(most: number, make: (index: number) => T): readonly T[] {
    return Array.from({ length: this.below(most + 1) }, (_, index) => make(index));
  }
}

/** Unsigned 32-bit numbers, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/**
 * Looks for fewer and lower numbers that still fail: drops runs of them, then lowers each. Gives up on finding smaller
 * ones after `tries`.
 */
export async function shrink(
  taken: readonly number[],
  fails: (numbers: readonly number[]) => Promise<boolean>,
  tries = 500,
): Promise<readonly number[]> {
  let best = taken;
  let tried = 0;
  const attempt = async (candidate: readonly number[]): Promise<boolean> => {
    if (++tried > tries || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let before = Number.POSITIVE_INFINITY; sizeOf(best) < before;) {
    before = sizeOf(best);
    for (let run = 1 << Math.floor(Math.log2(best.length)); run >= 1; run >>= 1) {
      for (let at = best.length - run; at >= 0; at -= run) await attempt(best.toSpliced(at, run));
    }
    for (let at = 0; at < best.length; at++) {
      for (const lower of new Set([0, best[at]! >> 1, best[at]! - 1])) {
        if (lower >= 0 && lower < best[at]! && (await attempt(best.with(at, lower)))) break;
      }
    }
  }
  return best;
}

function sizeOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, numbers.length * 1000);
}
