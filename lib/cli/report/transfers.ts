/** The steps of an engine for many images, as they are run and shown. */
import { withMirror } from "../../config/config.ts";
import type { Engine, Outcome, Progress } from "../../engine/engine.ts";
import { goalOf } from "../../engine/byte-count.ts";
import { openSession, type Session } from "../../engine/session.ts";
import { mapConcurrent } from "../../async/map-concurrent.ts";
import { MirrorError } from "../../messages/errors.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { refuseOwned, repositoryOf } from "../../mirror/ownership.ts";
import { readOrigin, writeOrigin } from "../../store/origins.ts";
import { formatReference } from "../../image/reference.ts";
import { preparePlan } from "../../mirror/prepare.ts";
import type { Context } from "../command.ts";
import { formatBytes } from "../../messages/format.ts";
import { pipeline, type Row } from "../pipeline.ts";
import { Board, describe } from "./board.ts";
import { hasFailed, nameOf, outcomeJson, outcomeLines, plannedJson, planLines, reportPlan } from "./images.ts";
import type { Terminal } from "../output.ts";

/** Runs `pull` or `push` as a command of its own. Gives `false` when an image failed. */
export async function transferAlone(context: Context, step: "pull" | "push"): Promise<boolean | void> {
  const { config, terminal } = context;
  const prepared = await preparePlan(withMirror(config));
  const { plan } = prepared;
  reportPlan(context, prepared);
  if (config.dryRun) {
    if (config.json) terminal.json({ images: plan.transfers.map(plannedJson) });
    else terminal.result([terminal.text("planTitle"), ...planLines(terminal, plan)].join("\n"));
    return;
  }
  const session = await openSession(config, [], context);
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
  if (config.json) terminal.json({ images: outcomes.map((outcome) => outcomeJson(terminal, outcome)) });
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
  terminal.note(terminal.text("storeSize", { bytes, folder: store.folder }));
}

/** Milliseconds between two looks at what moves. */
const DRAW_EVERY = 500;

/**
 * Runs a step of `engine` for every transfer and shows it: drawn over on a terminal, one plain line for each that ends
 * elsewhere. Gives the outcomes in the order of `transfers`; throws `interrupted`, `command-missing` when the engine is
 * not installed, and `target-owned` before the first transfer, where a mirror name holds an image of another source.
 */
export async function showTransfers(
  { config, terminal, signal, recorder }: Omit<Context, "readerGone">,
  row: Row,
  transfers: readonly Transfer[],
  { engine, step }: { readonly engine: Engine; readonly step: "pull" | "push" | "mirror" },
): Promise<readonly Outcome[]> {
  const isTarget = step !== "pull" || config.embedded;
  if (isTarget && !config.overwrite) refuseOwned(transfers, await ownersOf(config.store, transfers));
  recorder.begin(transfers);
  const board = new Board(terminal, transfers, { step, bytes: engine.bytes });
  const draw = (): void => {
    row.live(board.summary(), board.rows());
    if (engine.bytes !== undefined) recorder.moved(engine.bytes.movedIn(goalOf(step)));
  };
  // What stands still must be seen to stand still.
  const clock = setInterval(draw, DRAW_EVERY);
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
      if (isTarget && outcome.status !== "failed") {
        await writeOrigin(config.store, formatReference(transfer.target), repositoryOf(transfer));
      }
      board.end(outcome);
      recorder.outcome(outcome);
      if (!terminal.interactive) {
        row.note(`[${board.counter()}] ${nameOf(transfer)}  ${ending(terminal, outcome)}`);
      }
      draw();
      return outcome;
    },
    { concurrency: engine.concurrency ?? config.concurrency, signal },
  ).finally(() => clearInterval(clock));
}

/** The source repositories that earlier runs took the mirror names from, by mirror name. */
async function ownersOf(store: string, transfers: readonly Transfer[]): Promise<ReadonlyMap<string, string>> {
  const targets = transfers.map(({ target }) => formatReference(target));
  const owners = await Promise.all(targets.map(async (target) => [target, await readOrigin(store, target)] as const));
  return new Map(owners.flatMap(([target, owner]) => (owner === undefined ? [] : [[target, owner] as const])));
}

function ending(terminal: Terminal, { status, bytes }: Outcome): string {
  const text = terminal.text(`status-${status}`);
  return bytes === undefined ? text : `${text}, ${formatBytes(bytes)}`;
}
