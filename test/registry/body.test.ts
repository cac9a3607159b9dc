import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { type HttpAnswer, type LeastBytes, readBody, readText } from "../../lib/registry/body.ts";
import { openTransport } from "../../lib/registry/transport.ts";

/** The answer of a server that does `respond`. */
async function answer(
  t: TestContext,
  respond: (response: ServerResponse) => void,
  leastBytes?: LeastBytes,
): Promise<HttpAnswer> {
  const server = createServer((_request, response) => respond(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const transport = openTransport(leastBytes === undefined ? {} : { leastBytes });
  t.after(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  return transport.send({ method: "GET", url: new URL(`http://localhost:${(server.address() as AddressInfo).port}/`) });
}

const TEXT = '{"token":"t"}';
const ENCODED: readonly (readonly [encoding: string, bytes: Uint8Array])[] = [
  ["gzip", gzipSync(TEXT)],
  ["X-GZIP", gzipSync(TEXT)],
  ["deflate", deflateSync(TEXT)],
  ["deflate", deflateRawSync(TEXT)],
  ["br", brotliCompressSync(TEXT)],
  ["deflate, gzip", gzipSync(deflateSync(TEXT))],
  ["identity", Buffer.from(TEXT)],
  ["gzip", Buffer.from(TEXT)],
];

for (const [index, [encoding, bytes]] of ENCODED.entries()) {
  test(`a body that nobody asked to be encoded as ${encoding} (${index})`, async (t) => {
    const got = await answer(t, (response) => response.writeHead(200, { "content-encoding": encoding }).end(bytes));
    assert.equal((await readBody(got, 1000))?.toString(), TEXT);
  });
}

test("the limit counts for what is inside too", async (t) => {
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  const got = await answer(t, (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb));
  assert.equal(await readBody(got, 100_000), undefined);
});

/** Sends a byte now and then, without an end. */
const drip = (response: ServerResponse): void => {
  response.writeHead(200);
  const timer = setInterval(() => response.write("x"), 5);
  response.on("close", () => clearInterval(timer));
};

const flowing = (response: ServerResponse): void => {
  let left = 8;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return void response.write(Buffer.alloc(2000));
    clearInterval(timer);
    return void response.end();
  }, 20);
};

test("a body that drips is given up, one that flows is not", async (t) => {
  await assert.rejects(readBody(await answer(t, drip, { bytes: 1000, within: 60 }), 1000), {
    code: "registry-stalled",
    retryHelps: true,
  });
  assert.equal(await readText(await answer(t, drip, { bytes: 1000, within: 60 })), "");
  assert.equal((await readBody(await answer(t, flowing, { bytes: 1000, within: 100 }), 100_000))?.length, 14_000);
});
