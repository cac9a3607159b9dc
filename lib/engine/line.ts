/**
 * What a run learns of the line it works over: how many bytes a connection carries before something on the way cuts it.
 * A download goes on at the byte it has come to, but a registry may forget all of an upload whose chunk was cut. So
 * chunks begin small, each on a connection of its own, and grow with what was seen to pass; a longer one than ever
 * arrived is tried by one upload at a time.
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
/** Where chunks of so many bytes arrive, connections are used again. */
const PROVEN = 4 * FIRST_CHUNK;
/** No chunk becomes shorter, whatever is learned. */
export const SMALLEST_CHUNK = 512 * 1024;
/** A chunk is this part of what a connection carried before it was cut. */
const CUT_MARGIN = 3;
/** What was seen to pass in the other direction says half as much; what arrived is worth a try of some more. */
const GROWTH = { down: 0.5, up: 1.5 };

/** Opens a line of which nothing is known; no chunk will be longer than `largest` bytes. */
export function openLine(largest: number): Line {
  let limit = largest;
  /** Bytes that are not expected to be cut, and bytes that are worth a try. */
  let safe = Math.min(FIRST_CHUNK, largest);
  let hoped = safe;
  let isTrying = false;
  /** Something was cut, whatever it says of the length. */
  let isShaky = false;
  const hope = (bytes: number): void => {
    hoped = Math.max(hoped, Math.min(Math.floor(bytes), limit));
  };
  const learn = (bytes: number): void => {
    limit = Math.min(limit, Math.max(SMALLEST_CHUNK, 2 ** Math.floor(Math.log2(bytes / CUT_MARGIN))));
    hoped = Math.min(hoped, limit);
    safe = Math.min(safe, limit);
  };
  return {
    chunk: (left) => {
      const isTry = !isTrying && Math.min(left, hoped) > safe;
      const bytes = Math.min(left, isTry ? hoped : safe);
      if (isTry) isTrying = true;
      return {
        bytes,
        arrived: () => {
          if (isTry) isTrying = false;
          safe = Math.max(safe, Math.min(bytes, limit));
          if (!isShaky) hope(bytes * GROWTH.up);
        },
        failed: (cutAfter) => {
          if (isTry) isTrying = false;
          if (cutAfter === undefined) return;
          isShaky = true;
          // an early cut says nothing of the length, and others may have learned of this one
          if (cutAfter >= 2 * SMALLEST_CHUNK && bytes <= 2 * hoped) learn(cutAfter);
        },
      };
    },
    isApart: (bytes) => bytes >= SMALL_BLOB && safe < Math.min(PROVEN, largest),
    carried: (bytes) => hope(bytes * GROWTH.down),
    cut: (bytes) => {
      isShaky = true;
      // its connection may have carried others before it, so a few bytes say nothing of the length
      if (bytes >= FIRST_CHUNK) learn(bytes);
    },
  };
}
