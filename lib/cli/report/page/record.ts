/**
 * What happened in a run, as a plain value: collected while the run goes, and shown by the page of `--report` and by the
 * Markdown summary. Nothing is kept that a child process printed, and the registry's password is hidden wherever
 * it may have got in, so that a report can be shared.
 */
import type { Credentials } from "../../../config/config.ts";
import type { DeployStage } from "../../../deploy/deploy.ts";
import type { DeployResult } from "../../../deploy/execute.ts";
import type { ServiceState } from "../../../deploy/host/containers.ts";
import type { DeployStep } from "../../../deploy/plan/step.ts";
import type { Outcome, Progress, Status } from "../../../engine/engine.ts";
import { formatReference } from "../../../image/reference.ts";
import type { Explanation } from "../../../messages/errors.ts";
import type { Cause } from "../../../messages/message.ts";
import type { Transfer } from "../../../mirror/transfers.ts";

/** Every `at`, `from` and `to` is in milliseconds since the run began. */
export interface RunRecord {
  /** The command's name, such as `mirror`. */
  readonly command: string;
  /** When the run began, ISO 8601. */
  readonly time: string;
  /** Milliseconds that the run took. */
  readonly duration: number;
  readonly images: readonly ImageRecord[];
  /** Bytes transferred so far, in the order of time. */
  readonly samples: readonly Sample[];
  readonly retries: readonly RetryRecord[];
  readonly hosts: readonly HostRecord[];
  /** What `verify` and `outdated` found, one row per image. */
  readonly findings: readonly Finding[];
  /** What ended the run early. */
  readonly error?: Explanation;
}

export interface ImageRecord {
  readonly source: string;
  readonly target: string;
  readonly services: readonly string[];
  readonly status: Status;
  readonly digest?: string;
  readonly bytes?: number;
  /** Config and layers, each once; absent where the engine does not report them. */
  readonly blobs?: readonly BlobRecord[];
  readonly retries: number;
  readonly error?: Explanation;
}

export interface BlobRecord {
  readonly digest: string;
  readonly size: number;
}

export interface Sample {
  readonly at: number;
  readonly bytes: number;
}

export interface RetryRecord {
  readonly at: number;
  readonly image: string;
  readonly attempt: number;
  readonly reason: string;
}

export interface HostRecord {
  readonly host: string;
  readonly dir?: string;
  readonly release?: string;
  readonly steps: readonly StepRecord[];
  readonly services: readonly ServiceState[];
  readonly error?: Explanation;
}

export interface StepRecord {
  readonly title: string;
  readonly from: number;
  /** Absent when the step failed or was interrupted. */
  readonly to?: number;
  /** Services that the step waited for, one entry per change. */
  readonly waiting: readonly { readonly at: number; readonly services: readonly string[] }[];
}

export interface Finding {
  readonly image: string;
  readonly ok: boolean;
  /** What was found, in the user's language. */
  readonly detail: string;
  readonly hint?: string;
}

export interface RecorderOptions {
  readonly command: string;
  /** The password is hidden wherever it appears. */
  readonly credentials?: Credentials | undefined;
  readonly explain: (error: unknown) => Explanation;
  /** A message, or what a registry or a program said, in the user's language. */
  readonly words: (cause: Cause) => string;
  /** Milliseconds of a clock that only goes forward; the default is the process's. */
  readonly now?: () => number;
}

/** Collects a run's events. */
export interface Recorder {
  /** The planned transfers: images are shown in this order, not in the order in which they end. */
  begin(transfers: readonly Transfer[]): void;
  progress(progress: Progress): void;
  /** Bytes transferred so far. */
  moved(bytes: number): void;
  outcome(outcome: Outcome): void;
  stage(host: string, stage: DeployStage): void;
  host(outcome: { readonly host: string; readonly result?: DeployResult; readonly error?: unknown }): void;
  finding(finding: Finding): void;
  /** The error that ended the run; kept once where it is a host's too. */
  failure(error: unknown): void;
  /** Everything so far. */
  record(): RunRecord;
}

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Open<E>[] : T[K] };

