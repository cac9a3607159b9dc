/** The reference of all commands and flags as Markdown, made from the tables of lib/config by `npm run docs`. */
import { COMMAND_NAMES, COMMANDS } from "../config/commands.ts";
import { FLAG_NAMES, type FlagName, flagsOf, GROUPS, rowOf, VARIABLES } from "../config/flags.ts";
import type { Language } from "../messages/format.ts";
import { textOf } from "../messages/texts.ts";
import { formsOf, groupsOf, meaningOf } from "./help.ts";

/** The whole document. */
export function referenceOf(language: Language): string {
  const commands = COMMAND_NAMES.map((name) => {
    const { example, [language]: about } = COMMANDS[name];
    return [
      `### ${name}`,
      about,
      ...(example === "" ? [] : [`    compose-mirror ${name} ${example}`]),
      flagsOf(name)
        .map((flag) => `\`--${flag}\``)
        .join(" "),
    ].join("\n\n");
  });
  const groups = groupsOf(FLAG_NAMES).map(({ group, members }) =>
    [
      `### ${GROUPS[group][language]}`,
      group === "mirror" ? `${flagTable(members, language)}\n${secretsRow(language)}` : flagTable(members, language),
    ].join("\n\n"),
  );
  return `${[
    `# ${textOf(language, "referenceTitle")}`,
    textOf(language, "referenceNote"),
    `## ${textOf(language, "referenceFlags")}`,
    [
      textOf(language, "helpVariables"),
      textOf(language, "helpSettings", { variables: VARIABLES }),
      textOf(language, "helpExit"),
    ].join("\n\n"),
    ...groups,
    `## ${textOf(language, "referenceCommands")}`,
    ...commands,
  ].join("\n\n")}\n`;
}

/** The variables that have no flag, as a row of the table of flags. */
function secretsRow(language: Language): string {
  const secrets = VARIABLES.map(code).join(textOf(language, "listSeparator"));
  return `| | ${secrets} | | ${textOf(language, "meaningOfSecrets")} |`;
}

/** A table of flags: forms, variable, default, meaning. */
function flagTable(flags: readonly FlagName[], language: Language): string {
  const rows = flags.map((flag) => {
    const row = rowOf(flag);
    return [
      formsOf(flag).split(", ").map(code).join(", "),
      row.variable === undefined ? "" : code(row.variable),
      row.default === undefined ? "" : code(row.default),
      meaningOf(row, language),
    ];
  });
  const head = (["columnFlag", "columnVariable", "columnDefault", "columnMeaning"] as const).map((key) =>
    textOf(language, key),
  );
  return [head, ["---", "---", "---", "---"], ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Code in the cell of a table. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}
