/**
 * Scripts that are sent to a host, kept as `.sh` files beside the code that sends them, where shellcheck reads them. What
 * is sent is the file's fixed text without its comment lines; values reach it as arguments only. A line `. ./NAME.sh`
 * stands for the text of that file.
 */
import { readFileSync } from "node:fs";

/** The text of the script `name` in the folder `scripts/` beside the module whose `import.meta.url` is `base`. */
export function scriptText(base: string, name: string): string {
  return readFileSync(new URL(`scripts/${name}.sh`, base), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !/^\s*#/.test(line))
    .map((line) => {
      const [, other] = /^\. \.\/([\w-]+)\.sh$/.exec(line) ?? [];
      return other === undefined ? line : scriptText(base, other);
    })
    .join("\n");
}
