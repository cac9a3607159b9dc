/**
 * The bytes of one run: each blob counts once in each direction, however many images have it. Bytes that were there
 * before the run and bytes that were transferred in it are counted separately.
 */
import type { Descriptor } from "../image/manifest.ts";
import type { Transfer } from "../mirror/transfers.ts";

/** `down` to this machine, `up` to the target registry. */
export type Direction = "down" | "up";

/** Where a step of an engine brings the bytes in the end. */
export function goalOf(step: "pull" | "push" | "mirror"): Direction {
  return step === "pull" ? "down" : "up";
}

/** Bytes of distinct blobs, but for `moved`. */
export interface Bytes {
  /** Of all blobs that are known to be wanted so far. */
  readonly total: number;
  /** That are in their place. */
  readonly done: number;
  /** That were there before the run, in whole blobs or in part of one, or that another run brought meanwhile. */
  readonly had: number;
  /** That came over the line, those that had to come again included. */
  readonly moved: number;
}

type Blob = Pick<Descriptor, "digest" | "size">;

interface Entry {
  readonly size: number;
  done: number;
  had: number;
}

interface Tally {
  readonly blobs: Map<string, Entry>;
  moved: number;
}

export class ByteCount {
  /** Images whose blobs are known. */
  readonly known = new Set<Transfer>();
  readonly #tallies: Readonly<Record<Direction, Tally>> = {
    down: { blobs: new Map(), moved: 0 },
    up: { blobs: new Map(), moved: 0 },
  };

  /** These will have to be in their place. */
  expect(direction: Direction, blobs: readonly Blob[]): void {
    for (const blob of blobs) this.#entry(direction, blob);
  }

  /** So many bytes of the blob were there before this run. */
  had(direction: Direction, blob: Blob, bytes: number): void {
    const entry = this.#entry(direction, blob);
    entry.had = bytes;
    entry.done = Math.max(entry.done, bytes);
  }

  /** So many bytes of the blob are there now; fewer than before when some turned out to be lost. */
  reached(direction: Direction, blob: Blob, bytes: number): void {
    const entry = this.#entry(direction, blob);
    // Another repository that takes the blob once more adds nothing.
    if (entry.done < entry.size) entry.done = Math.min(bytes, entry.size);
  }

  moved(direction: Direction, bytes: number): void {
    this.#tallies[direction].moved += bytes;
  }

  /** What `of` gives as `moved`, without looking at every blob. */
  movedIn(direction: Direction): number {
    return this.#tallies[direction].moved;
  }

  of(direction: Direction): Bytes {
    const { blobs, moved } = this.#tallies[direction];
    let [total, done, had] = [0, 0, 0];
    for (const entry of blobs.values()) {
      total += entry.size;
      done += entry.done;
      had += entry.had;
    }
    return { total, done, had, moved };
  }

  #entry(direction: Direction, { digest, size }: Blob): Entry {
    const { blobs } = this.#tallies[direction];
    const entry = blobs.get(digest) ?? { size, done: 0, had: 0 };
    blobs.set(digest, entry);
    return entry;
  }
}
