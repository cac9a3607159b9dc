/**
 * A list of steps, one after another. On a terminal listr2 draws them on stderr; elsewhere each step says in plain
 * lines that it started, what it reports while it runs, and how it ended.
 */
import { MirrorError } from "../messages/errors.ts";
import { formatDuration } from "../messages/format.ts";
import { printable } from "./format.ts";
import type { Terminal } from "./output.ts";

/** A line below a summary; `dim` is one that matters less. */
export interface Detail {
  readonly text: string;
  readonly dim?: boolean;
}

/** What a running step may show. */
export interface Row {
  /** Replaces the step's title, as when it ends with a result. */
  title(text: string): void;
  /**
   * Lines under the title that are drawn over by the next call: a summary, and more below it. Without a terminal the
   * summary is shown now and then, when it has changed.
   */
  live(summary: readonly string[], details?: readonly Detail[]): void;
  /** A line that stays. */
  note(text: string): void;
}

export interface Step {
  readonly title: string;
  /** Asked when its turn comes: says why the step is skipped, or `undefined` = it runs. */
  readonly skip?: () => string | undefined;
  /** `false` = part of it failed, as the row or the end says; the steps after it decide by `skip`. */
  readonly run: (row: Row) => Promise<boolean | void>;
}

/** Milliseconds between two summaries without a terminal. */
const SUMMARY_EVERY = 10_000;

/**
 * Runs the steps in order; the first error ends the pipeline and is thrown as it is. `summaryEvery` is in milliseconds.
 */
export async function pipeline(
  terminal: Terminal,
  steps: readonly Step[],
  { summaryEvery = SUMMARY_EVERY }: { readonly summaryEvery?: number } = {},
): Promise<void> {
  // A terminal that nobody gave a size has no columns, and listr2 would draw every row zero columns wide.
  const isDrawn = terminal.interactive && process.stderr.columns !== 0;
  return isDrawn ? drawn(terminal, steps) : plain(terminal, steps, summaryEvery);
}

async function plain(terminal: Terminal, steps: readonly Step[], summaryEvery: number): Promise<void> {
  for (const { title, skip, run } of steps) {
    const reason = skip?.();
    if (reason !== undefined) {
      terminal.note(`- ${title}: ${reason}`);
      continue;
    }
    terminal.note(`> ${title}`);
    const started = Date.now();
    let latest = title;
    let summary = "";
    let shown = "";
    const timer = setInterval(() => {
      if (summary !== shown) terminal.note(summary);
      shown = summary;
    }, summaryEvery);
    const ended = await run({
      title: (text) => (latest = text),
      live: (lines) => (summary = lines.map((line) => `  ${line}`).join("\n")),
      note: (text) => terminal.note(`  ${text}`),
    }).finally(() => clearInterval(timer));
    terminal.note(
      `${ended === false ? "x" : "="} ${latest} (${formatDuration(Date.now() - started, terminal.language)})`,
    );
  }
}

function drawnDetail({ text, dim = false }: Detail): string {
  return dim ? `\u001B[2m${printable(text)}\u001B[22m` : printable(text);
}

async function drawn(terminal: Terminal, steps: readonly Step[]): Promise<void> {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const thrown: unknown[] = [];
  const list = new Listr(
    steps.map(({ title, skip, run }) => ({
      title: printable(title),
      skip: () => {
        if (thrown.length > 0) return title;
        const reason = skip?.();
        return reason === undefined ? false : printable(`${title}: ${reason}`);
      },
      // A failed step is drawn as such; whether the next one runs is its own decision.
      exitOnError: false,
      task: async (
        _context: unknown,
        task: { title: string; output: string; skip: (message: string) => void },
      ): Promise<void> => {
        const started = Date.now();
        const notes: string[] = [];
        let latest = printable(title);
        let failed = false;
        try {
          const note = (text: string): void => {
            notes.push(printable(text));
            task.output = notes.join("\n");
          };
          terminal.divertNotes(note);
          const ended = await run({
            title: (text) => (task.title = latest = printable(text)),
            live: (summary, details = []) =>
              (task.output = [...notes, ...summary.map(printable), ...details.map(drawnDetail)].join("\n")),
            note,
          });
          if (notes.length > 0) task.output = notes.join("\n");
          task.title = `${latest} (${formatDuration(Date.now() - started, terminal.language)})`;
          if (ended === false) failed = true;
        } catch (error) {
          thrown.push(error);
          // Ctrl-C is no failure.
          if (error instanceof MirrorError && error.code === "interrupted") return task.skip(latest);
          failed = true;
        } finally {
          terminal.divertNotes(undefined);
        }
        // Only a task that throws is drawn as failed.
        if (failed) throw new Error(latest);
      },
      // Each output replaces the previous one; the last one stays.
      rendererOptions: { outputBar: 1, persistentOutput: true },
    })),
    {
      registerSignalListeners: false,
      rendererOptions: {
        collapseErrors: false,
        showErrorMessage: false,
        // A skipped step's message is its title with the reason.
        collapseSkips: true,
        formatOutput: "truncate",
        // stdout carries the result alone
        logger: new ListrLogger({
          useIcons: true,
          toStderr: [],
          processOutput: new ProcessOutput(process.stderr, process.stderr),
        }),
      },
      fallbackRendererCondition: false,
    },
  );
  await list.run();
  if (thrown.length > 0) throw thrown[0];
}
