/**
 * Looks before anything is done: is the engine there, does the registry take our login and pushes to the namespace, is
 * the host ready, is there room? Every check runs on its own, so one run finds all that is wrong.
 *
 * That a namespace takes pushes is known only by trying: an upload of a blob is opened in a repository that the plan
 * pushes to anyway, and cancelled.
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Config, requireMirror } from "./config/config.ts";
import { once } from "./async/once.ts";
import { needsOf } from "./deploy/files/bundle.ts";
import { lookAt } from "./deploy/deploy.ts";
import { type HostNeeds, type HostPrograms, programsIn } from "./deploy/host/probe.ts";
import { judgeHost } from "./deploy/host/judge.ts";
import { storedManifests } from "./deploy/host/stored-manifests.ts";
import { defaultDir } from "./deploy/options.ts";
import { ORCHESTRATORS } from "./deploy/orchestrator/orchestrators.ts";
import type { EngineState, Requirements } from "./engine/engine.ts";
import { causeOf, MirrorError } from "./messages/errors.ts";
import type { Cause, Message } from "./messages/message.ts";
import { message } from "./messages/texts.ts";
import type { PullsLeft } from "./registry/client.ts";
import { placesOf, type SourceMirror } from "./registry/source-mirror.ts";
import type { Project } from "./compose/project.ts";
import { MIRROR_FILE } from "./compose/rewrite.ts";
import { lockFileOf, readLock } from "./mirror/lock-file.ts";
import { outputPath } from "./mirror/prepare.ts";
import type { Plan, Transfer } from "./mirror/transfers.ts";
import type { Run } from "./system/process.ts";

export type CheckName = "engine" | "disk" | "registry" | "embedded" | "namespace" | "source" | "host";

/** What a check found; `values` fill the sentence that says so. */
export interface Finding {
  readonly check: CheckName;
  readonly values: Readonly<Record<string, string | number>>;
  /** Empty = all is well. */
  readonly errors: readonly MirrorError[];
  readonly warnings: readonly Message[];
  /** Of a host: what a deploy need not look at again. */
  readonly programs?: HostPrograms;
}

/** What the checks found of the hosts, by their names. */
export function programsOf(findings: readonly Finding[]): ReadonlyMap<string, HostPrograms> {
  return new Map(
    findings.flatMap(({ values, programs }) => (programs === undefined ? [] : [[String(values["host"]), programs]])),
  );
}

/** The mirror registry, as far as it is asked here. */
export interface PushProbe {
  /** Throws when the registry cannot be reached or refuses the login, the one for `repository` if there is any. */
  readonly ping: (repository: string | undefined) => Promise<{ readonly loggedIn: boolean }>;
  /** Throws when a push to `repository` would be refused. */
  readonly probePush: (repository: string) => Promise<void>;
}

/** A place that images are read from, with one of them. */
export interface SourcePlace {
  readonly host: string;
  readonly repository: string;
  readonly reference: string;
}

export interface CheckOptions {
  readonly config: Config;
  readonly project: Project;
  readonly plan: Plan;
  readonly requirements: Requirements;
  readonly registry: PushProbe;
  /**
   * Asks a place for one image, and gives the pulls that it still allows, where it tells; throws when the place cannot be
   * used. Absent = sources are not looked at.
   */
  readonly askSource?: ((place: SourcePlace) => Promise<PullsLeft | undefined>) | undefined;
  /** An earlier run pushed to the namespace: that is not tried again. */
  readonly isKnown?: boolean;
  readonly run: Run;
  readonly signal: AbortSignal;
}

/** A few images fit; less is likely to be filled in the middle of the work. */
const LOW_DISK = 2 * 1024 ** 3;

/** Runs every check that the configuration calls for; throws `interrupted` only. */
export async function runChecks(options: CheckOptions): Promise<readonly Finding[]> {
  const { config, project } = options;
  const manifests = once(async () => {
    const lock = await readLock(lockFileOf(outputPath(config, project, MIRROR_FILE)));
    return storedManifests(config.store, lock);
  });
  const groups = await Promise.all([
    checkEngine(options),
    checkRegistry(options),
    checkSources(options),
    ...config.hosts.map((host) => checkHost(host, manifests, options)),
  ]);
  return groups.flat();
}

async function checkEngine({ config, requirements, signal }: CheckOptions): Promise<readonly Finding[]> {
  const { engine } = requirements;
  let state: EngineState = {};
  const finding = await found("engine", { engine }, async () => {
    state = await requirements.check(signal);
    return { version: state.version ?? "" };
  });
  if (finding.errors.length > 0) return [finding];
  const disk = await checkDisk(state.folder ?? config.cwd);
  // an engine without a version is this program
  return state.version === undefined ? [disk] : [finding, disk];
}

/** A folder that is not there yet, or is inside an engine's virtual machine, is judged by the nearest one above it. */
async function checkDisk(folder: string): Promise<Finding> {
  const space = await statfs(folder).catch(() => undefined);
  if (space === undefined) return checkDisk(dirname(folder));
  const bytes = space.bavail * space.bsize;
  const values = { folder, bytes };
  return {
    check: "disk",
    values,
    errors: [],
    warnings: bytes < LOW_DISK ? [message("warning-local-disk-low", values)] : [],
  };
}

