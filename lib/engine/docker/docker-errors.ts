/**
 * What docker, podman and nerdctl print when a command fails, as errors with hints. The exit code tells that it
 * failed; only the text tells why, and whether another attempt can help. The first rule that fits wins.
 */
import { type ErrorsWith, MirrorError } from "../../messages/errors.ts";
import { type Cause, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";

export type EngineAction = "pull" | "push" | "login";

/** What every error of an engine can say. */
interface EngineValues {
  readonly engine: string;
  readonly image: string;
  readonly registry: string;
  readonly host: string;
  readonly detail: Cause;
  readonly platform: string;
  readonly offered: string;
  readonly version: string;
}
type EngineErrorCode = ErrorsWith<EngineValues>;

interface Rule {
  readonly pattern: RegExp;
  readonly code: EngineErrorCode;
  readonly actions?: readonly EngineAction[];
}

const RULES: readonly Rule[] = [
  {
    pattern: /Cannot connect to the Docker daemon|Is the docker daemon running|cannot access containerd socket/i,
    code: "engine-stopped",
  },
  { pattern: /permission denied.*\.sock|\.sock.*permission denied/i, code: "engine-permission" },
  { pattern: /no space left on device|disk quota exceeded/i, code: "disk-full" },
  // what a program says of a layer that is damaged, or compressed in a way that it does not know
  { pattern: /invalid tar header/, code: "engine-layer", actions: ["pull"] },
  { pattern: /content digest sha256:\S+: not found/i, code: "push-incomplete", actions: ["push"] },
  { pattern: /content digest sha256:\S+: not found/i, code: "engine-mirror-stale", actions: ["pull"] },
  { pattern: /proxyconnect|Proxy Authentication Required/i, code: "engine-proxy" },
  {
    pattern: /certificate is (?:not )?valid for|not valid for any names/i,
    code: "engine-certificate-name",
  },
  { pattern: /error parsing HTTP (?!429)\d+ response body/i, code: "engine-answer" },
  { pattern: /toomanyrequests|too many requests|\b429\b|rate limit/i, code: "registry-rate-limit" },
  {
    pattern:
      /no matching manifest|no image found in (?:image index|manifest list)|does not match the specified platform/i,
    code: "image-platform",
    actions: ["pull"],
  },
  {
    pattern: /unauthorized|incorrect username or password|authentication (?:required|failed)|invalid username|denied/i,
    code: "login-denied",
    actions: ["login"],
  },
  {
    pattern:
      /pull access denied|repository does not exist|access to the resource is denied|unauthorized|authentication required|denied:/i,
    code: "pull-denied",
    actions: ["pull"],
  },
  {
    pattern: /unknown manifest class|manifest invalid/i,
    code: "push-manifest",
    actions: ["push"],
  },
  { pattern: /unauthorized|authentication required|no basic auth|denied/i, code: "push-denied", actions: ["push"] },
  { pattern: /manifest unknown|not found|name unknown/i, code: "image-missing", actions: ["pull"] },
  { pattern: /server gave HTTP response to HTTPS client/i, code: "engine-plain" },
  { pattern: /x509:|certificate/i, code: "engine-certificate" },
  { pattern: /no such host|server misbehaving|name resolution/i, code: "engine-unreachable" },
  {
    pattern:
      /i\/o timeout|TLS handshake timeout|Client\.Timeout|deadline exceeded|connection refused|no route to host|network is unreachable|connection timed out/i,
    code: "engine-unreachable",
  },
];

const OTHERWISE: Readonly<Record<EngineAction, EngineErrorCode>> = {
  pull: "pull-failed",
  push: "push-failed",
  login: "login-failed",
};

export interface FailedCommand {
  readonly engine: string;
  readonly action: EngineAction;
  /** The image, as it was asked for; the registry for a login. */
  readonly image: string;
  readonly registry: string;
  readonly code: number;
  readonly output: string;
}

/** The error for a command of `engine` that ended with another exit code than 0. */
export function engineError({ engine, action, image, registry, code, output }: FailedCommand): MirrorError {
  const rule = RULES.find(({ pattern, actions }) => (actions?.includes(action) ?? true) && pattern.test(output));
  const said = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const last = said.at(-1)?.trim();
  const detail = last === undefined ? message("engine-exit", { code }) : theirs(last);
  return new MirrorError(rule?.code ?? OTHERWISE[action], {
    engine,
    image,
    registry,
    host: hostIn(output) ?? registry,
    detail,
    platform: "",
    offered: "",
    version: "?",
  });
}

/** The host that the program spoke to, which is another one than the image's where it has registry mirrors. */
function hostIn(output: string): string | undefined {
  return (
    /(?:Get|Head|Post|Put|Patch) "?https?:\/\/([^/"\s]+)/.exec(output)?.[1] ??
    /\blookup (\S+?)(?: on |:)/.exec(output)?.[1]
  );
}
