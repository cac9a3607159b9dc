/**
 * What a run learns of the line it works over: how many bytes a connection carries before something on the way cuts it.
 * A download goes on at the byte it has come to, but a registry may forget all of an upload whose chunk was cut. So
 * chunks begin small, each on a connection of its own, and become as long as what was seen to pass in either direction:
 * most lines that cut connections do so both ways, and a download is ahead of its upload. A longer chunk than that is
 * tried by one upload at a time.
 */
import { SMALL_BLOB } from "./lanes.ts";

export interface Line {
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

/** Opens a line of which nothing is known; no chunk will be longer than `largest` bytes. */
export function openLine(largest: number): Line {
  /** The longest that passed, of uploads and of downloads. */
  let arrived = 0;
  let carried = 0;
  /** The fewest bytes after which an upload and a download were cut. */
  let uploadCut = Infinity;
  let downloadCut = Infinity;
  let arrivedSince = 0;
  /** Cuts of uploads that said something. */
  let cuts = 0;
  let isTrying = false;
  const limit = (): number => Math.min(largest, chunkBelow(Math.min(uploadCut, downloadCut)));
  const safe = (): number => Math.min(Math.max(FIRST_CHUNK, arrived, carried), limit());
  const hoped = (): number => Math.min(Math.floor(arrived * GROWTH), limit());
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
          arrived = Math.max(arrived, bytes);
          if (bytes >= limit()) arrivedSince += 1;
          if (arrivedSince < FORGIVEN_AFTER) return;
          arrivedSince = 0;
          uploadCut *= 2;
        },
        failed: (cutAfter) => {
          if (isTry) isTrying = false;
          // neither an early cut says anything of the length, nor one that others met at the same time
          if (cutAfter === undefined || cutAfter < 2 * SMALLEST_CHUNK || cuts > cutsBefore) return;
          cuts += 1;
          // the next accident is easier to believe in
          if (cutAfter * ACCIDENT < arrived) arrived = Math.floor(arrived / 2);
          else {
            uploadCut = Math.min(uploadCut, cutAfter);
            arrivedSince = 0;
          }
        },
      };
    },
    isApart: (bytes) => bytes >= SMALL_BLOB && safe() < Math.min(PROVEN, largest),
    carried: (bytes) => {
      carried = Math.max(carried, bytes);
      if (bytes >= downloadCut * ACCIDENT) downloadCut = Infinity;
    },
    cut: (bytes) => {
      // its connection may have carried others before it, so a few bytes say nothing of the length
      if (bytes < FIRST_CHUNK) return;
      if (bytes * ACCIDENT < carried) carried = Math.floor(carried / 2);
      else downloadCut = Math.min(downloadCut, bytes);
    },
  };
}

/** A length that stays clear of the one at which connections are cut. */
function chunkBelow(cut: number): number {
  return Math.max(SMALLEST_CHUNK, 2 ** Math.floor(Math.log2(cut / CUT_MARGIN)));
}
