/** Carries out a plan, step by step. The first step that fails ends it; its error says why and what to do. */
import { mapConcurrent } from "../async/map-concurrent.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Secret } from "../system/secret.ts";
import { readRegular } from "../system/read-file.ts";
import { tar } from "../system/tar.ts";
import { type Container, type ServiceState, statesOf } from "./host/containers.ts";
import { withLock } from "./host/deploy-lock.ts";
import { hostError } from "./host/host-errors.ts";
import { readerOn } from "./host/probe.ts";
import type { LayerState } from "./host/pull-progress.ts";
import type { DeployedProject } from "./orchestrator/compose-project.ts";
import type { Pace } from "./orchestrator/health.ts";
import type { DeployPlan } from "./plan/plan.ts";
import type { BundleFile } from "./files/bundle-file.ts";
import { LARGEST_FILE } from "./files/project-files.ts";
import type { RollbackPlan } from "./plan/rollback.ts";
import type { DeployStep, Findings, Phase, StepContext } from "./plan/step.ts";
import type { Connection } from "./ssh/connection.ts";

/**
 * In what state a deploy that ends before its end leaves the host:
 * - `unchanged`: its services run as before;
 * - `starting`: the new files are in place, and the host goes on starting the services by itself;
 * - `placed`: the new files are in place, and the services run as far as they came;
 * - `returned`: the previous release runs again;
 * - `return-failed`: going back to the previous release failed too.
 */
export type LeftState = "unchanged" | "starting" | "placed" | "returned" | "return-failed";

/** A sign of life. `left` comes last. */
export type DeployProgress =
  | { readonly kind: "locked"; readonly holder: string }
  | { readonly kind: "started" | "finished"; readonly step: DeployStep }
  | { readonly kind: "line"; readonly step: DeployStep; readonly line: string }
  | { readonly kind: "layer"; readonly step: DeployStep; readonly layer: LayerState }
  | { readonly kind: "waiting"; readonly step: DeployStep; readonly services: readonly string[] }
  | { readonly kind: "returning"; readonly error: unknown }
  | { readonly kind: "left"; readonly state: LeftState; readonly error?: unknown };

export interface ExecuteOptions {
  /** The password of the plan's login. */
  readonly password?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DeployProgress) => void) | undefined;
  /** Images that are pulled at once. */
  readonly concurrency?: number | undefined;
  readonly pace?: Pace | undefined;
}

/** What `--json` shows as `deploy`. */
export interface DeployResult {
  readonly host: string;
  readonly dir: string;
  readonly compose: { readonly flavour: "v1" | "v2" | "stack"; readonly version: string };
  /** The release that runs; absent when none is recorded. */
  readonly release?: string;
  readonly services: readonly ServiceState[];
  /** Nothing was done, because all of it was so already. */
  readonly unchanged?: true;
}

/**
 * Carries out `plan` over `connection`. Throws `file-read` before anything is touched, `host-busy`, `host-changed`, what `hostError`
 * knows when a step fails, `host-image-changed`, `host-unhealthy`, and what `Connection.run` throws.
 */
export async function executeDeploy(
  connection: Connection,
  plan: DeployPlan,
  options: ExecuteOptions = {},
): Promise<DeployResult> {
  const archive = await archiveOf(plan.shipped);
  const containers = await underLock(connection, { ...plan, stamp: plan.probe.stamp }, archive, options);
  return resultOf(plan, containers, plan.release);
}

/** Carries out a rollback, which has no files to send and nothing further to go back to. Throws as `executeDeploy`. */
export async function executeRollback(
  connection: Connection,
  plan: RollbackPlan,
  options: ExecuteOptions = {},
): Promise<DeployResult> {
  const containers = await underLock(connection, { ...plan, rollback: [] }, Buffer.alloc(0), options);
  return resultOf(plan, containers, plan.target.id);
}

/** What `--json` says of a project on a host. */
export function resultOf(
  { host, dir, compose }: DeployedProject,
  containers: readonly Container[],
  release: string | undefined,
): DeployResult {
  return {
    host,
    dir,
    compose: { flavour: compose.flavour, version: compose.version },
    ...(release === undefined ? {} : { release }),
    services: statesOf(containers),
  };
}

/** What of a plan its execution needs. */
type Work = Pick<DeployPlan, "host" | "dir" | "lock" | "steps" | "rollback" | "registry"> &
  Partial<Pick<DeployPlan, "login" | "probe">> &
  Pick<RollbackPlan, "stamp">;

function underLock(
  connection: Connection,
  work: Work,
  archive: Buffer,
  options: ExecuteOptions,
): Promise<readonly Container[]> {
  const { signal, onProgress = () => {} } = options;
  const onWaiting = (holder: string): void => onProgress({ kind: "locked", holder });
  return withLock(connection, work.lock, { dir: work.dir, stamp: work.stamp, signal, onWaiting }, () =>
    new Execution(connection, work, archive, options).run(),
  );
}

