/** The house rules that a reader relies on, kept by a test: imports follow the data flow, and lib is silent. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

interface Source {
  readonly path: string;
  readonly text: string;
  /** Paths of the project's own files it imports. */
  readonly imports: readonly string[];
}

function sources(folder: string): readonly Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, "utf8");
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target]) =>
        relative(ROOT, resolve(dirname(path), target!)),
      );
      return { path: relative(ROOT, path), text, imports };
    });
}

/** A file may import from rooms of a lower level, and from its own. */
const LEVELS: readonly (readonly string[])[] = [
  ["lib/errors.ts", "lib/secret.ts", "lib/process.ts", "lib/quote.ts", "lib/write.ts", "lib/digest.ts", "lib/retry.ts"],
  ["lib/reference.ts", "lib/platform.ts"],
  ["lib/compose/", "lib/mapping.ts", "lib/ignore.ts"],
  ["lib/plan.ts", "lib/config.ts", "lib/registry/", "lib/store/", "lib/lock.ts"],
  ["lib/engine/", "lib/deploy/", "lib/generate/", "lib/prepare.ts", "lib/serve.ts"],
  ["lib/verify.ts", "lib/outdated.ts", "lib/check.ts", "lib/demo/"],
  ["lib/terminal/"],
  ["scripts/"],
];

function levelOf(path: string): number {
  return LEVELS.findIndex((rooms) =>
    rooms.some((room) => path === room || (room.endsWith("/") && path.startsWith(room))),
  );
}

function roomOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

const lib = sources("lib");
const scripts = sources("scripts");

test("there is something to look at", () => {
  assert.ok(lib.length > 10 && scripts.length > 5);
});

test("every file has its place", () => {
  assert.deepEqual(
    [...lib, ...scripts].filter(({ path }) => levelOf(path) < 0).map(({ path }) => path),
    [],
  );
});

test("imports follow the data flow, one way", () => {
  const wrong = [...lib, ...scripts].flatMap(({ path, imports }) =>
    imports
      .filter(
        (target) =>
          levelOf(target) > levelOf(path) || (levelOf(target) === levelOf(path) && path.startsWith("scripts/")),
      )
      .map((target) => `${path} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("rooms do not import each other in a circle", () => {
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of lib) {
    for (const target of imports) {
      if (roomOf(target) !== roomOf(path))
        edges.set(roomOf(path), (edges.get(roomOf(path)) ?? new Set()).add(roomOf(target)));
    }
  }
  const reaches = (from: string, to: string, seen: Set<string> = new Set()): boolean =>
    [...(edges.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  assert.deepEqual(
    [...edges.keys()].filter((room) => reaches(room, room)),
    [],
  );
});

test("lib does not print, and only config.ts and the terminal know the process", () => {
  const wrong = lib
    .filter(({ path }) => path !== "lib/config.ts" && !path.startsWith("lib/terminal/"))
    .filter(({ text }) => /\bconsole\.|\bprocess\.(env|argv|stdout|stderr|exit|cwd)\b/.test(text))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
  const environment = lib.filter(({ path, text }) => path !== "lib/config.ts" && /process\.env/.test(text));
  assert.deepEqual(
    environment.map(({ path }) => path),
    [],
  );
});

test("programs are run in one place only", () => {
  const wrong = [...lib, ...scripts]
    .filter(({ path, text }) => path !== "lib/process.ts" && /node:child_process|from "zx"/.test(text))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test("a script fits on one screen", () => {
  const long = scripts.filter(({ text }) => text.split("\n").length > 80).map(({ path }) => path);
  assert.deepEqual(long, []);
});

test("whatever starts a script under Node keeps Node from reading the script's flags", () => {
  // Node 20 takes an --env-file that stands after the script for its own, unless "--" stands before the script.
  const open = ["package.json", "Taskfile.yml", "README.md", "README.zh-CN.md"].flatMap(
    (name) =>
      readFileSync(join(ROOT, name), "utf8")
        .replaceAll(/\s+/g, " ")
        .match(/node (?:--max-\S+ )*--import (?!tsx --test)(?:(?! -- )[^;,])*?scripts\b/g) ?? [],
  );
  assert.deepEqual(open, []);
});
