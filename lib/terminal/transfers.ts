/** Many transfers on few rows: a counter with bytes, speed and time left, and what is under way now. */
import type { Outcome, Progress, Step as TransferStep } from "../engine/engine.ts";
import { openConfigured, openEngine } from "../engine/open.ts";
import { transferAll } from "../engine/transfer-all.ts";
import type { Transfer } from "../plan.ts";
import { preparePlan } from "../prepare.ts";
import type { Context } from "./command.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { pipeline, type Row } from "./pipeline.ts";
import { hasFailed, nameOf, outcomeJson, outcomeLines, planLines, reportProject } from "./reports.ts";
import type { Terminal } from "./terminal.ts";

/** Runs `pull` or `push` as a command of its own. Gives `false` when an image failed. */
export async function transferAlone(context: Context, step: "pull" | "push"): Promise<boolean | void> {
  const { config, terminal } = context;
  const { project, plan } = await preparePlan(config);
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  if (config.dryRun) return terminal.result([terminal.text("planTitle"), ...planLines(terminal, plan)].join("\n"));
  const engine = openEngine(config, await openConfigured(config));
  let outcomes: readonly Outcome[] = [];
  const title = terminal.text(step === "pull" ? "stepPull" : "stepPush", { count: plan.transfers.length });
  await pipeline(terminal, [
    {
      title,
      run: async (row) => {
        outcomes = await showTransfers(context, row, plan.transfers, engine[step]);
        return !hasFailed(outcomes);
      },
    },
  ]);
  for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
  if (config.json) terminal.json({ images: outcomes.map(outcomeJson) });
  return !hasFailed(outcomes);
}

/**
 * Runs `step` for every transfer and shows it: drawn over on a terminal, one plain line for each that ends elsewhere.
 * Gives the outcomes in the order of `transfers`; throws `interrupted`, and `command-missing` when the engine is not
 * installed.
 */
export async function showTransfers(
  { config, terminal, signal }: Context,
  row: Row,
  transfers: readonly Transfer[],
  step: TransferStep,
): Promise<readonly Outcome[]> {
  const begun = Date.now();
  const underWay = new Map<Transfer, string>();
  let ended = 0;
  let bytes = 0;

  const counter = (): string => {
    const elapsed = Math.max(1, Date.now() - begun);
    const parts = [terminal.text("boardCount", { done: ended, total: transfers.length })];
    if (bytes > 0) parts.push(formatBytes(bytes), `${formatBytes((bytes / elapsed) * 1000)}/s`);
    if (ended > 0 && ended < transfers.length) {
      parts.push(terminal.text("boardLeft", { time: formatDuration((elapsed / ended) * (transfers.length - ended)) }));
    }
    return parts.join(" · ");
  };
  const draw = (): void =>
    row.live([counter(), ...[...underWay].map(([transfer, doing]) => `${nameOf(transfer)}  ${doing}`)].join("\n"));

  const onProgress = (progress: Progress): void => {
    const doing = describe(terminal, progress);
    underWay.set(progress.transfer, doing);
    if (progress.kind === "retry" && !terminal.interactive) row.note(`${nameOf(progress.transfer)}  ${doing}`);
    draw();
  };
  return transferAll(
    transfers,
    async (transfer) => {
      underWay.set(transfer, "");
      const outcome = await step(transfer, { signal, onProgress });
      underWay.delete(transfer);
      ended += 1;
      if (outcome.status === "pulled" || outcome.status === "pushed") bytes += outcome.bytes ?? 0;
      if (!terminal.interactive) row.note(`[${counter()}] ${nameOf(transfer)}  ${ending(terminal, outcome)}`);
      draw();
      return outcome;
    },
    { concurrency: config.concurrency, signal },
  );
}

function describe(terminal: Terminal, progress: Progress): string {
  switch (progress.kind) {
    case "phase":
      return terminal.text(`phase-${progress.phase}`);
    case "retry":
      return terminal.text("retrying", {
        attempt: progress.attempt,
        delay: formatDuration(progress.delay),
        reason: progress.reason,
      });
    case "bytes":
      return progress.total > 0
        ? `${formatBytes(progress.done)} / ${formatBytes(progress.total)}`
        : formatBytes(progress.done);
  }
}

function ending(terminal: Terminal, { status, bytes }: Outcome): string {
  const text = terminal.text(`status-${status}`);
  return bytes === undefined ? text : `${text}, ${formatBytes(bytes)}`;
}
