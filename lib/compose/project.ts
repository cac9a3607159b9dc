/**
 * A compose project as compose merges it: what `load` gives, and the only thing that any room reads of compose files.
 * https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */
import { basename } from "node:path";
import { MirrorError } from "../messages/errors.ts";
import type { Message } from "../messages/message.ts";
import type { ImageAttribute } from "./images.ts";
import type { Definitions } from "./merge.ts";

export interface Service {
  readonly name: string;
  /** The image as compose resolves it (interpolated, merged); absent when the service has none of its own. */
  readonly image?: string;
  /** Further images it needs: those of `pre_start` hooks and of volumes of type `image`. In code-point order. */
  readonly otherImages: readonly string[];
  /** What `docker compose config --images` prints for a service without an image: `PROJECT-SERVICE`. */
  readonly defaultImage: string;
  /** Compose makes its image from the `build` section, unless it can pull `image` first; or a `provider` runs. */
  readonly built: boolean;
  readonly build?: Build;
  readonly profiles: readonly string[];
  /** `platform` of the service, when it has one. */
  readonly platform?: string;
  readonly pullPolicy?: string;
  /** The top-level section it is in: compose runs `jobs` to completion, and they have images too. */
  readonly section: "services" | "jobs";
  /** What it waits for, in the order written; links and shared namespaces count (compose-spec, depends_on). */
  readonly dependsOn: readonly Dependency[];
  /** Env files of the service and its hooks, in merge order (compose-spec, env_file). */
  readonly envFiles: readonly EnvFile[];
  /** Files of labels (compose-spec, label_file). */
  readonly labelFiles: readonly string[];
  /** Mounts of the service and its hooks, one for each target (compose-spec, volumes). */
  readonly mounts: readonly Mount[];
  /** Names of the top-level configs and secrets it is granted, those of its build included. */
  readonly configs: readonly string[];
  readonly secrets: readonly string[];
}

export interface Dependency {
  readonly service: string;
  /** `false` where the service may be absent or in a profile that is not active. */
  readonly required: boolean;
}

/** A path here and below is relative to the project's folder, or the host's own: absolute, or below `~`. */
export interface EnvFile {
  readonly path: string;
  readonly required: boolean;
}

export interface Mount {
  /** `bind`, `volume`, `tmpfs`, `image`, … */
  readonly type: string;
  /** A path, or the name of a volume; absent for an anonymous one. */
  readonly source?: string;
  readonly target: string;
  /** docker makes a missing source of a bind mount as a folder. */
  readonly createHostPath: boolean;
  /** The label for SELinux: `z` or `Z`. */
  readonly selinux?: string;
}

/** A `build` section as far as it decides what the build pulls. */
export interface Build {
  /** Absolute path, or the URL that compose gives to the builder as it is. */
  readonly context: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  /** The text of `dockerfile_inline`, which takes the file's place. */
  readonly inline?: string;
  readonly target?: string;
  /** `args` with a value. */
  readonly args: ReadonlyMap<string, string>;
  /** `additional_contexts` by name: `docker-image://IMAGE`, `service:NAME`, a URL, or the absolute path of a folder. */
  readonly contexts: ReadonlyMap<string, string>;
}

/** Where an image value is written: one scalar of one file. Several services can share one through an anchor. */
export interface ImageUse {
  readonly service: string;
  /** The attribute of the service below which it stands. */
  readonly attribute: ImageAttribute;
  /** The resolved image. */
  readonly image: string;
  /** Absolute path of the file, a key of `Project.files`. */
  readonly file: string;
  /** Offsets into the file's text (UTF-16 units, a byte order mark counts as one), the scalar's quotes included. */
  readonly start: number;
  readonly end: number;
  /** The variables that the scalar mentions. */
  readonly variables: readonly string[];
  /** Those of them that left nothing in it, because they are unset or empty. */
  readonly empty: readonly string[];
  /** Those of them whose values are bytes that are no text. */
  readonly notText?: readonly string[];
  /**
   * Index into `Project.composeFiles` when writing another name at `start` to `end` of that file changes images and
   * nothing else; absent when the scalar is in an extended or included file, or also serves as something else.
   */
  readonly layer?: number;
}

/**
 * What compose warns about, and `image-not-written`: an image of a `pre_start` hook or of a volume whose name no mirror
 * compose file can change.
 */
export type ComposeWarning = Message & {
  readonly code: `warning-${"variable-unset" | "version-obsolete" | "several-files" | "image-not-written"}`;
};

export interface Project {
  /** Empty when the folder's name has no character of a project name; `requireName` refuses that. */
  readonly name: string;
  /** The name is given, by COMPOSE_PROJECT_NAME or in a file; else it is made from the folder's. */
  readonly isNamed: boolean;
  /** Absolute path of the project directory. */
  readonly folder: string;
  /** Absolute paths of the files given or found, in merge order; never empty. */
  readonly composeFiles: readonly string[];
  /** Text of every compose file read, by absolute path (included and extended ones too), its byte order mark kept. */
  readonly files: ReadonlyMap<string, string>;
  /** Absolute paths of the env files read for the project and its includes. */
  readonly envFiles: readonly string[];
  /** Absolute paths of the compose files that others extend or include: who runs the project must have them too. */
  readonly referencedFiles: readonly string[];
  /**
   * Services and jobs (those not selected too), networks, volumes, configs and secrets with everything that is written
   * of them, merged, variables filled in. Relative paths are relative to `folder`; `build` is as `anchorBuild` leaves it.
   */
  readonly definitions: Definitions;
  /** Some file of the project has an `include` section. */
  readonly includes: boolean;
  /** Some file of the project holds several YAML documents. */
  readonly severalDocuments: boolean;
  /** Selected services and jobs, in code-point order of their names. */
  readonly services: readonly Service[];
  /** The profiles that compose itself would activate in this environment, COMPOSE_PROFILES of the env file included. */
  readonly activeProfiles: readonly string[];
  readonly uses: readonly ImageUse[];
  readonly warnings: readonly ComposeWarning[];
}

export interface LoadOptions {
  /** The caller's current folder. */
  readonly cwd: string;
  /** `-f` in order; empty = COMPOSE_FILE, else discovery. */
  readonly files: readonly string[];
  /** `--env-file` in order; empty = COMPOSE_ENV_FILES, else `.env`. */
  readonly envFiles: readonly string[];
  /**
   * `--profile`; empty = COMPOSE_PROFILES of `environment`, else every service whatever its profile. COMPOSE_PROFILES
   * in an env file never narrows the selection: it says what one host runs, not what the mirror must hold.
   */
  readonly profiles: readonly string[];
  /** `--active-profiles`: without `--profile`, the profiles that docker compose itself activates, and no others. */
  readonly onlyActiveProfiles?: boolean;
  /** `--project-directory`; absent = the folder of the first compose file. */
  readonly projectDirectory?: string;
  /** The environment to fill variables in from: this process's, or that of the host that will run the project. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears of a service whose image variables leave empty, which is left out then; absent = `compose-image-empty` is thrown. */
  readonly onEmptyImage?: (error: MirrorError) => void;
}

/** The project's name, for what is named by it. Throws `project-name-invalid` when it has none. */
export function requireName({ name, folder }: Pick<Project, "name" | "folder">): string {
  if (name === "") throw new MirrorError("project-name-invalid", { name: basename(folder) });
  return name;
}
