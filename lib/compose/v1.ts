/**
 * What docker-compose v1 (1.29, the last) does not read, found in the files before anything is sent to such a host.
 * The list is what 1.29.2 itself rejected when each attribute was tried on it.
 */
import { type Document, isNull, type Mapping, parseFile, type Value, whereIs } from "./document.ts";
import type { Message } from "../messages/message.ts";
import { message } from "../messages/texts.ts";
import type { Project } from "./project.ts";

const SECTIONS = new Set(["version", "services", "networks", "volumes", "secrets", "configs"]);

/** `*` matches any key, and any item of a list. */
const UNKNOWN: readonly (readonly string[])[] = [
  "annotations",
  "attach",
  "build.additional_contexts",
  "build.dockerfile_inline",
  "build.entitlements",
  "build.no_cache",
  "build.platforms",
  "build.privileged",
  "build.provenance",
  "build.pull",
  "build.sbom",
  "build.secrets",
  "build.ssh",
  "build.tags",
  "build.ulimits",
  "cgroup",
  "credential_spec.config",
  "depends_on.*.required",
  "depends_on.*.restart",
  "develop",
  "env_file.*.path",
  "gpus",
  "healthcheck.start_interval",
  "label_file",
  "models",
  "networks.*.driver_opts",
  "networks.*.gw_priority",
  "networks.*.interface_name",
  "networks.*.mac_address",
  "ports.*.app_protocol",
  "ports.*.host_ip",
  "ports.*.name",
  "post_start",
  "pre_start",
  "pre_stop",
  "provider",
  "use_api_socket",
  "uts",
  "volumes.*.bind.create_host_path",
  "volumes.*.bind.recursive",
  "volumes.*.bind.selinux",
  "volumes.*.image",
  "volumes.*.tmpfs.mode",
  "volumes.*.volume.subpath",
]
  .map((path) => `services.*.${path}`)
  .concat("configs.*.content", "secrets.*.environment", "networks.*.enable_ipv4")
  .map((path) => path.split("."));

/** Values that v1 takes as strings, numbers and nulls, and v2 as booleans too. */
const NO_BOOLEANS: readonly (readonly string[])[] = [
  "services.*.environment.*",
  "services.*.sysctls.*",
  "services.*.build.args.*",
].map((path) => path.split("."));

/** Attributes of services that v1 takes without a value; `image` has a check of its own. */
const MAY_BE_NULL = new Set(["deploy", "pid", "image"]);

/**
 * Lists what v1 would reject or misread in the project's files, each with its FILE:LINE:COLUMN; empty when it can run
 * the project. Parses the files again, so call it for a v1 host only.
 */
export function v1Problems(project: Project): readonly Message[] {
  return [...project.files].flatMap(([path, text]) => {
    const { documents } = parseFile(path, text);
    const found = documents.flatMap(documentProblems);
    const [, second] = documents;
    if (second) found.unshift(message("v1-second-document", { where: whereIs(second.root) }));
    return found;
  });
}

function documentProblems({ root, resets, anchoredTwice }: Document): readonly Message[] {
  if (root.kind !== "mapping") return [];
  const found: Message[] = [];
  for (const [key, value] of root.entries) {
    if (!SECTIONS.has(key) && !key.startsWith("x-"))
      found.push(message("v1-top-level", { where: whereIs(value), key }));
  }
  const version = root.entries.get("version");
  if (version?.kind === "scalar" && version.type !== "string")
    found.push(message("v1-version", { where: whereIs(version) }));
  for (const path of UNKNOWN) found.push(...at(root, path, []));
  for (const path of resets) found.push(message("v1-tag", { where: whereIs(root), path: path.join(".") }));
  if (anchoredTwice !== undefined) found.push(message("v1-anchor", { where: whereIs(anchoredTwice) }));
  for (const path of NO_BOOLEANS) {
    for (const value of valuesAt(root, path)) {
      if (value.kind === "scalar" && value.type === "bool")
        found.push(message("v1-unquoted", { where: whereIs(value), text: value.text }));
    }
  }
  for (const init of valuesAt(root, ["services", "*", "init"])) {
    if (init.kind === "scalar" && init.type === "string") found.push(message("v1-init", { where: whereIs(init) }));
  }
  for (const service of valuesAt(root, ["services", "*"])) {
    if (service.kind !== "mapping") continue;
    for (const [key, value] of service.entries) {
      if (isNull(value) && !MAY_BE_NULL.has(key)) found.push(message("v1-null", { where: whereIs(value), key }));
    }
  }
  return [...found, ...nullImages(root), ...formProblems(root, new Set()), ...wordProblems(root, new Set())];
}

