/** The one command `compose-mirror NAME …`: which script its first word means. */
import { COMMAND_NAMES, type CommandName, COMMANDS } from "../config/commands.ts";
import { readInvocation } from "../config/config.ts";
import { nearest } from "../config/suggest.ts";
import { EXIT, MirrorError } from "../messages/errors.ts";
import { readAsset } from "../system/tool-folder.ts";
import { formatTable } from "./format.ts";
import { openTerminal } from "./output.ts";

/** Words that mean several scripts, or one of a longer name; npm and task have them too. */
const ALIASES: Readonly<Record<string, readonly CommandName[]>> = {
  compose: ["generate-mirror-compose"],
  generate: ["generate-amd64-pull-script", "generate-push-to-aliyun-script", "generate-mirror-compose"],
};

/**
 * The scripts to run for the words of a command line, in order; none where the help or the version was shown, or the
 * first word is unknown, which sets the process's exit code to 2.
 */
export function scriptsFor([word]: readonly string[]): readonly CommandName[] {
  const terminal = openTerminal({ language: readInvocation([]).language });
  const name = COMMAND_NAMES.find((each) => each === word);
  if (name !== undefined) return [name];
  if (word !== undefined && Object.hasOwn(ALIASES, word)) return ALIASES[word]!;
  if (word === "--version" || word === "-V") terminal.result(versionOfTool());
  else if (word === undefined || word === "help" || word === "--help" || word === "-h") {
    const rows = COMMAND_NAMES.map((each) => [`  ${each}`, COMMANDS[each][terminal.language]]);
    const usage = terminal.text("helpUsage", { usage: `compose-mirror NAME [${terminal.text("helpFlagsWord")}]` });
    terminal.result([usage, "", formatTable(rows), "", terminal.text("helpFirst")].join("\n"));
  } else {
    const near = nearest(word, [...COMMAND_NAMES, ...Object.keys(ALIASES)]);
    terminal.note(
      terminal.explain(
        near === undefined
          ? new MirrorError("command-unknown", { command: word })
          : new MirrorError("command-mistyped", { command: word, near }),
      ),
    );
    process.exitCode = EXIT.usage;
  }
  return [];
}

/** `compose-mirror 1.2.3`. */
export function versionOfTool(): string {
  const { version } = JSON.parse(readAsset("package.json")) as { version: string };
  return `compose-mirror ${version}`;
}
