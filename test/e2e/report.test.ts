/** The page of `--report`, made by a real run and opened in a real browser, as a user opens it: from file://. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { formatBytes } from "../../lib/messages/format.ts";
import { asUser, cleanSlate, inFolder, type MirrorReport, PASSWORD, script } from "./bed.ts";
import { laySmall, SMALL } from "./projects.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Where the screenshots stay, for a person to look at; a temporary folder unless it is set. The bed keeps nothing of what
 * is written there except below /dev/shm.
 */
const KEPT = process.env["REPORT_SCREENSHOTS"];

for (const [language, htmlLanguage] of [
  ["en", "en"],
  ["zh", "zh-CN"],
] as const) {
  test(`the page of a mirror run says what the run did (${language})`, async () => {
    await cleanSlate();
    await inFolder(async (folder) => {
      await laySmall(folder);
      const file = join(folder, "report.html");
      const summary = join(folder, "summary.md");
      const flags = ["--host", "server", "--json", "--report", file, "--lang", language];
      const ran = await asUser(script("mirror", flags), { cwd: folder, env: { GITHUB_STEP_SUMMARY: summary } });
      assert.equal(ran.code, 0, ran.stderr);
      const report = JSON.parse(ran.stdout) as MirrorReport;
      const text = await readFile(file, "utf8");
      const markdown = await readFile(summary, "utf8");
      assert.ok(!text.includes(PASSWORD) && !markdown.includes(PASSWORD));
      for (const { digest } of report.images) assert.ok(markdown.includes(digest!.replace(":", "&#58;")), markdown);

      const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
      try {
        for (const width of [400, 1280]) {
          for (const colorScheme of ["light", "dark"] as const) {
            const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
            const complaints: string[] = [];
            page.on("console", (message) => complaints.push(message.text()));
            page.on("pageerror", (error) => complaints.push(String(error)));
            page.on("request", (request) => {
              if (!/^(?:file|data):/.test(request.url())) complaints.push(request.url());
            });
            await page.goto(pathToFileURL(file).href);
            assert.equal(await page.getAttribute("html", "lang"), htmlLanguage);
            assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
            assert.equal((await page.innerText("#total-images")).trim(), String(report.images.length));

            const rows = await page.locator("#images tbody tr").all();
            const shown = await Promise.all(
              rows.map(async (row) => [
                (await row.locator("strong").innerText()).trim(),
                await row.locator("code").getAttribute("title"),
              ]),
            );
            assert.deepEqual(
              shown,
              report.images.map(({ source, digest }) => [source, digest]),
            );
            const kind = width === 400 ? "narrow" : "wide";
            for (const part of ["#sharing", "#throughput"]) {
              assert.ok(await page.locator(`${part} svg.${kind}`).isVisible(), part);
            }
            const distinct = Number(await page.getAttribute("#total-distinct", "data-value"));
            const saved = Number(await page.getAttribute("#total-saved", "data-value"));
            const sum = report.images.reduce((total, { bytes }) => total + bytes!, 0);
            assert.equal(distinct + saved, sum);
            assert.equal((await page.innerText("#total-distinct")).trim(), formatBytes(distinct));
            assert.equal(await page.locator("#deploy table.health tbody tr").count(), SMALL.length);

            if (width === 1280) {
              await page.locator("#images th button").first().click();
              const sorted = await page.locator("#images tbody tr strong").allInnerTexts();
              assert.deepEqual(
                sorted.map((name) => name.trim()),
                report.images.map(({ source }) => source).toSorted((a, b) => a.localeCompare(b)),
              );
            }
            const name = `report-${language}-${width}-${colorScheme}.png`;
            const picture = await page.screenshot({ path: join(KEPT ?? folder, name), fullPage: true });
            assert.ok(picture.length > 10_000);
            assert.deepEqual(complaints, []);
            await page.close();
          }
        }
      } finally {
        await browser.close();
      }
    });
  });
}
