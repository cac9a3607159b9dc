/** `npm run docs`: writes the pages of docs/ and the READMEs' tables that follow from the tables of lib/config. */
import { readFileSync, writeFileSync } from "node:fs";
import { referenceOf, settingsTable } from "../lib/cli/reference.ts";

const PAGES = [
  { language: "en", readme: "../README.md", reference: "reference.md" },
  { language: "zh", readme: "../README.zh-CN.md", reference: "reference.zh-CN.md" },
] as const;

for (const { language, readme, reference } of PAGES) {
  writeFileSync(new URL(reference, import.meta.url), referenceOf(language));
  const file = new URL(readme, import.meta.url);
  const table = `<!-- settings: made by npm run docs -->\n\n${settingsTable(language)}\n\n<!-- /settings -->`;
  const text = readFileSync(file, "utf8").replace(/<!-- settings.*<!-- \/settings -->/s, () => table);
  writeFileSync(file, text);
}
