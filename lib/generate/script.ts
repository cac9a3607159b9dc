/**
 * The standalone bash scripts. Each is written as a `.sh` file in this folder, as it runs, but for its list of images,
 * which is empty there, and the parts that both scripts share, which it names by `source`. Names only ever stand as
 * single-quoted words in the list; the code around them is the same whatever they are, and so are the bytes for the
 * same list.
 */
import { singleQuoted } from "../system/shell-quote.ts";
import { readAsset } from "../system/tool-folder.ts";

const EMPTY_LIST = "IMAGES=()\n";
/** A line that names a file of this folder, whose text takes its place. */
const SHARED = /^source (\S+)\n/gm;

/** The script of this folder named `template` with `rows` as its list, in code-point order, each row once. */
export function renderScript(template: string, rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `  ${row.map(singleQuoted).join(" ")}\n`);
  const list = [...new Set(lines)].toSorted().join("");
  return readScript(template)
    .replaceAll(SHARED, (_, name: string) => readScript(name))
    .replace(EMPTY_LIST, () => `IMAGES=(\n${list})\n`);
}

function readScript(name: string): string {
  return readAsset(`lib/generate/${name}`);
}
