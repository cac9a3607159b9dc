/** Where a run's record goes: to the page of `--report`, and to the job summary where GitHub's runner asks for one. */
import { appendFile } from "node:fs/promises";
import type { Config } from "../../../config/config.ts";
import { causeOf, MirrorError } from "../../../messages/errors.ts";
import { writeWhole } from "../../../system/write-file.ts";
import { isEmpty, type RunRecord } from "./record.ts";

/** Writes what is asked for; nothing for a run that did nothing, such as a dry run. Throws `file-write`. */
export async function publish(
  { report, environment, language }: Pick<Config, "report" | "environment" | "language">,
  record: RunRecord,
): Promise<void> {
  if (isEmpty(record)) return;
  // Only a run that is asked for them loads what makes them.
  if (report !== undefined) {
    const { renderPage } = await import("./page.ts");
    await writeWhole(report, renderPage(record, language));
  }
  const summary = environment["GITHUB_STEP_SUMMARY"] ?? "";
  if (summary === "" || !SUMMARIZED.has(record.command)) return;
  const { summaryMarkdown } = await import("./summary-markdown.ts");
  try {
    await appendFile(summary, summaryMarkdown(record, language));
  } catch (cause) {
    throw new MirrorError("file-write", { file: summary, detail: causeOf(cause) }, { cause });
  }
}

const SUMMARIZED: ReadonlySet<string> = new Set(["mirror", "deploy", "outdated", "verify"]);
