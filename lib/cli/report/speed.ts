/** How fast something grows, by what it was in the last seconds. */

/** Milliseconds that count. */
const WINDOW = 5000;

export class Speed {
  readonly #samples: { readonly time: number; readonly amount: number }[] = [];

  /** Takes in that at `time`, in milliseconds, the amount was `amount`; gives the amount per second of the last seconds. */
  at(time: number, amount: number): number {
    this.#samples.push({ time, amount });
    // One sample from before the window stays, to cover the whole of it.
    while (this.#samples.length > 2 && this.#samples[1]!.time <= time - WINDOW) this.#samples.shift();
    const first = this.#samples[0]!;
    const elapsed = time - first.time;
    return elapsed === 0 ? 0 : ((amount - first.amount) / elapsed) * 1000;
  }
}
