/** What every engine can do, and what it tells while it does it. */
import type { Descriptor } from "../image/manifest.ts";
import type { MirrorError } from "../messages/errors.ts";
import type { Cause, Message } from "../messages/message.ts";
import type { ByteCount } from "./byte-count.ts";
import type { Transfer } from "../mirror/transfers.ts";

export type Status = "pulled" | "pushed" | "present" | "failed";

/** What became of one transfer. */
export interface Outcome {
  readonly transfer: Transfer;
  readonly status: Status;
  /** Manifest digest at the place the step ends at (`sha256:…`). */
  readonly digest?: string;
  /** What the source's name names: an index, or one image. */
  readonly sourceDigest?: string;
  /** Digest of the platform's image at the source, where the engine tells it. */
  readonly platformDigest?: string;
  /** Size of the image in bytes, as the engine reports it. */
  readonly bytes?: number;
  /** What the user should know although the step succeeded. */
  readonly warnings?: readonly Message[];
  /** Config and layers, each once; absent where the engine does not report them. */
  readonly blobs?: readonly Descriptor[];
  /** Set exactly when `status` is `failed`. */
  readonly error?: MirrorError;
}

/** The transfers that failed. */
export function failedOf(outcomes: readonly Outcome[]): ReadonlySet<Transfer> {
  return new Set(outcomes.flatMap(({ transfer, status }) => (status === "failed" ? [transfer] : [])));
}

/** The bytes of several images. */
export interface Totals {
  /** Sum of the images' sizes. */
  readonly bytes: number;
  /** Bytes of all blobs, each counted once; absent where the engine does not report blobs. */
  readonly distinct?: number;
}

/** The bytes of `images`, as far as their sizes are known. */
export function totalsOf(
  images: readonly { readonly bytes?: number; readonly blobs?: readonly Pick<Descriptor, "digest" | "size">[] }[],
): Totals {
  const sized = images.filter((image) => image.bytes !== undefined);
  const bytes = sized.reduce((sum, image) => sum + image.bytes!, 0);
  if (sized.length === 0 || sized.some(({ blobs }) => blobs === undefined)) return { bytes };
  const sizes = new Map(images.flatMap(({ blobs = [] }) => blobs.map(({ digest, size }) => [digest, size] as const)));
  return { bytes, distinct: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

/** A sign of life during a step; the terminal decides how to show it. */
export type Progress =
  | {
      readonly kind: "phase";
      readonly transfer: Transfer;
      readonly phase: "pull" | "verify" | "fallback" | "tag" | "push";
    }
  /** `delay` in milliseconds until attempt `attempt` + 1. */
  | {
      readonly kind: "retry";
      readonly transfer: Transfer;
      readonly attempt: number;
      readonly delay: number;
      readonly reason: Cause;
    }
  /** `done` of `total` bytes (total 0 = unknown) of the phase in progress. */
  | { readonly kind: "bytes"; readonly transfer: Transfer; readonly done: number; readonly total: number };

export interface StepOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** One step for one image. It never throws for the image's failure (that is in the Outcome), only `interrupted`. */
export type Step = (transfer: Transfer, options?: StepOptions) => Promise<Outcome>;

/** What an engine needs before it can work, and where it will store. */
export interface Requirements {
  /** The engine's name, as `--engine` gives it. */
  readonly engine: string;
  /** Throws the errors that keep the engine from working here. */
  readonly check: (signal: AbortSignal) => Promise<EngineState>;
}

export interface EngineState {
  /** Of the program that does the work; absent where that is this one. */
  readonly version?: string;
  /** Absolute path of the folder that images go to, where that is on this machine. */
  readonly folder?: string;
}

export interface Engine {
  readonly requirements: Requirements;
  /** Brings the transfer's source to this machine in the transfer's platform. */
  readonly pull: Step;
  /** Sends what `pull` brought to the transfer's target. */
  readonly push: Step;
  /** Both: afterwards the target holds the source's image. `present` when it did before. */
  readonly mirror: Step;
  /** The bytes of its run, where it counts them. */
  readonly bytes?: ByteCount;
  /** Images to have under way at once, where the engine limits by itself what it does at each registry. */
  readonly concurrency?: number;
  /**
   * Announces the images of a run and their step. What can be found out about them without changing anything may be
   * under way from here on.
   */
  readonly begin?: (transfers: readonly Transfer[], step: "pull" | "push" | "mirror") => void;
  /** Removes what is good for one run only, such as a login. */
  readonly close?: () => Promise<void>;
}