export function openRecorder({
  command,
  credentials,
  explain,
  words,
  now = () => performance.now(),
}: RecorderOptions): Recorder {
  const startedAt = now();
  const time = new Date().toISOString();
  let order: readonly Transfer[] = [];
  const images = new Map<Transfer, ImageRecord>();
  const samples: Sample[] = [{ at: 0, bytes: 0 }];
  const retries: (RetryRecord & { readonly transfer: Transfer })[] = [];
  const hosts = new Map<string, Open<HostRecord>>();
  const open = new Map<DeployStep, Open<StepRecord>>();
  const findings: Finding[] = [];
  const ofHosts = new Set<unknown>();
  /** When `moved` was last called. */
  let lookedAt = 0;
  let failed: unknown;

  const elapsed = (): number => Math.round(now() - startedAt);
  const hostOf = (host: string): Open<HostRecord> => {
    const known = hosts.get(host) ?? { host, steps: [], services: [] };
    hosts.set(host, known);
    return known;
  };

  return {
    begin: (transfers) => void (order = [...order, ...transfers]),
    progress: (progress) => {
      if (progress.kind !== "retry") return;
      const { transfer, attempt, reason } = progress;
      retries.push({ transfer, at: elapsed(), image: transfer.uses[0].image, attempt, reason: words(reason) });
    },
    moved: (bytes) => {
      const last = samples.at(-1)!;
      if (bytes !== last.bytes) {
        // The end of a stall: without it, the chart would spread the bytes that followed over the stall.
        if (lookedAt > last.at) samples.push({ ...last, at: lookedAt });
        samples.push({ at: elapsed(), bytes });
      }
      lookedAt = elapsed();
    },
    outcome: ({ transfer, status, digest, bytes, blobs, error }) => {
      images.set(transfer, {
        source: transfer.uses[0].image,
        target: formatReference(transfer.target),
        services: transfer.uses.flatMap(({ services }) => services),
        status,
        ...(digest === undefined ? {} : { digest }),
        ...(bytes === undefined ? {} : { bytes }),
        ...(blobs === undefined ? {} : { blobs: blobs.map(({ digest: name, size }) => ({ digest: name, size })) }),
        retries: retries.filter((each) => each.transfer === transfer).length,
        ...(error === undefined ? {} : { error: explain(error) }),
      });
    },
    stage: (host, stage) => {
      const { steps } = hostOf(host);
      if (stage.kind === "started") {
        const step: Open<StepRecord> = { title: words(stage.step.title), from: elapsed(), waiting: [] };
        open.set(stage.step, step);
        steps.push(step);
      } else if (stage.kind === "finished") {
        const step = open.get(stage.step);
        if (step !== undefined) step.to = elapsed();
      } else if (stage.kind === "waiting" && stage.services.length > 0) {
        open.get(stage.step)?.waiting.push({ at: elapsed(), services: [...stage.services] });
      }
    },
    host: ({ host, result, error }) => {
      const entry = hostOf(host);
      if (result !== undefined) {
        entry.dir = result.dir;
        if (result.release !== undefined) entry.release = result.release;
        entry.services = [...result.services];
      }
      if (error !== undefined) {
        ofHosts.add(error);
        entry.error = explain(error);
      }
    },
    finding: (finding) => void findings.push(finding),
    failure: (error) => {
      if (!ofHosts.has(error)) failed = error;
    },
    record: () =>
      withoutPassword(
        {
          command,
          time,
          duration: elapsed(),
          images: [...images].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, image]) => image),
          samples,
          retries: retries.map(({ at, image, attempt, reason }) => ({ at, image, attempt, reason })),
          hosts: [...hosts.values()],
          findings,
          ...(failed === undefined ? {} : { error: explain(failed) }),
        },
        credentials,
      ),
  };
}

/** Whether there is anything to show. */
export function isEmpty({ images, hosts, findings, error }: RunRecord): boolean {
  return images.length + hosts.length + findings.length === 0 && error === undefined;
}

/** A deep copy of `record` without the password. */
function withoutPassword(record: RunRecord, credentials: Credentials | undefined): RunRecord {
  const clean = (_key: string, value: unknown): unknown =>
    typeof value === "string" && credentials !== undefined
      ? credentials.password.hideIn(value, credentials.username)
      : value;
  return JSON.parse(JSON.stringify(record, clean)) as RunRecord;
}
