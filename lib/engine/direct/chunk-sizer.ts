/**
 * How long the chunks of uploads are, learned from how many bytes a connection carries before something on the path cuts
 * it. A download resumes at its last byte, but a registry may discard an upload session whose chunk was cut
 * (distribution 2.x does). So chunks start small, each on its own connection, and grow to the largest length that passed
 * in either direction: most networks that cut connections cut both ways, and a download is ahead of its upload. A longer
 * chunk than that is tried by one upload at a time.
 */
import { SMALL_BLOB } from "./blob-queue.ts";

export interface ChunkSizer {
  /** The next chunk of an upload that has `left` bytes to send. */
  chunk(left: number): Chunk;
  /** Whether a request that sends `bytes` gets a connection of its own, so that those before it do not count. */
  isApart(bytes: number): boolean;
  /** A download has carried `bytes` so far. */
  carried(bytes: number): void;
  /** A download was cut after `bytes`. */
  cut(bytes: number): void;
}

export interface Chunk {
  readonly bytes: number;
  arrived(): void;
  /** `cutAfter` says how many bytes the connection carried, if it was cut. */
  failed(cutAfter?: number): void;
}

const FIRST_CHUNK = 4 * 1024 * 1024;
/** Where so many bytes pass, connections are used again. */
const PROVEN = 4 * FIRST_CHUNK;
/** No chunk becomes shorter, whatever is learned. */
export const SMALLEST_CHUNK = 512 * 1024;
/** A chunk is this part of what a connection carried before it was cut. */
const CUT_MARGIN = 3;
/** A chunk that arrived is worth the try of one that is so much longer. */
const GROWTH = 1.5;
/** Where so many times as much has passed, a cut was an accident and says nothing of the length, unless it repeats. */
const ACCIDENT = 2;
/** After so many chunks of the length that a cut taught, twice that length is believed in. */
const FORGIVEN_AFTER = 64;

/** What is known of one direction. */
interface Direction {
  /** The most bytes that passed. */
  longest: number;
  /** The fewest after which something was cut. */
  cut: number;
}

/** A chunk sizer that knows nothing yet; no chunk will be longer than `largest` bytes. */
export function createChunkSizer(largest: number): ChunkSizer {
  const up: Direction = { longest: 0, cut: Infinity };
  const down: Direction = { longest: 0, cut: Infinity };
  let arrivedSince = 0;
  /** Cuts of uploads that said something. */
  let cuts = 0;
  let isTrying = false;
  const limit = (): number => Math.min(largest, chunkBelow(Math.min(up.cut, down.cut)));
  const safe = (): number => Math.min(Math.max(FIRST_CHUNK, up.longest, down.longest), limit());
  const hoped = (): number => Math.min(Math.floor(up.longest * GROWTH), limit());
  return {
    chunk: (left) => {
      const isTry = !isTrying && Math.min(left, hoped()) > safe();
      const bytes = Math.min(left, isTry ? hoped() : safe());
      if (isTry) isTrying = true;
      const cutsBefore = cuts;
      return {
        bytes,
        arrived: () => {
          if (isTry) isTrying = false;
          up.longest = Math.max(up.longest, bytes);
          if (bytes >= limit()) arrivedSince += 1;
          if (arrivedSince < FORGIVEN_AFTER) return;
          arrivedSince = 0;
          up.cut *= 2;
        },
        failed: (cutAfter) => {
          if (isTry) isTrying = false;
          // neither an early cut says anything of the length, nor one that others met at the same time
          if (cutAfter === undefined || cutAfter < 2 * SMALLEST_CHUNK || cuts > cutsBefore) return;
          cuts += 1;
          if (believe(up, cutAfter)) arrivedSince = 0;
        },
      };
    },
    isApart: (bytes) => bytes >= SMALL_BLOB && safe() < Math.min(PROVEN, largest),
    carried: (bytes) => {
      down.longest = Math.max(down.longest, bytes);
      if (bytes >= down.cut * ACCIDENT) down.cut = Infinity;
    },
    cut: (bytes) => {
      // its connection may have carried others before it, so a few bytes say nothing of the length
      if (bytes >= FIRST_CHUNK) believe(down, bytes);
    },
  };
}

/** Takes a cut for one of length, unless much more has passed; the next one is easier to believe in then. */
function believe(way: Direction, cutAfter: number): boolean {
  const isAccident = cutAfter * ACCIDENT < way.longest;
  if (isAccident) way.longest = Math.floor(way.longest / 2);
  else way.cut = Math.min(way.cut, cutAfter);
  return !isAccident;
}

/** A length that stays clear of the one at which connections are cut. */
function chunkBelow(cut: number): number {
  return Math.max(SMALLEST_CHUNK, 2 ** Math.floor(Math.log2(cut / CUT_MARGIN)));
}
