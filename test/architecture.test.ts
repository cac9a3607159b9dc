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

/**
 * The rooms of lib, from the ground up. A file imports from its own room and from rooms of lower floors, so rooms of one
 * floor do not know each other: deploy does not import engine.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["lib/messages"],
  ["lib/system", "lib/async"],
  ["lib/image"],
  ["lib/compose", "lib/store"],
  ["lib/registry"],
  ["lib/mirror"],
  ["lib/config"],
  ["lib/engine", "lib/deploy", "lib/generate"],
  ["lib/preflight.ts", "lib/demo", "lib/archive"],
  ["lib/cli"],
  ["scripts"],
];

function floorOf(path: string): number {
  const room = roomOf(path);
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** `lib/deploy` for `lib/deploy/host/probe.ts`; a script's room is `scripts`. */
function roomOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("lib/") ? 2 : 1)
    .join("/");
}

const lib = sources("lib");
const scripts = sources("scripts");
const bench = sources("bench");
const tests = sources("test");

test("the files are found", () => {
  assert.ok(lib.length > 10 && scripts.length > 5 && bench.length > 5);
});

test("every file has its room", () => {
  assert.deepEqual(
    [...lib, ...scripts].filter(({ path }) => floorOf(path) < 0).map(({ path }) => path),
    [],
  );
});

test("imports lead to the same room or to a lower floor", () => {
  const wrong = [...lib, ...scripts].flatMap(({ path, imports }) =>
    imports
      .filter((target) =>
        roomOf(target) === roomOf(path) ? path.startsWith("scripts/") : floorOf(target) >= floorOf(path),
      )
      .map((target) => `${path} imports ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("no import cycles", () => {
  const all = new Map([...lib, ...scripts, ...bench, ...tests].map((source) => [source.path, source.imports]));
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (path: string, chain: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") return void circles.push([...chain.slice(chain.indexOf(path)), path].join(" -> "));
    state.set(path, "open");
    for (const target of all.get(path) ?? []) visit(target, [...chain, path]);
    state.set(path, "done");
  };
  for (const path of all.keys()) visit(path, []);
  assert.deepEqual(circles, []);
});

test("every test has the path of the file it tests", () => {
  const known = new Set([...lib, ...scripts].map(({ path }) => path));
  const astray = tests
    .filter(
      ({ path }) => path.endsWith(".test.ts") && !/^test\/(?:[^/]+|e2e\/.*|differential\/.*|torture\/.*)$/.test(path),
    )
    .filter(({ path }) => {
      const name = path.slice("test/".length).replace(/\.test\.ts$/, ".ts");
      return !known.has(`lib/${name}`) && !name.startsWith("scripts/");
    })
    .map(({ path }) => path);
  assert.deepEqual(astray, []);
});

test("lib does not print, and only config and the command line know the process", () => {
  const wrong = lib
    .filter(({ path }) => path !== "lib/config/config.ts" && !path.startsWith("lib/cli/"))
    .filter(({ text }) => /\bconsole\.|\bprocess\.(env|argv|stdout|stderr|exit|cwd)\b/.test(text))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
  const environment = lib.filter(({ path, text }) => path !== "lib/config/config.ts" && /process\.env/.test(text));
  assert.deepEqual(
    environment.map(({ path }) => path),
    [],
  );
});

test("programs are run in one place only", () => {
  const wrong = [...lib, ...scripts]
    .filter(({ path, text }) => path !== "lib/system/process.ts" && /node:child_process|from "zx(?:\/\w+)?"/.test(text))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test("a script fits on one screen", () => {
  const long = scripts.filter(({ text }) => text.split("\n").length > 80).map(({ path }) => path);
  assert.deepEqual(long, []);
});

test("every start of a script under Node has -- before the script's path", () => {
  // Node 20 takes an --env-file that stands after the script for its own, unless "--" stands before the script.
  const open = ["package.json", "Taskfile.yml", "README.md", "README.zh-CN.md"].flatMap(
    (name) =>
      readFileSync(join(ROOT, name), "utf8")
        .replaceAll(/\s+/g, " ")
        .match(/node (?:--max-\S+ )*--import (?!tsx --test)(?:(?! -- )[^;,])*?scripts\b/g) ?? [],
  );
  assert.deepEqual(open, []);
});
