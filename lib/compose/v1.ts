/**
 * What docker-compose v1 (1.29, the last) does not read, found in the files before anything is sent to such a host.
 * The list is what 1.29.2 itself rejected when each attribute was tried on it.
 */
import { type Document, parseFile, type Value, whereIs } from "./document.ts";
import type { Project } from "./project.ts";

const SECTIONS = new Set(["version", "services", "networks", "volumes", "secrets", "configs"]);

/** `*` stands for any key, and for any item of a list. */
const UNKNOWN: readonly (readonly string[])[] = [
  "annotations",
  "attach",
  "build.additional_contexts",
  "build.dockerfile_inline",
  "build.entitlements",
  "build.no_cache",
  "build.platforms",
  "build.privileged",
  "build.pull",
  "build.secrets",
  "build.ssh",
  "build.tags",
  "build.ulimits",
  "cgroup",
  "depends_on.*.required",
  "depends_on.*.restart",
  "develop",
  "env_file.*.path",
  "gpus",
  "healthcheck.start_interval",
  "label_file",
  "models",
  "networks.*.gw_priority",
  "networks.*.mac_address",
  "ports.*.name",
  "post_start",
  "pre_start",
  "pre_stop",
  "provider",
  "use_api_socket",
  "uts",
  "volumes.*.bind.create_host_path",
]
  .map((path) => `services.*.${path}`)
  .concat("configs.*.content", "secrets.*.environment", "networks.*.enable_ipv4")
  .map((path) => path.split("."));

/**
 * Lists what v1 would reject or misread in the project's files, as `FILE:LINE:COLUMN: what`; empty when it can run
 * the project. Parses the files again, so call it for a v1 host only.
 */
export function v1Problems(project: Project): readonly string[] {
  return [...project.files].flatMap(([path, text]) => {
    const { documents } = parseFile(path, text);
    const found = documents.flatMap(documentProblems);
    const [, second] = documents;
    if (second) found.unshift(problem(second.root, "a second YAML document in one file"));
    return found;
  });
}

function documentProblems({ root, resets }: Document): readonly string[] {
  if (root.kind !== "mapping") return [];
  const found: string[] = [];
  for (const [key, value] of root.entries) {
    if (!SECTIONS.has(key) && !key.startsWith("x-")) found.push(problem(value, `top-level "${key}"`));
  }
  const version = root.entries.get("version");
  if (version?.kind === "scalar" && version.type !== "string") found.push(problem(version, "a version without quotes"));
  for (const path of UNKNOWN) found.push(...at(root, path, []));
  for (const path of resets) found.push(problem(root, `the tag on ${path.join(".")}`));
  return [...found, ...formProblems(root, new Set())];
}

/** The values of a document that a path leads to. */
function at(value: Value, [next, ...rest]: readonly string[], above: readonly string[]): readonly string[] {
  if (next === undefined) return [problem(value, above.join("."))];
  if (value.kind === "scalar") return [];
  const children: readonly (readonly [string, Value])[] =
    value.kind === "mapping" ? [...value.entries] : value.items.map((item, index) => [String(index), item]);
  return children.flatMap(([key, child]) => (next === "*" || next === key ? at(child, rest, [...above, key]) : []));
}

/** v1 knows neither `+` forms nor variables within a default: it fails on the former and misreads the latter. */
function formProblems(value: Value, seen: Set<Value>): readonly string[] {
  if (!value.dollars || seen.has(value)) return [];
  seen.add(value);
  if (value.kind === "mapping") return [...value.entries.values()].flatMap((entry) => formProblems(entry, seen));
  if (value.kind === "sequence") return value.items.flatMap((item) => formProblems(item, seen));
  const text = value.text.replaceAll("$$", "");
  if (/\$\{\w+:?\+/.test(text)) return [problem(value, 'a variable form with "+"')];
  return /\$\{\w+:?[-?][^}]*\$/.test(text) ? [problem(value, "a variable within another's default")] : [];
}

function problem(value: Value, what: string): string {
  return `${whereIs(value)}: ${what}`;
}
