/** What the commands say about a project, a plan and its outcomes. */
import { dirname } from "node:path";
import type { ComposeWarning, Project } from "../../compose/project.ts";
import { MIRROR_FILE, type Rewrite } from "../../compose/rewrite.ts";
import { type Outcome, totalsOf } from "../../engine/engine.ts";
import { detailOf, MirrorError } from "../../messages/errors.ts";
import type { WrittenMirror } from "../../mirror/mirror-files.ts";
import {
  imageRows,
  ofInactiveProfiles,
  type Plan,
  publishedBuilds,
  type Selection,
  type Transfer,
} from "../../mirror/transfers.ts";
import { formatReference } from "../../image/reference.ts";
import { formatBytes } from "../../messages/format.ts";
import { lockFileOf, readLock } from "../../mirror/lock-file.ts";
import { outputPath, type Prepared } from "../../mirror/prepare.ts";
import type { Context } from "../command.ts";
import type { Terminal } from "../output.ts";

/** What compose would warn about, once each, and what the list of images came to. */
export function reportProject(
  terminal: Terminal,
  project: Pick<Project, "warnings">,
  found: Pick<Selection, "ignored" | "built"> & { readonly mirrored: number },
): void {
  reportWarnings(terminal, project.warnings);
  terminal.note(
    terminal.text("imagesSummary", {
      mirror: found.mirrored,
      ignored: found.ignored.length,
      built: found.built.length,
    }),
  );
}

/** The same for a plan, with the images it does not mirror and those that flags would add or remove. */
export function reportPlan(
  { config: { mirrorBuilt, embedded }, terminal }: Pick<Context, "config" | "terminal">,
  { project, plan, services: asked }: Omit<Prepared, "whole">,
): void {
  if (embedded) terminal.note(terminal.text("noRegistry"));
  reportProject(terminal, project, { ...plan, mirrored: plan.transfers.length });
  if (asked !== undefined) terminal.note(terminal.text("imagesOfServices", { services: asked }));
  const present = plan.present.map(({ image }) => image);
  if (present.length > 0) terminal.note(terminal.text("imagesPresent", { count: present.length, images: present }));
  const published = mirrorBuilt ? [] : publishedBuilds(project);
  if (published.length > 0) {
    const count = published.flatMap(({ services }) => services).length;
    terminal.note(terminal.text("imagesPublishedBuilds", { count, images: published.map(({ image }) => image) }));
  }
  const { transfers, profiles } = ofInactiveProfiles(project, plan.transfers);
  if (transfers.length > 0) {
    const count = transfers.length;
    terminal.note(terminal.text("imagesInactive", { count, profiles, images: transfers.map(nameOf) }));
  }
}

/** The table of images; the sizes are those of the lock file, so an image that was never mirrored has none. */
export async function showImages(
  { config, terminal }: Pick<Context, "config" | "terminal">,
  { project, plan }: Prepared,
): Promise<void> {
  const locked = (await readLock(lockFileOf(outputPath(config, project, MIRROR_FILE)))) ?? [];
  const sizes = new Map(locked.map(({ mirror, platform, size }) => [`${formatReference(mirror)} ${platform}`, size]));
  const transferOf = (source: string): Transfer | undefined =>
    plan.transfers.find(({ uses }) => uses.some(({ image }) => image === source));
  const place = {
    mirror: "",
    present: "",
    ignored: terminal.text("image-ignored"),
    built: terminal.text("image-built"),
  };
  const rows = imageRows(plan).map(({ source, target, services, status }) => {
    const platform = transferOf(source)?.platform ?? "";
    const size = sizes.get(`${target} ${platform}`);
    const users = project.services.filter(({ name }) => services.includes(name));
    return [
      source,
      target ?? place[status],
      services.join(", "),
      // A service without a profile always runs.
      users.some(({ profiles }) => profiles.length === 0)
        ? ""
        : [...new Set(users.flatMap(({ profiles }) => profiles))].join(", "),
      platform,
      size === undefined ? "" : formatBytes(size),
    ];
  });
  const head = (
    ["columnImage", "columnMirror", "columnServices", "columnProfiles", "columnPlatform", "columnSize"] as const
  ).map((code) => terminal.text(code));
  if (rows.length > 0) terminal.table(head, rows);
}

/** Says how many of the bytes of a run were for profiles that are not active, where there are some. */
export function reportInactiveBytes(terminal: Terminal, { project }: Prepared, outcomes: readonly Outcome[]): void {
  const { transfers } = ofInactiveProfiles(
    project,
    outcomes.map(({ transfer }) => transfer),
  );
  const sizes = outcomes.filter(({ transfer }) => transfers.includes(transfer)).map(({ bytes = 0 }) => bytes);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  if (size > 0) terminal.note(terminal.text("inactiveBytes", { size, count: transfers.length }));
}

