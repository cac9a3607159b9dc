/**
 * What docker and compose print on the host when a step fails, as errors with a hint. Exit codes tell that a step
 * failed; only the text tells why. The first rule that fits wins, and a rule may hold for some steps only: a
 * registry's "denied" means a wrong password at the login and a missing login at the pull.
 */
import { type Reader, readsFeature } from "../../image/readability.ts";
import { type ErrorsWith, MirrorError } from "../../messages/errors.ts";
import { type Cause, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";

/** What every error of a failed step can say. */
interface StepValues {
  readonly host: string;
  readonly dir: string;
  readonly registry: string;
  readonly detail: Cause;
  readonly engine: string;
  readonly version: string;
}
export type StepErrorCode = ErrorsWith<StepValues>;

const RULES: readonly (readonly [pattern: RegExp, code: StepErrorCode, kinds?: readonly string[]])[] = [
  [/^compose-mirror: .*(?:is a link|another user)/m, "host-link"],
  [/KeyError: 'ContainerConfig'/, "host-container-config"],
  [
    /client version \S+ is too (?:old|new)|Minimum supported API version|Maximum supported API version/,
    "host-api-version",
  ],
  [
    /permission denied.*docker.*\.sock|docker.*\.sock.*permission denied|fetching server API.*PermissionError/i,
    "host-docker-permission",
  ],
  [
    /Cannot connect to the Docker daemon|Is the docker daemon running|Couldn't connect to Docker daemon|fetching server API version.*FileNotFound/,
    "host-docker-stopped",
  ],
  [/no space left on device|disk quota exceeded/i, "host-disk-full"],
  [/toomanyrequests|429 Too Many Requests|pull rate limit/i, "host-rate-limit"],
  [/No chain\/target\/match by that name|DOCKER-ISOLATION-STAGE.*(?:fail|does not exist)/, "host-firewall"],
  [
    /unauthorized|incorrect username or password|authentication (?:required|failed)|denied:/i,
    "host-login-denied",
    ["login"],
  ],
  [
    /pull access denied|access to the resource is denied|unauthorized|authentication required|no basic auth/i,
    "host-pull-denied",
  ],
  [/no matching manifest for|does not match the (?:specified|detected) (?:host )?platform/, "host-image-platform"],
  [
    /manifest unknown|manifest for \S+ not found|\/\S+: not found$|name unknown|repository \S+ not found/im,
    "host-image-missing",
    ["pull", "up", "retag"],
  ],
  [/server gave HTTP response to HTTPS client/, "host-registry-plain"],
  [/x509:|certificate (?:signed by|has expired|is not valid)|tls: /, "host-registry-certificate"],
  [
    /(?<!proxyconnect tcp: )dial tcp (?:127\.\d+\.\d+\.\d+|\[::1\]):\d+: (?:\w+: )?(?:connection refused|i\/o timeout)/,
    "host-loopback-refused",
    ["login", "pull"],
  ],
  // What docker 1.13 and 17.09 say of an OCI manifest: they take it for one of schema 1, which is signed.
  [/missing signature key/, "host-manifest-unreadable", ["pull"]],
  // What docker before 23 says of a layer that is compressed with zstd.
  [/invalid tar header/, "host-layer-unreadable", ["pull"]],
  [
    /no such host|i\/o timeout|TLS handshake timeout|Client\.Timeout|deadline exceeded|(?:connection|network|host) (?:refused|is unreachable|timed out)|no route to host/i,
    "host-registry-unreachable",
    ["login", "pull"],
  ],
  [/env file .*not found|find env file|open \S+: no such file|source path does not exist/i, "host-file-missing"],
  [/port is already allocated|address already in use/, "host-port-taken"],
  [/mount a directory onto a file|not a directory.*mount|mount.*not a directory/i, "host-mount"],
  [/[Cc]onflict\. The container name/, "host-name-taken"],
  [/Unsupported config option|Compose file .* is invalid|Additional propert|yaml: /, "host-compose-invalid"],
];

/** The last lines a failed step printed are shown with its error. */
const TAIL = 8;

export interface FailedStep {
  readonly host: string;
  readonly dir: string;
  readonly registry: string;
  /** The step's word for itself. */
  readonly kind: string;
  /** The error where no rule fits. */
  readonly failure: StepErrorCode;
  readonly code: number;
  /** What reads the images there, where that is known. */
  readonly reader?: Reader | undefined;
  /** Both streams in the order they came. */
  readonly lines: readonly string[];
  /** Hides passwords in what is shown; the rules read what was really said. */
  readonly mask?: (text: string) => string;
}

/** The error for a step that ended with another exit code than 0. */
export function hostError({
  host,
  dir,
  registry,
  kind,
  failure,
  code,
  reader,
  lines,
  mask = (text) => text,
}: FailedStep): MirrorError {
  const said = lines.filter((line) => line.trim() !== "");
  const found = RULES.find(([pattern, , kinds]) => (kinds?.includes(kind) ?? true) && pattern.test(said.join("\n")));
  const detail = said.length === 0 ? message("exit-code", { code }) : theirs(mask(said.slice(-TAIL).join("\n  ")));
  const { kind: engine = "docker", version = "?" } = reader ?? {};
  const error = found?.[1] ?? failure;
  return new MirrorError(error, { host, dir, registry, detail, engine, version, reads: readsIt(error, reader) });
}

/** Whether the host's version reads what it has failed on: then that is no matter of its age. */
function readsIt(code: StepErrorCode, reader: Reader | undefined): "yes" | "no" | "unknown" {
  const feature = code === "host-layer-unreadable" ? "zstd-layer" : "oci-manifest";
  const reads = reader && readsFeature(reader, feature);
  return reads === undefined ? "unknown" : reads ? "yes" : "no";
}
