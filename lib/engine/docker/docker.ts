/**
 * The engine that has docker, podman or nerdctl do the work, as the hand-made way does: pull for the platform, check
 * what really arrived, tag, push.
 *
 * docker before 23 pulls a single-platform manifest of another architecture without a word, hence the check, and the
 * second try by the platform's own digest. What is there already is known by its digest: an image whose local digest
 * is the registry's is neither pulled nor pushed again.
 */
import type { Credentials } from "../../config/config.ts";
import { causeOf, MirrorError } from "../../messages/errors.ts";
import type { Cause } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { formatPlatform, parsePlatform } from "../../image/platform.ts";
import { readsFeature } from "../../image/readability.ts";
import type { Ran, Run } from "../../system/process.ts";
import { engineName, familiarName, familiarRepository, type ImageReference } from "../../image/reference.ts";
import { retry, type RetryOptions } from "../../async/retry.ts";
import { type LoginFolder, makeLoginFolder } from "./login-folder.ts";
import { type EngineAction, engineError } from "./docker-errors.ts";
import { dockerRequirements, readerOf } from "./requirements.ts";
import type { Engine, Outcome, Progress, Step, StepOptions } from "../engine.ts";

export interface DockerEngineOptions {
  readonly program: "docker" | "podman" | "nerdctl";
  readonly run: Run;
  /**
   * The digest that a tag has in its registry now; `undefined` when it is not there or cannot be asked. Without it
   * nothing is known to be present, and the program is left to find out.
   */
  readonly digestOf?: (reference: ImageReference, signal?: AbortSignal) => Promise<string | undefined>;
  /**
   * What the index behind a reference offers, for a program that does not read it (docker before 23 reads no OCI
   * index); nothing when it is no index or cannot be asked.
   */
  readonly offersOf?: (reference: ImageReference, signal?: AbortSignal) => Promise<readonly Offer[]>;
  /** Logs the program in to the mirror registry before the first push; absent = its own login is relied on. */
  readonly credentials?: Credentials | undefined;
  /** The user's configuration folder of docker and nerdctl, which a login is kept out of. */
  readonly configFolder?: string | undefined;
  readonly retry?: Pick<RetryOptions, "attempts" | "firstDelay">;
}

/** Environment variables. */
type Variables = Readonly<Record<string, string>>;

/** An image that the program holds. */
interface LocalImage {
  readonly id: string;
  readonly platform: string;
  readonly bytes: number;
  /** `REPOSITORY@DIGEST` for each registry that it came from or was pushed to. */
  readonly repoDigests: readonly string[];
}

/** An image of an index. */
export interface Offer {
  readonly platform: string;
  readonly digest: string;
}

