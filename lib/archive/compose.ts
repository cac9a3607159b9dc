/**
 * The compose files of an archive. Where they name the images as `docker load` will, they are the project's own files as
 * they are. Otherwise names are spliced into docker-compose-mirror.yaml, as for a mirror: the mirror's names, names
 * without a digest (`docker load` sets none), and fixed names in place of variables that only this machine sets.
 */
import { relative } from "node:path";
import { load } from "../compose/load.ts";
import type { LoadOptions, Project } from "../compose/project.ts";
import { oldestV2Of, rewrite } from "../compose/rewrite.ts";
import { familiarName, formatReference, parseReference } from "../image/reference.ts";
import { MirrorError } from "../messages/errors.ts";
import type { Transfer } from "../mirror/transfers.ts";
import { nameInArchive, type Names } from "./images.ts";

/** What compose runs on the host; names are relative to the project's folder there. */
export interface ComposeFiles {
  /** For docker compose version 2, from `oldestV2` on. */
  readonly v2: readonly string[];
  readonly oldestV2: string;
  /** For docker-compose version 1, and for a version 2 that is too old; empty where it cannot run the project. */
  readonly v1: readonly string[];
  /** Files that are made for the archive. */
  readonly made: readonly { readonly name: string; readonly text: string }[];
}

/** The compose files that name `transfers` as the archive does. Throws `output-is-source`. */
export async function composeFilesFor(
  project: Project,
  transfers: readonly Transfer[],
  {
    names,
    pullRegistry,
    options,
  }: { readonly names: Names; readonly pullRegistry?: string | undefined; readonly options: LoadOptions },
): Promise<ComposeFiles> {
  const unsteady = names === "source" ? await unsteadyImages(project, options) : new Set<string>();
  const targets = new Map<string, string>();
  for (const transfer of transfers) {
    const name = nameInArchive(transfer, { names, pullRegistry });
    for (const { image } of transfer.uses) {
      const isNamedSo = formatReference(parseReference(image)) === formatReference(name);
      if (!isNamedSo || unsteady.has(image)) targets.set(image, familiarName(name));
    }
  }
  const within = (path: string): string => relative(project.folder, path);
  if (targets.size === 0) {
    const own = project.composeFiles.map(within);
    return { v2: own, v1: own, oldestV2: oldestV2Of(project), made: [] };
  }
  const { files, runFiles, oldestV2 } = rewrite(project, targets);
  const taken = files.find(({ path }) => project.files.has(path));
  if (taken !== undefined) throw new MirrorError("output-is-source", { file: taken.path });
  return {
    v2: runFiles.v2,
    v1: runFiles.v1 ?? [],
    oldestV2,
    made: files.map(({ path, text }) => ({ name: within(path), text })),
  };
}

/** The images that would be others on a host that has the project's files and not this machine's environment. */
async function unsteadyImages(project: Project, options: LoadOptions): Promise<ReadonlySet<string>> {
  const uses = project.uses.filter(({ variables }) => variables.length > 0);
  if (uses.length === 0) return new Set();
  const named = new Set(uses.flatMap(({ variables }) => variables));
  const environment = Object.fromEntries(Object.entries(options.environment).filter(([name]) => !named.has(name)));
  let there: ReadonlySet<string | undefined>;
  try {
    const other = await load({ ...options, environment });
    there = new Set(other.uses.map(({ image }) => image));
  } catch (error) {
    // A variable that must be set is set here alone.
    if (!(error instanceof MirrorError)) throw error;
    there = new Set();
  }
  return new Set(uses.flatMap(({ image }) => (there.has(image) ? [] : [image])));
}
