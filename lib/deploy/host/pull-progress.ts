/**
 * How far pulls on the host have come, by the lines that docker prints without a terminal: each names a layer by the
 * first twelve characters of its digest.
 */

import type { Descriptor } from "../../image/manifest.ts";

/** What a line of a pull tells of a layer. */
export interface LayerState {
  /** The first twelve characters of the digest. */
  readonly id: string;
  /** The host lacks it, has got it by now, or had it before. */
  readonly state: "absent" | "came" | "here";
}

const LINE = /^([0-9a-f]{12}): (.+)$/;
const STATES = new Map<string, LayerState["state"]>([
  ["Already exists", "here"],
  // Unpacking the layer may still take a while after that.
  ["Download complete", "came"],
  ["Pull complete", "came"],
]);

/** Reads a line that docker prints while it pulls; `undefined` for one that tells of no layer. */
export function readPullLine(line: string): LayerState | undefined {
  const [, id, said = ""] = LINE.exec(line.trim()) ?? [];
  return id === undefined ? undefined : { id, state: STATES.get(said) ?? "absent" };
}

type Layers = readonly Pick<Descriptor, "digest" | "size">[];

/**
 * The bytes of layers by the same part of their digests. They are of all `images` or of none, so that what is counted is
 * the whole; `undefined` stands for an image whose layers are not known.
 */
export function layerSizes(images: readonly (Layers | undefined)[]): ReadonlyMap<string, number> {
  const known = images.flatMap((layers) => layers ?? []);
  if (images.includes(undefined)) return new Map();
  return new Map(known.map(({ digest, size }) => [digest.replace(/^[^:]*:/, "").slice(0, 12), size]));
}

/** How far the pulls of one host have come; a layer that several images have counts once. */
export interface PullState {
  /** Images that are there. */
  readonly images: number;
  /** Layers that are there, and those heard of. */
  readonly done: number;
  readonly layers: number;
  /** Bytes of the layers that came; absent where their sizes are not known. */
  readonly bytes?: number;
  /** Bytes of the layers that the host lacks or lacked, at most. */
  readonly total?: number;
}

/** What the pulls of one host have told. `sizes` are the bytes of the images' layers by id, as far as they are known. */
export class Pulls {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #states = new Map<string, LayerState["state"]>();
  #images = 0;

  constructor(sizes: ReadonlyMap<string, number>) {
    this.#sizes = sizes;
  }

  heard({ id, state }: LayerState): void {
    const before = this.#states.get(id);
    // Another pull says of a layer that came in this run that it exists already.
    if (before === undefined || before === "absent") this.#states.set(id, state);
  }

  finishedImage(): void {
    this.#images += 1;
  }

  get state(): PullState {
    const states = [...this.#states];
    const count = {
      images: this.#images,
      done: states.filter(([, state]) => state !== "absent").length,
      layers: states.length,
    };
    if (this.#sizes.size === 0 || states.some(([id]) => !this.#sizes.has(id))) return count;
    const bytesOf = (ids: Iterable<string>): number => [...ids].reduce((sum, id) => sum + this.#sizes.get(id)!, 0);
    const here = states.filter(([, state]) => state === "here").map(([id]) => id);
    const came = states.filter(([, state]) => state === "came").map(([id]) => id);
    return { ...count, bytes: bytesOf(came), total: bytesOf(this.#sizes.keys()) - bytesOf(here) };
  }
}