/** What writing the mirror compose file changed besides, and what is moved with an `--output` elsewhere. */
export function reportWritten(
  terminal: Terminal,
  { folder }: Pick<Project, "folder">,
  { files }: Rewrite,
  { removed }: WrittenMirror,
): void {
  const [{ path: file }] = files;
  if (removed !== undefined) terminal.note(terminal.text("removedStale", { file: removed }));
  if (dirname(file) === folder) return;
  terminal.note(terminal.text("warning", { text: terminal.text("outputElsewhere", { file, folder }) }));
}

/** What compose would warn about, once each. */
function reportWarnings(terminal: Terminal, warnings: readonly ComposeWarning[]): void {
  for (const line of new Set(warnings.map((warning) => terminal.warning(warning)))) terminal.note(line);
}

/** What of the compose file changes, and what stays although it names an image; of `failed` images it was said already. */
export function reportRewrite(
  terminal: Terminal,
  { files, rewritten, frozen, untouched }: Rewrite,
  failed: ReadonlySet<string> = new Set(),
): void {
  terminal.note(terminal.text("rewritten", { count: rewritten, file: files[0].path }));
  for (const { service, variables, image } of frozen) {
    terminal.note(terminal.text("frozen", { service, variables: variables.join(", "), image }));
  }
  for (const { service, image, reason } of untouched) {
    if (reason === "present") terminal.note(terminal.text("untouchedPresent", { service, image: image ?? "" }));
    else if (reason === "built") terminal.note(terminal.text("untouchedBuilt", { service }));
    else if (image === undefined || !failed.has(image)) {
      terminal.note(terminal.text("untouchedIgnored", { service, image: image ?? "" }));
    }
  }
}

/** The lines of a dry run for the images. */
export function planLines(terminal: Terminal, plan: Plan): readonly string[] {
  return plan.transfers.map((transfer) =>
    terminal.text("planTransfer", {
      source: transfer.uses[0].image,
      target: formatReference(transfer.target),
      platform: transfer.platform,
    }),
  );
}

/** A transfer of a dry run as JSON shows it: as an outcome, before there is one. */
export function plannedJson(transfer: Transfer) {
  return {
    source: nameOf(transfer),
    target: formatReference(transfer.target),
    status: "planned",
    platform: transfer.platform,
  };
}

/** How many images came to what, in one line. */
export function outcomeCounts(terminal: Terminal, outcomes: readonly Outcome[]): string {
  const of = (status: Outcome["status"]): readonly Outcome[] => outcomes.filter((each) => each.status === status);
  const counts = (["pulled", "pushed", "present", "failed"] as const)
    .filter((status) => of(status).length > 0)
    .map((status) => terminal.text(`count-${status}`, { count: of(status).length }));
  const moved = [...of("pulled"), ...of("pushed")];
  // An engine that does not report the layers counts those that several images share with each of them.
  const { bytes, distinct = bytes } = totalsOf(moved);
  return [
    ...counts,
    ...(distinct > 0 ? [formatBytes(distinct)] : []),
    ...(distinct < bytes ? [terminal.text("savedBySharing", { bytes: bytes - distinct })] : []),
  ].join(", ");
}

/** The end of a run: counts, then each failure with its cause and hint. */
export function outcomeLines(terminal: Terminal, outcomes: readonly Outcome[]): readonly string[] {
  const failures = outcomes.filter(({ status }) => status === "failed");
  return [
    outcomeCounts(terminal, outcomes),
    ...outcomes.flatMap(({ warnings = [] }) =>
      warnings.map((each) => terminal.text("warning", { text: terminal.message(each) })),
    ),
    ...groupByCause(failures).map(
      (group) =>
        `${group.map(({ transfer }) => `✖ ${nameOf(transfer)}`).join("\n")}\n${terminal.explain(group[0].error)}`,
    ),
  ];
}

/**
 * Failures with one cause together, in the order of their first: the same error of the same registry, as one blocked
 * registry fails all of its images. An error that speaks of its image stands alone.
 */
export function groupByCause(failures: readonly Outcome[]): readonly (readonly [Outcome, ...Outcome[]])[] {
  const groups = new Map<unknown, [Outcome, ...Outcome[]]>();
  for (const failure of failures) {
    const { error } = failure;
    const { host, name, image } = error?.values ?? {};
    const isShared = error !== undefined && typeof host === "string" && name === undefined && !image;
    const key = isShared ? `${error.code} ${host}` : failure;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [failure]);
    else group.push(failure);
  }
  return [...groups.values()];
}

/** An error in one line: what happened and the hint. */
export function errorText(error: unknown): string {
  return error instanceof MirrorError ? `${error.message}; ${error.hint}` : detailOf(error);
}

/** An outcome as the command contract's JSON object. */
export function outcomeJson(terminal: Terminal, { transfer, status, digest, bytes, error }: Outcome) {
  return {
    source: nameOf(transfer),
    target: formatReference(transfer.target),
    status,
    digest: digest ?? null,
    bytes: bytes ?? null,
    ...(error === undefined ? {} : { error: terminal.errorJson(error) }),
  };
}

export function hasFailed(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ status }) => status === "failed");
}

/** The image as the compose file writes it. */
export function nameOf(transfer: Transfer): string {
  return transfer.uses[0].image;
}
