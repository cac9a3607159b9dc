/**
 * The pages for users name what can be typed, and say it in step in both languages. Their wording is their own; what a
 * user types, and the shape of the text, is the same. test/e2e/readme.test.ts runs the commands.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { referenceOf } from "../lib/cli/reference.ts";
import { parseCommandLine } from "../lib/config/command-line.ts";
import { COMMAND_NAMES, type CommandName } from "../lib/config/commands.ts";
import { FLAGS, flagsOf } from "../lib/config/flags.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ENGLISH = "README.md";
const CHINESE = "README.zh-CN.md";

type Row = readonly string[];

function textOf(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

/** The cells of every table row, headings included. */
function rowsOf(text: string): readonly Row[] {
  return [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row]) => row!.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

/** Code between backquotes on one line. */
function spansOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/** Lines that are indented by four, those that follow each other as one text. */
function blocksOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block);
}

function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The `#` of every heading. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(#+) /gm)].map(([, level]) => level!);
}

/** What GitHub makes of headings for links to them. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].toSorted();
}

/** The words of a command line without variables or substitutions. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|[^\s']+/g)].map(([word, quoted]) => quoted ?? word);
}

const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
/** npm scripts that run a file of scripts/. */
const commands = Object.keys(scripts).filter((name) =>
  / -- scripts\/[\w-]+\.ts\b| scripts\/\$name\.ts/.test(scripts[name]!),
);
const pages = [
  ENGLISH,
  CHINESE,
  "CONTRIBUTING.md",
  "CONTRIBUTING.zh-CN.md",
  "SECURITY.md",
  ...["docs", "docs/decisions"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith(".md") ? [`${folder}/${name}`] : [])),
  ),
];
/** Pages that are there in both languages; the reference is made from tables that have both. */
const pairs = pages
  .filter((name) => name.endsWith(".zh-CN.md") && !/reference|CONTRIBUTING/.test(name))
  .map((chinese) => [chinese.replace(".zh-CN.md", ".md"), chinese] as const);

/** Flags of other programs, and `--` in a table of characters. */
const OTHERS = new Set([
  "--omit",
  "--registry",
  "--prefix",
  "--taskfile",
  "--from",
  "--version",
  "--with-registry-auth",
  "--load",
  "--replace",
]);

for (const name of pages) {
  const text = textOf(name);

  test(`${name}: every link leads somewhere`, () => {
    const dead = linksOf(text).filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? name : join(dirname(name), file);
      return !existsSync(join(ROOT, path)) || (anchor !== undefined && !anchorsOf(textOf(path)).includes(anchor));
    });
    assert.deepEqual(dead, []);
  });

  test(`${name}: every command and flag that is shown exists`, () => {
    const code = [...blocksOf(text).flatMap((block) => block.split("\n")), ...spansOf(text)].map((line) => line.trim());
    for (const line of code) {
      const [, rest] = /^compose-mirror (.*?)(?: >.*)?$/.exec(line) ?? [];
      const [command, ...words] = wordsOf(rest ?? "");
      if (command === undefined || command.startsWith("-") || command === "NAME") continue;
      assert.ok((COMMAND_NAMES as readonly string[]).includes(command), line);
      assert.doesNotThrow(() => parseCommandLine(words, flagsOf(command as CommandName)), line);
    }
    const flags = spansOf(text).flatMap((span) => /^--[a-z][\w-]*/.exec(span)?.[0] ?? []);
    assert.deepEqual(
      flags.filter((flag) => !Object.hasOwn(FLAGS, flag.slice(2)) && !OTHERS.has(flag)),
      [],
    );
    const run = [...text.matchAll(/\bnpm (?:--prefix \S+ )?run ([a-z][\w:-]*)/g)].map(([, script]) => script!);
    assert.deepEqual(
      run.filter((script) => !(script in scripts)),
      [],
    );
  });
}

for (const name of [ENGLISH, CHINESE]) {
  test(`${name} has every command in a table, and is read in some minutes`, () => {
    const text = textOf(name);
    const named = new Set(rowsOf(text).flatMap((row) => spansOf(row[0]!)));
    assert.deepEqual(
      commands.filter((command) => !named.has(command)),
      [],
    );
    assert.ok(text.split("\n").length <= 120);
  });
}

for (const name of [ENGLISH, CHINESE]) {
  test(`${name} asks for nothing that a new user lacks, and says how ACR is set up`, () => {
    const text = textOf(name);
    const code = [...blocksOf(text), ...spansOf(text)].join("\n");
    assert.doesNotMatch(
      code,
      /\bnpm ci(?! --omit=dev)/,
      "the tools of contributors are ten times what the commands need",
    );
    assert.doesNotMatch(text, /clone REPOSITORY/, "a placeholder that nobody can fill in");
    assert.doesNotMatch(blocksOf(text).join(""), /^ *task /m, "go-task comes from GitHub");
    const steps = [...text.matchAll(/^(\d)\. (.*)$/gm)].map(([, number]) => number);
    assert.deepEqual(steps, ["1", "2", "3", "4", "5"]);
    assert.match(text, /`crpi-ID[^`]*`[^]*`-vpc`[^]*`--pull-registry`/);
  });
}

test("every script is an npm script of its name", () => {
  const files = readdirSync(join(ROOT, "scripts")).map((file) => file.replace(/\.ts$/, ""));
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.filter((file) => !commands.includes(file)),
    [],
  );
});

for (const [first, second] of pairs) {
  test(`${first} and ${second} have the same headings, tables, code and links`, () => {
    const english = textOf(first);
    const chinese = textOf(second);
    assert.deepEqual(headingsOf(chinese), headingsOf(english));
    assert.deepEqual(
      rowsOf(chinese).map((row) => row.length),
      rowsOf(english).map((row) => row.length),
    );
    assert.deepEqual(blocksOf(chinese), blocksOf(english));
    assert.deepEqual(sorted(spansOf(chinese)), sorted(spansOf(english)));
    const [toChinese, ...englishLinks] = linksOf(english);
    const [toEnglish, ...chineseLinks] = linksOf(chinese);
    assert.deepEqual([toChinese, toEnglish], [basename(second), basename(first)]);
    // A Chinese page leads to Chinese pages where there are any.
    const translated = englishLinks.map((link) => {
      const page = link.replace(/\.md$/, ".zh-CN.md");
      return existsSync(join(ROOT, dirname(first), page)) ? page : link;
    });
    // A heading of the page itself has another name in each language.
    const [shown, expected] = [chineseLinks, translated].map((links) => links.map((link) => link.replace(/^#.*/, "#")));
    assert.deepEqual(shown, expected);
  });
}

test("the reference is what `npm run docs` makes of the tables", () => {
  assert.equal(textOf("docs/reference.md"), referenceOf("en"));
  assert.equal(textOf("docs/reference.zh-CN.md"), referenceOf("zh"));
});
