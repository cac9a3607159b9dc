/**
 * The project as compose on the host will read it. The `.env` that will lie there decides which profiles are active,
 * which files are mounted and what unmirrored images are called, not the environment of the user who deploys.
 */
import { basename } from "node:path";
import { parseEnvFile } from "../../compose/env-file.ts";
import { normalName } from "../../compose/name.ts";
import { load } from "../../compose/load.ts";
import type { LoadOptions, Project, Service } from "../../compose/project.ts";
import { parseReference } from "../../image/reference.ts";
import type { LockedImage } from "../../mirror/lock-file.ts";
import { byName } from "../../system/compare.ts";
import type { HostProbe } from "./probe.ts";
import type { SendMode } from "../files/file-diff.ts";
import type { Bundle } from "../files/bundle.ts";
import type { WantedImage } from "../plan/steps.ts";

export interface HostView {
  /** How the project is loaded as compose there would load it. */
  readonly options: LoadOptions;
  /** The name that compose there gives it. */
  readonly name: string;
  /** It, with every profile. */
  readonly project: Project;
  /** What the services there will run, each image once, in code-point order. */
  readonly images: readonly WantedImage[];
  /** Services that are built there, in code-point order. */
  readonly built: readonly string[];
}

export interface ViewOptions {
  readonly profiles: readonly string[];
  readonly send: SendMode;
  /** This deploy puts the `.env` from here in the place of the one there. */
  readonly replacesEnvFile: boolean;
  /** What the lock says of images, by name. */
  readonly locked: ReadonlyMap<string, LockedImage>;
}

/** Throws what `load` throws, such as `variable-required` for a variable that the host's `.env` lacks. */
export async function viewOf(
  bundle: Bundle,
  { host, user, home, folder }: HostProbe,
  { profiles, send, replacesEnvFile, locked }: ViewOptions,
): Promise<HostView> {
  const { mirror, mirrored, options } = bundle;
  const session = { HOME: home, USER: user, PWD: folder.path };
  const envText = options.envFiles.length === 0 && !replacesEnvFile ? folder.envText : undefined;
  const isThere = envText !== undefined;
  const there = isThere ? parseEnvFile(envText.reveal(), () => undefined, `${host}:${folder.path}/.env`) : [];
  const loading: LoadOptions = {
    cwd: options.cwd,
    files: mirror.composeFiles,
    envFiles: isThere || (send === "none" && options.envFiles.length === 0) ? ["/dev/null"] : options.envFiles,
    profiles: [],
    environment: { ...Object.fromEntries(there), ...session, COMPOSE_FILE: undefined },
  };
  const project = await load(loading);
  const active = new Set(profiles.length > 0 ? profiles : project.activeProfiles);
  const services = project.services.filter(
    (service) => service.profiles.length === 0 || active.has("*") || service.profiles.some((name) => active.has(name)),
  );
  const byImage = new Map<string, Service[]>();
  for (const service of services) {
    if (service.image === undefined || isBuilt(service, services)) continue;
    byImage.set(service.image, [...(byImage.get(service.image) ?? []), service]);
  }
  const images = [...byImage].toSorted(byName(([image]) => image));
  return {
    options: loading,
    name: project.isNamed ? project.name : normalName(basename(folder.path)),
    project,
    images: images.map(([image, users]): WantedImage => {
      const digest = locked.get(image)?.mirrorDigest;
      return {
        image,
        reference: parseReference(image),
        services: users.map(({ name }) => name),
        mirrored: mirrored.has(image),
        refreshes: users.some(({ pullPolicy }) => /^(?:always|daily|weekly|every_|refresh)/.test(pullPolicy ?? "")),
        ...(digest === undefined ? {} : { digest }),
      };
    }),
    built: services.filter((service) => isBuilt(service, services)).map(({ name }) => name),
  };
}

function isBuilt({ built, image }: Service, services: readonly Service[]): boolean {
  return built || services.some((other) => other.built && other.image !== undefined && other.image === image);
}
