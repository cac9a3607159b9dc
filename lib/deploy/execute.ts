/** Carries out a plan, step by step. The first step that fails ends it; its error says why and what to do. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { mapConcurrent } from "../async/map-concurrent.ts";
import { detailOf, MirrorError } from "../messages/errors.ts";
import { familiarRepository, parseReference } from "../image/reference.ts";
import type { Secret } from "../system/secret.ts";
import { type Pace, waitUntilWell } from "./orchestrator/health.ts";
import { hostError } from "./host/host-errors.ts";
import { withLock } from "./host/deploy-lock.ts";
import type { BundleFile } from "./files/bundle-file.ts";
import type { DeployPlan } from "./plan/plan.ts";
import type { DeployedProject } from "./orchestrator/compose-project.ts";
import { formatRelease, type Release, type ReleaseImage } from "./plan/release.ts";
import { dropReleases } from "./host/remote.ts";
import type { Connection, RemoteOptions } from "./ssh/connection.ts";
import { type Container, type ServiceState, statesOf } from "./host/containers.ts";
import { type DeployStep, type ImageFact, readImageFacts } from "./plan/steps.ts";
import { containersOfStack, waitUntilConverged } from "./orchestrator/swarm.ts";
import { tar } from "../system/tar.ts";

/**
 * In what state a deploy that ends before its end leaves the host:
 * - `unchanged`: its services run as before;
 * - `starting`: the new files are in place, and the host goes on starting the services by itself;
 * - `placed`: the new files are in place, and the services run as far as they came;
 * - `returned`: the release before runs again;
 * - `return-failed`: going back to the release before failed too.
 */
export type LeftState = "unchanged" | "starting" | "placed" | "returned" | "return-failed";

/** A sign of life. `left` comes last. */
export type DeployProgress =
  | { readonly kind: "locked"; readonly holder: string }
  | { readonly kind: "started" | "finished"; readonly step: DeployStep }
  | { readonly kind: "line"; readonly step: DeployStep; readonly line: string }
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
}

/**
 * Carries out `plan` over `connection`. Throws `file-read` before anything is touched, `host-busy`, what `hostError`
 * knows when a step fails, `host-image-changed`, `host-unhealthy`, and what `Connection.run` throws.
 */
export async function executeDeploy(
  connection: Connection,
  plan: DeployPlan,
  options: ExecuteOptions = {},
): Promise<DeployResult> {
  const archive = await archiveOf(plan.shipped);
  const { signal, onProgress = () => {} } = options;
  const onWaiting = (holder: string): void => onProgress({ kind: "locked", holder });
  const containers = await withLock(connection, plan.hold, { dir: plan.dir, signal, onWaiting }, () =>
    new Execution(connection, plan, archive, options).run(),
  );
  return resultOf(plan, containers, plan.release);
}

