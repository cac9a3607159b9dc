/** What export and import show and say. */
import { basename } from "node:path";
import { type ExportPlan, lockOf, prepareArchive, storedImages, toPull, modeOfArchive } from "../../archive/export.ts";
import { withZstd } from "../../archive/images.ts";
import type { CarriedImage } from "../../archive/layout.ts";
import { writeArchive } from "../../archive/output.ts";
import { partName } from "../../archive/parts.ts";
import type { FolderFile } from "../../archive/project-folder.ts";
import type { PlacedImage, StoredArchive } from "../../archive/store-archive.ts";
import { failedOf, type Outcome } from "../../engine/engine.ts";
import type { Session } from "../../engine/session.ts";
import { familiarName, formatReference } from "../../image/reference.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";
import type { Plan, Transfer } from "../../mirror/transfers.ts";
import type { Context } from "../command.ts";
import { pipeline } from "../pipeline.ts";
import { nameOf, outcomeJson, outcomeLines } from "./images.ts";
import { reportStore, showTransfers } from "./transfers.ts";

/** What the archive will not have, and the files that are made for it. */
export function reportExportPlan({ terminal }: Context, { ignored, built }: Plan, { compose }: ExportPlan): void {
  const images = [...ignored, ...built].map(({ image }) => image);
  if (images.length > 0)
    terminal.note(terminal.text("warning", { text: terminal.text("archiveLeavesOut", { images }) }));
  const [made] = compose.made;
  if (made !== undefined) terminal.note(terminal.text("archiveMade", { file: made.name }));
}

interface ExportRun {
  readonly plan: ExportPlan;
  /** Of the direct engine, which has a store. */
  readonly session: Session;
  readonly before: readonly LockedImage[];
  /** Absolute path of the archive. */
  readonly file: string;
}

/** Pulls what is missing and writes the archive. Gives `false` when an image could not be had; then nothing is written. */
export async function showExport(context: Context, { plan, session, before, file }: ExportRun): Promise<boolean> {
  const { config, terminal, signal } = context;
  const { engine } = session;
  const store = session.store!;
  let images = await storedImages(plan, store);
  const pulls = toPull(plan, images, before);
  let outcomes: readonly Outcome[] = [];
  let written: { readonly paths: readonly string[]; readonly size: number; readonly files: number } | undefined;
  const missing = (): readonly Transfer[] => plan.transfers.filter((transfer) => !images.has(transfer));
  await pipeline(terminal, [
    {
      title: terminal.text("stepPull", { count: pulls.length }),
      skip: () => (pulls.length === 0 ? terminal.text("count-present", { count: images.size }) : undefined),
      run: async (row) => {
        engine.begin?.(pulls, "pull");
        outcomes = await showTransfers(context, row, pulls, { engine, step: "pull" });
        images = await storedImages(plan, store);
        return missing().length === 0;
      },
    },
    {
      title: terminal.text("stepExport", { file }),
      skip: () => (missing().length > 0 ? terminal.text("skipFailed") : undefined),
      run: async (row) => {
        const lock = lockOf(images, before, outcomes);
        const carried = [...images.values()];
        const archive = await prepareArchive(plan, { store, images: carried, lock, archive: basename(file) });
        const paths = await writeArchive(file, archive.bytes(), {
          split: config.split,
          mode: modeOfArchive(plan),
          signal,
          onBytes: (done) => row.live([terminal.text("archiveBytes", { done, total: archive.size })]),
        });
        written = { paths, size: archive.size, files: archive.files };
      },
    },
  ]);
  reportUnasked(context, outcomes, images);
  const failed = outcomes.filter(({ transfer }) => !images.has(transfer));
  for (const line of failed.length === 0 ? [] : outcomeLines(terminal, failed)) terminal.note(line);
  if (written !== undefined) reportArchive(context, [...images.values()], { ...written, file });
  else if (config.json) terminal.json({ images: failed.map((outcome) => outcomeJson(terminal, outcome)) });
  await reportStore(context, session);
  return written !== undefined;
}

/** Names the images that the store has although their source did not answer. */
function reportUnasked(
  { terminal }: Context,
  outcomes: readonly Outcome[],
  images: ReadonlyMap<Transfer, CarriedImage>,
): void {
  const unasked = [...failedOf(outcomes)].filter((transfer) => images.has(transfer)).map(nameOf);
  if (unasked.length === 0) return;
  terminal.note(terminal.text("warning", { text: terminal.text("archiveFromStore", { images: unasked }) }));
}

interface Written {
  readonly file: string;
  readonly paths: readonly string[];
  readonly size: number;
  readonly files: number;
}

function reportArchive({ config, terminal }: Context, images: readonly CarriedImage[], written: Written): void {
  const { file, paths, size, files } = written;
  const zstd = withZstd(images).map(({ name }) => familiarName(name));
  if (zstd.length > 0)
    terminal.note(terminal.text("warning", { text: terminal.text("archiveZstd", { images: zstd }) }));
  terminal.note(terminal.text("archiveWritten", { file, count: images.length, files, size }));
  const isSplit = config.split !== undefined;
  const first = isSplit ? partName(file, 0) : basename(file);
  if (isSplit) terminal.note(terminal.text("archiveParts", { count: paths.length - 1, list: paths.at(-1)! }));
  terminal.note(terminal.text("archiveNext", { file: first }));
  if (!config.json) return paths.forEach((path) => terminal.result(path));
  const rows = images.map(({ name, source, platform, manifest: { digest } }) => ({
    name: familiarName(name),
    source: familiarName(source),
    platform,
    digest,
  }));
  terminal.json({ file, paths, bytes: size, files, images: rows });
}

interface Imported {
  readonly placed: readonly PlacedImage[];
  readonly stored: StoredArchive;
  /** The project's files, which were written where `--into` says so. */
  readonly files: readonly FolderFile[];
  /** Of the store. */
  readonly folder: string;
}

/** Says what import did, and what goes on from there. */
export function reportImport({ config, terminal }: Context, { placed, stored, files, folder }: Imported): void {
  const { into } = config;
  const targets = placed.map(({ target }) => formatReference(target));
  terminal.note(terminal.text("archiveStored", { count: placed.length, ...stored }));
  if (into === undefined) terminal.note(terminal.text("archive-next-folder"));
  else terminal.note(terminal.text("archiveFolder", { files: files.length, folder: into }));
  terminal.note(terminal.text("archiveImportNext"));
  if (!config.json) return targets.forEach((target) => terminal.result(target));
  const images = placed.map(({ image: { source, platform, manifest }, target }) => ({
    source: familiarName(source),
    target: formatReference(target),
    platform,
    digest: manifest.digest,
  }));
  terminal.json({ store: folder, ...stored, ...(into === undefined ? {} : { folder: into }), images });
}
