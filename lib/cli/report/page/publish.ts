/** Where a run's record goes: to the page of `--report`, and to the job summary where GitHub's runner asks for one. */
import { appendFile, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../../../config/config.ts";
import { causeOf, MirrorError } from "../../../messages/errors.ts";
import type { Message } from "../../../messages/message.ts";
import { message } from "../../../messages/texts.ts";
import { writeWhole } from "../../../system/write-file.ts";
import { isEmpty, type RunRecord } from "./record.ts";

/** The line of a page that says that it is one of ours. */
const OURS = 'name="generator" content="compose-mirror"';

/**
 * Refuses a report that could not be written in the end, or would take the place of something else than an earlier
 * report. Throws `report-place`.
 */
export async function checkReport({ report }: Pick<Config, "report">): Promise<void> {
  if (report === undefined) return;
  const folder = await stat(dirname(report)).catch(() => undefined);
  const refuse = (detail: Message): never => {
    throw new MirrorError("report-place", { file: report, detail });
  };
  if (!folder?.isDirectory()) refuse(message("report-no-folder", { folder: dirname(report) }));
  const found = await stat(report).catch(() => undefined);
  if (found === undefined) return;
  const isOurs = found.isFile() && (await readFile(report, "utf8")).slice(0, 4096).includes(OURS);
  if (!isOurs) refuse(message("report-foreign"));
}

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
