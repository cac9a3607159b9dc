/** Many transfers on few rows: a counter with bytes, speed and time left, and what is under way now. */
import type { Outcome, Progress } from "../engine/engine.ts";
import type { Transfer } from "../plan.ts";
import { formatBytes, formatDuration } from "./format.ts";
import type { Row } from "./pipeline.ts";
import type { Terminal } from "./terminal.ts";

export interface TransferBoard {
  /** For the engine's `onProgress`. */
  readonly onProgress: (progress: Progress) => void;
  /** To be called when a transfer starts and ends. */
  readonly started: (transfer: Transfer) => void;
  readonly ended: (outcome: Outcome) => void;
}

/** Shows `total` transfers on `row`: drawn over on a terminal, one plain line for each that ends elsewhere. */
export function transferBoard(terminal: Terminal, row: Row, total: number): TransferBoard {
  const begun = Date.now();
  const underWay = new Map<Transfer, string>();
  let ended = 0;
  let bytes = 0;

  const draw = (): void => {
    row.live([counter(), ...[...underWay].map(([transfer, doing]) => `${nameOf(transfer)}  ${doing}`)].join("\n"));
  };
  const counter = (): string => {
    const elapsed = Date.now() - begun;
    const parts = [terminal.text("boardCount", { done: ended, total })];
    if (bytes > 0) parts.push(formatBytes(bytes), `${formatBytes((bytes / elapsed) * 1000)}/s`);
    if (ended > 0 && ended < total) {
      parts.push(terminal.text("boardLeft", { time: formatDuration((elapsed / ended) * (total - ended)) }));
    }
    return parts.join(" · ");
  };

  return {
    started(transfer) {
      underWay.set(transfer, "");
      draw();
    },
    onProgress(progress) {
      underWay.set(progress.transfer, describe(terminal, progress));
      if (progress.kind === "retry") row.note(`${nameOf(progress.transfer)}  ${describe(terminal, progress)}`);
      draw();
    },
    ended(outcome) {
      underWay.delete(outcome.transfer);
      ended += 1;
      if (outcome.status === "pulled" || outcome.status === "pushed") bytes += outcome.bytes ?? 0;
      if (!terminal.interactive) row.note(`[${counter()}] ${nameOf(outcome.transfer)}  ${ending(terminal, outcome)}`);
      draw();
    },
  };
}

/** What the end says of a run: counts, then each failure with its cause and way out. */
export function summarize(terminal: Terminal, outcomes: readonly Outcome[]): readonly string[] {
  const count = (status: Outcome["status"]): number => outcomes.filter((outcome) => outcome.status === status).length;
  const counts = (["pulled", "pushed", "present", "failed"] as const)
    .filter((status) => count(status) > 0)
    .map((status) => terminal.text(`count-${status}`, { count: count(status) }));
  const failures = outcomes
    .filter((outcome) => outcome.status === "failed")
    .map((outcome) => `✖ ${nameOf(outcome.transfer)}\n${terminal.explain(outcome.error)}`);
  return [counts.join(", "), ...failures];
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

function nameOf(transfer: Transfer): string {
  return transfer.uses[0].image;
}
