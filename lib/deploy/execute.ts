/** Carries out a plan, step by step. The first step that fails ends it; its error says why and what to do. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { detailOf, MirrorError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { hostError } from "./host-errors.ts";
import { type DeployedProject, type DeployPlan, type DeployStep, type ShippedFile, unstage } from "./plan.ts";
import type { Connection, RemoteOptions } from "./ssh.ts";
import { type ServiceState, statusOf } from "./status.ts";

/**
 * A sign of life. `left` comes last, when a deploy ends before its end, and says in what state the host is:
 * - `unchanged`: its services run as before;
 * - `starting`: the new files are in place, and the host goes on starting the services by itself;
 * - `placed`: the new files are in place, and the services run as far as they came.
 */
export type DeployProgress =
  | { readonly kind: "started" | "finished"; readonly step: DeployStep }
  | { readonly kind: "line"; readonly step: DeployStep; readonly line: string }
  | { readonly kind: "left"; readonly step: DeployStep; readonly state: "unchanged" | "starting" | "placed" };

export interface ExecuteOptions {
  /** The password of the plan's login. */
  readonly password?: Secret | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DeployProgress) => void) | undefined;
}

/** What `--json` shows as `deploy`. */
export interface DeployResult {
  readonly host: string;
  readonly dir: string;
  readonly compose: { readonly flavour: "v1" | "v2"; readonly version: string };
  readonly services: readonly ServiceState[];
}

/**
 * Carries out `plan` over `connection`. Throws `file-read` before anything is touched, what `hostError` knows when a
 * step fails, and what `Connection.run` throws.
 */
export async function executeDeploy(
  connection: Connection,
  plan: DeployPlan,
  { password, signal, onProgress = () => {} }: ExecuteOptions = {},
): Promise<DeployResult> {
  const contents = new Map<ShippedFile, Buffer>();
  for (const file of plan.shipped) contents.set(file, await readShipped(file));

  for (const step of plan.steps) {
    onProgress({ kind: "started", step });
    try {
      await runStep(connection, plan, step, {
        ...inputOf(step, contents, password),
        password,
        signal,
        onLine: (line) => onProgress({ kind: "line", step, line }),
      });
    } catch (error) {
      const state = stateAfter(step, error);
      if (state === "unchanged") await connection.run(unstage(plan), { timeout: 10_000 }).catch(() => {});
      onProgress({ kind: "left", step, state });
      throw error;
    }
    onProgress({ kind: "finished", step });
  }
  return resultOf(plan, await statusOf(connection, plan, { signal }));
}

/** What `--json` says of a project on a host. */
export function resultOf({ host, dir, compose }: DeployedProject, services: readonly ServiceState[]): DeployResult {
  return { host, dir, compose: { flavour: compose.flavour, version: compose.version }, services };
}

interface StepOptions extends Omit<RemoteOptions, "onLine"> {
  readonly onLine: (line: string) => void;
  readonly password: Secret | undefined;
}

async function runStep(
  connection: Connection,
  { host, dir, registry }: DeployPlan,
  { kind, command }: DeployStep,
  { onLine, password, ...options }: StepOptions,
): Promise<void> {
  const lines: string[] = [];
  // docker does not repeat a password, but what a credential helper prints is its own affair.
  const secret = password?.reveal() ?? "";
  const keep = (line: string): void => {
    const shown = secret === "" ? line : line.replaceAll(secret, String(password));
    lines.push(shown);
    onLine(shown);
  };
  const { code } = await connection.run(command, { ...options, onLine: keep });
  if (code !== 0) throw hostError({ host, dir, registry: registry ?? "", kind, code, lines });
}

/** How a step is fed, and what becomes of it without us: half an `up` is worse than a whole one. */
function inputOf(
  { kind, file }: DeployStep,
  contents: ReadonlyMap<ShippedFile, Buffer>,
  password: Secret | undefined,
): Pick<RemoteOptions, "input" | "whenCut"> {
  if (kind === "login") return { input: password ?? "" };
  if (kind === "pull" || kind === "ps") return { whenCut: "end" };
  if (kind === "up") return { whenCut: "finish" };
  const bytes = file && contents.get(file);
  if (bytes === undefined) return {};
  const sum = createHash("sha256").update(bytes).digest("hex");
  return { input: Readable.from([Buffer.from(`${bytes.length} ${sum}\n`), bytes]) };
}

function stateAfter({ kind }: DeployStep, error: unknown): "unchanged" | "starting" | "placed" {
  if (kind === "ps") return "placed";
  if (kind !== "up") return "unchanged";
  const isCut = error instanceof MirrorError && (error.code === "interrupted" || error.code.startsWith("ssh-"));
  return isCut ? "starting" : "placed";
}

async function readShipped({ source }: ShippedFile): Promise<Buffer> {
  try {
    return await readFile(source);
  } catch (cause) {
    throw new MirrorError("file-read", { file: source, detail: detailOf(cause) }, { cause });
  }
}
