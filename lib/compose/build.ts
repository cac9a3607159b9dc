/** A service's `build` section: its paths made absolute where they are written, and what it says in the end. */
import { resolve } from "node:path";
import { type Scalar, stringOf, type Value } from "./document.ts";
import { pairsAsMapping } from "./merge.ts";
import type { Build } from "./project.ts";
import { mapEntries, mapScalar } from "./values.ts";

/** What of a build section decides images, or files that it reads. */
const KEYS = new Set([
  "context",
  "dockerfile",
  "dockerfile_inline",
  "target",
  "args",
  "additional_contexts",
  "secrets",
]);

/**
 * Makes a build a mapping whose contexts no longer depend on `folder`, where it was written, and whose lists of
 * `KEY=VALUE` are mappings, so that it merges key by key as compose merges it (compose-go's paths package, context.go).
 */
export function anchorBuild(build: Value, folder: string): Value {
  const given = stringOf(build) === undefined ? build : { ...build, entries: new Map([["context", build]]) };
  if (!("entries" in given)) return build;
  const entries = new Map<string, Value>();
  for (const [key, value] of given.entries) {
    if (KEYS.has(key)) entries.set(key, anchored(key, value, folder));
  }
  return { ...build, kind: "mapping", entries };
}

function anchored(key: string, value: Value, folder: string): Value {
  const context = (scalar: Scalar): Scalar =>
    isLocal(scalar.text) ? { ...scalar, text: resolve(folder, scalar.text) } : scalar;
  if (key === "context") return mapScalar(value, context);
  if (key === "args") return pairsAsMapping(value);
  if (key !== "additional_contexts") return value;
  const pairs = pairsAsMapping(value);
  return mapEntries(
    pairs,
    (entries) => new Map([...entries].map(([name, entry]) => [name, mapScalar(entry, context)])),
  );
}

/** What a merged build section says; without a context it is `folder`, the project's. */
export function buildOf(build: Value, folder: string): Build {
  const entries = build.kind === "mapping" ? build.entries : new Map<string, Value>();
  const text = (key: string): string | undefined => stringOf(entries.get(key)) || undefined;
  const [inline, target] = [text("dockerfile_inline"), text("target")];
  return {
    context: text("context") ?? folder,
    dockerfile: text("dockerfile") ?? "Dockerfile",
    ...(inline === undefined ? {} : { inline }),
    ...(target === undefined ? {} : { target }),
    args: textsOf(entries.get("args")),
    contexts: textsOf(entries.get("additional_contexts")),
  };
}

/** The entries of a mapping that have a value. */
function textsOf(value: Value | undefined): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (value?.kind !== "mapping") return texts;
  for (const [key, entry] of value.entries) {
    if (entry.kind === "scalar" && entry.type !== "null") texts.set(key, entry.text);
  }
  return texts;
}

/** Whether a context is a folder, and not something that the builder fetches, a service, or below another's home. */
function isLocal(context: string): boolean {
  return context !== "" && !/^[a-z][a-z0-9+.-]*:\/\/|^git@|^github\.com\/|^service:|^~/i.test(context);
}
