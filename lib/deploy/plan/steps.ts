/** The steps that deploys and rollbacks have in common, whatever runs the services. A new step is a function here. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { engineName, familiarRepository, type ImageReference } from "../../image/reference.ts";
import { MirrorError } from "../../messages/errors.ts";
import { message } from "../../messages/texts.ts";
import {
  dropReleases,
  dropUnfinished,
  keepAs,
  onEngine,
  PARTLY_PLACED,
  place,
  pullAbsent,
  receive,
  record,
  recordFailed,
  removeFiles,
  removeImages,
  restore,
  retag,
  setCurrent,
  tagImages,
} from "../host/remote.ts";
import { readPullLine } from "../host/pull-progress.ts";
import type { BundleFile } from "../files/bundle-file.ts";
import type { DeployedProject } from "../orchestrator/compose-project.ts";
import {
  type FailedRelease,
  formatFailed,
  formatRelease,
  type Release,
  type ReleaseImage,
  type SentFile,
} from "./release.ts";
import type { DeployStep, Findings, ImageFact } from "./step.ts";

/** An image that the services will run. */
export interface WantedImage {
  /** As the compose file names it. */
  readonly image: string;
  readonly reference: ImageReference;
  readonly services: readonly string[];
  /** It is in the mirror, and not somewhere else. */
  readonly mirrored: boolean;
  /** Starting it would pull it again by its `pull_policy`. */
  readonly refreshes: boolean;
  /** The manifest's digest by the lock. */
  readonly digest?: string;
  /** Bytes of its layers and config by the lock. */
  readonly size?: number | undefined;
}

type Engine = Pick<DeployedProject, "access">;

export function sendStep(dir: string, files: readonly BundleFile[]): DeployStep {
  return {
    kind: "send",
    title: message("deploy-send", { count: files.length }),
    files,
    command: receive(dir),
    phase: "staged",
    failure: "host-copy",
    stdin: ({ archive }) => Readable.from([headerOf(archive), archive]),
  };
}

function headerOf(archive: Buffer): Buffer {
  return Buffer.from(`${archive.length} ${createHash("sha256").update(archive).digest("hex")}\n`);
}

export function loginStep(
  { access }: Engine,
  { registry, username }: { readonly registry: string; readonly username: string },
  loginAt: string | undefined,
): DeployStep {
  return {
    kind: "login",
    title: message("deploy-login", { registry }),
    command: onEngine(access, ["docker", "login", `--username=${username}`, "--password-stdin", registry], loginAt),
    phase: "staged",
    failure: "host-login",
    stdin: ({ password }) => password ?? "",
  };
}

/** An image and the name it is pulled by. */
export interface Pulled {
  readonly image: WantedImage;
  /** What docker is asked for: by digest where the lock knows it, so that no tag changes before it was compared. */
  readonly from: string;
}

/** By which name the host pulls `image`; `registry` is the one it reaches, where that has another name. */
export function pulledBy(image: WantedImage, registry: string | undefined): Pulled {
  const { reference, mirrored, digest } = image;
  if (!mirrored) return { image, from: engineName(reference) };
  const there = registry === undefined ? reference : { ...reference, registry };
  return { image, from: engineName(digest === undefined ? there : { ...there, digest }) };
}

/** Pulls an image of the mirror, and one from elsewhere where it is missing: its registry may be out of reach. */
export function pullStep({ access }: Engine, { image, from }: Pulled, login: string | undefined): DeployStep {
  const docker = onEngine(access, ["docker"], login);
  // docker trusts its own address without TLS, podman needs a flag.
  const flags = access.kind === "podman" && from.startsWith("127.0.0.1:") ? ["--tls-verify=false"] : [];
  return {
    kind: "pull",
    title: message("deploy-pull", { image: image.image }),
    command: image.mirrored
      ? [...docker, "pull", ...flags, from]
      : pullAbsent(onEngine(access, ["docker"]), engineName(image.reference)),
    phase: "staged",
    failure: "host-pull",
    onDisconnect: "end",
    parallel: true,
    readLayer: readPullLine,
  };
}

const IMAGE_FORMAT = "image:{{.Id}}|{{.Os}}/{{.Architecture}}|{{json .RepoDigests}}";

/** Compares what was pulled with the lock; throws `host-image-changed` when an image is another one. */
export function verifyStep(
  { access, host }: Engine & { readonly host: string },
  pulled: readonly Pulled[],
): DeployStep {
  const names = pulled.map(({ from }) => from);
  return {
    kind: "verify",
    title: message("deploy-verify", { count: names.length }),
    command: onEngine(access, ["docker", "image", "inspect", "--format", IMAGE_FORMAT, ...names]),
    phase: "staged",
    failure: "host-pull",
    read: (output) => ({ images: verified(host, pulled, readImageFacts(output)) }),
  };
}

