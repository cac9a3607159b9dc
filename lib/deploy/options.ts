/** What a deploy is given: the settings, the project's files, and the login that goes to its registry. */
import { load } from "../compose/load.ts";
import { type Project, requireName } from "../compose/project.ts";
import { MIRROR_FILE } from "../compose/rewrite.ts";
import type { Config, Credentials } from "../config/config.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import { lockFileOf, type LockedImage, readLock } from "../mirror/lock-file.ts";
import { outputPath } from "../mirror/prepare.ts";
import { findCredentials } from "../registry/credentials.ts";
import { once } from "../async/once.ts";
import { run } from "../system/process.ts";
import { type Bundle, readBundle } from "./files/bundle.ts";
import type { HostPrograms } from "./host/probe.ts";
import { type StoredManifest, storedManifests } from "./host/stored-manifests.ts";
import type { OrchestratorName } from "./orchestrator/orchestrators.ts";
import type { DeployChoices } from "./plan/plan.ts";
import type { ConnectOptions } from "./ssh/connection.ts";

export interface DeployOptions extends Pick<ConnectOptions, "run" | "signal"> {
  readonly bundle: Bundle;
  /** Folder on the host. */
  readonly dir: string;
  readonly profiles: readonly string[];
  /** For the registry of the images; absent when the host's own login is relied on. */
  readonly credentials?: Credentials | undefined;
  /** What the mirror compose file's images are to be; absent when no lock file is there. */
  readonly lock?: readonly LockedImage[] | undefined;
  /** The manifests of the images of the lock file that the content store here has; read once, when first asked for. */
  readonly manifests: () => Promise<readonly StoredManifest[]>;
  /** What the checks before the deploy have found of the hosts, by their names. */
  readonly known?: ReadonlyMap<string, HostPrograms> | undefined;
  /** The registry to push to, and its name for the host. */
  readonly registry?: string | undefined;
  readonly pullRegistry?: string | undefined;
  /** Folder of the content store that the host pulls from through the connection; absent = it pulls by itself. */
  readonly tunnel?: string | undefined;
  /** Folders outside the project's that links in it may lead to, absolute. */
  readonly allowPaths: readonly string[];
  readonly orchestrator: OrchestratorName;
  readonly concurrency: number;
  readonly choices: DeployChoices;
  /** The release to go back to; the one that ran before by default. */
  readonly release?: string | undefined;
  /** What is worth knowing already. */
  readonly warnings: readonly Message[];
}

/** Another deploy of an ordinary project ends within this time. */
const LOCK_SECONDS = 600;

/**
 * Reads what is to be deployed by `config`, for the mirror compose file that lies beside the compose file or at
 * `--output`. `source` spares reading the project again. Throws what `load`, `readBundle`, `readLock` and
 * `findCredentials` throw.
 */
export async function prepareDeploy(config: Config, source?: Project): Promise<DeployOptions> {
  const { profiles, platform, registry, pullRegistry, concurrency, release } = config;
  const { send, sudo, keepLogin, rollback, waitSeconds, keep } = config;
  const project = source ?? (await load(config));
  const file = outputPath(config, project, MIRROR_FILE);
  const bundle = await readBundle({ source: project, file, platform, options: config });
  const lock = await readLock(lockFileOf(file));
  return {
    bundle,
    dir: config.dir ?? defaultDir(requireName(project)),
    profiles,
    ...(await credentialsFor(bundle.registry, config)),
    lock,
    manifests: once(() => storedManifests(config.store, lock)),
    registry,
    pullRegistry,
    // Images that were named by the content store are nowhere else.
    ...(config.tunnel || (config.embedded && bundle.registry === registry) ? { tunnel: config.store } : {}),
    allowPaths: config.allowPaths,
    orchestrator: config.orchestrator,
    concurrency,
    choices: {
      send,
      sudo,
      keepLogin,
      rollback,
      waitSeconds,
      keep,
      lockSeconds: LOCK_SECONDS,
      keepOrphans: config.keepOrphans,
      oneByOne: config.oneByOne,
    },
    release,
  };
}

/** The folder that a project is deployed to unless told otherwise, named as the project is here. */
export function defaultDir(projectName: string): string {
  return `~/${projectName}`;
}

/**
 * The login for `named`, the registry in the mirror compose file. MIRROR_USERNAME and MIRROR_PASSWORD go to the mirror
 * registry and its name for pulling alone: the author of the file must not choose where they are sent.
 */
export async function credentialsFor(
  named: string | undefined,
  config: Pick<Config, "registry" | "pullRegistry" | "credentials" | "environment" | "home">,
): Promise<Pick<DeployOptions, "credentials" | "warnings">> {
  const { registry, pullRegistry, environment, home } = config;
  if (named === undefined) return { warnings: [] };
  const own = [registry, pullRegistry].filter((name) => name !== undefined);
  const isOwn = own.includes(named);
  if (isOwn && config.credentials !== undefined) return { credentials: config.credentials, warnings: [] };
  const places = isOwn ? [named, ...own.filter((name) => name !== named)] : [named];
  for (const place of places) {
    const stored = await findCredentials(place, { environment, home, run });
    if (stored === undefined || !("password" in stored)) continue;
    return { credentials: stored, warnings: isOwn ? [] : [otherRegistry(named)] };
  }
  return { warnings: isOwn ? [] : [otherRegistry(named)] };
}

function otherRegistry(registry: string): Message {
  return message("warning-other-registry", { registry });
}
