/** The frame around every script: flags in, exit code out, help, Ctrl-C, and errors said in the user's language. */
import { setMaxListeners } from "node:events";
import { type Config, type FlagName, FLAGS, languageOf, readInvocation, VARIABLES } from "../config/config.ts";
import { detailOf, EXIT, MirrorError } from "../messages/errors.ts";
import { formatTable } from "./format.ts";
import { stepTitle } from "./report/step-title.ts";
import { publish } from "./report/page/publish.ts";
import { openRecorder, type Recorder } from "./report/page/record.ts";
import { openTerminal, type Terminal } from "./output.ts";

export interface Context {
  readonly config: Config;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Collects what the report and the summary show. */
  readonly recorder: Recorder;
}

export interface CommandSpec {
  /** The script's name; its description is the text `about-NAME`. */
  readonly name: string;
  /** The flags it takes besides `--lang` and `--help`. */
  readonly flags: readonly FlagName[];
}

/** `false` = something failed and was said (exit code 1). */
export type Body = (context: Context) => Promise<boolean | void>;

/** Runs a script's `body` and sets the process's exit code by the command contract. */
export async function command(spec: CommandSpec, body: Body): Promise<void> {
  const abort = new AbortController();
  // Everything under way listens to the one signal; that is no leak.
  setMaxListeners(0, abort.signal);
  const onSignal = (): void => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  let terminal = openTerminal({ language: languageOf(undefined, {}) });
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error)) return;
    terminal.note(terminal.explain(new MirrorError("file-write", { file: "stdout", detail: detailOf(error) })));
    process.exitCode = EXIT.failed;
  });
  // There is no other place to say it, and the work goes on.
  process.stderr.on("error", () => {});
  try {
    const invocation = readInvocation([...spec.flags, "lang", "help"]);
    terminal = openTerminal({ language: invocation.language });
    if (invocation.help()) terminal.result(help(spec, terminal));
    else if ((await recorded(spec, body, { config: invocation.config(), terminal, signal: abort.signal })) === false)
      process.exitCode = EXIT.failed;
  } catch (error) {
    if (!isInterrupt(error)) terminal.note(terminal.explain(error));
    process.exitCode = error instanceof MirrorError ? error.exit : EXIT.failed;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
  if (abort.signal.aborted) {
    terminal.note(terminal.text("wasInterrupted"));
    process.exitCode = EXIT.interrupted;
  }
}

/** Runs `body`, and publishes what it did however it ends. Throws what `body` throws, else `file-write`. */
async function recorded(spec: CommandSpec, body: Body, context: Omit<Context, "recorder">): Promise<boolean | void> {
  const { config, terminal } = context;
  const recorder = openRecorder({
    command: spec.name,
    password: config.credentials?.password,
    explain: (error) => terminal.errorJson(error),
    stepTitle: (step) => stepTitle(terminal, step),
  });
  let result: boolean | void;
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

/** A reader that has seen enough, such as `head`, makes nothing fail. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE";
}

function isInterrupt(error: unknown): boolean {
  return error instanceof MirrorError && error.code === "interrupted";
}

function help(spec: CommandSpec, terminal: Terminal): string {
  const flags = [...spec.flags, "lang", "help"] as const;
  const rows = flags.map((name) => {
    const {
      short,
      value,
      variable,
      default: preset,
    } = FLAGS[name] as {
      short?: string;
      value?: string;
      variable?: string;
      default?: string;
    };
    const notes = [
      variable === undefined ? "" : `[${variable}]`,
      preset === undefined ? "" : terminal.text("helpDefault", { value: preset }),
    ];
    return [
      `  ${short === undefined ? "   " : `-${short},`} --${name}${value === undefined ? "" : ` ${value}`}`,
      [terminal.text(`flag-${name}` as "flag-file"), ...notes].filter((part) => part !== "").join(" "),
    ];
  });
  return [
    `${spec.name}: ${terminal.text(`about-${spec.name}` as "about-images")}`,
    "",
    terminal.text("helpFlags"),
    formatTable(rows),
    "",
    terminal.text("helpSettings", { variables: VARIABLES.join(", ") }),
    terminal.text("helpExit"),
  ].join("\n");
}
