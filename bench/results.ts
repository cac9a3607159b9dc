/** The shape of `results.json`, and what is computed from its runs. */

/** What one run of a command cost. */
export interface Cost {
  readonly exit: number;
  /** The command was stopped at the time limit. */
  readonly isLate: boolean;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly daemonCpuSeconds: number;
  /** Peak resident bytes of the command and its children. */
  readonly memory: number;
  readonly daemonMemory: number;
  /** Peak bytes on the disk, less those that were there before. */
  readonly disk: number;
  /** The last characters of its output, for failures. */
  readonly output: string;
}

export interface Run extends Omit<Cost, "output"> {
  readonly round: number;
  /** Images that the target has with the expected content. */
  readonly right: number;
  readonly requests: Readonly<Record<"source" | "target" | "tokens", number>>;
  /** Bytes of response and request bodies, from the registries' logs. */
  readonly body: Bytes;
  /** Bytes on the workstation's network device, TLS and TCP included. */
  readonly wire: Bytes;
  /** Share of the machine's CPU time that other work took, 0 to 1. */
  readonly othersShare: number;
  /** The last characters of a failed run's output. */
  readonly output?: string;
}

/** Connections in each direction of the plain HTTP transfer that the tools are compared with. */
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
  /** What the reader must know about the tools in this stage. */
  readonly note?: string;
  readonly date: string;
  /** One-minute load averages before and after. */
  readonly load: readonly [number, number];
  /** The least bytes possible: each distinct blob once, and the manifests; 0 when nothing has changed. */
  readonly least: Bytes;
  /** Seconds that those bytes take at the link's bandwidth; absent on an unlimited link. */
  readonly limitSeconds?: number;
  /** Seconds that the plain HTTP transfer took, once a round. */
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

/** The median of `figure` over the tool's runs. */
export function medianOf({ runs }: ToolResult, figure: (run: Run) => number): number {
  return median(runs.map(figure));
}

/** Whether every run of the tool copied every image. */
export function isComplete({ images }: StageResult, { runs }: ToolResult): boolean {
  return runs.every(({ right, exit }) => right === images && exit === 0);
}
