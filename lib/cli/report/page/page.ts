/**
 * The page of `--report`: one HTML file that needs nothing else, also opened from file://. A content security policy
 * (https://www.w3.org/TR/CSP3/) lets no script run but the page's own, by its hash, should an escape ever be missing.
 */
import { createHash } from "node:crypto";
import { stateText } from "../../../deploy/host/containers.ts";
import { totalsOf } from "../../../engine/engine.ts";
import { formatBytes, formatDuration, type Language } from "../../../messages/format.ts";
import type { Explanation } from "../../../messages/errors.ts";
import { type Say, type TextCode, textOf } from "../../../messages/texts.ts";
import { type Canvas, drawSharing, drawThroughput, shadeOf } from "./drawings.ts";
import { html, type Markup } from "./markup.ts";
import type { HostRecord, ImageRecord, RunRecord, StepRecord } from "./record.ts";
import { groupsOf } from "./sharing.ts";
import { SCRIPT, STYLE } from "./style.ts";

const SHARING: readonly Canvas[] = [
  { kind: "wide", width: 1022, height: 380 },
  { kind: "narrow", width: 336, height: 400 },
];
const THROUGHPUT: readonly Canvas[] = [
  { kind: "wide", width: 1022, height: 240 },
  { kind: "narrow", width: 336, height: 220 },
];
const DIGEST_SHOWN = "sha256:".length + 12;

