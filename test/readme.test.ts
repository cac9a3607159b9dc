/**
 * The two READMEs name everything that can be typed, and say it in step. Their wording is their own; what a user types,
 * and the shape of the text, is the same.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { referenceOf } from "../lib/cli/reference.ts";
import { type FlagRow, FLAGS, VARIABLES } from "../lib/config/flags.ts";

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

function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].toSorted();
}

const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
/** npm scripts that run a file of scripts/. */
const commands = Object.keys(scripts).filter((name) =>
  / -- scripts\/[\w-]+\.ts\b| scripts\/\$name\.ts/.test(scripts[name]!),
);
const variables = [...VARIABLES, ...Object.values<FlagRow>(FLAGS).flatMap(({ variable }) => variable ?? [])];

for (const name of [ENGLISH, CHINESE]) {
  const text = textOf(name);
  const rows = rowsOf(text);
  /** Of the table of settings: flag, variable, default, meaning. */
  const settings = rows.filter((row) => row.length === 4);
  const flagsOf = (row: Row): readonly string[] => spansOf(row[0]!).flatMap((code) => code.match(/^--[\w-]+/) ?? []);

  test(`${name} has the flags and variables that exist, and no others`, () => {
    assert.deepEqual(sorted(settings.flatMap(flagsOf)), sorted(Object.keys(FLAGS).map((flag) => `--${flag}`)));
    assert.deepEqual(sorted(settings.flatMap((row) => spansOf(row[1]!))), sorted(variables));
  });

  test(`${name} has every flag once, beside its short form, variable and default`, () => {
    for (const [flag, spec] of Object.entries<FlagRow>(FLAGS)) {
      const [row, ...more] = settings.filter((each) => flagsOf(each).includes(`--${flag}`));
      assert.ok(row !== undefined && more.length === 0, flag);
      const [forms, variable, preset] = row as [string, string, string];
      if (spec.short !== undefined) assert.ok(spansOf(forms).includes(`-${spec.short}`), flag);
      if (spec.variable !== undefined) assert.deepEqual(spansOf(variable), [spec.variable], flag);
      if (spec.default !== undefined) assert.equal(preset.replaceAll("`", ""), spec.default, flag);
    }
  });

  test(`${name} has every command in a table`, () => {
    const named = new Set(rows.flatMap((row) => spansOf(row[0]!)));
    assert.deepEqual(
      commands.filter((command) => !named.has(command)),
      [],
    );
  });

  test(`${name} runs only npm scripts that exist`, () => {
    const run = [...text.matchAll(/\bnpm (?:--prefix \S+ )?run ([a-z][\w:-]*)/g)].map(([, script]) => script!);
    assert.ok(run.length > 0);
    assert.deepEqual(
      run.filter((script) => !(script in scripts)),
      [],
    );
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

test("both READMEs have the same headings, tables, code and links", () => {
  const english = textOf(ENGLISH);
  const chinese = textOf(CHINESE);
  assert.deepEqual(headingsOf(chinese), headingsOf(english));
  assert.deepEqual(
    rowsOf(chinese).map((row) => row.length),
    rowsOf(english).map((row) => row.length),
  );
  assert.deepEqual(blocksOf(chinese), blocksOf(english));
  assert.deepEqual(sorted(spansOf(chinese)), sorted(spansOf(english)));
  const [toChinese, ...englishLinks] = linksOf(english);
  const [toEnglish, ...chineseLinks] = linksOf(chinese);
  assert.deepEqual([toChinese, toEnglish], [CHINESE, ENGLISH]);
  assert.deepEqual(chineseLinks, englishLinks);
});

test("the reference is what `npm run docs` makes of the tables", () => {
  assert.equal(textOf("docs/reference.md"), referenceOf("en"));
  assert.equal(textOf("docs/reference.zh-CN.md"), referenceOf("zh"));
});
