/**
 * Bodies of answers: read to an end that comes in time, and decoded where a front encoded them. A front may compress
 * JSON without being asked to (RFC 9110, section 8.4, Content-Encoding); a digest counts for what is inside.
 */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, createGunzip, createInflate, gunzip, inflate, inflateRaw, type InputType } from "node:zlib";
import { networkError, RegistryError } from "./errors.ts";

/** The least that must come through, or the connection counts as dead. */
export interface LeastBytes {
  readonly bytes: number;
  /** Milliseconds within which that many bytes are due. */
  readonly within: number;
}

export const LEAST_BYTES: LeastBytes = { bytes: 30 * 1024, within: 30_000 };

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Must be read to its end, discarded, or destroyed. Errors of it are `networkError`s by `readBody`. */
  readonly body: IncomingMessage;
  readonly least?: LeastBytes;
}

type Decode = (body: InputType, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip) as Decode,
  "x-gzip": promisify(gunzip) as Decode,
  // "deflate" is zlib by the standard and bare deflate by habit
  deflate: async (body, options) =>
    (promisify(inflate) as Decode)(body, options).catch(async () => (promisify(inflateRaw) as Decode)(body, options)),
  br: promisify(brotliDecompress) as Decode,
};
/** Bytes of a body that are read for the sake of the connection, which is closed when there are more. */
const MOST_DISCARDED = 256 * 1024;

/**
 * Reads a body to its end and decodes it; a longer one than `limit` bytes is refused by `undefined`. Throws
 * `registry-stalled` for one that all but stands still, and what `networkError` knows.
 */
export async function readBody(answer: HttpAnswer, limit: number): Promise<Buffer | undefined> {
  const { body, url, headers, least = LEAST_BYTES } = answer;
  const chunks: Buffer[] = [];
  let length = 0;
  let before = 0;
  let stalled: RegistryError | undefined;
  const timer = setInterval(() => {
    if (length - before < least.bytes) {
      const seconds = Math.round(least.within / 1000);
      stalled = new RegistryError("registry-stalled", { host: url.host, bytes: length - before, seconds });
      body.destroy(stalled);
    }
    before = length;
  }, least.within);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) {
        body.destroy();
        return undefined;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw stalled ?? networkError(url.host, error);
  } finally {
    clearInterval(timer);
  }
  if (stalled !== undefined) throw stalled;
  return decoded(Buffer.concat(chunks, length), headers["content-encoding"], limit);
}

/** The beginning of a body, for a message. */
export async function readText(answer: HttpAnswer, limit = 16_384): Promise<string> {
  try {
    return (await readBody(answer, limit))?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}

/** Lets the connection be used again without the body being of interest. */
export function discard({ body }: Pick<HttpAnswer, "body">): void {
  let length = 0;
  body.on("error", () => {});
  body.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > MOST_DISCARDED) body.destroy();
  });
}

/** Whether a body is encoded, so that its Content-Length is not the length of what is inside. */
export function isEncoded(headers: HttpAnswer["headers"]): boolean {
  return !["", "identity"].includes((headers["content-encoding"] ?? "").trim().toLowerCase());
}

/** The bytes of a blob as they come, decoded where `encoding` is one that is known. Throws what `networkError` knows. */
export async function* streamBody({ body, url }: HttpAnswer, encoding: string | undefined): AsyncGenerator<Buffer> {
  try {
    const decoder = encoding === undefined ? undefined : streamDecoder(encoding);
    if (decoder !== undefined) body.once("error", (error) => decoder.destroy(error));
    yield* (decoder === undefined ? body : body.pipe(decoder)) as AsyncIterable<Buffer>;
  } catch (error) {
    throw networkError(url.host, error);
  } finally {
    body.destroy();
  }
}

function streamDecoder(encoding: string) {
  if (/^(?:x-)?gzip$/i.test(encoding)) return createGunzip();
  return /^deflate$/i.test(encoding) ? createInflate() : undefined;
}

async function decoded(bytes: Buffer, encoding = "", limit: number): Promise<Buffer | undefined> {
  let body = bytes;
  // the last one was put on last
  for (const name of encoding.toLowerCase().split(",").toReversed()) {
    const decode = Object.hasOwn(DECODERS, name.trim()) ? DECODERS[name.trim()] : undefined;
    if (decode === undefined) continue;
    try {
      body = await decode(body, { maxOutputLength: limit });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
      // the header says what is not so
      return body;
    }
  }
  return body;
}
