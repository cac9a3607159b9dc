/** The steps that deploys and rollbacks are made of, as data. */
import { engineName, parseReference } from "../../image/reference.ts";
import type { Release } from "./release.ts";
import { busyComposeOn, composeOn, type DeployedProject, recreateOn } from "../orchestrator/compose-project.ts";
import {
  dropReleases,
  onEngine,
  pullAbsent,
  pullAs,
  removeImages,
  restore,
  retag,
  setCurrent,
} from "../host/remote.ts";
import type { RemoteCommand } from "../ssh/connection.ts";

export type StepKind =
  | "send"
  | "login"
  | "pull"
  | "verify"
  | "keep"
  | "place"
  | "up"
  | "recreate"
  | "wait"
  | "converge"
  | "record"
  | "prune"
  | "restore"
  | "return"
  | "retag";

export interface DeployStep {
  readonly kind: StepKind;
  /** What runs on the host. */
  readonly command: RemoteCommand;
  /** What comes to the command's standard input, and is no part of the plan. */
  readonly feed?: "archive" | "password" | "names" | "before" | "release";
  /** What the step is about, as its title says it. */
  readonly values?: Readonly<Record<string, string | number>>;
}

/** An image that the services will run. */
export interface WantedImage {
  readonly image: string;
  readonly services: readonly string[];
  /** It is in the mirror, and not somewhere else. */
  readonly mirrored: boolean;
  /** Starting it would pull it again by its `pull_policy`. */
  readonly refreshes: boolean;
  /** The manifest's digest by the lock. */
  readonly digest?: string;
}

const IMAGE_FORMAT = "image:{{.Id}}|{{.Os}}/{{.Architecture}}|{{json .RepoDigests}}";

/** What `verify` tells of an image. */
export interface ImageFact {
  readonly id: string;
  readonly platform: string;
  /** `REPOSITORY@DIGEST`. */
  readonly digests: readonly string[];
}

export interface PullFrom {
  /** The folder with the deploy's own login. */
  readonly login?: string | undefined;
  /** The image's name at the registry, where it is not the name the services know. */
  readonly name?: string | undefined;
}

/** Brings an image of the mirror anew, and one from elsewhere where it is missing: its registry may be out of reach. */
export function pullStep({ access }: DeployedProject, image: WantedImage, { login, name }: PullFrom): DeployStep {
  const docker = onEngine(access, ["docker"], login);
  const asked = engineName(parseReference(image.image));
  const values = { image: image.image };
  if (!image.mirrored) return { kind: "pull", command: pullAbsent(onEngine(access, ["docker"]), asked), values };
  if (name === undefined) return { kind: "pull", command: [...docker, "pull", asked], values };
  // docker trusts its own address without TLS, podman wants to be told.
  const flags = access.kind === "podman" && name.startsWith("localhost:") ? ["--tls-verify=false"] : [];
  return { kind: "pull", command: pullAs(docker, { from: name, image: asked, flags }), values };
}

export function verifyStep({ access }: DeployedProject, images: readonly WantedImage[]): DeployStep {
  const names = images.map(({ image }) => engineName(parseReference(image)));
  return {
    kind: "verify",
    command: onEngine(access, ["docker", "image", "inspect", "--format", IMAGE_FORMAT, ...names]),
    values: { count: names.length },
  };
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

export interface StartOptions {
  /** Services that see a changed file only when they are made anew. */
  readonly recreate: readonly string[];
  /** Some service would pull its image again. */
  readonly refreshes: boolean;
  readonly waitSeconds: number;
}

/** Starts what is in place, and waits until it is well. */
export function startSteps(
  project: DeployedProject,
  { recreate, refreshes, waitSeconds }: StartOptions,
): readonly DeployStep[] {
  // Version 1 knows no pull_policy.
  const pull = refreshes && project.compose.flavour === "v2" ? ["--pull", "missing"] : [];
  return [
    { kind: "up", command: busyComposeOn(project, "up", "-d", ...pull) },
    ...(recreate.length === 0
      ? []
      : [
          {
            kind: "recreate",
            command: recreateOn(project, recreate),
            values: { services: recreate.join(", ") },
          } as const,
        ]),
    { kind: "wait", command: listContainers(project), values: { seconds: waitSeconds } },
  ];
}

/** Lists the ids of the project's containers, stopped ones too. */
export function listContainers(project: DeployedProject): RemoteCommand {
  // Version 1 lists stopped containers without being asked, and knows the option only since 1.24.
  return composeOn(project, "ps", ...(project.compose.flavour === "v2" ? ["--all"] : []), "-q");
}

export interface ReturnOptions {
  /** The folder with the deploy's own login. */
  readonly login?: string | undefined;
  /** Services whose mounted files were others in between. */
  readonly recreate: readonly string[];
  readonly waitSeconds: number;
}

/** Goes back to `release`: its files, its images under their names, its services. */
export function returnSteps(
  project: DeployedProject,
  { id, files, envFiles, profiles, images }: Release,
  { login, recreate, waitSeconds }: ReturnOptions,
): readonly DeployStep[] {
  const then = { ...project, files, envFiles, profiles };
  // A name that pins a digest means the same image for ever.
  const tagged = images.filter((image) => image.id !== undefined && !image.image.includes("@"));
  const distinct = [...new Map(tagged.map((image) => [image.image, image])).values()];
  return [
    { kind: "restore", command: restore(project.dir, id), values: { release: id } },
    ...distinct.map((image): DeployStep => ({
      kind: "retag",
      command: retag(onEngine(project.access, ["docker"], login), { ...image, id: image.id! }),
      values: { image: image.image },
    })),
    ...startSteps(then, { recreate, refreshes: false, waitSeconds }),
    { kind: "record", command: setCurrent(project.dir, id), values: { release: id } },
  ];
}

/** Forgets all but the newest `keep` of `releases` and one to come, and removes the images that only they had. */
export function pruneSteps(
  { dir, access }: DeployedProject,
  releases: readonly Release[],
  { keep, current }: { readonly keep: number; readonly current: string | undefined },
): readonly DeployStep[] {
  // The release that runs is the one to go back to, however old it is.
  const spared = releases.filter(({ id }) => id === current).slice(0, keep - 1);
  const others = releases.filter((release) => !spared.includes(release));
  const dropped = others.slice(0, Math.max(0, others.length - (keep - 1 - spared.length)));
  if (dropped.length === 0) return [];
  const wanted = new Set(imageIds(releases.filter((release) => !dropped.includes(release))));
  const unwanted = [...new Set(imageIds(dropped))].filter((id) => !wanted.has(id));
  return [
    ...(unwanted.length === 0
      ? []
      : [
          {
            kind: "prune",
            command: removeImages(onEngine(access, ["docker"]), unwanted),
            values: { count: unwanted.length },
          } as const,
        ]),
    {
      kind: "prune",
      command: dropReleases(
        dir,
        dropped.map(({ id }) => id),
      ),
      values: { count: dropped.length },
    },
  ];
}

function imageIds(releases: readonly Release[]): readonly string[] {
  return releases.flatMap(({ images }) => images.flatMap(({ id }) => id ?? []));
}