/** Carries out the steps of a rollback, which has no images to pull and no files to send. */
export async function executeSteps(
  connection: Connection,
  plan: Pick<DeployPlan, "hold" | "steps" | "waitSeconds" | "stack"> & DeployedProject,
  options: ExecuteOptions = {},
): Promise<readonly Container[]> {
  const { signal, onProgress } = options;
  const onWaiting = (holder: string): void => onProgress?.({ kind: "locked", holder });
  const bare = { ...plan, shipped: [], kept: [], images: [], rollback: [], sent: {}, release: "", time: "" };
  return withLock(connection, plan.hold, { dir: plan.dir, signal, onWaiting }, () =>
    new Execution(connection, bare, Buffer.alloc(0), options).all(plan.steps),
  );
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

/** What of a plan its steps need. */
type Work = DeployedProject &
  Pick<
    DeployPlan,
    "kept" | "images" | "sent" | "release" | "time" | "rollback" | "waitSeconds" | "registry" | "stack" | "before"
  > &
  Partial<Pick<DeployPlan, "login">>;

/** One run of a plan, with what its steps find out for the later ones. */
class Execution {
  readonly #connection: Connection;
  readonly #plan: Work;
  readonly #archive: Buffer;
  readonly #options: ExecuteOptions;
  readonly #report: (progress: DeployProgress) => void;
  #facts: readonly ImageFact[] = [];
  #containers: readonly Container[] = [];

  constructor(connection: Connection, plan: Work, archive: Buffer, options: ExecuteOptions) {
    this.#connection = connection;
    this.#plan = plan;
    this.#archive = archive;
    this.#options = options;
    this.#report = options.onProgress ?? (() => {});
  }

  async run(): Promise<readonly Container[]> {
    let reached: DeployStep | undefined;
    try {
      return await this.all((this.#plan as DeployPlan).steps, (step) => (reached = step));
    } catch (error) {
      await this.#leave(reached, error);
      throw error;
    }
  }

  /** Runs `steps` in order, pulls next to each other at once, and gives the containers that run at the end. */
  async all(
    steps: readonly DeployStep[],
    onStep: (step: DeployStep) => void = () => {},
  ): Promise<readonly Container[]> {
    const { concurrency = 3, signal } = this.#options;
    for (let at = 0; at < steps.length;) {
      const first = steps[at]!;
      const after = steps.slice(at).findIndex(({ kind }) => kind !== "pull");
      const group = first.kind === "pull" ? steps.slice(at, after < 0 ? undefined : at + after) : [first];
      onStep(first);
      await mapConcurrent(group, (step) => this.#step(step), { concurrency, signal });
      at += group.length;
    }
    return this.#containers;
  }

  async #step(step: DeployStep): Promise<void> {
    this.#report({ kind: "started", step });
    if (step.kind === "wait") await this.#wait(step);
    else if (step.kind === "converge") await this.#converge(step);
    else {
      const output = await this.#command(step);
      if (step.kind === "verify") this.#facts = verified(this.#plan, readImageFacts(output));
    }
    this.#report({ kind: "finished", step });
  }

  async #wait(step: DeployStep): Promise<void> {
    const { signal, pace } = this.#options;
    this.#containers = await waitUntilWell(
      this.#connection,
      { ...this.#plan, list: step.command },
      {
        seconds: this.#plan.waitSeconds,
        signal,
        pace,
        onWaiting: (services) => this.#report({ kind: "waiting", step, services }),
      },
    );
  }

  async #converge(step: DeployStep): Promise<void> {
    const { signal, pace } = this.#options;
    const { stack = "", dir, access, waitSeconds } = this.#plan;
    const services = await waitUntilConverged(
      this.#connection,
      { name: stack, dir, access },
      {
        seconds: waitSeconds,
        signal,
        pace,
        onWaiting: (waiting) => this.#report({ kind: "waiting", step, services: waiting }),
      },
    );
    this.#containers = containersOfStack(services);
  }

  /** Gives what the command printed on stdout. */
  async #command(step: DeployStep): Promise<string> {
    const { host, dir, registry = "" } = this.#plan;
    const { kind, command } = step;
    const lines: string[] = [];
    // docker does not repeat a password, but what a credential helper prints is its own affair.
    const { password } = this.#options;
    const onLine = (line: string): void => {
      const shown = password?.hideIn(line, this.#plan.login?.username) ?? line;
      lines.push(shown);
      this.#report({ kind: "line", step, line: shown });
    };
    const { signal } = this.#options;
    const { code, stdout } = await this.#connection.run(command, { ...this.#feed(step), signal, onLine });
    if (code !== 0) throw hostError({ host, dir, registry, kind, code, lines });
    return stdout;
  }

  /** How a step is fed, and what becomes of it without us: half an `up` is worse than a whole one. */
  #feed({ kind, feed }: DeployStep): Pick<RemoteOptions, "input" | "onDisconnect"> {
    const { before } = this.#plan;
    switch (feed) {
      case "password":
        return { input: this.#options.password ?? "" };
      case "names":
        return { input: this.#plan.kept.map((name) => `${name}\n`).join("") };
      case "before":
        return { input: [formatRelease(before!.release), ...before!.names, ""].join("\n") };
      case "release":
        return { input: `${formatRelease(this.#release())}\n` };
      case "archive":
        return { input: Readable.from([headerOf(this.#archive), this.#archive]) };
      default:
        return kind === "pull"
          ? { onDisconnect: "end" }
          : kind === "up" || kind === "recreate"
            ? { onDisconnect: "finish" }
            : {};
    }
  }

  #release(): Release {
    const { release, time, files, envFiles, profiles, images, sent } = this.#plan;
    const pulled = images.flatMap(({ image, services }, index) =>
      services.map((service) => releaseImage(service, image, this.#facts[index])),
    );
    const known = new Set(pulled.map(({ service }) => service));
    const others = this.#containers
      .filter(({ name }) => !known.has(name))
      .map(({ name, image, imageId }) => ({ service: name, image, ...(imageId === "" ? {} : { id: imageId }) }));
    return { id: release, time, files, envFiles, profiles, images: [...pulled, ...others], sent };
  }

  /** After a step has failed: goes back where that is possible and right, and says how the host is left. */
  async #leave(reached: DeployStep | undefined, error: unknown): Promise<void> {
    const kind = reached?.kind ?? "send";
    const { dir, release, rollback } = this.#plan;
    const isCut = error instanceof MirrorError && (error.code === "interrupted" || error.code.startsWith("ssh-"));
    if (kind === "record" || kind === "prune") return this.#report({ kind: "left", state: "placed" });
    if (kind !== "up" && kind !== "recreate" && kind !== "wait" && kind !== "converge") {
      if (kind === "place")
        await this.#connection.run(dropReleases(dir, [release]), { timeout: 10_000 }).catch(() => {});
      return this.#report({ kind: "left", state: "unchanged" });
    }
    if (isCut)
      return this.#report({ kind: "left", state: kind === "up" || kind === "recreate" ? "starting" : "placed" });
    if (rollback.length === 0) return this.#report({ kind: "left", state: "placed" });
    this.#report({ kind: "returning", error });
    try {
      await this.all(rollback);
      this.#report({ kind: "left", state: "returned" });
    } catch (failure) {
      this.#report({ kind: "left", state: "return-failed", error: failure });
    }
  }
}

/** Throws `host-image-changed` when an image is not the one that the lock names. */
function verified({ host, images }: Work, facts: readonly ImageFact[]): readonly ImageFact[] {
  for (const [index, { image, digest }] of images.entries()) {
    const digests = facts[index]?.digests.map((each) => each.slice(each.indexOf("@") + 1)) ?? [];
    if (digest !== undefined && !digests.includes(digest)) {
      throw new MirrorError("host-image-changed", { host, image, digest, found: digests.join(", ") || "none" });
    }
  }
  return facts;
}

function releaseImage(service: string, image: string, fact: ImageFact | undefined): ReleaseImage {
  if (fact === undefined) return { service, image };
  const name = familiarRepository(parseReference(image));
  // A registry at the host's own address was a tunnel, which is gone afterwards.
  const lasting = fact.digests.filter((each) => !each.startsWith("localhost:"));
  const pulledBy = lasting.find((each) => each.startsWith(`${name}@`)) ?? lasting[0];
  return { service, image, id: fact.id, ...(pulledBy === undefined ? {} : { pulledBy }) };
}

function headerOf(archive: Buffer): Buffer {
  return Buffer.from(`${archive.length} ${createHash("sha256").update(archive).digest("hex")}\n`);
}

async function archiveOf(shipped: readonly BundleFile[]): Promise<Buffer> {
  const entries = await Promise.all(
    shipped.map(async ({ source, name, text, mode = 0o644 }) => {
      if (text !== undefined) return { name, mode, bytes: Buffer.from(text) };
      try {
        return { name, mode: (await stat(source)).mode, bytes: await readFile(source) };
      } catch (cause) {
        throw new MirrorError("file-read", { file: source, detail: detailOf(cause) }, { cause });
      }
    }),
  );
  return tar(entries);
}
