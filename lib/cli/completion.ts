/** Completion of the command `compose-mirror COMMAND --flags` in three shells, made from the tables of lib/config. */
import { COMMAND_NAMES, COMMANDS } from "../config/commands.ts";
import { type FlagName, flagsOf, rowOf } from "../config/flags.ts";
import type { Language } from "../messages/format.ts";
import { quote } from "../system/shell-quote.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What may stand after a flag: given words, a file, a folder, something that only the user knows, or nothing. */
type Operand = readonly string[] | "file" | "folder" | "any" | undefined;

function operandOf(flag: FlagName): Operand {
  const { value } = rowOf(flag);
  if (value === undefined) return undefined;
  if (value === "FILE") return "file";
  if (value === "FOLDER") return "folder";
  return value.includes("|") ? value.split("|") : "any";
}

/** The flag as it is typed, its short form first. */
function formsOf(flag: FlagName): readonly string[] {
  const { short } = rowOf(flag);
  return short === undefined ? [`--${flag}`] : [`-${short}`, `--${flag}`];
}

/** The script that makes `shell` complete, with the descriptions in `language` where the shell shows them. */
export function completionOf(shell: Shell, language: Language): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](language);
}

function bashScript(): string {
  const allFlags = [...new Set(COMMAND_NAMES.flatMap(flagsOf))];
  const operands = allFlags.flatMap((flag) => {
    const operand = operandOf(flag);
    if (operand === undefined) return [];
    const reply =
      operand === "file"
        ? 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
        : operand === "folder"
          ? 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word")'
          : operand === "any"
            ? "COMPREPLY=()"
            : `mapfile -t COMPREPLY < <(compgen -W '${operand.join(" ")}' -- "$word")`;
    return [`    ${formsOf(flag).join(" | ")}) ${reply}; return ;;`];
  });
  const words = COMMAND_NAMES.map((name) => {
    const flags = flagsOf(name);
    const alone = flags.filter((flag) => rowOf(flag).positional).flatMap((flag) => operandOf(flag));
    const choices = alone.filter((each) => each !== undefined && each !== "any");
    return `    ${name}) words='${[...choices, ...flags.map((flag) => `--${flag}`)].join(" ")}' ;;`;
  });
  return `# bash completion for compose-mirror
_compose_mirror() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${COMMAND_NAMES.join(" ")}' -- "$word")
    return
  fi
  case "$before" in
${operands.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${words.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _compose_mirror compose-mirror
`;
}

function zshScript(language: Language): string {
  const specs = (flag: FlagName): readonly string[] => {
    const row = rowOf(flag);
    const operand = operandOf(flag);
    const action =
      operand === undefined
        ? ""
        : `:${row.value!.replaceAll(":", "")}:${operand === "file" ? "_files" : operand === "folder" ? "_files -/" : operand === "any" ? "" : `(${operand.join(" ")})`}`;
    const forms = formsOf(flag);
    const once = row.repeatable ? "*" : `(${forms.join(" ")})`;
    const flags = forms.map((form) => quote(`${once}${form}[${inZsh(row[language])}]${action}`));
    return row.positional && Array.isArray(operand) ? [...flags, quote(`1:${flag}:(${operand.join(" ")})`)] : flags;
  };
  const cases = COMMAND_NAMES.map(
    (name) =>
      `    ${name})\n      _arguments -S \\\n${flagsOf(name)
        .flatMap(specs)
        .map((spec) => `        ${spec}`)
        .join(" \\\n")} ;;`,
  );
  const commands = COMMAND_NAMES.map((name) => `    ${quote(`${name}:${inZsh(COMMANDS[name][language])}`)}`);
  return `#compdef compose-mirror
_compose_mirror() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join("\n")}
  esac
}
if [[ "$funcstack[1]" == _compose_mirror ]]; then
  _compose_mirror "$@"
else
  compdef _compose_mirror compose-mirror
fi
`;
}

function fishScript(language: Language): string {
  const flags = COMMAND_NAMES.flatMap((name) =>
    flagsOf(name).flatMap((flag) => {
      const row = rowOf(flag);
      const operand = operandOf(flag);
      const short = row.short === undefined ? "" : ` -s ${row.short}`;
      const value =
        operand === undefined
          ? ""
          : operand === "file"
            ? " -rF"
            : operand === "folder"
              ? " -x -a '(__fish_complete_directories)'"
              : operand === "any"
                ? " -x"
                : ` -x -a ${inFish(operand.join(" "))}`;
      const condition = `-n '__fish_seen_subcommand_from ${name}'`;
      const line = `complete -c compose-mirror ${condition}${short} -l ${flag}${value} -d ${inFish(row[language])}`;
      return row.positional && Array.isArray(operand)
        ? [line, `complete -c compose-mirror ${condition} -a ${inFish(operand.join(" "))}`]
        : [line];
    }),
  );
  const commands = COMMAND_NAMES.map(
    (name) => `complete -c compose-mirror -n __fish_use_subcommand -a ${name} -d ${inFish(COMMANDS[name][language])}`,
  );
  return ["# fish completion for compose-mirror", "complete -c compose-mirror -f", ...commands, ...flags, ""].join(
    "\n",
  );
}

/** A text between the brackets of a zsh completion. */
function inZsh(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function inFish(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
