/** The page's SVG drawings. Each is drawn for one width in pixels, so that its text is as large as the page's. */
import { formatBytes, formatDuration, type Language } from "../../../messages/format.ts";
import { textOf } from "../../../messages/texts.ts";
import displayWidth from "string-width";
import { roundUp, throughput, ticks } from "./chart.ts";
import { html, type Markup } from "./markup.ts";
import type { BlobRecord, RunRecord } from "./record.ts";
import type { SharedGroup } from "./sharing.ts";
import { type Tile, treemap } from "./treemap.ts";

export interface Canvas {
  readonly kind: "wide" | "narrow";
  readonly width: number;
  readonly height: number;
}

/** Pixels that one column of text takes at 12 px, at most on average. */
const COLUMN = 6.9;
const DIGEST_SHOWN = "sha256:".length + 12;

/** How many images share a group's blobs, as a shade: 1 to 4 and more. */
export function shadeOf({ images }: Pick<SharedGroup, "images">): number {
  return Math.min(4, images.length);
}

/** Every blob as a tile, those of the same images together. */
export function drawSharing(groups: readonly SharedGroup[], canvas: Canvas, language: Language): Markup {
  const { kind, width, height } = canvas;
  const tiles = treemap(groups, ({ bytes }) => bytes, { x: 0, y: 0, width, height });
  return html`<svg class="${kind}" viewBox="0 0 ${width} ${height}" role="img">
    <title>${textOf(language, "page-sharing")}</title>
    ${tiles.map((tile) => drawGroup(tile, language))}
  </svg>`;
}

function drawGroup(tile: Tile<SharedGroup>, language: Language): Markup {
  const { item: group, x, y, width, height } = tile;
  const shade = shadeOf(group);
  const owners = group.images.join(", ");
  const blobs = treemap(group.blobs, ({ size }: BlobRecord) => size, tile).map(
    ({ item, ...box }) =>
      html`<rect class="tile s${shade}" x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"
        ><title>${item.digest.slice(0, DIGEST_SHOWN)}, ${formatBytes(item.size)}: ${owners}</title></rect
      >`,
  );
  const [only] = group.images;
  const name =
    group.images.length === 1
      ? only!.slice(only!.lastIndexOf("/") + 1)
      : textOf(language, "page-shared-by", { count: group.images.length });
  const columns = Math.floor((width - 16) / COLUMN);
  const label =
    columns < 4 || height < 24
      ? undefined
      : html`<text class="name on${shade}" x="${x + 8}" y="${y + 18}">${shortened(name, columns)}</text>`;
  const size = formatBytes(group.bytes);
  const second =
    label === undefined || height < 42 || size.length > columns
      ? undefined
      : html`<text class="on${shade}" x="${x + 8}" y="${y + 34}">${size}</text>`;
  return html`<g
    >${blobs}<rect class="group" x="${x}" y="${y}" width="${width}" height="${height}" />${label}${second}</g
  >`;
}

/** `text` in at most `columns`. */
function shortened(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  for (const char of text) {
    if (displayWidth(kept + char) > columns - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Bytes per second over time, with a line for every retry; `undefined` where nothing moved. */
export function drawThroughput(record: RunRecord, canvas: Canvas, language: Language): Markup | undefined {
  const { kind, width, height } = canvas;
  const flow = throughput(record.samples, kind === "wide" ? 96 : 48);
  if (flow === undefined) return undefined;
  const left = 76;
  const right = width - 12;
  const above = 18;
  const below = height - 28;
  const x = (at: number): number => left + ((at - flow.from) / (flow.to - flow.from)) * (right - left);
  const y = (rate: number): number => below - (rate / flow.top) * (below - above);
  const rates = [0, flow.top / 2, flow.top].map(
    (rate) =>
      html`<line class="axis" x1="${left}" x2="${right}" y1="${y(rate)}" y2="${y(rate)}" /><text
          x="${left - 8}"
          y="${y(rate) + 4}"
          text-anchor="end"
          >${formatBytes(rate)}/s</text
        >`,
  );
  const most = kind === "wide" ? 8 : 3;
  const step = roundUp((flow.to - flow.from) / most);
  const times = ticks(flow.from, flow.to, most).map(
    (at) =>
      html`<text x="${Math.min(x(at), right - 14)}" y="${height - 8}" text-anchor="middle"
        >${secondsOf(at, step, language)}</text
      >`,
  );
  const bars = flow.slices.map(
    ({ from, to, rate }) =>
      html`<rect
        class="flow"
        x="${x(from) + 0.5}"
        y="${y(rate)}"
        width="${Math.max(0.5, x(to) - x(from) - 1)}"
        height="${below - y(rate)}"
        ><title>${formatDuration(from, language)}: ${formatBytes(rate)}/s</title></rect
      >`,
  );
  const marks = record.retries
    .filter(({ at }) => at >= flow.from && at <= flow.to)
    .map(({ at, ...retry }) => {
      const place = x(at);
      return html`<g class="retry"
        ><title>${textOf(language, "page-retry", retry)}</title
        ><line x1="${place}" x2="${place}" y1="${above}" y2="${below}" /><path d="M${place - 5} ${above - 9}h10l-5 9z"
      /></g>`;
    });
  return html`<svg class="${kind}" viewBox="0 0 ${width} ${height}" role="img">
    <title>${textOf(language, "page-throughput")}</title>
    ${rates}${bars}${times}${marks}
  </svg>`;
}

/** A tick with as many digits as its step needs. */
function secondsOf(at: number, step: number, language: Language): string {
  const digits = Math.min(3, Math.max(0, Math.ceil(-Math.log10(step / 1000))));
  return `${(at / 1000).toFixed(digits)} ${language === "zh" ? "秒" : "s"}`;
}
