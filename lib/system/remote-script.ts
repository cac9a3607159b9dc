/**
 * Scripts that are sent to a host, kept as `.sh` files beside the code that sends them, where shellcheck reads them. What
 * is sent is the file's fixed text without its comment lines; values reach it as arguments only. A line `. ./NAME.sh`
 * stands for the text of that file.
 */
import { readAsset } from "./tool-folder.ts";

/** The text of the script `name` in the folder `scripts/` of `room`, as `lib/deploy/host`. */
export function scriptText(room: string, name: string): string {
  return readAsset(`${room}/scripts/${name}.sh`)
    .split("\n")
    .filter((line) => line !== "" && !/^\s*#/.test(line))
    .map((line) => {
      const [, other] = /^\. \.\/([\w-]+)\.sh$/.exec(line) ?? [];
      return other === undefined ? line : scriptText(room, other);
    })
    .join("\n");
}
