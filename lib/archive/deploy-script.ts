/**
 * The script that starts an archive's project on its host. It is kept as it runs, in deploy.sh; the values of one archive
 * take the places of the assignments at its top, as words in single quotes alone.
 */
import { readAsset } from "../system/tool-folder.ts";
import { singleQuoted } from "../system/shell-quote.ts";

export interface DeployScript {
  readonly project: string;
  /** The archive's name, without a folder. */
  readonly archive: string;
  readonly platform: string;
  readonly oldestV2: string;
  /** As docker calls them. */
  readonly images: readonly string[];
  /** Those of them with layers of zstd. */
  readonly zstd: readonly string[];
  /** Names of the compose files, for version 2 and for version 1. */
  readonly filesV2: readonly string[];
  readonly filesV1: readonly string[];
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Names of the files that belong to the archive rather than to the host: compose files and the lock. */
  readonly ownFiles: readonly string[];
  /** Names of the folders that services are built from. */
  readonly buildFolders: readonly string[];
}

const PLACES = {
  PROJECT: "project",
  ARCHIVE: "archive",
  PLATFORM: "platform",
  OLDEST_V2: "oldestV2",
  IMAGES: "images",
  ZSTD: "zstd",
  FILES_V2: "filesV2",
  FILES_V1: "filesV1",
  ENV_FILES: "envFiles",
  PROFILES: "profiles",
  OWN_FILES: "ownFiles",
  BUILD_FOLDERS: "buildFolders",
} as const satisfies Record<string, keyof DeployScript>;

/** The text of deploy.sh for one archive; the same values give the same bytes. */
export function deployScript(values: DeployScript): string {
  return Object.entries(PLACES).reduce((text, [variable, property]) => {
    const value = values[property];
    const words = typeof value === "string" ? singleQuoted(value) : `(${value.map(singleQuoted).join(" ")})`;
    return text.replace(new RegExp(`^${variable}=.*$`, "m"), () => `${variable}=${words}`);
  }, readAsset("lib/archive/deploy.sh"));
}
