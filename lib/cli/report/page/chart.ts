/** Throughput over time as numbers to draw: bytes per second in equal slices of time. */
import type { Sample } from "./record.ts";

export interface Slice {
  /** Milliseconds since the run began. */
  readonly from: number;
  readonly to: number;
  /** Bytes per second. */
  readonly rate: number;
}

export interface Throughput {
  readonly slices: readonly Slice[];
  /** Milliseconds at which the axis begins and ends. */
  readonly from: number;
  readonly to: number;
  /** Top of the axis, bytes per second: a round number. */
  readonly top: number;
}

/** `count` slices from the first sample with bytes to the last; `undefined` where nothing moved. */
export function throughput(samples: readonly Sample[], count: number): Throughput | undefined {
  const first = samples.findIndex(({ bytes }) => bytes > 0);
  const last = samples.at(-1);
  if (first < 0 || last === undefined) return undefined;
  const from = samples[Math.max(0, first - 1)]!.at;
  const to = Math.max(last.at, from + count);
  const width = (to - from) / count;
  const slices = Array.from({ length: count }, (_, index): Slice => {
    const begin = from + index * width;
    const moved = bytesAt(samples, begin + width) - bytesAt(samples, begin);
    // An image that starts again gives its bytes back.
    return { from: begin, to: begin + width, rate: Math.max(0, (moved / width) * 1000) };
  });
  return { slices, from, to, top: roundUp(Math.max(...slices.map(({ rate }) => rate))) };
}

/** Bytes at a moment, in a straight line between two samples. */
function bytesAt(samples: readonly Sample[], at: number): number {
  const next = samples.findIndex((sample) => sample.at > at);
  if (next < 0) return samples.at(-1)!.bytes;
  const after = samples[next]!;
  const before = samples[next - 1] ?? { at: 0, bytes: 0 };
  return before.bytes + ((after.bytes - before.bytes) * (at - before.at)) / (after.at - before.at);
}

/** The next of 1, 2 and 5 times a power of ten. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value * 0.9999) ?? 10 * power;
}

/** Round moments between `from` and `to`, at most `most`. */
export function ticks(from: number, to: number, most: number): readonly number[] {
  const step = roundUp((to - from) / most);
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, index) => first + index * step);
}