/** The whole page in `language`. */
export function renderPage(record: RunRecord, language: Language): string {
  const say: Say = (code, ...values) => textOf(language, code, ...values);
  const title = say("page-title", { command: record.command });
  const time = record.time.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const policy = `default-src 'none'; img-src data:; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="${language === "zh" ? "zh-CN" : "en"}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="compose-mirror" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${{ markup: `<style>${STYLE}</style>` }}
      </head>
      <body>
        <main>
          <header>
            <h1>${title}</h1>
            <p class="soft">${say("page-when", { time, duration: record.duration })}</p>
          </header>
          ${totals(record, language, say)} ${failures(record, say)}
          ${record.images.length === 0 ? undefined : imageSection(record, say)}
          ${record.images.length === 0 ? undefined : sharingSection(record, language, say)}
          ${throughputSection(record, language, say)} ${deploySection(record, language, say)}
        </main>
        ${{ markup: `<script>${SCRIPT}</script>` }}
      </body>
    </html> `.markup;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function totals({ images, duration }: RunRecord, language: Language, say: Say): Markup {
  const failed = images.filter(({ status }) => status === "failed").length;
  const { bytes, distinct } = totalsOf(images);
  const known = (value: number | undefined): string => (value === undefined ? say("page-unknown") : formatBytes(value));
  const note = failed === 0 ? undefined : html`<small>${say("page-failed", { failed, total: images.length })}</small>`;
  const saved = distinct === undefined ? undefined : bytes - distinct;
  const counts =
    images.length === 0
      ? undefined
      : html`<div>
            <dt>${say("page-images")}</dt>
            <dd id="total-images">${images.length}${note}</dd>
          </div>
          <div>
            <dt>${say("page-distinct")}</dt>
            <dd id="total-distinct" data-value="${distinct ?? ""}">${known(distinct)}</dd>
          </div>
          <div>
            <dt>${say("page-saved")}</dt>
            <dd id="total-saved" data-value="${saved ?? ""}">${known(saved)}</dd>
          </div>`;
  return html`<dl class="totals">
    ${counts}
    <div>
      <dt>${say("page-duration")}</dt>
      <dd id="total-duration">${formatDuration(duration, language)}</dd>
    </div>
  </dl>`;
}

/** Every failure with its hint, before anything else. */
function failures({ images, hosts, error }: RunRecord, say: Say): Markup | undefined {
  const all = [
    ...(error === undefined ? [] : [{ name: say("page-error"), error }]),
    ...images.flatMap((image) => (image.error === undefined ? [] : [{ name: image.source, error: image.error }])),
    ...hosts.flatMap((host) => (host.error === undefined ? [] : [{ name: host.host, error: host.error }])),
  ];
  if (all.length === 0) return undefined;
  return html`<section id="failures">
    <h2>${say("page-failures")}</h2>
    ${all.map((each) => failure(each.name, each.error, say))}
  </section>`;
}

function failure(name: string, { message, hint }: Explanation, say: Say): Markup {
  return html`<div class="failure">
    <p><strong>${name}</strong></p>
    <p>${message}</p>
    <p class="soft">${say("page-hint", { hint })}</p>
  </div>`;
}

function imageSection({ images }: RunRecord, say: Say): Markup {
  const columns = ["page-target", "page-services", "page-status", "page-size", "page-retries", "page-digest"] as const;
  const heads = columns.map(
    (code) =>
      html`<th scope="col" role="columnheader" ${isNumber(code) ? { markup: ' class="number"' } : undefined}>
        <button type="button">${say(code)}</button>
      </th>`,
  );
  return html`<section id="images">
    <h2>${say("page-images")}</h2>
    <p class="soft wide">${say("page-sortable")}</p>
    <table role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${heads}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${images.map((image) => imageRow(image, say))}
      </tbody>
    </table>
  </section>`;
}

function isNumber(code: TextCode): boolean {
  return code === "page-size" || code === "page-retries";
}

function imageRow({ source, target, services, status, bytes, retries, digest }: ImageRecord, say: Say): Markup {
  const tone = status === "failed" ? "bad" : status === "present" ? "calm" : "good";
  return html`<tr role="row">
    <td role="cell"><strong>${source}</strong><small>${target}</small></td>
    <td role="cell" data-label="${say("page-services")}"><span>${services.join(", ")}</span></td>
    <td role="cell" class="badged" data-label="${say("page-status")}">
      <span class="badge ${tone}">${say(`status-${status}`)}</span>
    </td>
    <td role="cell" class="number" data-label="${say("page-size")}" data-value="${bytes ?? 0}">
      <span>${bytes === undefined ? "–" : formatBytes(bytes)}</span>
    </td>
    <td role="cell" class="number" data-label="${say("page-retries")}" data-value="${retries}">
      <span>${retries}</span>
    </td>
    <td role="cell" data-label="${say("page-digest")}">
      <code title="${digest ?? ""}">${digest?.slice(0, DIGEST_SHOWN) ?? "–"}</code>
    </td>
  </tr>`;
}

function sharingSection({ images }: RunRecord, language: Language, say: Say): Markup {
  const groups = groupsOf(images);
  const head = html`<h2>${say("page-sharing")}</h2>`;
  if (groups.length === 0)
    return html`<section id="sharing">
      ${head}
      <p class="soft">${say("page-sharing-none")}</p>
    </section>`;
  const shades = [...new Set(groups.map(shadeOf))].toSorted((a, b) => a - b);
  const meaning = (shade: number): string =>
    shade === 1 ? say("page-only") : say(shade === 4 ? "page-shared-more" : "page-shared-by", { count: shade });
  const key = shades.map(
    (shade) =>
      html`<li>
        <svg viewBox="0 0 12 12" aria-hidden="true"><rect class="s${shade}" width="12" height="12" rx="3" /></svg
        >${meaning(shade)}
      </li>`,
  );
  const rows = groups.map(
    ({ images: names, blobs, bytes }) =>
      html`<tr role="row">
        <td role="cell">${names.join(", ")}</td>
        <td role="cell" class="number" data-label="${say("page-layers")}"><span>${blobs.length}</span></td>
        <td role="cell" class="number" data-label="${say("page-size")}"><span>${formatBytes(bytes)}</span></td>
      </tr>`,
  );
  return html`<section id="sharing">
    ${head}
    <p class="soft">${say("page-sharing-about")}</p>
    <ul class="key">
      ${key}
    </ul>
    ${SHARING.map((canvas) => drawSharing(groups, canvas, language))}
    <details>
      <summary>${say("page-group")}</summary>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">${say("page-group")}</th>
            <th scope="col" role="columnheader" class="number">${say("page-layers")}</th>
            <th scope="col" role="columnheader" class="number">${say("page-size")}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows}
        </tbody>
      </table>
    </details>
  </section>`;
}

function throughputSection(record: RunRecord, language: Language, say: Say): Markup {
  const drawings = THROUGHPUT.map((canvas) => drawThroughput(record, canvas, language));
  const { retries } = record;
  const list =
    retries.length === 0
      ? undefined
      : html`<details>
          <summary>${say("page-retries-list", { count: retries.length })}</summary>
          <ul>
            ${retries.map(
              ({ at, ...retry }) => html`<li>${formatDuration(at, language)} · ${say("page-retry", retry)}</li>`,
            )}
          </ul>
        </details>`;
  const about = drawings[0] === undefined ? say("page-throughput-none") : say("page-throughput-about");
  return html`<section id="throughput">
    <h2>${say("page-throughput")}</h2>
    <p class="soft">${about}</p>
    ${drawings}${list}
  </section>`;
}

function deploySection({ hosts }: RunRecord, language: Language, say: Say): Markup {
  const head = html`<h2>${say("page-deploy")}</h2>`;
  if (hosts.length === 0)
    return html`<section id="deploy">
      ${head}
      <p class="soft">${say("page-deploy-none")}</p>
    </section>`;
  return html`<section id="deploy">${head}${hosts.map((host) => hostPart(host, language, say))}</section>`;
}

function hostPart({ host, dir, release, steps, services }: HostRecord, language: Language, say: Say): Markup {
  const begin = steps[0]?.from ?? 0;
  const end = Math.max(begin + 1, ...steps.map(({ from, to }) => to ?? from));
  const about =
    release === undefined || dir === undefined
      ? undefined
      : html`<p class="soft">${say("page-release", { release, dir })}</p>`;
  const timeline = html`<table role="table">
    <thead role="rowgroup">
      <tr role="row">
        <th scope="col" role="columnheader">${say("page-step")}</th>
        <th scope="col" role="columnheader" class="number">${say("page-duration")}</th>
        <th scope="col" role="columnheader">${say("page-timeline")}</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${steps.map((step) => stepRow(step, { begin, end }, language, say))}
    </tbody>
  </table>`;
  const states = services.map((service) => {
    const { name, state, health, exitCode, image } = service;
    const tone = state === "running" && health !== "unhealthy" ? "good" : exitCode === 0 ? "calm" : "bad";
    return html`<tr role="row">
      <td role="cell"><strong>${name}</strong></td>
      <td role="cell" class="badged" data-label="${say("page-health")}">
        <span class="badge ${tone}">${stateText(service)}</span>
      </td>
      <td role="cell" data-label="${say("page-image")}"><span>${image}</span></td>
    </tr>`;
  });
  const health =
    services.length === 0
      ? undefined
      : html`<h3>${say("page-services")}</h3>
          <table role="table" class="health">
            <thead role="rowgroup">
              <tr role="row">
                <th scope="col" role="columnheader">${say("page-service")}</th>
                <th scope="col" role="columnheader">${say("page-health")}</th>
                <th scope="col" role="columnheader">${say("page-image")}</th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              ${states}
            </tbody>
          </table>`;
  return html`<h3>${host}</h3>
    ${about}${steps.length === 0 ? undefined : timeline}${health}`;
}

function stepRow(
  { title, from, to, waiting }: StepRecord,
  { begin, end }: { readonly begin: number; readonly end: number },
  language: Language,
  say: Say,
): Markup {
  const percent = (at: number): number => ((at - begin) / (end - begin)) * 100;
  const time = to === undefined ? say("page-step-ended") : formatDuration(to - from, language);
  const left = Math.min(99, percent(from));
  const width = Math.max(1, percent(to ?? end) - left);
  const notes = waiting.map(
    ({ at, services }) => html`<small>${say("page-waiting", { at: at - begin, services })}</small>`,
  );
  return html`<tr role="row">
    <td role="cell">${title}${notes}</td>
    <td role="cell" class="number" data-label="${say("page-duration")}"><span>${time}</span></td>
    <td role="cell" class="steps">
      <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img">
        <title>${title}: ${time}</title>
        <rect class="${to === undefined ? "broken" : "done"}" x="${left}" width="${width}" height="10" />
      </svg>
    </td>
  </tr>`;
}
