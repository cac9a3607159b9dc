/** The page and the summary: hostile words stay words, parts that did not happen say so, both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderPage } from "../../../../lib/cli/report/page/page.ts";
import type { RunRecord } from "../../../../lib/cli/report/page/record.ts";
import { inline, summaryMarkdown } from "../../../../lib/cli/report/page/summary-markdown.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='a()'>\u202E|\`[x](javascript:y)\n# @team`;
const record: RunRecord = {
  command: "mirror",
  time: "2026-01-02T03:04:05.678Z",
  duration: 1500,
  images: [
    {
      source: HOSTILE,
      target: HOSTILE,
      services: [HOSTILE],
      status: "failed",
      digest: HOSTILE,
      bytes: 7,
      blobs: [{ digest: HOSTILE, size: 7 }],
      retries: 1,
      error: { code: "x", message: HOSTILE, hint: HOSTILE },
    },
  ],
  samples: [
    { at: 0, bytes: 0 },
    { at: 1000, bytes: 7 },
  ],
  retries: [{ at: 500, image: HOSTILE, attempt: 1, reason: HOSTILE }],
  hosts: [
    {
      host: HOSTILE,
      dir: HOSTILE,
      release: HOSTILE,
      steps: [{ title: HOSTILE, from: 1000, waiting: [{ at: 1200, services: [HOSTILE] }] }],
      services: [{ name: HOSTILE, state: HOSTILE, health: HOSTILE, image: HOSTILE }],
      error: { code: "x", message: HOSTILE, hint: HOSTILE },
    },
  ],
  findings: [{ image: HOSTILE, ok: false, detail: HOSTILE, hint: HOSTILE }],
  error: { code: "x", message: HOSTILE, hint: HOSTILE },
};
const bare: RunRecord = { ...record, images: [], samples: [], retries: [], hosts: [], findings: [] };

for (const language of ["en", "zh"] as const) {
  test(`nothing from outside becomes markup (${language})`, () => {
    const page = renderPage(record, language);
    assert.equal(page.match(/<script>/g)?.length, 1);
    assert.doesNotMatch(page, /<img|alert\(1\)<\/script|\u202E/);
    const shown = page.replace(/<(style|script)>[^]*?<\/\1>/g, "");
    assert.doesNotMatch(shown, /(?:https?:)?\/\/[\w.-]+\.\w+\/|undefined|NaN|\[object/);
    const summary = summaryMarkdown(record, language);
    assert.doesNotMatch(summary, /<script|<img|\]\(|\u202E|@team|^# /m);
    for (const row of summary.split("\n").filter((line) => line.startsWith("|"))) {
      assert.ok([3, 4, 5].includes(row.split("|").length - 1), row);
    }
  });
}

test("the page is in the language of the messages", () => {
  assert.match(renderPage(record, "en"), /<html lang="en">[^]*Shared layers/);
  assert.match(renderPage(record, "zh"), /<html lang="zh-CN">[^]*共享层/);
});

test("what did not happen is said, not drawn", () => {
  const page = renderPage(bare, "en");
  assert.match(page, /No bytes were transferred/);
  assert.match(page, /Nothing was deployed/);
  assert.doesNotMatch(page, /<svg|id="images"|id="sharing"/);
});

test("without layers from the engine the page says so in place of the treemap", () => {
  const { blobs: _, ...image } = record.images[0]!;
  assert.match(renderPage({ ...record, images: [image] }, "en"), /does not report the layers/);
});

test("a table cell of Markdown is one line", () => {
  assert.equal(inline("a|b\n*c*"), "a&#124;b<br>&#42;c&#42;");
});
