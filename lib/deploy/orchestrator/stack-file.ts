/**
 * A compose file as `docker stack deploy` takes it: the compose format 3.8, filled in, as JSON (which is YAML). What a
 * swarm has no use for is left out and told of; what it says otherwise is translated:
 *
 *     depends_on with conditions     a list of names; a swarm starts all at once
 *     restart                        deploy.restart_policy
 *     container_name, build, …       left out
 *     profiles                       services of profiles that are not active are left out
 *
 * The command line client merges several files, so every document stays one of its own.
 */
import type { Variables } from "../../compose/discover.ts";
import { parseFile, type Value } from "../../compose/document.ts";
import { escapeDollars, interpolate } from "../../compose/interpolation.ts";
import type { Project } from "../../compose/project.ts";
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import type { DeployWarning } from "../host/probe.ts";

export interface StackFiles {
  /** The text of every file, in merge order. */
  readonly texts: readonly string[];
  readonly warnings: readonly DeployWarning[];
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** What format 3.8 knows of a service and a swarm heeds. */
const SERVICE = new Set(
  `cap_add cap_drop command configs credential_spec deploy dns dns_search entrypoint env_file environment expose
  extra_hosts healthcheck hostname image init isolation labels logging networks ports read_only secrets stdin_open
  stop_grace_period stop_signal sysctls tmpfs tty ulimits user volumes working_dir`.split(/\s+/),
);
const SECTIONS = new Set(["services", "networks", "volumes", "configs", "secrets"]);
const HEALTHCHECK = new Set(["disable", "interval", "retries", "start_period", "test", "timeout"]);
const VOLUME = new Set(["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"]);
const PORT = new Set(["mode", "target", "published", "protocol"]);

export interface StackRequest {
  /** The mirror compose file as a project. */
  readonly project: Project;
  readonly variables: Variables;
  /** The services that will run. */
  readonly services: ReadonlySet<string>;
}

/** Translates the documents of a project. Throws `stack-unfit` for what cannot be: `extends`, `include`, a build. */
export function stackFiles({ project, variables, services }: StackRequest): StackFiles {
  const [main] = project.composeFiles;
  const unfit = (detail: string): never => {
    throw new MirrorError("stack-unfit", { file: main!, detail });
  };
  if (project.includes) unfit("it includes other files");
  const built = project.services.find((service) => services.has(service.name) && service.built);
  if (built !== undefined) unfit(`service "${built.name}" is built, and a swarm runs images only`);
  const warnings: DeployWarning[] = [];
  const { documents } = parseFile(main!, project.files.get(main!)!);
  const texts = documents.map(({ root }) => {
    const found = object(plain(root, variables));
    for (const [name, service] of Object.entries(object(found["services"]))) {
      if (services.has(name) && object(service)["extends"] !== undefined) unfit(`service "${name}" extends another`);
    }
    const sections = Object.entries(found).filter(([key]) => SECTIONS.has(key) || key.startsWith("x-"));
    const translated = sections.map(([key, value]): readonly [string, Json] => {
      if (key === "services") return [key, translateServices(object(value), services, warnings)];
      return [key, key === "networks" ? translateNetworks(object(value), warnings) : value];
    });
    return `${JSON.stringify({ version: "3.8", ...Object.fromEntries(translated) }, null, 2)}\n`;
  });
  return { texts, warnings: distinct(warnings) };
}

function translateServices(all: JsonObject, services: ReadonlySet<string>, warnings: DeployWarning[]): JsonObject {
  return mapObject(Object.fromEntries(Object.entries(all).filter(([name]) => services.has(name))), (value, service) => {
    const { restart, deploy, depends_on: dependsOn, env_file: envFile, ...rest } = object(value);
    const drop = (attribute: string): void => {
      warnings.push(message("warning-stack-dropped", { service, attribute }));
    };
    const kept = Object.entries(rest).filter(([key]) => {
      if (SERVICE.has(key)) return true;
      if (key !== "profiles" && !key.startsWith("x-")) drop(key);
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

/** A swarm's networks are overlays: a driver of one machine is left out. */
function translateNetworks(networks: JsonObject, warnings: DeployWarning[]): JsonObject {
  return mapObject(networks, (value, name) => {
    if (object(value)["driver"] !== "bridge") return value;
    const { driver: _, driver_opts: __, ...rest } = object(value);
    warnings.push(message("warning-stack-dropped", { service: name, attribute: "driver" }));
    return rest;
  });
}

/** A swarm starts everything again for ever unless told otherwise, what did its work and ended too. */
function policyOf(restart: Json | undefined): Json {
  if (restart === undefined) return { condition: "on-failure" };
  if (restart === "no" || restart === false) return { condition: "none" };
  const [failure, count] = /^on-failure(?::(\d+))?$/.exec(typeof restart === "string" ? restart : "") ?? [];
  if (failure === undefined) return { condition: "any" };
  return { condition: "on-failure", ...(count === undefined ? {} : { max_attempts: Number(count) }) };
}

/** A value with its variables filled in, so that the client finds none. */
function plain(value: Value, variables: Variables): Json {
  switch (value.kind) {
    case "mapping":
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry, variables)]));
    case "sequence":
      return value.items.map((item) => plain(item, variables));
    case "scalar":
      if (value.type === "null") return null;
      if (value.type === "bool") return value.text.toLowerCase() === "true";
      if ((value.type === "int" || value.type === "float") && /^-?\d+(?:\.\d+)?$/.test(value.text)) {
        return Number(value.text);
      }
      if (value.type !== "string") return value.text;
      return escapeDollars(interpolate(value.text, (name) => variables.get(name)));
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
