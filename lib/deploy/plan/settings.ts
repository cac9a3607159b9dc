/**
 * The configuration of each service, as one digest: ports, environment, networks and all else of its merged
 * definition, and the definitions of the networks, volumes, configs and secrets that it uses. Two releases are compared
 * by it, so that a plan shows a changed setting without asking compose.
 */
import { createHash } from "node:crypto";
import type { Value } from "../../compose/document.ts";
import { RESOURCE_KINDS, type ResourceKind, SECTIONS, unique } from "../../compose/merge.ts";
import type { Project } from "../../compose/project.ts";
import { type Entries, entryAt, itemsOf, textOf } from "../../compose/values.ts";
import { byCodePoint } from "../../system/compare.ts";

/** A SHA-256 in hexadecimal digits by service. */
export type Settings = Readonly<Record<string, string>>;

type Plain = string | readonly Plain[] | { readonly [key: string]: Plain };

/** The digests of `services`, by name in code-point order; variables count as what they are filled in with. */
export function settingsOf({ definitions }: Pick<Project, "definitions">, services: ReadonlySet<string>): Settings {
  const found = SECTIONS.flatMap((section) =>
    [...definitions[section]].flatMap(([name, definition]): readonly (readonly [string, string])[] => {
      if (!services.has(name)) return [];
      const attributes: Entries = definition?.attributes ?? new Map();
      const used = RESOURCE_KINDS.map((kind) =>
        namesIn(kind, attributes).map((each) => [each, plain(definitions[kind].get(each))]),
      );
      // Where a build finds its files depends on the machine, and compose recreates nothing for it.
      const own = [...attributes]
        .filter(([key]) => key !== "build")
        .map(([key, value]): readonly [string, Plain] => [key, plain(unique(key, value))]);
      return [[name, sha256(JSON.stringify([section, sorted(own), used]))]];
    }),
  );
  return Object.fromEntries(found.toSorted(([a], [b]) => byCodePoint(a, b)));
}

/** Names of the top-level networks, volumes, configs or secrets that a service may use, in code-point order. */
function namesIn(kind: ResourceKind, attributes: Entries): readonly string[] {
  const value = attributes.get(kind);
  // A service that names no network is in the default one.
  const names = kind === "networks" && !attributes.has("network_mode") && value === undefined ? ["default"] : [];
  const keys = value?.kind === "mapping" ? [...value.entries.keys()] : itemsOf(value).flatMap((item) => sourceOf(item));
  return [...new Set([...names, ...keys])].toSorted();
}

function sourceOf(item: Value): readonly string[] {
  // The short form of a volume is SOURCE:TARGET.
  const source = textOf(item)?.split(":")[0] ?? textOf(entryAt(item, "source"));
  return source === undefined ? [] : [source];
}

/** A value without where it is written; the order of a mapping's keys means nothing. */
function plain(value: Value | undefined): Plain {
  if (value === undefined) return [];
  if (value.kind === "scalar") return `${value.type}:${value.text}`;
  if (value.kind === "sequence") return value.items.map(plain);
  return sorted([...value.entries].map(([key, entry]) => [key, plain(entry)]));
}

function sorted(entries: readonly (readonly [string, Plain])[]): Plain {
  return Object.fromEntries(entries.toSorted(([a], [b]) => byCodePoint(a, b)));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
