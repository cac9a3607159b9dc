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
import { needsOf } from "./deploy/files/bundle.ts";
import { lookAt } from "./deploy/deploy.ts";
import { judgeHost } from "./deploy/host/judge.ts";
import { defaultDir } from "./deploy/options.ts";
import { ORCHESTRATORS } from "./deploy/orchestrator/orchestrators.ts";
import { engineError } from "./engine/docker/docker-errors.ts";
import { MirrorError } from "./messages/errors.ts";
import type { Message } from "./messages/message.ts";
import { message } from "./messages/texts.ts";
import type { Project } from "./compose/project.ts";
import type { Plan } from "./mirror/transfers.ts";
import type { Run } from "./system/process.ts";

export type CheckName = "engine" | "disk" | "registry" | "namespace" | "host";

/** What a check found; `values` fill the sentence that says so. */
export interface Finding {
  readonly check: CheckName;
  readonly values: Readonly<Record<string, string | number>>;
  /** Empty = all is well. */
  readonly errors: readonly MirrorError[];
  readonly warnings: readonly Message[];
}

/** The mirror registry, as far as it is asked here. */
export interface PushProbe {
  /** Throws when the registry cannot be reached or refuses the login, the one for `repository` if there is any. */
  readonly ping: (repository: string | undefined) => Promise<{ readonly loggedIn: boolean }>;
  /** Throws when a push to `repository` would be refused. */
  readonly probePush: (repository: string) => Promise<void>;
}

export interface CheckOptions {
  readonly config: Config;
  readonly project: Project;
  readonly plan: Plan;
  readonly registry: PushProbe;
  /** An earlier run pushed to the namespace: that is not tried again. */
  readonly isKnown?: boolean;
  readonly run: Run;
  readonly signal: AbortSignal;
}

/** How each engine tells the version of what does the work, and where it keeps images. */
const ENGINE_QUESTIONS = {
  docker: {
    version: ["version", "--format", "{{.Server.Version}}"],
    folder: ["info", "--format", "{{.DockerRootDir}}"],
  },
  podman: {
    version: ["info", "--format", "{{.Version.Version}}"],
    folder: ["info", "--format", "{{.Store.GraphRoot}}"],
  },
  nerdctl: { version: ["info", "--format", "{{.ServerVersion}}"], folder: ["info", "--format", "{{.DockerRootDir}}"] },
} as const;

/** A few images fit; less is likely to be filled in the middle of the work. */
const LOW_DISK = 2 * 1024 ** 3;

/** Runs every check that the configuration calls for; throws `interrupted` only. */
export async function runChecks(options: CheckOptions): Promise<readonly Finding[]> {
  const { config } = options;
  const groups = await Promise.all([
    checkEngine(options),
    checkRegistry(options),
    ...config.hosts.map((host) => checkHost(host, options)),
  ]);
  return groups.flat();
}

async function checkEngine({ config, run, signal }: CheckOptions): Promise<readonly Finding[]> {
  const { engine } = config;
  if (engine === "direct") return [await checkDisk(config.store)];
  const finding = await found("engine", { engine }, async () => {
    const ran = await run([engine, ...ENGINE_QUESTIONS[engine].version], {
      signal,
      timeout: 20_000,
      env: { LC_ALL: "C" },
    });
    if (ran.code === 0) return { version: ran.stdout.trim() };
    const output = ran.stderr.trim() || ran.stdout.trim() || "no answer";
    const error = engineError({ engine, action: "pull", image: "", registry: "", code: ran.code, output });
    throw error.code === "engine-permission"
      ? error
      : new MirrorError("engine-stopped", { engine, detail: output.split("\n").at(-1)! });
  });
  if (finding.errors.length > 0) return [finding];
  const asked = await run([engine, ...ENGINE_QUESTIONS[engine].folder], { signal, timeout: 20_000 });
  const root = asked.stdout.trim();
  return [finding, await checkDisk(asked.code === 0 && root.startsWith("/") ? root : config.cwd)];
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

async function checkRegistry({ config, plan, registry, isKnown = false }: CheckOptions): Promise<readonly Finding[]> {
  if (config.embedded) return [];
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

async function checkHost(host: string, { config, project, run, signal }: CheckOptions): Promise<readonly Finding[]> {
  const dir = config.dir ?? defaultDir(project.name);
  try {
    const probe = await lookAt(host, dir, { run, signal });
    const { sudo, orchestrator, platform } = config;
    const { errors, warnings } = judgeHost(probe, { ...needsOf(project, platform), sudo }, ORCHESTRATORS[orchestrator]);
    const { system, engine, compose, folder } = probe;
    const values = {
      host,
      system,
      engine: `${engine?.kind ?? "docker"} ${engine?.server ?? engine?.client ?? ""}`.trim(),
      compose: compose?.version ?? "",
      dir: folder.path,
      bytes: engine?.freeBytes ?? folder.freeBytes ?? 0,
    };
    return [{ check: "host", values, errors, warnings }];
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

/** The finding as JSON shows it. */
export function findingJson({ check, values, errors, warnings }: Finding) {
  return {
    check,
    ok: errors.length === 0,
    ...values,
    warnings: warnings.map(({ code }) => code.replace(/^warning-/, "")),
    errors: errors.map((error) => ({ code: error.code, message: error.message, fix: error.hint })),
  };
}