function verified(host: string, pulled: readonly Pulled[], facts: readonly ImageFact[]): readonly ImageFact[] {
  for (const [index, { image: wanted }] of pulled.entries()) {
    const { image, digest } = wanted;
    const found = facts[index]?.digests.map((each) => each.slice(each.indexOf("@") + 1)) ?? [];
    if (digest !== undefined && !found.includes(digest)) {
      throw new MirrorError("host-image-changed", { host, image, digest, found });
    }
  }
  return facts;
}

/** What `verify` printed, in the order of its images; digests that cannot be read are none. */
export function readImageFacts(output: string): readonly ImageFact[] {
  return [...output.matchAll(/^image:([^|\n]+)\|([^|\n]+)\|(.*)$/gm)].map(([, id, platform, digests]) => ({
    id: id!,
    platform: platform!,
    digests: readDigests(digests!),
  }));
}

function readDigests(json: string): readonly string[] {
  try {
    const found: unknown = JSON.parse(json);
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** Gives images that were pulled by another name the one that the services know; nothing where there are none. */
export function tagSteps({ access }: Engine, pulled: readonly Pulled[]): readonly DeployStep[] {
  const pairs = pulled
    .map(({ image, from }) => [from, engineName(image.reference)] as const)
    .filter(([from, name]) => from !== name);
  if (pairs.length === 0) return [];
  return [
    {
      kind: "tag",
      title: message("deploy-tag", { count: pairs.length }),
      command: tagImages(onEngine(access, ["docker"])),
      phase: "staged",
      failure: "host-pull",
      stdin: () => pairs.map(([from, name]) => `${from} ${name}\n`).join(""),
    },
  ];
}

/** Keeps what somebody started by hand as the release that it then is. */
export function keepStep(dir: string, release: Release, names: readonly string[]): DeployStep {
  return {
    kind: "keep",
    title: message("deploy-keep", { release: release.id }),
    command: keepAs(dir, release.id),
    phase: "staged",
    failure: "host-copy",
    stdin: () => [formatRelease(release), ...names, ""].join("\n"),
  };
}

/** Puts the files in place; `kept` are the names of those that the host has and that are kept with the release. */
export function placeStep(dir: string, release: string, kept: readonly string[]): DeployStep {
  return {
    kind: "place",
    title: message("deploy-place"),
    command: place(dir, release),
    phase: "staged",
    placedCode: PARTLY_PLACED,
    failure: "host-copy",
    stdin: () => kept.map((name) => `${name}\n`).join(""),
    cleanup: dropReleases(dir, [release]),
  };
}

/** Removes files that an earlier release sent, unless they were changed on the host; nothing where there are none. */
export function removeFilesSteps(dir: string, files: Readonly<Record<string, SentFile>>): readonly DeployStep[] {
  const names = Object.keys(files);
  if (names.length === 0) return [];
  return [
    {
      kind: "remove-files",
      title: message("deploy-remove-files", { files: names }),
      command: removeFiles(dir),
      phase: "placed",
      failure: "host-copy",
      stdin: () => names.map((name) => `${files[name]!.sha256} ${name}\n`).join(""),
    },
  ];
}

/** Records the release: what the plan knows of it, and what the steps before found out. */
export function recordStep(dir: string, release: Omit<Release, "images">, images: readonly WantedImage[]): DeployStep {
  return {
    kind: "record",
    title: message("deploy-record", { release: release.id }),
    command: record(dir, release.id),
    phase: "recorded",
    failure: "host-record",
    stdin: ({ findings }) => `${formatRelease({ ...release, images: releaseImages(images, findings) })}\n`,
  };
}

function releaseImages(wanted: readonly WantedImage[], { images, containers }: Findings): readonly ReleaseImage[] {
  const pulled = wanted.flatMap((image, index) =>
    image.services.map((service) => releaseImage(service, image, images[index])),
  );
  const known = new Set(pulled.map(({ service }) => service));
  const others = containers
    .filter(({ name }) => !known.has(name))
    .map(({ name, image, imageId }) => ({ service: name, image, ...(imageId === "" ? {} : { id: imageId }) }));
  return [...pulled, ...others];
}

function releaseImage(service: string, { image, reference }: WantedImage, fact: ImageFact | undefined): ReleaseImage {
  if (fact === undefined) return { service, image };
  const name = familiarRepository(reference);
  // A registry at the host's own address was a tunnel, which is gone afterwards.
  const lasting = fact.digests.filter((each) => !/^(?:localhost|127\.0\.0\.1):/.test(each));
  const by = lasting.find((each) => each.startsWith(`${name}@`)) ?? lasting[0];
  return { service, image, id: fact.id, ...(by === undefined ? {} : { pulledBy: by }) };
}

/** Puts the files of an earlier release in place again. */
export function restoreStep(dir: string, id: string): DeployStep {
  return {
    kind: "restore",
    title: message("deploy-restore", { release: id }),
    command: restore(dir, id),
    phase: "staged",
    placedCode: PARTLY_PLACED,
    failure: "host-return",
  };
}

/** Gives the names that `release` knows back to the images they were. */
export function retagSteps({ access }: Engine, { images }: Release, login: string | undefined): readonly DeployStep[] {
  // A name that pins a digest means the same image for ever.
  const tagged = images.filter((image) => image.id !== undefined && !image.image.includes("@"));
  const distinct = [...new Map(tagged.map((image) => [image.image, image])).values()];
  return distinct.map((image): DeployStep => ({
    kind: "retag",
    title: message("deploy-retag", { image: image.image }),
    command: retag(onEngine(access, ["docker"], login), { ...image, id: image.id! }),
    phase: "placed",
    failure: "host-return",
  }));
}

/** Makes an earlier release the current one again; `rejected` is the release it takes the place of. */
export function setCurrentStep(dir: string, id: string, rejected?: string): DeployStep {
  return {
    kind: "record",
    title: message("deploy-record", { release: id }),
    command: setCurrent(dir, id, rejected),
    phase: "recorded",
    failure: "host-return",
  };
}

/** Keeps of a release that it failed: what `status` and `rollback --list` show of it. */
export function recordFailedStep(
  dir: string,
  { id, time }: Pick<Release, "id" | "time">,
  wanted: readonly WantedImage[],
): DeployStep {
  const images = wanted.flatMap(({ image, services }) => services.map((service) => ({ service, image })));
  return {
    kind: "record",
    title: message("deploy-record-failed", { release: id }),
    command: recordFailed(dir, id),
    phase: "recorded",
    failure: "host-return",
    stdin: () => `${formatFailed({ id, time, outcome: "failed", images })}\n`,
  };
}

/** Forgets all but the newest `keep` of the releases that failed. */
export function pruneFailedSteps(dir: string, failed: readonly FailedRelease[], keep: number): readonly DeployStep[] {
  const dropped = failed.slice(0, Math.max(0, failed.length - keep)).map(({ id }) => id);
  return dropped.length === 0 ? [] : [dropStep(dir, dropped)];
}

function dropStep(dir: string, ids: readonly string[]): DeployStep {
  return pruneStep(dropReleases(dir, ids));
}

/** Removes images by id or name that nothing uses. */
export function removeImagesStep({ access }: Engine, ids: readonly string[]): DeployStep {
  return pruneStep(removeImages(onEngine(access, ["docker"]), ids));
}

function pruneStep(command: DeployStep["command"]): DeployStep {
  return { kind: "prune", title: message("deploy-prune"), command, phase: "recorded", failure: "host-record" };
}

/** Forgets deploys that never came to their end. */
export function dropUnfinishedSteps(dir: string, ids: readonly string[]): readonly DeployStep[] {
  return ids.length === 0 ? [] : [pruneStep(dropUnfinished(dir, ids))];
}

export interface PruneOptions {
  /** Releases that stay, the one to come among them. */
  readonly keep: number;
  readonly current: string | undefined;
  /** Ids of deploys that never came to their end. */
  readonly unfinished: readonly string[];
}

/** Forgets all but the newest `keep` of `releases` and one to come, and removes the images that only they had. */
export function pruneSteps(
  { dir, access }: Pick<DeployedProject, "dir" | "access">,
  releases: readonly Release[],
  { keep, current, unfinished }: PruneOptions,
): readonly DeployStep[] {
  // The release that runs is the one to go back to, however old it is.
  const spared = releases.filter(({ id }) => id === current).slice(0, keep - 1);
  const others = releases.filter((release) => !spared.includes(release));
  const dropped = others.slice(0, Math.max(0, others.length - (keep - 1 - spared.length)));
  const wanted = new Set(imageIds(releases.filter((release) => !dropped.includes(release))));
  const unwanted = [...new Set(imageIds(dropped))].filter((id) => !wanted.has(id));
  return [
    ...(unwanted.length === 0 ? [] : [removeImagesStep({ access }, unwanted)]),
    ...(dropped.length === 0
      ? []
      : [
          dropStep(
            dir,
            dropped.map(({ id }) => id),
          ),
        ]),
    ...dropUnfinishedSteps(dir, unfinished),
  ];
}

function imageIds(releases: readonly Release[]): readonly string[] {
  return releases.flatMap(({ images }) => images.flatMap(({ id }) => id ?? []));
}
