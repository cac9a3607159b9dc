/** From a project and the content store to an archive. */
import { type Project, requireName } from "../compose/project.ts";
import type { LoadOptions } from "../compose/project.ts";
import { buildFoldersOf } from "../deploy/files/build-folders.ts";
import { isOutside } from "../deploy/files/project-files.ts";
import { lockAfter } from "../engine/lock-update.ts";
import type { Outcome } from "../engine/engine.ts";
import { familiarName, formatReference } from "../image/reference.ts";
import { formatLock, LOCK_FILE, type LockedImage } from "../mirror/lock-file.ts";
import type { Prepared } from "../mirror/prepare.ts";
import type { Transfer } from "../mirror/transfers.ts";
import type { Store } from "../store/store.ts";
import { byName } from "../system/compare.ts";
import { type ComposeFiles, composeFilesFor } from "./compose.ts";
import { type Archive, archiveOf } from "./contents.ts";
import { deployScript } from "./deploy-script.ts";
import { carriedTransfers, inOrder, nameInArchive, type Names, storedImage, withZstd } from "./images.ts";
import type { CarriedImage } from "./layout.ts";
import { envFileNames, type FolderFile, folderFiles, madeFile } from "./project-folder.ts";

export interface ExportSettings extends LoadOptions {
  readonly names: Names;
  readonly pullRegistry?: string | undefined;
  /** The platform of services that name none. */
  readonly platform: string;
  /** Absolute paths of folders outside the project's that links in it may lead to. */
  readonly allowPaths: readonly string[];
}

/** What an archive will have, before any image is looked for. */
export interface ExportPlan {
  readonly project: Project;
  readonly settings: ExportSettings;
  readonly transfers: readonly Transfer[];
  readonly compose: ComposeFiles;
  readonly files: readonly FolderFile[];
  readonly envFiles: readonly string[];
}

/** Decides what to carry. Throws what `composeFilesFor`, `folderFiles` and `envFileNames` throw. */
export async function planExport({ project, plan }: Prepared, settings: ExportSettings): Promise<ExportPlan> {
  const transfers = carriedTransfers(plan, project, settings.platform);
  const { names, pullRegistry } = settings;
  return {
    project,
    settings,
    transfers,
    compose: await composeFilesFor(project, transfers, { names, pullRegistry, options: settings }),
    files: await folderFiles(project, settings.allowPaths),
    envFiles: envFileNames(project, settings),
  };
}

/** The images that the store has, by transfer. Throws what `storedImage` throws. */
export async function storedImages(
  { transfers, settings }: ExportPlan,
  store: Store,
): Promise<ReadonlyMap<Transfer, CarriedImage>> {
  const found = new Map<Transfer, CarriedImage>();
  for (const transfer of transfers) {
    const image = await storedImage(store, transfer, nameInArchive(transfer, settings));
    if (image !== undefined) found.set(transfer, image);
  }
  return found;
}

/**
 * The transfers that are to be pulled: those that the store lacks, and those that the lock does not describe as the
 * store has them, so that the archive's lock can.
 */
export function toPull(
  { transfers }: ExportPlan,
  stored: ReadonlyMap<Transfer, CarriedImage>,
  locked: readonly LockedImage[],
): readonly Transfer[] {
  return transfers.filter((transfer) => {
    const image = stored.get(transfer);
    return image === undefined || !locked.some((each) => isOf(each, transfer, image));
  });
}

/** The lock of an archive with `images`, after `outcomes` of what was pulled; what nothing is known of is not in it. */
export function lockOf(
  images: ReadonlyMap<Transfer, CarriedImage>,
  before: readonly LockedImage[],
  outcomes: readonly Outcome[],
): readonly LockedImage[] {
  const after = lockAfter(before, outcomes, [...images.keys()]);
  return after.filter((locked) => [...images].some(([transfer, image]) => isOf(locked, transfer, image)));
}

function isOf(
  { source, platform, mirrorDigest }: LockedImage,
  transfer: Transfer,
  { manifest }: CarriedImage,
): boolean {
  return (
    formatReference(source) === formatReference(transfer.source) &&
    platform === transfer.platform &&
    mirrorDigest === manifest.digest
  );
}

/** A file that may be read by others only where all files of the project may. */
export function modeOfArchive({ files }: ExportPlan): number {
  return files.reduce((mode, file) => mode & file.mode, 0o666);
}

/** The archive of `images`, all of which the store has. `archive` is its name, without a folder. */
export async function prepareArchive(
  plan: ExportPlan,
  {
    store,
    images,
    lock,
    archive,
  }: {
    readonly store: Store;
    readonly images: readonly CarriedImage[];
    readonly lock: readonly LockedImage[];
    readonly archive: string;
  },
): Promise<Archive & { readonly files: number }> {
  const { project, settings, compose, envFiles } = plan;
  const mode = modeOfArchive(plan);
  const made = [
    ...compose.made.map(({ name, text }) => madeFile(name, text, mode)),
    madeFile(LOCK_FILE, formatLock(lock), mode),
  ];
  const files = new Map([...plan.files, ...made].map((file) => [file.name, file]));
  const ordered = inOrder(images);
  const script = deployScript({
    project: requireName(project),
    archive,
    platform: settings.platform,
    oldestV2: compose.oldestV2,
    images: namesOf(ordered),
    zstd: namesOf(withZstd(ordered)),
    filesV2: compose.v2,
    filesV1: compose.v1,
    envFiles,
    profiles: settings.profiles,
    buildFolders: [...new Set(buildFoldersOf(project).map(({ name }) => name))].filter((name) => !isOutside(name)),
    ownFiles: [...new Set([...compose.v2, ...compose.v1, LOCK_FILE, ...made.map(({ name }) => name)])],
  });
  const folder = [...files.values()].toSorted(byName(({ name }) => name));
  return { ...(await archiveOf({ script, images: ordered, files: folder }, store)), files: folder.length };
}

/** The images as docker calls them. */
function namesOf(images: readonly CarriedImage[]): readonly string[] {
  return images.map(({ name }) => familiarName(name));
}
