/** The project's name (https://github.com/compose-spec/compose-spec/blob/main/04-version-and-name.md). */
import { basename } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import type { Variables } from "./discover.ts";
import type { Scalar, SourceFile } from "./document.ts";
import { Filling } from "./fill.ts";

export interface ProjectName {
  readonly name: string;
  /** It does not come from the folder. */
  readonly isGiven: boolean;
  /** Variables without a value that the name in the files mentions. */
  readonly unset: ReadonlySet<string>;
}

/** COMPOSE_PROJECT_NAME, else the last `name` in the files, else the folder's name. Throws `project-name-invalid`. */
export function projectName(files: readonly SourceFile[], folder: string, variables: Variables): ProjectName {
  const unset = new Set<string>();
  const given = variables.get("COMPOSE_PROJECT_NAME") ?? "";
  if (given !== "") {
    if (normalName(given) !== given) throw new MirrorError("project-name-invalid", { name: given });
    return { name: given, isGiven: true, unset };
  }
  const names = files.flatMap(({ documents }) =>
    documents.flatMap(({ root }) => {
      const value = root.kind === "mapping" ? root.entries.get("name") : undefined;
      return value?.kind === "scalar" && value.type !== "null" && value.text !== "" ? [value] : [];
    }),
  );
  const written = names.at(-1);
  const filled = written && (new Filling(variables).value(written, ["name"], unset) as Scalar);
  const name = normalName(filled?.text ?? basename(folder));
  // A folder named in Chinese has no project name, which only the commands that need one refuse.
  if (name === "" && filled !== undefined) throw new MirrorError("project-name-invalid", { name: filled.text });
  return { name, isGiven: filled !== undefined, unset };
}

/** What compose makes a project's name of: a folder's name, say. Empty when nothing of it can be in one. */
export function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}
