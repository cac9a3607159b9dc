/** A service's `build` section: its paths made absolute where they are written, and what it says in the end. */
import { resolve } from "node:path";
import { stringOf, type Value } from "./document.ts";
import type { Build } from "./project.ts";

/** What of a build section decides images. */
const KEYS = new Set(["context", "dockerfile", "dockerfile_inline", "target", "args", "additional_contexts"]);

/**
 * Makes a build a mapping whose `context` no longer depends on `folder`, where it was written, and whose lists of
 * `KEY=VALUE` are mappings, so that it merges key by key as compose merges it.
 */
export function anchorBuild(build: Value, folder: string): Value {
  const given = stringOf(build) === undefined ? build : { ...build, entries: new Map([["context", build]]) };
  if (!("entries" in given)) return build;
  const entries = new Map<string, Value>();
  for (const [key, value] of given.entries) {
    if (!KEYS.has(key)) continue;
    const isContext = key === "context" && value.kind === "scalar" && value.type === "string" && !isUrl(value.text);
    entries.set(key, isContext ? { ...value, text: resolve(folder, value.text) } : pairsAsMapping(value));
  }
  return { ...build, kind: "mapping", entries };
}

function pairsAsMapping(value: Value): Value {
  if (value.kind !== "sequence") return value;
  const entries = new Map<string, Value>();
  for (const item of value.items) {
    if (item.kind !== "scalar") continue;
    const [key = "", ...rest] = item.text.split("=");
    entries.set(key, rest.length === 0 ? { ...item, type: "null", text: "" } : { ...item, text: rest.join("=") });
  }
  return { ...value, kind: "mapping", entries };
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

function isUrl(context: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^git@|^github\.com\//i.test(context);
}