/** One run of a plan, with what its steps find out for the later ones. */
class Execution {
  readonly #connection: Connection;
  readonly #work: Work;
  readonly #archive: Buffer;
  readonly #options: ExecuteOptions;
  readonly #report: (progress: DeployProgress) => void;
  #findings: Findings = { images: [], containers: [] };
  /** How far the run has come. */
  #phase: Phase = "staged";

  constructor(connection: Connection, work: Work, archive: Buffer, options: ExecuteOptions) {
    this.#connection = connection;
    this.#work = work;
    this.#archive = archive;
    this.#options = options;
    this.#report = options.onProgress ?? (() => {});
  }

  /** Gives the containers that run in the end. */
  async run(): Promise<readonly Container[]> {
    try {
      await this.#all(this.#work.steps);
      return this.#findings.containers;
    } catch (error) {
      await this.#leave(error);
      throw error;
    }
  }

  /** Runs `steps` in order, those that allow it side by side. */
  async #all(steps: readonly DeployStep[]): Promise<void> {
    const { concurrency = 3, signal } = this.#options;
    for (let at = 0; at < steps.length;) {
      const first = steps[at]!;
      const after = steps.slice(at).findIndex(({ parallel }) => parallel !== true);
      const group = first.parallel === true ? steps.slice(at, after < 0 ? undefined : at + after) : [first];
      this.#phase = first.phase;
      await mapConcurrent(group, (step) => this.#step(step), { concurrency, signal });
      at += group.length;
    }
  }

  async #step(step: DeployStep): Promise<void> {
    this.#report({ kind: "started", step });
    const context: StepContext = {
      connection: this.#connection,
      signal: this.#options.signal,
      pace: this.#options.pace,
      password: this.#options.password,
      archive: this.#archive,
      findings: this.#findings,
      onWaiting: (services) => this.#report({ kind: "waiting", step, services }),
    };
    const found = step.perform ? await step.perform(context) : await this.#read(step, context);
    this.#findings = { ...this.#findings, ...found };
    this.#report({ kind: "finished", step });
  }

  async #read(step: DeployStep, context: StepContext): Promise<Partial<Findings> | undefined> {
    const output = await this.#command(step, context);
    return step.read?.(output);
  }

  /** Gives what the command printed on stdout. */
  async #command(step: DeployStep, context: StepContext): Promise<string> {
    const { host, dir, registry = "" } = this.#work;
    const { kind, command, failure, stdin, onDisconnect, placedCode, cleanup } = step;
    const lines: string[] = [];
    // docker does not repeat a password, but a credential helper may print anything.
    const { password } = this.#options;
    const masked = (line: string): string => password?.hideIn(line, this.#work.login?.username) ?? line;
    const onLine = (line: string): void => {
      lines.push(line);
      const layer = step.readLayer?.(line);
      this.#report(layer === undefined ? { kind: "line", step, line: masked(line) } : { kind: "layer", step, layer });
    };
    const input = stdin?.(context);
    const ran = await this.#connection.run(command, {
      ...(input === undefined ? {} : { input }),
      ...(onDisconnect === undefined ? {} : { onDisconnect }),
      signal: this.#options.signal,
      onLine,
    });
    if (ran.code === 0) return ran.stdout;
    if (ran.code === placedCode) this.#phase = "placed";
    else if (cleanup) await this.#connection.run(cleanup, { timeout: 10_000 }).catch(() => {});
    const reader = this.#work.probe && readerOn(this.#work.probe);
    throw hostError({ host, dir, registry, kind, failure, code: ran.code, reader, lines, mask: masked });
  }

  /** After a step has failed: goes back where that is possible and right, and says how the host is left. */
  async #leave(error: unknown): Promise<void> {
    const isCut = error instanceof MirrorError && (error.code === "interrupted" || error.code.startsWith("ssh-"));
    if (this.#phase === "staged") return this.#report({ kind: "left", state: "unchanged" });
    if (isCut && this.#phase === "starting") return this.#report({ kind: "left", state: "starting" });
    if (isCut || this.#phase === "recorded" || this.#work.rollback.length === 0) {
      return this.#report({ kind: "left", state: "placed" });
    }
    this.#report({ kind: "returning", error });
    try {
      await this.#all(this.#work.rollback);
      this.#report({ kind: "left", state: "returned" });
    } catch (failure) {
      this.#report({ kind: "left", state: "return-failed", error: failure });
    }
  }
}

/** Files made here hold values that may be secret, and nobody but docker's client reads them. */
const GENERATED_MODE = 0o600;

async function archiveOf(shipped: readonly BundleFile[]): Promise<Buffer> {
  const entries = await Promise.all(
    shipped.map(async ({ source, name, text }) => {
      if (text !== undefined) return { name, mode: GENERATED_MODE, bytes: Buffer.from(text) };
      const { bytes, mode } = await readRegular(source, LARGEST_FILE);
      return { name, mode, bytes };
    }),
  );
  return tar(entries);
}