/** An engine over the program's command line. Its steps throw `interrupted` and `command-missing` only. */
export function createDockerEngine(options: DockerEngineOptions): Engine {
  const { program, run, digestOf = async () => undefined, offersOf = async () => [], credentials } = options;
  const logins = new Map<string, Promise<Variables>>();
  const folders: LoginFolder[] = [];

  async function act(
    action: EngineAction,
    reference: ImageReference,
    args: readonly string[],
    step: StepOptions,
    login: Variables = {},
  ) {
    const env = { LC_ALL: "C", ...login };
    const { code, stdout, stderr } = await run([program, ...args], { signal: step.signal, env });
    if (code === 0) return stdout;
    const { registry } = reference;
    const image = engineName(reference);
    const error = engineError({ engine: program, action, image, registry, code, output: stderr || stdout });
    throw error.code === "engine-layer" ? await agedLayerError(error, step.signal) : error;
  }

  /** A layer that cannot be unpacked is no matter of the program's age where its version reads every compression. */
  async function agedLayerError(error: MirrorError, signal: AbortSignal | undefined): Promise<MirrorError> {
    const reader = await readerOf(program, run, signal);
    if (reader === undefined) return error;
    return error.with({ version: reader.version, reads: readsFeature(reader, "zstd-layer") === true ? "yes" : "no" });
  }

  const actWithRetry = (
    action: EngineAction,
    reference: ImageReference,
    args: readonly string[],
    transfer: Transfer,
    step: StepOptions,
    login?: Variables,
  ): Promise<string> =>
    retry(() => act(action, reference, args, step, login), {
      ...options.retry,
      signal: step.signal,
      onRetry: ({ error, attempt, delay }) =>
        step.onProgress?.({ kind: "retry", transfer, attempt, delay, reason: reasonOf(error) }),
    });

  async function inspect(reference: ImageReference, { signal }: StepOptions): Promise<LocalImage | undefined> {
    const image = engineName(reference);
    const { code, stdout, stderr } = await run([program, "image", "inspect", image], { signal, env: { LC_ALL: "C" } });
    if (code === 0) return readImage(stdout);
    if (/no such (?:image|object)|image not known|not found/i.test(stderr)) return undefined;
    const { registry } = reference;
    throw engineError({ engine: program, action: "pull", image, registry, code, output: stderr });
  }

  async function offers(reference: ImageReference, { signal }: StepOptions): Promise<readonly Offer[]> {
    const ran = await run([program, "manifest", "inspect", engineName(reference)], { signal, env: { LC_ALL: "C" } });
    return ran.code === 0 ? readOffers(ran) : offersOf(reference, signal);
  }

  async function pull(transfer: Transfer, step: StepOptions): Promise<Outcome> {
    const { source, platform } = transfer;
    const name = engineName(source);
    const report = reporter(transfer, step);
    report("verify");
    const before = await inspect(source, step);
    const upstream = source.digest ?? (before && (await digestOf(source, step.signal)));
    if (before?.platform === platform && upstream !== undefined && digestIn(before, source) === upstream) {
      return { transfer, status: "present", digest: upstream, bytes: before.bytes };
    }

    report("pull");
    await actWithRetry("pull", source, ["pull", "--platform", platform, name], transfer, step).catch(
      async (error: unknown) => {
        if (!(error instanceof MirrorError) || error.code !== "image-platform") throw error;
        throw notOffered(transfer, await offers(source, step));
      },
    );
    report("verify");
    const image = await verified(transfer, step);
    const status = before?.id === image.id ? "present" : "pulled";
    return {
      transfer,
      status,
      ...digestProperty(digestIn(image, source)),
      bytes: image.bytes,
      ...(image.platform === "" ? { warnings: [message("platform-assumed", { image: name, platform })] } : {}),
    };
  }

  /** What was pulled, once it is of the platform wanted: at the second try by the digest that the index has for it. */
  async function verified(transfer: Transfer, step: StepOptions): Promise<LocalImage> {
    const { source, platform } = transfer;
    const name = engineName(source);
    const image = await inspect(source, step);
    if (image !== undefined && fits(image, platform)) return image;
    reporter(transfer, step)("fallback");
    const offered = await offers(source, step);
    const offer = offered.find((each) => each.platform === platform);
    // no index has a better one, and the image itself does not say
    if (offer === undefined && image?.platform === "") return image;
    if (offer === undefined) throw notOffered(transfer, offered.length > 0 ? offered : image ? [image] : []);
    const { registry, repository } = source;
    const exact: ImageReference = { registry, repository, digest: offer.digest };
    await actWithRetry("pull", exact, ["pull", "--platform", platform, engineName(exact)], transfer, step);
    if (source.digest === undefined) await act("pull", exact, ["tag", engineName(exact), name], step);
    const second = await inspect(source.digest === undefined ? source : exact, step);
    if (second !== undefined && (fits(second, platform) || second.platform === "")) return second;
    throw notOffered(transfer, second ? [second] : offered);
  }

  async function push(transfer: Transfer, step: StepOptions): Promise<Outcome> {
    const { source, target, platform } = transfer;
    const report = reporter(transfer, step);
    report("verify");
    const image = await inspect(source, step);
    if (image === undefined || (!fits(image, platform) && image.platform !== "")) {
      throw new MirrorError("image-not-pulled", { image: engineName(source), platform });
    }
    const pushedBefore = digestIn(image, target);
    if (pushedBefore !== undefined && (await digestOf(target, step.signal)) === pushedBefore) {
      return { transfer, status: "present", digest: pushedBefore, bytes: image.bytes };
    }
    const login = await logIn(target, step);
    report("tag");
    await act("push", target, ["tag", engineName(source), engineName(target)], step);
    report("push");
    const said = await actWithRetry("push", target, ["push", engineName(target)], transfer, step, login);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? (await digestOf(target, step.signal));
    return { transfer, status: "pushed", ...digestProperty(digest), bytes: image.bytes };
  }

  /** Gives the variables with which the program is logged in to the registry of `target`. */
  function logIn({ registry }: ImageReference, step: StepOptions): Promise<Variables> {
    if (credentials === undefined) return Promise.resolve({});
    const known = logins.get(registry);
    if (known) return known;
    const login = loginVariables(registry, options, folders).then(async (variables) => {
      await logInTo(registry, credentials, { ...options, signal: step.signal, variables });
      return variables;
    });
    logins.set(registry, login);
    return login;
  }

  return {
    requirements: dockerRequirements(program, run),
    pull: asStep(pull),
    push: asStep(push),
    mirror: asStep(async (transfer, stepOptions) => {
      const { digest, warnings } = await pull(transfer, stepOptions);
      return {
        ...(await push(transfer, stepOptions)),
        ...(digest === undefined ? {} : { sourceDigest: digest }),
        ...(warnings === undefined ? {} : { warnings }),
      };
    }),
    close: async () => {
      await Promise.allSettled(logins.values());
      await Promise.all(folders.map((folder) => folder.remove()));
    },
  };
}

