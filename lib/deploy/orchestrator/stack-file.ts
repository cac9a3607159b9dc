/**
 * The merged project as `docker stack deploy` reads it: one file of the compose format 3.8 without variables, as JSON
 * (which is YAML). What a swarm does not support is dropped, with a warning; some attributes are translated:
 *
 *     depends_on                     dropped: a swarm starts all services at once
 *     restart                        deploy.restart_policy
 *     container_name, build, …       dropped
 *     profiles                       services of profiles that are not active are dropped
 *     secrets, configs of files      named by their content, because docker cannot change one
 *     mounted files                  a label of the service says what they contain, so that new content restarts it
 *
 * https://github.com/docker/cli/blob/master/cli/compose/schema/data/config_schema_v3.8.json
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { type Value, whereIs } from "../../compose/document.ts";
import { escapeDollars } from "../../compose/interpolation.ts";
import { RESOURCE_KINDS, unique } from "../../compose/merge.ts";
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import type { PlacedFile } from "../files/file-diff.ts";
import type { DeployWarning } from "../host/probe.ts";
import type { FilesRequest } from "./orchestrator.ts";

export interface StackFile {
  readonly text: string;
  readonly warnings: readonly DeployWarning[];
}

const FILES_LABEL = "compose-mirror.files";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** The attributes of a service that format 3.8 has and a swarm uses. */
const SERVICE = new Set(
  `cap_add cap_drop command configs credential_spec deploy dns dns_search entrypoint env_file environment expose
  extra_hosts healthcheck hostname image init isolation labels logging networks ports read_only secrets stdin_open
  stop_grace_period stop_signal sysctls tmpfs tty ulimits user volumes working_dir`.split(/\s+/),
);
const HEALTHCHECK = new Set(["disable", "interval", "retries", "start_period", "test", "timeout"]);
const VOLUME = new Set(["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"]);
const PORT = new Set(["mode", "target", "published", "protocol"]);

export type StackRequest = Pick<FilesRequest, "project" | "services" | "name" | "placed">;

/** Translates a project. Throws `stack-unfit` for a service that is built, since a swarm runs images only, `value-not-text`. */
export function stackFile({ project, services, name: stack, placed }: StackRequest): StackFile {
  const { definitions } = project;
  const built = project.services.find((service) => services.has(service.name) && service.built);
  if (built !== undefined) {
    const detail = message("stack-built", { service: built.name });
    throw new MirrorError("stack-unfit", { file: project.composeFiles[0]!, detail });
  }
  const warnings: DeployWarning[] = [];
  const own = [...definitions.services].flatMap(([name, definition]) =>
    services.has(name) && definition !== null ? [[name, attributesOf(definition.attributes)] as const] : [],
  );
  const resources = RESOURCE_KINDS.flatMap((kind): readonly (readonly [string, Json])[] => {
    const entries = Object.fromEntries([...definitions[kind]].map(([name, value]) => [name, plain(value)]));
    if (Object.keys(entries).length === 0) return [];
    if (kind === "networks") return [[kind, translateNetworks(entries, warnings)]];
    return [[kind, kind === "volumes" ? entries : namedByContent(entries, stack, placed)]];
  });
  const file = {
    version: "3.8",
    services: labelled(translateServices(Object.fromEntries(own), warnings), placed),
    ...Object.fromEntries(resources),
  };
  return { text: `${JSON.stringify(file, null, 2)}\n`, warnings: distinct(warnings) };
}

function attributesOf(attributes: ReadonlyMap<string, Value>): JsonObject {
  return Object.fromEntries([...attributes].map(([key, value]) => [key, plain(unique(key, value))]));
}

function translateServices(services: JsonObject, warnings: DeployWarning[]): JsonObject {
  return mapObject(services, (value, service) => {
    const { restart, deploy, depends_on: dependsOn, env_file: envFile, ...rest } = object(value);
    const drop = (attribute: string): void => {
      warnings.push(message("warning-stack-dropped", { service, attribute }));
    };
    const kept = Object.entries(rest).filter(([key]) => {
      if (SERVICE.has(key)) return true;
      if (key !== "profiles" && key !== "extends" && !key.startsWith("x-")) drop(key);
      return false;
    });
    if (dependsOn !== undefined) warnings.push(message("warning-stack-order", { service }));
    const policy = object(deploy)["restart_policy"] ?? policyOf(restart);
    if (restart !== undefined) warnings.push(message("warning-stack-restart", { service }));
    const result = {
      ...Object.fromEntries(kept),
      ...(envFile === undefined ? {} : { env_file: list(envFile).map((item) => object(item)["path"] ?? item) }),
      ...(deploy === undefined && policy === undefined
        ? {}
        : { deploy: { ...object(deploy), ...(policy === undefined ? {} : { restart_policy: policy }) } }),
    };
    return mapObject(result, (entry, key) => translateAttribute(key, entry, service, warnings));
  });
}

