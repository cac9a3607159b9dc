/** The help of a command: usage, its flags by group, an example. All of it follows from the tables of lib/config. */
import { type CommandName, COMMANDS } from "../config/commands.ts";
import { type FlagName, type FlagRow, flagsOf, type Group, GROUPS, rowOf, VARIABLES } from "../config/flags.ts";
import type { Language } from "../messages/format.ts";
import { textOf } from "../messages/texts.ts";
import { formatTable } from "./format.ts";
import type { Terminal } from "./output.ts";

/** The text that `--help` shows. */
export function helpOf(name: CommandName, { language }: Pick<Terminal, "language">): string {
  const flags = flagsOf(name);
  const positional = flags.find((flag) => rowOf(flag).positional);
  const alone =
    positional === undefined ? "" : ` [${rowOf(positional).value}${rowOf(positional).repeatable ? " ..." : ""}]`;
  const rest = flags.some((flag) => rowOf(flag).afterDashes) ? " -- COMMAND" : "";
  const { example } = COMMANDS[name];
  const groups = groupsOf(flags).map(({ group, members }) => [
    `${GROUPS[group][language]}:`,
    ...formatTable(members.map((flag) => rowLine(flag, language))).split("\n"),
  ]);
  return [
    `${name}: ${COMMANDS[name][language]}`,
    "",
    textOf(language, "helpUsage", { usage: `${name}${alone} [${textOf(language, "helpFlagsWord")}]${rest}` }),
    ...(example === "" ? [] : [textOf(language, "helpExample", { example: `${name} ${example}` })]),
    "",
    ...groups.flatMap((lines) => [...lines, ""]),
    textOf(language, "helpVariables"),
    textOf(language, "helpSettings", { variables: VARIABLES }),
    textOf(language, "helpExit"),
  ].join("\n");
}

/** The groups that `flags` belong to, in the help's order. */
export function groupsOf(
  flags: readonly FlagName[],
): readonly { readonly group: Group; readonly members: readonly FlagName[] }[] {
  return (Object.keys(GROUPS) as Group[])
    .map((group) => ({ group, members: flags.filter((flag) => rowOf(flag).group === group) }))
    .filter(({ members }) => members.length > 0);
}

/** What the flag does, and that it can be repeated. */
export function meaningOf(row: FlagRow, language: Language): string {
  return row.repeatable ? textOf(language, "helpRepeatable", { text: row[language] }) : row[language];
}

/** `-f, --file FILE`. */
export function formsOf(flag: FlagName): string {
  const { short, value } = rowOf(flag);
  return `${short === undefined ? "" : `-${short}, `}--${flag}${value === undefined ? "" : ` ${value}`}`;
}

function rowLine(flag: FlagName, language: Language): readonly string[] {
  const row = rowOf(flag);
  const notes = [
    row.variable === undefined ? "" : `[${row.variable}]`,
    row.default === undefined ? "" : textOf(language, "helpDefault", { value: row.default }),
  ];
  const indent = row.short === undefined ? "      " : "  ";
  return [`${indent}${formsOf(flag)}`, [meaningOf(row, language), ...notes].filter((part) => part !== "").join(" ")];
}