/** Turns what `body` throws for the one image into its outcome. */
function asStep(body: (transfer: Transfer, options: StepOptions) => Promise<Outcome>): Step {
  return async (transfer, options = {}) => {
    try {
      return await body(transfer, options);
    } catch (error) {
      if (!(error instanceof MirrorError) || error.code === "interrupted" || error.code === "command-missing") {
        throw error;
      }
      return { transfer, status: "failed", error };
    }
  };
}

/** podman keeps logins for the session only, in a place of its own; the others write to the user's configuration. */
async function loginVariables(
  registry: string,
  { program, configFolder }: DockerEngineOptions,
  folders: LoginFolder[],
): Promise<Variables> {
  if (program === "podman") return {};
  const folder = await makeLoginFolder(configFolder, registry);
  folders.push(folder);
  return { DOCKER_CONFIG: folder.path };
}

/**
 * Logs the program in to `registry`, the password on its standard input. Throws `login-denied`, `login-failed`, and
 * what `engineError` knows.
 */
async function logInTo(
  registry: string,
  { username, password }: Credentials,
  {
    program,
    run,
    retry: options,
    signal,
    variables,
  }: DockerEngineOptions & StepOptions & { readonly variables: Variables },
): Promise<void> {
  const args = ["login", `--username=${username}`, "--password-stdin", registry];
  await retry(
    async () => {
      const ran = await run([program, ...args], { input: password, signal, env: { LC_ALL: "C", ...variables } });
      if (ran.code === 0) return;
      const output = password.hideIn(ran.stderr || ran.stdout, username);
      throw engineError({ engine: program, action: "login", image: registry, registry, code: ran.code, output });
    },
    { ...options, signal },
  );
}

function fits({ platform }: LocalImage, wanted: string): boolean {
  return platform === wanted;
}

/** The digest under which the image is known at the reference's repository. */
function digestIn({ repoDigests }: LocalImage, reference: ImageReference): string | undefined {
  const full = `${reference.registry}/${reference.repository}@`;
  const short = `${familiarRepository(reference)}@`;
  const found = repoDigests.filter((each) => each.startsWith(full) || each.startsWith(short));
  const digests = found.map((each) => each.slice(each.indexOf("@") + 1));
  return digests.find((digest) => digest === reference.digest) ?? digests[0];
}

function digestProperty(digest: string | undefined): { readonly digest?: string } {
  return digest === undefined ? {} : { digest };
}

function reporter(transfer: Transfer, { onProgress }: StepOptions) {
  return (phase: Extract<Progress, { kind: "phase" }>["phase"]): void =>
    onProgress?.({ kind: "phase", transfer, phase });
}

function notOffered({ source, platform }: Transfer, offered: readonly { readonly platform: string }[]): MirrorError {
  const platforms = [...new Set(offered.map((each) => each.platform))];
  return new MirrorError("image-platform", {
    image: familiarName(source),
    platform,
    offered: platforms.length === 0 ? "-" : platforms.join(", "),
  });
}

/** Of an error of docker's its own words, without ours around them. */
function reasonOf(error: unknown): Cause {
  const detail = error instanceof MirrorError ? error.values["detail"] : undefined;
  return typeof detail === "object" && !Array.isArray(detail) ? (detail as Cause) : causeOf(error);
}

/** Reads what `image inspect` prints; `undefined` when it is not what docker, podman and nerdctl print. */
function readImage(text: string): LocalImage | undefined {
  const found = parseJson(text);
  const [image] = (Array.isArray(found) ? found : []) as readonly (Partial<Record<string, unknown>> | null)[];
  const {
    Id: id,
    Os: os,
    Architecture: architecture,
    Variant: variant,
    Size: size,
    RepoDigests: digests,
  } = image ?? {};
  if (typeof id !== "string" || typeof os !== "string" || typeof architecture !== "string") return undefined;
  return {
    id,
    platform: platformOf(os, architecture, variant),
    bytes: typeof size === "number" ? size : 0,
    repoDigests: Array.isArray(digests) ? digests.filter((each): each is string => typeof each === "string") : [],
  };
}

/** Reads what `manifest inspect` prints for an index; nothing for a single manifest. */
function readOffers({ stdout }: Ran): readonly Offer[] {
  const { manifests } = (parseJson(stdout) ?? {}) as { readonly manifests?: unknown };
  const entries: readonly unknown[] = Array.isArray(manifests) ? manifests : [];
  return entries.flatMap((entry) => {
    const { digest, platform } = (entry ?? {}) as { readonly digest?: unknown; readonly platform?: unknown };
    const { os, architecture, variant } = (platform ?? {}) as Partial<Record<string, unknown>>;
    return typeof digest === "string" && typeof os === "string" && typeof architecture === "string" && os !== "unknown"
      ? [{ digest, platform: platformOf(os, architecture, variant) }]
      : [];
  });
}

/** Empty where the image does not say, as those of some build tools. */
function platformOf(os: string, architecture: string, variant: unknown): string {
  if (os === "" || architecture === "") return "";
  const text =
    typeof variant === "string" && variant !== "" ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
  try {
    return formatPlatform(parsePlatform(text));
  } catch {
    return text;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
