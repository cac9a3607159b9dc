/** How `verify` and `outdated` say what they found. */
import { causeOf } from "../../messages/errors.ts";
import type { Outlook } from "../../mirror/outdated.ts";
import type { ImageUsers } from "../../mirror/transfers.ts";
import { familiarName, formatReference } from "../../image/reference.ts";
import type { Drift, Verified } from "../../mirror/verify.ts";
import { formatTable } from "../format.ts";
import type { Terminal } from "../output.ts";
import type { Finding } from "./page/record.ts";

/** Each image that differs from the lock file, with a line below it for each difference. */
export function verifiedLines(terminal: Terminal, verified: readonly Verified[]): readonly string[] {
  return verified.filter(hasDrifted).map(({ source, mirror, drifts }) => {
    const name = `${familiarName(source)} -> ${formatReference(mirror)}`;
    const ways = drifts.map((drift) => `  ${driftText(terminal, drift)}`);
    return [name, ...ways].join("\n");
  });
}

/** Every image as the summary shows it. */
export function verifiedFindings(terminal: Terminal, verified: readonly Verified[]): readonly Finding[] {
  return verified.map(({ source, drifts }) => {
    const detail = drifts.map((drift) => driftText(terminal, drift)).join("\n");
    const failed = drifts.find((drift) => "error" in drift);
    return {
      image: familiarName(source),
      ok: drifts.length === 0,
      detail: drifts.length === 0 ? terminal.text("page-locked") : detail,
      ...(failed === undefined ? {} : { hint: terminal.errorJson(failed.error).hint }),
    };
  });
}

function driftText(terminal: Terminal, drift: Drift): string {
  switch (drift.kind) {
    case "not-locked":
    case "not-used":
      return terminal.text(`verify-${drift.kind}`);
    case "source-moved":
    case "mirror-moved":
      return terminal.text(`verify-${drift.kind}`, { locked: drift.locked, actual: drift.actual });
    case "source-gone":
    case "mirror-gone":
      return terminal.text(`verify-${drift.kind}`, { locked: drift.locked });
    case "source-unknown":
    case "mirror-unknown":
      return terminal.text(`verify-${drift.kind}`, { reason: causeOf(drift.error) });
  }
}

/** How many images match the lock file, and how many do not. */
export function verifiedSummary(terminal: Terminal, verified: readonly Verified[]): string {
  const drifted = verified.filter(hasDrifted).length;
  return terminal.text("verifySummary", { same: verified.length - drifted, drifted });
}

export function hasDrifted({ drifts }: Verified): boolean {
  return drifts.length > 0;
}

export function verifiedJson(terminal: Terminal, { source, mirror, platform, drifts }: Verified) {
  return {
    source: formatReference(source),
    platform,
    mirror: formatReference(mirror),
    drifts: drifts.map((drift) =>
      "error" in drift ? { kind: drift.kind, error: terminal.errorJson(drift.error) } : drift,
    ),
  };
}

export interface ImageOutlook extends ImageUsers {
  readonly outlook: Outlook;
}

/** A table of the images that have newer versions, then the images that could not be asked about. */
export function outlookLines(terminal: Terminal, images: readonly ImageOutlook[]): readonly string[] {
  const rows = images.flatMap(({ image, services, outlook }) =>
    outlook.status === "outdated"
      ? [[image, outlook.sameMajor ?? "-", outlook.newer.at(-1)!, services.join(", ")]]
      : [],
  );
  const head = (["columnImage", "columnSameMajor", "columnNewest", "columnServices"] as const).map((key) =>
    terminal.text(key),
  );
  return rows.length === 0 ? [] : [formatTable([head, ...rows])];
}

/** An image as the summary shows it: only one that could not be asked about is a failure. */
export function outlookFinding(terminal: Terminal, { image, outlook }: ImageOutlook): Finding {
  if (outlook.status === "failed") {
    const { message, hint } = terminal.errorJson(outlook.error);
    return { image, ok: false, detail: message, hint };
  }
  const detail =
    outlook.status === "outdated"
      ? terminal.text("page-outdated", { newest: outlook.newer.at(-1)! })
      : terminal.text(`page-${outlook.status}`);
  return { image, ok: true, detail };
}

export function outlookJson(terminal: Terminal, { image, services, outlook }: ImageOutlook) {
  const { status } = outlook;
  return {
    image,
    services,
    status,
    ...(status === "outdated"
      ? { newest: outlook.newer.at(-1)!, sameMajor: outlook.sameMajor ?? null, newer: outlook.newer }
      : {}),
    ...(status === "failed" ? { error: terminal.errorJson(outlook.error) } : {}),
  };
}
