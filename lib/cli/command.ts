/** The frame around every script: flags in, exit code out, help, Ctrl-C, and errors in the user's language. */
import { setMaxListeners } from "node:events";
import type { CommandName } from "../config/commands.ts";
import { type Config, factsOf, languageOf, readInvocation } from "../config/config.ts";
import { flagsOf } from "../config/flags.ts";
import { causeOf, EXIT, MirrorError } from "../messages/errors.ts";
import { versionOfTool } from "./dispatch.ts";
import { helpOf } from "./help.ts";
import { renderCause } from "../messages/message.ts";
import { openTerminal, type Terminal } from "./output.ts";
import type { StoreWait } from "../store/store.ts";
import { checkReport, publish } from "./report/page/publish.ts";
import { openRecorder, type Recorder } from "./report/page/record.ts";

export interface Context {
  readonly config: Config;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Says that another run is waited for. */
  readonly onWait: (wait: StoreWait) => void;
  /** Aborted when nobody reads standard output any more, as behind `| head`. */
  readonly readerGone: AbortSignal;
  /** Collects what the report and the summary show. */
  readonly recorder: Recorder;
}

/** `false` = something failed and was reported (exit code 1); a number is the exit code, with nothing more to say. */
export type Body = (context: Context) => Promise<boolean | number | void>;

/**
 * Runs the `body` of the command `name` and sets the process's exit code by the command contract. With `--json` a
 * failure is one document too, `{error: {code, message, hint}}`, unless the body has already printed its own.
 */
export async function command(name: CommandName, body: Body): Promise<void> {
  const abort = new AbortController();
  // Everything under way listens to the one signal; that is no leak.
  setMaxListeners(0, abort.signal);
  const gone = new AbortController();
  const onSignal = (): void => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  let terminal = openTerminal({ language: languageOf(undefined, {}) });
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error)) return gone.abort();
    terminal.note(terminal.explain(new MirrorError("file-write", { file: "stdout", detail: causeOf(error) })));
    process.exitCode = EXIT.failed;
  });
  // There is no other place to report it, and the work goes on.
  process.stderr.on("error", () => {});
  const invocation = readInvocation(flagsOf(name));
  terminal = openTerminal({ language: invocation.language });
  let ended: Awaited<ReturnType<Body>> = undefined;
  const report = (error: unknown): void => {
    if (invocation.json && !terminal.hasJson()) terminal.json({ error: terminal.errorJson(error) });
  };
  try {
    const given = invocation.given();
    if (given.has("help")) terminal.result(helpOf(name, terminal));
    else if (given.has("version")) terminal.result(versionOfTool());
    else {
      const config = invocation.config();
      const plain = config.environment["TERM"] === "dumb";
      terminal = openTerminal({ language: config.language, facts: factsOf(config), plain });
      for (const notice of config.notices) terminal.note(terminal.warning(notice));
      const signals = { signal: abort.signal, readerGone: gone.signal };
      ended = await recorded(name, body, { config, terminal, ...signals, onWait: waitNotes(terminal) });
      if (ended === false) process.exitCode = EXIT.failed;
      else if (typeof ended === "number") process.exitCode = ended;
    }
  } catch (error) {
    if (!isInterrupt(error)) {
      terminal.note(terminal.explain(error));
      if (!abort.signal.aborted) report(error);
    }
    process.exitCode = error instanceof MirrorError ? error.exit : EXIT.failed;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
  if (abort.signal.aborted && typeof ended !== "number") {
    const interrupted = new MirrorError("interrupted");
    terminal.note(terminal.text("wasInterrupted"));
    report(interrupted);
    process.exitCode = EXIT.interrupted;
  }
}

/** Runs `body`, and publishes what it did however it ends. Throws what `body` throws, else `file-write`. */
async function recorded(name: CommandName, body: Body, context: Omit<Context, "recorder">): ReturnType<Body> {
  const { config, terminal } = context;
  const recorder = openRecorder({
    command: name,
    credentials: config.credentials,
    explain: (error) => terminal.errorJson(error),
    words: (cause) => renderCause(cause, terminal.language),
  });
  await checkReport(config);
  let result: Awaited<ReturnType<Body>>;
  try {
    result = await body({ ...context, recorder });
  } catch (error) {
    recorder.failure(error);
    await publish(config, recorder.record()).catch((failure) => terminal.note(terminal.explain(failure)));
    throw error;
  }
  await publish(config, recorder.record());
  return result;
}

/** One line for each reason to wait for another run, however many blobs are waited for. */
function waitNotes(terminal: Terminal): (wait: StoreWait) => void {
  const told = new Set<StoreWait["reason"]>();
  return ({ reason, process: holder }) => {
    if (!told.has(reason)) terminal.note(terminal.text(`waiting-${reason}`, { process: holder }));
    told.add(reason);
  };
}

/** A reader that closes the pipe early, such as `head`, is no error. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE";
}

function isInterrupt(error: unknown): boolean {
  return error instanceof MirrorError && error.code === "interrupted";
}
