/** Many transfers on few rows: a counter with bytes, speed and time left, and what is under way now. */
import { withMirror } from "../../config/config.ts";
import type { Engine, Outcome, Progress } from "../../engine/engine.ts";
import { openSession, type Session } from "../../engine/session.ts";
import { mapConcurrent } from "../../async/map-concurrent.ts";
import { MirrorError } from "../../messages/errors.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { preparePlan } from "../../mirror/prepare.ts";
import type { Context } from "../command.ts";
import { formatBytes, formatDuration } from "../../messages/format.ts";
import { pipeline, type Row } from "../pipeline.ts";
import { hasFailed, nameOf, outcomeJson, outcomeLines, plannedJson, planLines, reportProject } from "./images.ts";
import type { Terminal } from "../output.ts";

/** Runs `pull` or `push` as a command of its own. Gives `false` when an image failed. */
export async function transferAlone(context: Context, step: "pull" | "push"): Promise<boolean | void> {
  const { config, terminal } = context;
  const { project, plan } = await preparePlan(withMirror(config));
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  if (config.dryRun) {
    if (config.json) terminal.json({ images: plan.transfers.map(plannedJson) });
    else terminal.result([terminal.text("planTitle"), ...planLines(terminal, plan)].join("\n"));
    return;
  }
  const session = await openSession(config);
  let outcomes: readonly Outcome[] = [];
  const title = terminal.text(step === "pull" ? "stepPull" : "stepPush", { count: plan.transfers.length });
  try {
    await pipeline(terminal, [
      {
        title,
        run: async (row) => {
          session.engine.begin?.(plan.transfers, step);
          outcomes = await showTransfers(context, row, plan.transfers, { engine: session.engine, step });
          return !hasFailed(outcomes);
        },
      },
    ]);
    await reportStore(context, session);
  } finally {
    await session.close();
  }
  for (const line of outcomeLines(terminal, outcomes)) terminal.note(line);
  if (config.json) terminal.json({ images: outcomes.map(outcomeJson) });
  return !hasFailed(outcomes);
}

/** Brings the store below its limit, where one is set, and says what it holds. */
export async function reportStore({ config, terminal }: Context, { store }: Session): Promise<void> {
  if (store === undefined) return;
  try {
    if (config.storeLimit !== undefined) await store.prune({ limit: config.storeLimit });
  } catch (error) {
    // Another run is at work in the store, and the last one to end prunes it.
    if (!(error instanceof MirrorError) || error.code !== "store-busy") throw error;
  }
  const { bytes } = await store.size();
  terminal.note(terminal.text("storeSize", { bytes: formatBytes(bytes), folder: store.folder }));
}

/**
 * Runs a step of `engine` for every transfer and shows it: drawn over on a terminal, one plain line for each that ends
 * elsewhere. Gives the outcomes in the order of `transfers`; throws `interrupted`, and `command-missing` when the
 * engine is not installed.
 */
export async function showTransfers(
  { config, terminal, signal, recorder }: Context,
  row: Row,
  transfers: readonly Transfer[],
  { engine, step }: { readonly engine: Engine; readonly step: "pull" | "push" | "mirror" },
): Promise<readonly Outcome[]> {
  recorder.begin(transfers);
  const board = new Board(terminal, transfers.length);
  const draw = (): void => row.live(board.lines().join("\n"));
  const onProgress = (progress: Progress): void => {
    board.progress(progress);
    recorder.progress(progress);
    if (progress.kind === "retry" && !terminal.interactive) {
      row.note(`${nameOf(progress.transfer)}  ${describe(terminal, progress)}`);
    }
    draw();
  };
  return mapConcurrent(
    transfers,
    async (transfer) => {
      board.begin(transfer);
      const outcome = await engine[step](transfer, { signal, onProgress });
      board.end(outcome);
      recorder.outcome(outcome);
      if (!terminal.interactive) {
        row.note(`[${board.counter()}] ${nameOf(transfer)}  ${ending(terminal, outcome)}`);
      }
      draw();
      return outcome;
    },
    { concurrency: engine.concurrency ?? config.concurrency, signal },
  );
}

/** Images under way that are shown by name; a list taller than the terminal cannot be drawn over. */
const MOST_ROWS = 8;

/** How far many transfers are. */
class Board {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #begun = Date.now();
  readonly #underWay = new Map<Transfer, Progress | undefined>();
  /** Bytes that an image has, and those it will have, as far as the engine told. */
  readonly #bytes = new Map<Transfer, { readonly done: number; readonly total: number }>();
  #ended = 0;

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal;
    this.#total = total;
  }

  begin(transfer: Transfer): void {
    this.#underWay.set(transfer, undefined);
  }

  progress(progress: Progress): void {
    this.#underWay.set(progress.transfer, progress);
    if (progress.kind === "bytes") this.#bytes.set(progress.transfer, progress);
  }

  end({ transfer, status, bytes = 0 }: Outcome): void {
    this.#underWay.delete(transfer);
    this.#ended += 1;
    if (status === "present" || status === "failed") this.#bytes.delete(transfer);
    else this.#bytes.set(transfer, { done: bytes, total: bytes });
  }

  /** `3/27 images · 64 MB · 16 MB/s · about 11 s left`. */
  counter(): string {
    const elapsed = Math.max(1, Date.now() - this.#begun);
    const known = [...this.#bytes.values()];
    const done = known.reduce((sum, each) => sum + each.done, 0);
    const left = known.reduce((sum, each) => sum + each.total - each.done, 0);
    const parts = [this.#terminal.text("boardCount", { done: this.#ended, total: this.#total })];
    if (done > 0) parts.push(formatBytes(done), `${formatBytes((done / elapsed) * 1000)}/s`);
    // The bytes tell best, once those of every image are known; until then the images do.
    const isWhole = this.#ended + this.#underWay.size === this.#total && this.#isTold();
    const time = isWhole ? (elapsed / done) * left : (elapsed / this.#ended) * (this.#total - this.#ended);
    if (this.#ended < this.#total && Number.isFinite(time)) {
      parts.push(this.#terminal.text("boardLeft", { time: formatDuration(time) }));
    }
    return parts.join(" · ");
  }

  #isTold(): boolean {
    return [...this.#underWay.keys()].every((transfer) => (this.#bytes.get(transfer)?.total ?? 0) > 0);
  }

  lines(): readonly string[] {
    const rows = [...this.#underWay].toSorted(([, a], [, b]) => liveliness(b) - liveliness(a));
    const more = rows.length - MOST_ROWS;
    return [
      this.counter(),
      ...rows
        .slice(0, MOST_ROWS)
        .map(([transfer, progress]) => `${shortName(transfer)}  ${describe(this.#terminal, progress)}`.trimEnd()),
      ...(more > 0 ? [this.#terminal.text("boardMore", { count: more })] : []),
    ];
  }
}

/** The image's name, with as much of a digest as tells it apart: a row is one line. */
function shortName(transfer: Transfer): string {
  return nameOf(transfer).replace(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}/, "$1…");
}

/** What moves is more worth a row than what waits. */
function liveliness(progress: Progress | undefined): number {
  if (progress?.kind === "retry") return 3;
  if (progress?.kind === "bytes") return progress.done < progress.total ? 2 : 1;
  return 0;
}

function describe(terminal: Terminal, progress: Progress | undefined): string {
  switch (progress?.kind) {
    case undefined:
      return "";
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
