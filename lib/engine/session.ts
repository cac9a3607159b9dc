/** The engine and the registries that the configuration names. */
import type { Config } from "../config/config.ts";
import { requireMirror } from "../config/config.ts";
import { MirrorError } from "../messages/errors.ts";
import type { LockedImage } from "../mirror/lock-file.ts";
import { run } from "../system/process.ts";
import { familiarName, type ImageReference } from "../image/reference.ts";
import type { PullsLeft, Registry } from "../registry/client.ts";
import { dockerFolder, findCredentials } from "../registry/credentials.ts";
import { parseManifest } from "../image/manifest.ts";
import { openRegistries, type Registries } from "../registry/registries.ts";
import { openStore } from "../store/open.ts";
import type { Store, StoreOptions } from "../store/store.ts";
import { createDirectEngine, directRequirements } from "./direct/direct.ts";
import { createDockerEngine, type Offer } from "./docker/docker.ts";
import { isLocked } from "./lock-update.ts";
import { dockerRequirements } from "./docker/requirements.ts";
import type { Engine, Requirements } from "./engine.ts";

/** Milliseconds that asking for a digest may take: the engine itself may get at a registry that we do not reach. */
const ASKING_LIMIT = 10_000;

/** What a run works with. */
export interface Session {
  readonly registries: Registries;
  readonly engine: Engine;
  /** Where the engine keeps what it pulled; absent when a program keeps it in its own way. */
  readonly store?: Store;
  /** Closes connections and the store, so that the process can end. */
  close(): Promise<void>;
}

/** Opens the registries with the mirror's own credentials for the mirror; no request is made. Throws `file-read`. */
export async function openConfigured(config: Config): Promise<Registries> {
  const { environment, home, registry, credentials, insecureHosts } = config;
  const given = registry === undefined || credentials === undefined ? {} : { [registry]: credentials };
  return openRegistries({ environment, home, run, given, insecureHosts });
}

/**
 * Opens the engine and what it needs; nothing is transferred. `locked` is what earlier runs mirrored;
 * `waiting` says what becomes of a wait for another run. Throws `engine-setting`, `file-read` and what `openStore`
 * throws.
 */
export async function openSession(
  config: Config,
  locked: readonly LockedImage[],
  waiting: Pick<StoreOptions, "signal" | "onWait">,
): Promise<Session> {
  const registries = await openConfigured(config);
  requirementsOf(config);
  const { engine: program, credentials, sourceMirrors, concurrency } = config;
  if (program !== "direct") {
    const configFolder = dockerFolder(config);
    const engine = createDockerEngine({ program, run, credentials, configFolder, ...askRegistries(registries) });
    const close = async (): Promise<void> => {
      registries.close();
      await engine.close?.();
    };
    return { registries, engine, close };
  }
  const store = await openStore(config.store, waiting);
  const widths = { large: concurrency, small: concurrency * 2 };
  const over = new AbortController();
  return {
    registries,
    store,
    engine: createDirectEngine({
      registries,
      store,
      sourceMirrors,
      widths,
      format: config.format,
      mirroredBefore: isLocked(locked),
      over: over.signal,
    }),
    close: async () => {
      over.abort();
      registries.close();
      await store.close();
    },
  };
}

/** What registries are asked for the docker engine; one that does not answer is not asked again. */
function askRegistries(registries: Registries) {
  const silent = new Set<string>();
  const ask = async <T>(
    { registry }: ImageReference,
    signal: AbortSignal | undefined,
    question: (registry: Registry, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> => {
    if (silent.has(registry)) return undefined;
    const limit = AbortSignal.timeout(ASKING_LIMIT);
    try {
      return await question(registries.of(registry), signal === undefined ? limit : AbortSignal.any([signal, limit]));
    } catch (error) {
      if (signal?.aborted) throw new MirrorError("interrupted");
      if (!(error instanceof MirrorError)) throw error;
      silent.add(registry);
      return undefined;
    }
  };
  const digestOf = (reference: ImageReference, signal?: AbortSignal): Promise<string | undefined> =>
    ask(reference, signal, async (registry, either) => {
      const { repository, tag = "latest" } = reference;
      return (await registry.head(repository, tag, { signal: either }))?.digest;
    });
  const offersOf = async (reference: ImageReference, signal?: AbortSignal): Promise<readonly Offer[]> => {
    const { repository, tag = "latest", digest } = reference;
    const found = await ask(reference, signal, async (registry, either) => {
      const raw = await registry.manifest(repository, digest ?? tag, { signal: either });
      const manifest = parseManifest(raw, familiarName(reference));
      return manifest.kind === "index" ? manifest.entries : [];
    });
    return (found ?? []).flatMap(({ digest: child, platform }) =>
      platform === undefined || platform.startsWith("unknown/") ? [] : [{ digest: child, platform }],
    );
  };
  return { digestOf, offersOf };
}

/**
 * What the engine of the configuration needs; nothing is opened. Throws `engine-setting` for a setting that it cannot
 * honour.
 */
export function requirementsOf({ engine, sourceMirrors, format, store }: Config): Requirements {
  if (engine === "direct") return directRequirements(store);
  // the daemon decides where it reads: its own registry-mirrors, for docker.io only
  if (sourceMirrors.length > 0) throw new MirrorError("engine-setting", { engine, setting: "--source-mirror" });
  if (format !== "as-is") throw new MirrorError("engine-setting", { engine, setting: "--format" });
  return dockerRequirements(engine, run);
}

/**
 * Asks a source registry for one image, as `check` does: one HEAD, which the Docker Hub does not count as a pull. Gives
 * what the registry still allows, where it tells.
 */
export function askSources(registries: Registries, signal: AbortSignal) {
  return async ({ host, repository, reference }: SourceQuestion): Promise<PullsLeft | undefined> => {
    let left: PullsLeft | undefined;
    try {
      await registries.of(host).head(repository, reference, { signal, onPullsLeft: (told) => (left = told) });
    } catch (error) {
      // the registry is there; whether it gives the image is seen when it is wanted
      if (!(error instanceof MirrorError && ANSWERS.has(error.code))) throw error;
    }
    return left;
  };
}

interface SourceQuestion {
  readonly host: string;
  readonly repository: string;
  readonly reference: string;
}

const ANSWERS: ReadonlySet<string> = new Set(["registry-not-found", "registry-login-missing", "registry-pull-denied"]);

/** The mirror registry as far as `check` asks it. */
export function probeMirror(config: Config, registries: Registries, signal: AbortSignal) {
  const { registry: host } = requireMirror(config);
  const registry = registries.of(host);
  return {
    ping: async (repository: string | undefined) => {
      await registry.ping({ signal, ...(repository === undefined ? {} : { repository }) });
      const { credentials, environment, home } = config;
      return { loggedIn: (credentials ?? (await findCredentials(host, { environment, home, run }))) !== undefined };
    },
    probePush: async (repository: string) => {
      await registry.cancelUpload(repository, await registry.startUpload(repository, { signal }));
    },
  };
}
