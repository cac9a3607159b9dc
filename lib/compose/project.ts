/** A compose project as far as it decides images: what `load` gives and `rewrite`, `plan` and `deploy` take. */

export interface Service {
  readonly name: string;
  /** The image as compose resolves it (interpolated, merged); absent when the service is only built. */
  readonly image?: string;
  /** The service has a `build` section: compose makes its image, nobody can pull it. */
  readonly built: boolean;
  readonly profiles: readonly string[];
  /** `platform` of the service, when it has one. */
  readonly platform?: string;
}

/** Where an image value is written: one scalar of one file. Several services can share one through an anchor. */
export interface ImageUse {
  readonly service: string;
  /** The resolved image, equal to the service's. */
  readonly image: string;
  /** Absolute path of the file, a key of `Project.files`. */
  readonly file: string;
  /** Offsets into the file's text, the scalar's quotes included. */
  readonly start: number;
  readonly end: number;
}

/** Something compose warns about; `terminal/` puts it into words. */
export interface ComposeWarning {
  readonly code: string;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface Project {
  readonly name: string;
  /** Absolute path of the project directory. */
  readonly folder: string;
  /** Absolute paths of the files given or found, in merge order; never empty. */
  readonly composeFiles: readonly string[];
  /** Text of every file read, by absolute path (included and extended ones too). */
  readonly files: ReadonlyMap<string, string>;
  /** Selected services, in code-point order of their names. */
  readonly services: readonly Service[];
  readonly uses: readonly ImageUse[];
  readonly warnings: readonly ComposeWarning[];
}

export interface LoadOptions {
  /** The folder the caller stands in. */
  readonly cwd: string;
  /** `-f` in order; empty = COMPOSE_FILE, else discovery. */
  readonly files: readonly string[];
  /** `--env-file` in order; empty = COMPOSE_ENV_FILES, else `.env`. */
  readonly envFiles: readonly string[];
  /** `--profile`; empty = every service whatever its profile. `COMPOSE_PROFILES` narrows only as design says. */
  readonly profiles: readonly string[];
  /** The process environment, handed in: `lib` does not read it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
