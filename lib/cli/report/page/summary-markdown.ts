/**
 * A run as Markdown, for the job summary of GitHub's runner
 * (https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-job-summary).
 */
import { totalsOf } from "../../../engine/engine.ts";
import { formatBytes, type Language } from "../../../messages/format.ts";
import type { Explanation } from "../../../messages/errors.ts";
import { type Say, textOf } from "../../../messages/texts.ts";
import { printable } from "../../format.ts";
import type { RunRecord } from "./record.ts";

/** `text` as one piece of inline Markdown: every character that Markdown or HTML knows is written by its number. */
export function inline(text: string): string {
  return printable(text)
    .replace(/[&<>"'`|\\*_[\]()#!~@$:]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/\s*\n\s*/g, "<br>");
}

/** The summary in `language`: a table of images, hosts with their services, findings, then failures with hints. */
export function summaryMarkdown(record: RunRecord, language: Language): string {
  const say: Say = (key, ...values) => textOf(language, key, ...values);
  const { images, hosts, findings, error, duration } = record;
  const { bytes, distinct } = totalsOf(images);
  const known = (value: number | undefined): string => (value === undefined ? say("page-unknown") : formatBytes(value));
  const totals = {
    images: images.length,
    distinct: known(distinct),
    saved: known(distinct === undefined ? undefined : bytes - distinct),
    duration,
  };
  const failures: readonly (readonly [string, Explanation])[] = [
    ...(error === undefined ? [] : [[say("page-error"), error] as const]),
    ...images.flatMap((image) => (image.error === undefined ? [] : [[image.source, image.error] as const])),
    ...hosts.flatMap((host) => (host.error === undefined ? [] : [[host.host, host.error] as const])),
  ];
  const sections: readonly (readonly string[])[] = [
    [`## ${inline(say("page-title", { command: record.command }))}`],
    images.length === 0 ? [] : [inline(say("page-totals", totals))],
    table(
      [say("page-image"), say("page-status"), say("page-size"), say("page-digest")],
      images.map((image) => [
        inline(image.source),
        inline(say(`status-${image.status}`)),
        image.bytes === undefined ? "" : formatBytes(image.bytes),
        code(image.digest ?? ""),
      ]),
    ),
    table(
      [say("page-image"), say("page-found")],
      findings.map(({ image, ok, detail, hint }) => [
        inline(image),
        `${ok ? "✔" : "✖"} ${inline(hint === undefined ? detail : `${detail}\n${hint}`)}`,
      ]),
    ),
    ...hosts.flatMap(({ host, services }) => [
      [`### ${inline(host)}`],
      table(
        [say("page-service"), say("page-health"), say("page-image")],
        services.map(({ name, state, health, image }) => [
          inline(name),
          inline(health === undefined ? state : `${state} (${health})`),
          inline(image),
        ]),
      ),
    ]),
    failures.length === 0 ? [] : [`### ${inline(say("page-failures"))}`],
    failures.map(
      ([name, { message, hint }]) =>
        `- **${inline(name)}**: ${inline(message)}<br>${inline(say("page-hint", { hint }))}`,
    ),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n\n`;
}

function code(text: string): string {
  return text === "" ? "" : `<code>${inline(text)}</code>`;
}

/** No lines where there are no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  return [line(head.map(inline)), line(head.map(() => "---")), ...rows.map(line)];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