async function checkRegistry({
  config,
  plan,
  registry,
  isKnown = false,
  askSource,
}: CheckOptions): Promise<readonly Finding[]> {
  if (config.embedded) {
    // what a run without a registry means is worth a word only where somebody asks
    if (askSource === undefined) return [];
    return [{ check: "embedded", values: {}, errors: [], warnings: [message("warning-no-registry")] }];
  }
  const { registry: host, namespace } = requireMirror(config);
  const repository = plan.transfers[0]?.target.repository;
  const login = await found("registry", { registry: host }, async () => {
    const { loggedIn } = await registry.ping(repository);
    return { login: loggedIn ? "yes" : "no" };
  });
  if (login.errors.length > 0 || isKnown || repository === undefined) return [login];
  return [
    login,
    await found("namespace", { registry: host, namespace }, async () => {
      await registry.probePush(repository);
      return {};
    }),
  ];
}

/** Every registry that the images come from, and its source mirrors: one small request each, side by side. */
async function checkSources({ config, plan, askSource }: CheckOptions): Promise<readonly Finding[]> {
  // a daemon has a network of its own
  if (askSource === undefined || config.engine !== "direct") return [];
  const registries = new Map<string, Transfer[]>();
  for (const transfer of plan.transfers) {
    const { registry } = transfer.source;
    registries.set(registry, [...(registries.get(registry) ?? []), transfer]);
  }
  return Promise.all(
    [...registries].map(([registry, transfers]) => checkSource(registry, transfers, config.sourceMirrors, askSource)),
  );
}

async function checkSource(
  registry: string,
  transfers: readonly Transfer[],
  mirrors: readonly SourceMirror[],
  ask: NonNullable<CheckOptions["askSource"]>,
): Promise<Finding> {
  const { source } = transfers[0]!;
  const reference = source.digest ?? source.tag ?? "latest";
  const asked = await Promise.all(
    placesOf(source, mirrors).map(async ({ host, repository }) => {
      try {
        return { host, left: await ask({ host, repository, reference }) };
      } catch (error) {
        if (!(error instanceof MirrorError) || error.code === "interrupted") throw error;
        return { host, error };
      }
    }),
  );
  const bad = asked.flatMap(({ host, error }) => (error === undefined ? [] : [{ host, error }]));
  const values = { registry };
  if (bad.length === asked.length) {
    const images = transfers.map((transfer) => transfer.uses[0].image);
    const detail = bad
      .map(({ error }): Cause => causeOf(error))
      .reduce((all, each) => message("and-cause", { detail: all, more: each }));
    return {
      check: "source",
      values,
      errors: [new MirrorError("source-unreachable", { registry, images, detail })],
      warnings: [],
    };
  }
  const warnings: Message[] = bad.map(({ host, error }) =>
    message("warning-source-place", { host, registry, detail: causeOf(error) }),
  );
  // the first that can be used is read from
  const { host, left } = asked.find(({ error }) => error === undefined)!;
  const count = transfers.length;
  if (left !== undefined && left.count < count) {
    const advice = message(moreFrom({ ...left, isElsewhere: mirrors.some((mirror) => mirror.registry === registry) }));
    warnings.push(message("warning-pulls-left", { host, left: left.count, count, advice }));
  }
  return { check: "source", values, errors: [], warnings };
}

/** How to get more pulls than a place allows: what is in force already does not help. */
function moreFrom({ loggedIn, isElsewhere }: { readonly loggedIn: boolean; readonly isElsewhere: boolean }) {
  if (loggedIn) return isElsewhere ? "advice-pulls-later" : "advice-pulls-elsewhere";
  return isElsewhere ? "advice-pulls-login" : "advice-pulls-login-or-elsewhere";
}

async function checkHost(
  host: string,
  manifests: () => Promise<HostNeeds["manifests"]>,
  { config, project, run, signal }: CheckOptions,
): Promise<readonly Finding[]> {
  const dir = config.dir ?? defaultDir(project.name);
  try {
    const probe = await lookAt(host, dir, { run, signal });
    const { sudo, orchestrator, platform } = config;
    const needs: HostNeeds = { ...needsOf(project, platform), manifests: await manifests(), sudo };
    const { errors, warnings } = judgeHost(probe, needs, ORCHESTRATORS[orchestrator]);
    const { system, engine, compose, folder } = probe;
    const values = {
      host,
      system,
      engine: `${engine?.kind ?? "docker"} ${engine?.server ?? engine?.client ?? ""}`.trim(),
      compose: compose?.version ?? "",
      dir: folder.path,
      bytes: engine?.freeBytes ?? folder.freeBytes ?? 0,
    };
    return [{ check: "host", values, errors, warnings, programs: programsIn(probe) }];
  } catch (error) {
    return [failed("host", { host }, error)];
  }
}

async function found(
  check: CheckName,
  values: Finding["values"],
  body: () => Promise<Finding["values"]>,
): Promise<Finding> {
  try {
    return { check, values: { ...values, ...(await body()) }, errors: [], warnings: [] };
  } catch (error) {
    return failed(check, values, error);
  }
}

function failed(check: CheckName, values: Finding["values"], error: unknown): Finding {
  if (!(error instanceof MirrorError) || error.code === "interrupted") throw error;
  return { check, values, errors: [error], warnings: [] };
}
