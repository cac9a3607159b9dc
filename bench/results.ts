/** The shape of `results.json`, and what is computed from its runs. */
import type { Cost } from "./measure.ts";

export interface Run extends Omit<Cost, "output"> {
  readonly round: number;
  /** Images that are at the target as they should be. */
  readonly right: number;
  readonly requests: Readonly<Record<"source" | "target" | "tokens", number>>;
  /** Bytes of bodies, by the registries' logs. */
  readonly body: Bytes;
  /** Bytes on the workstation's wire, with all that TLS and TCP add. */
  readonly wire: Bytes;
  /** Part of the machine's time that none of this took. */
  readonly othersShare: number;
  /** The end of what a failed run printed. */
  readonly output?: string;
}

/** Plain transfers each way, for comparison. */
export const PLAIN_CONNECTIONS = 4;

export interface Bytes {
  readonly down: number;
  readonly up: number;
}

export interface ToolResult {
  readonly tool: string;
  readonly isOwn: boolean;
  readonly version: string;
  readonly runs: readonly Run[];
}

export interface StageResult {
  readonly id: string;
  readonly title: string;
  readonly images: number;
  /** What the reader must know of the tools here. */
  readonly note?: string;
  readonly date: string;
  /** One-minute load averages before and after. */
  readonly load: readonly [number, number];
  /** Bytes of every distinct blob and of the manifests, or nothing when all is there already. */
  readonly least: Bytes;
  /** The least time that those bytes take on the link; absent on an unlimited one. */
  readonly limitSeconds?: number;
  /** What plain transfers of as many bytes took, once a round. */
  readonly plainSeconds?: readonly number[];
  readonly tools: readonly ToolResult[];
}

export interface Results {
  readonly machine: Readonly<Record<"processor" | "cores" | "memory" | "kernel" | "node", string | number>>;
  readonly stages: readonly StageResult[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of what `figure` says of each run. */
export function medianOf({ runs }: ToolResult, figure: (run: Run) => number): number {
  return median(runs.map(figure));
}

/** Every run of the tool brought every image. */
export function isComplete({ images }: StageResult, { runs }: ToolResult): boolean {
  return runs.every(({ right, exit }) => right === images && exit === 0);
}