/** What a path leads to in a document, as problems. */
function at(value: Value, [next, ...rest]: readonly string[], above: readonly string[]): readonly Message[] {
  if (next === undefined) return [message("v1-attribute", { where: whereIs(value), path: above.join(".") })];
  return childrenOf(value, next).flatMap(([key, child]) => at(child, rest, [...above, key]));
}

/** The values that a path leads to. */
function valuesAt(value: Value, [next, ...rest]: readonly string[]): readonly Value[] {
  return next === undefined ? [value] : childrenOf(value, next).flatMap(([, child]) => valuesAt(child, rest));
}

/** The entries or items of a value that `name` matches. */
function childrenOf(value: Value, name: string): readonly (readonly [string, Value])[] {
  if (value.kind === "scalar") return [];
  const children: readonly (readonly [string, Value])[] =
    value.kind === "mapping" ? [...value.entries] : value.items.map((item, index) => [String(index), item]);
  return children.filter(([key]) => name === "*" || name === key);
}

/** v1 knows neither `+` forms nor a lone `$` and fails on them; it misreads variables within a default. */
function formProblems(value: Value, seen: Set<Value>): readonly Message[] {
  if (!value.dollars || seen.has(value)) return [];
  seen.add(value);
  if (value.kind === "mapping") return [...value.entries.values()].flatMap((entry) => formProblems(entry, seen));
  if (value.kind === "sequence") return value.items.flatMap((item) => formProblems(item, seen));
  const text = value.text.replaceAll("$$", "");
  if (/\$(?![a-z_{])/i.test(text)) return [message("v1-dollar", { where: whereIs(value) })];
  if (/\$\{\w+:?\+/.test(text)) return [message("v1-plus", { where: whereIs(value) })];
  return /\$\{\w+:?[-?][^}]*\$/.test(text) ? [message("v1-nested", { where: whereIs(value) })] : [];
}

/** An image without a value leaves an earlier file's as it is; v1 takes no such image. */
function nullImages({ entries }: Mapping): readonly Message[] {
  const services = entries.get("services");
  if (services?.kind !== "mapping") return [];
  return [...services.entries.values()].flatMap((service) => {
    const image = service.kind === "mapping" ? service.entries.get("image") : undefined;
    return image !== undefined && isNull(image) ? [message("v1-image-null", { where: whereIs(image) })] : [];
  });
}

/** v1 reads YAML 1.1, where these words are booleans and `22:22` is the number 1342. */
const WORD = /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;
const SEXAGESIMAL = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
/** Attributes that are booleans anyway. */
const BOOLEANS = new Set([
  "privileged",
  "tty",
  "stdin_open",
  "init",
  "read_only",
  "external",
  "internal",
  "attachable",
]);

function wordProblems(value: Value, seen: Set<Value>): readonly Message[] {
  if (seen.has(value)) return [];
  seen.add(value);
  if (value.kind === "sequence") return value.items.flatMap((item) => wordProblems(item, seen));
  if (value.kind === "mapping") {
    return [...value.entries].flatMap(([key, entry]) => [
      ...(WORD.test(key) && isWrittenPlain(key, entry)
        ? [message("v1-unquoted-key", { where: whereIs(entry), key })]
        : []),
      ...(BOOLEANS.has(key) ? [] : wordProblems(entry, seen)),
    ]);
  }
  const isOther = value.type === "string" && (WORD.test(value.text) || SEXAGESIMAL.test(value.text));
  const { start } = (value.target ?? value).range;
  const isPlain = isOther && value.file.text.startsWith(value.text, start);
  return isPlain ? [message("v1-unquoted", { where: whereIs(value), text: value.text })] : [];
}

/** Whether the key of an entry stands before it without quotes. */
function isWrittenPlain(key: string, { file, range }: Value): boolean {
  const before = file.text.slice(Math.max(0, range.start - 200), range.start);
  return new RegExp(`(?:^|[\\s{,])${key}\\s*:[^:]*$`).test(before);
}