function translateAttribute(key: string, value: Json, service: string, warnings: DeployWarning[]): Json {
  const keep =
    (known: ReadonlySet<string>) =>
    (item: Json): Json =>
      isObject(item) ? Object.fromEntries(Object.entries(item).filter(([name]) => known.has(name))) : item;
  if (key === "healthcheck") return keep(HEALTHCHECK)(value);
  if (key === "ports") return list(value).map(keep(PORT)).map(withNumbers);
  if (key !== "volumes") return value;
  return list(value).map((item) => {
    const bound = isObject(item) && item["type"] === "bind" ? item["source"] : undefined;
    const source = typeof item === "string" ? item.split(":")[0] : bound;
    // Other nodes of the swarm have what they have at that path.
    if (typeof source === "string" && /^[./~]/.test(source)) {
      warnings.push(message("warning-stack-mount", { service, source }));
    }
    const known = keep(VOLUME)(item);
    if (!isObject(known) || !isObject(known["bind"])) return known;
    const { propagation } = known["bind"];
    const { bind: _, ...others } = known;
    return propagation === undefined ? others : { ...others, bind: { propagation } };
  });
}

/** Compose takes ports as strings as well. */
function withNumbers(port: Json): Json {
  if (!isObject(port)) return port;
  return mapObject(port, (entry) => (typeof entry === "string" && /^\d+$/.test(entry) ? Number(entry) : entry));
}

/** A swarm's networks are overlays: the driver of one machine is dropped. */
function translateNetworks(networks: JsonObject, warnings: DeployWarning[]): JsonObject {
  return mapObject(networks, (value, name) => {
    if (object(value)["driver"] !== "bridge") return value;
    const { driver: _, driver_opts: __, ...rest } = object(value);
    warnings.push(message("warning-stack-dropped", { service: name, attribute: "driver" }));
    return rest;
  });
}

/**
 * Secrets and configs of files, with a name that follows from the content: docker refuses to change either, so another
 * content must be another secret. What has a name in the project keeps it.
 */
function namedByContent(entries: JsonObject, stack: string, placed: readonly PlacedFile[]): JsonObject {
  return mapObject(entries, (value, key) => {
    const { file, name, external } = object(value);
    if (typeof file !== "string" || name !== undefined || external !== undefined) return value;
    const found = placed.find((each) => each.name === posix.normalize(file));
    if (found === undefined) return value;
    // Docker allows 64 characters.
    return { ...object(value), name: `${`${stack}_${key}`.slice(0, 51)}_${found.sha256.slice(0, 12)}` };
  });
}

/** Services with a label for the content of their mounted files: only another specification makes a swarm restart them. */
function labelled(services: JsonObject, placed: readonly PlacedFile[]): JsonObject {
  return mapObject(services, (value, service) => {
    const mounted = placed.filter((file) => file.mounted && file.services.includes(service));
    if (mounted.length === 0) return value;
    const content = createHash("sha256").update(mounted.map(({ name, sha256 }) => `${sha256} ${name}\n`).join(""));
    const label = content.digest("hex").slice(0, 12);
    const { labels = {}, ...rest } = object(value);
    const more = Array.isArray(labels)
      ? [...labels, `${FILES_LABEL}=${label}`]
      : { ...object(labels), [FILES_LABEL]: label };
    return { ...rest, labels: more };
  });
}

/** Without a policy a swarm restarts every task that ends, those that ended well too. */
function policyOf(restart: Json | undefined): Json {
  if (restart === undefined) return { condition: "on-failure" };
  if (restart === "no" || restart === false) return { condition: "none" };
  const [failure, count] = /^on-failure(?::(\d+))?$/.exec(typeof restart === "string" ? restart : "") ?? [];
  if (failure === undefined) return { condition: "any" };
  return { condition: "on-failure", ...(count === undefined ? {} : { max_attempts: Number(count) }) };
}

/** A value as JSON; a `$` is doubled, because the docker client fills in variables too. */
function plain(value: Value): Json {
  switch (value.kind) {
    case "mapping":
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry)]));
    case "sequence":
      return value.items.map(plain);
    case "scalar":
      if (value.notText !== undefined) {
        throw new MirrorError("value-not-text", { variables: value.notText, where: whereIs(value.template ?? value) });
      }
      if (value.type === "null") return null;
      if (value.type === "bool") return value.text.toLowerCase() === "true";
      if ((value.type === "int" || value.type === "float") && /^-?\d+(?:\.\d+)?$/.test(value.text)) {
        return Number(value.text);
      }
      return value.type === "string" ? escapeDollars(value.text) : value.text;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function mapObject(value: JsonObject, translate: (entry: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, translate(entry, key)]));
}

function distinct(warnings: readonly DeployWarning[]): readonly DeployWarning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}
