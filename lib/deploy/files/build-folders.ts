/**
 * The folders that the host builds services from. They are not sent: a source tree can hold anything. So what is not
 * there is reported before anything is done. docker-compose version 1 needs the folder of every service, whether it is
 * started or not; docker compose needs those it builds.
 * https://github.com/compose-spec/compose-spec/blob/main/build.md#context
 */
import { relative } from "node:path";
import type { Project } from "../../compose/project.ts";
import { MirrorError } from "../../messages/errors.ts";
import type { FoundFile } from "../host/probe.ts";

export interface BuildFolder {
  readonly service: string;
  /** Relative to the project's folder. */
  readonly name: string;
}

/** The build folders of the project, additional contexts included; a context that is a URL is none. */
export function buildFoldersOf({ folder, services }: Pick<Project, "folder" | "services">): readonly BuildFolder[] {
  return services.flatMap(({ name: service, build }) =>
    build === undefined
      ? []
      : [build.context, ...build.contexts.values()]
          .filter((context) => context.startsWith("/"))
          .map((context) => ({ service, name: relative(folder, context) || "." })),
  );
}

/** Throws `host-build-folder` for the first folder of `wanted` services that is not in `found`. */
export function requireBuildFolders(
  folders: readonly BuildFolder[],
  {
    host,
    dir,
    found,
    wanted,
  }: {
    readonly host: string;
    readonly dir: string;
    readonly found: ReadonlyMap<string, FoundFile>;
    readonly wanted: (service: string) => boolean;
  },
): void {
  const missing = folders.find(({ service, name }) => wanted(service) && !found.has(name));
  if (missing !== undefined) throw new MirrorError("host-build-folder", { host, dir, ...missing });
}
