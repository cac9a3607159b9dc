/** The real docker compose: version 2 as install.sh builds it, version 1 as Debian packages it. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { parse } from "yaml";
import type { LoadOptions } from "../../lib/compose/project.ts";

const V2 = "/opt/compose-mirror-bed/bin/docker-compose-v2";
const V1 = "/usr/bin/docker-compose";

export type Invocation = Pick<LoadOptions, "cwd" | "files" | "envFiles" | "profiles" | "environment">;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project as compose renders it. */
export interface Rendered {
  readonly services: Readonly<Record<string, RenderedService>>;
  readonly jobs?: Readonly<Record<string, RenderedService>>;
}

interface RenderedContainer {
  readonly image?: string;
  readonly volumes?: readonly { readonly type?: string; readonly source?: string }[];
}

interface RenderedService extends RenderedContainer {
  readonly pre_start?: readonly RenderedContainer[];
}

/** What compose said instead of rendering a project. */
export interface Refusal {
  readonly refusal: string;
}

let free = availableParallelism();
const waiting: (() => void)[] = [];

/** Runs a program in exactly this environment, no more of them at once than there are processors. */
export async function run(program: string, args: readonly string[], { cwd, environment }: Invocation): Promise<Ran> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await new Promise((resolve, reject) => {
      const env = { PATH: "/usr/bin:/bin", PWD: cwd, ...environment };
      const child = execFile(
        program,
        args,
        { cwd, env, maxBuffer: 1 << 26, timeout: 300_000 },
        (error, stdout, stderr) => {
          if (error && typeof error.code !== "number") reject(error);
          else resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
        },
      );
      child.stdin?.end();
    });
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

function flags({ files, envFiles, profiles }: Invocation): readonly string[] {
  return [
    ...files.flatMap((file) => ["-f", file]),
    ...envFiles.flatMap((file) => ["--env-file", file]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
  ];
}

/** The project as v2 renders it, and the variables it warns about. */
export async function configV2(
  call: Invocation,
): Promise<{ readonly config: Rendered; readonly unset: readonly string[] } | Refusal> {
  const { code, stdout, stderr } = await run(V2, [...flags(call), "config", "--format", "json"], call);
  if (code !== 0) return { refusal: stderr };
  const unset = [...stderr.matchAll(/The \\"([^"\\]+)\\" variable is not set/g)].map(([, name]) => name!);
  // It doubles each dollar, so that what it prints is a compose file again.
  return { config: JSON.parse(stdout.split("$$").join("$")) as Rendered, unset: [...new Set(unset)].toSorted() };
}

/** What `config --images` of v2 prints, in order of code points. */
export async function imagesV2(call: Invocation): Promise<readonly string[] | Refusal> {
  const { code, stdout, stderr } = await run(V2, [...flags(call), "config", "--images"], call);
  return code === 0
    ? stdout
        .split("\n")
        .filter((line) => line !== "")
        .toSorted()
    : { refusal: stderr };
}

/** The project as v1 renders it. */
export async function configV1(call: Invocation): Promise<Rendered | Refusal> {
  const { code, stdout, stderr } = await run(V1, [...flags(call), "config"], call);
  if (code !== 0) return { refusal: stderr };
  return parse(stdout.split("$$").join("$"), { merge: true, logLevel: "silent" }) as Rendered;
}
