/**
 * `ignore-images.txt`: one pattern a line, `#` starts a comment, `*` matches any characters, and a pattern also
 * matches as a prefix, so `vastdata/vastbase-vector` ignores every tag of it (and `nginx` ignores `nginx-exporter` too:
 * write `nginx:*` for nginx alone). A line `SOURCE=NAME` renames an image at the mirror instead.
 */
import { parseRename, type Rename } from "./mapping.ts";
import { familiarName, formatReference, type ImageReference, withDefaultTag } from "../image/reference.ts";

export interface IgnoreList {
  /**
   * Whether an image is not to be mirrored. `written` are its names as the compose file has it: with its variables
   * filled in, and as it stands there. `reference` is absent where that is no valid name.
   */
  readonly ignores: (reference: ImageReference | undefined, ...written: readonly string[]) => boolean;
  readonly renames: readonly Rename[];
}

/** Reads the file's text. Throws `rename-invalid` or `reference-invalid` for a rename line. */
export function parseIgnoreList(text: string): IgnoreList {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
  const patterns = lines.filter((line) => !line.includes("="));
  return {
    ignores(reference, ...written) {
      const tagged = reference && withDefaultTag(reference);
      const names = [...written, ...(tagged ? [familiarName(tagged), formatReference(tagged)] : [])];
      return patterns.some((pattern) => names.some((name) => matchesPrefix(pattern, name)));
    },
    renames: lines.filter((line) => line.includes("=")).map(parseRename),
  };
}

/**
 * Whether `name` begins with `pattern`. As nothing has to fit at the end, taking the first place where each part fits
 * is always right, and no pattern is slow.
 */
function matchesPrefix(pattern: string, name: string): boolean {
  const [head = "", ...parts] = pattern.split("*");
  if (!name.startsWith(head)) return false;
  let at = head.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}
