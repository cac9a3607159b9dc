/**
 * Releases: what was deployed to a folder and when. The last few stay on the host, so that a deploy that fails, or one
 * that turns out to be wrong, can be taken back even after the tags at the registry have moved on.
 *
 *     DIR/.compose-mirror/
 *       lock, busy, holder         who deploys right now (flock; `busy` is held while services are being started)
 *       login/                     docker's configuration with the login of a running deploy
 *       incoming/                  files on their way
 *       placed                     when files were last put in place
 *       staged/                    files that are about to get their places
 *       current                    the id of the release that runs
 *       history                    what was current, in this order; `-ID` is a release that was given up for another
 *       releases/ID/release.json   a Release
 *       releases/ID/files/         the compose files and all that was sent with them, as they were
 *       releases/ID/failed.json    in place of both: a FailedRelease
 */

/** What a service ran. */
export interface ReleaseImage {
  readonly service: string;
  /** As the compose file names it. */
  readonly image: string;
  /** The image's id at the host's docker; absent when it was built or is not known. */
  readonly id?: string;
  /** `REPOSITORY@DIGEST` by which it can be pulled again. */
  readonly pulledBy?: string;
}

export interface SentFile {
  readonly sha256: string;
  /** The services that have it mounted. */
  readonly services: readonly string[];
}

export interface Release {
  /** Sorts by time. */
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  /** Names of the compose files, in merge order. */
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  readonly images: readonly ReleaseImage[];
  /** Every other file that was sent or found alike, by name. */
  readonly sent: Readonly<Record<string, SentFile>>;
  /** What compose was told of each service, as a digest; absent where it is not known. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The version of what started it, as `FoundCompose` has it; absent where it is not known. */
  readonly runtime?: string;
}

/** What is kept of a release that failed and was taken back; there is nothing to go back to. */
export interface FailedRelease extends Pick<Release, "id" | "time"> {
  readonly outcome: "failed";
  /** As the compose files name them. */
  readonly images: readonly Pick<ReleaseImage, "service" | "image">[];
}

const ID = /^\d{8}-\d{6}-[0-9a-f]{4}$/;

/**
 * An id that sorts by time: date, time, and in four hexadecimal digits the millisecond and a part of `random` (0 to 1),
 * which tells apart what begins in the same one.
 */
export function releaseId(time: Date, random: number): string {
  const digits = time.toISOString().replace(/[-:]/g, "");
  const rest = Math.floor((time.getUTCMilliseconds() + random) * 64);
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${rest.toString(16).padStart(4, "0")}`;
}

export function isReleaseId(text: string): boolean {
  return ID.test(text);
}

/** A release as one line of JSON. */
export function formatRelease(release: Release): string {
  return JSON.stringify(release);
}

/** A release that failed as one line of JSON. */
export function formatFailed(release: FailedRelease): string {
  return JSON.stringify(release);
}

/** Reads what `formatFailed` wrote; `undefined` for anything else. */
export function parseFailed(text: string): FailedRelease | undefined {
  let found: Partial<FailedRelease>;
  try {
    found = JSON.parse(text) as Partial<FailedRelease>;
  } catch {
    return undefined;
  }
  const { id, time, outcome, images } = found ?? {};
  const isWhole =
    typeof id === "string" &&
    isReleaseId(id) &&
    typeof time === "string" &&
    outcome === "failed" &&
    Array.isArray(images) &&
    images.every(isImage);
  return isWhole ? (found as FailedRelease) : undefined;
}

/** Reads what `formatRelease` wrote; `undefined` for anything else, which is then no release. */
export function parseRelease(text: string): Release | undefined {
  let found: Partial<Release>;
  try {
    found = JSON.parse(text) as Partial<Release>;
  } catch {
    return undefined;
  }
  const { id, time, files, envFiles, profiles, images, sent, settings, runtime } = found ?? {};
  const isWhole =
    typeof id === "string" &&
    isReleaseId(id) &&
    typeof time === "string" &&
    [files, envFiles, profiles].every(isTexts) &&
    Array.isArray(images) &&
    images.every(isImage) &&
    isObject(sent) &&
    Object.values(sent).every(isSentFile) &&
    (settings === undefined || (isObject(settings) && isTexts(Object.values(settings)))) &&
    (runtime === undefined || typeof runtime === "string");
  return isWhole ? (found as Release) : undefined;
}

/**
 * The releases by when they last became current, the newest last, and those that were given up: what `history` says, and
 * for a host without one the order of the ids up to the current one.
 */
export function readHistory(
  lines: readonly string[],
  { releases, current }: { readonly releases: readonly Release[]; readonly current?: string | undefined },
): { readonly ran: readonly string[]; readonly rejected: ReadonlySet<string> } {
  const older = releases.map(({ id }) => id).filter((id) => current !== undefined && id <= current);
  const ran: string[] = lines.some(isReleaseId) ? [] : [...older];
  const rejected = new Set<string>();
  for (const line of lines) {
    if (line.startsWith("-") && isReleaseId(line.slice(1))) rejected.add(line.slice(1));
    else if (isReleaseId(line)) {
      rejected.delete(line);
      ran.push(line);
    }
  }
  return { ran, rejected };
}

/** The release that ran before the current one and was not given up for another, of those that are kept. */
export function previousRelease(
  releases: readonly Release[],
  current: string | undefined,
  lines: readonly string[],
): Release | undefined {
  const { ran, rejected } = readHistory(lines, { releases, current });
  const id = ran.findLast((each) => each !== current && !rejected.has(each) && releases.some((one) => one.id === each));
  return current === undefined ? undefined : releases.find((release) => release.id === id);
}

function isImage(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { service, image, id, pulledBy } = value;
  const isWhole = typeof service === "string" && typeof image === "string";
  return isWhole && [id, pulledBy].every((each) => each === undefined || typeof each === "string");
}

function isSentFile(value: unknown): boolean {
  return isObject(value) && typeof value["sha256"] === "string" && isTexts(value["services"]);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
