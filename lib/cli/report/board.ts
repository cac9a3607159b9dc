/**
 * How far many transfers are: a line for all of them, with the bytes of distinct blobs, the speed of the last seconds
 * and the time left, and a row for each image under way.
 */
import { type ByteCount, type Direction, goalOf } from "../../engine/byte-count.ts";
import type { Outcome, Progress } from "../../engine/engine.ts";
import type { Transfer } from "../../mirror/transfers.ts";
import { formatBytes } from "../../messages/format.ts";
import { nameOf } from "./images.ts";
import type { Terminal } from "../output.ts";
import type { Detail } from "../pipeline.ts";
import { Speed } from "./speed.ts";

export interface BoardOptions {
  readonly step: "pull" | "push" | "mirror";
  /** Absent where the engine does not count. */
  readonly bytes?: ByteCount | undefined;
}

/** Rows of the terminal that are not the board's: the list of steps, the lines for all, and the prompt. */
const OTHER_ROWS = 10;
const FEWEST_ROWS = 3;
const WIDE_BAR = 24;
const SMALL_BAR = 10;

export class Board {
  readonly #terminal: Terminal;
  readonly #transfers: readonly Transfer[];
  readonly #bytes: ByteCount | undefined;
  readonly #goal: Direction;
  readonly #speeds: Readonly<Record<Direction, Speed>> = { down: new Speed(), up: new Speed() };
  readonly #underWay = new Map<Transfer, Progress | undefined>();
  readonly #ended = new Set<Transfer>();

  constructor(terminal: Terminal, transfers: readonly Transfer[], { step, bytes }: BoardOptions) {
    this.#terminal = terminal;
    this.#transfers = transfers;
    this.#bytes = bytes;
    this.#goal = goalOf(step);
  }

  begin(transfer: Transfer): void {
    this.#underWay.set(transfer, undefined);
  }

  progress(progress: Progress): void {
    this.#underWay.set(progress.transfer, progress);
  }

  end({ transfer }: Outcome): void {
    this.#underWay.delete(transfer);
    this.#ended.add(transfer);
  }

  /** `3/27 images`. */
  counter(): string {
    return this.#terminal.text("boardCount", { done: this.#ended.size, total: this.#transfers.length });
  }

  /** All transfers together: two lines with a bar on a terminal, one without elsewhere. */
  summary(): readonly string[] {
    const { interactive } = this.#terminal;
    const bytes = this.#bytes;
    if (bytes === undefined) return [this.counter()];
    const { done, total, had } = bytes.of(this.#goal);
    const speeds = this.#speedsNow(bytes);
    const isWhole = this.#transfers.every((transfer) => this.#ended.has(transfer) || bytes.known.has(transfer));
    const speed = speeds[this.#goal];
    const left = isWhole && total > done && speed > 0 ? ((total - done) / speed) * 1000 : undefined;
    const amount = isWhole
      ? this.#terminal.text("boardBytes", {
          done,
          total,
          percent: total === 0 ? 100 : Math.floor((done / total) * 100),
        })
      : this.#terminal.text("boardSoFar", { done });
    const time = left === undefined ? [] : [this.#terminal.text("boardLeft", { time: left })];
    const rates = (["down", "up"] as const).flatMap((direction) =>
      speeds[direction] > 0 ? [`${ARROWS[direction]} ${formatBytes(speeds[direction])}/s`] : [],
    );
    const here = had > 0 ? [this.#terminal.text("boardHad", { bytes: had })] : [];
    const rest = [this.counter(), ...rates, ...here];
    if (!interactive) return [[amount, ...rest, ...time].join(" · ")];
    const shown = isWhole ? `${bar(total === 0 ? 1 : done / total, WIDE_BAR)} ${amount}` : amount;
    return [[shown, ...time].join(" · "), rest.join(" · ")];
  }

  /** What is under way, image by image; as many as the terminal has room for. */
  rows(): readonly Detail[] {
    const most = Math.max(FEWEST_ROWS, this.#terminal.rows() - OTHER_ROWS);
    const rows = [...this.#underWay].toSorted(([, a], [, b]) => liveliness(b) - liveliness(a));
    const shown = rows.slice(0, rows.length > most ? most - 1 : most);
    const more = rows.length - shown.length;
    const names = shown.map(([transfer]) => shortName(transfer));
    // Whatever the names are, what they are about must be seen.
    const room = Math.max(20, Math.floor(this.#terminal.columns() / 2));
    const width = Math.min(room, Math.max(0, ...names.map((name) => name.length)));
    return [
      ...shown.map(([, progress], index): Detail => ({
        text: `${this.#arrow(progress)} ${fitted(names[index]!, width)}  ${this.#said(progress)}`.trimEnd(),
        dim: liveliness(progress) === 0,
      })),
      ...(more > 0 ? [{ text: this.#terminal.text("boardMore", { count: more }), dim: true }] : []),
    ];
  }

  #speedsNow(bytes: ByteCount): Readonly<Record<Direction, number>> {
    const now = Date.now();
    return {
      down: this.#speeds.down.at(now, bytes.movedIn("down")),
      up: this.#speeds.up.at(now, bytes.movedIn("up")),
    };
  }

  #arrow(progress: Progress | undefined): string {
    return liveliness(progress) === 2 ? ARROWS[this.#goal] : " ";
  }

  #said(progress: Progress | undefined): string {
    if (progress?.kind !== "bytes" || progress.total === 0) return describe(this.#terminal, progress);
    return `${bar(progress.done / progress.total, SMALL_BAR)} ${describe(this.#terminal, progress)}`;
  }
}

const ARROWS = { down: "↓", up: "↑" } as const;

function bar(part: number, width: number): string {
  const filled = Math.max(0, Math.min(width, Math.floor(part * width)));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}

function fitted(name: string, width: number): string {
  return name.length > width ? `${name.slice(0, width - 1)}…` : name.padEnd(width);
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

/** What an image is at, in words. */
export function describe(terminal: Terminal, progress: Progress | undefined): string {
  switch (progress?.kind) {
    case undefined:
      return "";
    case "phase":
      return terminal.text(`phase-${progress.phase}`);
    case "retry":
      return terminal.text("retrying", {
        attempt: progress.attempt,
        delay: progress.delay,
        reason: progress.reason,
      });
    case "bytes":
      return progress.total > 0
        ? `${formatBytes(progress.done)} / ${formatBytes(progress.total)}`
        : formatBytes(progress.done);
  }
}
