import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readProxies } from "../../lib/registry/proxy.ts";
import { type HttpAnswer, readBody } from "../../lib/registry/body.ts";
import { openTransport, type Transport, type TransportSettings } from "../../lib/registry/transport.ts";

const TLS = fileURLToPath(new URL("../fixtures/tls/", import.meta.url));
const CERTIFICATE = readFileSync(join(TLS, "certificate.pem"), "utf8");
const IDENTITY = { key: readFileSync(join(TLS, "key.pem"), "utf8"), cert: CERTIFICATE };

function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const plain = (t: TestContext, listener: RequestListener): Promise<number> => listen(t, createServer(listener));
const secure = (t: TestContext, listener: RequestListener): Promise<number> =>
  listen(t, createTlsServer(IDENTITY, listener));

function open(t: TestContext, settings: TransportSettings = {}): Transport {
  const transport = openTransport(settings);
  t.after(() => transport.close());
  return transport;
}

async function text(answer: HttpAnswer): Promise<string> {
  return (await readBody(answer, 1_000_000))!.toString();
}

async function get(transport: Transport, url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return text(await transport.send({ method: "GET", url: new URL(url), headers }));
}

test("where a registry's API is, and by what protocol", (t) => {
  const transport = open(t, { insecureHosts: ["plain.example:5000"] });
  const cases = {
    "docker.io": "https://registry-1.docker.io",
    "ghcr.io": "https://ghcr.io",
    "localhost:5000": "http://localhost:5000",
    "127.0.0.1:5000": "http://127.0.0.1:5000",
    "plain.example:5000": "http://plain.example:5000",
    "plain.example:5001": "https://plain.example:5001",
    "Mixed.Example": "https://mixed.example",
    "usual.example:443": "https://usual.example",
    "localhost:80": "http://localhost",
    "localhost:443": "http://localhost:443",
  };
  for (const [host, origin] of Object.entries(cases)) assert.equal(transport.origin(host), origin);
});

test("a redirect to another origin goes without the Authorization, one within keeps it", async (t) => {
  const seen: string[] = [];
  const note = (who: string, { headers }: IncomingMessage): void => void seen.push(`${who} ${headers.authorization}`);
  const cdn = await plain(t, (request, response) => {
    note("cdn", request);
    response.end("blob");
  });
  const registry = await plain(t, (request, response) => {
    note("registry", request);
    const location = request.url === "/blob" ? "/again" : `http://localhost:${cdn}/blob?signature=x`;
    response.writeHead(307, { location }).end();
  });
  assert.equal(await get(open(t), `http://localhost:${registry}/blob`, { authorization: "Bearer t" }), "blob");
  assert.deepEqual(seen, ["registry Bearer t", "registry Bearer t", "cdn undefined"]);
});

const redirect =
  (location: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();

test("redirects without an end, without an address, and out of TLS are refused", async (t) => {
  const port = await plain(t, (request, response) =>
    redirect(request.url === "/loop" ? "/loop" : "ftp://x.example/")(request, response),
  );
  await assert.rejects(get(open(t), `http://localhost:${port}/loop`), { code: "registry-redirects" });
  await assert.rejects(get(open(t), `http://localhost:${port}/odd`), { code: "registry-answer" });
  const tls = await secure(t, redirect("http://elsewhere.example/"));
  const transport = open(t, { authorities: [CERTIFICATE] });
  await assert.rejects(get(transport, `https://localhost:${tls}/`), {
    code: "registry-answer",
    message: /plain http at "elsewhere.example"/,
  });
});

test("a certificate is checked, and an authority of one's own is enough", async (t) => {
  const port = await secure(t, (_request, response) => response.end("secret"));
  const url = `https://localhost:${port}/`;
  await assert.rejects(get(open(t), url), { code: "registry-certificate" });
  assert.equal(await get(open(t, { authorities: [CERTIFICATE] }), url), "secret");
  await assert.rejects(get(open(t, { authorities: [CERTIFICATE] }), `https://127.0.0.1:${port}/`), {
    code: "registry-certificate-name",
    message: /the certificate of "localhost" and "registry.example", signed by "compose-mirror tests"/,
  });
});

test("TLS with a server that does not speak it", async (t) => {
  const port = await plain(t, (_request, response) => response.end("plain"));
  await assert.rejects(get(open(t), `https://localhost:${port}/`), {
    code: "registry-plain",
    message: new RegExp(`localhost:${port}`),
  });
});

test("no server, no response, a truncated response, an abort", async (t) => {
  await assert.rejects(get(open(t), "http://localhost:1/"), { code: "registry-unreachable" });
  const silent = await plain(t, () => {});
  await assert.rejects(get(open(t, { answerTimeout: 30 }), `http://localhost:${silent}/`), {
    code: "registry-timeout",
  });
  const abort = new AbortController();
  const waiting = open(t).send({ method: "GET", url: new URL(`http://localhost:${silent}/`), signal: abort.signal });
  abort.abort();
  await assert.rejects(waiting, { code: "interrupted" });
  await assert.rejects(open(t).send({ method: "GET", url: new URL("http://localhost:1/"), signal: abort.signal }), {
    code: "interrupted",
  });
  const cut = await plain(t, (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("part", () => response.socket?.destroy());
  });
  await assert.rejects(get(open(t), `http://localhost:${cut}/`), { code: "registry-cut" });
});

test("a kept connection that is closed at the moment of use is replaced", async (t) => {
  const uses = new Map<unknown, number>();
  let connections = 0;
  const port = await plain(t, (request, response) => {
    const use = (uses.get(request.socket.remotePort) ?? 0) + 1;
    uses.set(request.socket.remotePort, use);
    if (use === 1) connections += 1;
    if (use === 2) request.socket.destroy();
    else response.end("ok");
  });
  const transport = open(t);
  for (let times = 0; times < 3; times += 1) assert.equal(await get(transport, `http://localhost:${port}/`), "ok");
  assert.equal(connections, 3);
});

const stream = async function* () {
  for (const word of ["one", "two", "six"]) yield Buffer.from(word);
};

const endless = async function* () {
  for (let index = 0; index < 1000; index += 1) yield Buffer.alloc(100_000);
};

const failing = async function* () {
  yield Buffer.from("one");
  throw Object.assign(new Error("disk"), { code: "EIO" });
};

test("bytes and streams as bodies, and an answer that comes before the end", async (t) => {
  const port = await plain(t, (request, response) => {
    if (request.url === "/early") return void response.writeHead(401, { connection: "close" }).end("no");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () =>
      response.end(`${request.headers["content-length"]} ${Buffer.concat(chunks).toString().slice(0, 9)}`),
    );
  });
  const transport = open(t);
  const url = new URL(`http://localhost:${port}/`);
  assert.equal(await text(await transport.send({ method: "PUT", url, body: Buffer.from("bytes") })), "5 bytes");
  assert.equal(
    await text(await transport.send({ method: "PATCH", url, body: { length: 9, stream: stream() } })),
    "9 onetwosix",
  );
  assert.equal(await text(await transport.send({ method: "POST", url })), "0 ");
  const body = { length: 100_000_000, stream: endless() };
  const early = await transport.send({ method: "PUT", url: new URL("/early", url), body });
  assert.equal(early.status, 401);
  early.body.destroy();
  await assert.rejects(transport.send({ method: "PUT", url, body: { length: 9, stream: failing() } }), /disk/);
});

test("a body that is longer than it may be is not read to its end", async (t) => {
  const port = await plain(t, (_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(10_000))) continue;
      response.once("drain", more);
    };
    more();
  });
  const answer = await open(t).send({ method: "GET", url: new URL(`http://localhost:${port}/`) });
  assert.equal(await readBody(answer, 100_000), undefined);
});

interface Proxy {
  readonly port: number;
  readonly seen: string[];
}

/** A proxy that leads every name to this machine. */
async function proxy(t: TestContext, status = 200): Promise<Proxy> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers["proxy-authorization"]}`);
    response.end("by proxy");
  });
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"]}`);
    client.on("error", () => {});
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const upstream = connect(Number(request.url!.split(":").at(-1)), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
    upstream.on("error", () => client.destroy());
    t.after(() => upstream.destroy());
    return undefined;
  });
  return { port: await listen(t, server), seen };
}

test("TLS goes through a proxy by a tunnel, which is kept", async (t) => {
  const { port: via, seen } = await proxy(t);
  const port = await secure(t, (_request, response) => response.end("inside"));
  const proxies = readProxies({ HTTPS_PROXY: `http://user:pass%40word@localhost:${via}`, NO_PROXY: "direct.example" });
  const transport = open(t, { proxies, authorities: [CERTIFICATE] });
  for (let times = 0; times < 2; times += 1)
    assert.equal(await get(transport, `https://registry.example:${port}/`), "inside");
  const login = Buffer.from("user:pass@word").toString("base64");
  assert.deepEqual(seen, [`CONNECT registry.example:${port} Basic ${login}`]);
  assert.equal(await get(transport, `https://localhost:${port}/`), "inside");
  assert.equal(seen.length, 1, "this machine is reached directly");
  await assert.rejects(get(transport, `https://other.example:${port}/`), { code: "registry-certificate-name" });
});

test("a connection that cannot be established ends and leaves nothing open", async (t) => {
  const server = createServer();
  const closed = new Promise<void>((resolve) => {
    server.on("connect", (_request, client: Socket) => {
      client.on("error", () => {}).on("end", () => resolve());
      client.resume();
      client.write("HTTP/1.1 200 OK\r\n\r\n");
    });
  });
  const proxies = readProxies({ HTTPS_PROXY: `http://localhost:${await listen(t, server)}` });
  await assert.rejects(get(open(t, { proxies, idleTimeout: 50 }), "https://registry.example/"), {
    code: "registry-timeout",
  });
  await closed;
});

test("plain http goes through a proxy with the whole URL", async (t) => {
  const { port: via, seen } = await proxy(t);
  const transport = open(t, {
    proxies: readProxies({ http_proxy: `localhost:${via}` }),
    insecureHosts: ["registry.example:5000"],
  });
  assert.equal(await get(transport, "http://registry.example:5000/v2/?x=1"), "by proxy");
  assert.deepEqual(seen, ["GET http://registry.example:5000/v2/?x=1 registry.example:5000 undefined"]);
});

test("a proxy that refuses, wants a login, or is not there; its password is not shown", async (t) => {
  const cases: readonly (readonly [status: number, code: string])[] = [
    [403, "registry-proxy"],
    [407, "registry-proxy-login"],
    [0, "registry-proxy"],
  ];
  for (const [status, code] of cases) {
    const port = status === 0 ? 1 : (await proxy(t, status)).port;
    const transport = open(t, { proxies: readProxies({ HTTPS_PROXY: `http://user:topsecret@localhost:${port}` }) });
    await assert.rejects(
      get(transport, "https://registry.example/"),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, code);
        assert.doesNotMatch(`${error.message} ${error.hint}`, /topsecret/);
        return true;
      },
    );
  }
});

test("a fresh connection is no connection that was used before, and is not used again", async (t) => {
  const ports: (number | undefined)[] = [];
  const port = await plain(t, (request, response) => {
    ports.push(request.socket.remotePort);
    response.end();
  });
  const transport = open(t);
  for (const fresh of [false, true, true, false]) {
    await text(await transport.send({ method: "GET", url: new URL(`http://localhost:${port}/`), fresh }));
  }
  const [kept, first, second, again] = ports;
  assert.equal(again, kept);
  assert.equal(new Set([kept, first, second]).size, 3);
});

test("a connection that was idle for long is not used again", async (t) => {
  const ports: (number | undefined)[] = [];
  const port = await plain(t, (request, response) => {
    ports.push(request.socket.remotePort);
    response.end();
  });
  const transport = open(t, { keptFor: 300 });
  for (const rest of [0, 10, 1000]) {
    await sleep(rest);
    await get(transport, `http://localhost:${port}/`);
  }
  const [first, soon, late] = ports;
  assert.equal(soon, first);
  assert.notEqual(late, first);
});

test("this machine and insecure hosts are asked by TLS first; any certificate will do there, and nowhere else", async (t) => {
  const tls = await secure(t, (_request, response) => response.end("by TLS"));
  const http = await plain(t, (_request, response) => response.end("plain"));
  const cases: readonly (readonly [host: string, origin: string, authorities: readonly string[]])[] = [
    [`localhost:${tls}`, `https://localhost:${tls}`, [CERTIFICATE]],
    [`localhost:${tls}`, `https://localhost:${tls}`, []],
    [`127.0.0.1:${tls}`, `https://127.0.0.1:${tls}`, [CERTIFICATE]],
    [`localhost:${http}`, `http://localhost:${http}`, []],
    ["localhost:1", "http://localhost:1", []],
  ];
  for (const [host, origin, authorities] of cases) {
    const transport = open(t, { authorities });
    assert.equal(await transport.locate(host), origin);
    if (host !== "localhost:1") assert.match(await get(transport, `${origin}/`), /by TLS|plain/, host);
  }
  assert.equal(await open(t).locate("registry.example"), "https://registry.example");
  const { port: via } = await proxy(t);
  const proxies = readProxies({ HTTPS_PROXY: `http://localhost:${via}` });
  const named = open(t, { proxies, insecureHosts: [`other.example:${tls}`] });
  assert.equal(await get(named, `${await named.locate(`other.example:${tls}`)}/`), "by TLS");
  await assert.rejects(get(named, `https://third.example:${tls}/`), { code: "registry-certificate-name" });
});

for (const reply of [
  "HTTP/1.0 200 Connection established\r\nProxy-agent: old\r\n\r\n",
  "HTTP/1.1 201 Created\r\n\r\n",
  "HTTP/1.1 299 Fine\r\nTransfer-Encoding: chunked\r\n\r\n",
]) {
  test(`a proxy that answers CONNECT with ${JSON.stringify(reply)}`, async (t) => {
    const port = await secure(t, (_request, response) => response.end("inside"));
    const server = createServer();
    server.on("connect", (_request, client: Socket) => {
      const upstream = connect(port, "127.0.0.1", () => {
        client.write(reply);
        client.pipe(upstream).pipe(client);
      });
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
      t.after(() => upstream.destroy());
    });
    const proxies = readProxies({ HTTPS_PROXY: `http://localhost:${await listen(t, server)}` });
    assert.equal(
      await get(open(t, { proxies, authorities: [CERTIFICATE] }), `https://registry.example:${port}/`),
      "inside",
    );
  });
}

test("a proxy for plain http that wants a login, or is not there, is no registry that answers so", async (t) => {
  const port = await plain(t, (_request, response) => response.writeHead(407).end());
  const by = (user: string, at: number) =>
    get(open(t, { proxies: readProxies({ HTTP_PROXY: `http://${user}localhost:${at}` }) }), "http://registry.example/");
  await assert.rejects(by("", port), { code: "registry-proxy-login", hint: /write user and password into HTTP_PROXY/ });
  await assert.rejects(by("u:topsecret@", port), { code: "registry-proxy-login", hint: /correct them/ });
  await assert.rejects(by("", 1), { code: "registry-proxy" });
});

test("a redirect to the same host by http stays on TLS, and 307 is followed with method and body", async (t) => {
  const seen: string[] = [];
  const port = await secure(t, (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === "/end") return void response.end("end");
    return void response.writeHead(307, { location: "http://localhost/end" }).end();
  });
  const transport = open(t, { authorities: [CERTIFICATE] });
  assert.equal(await get(transport, `https://localhost:${port}/begin`), "end");
  const url = new URL(`https://localhost:${port}/begin`);
  assert.equal(await text(await transport.send({ method: "PUT", url, body: Buffer.from("x") })), "end");
  const streamed = await transport.send({ method: "PUT", url, body: { length: 9, stream: stream() } });
  assert.equal(streamed.status, 307);
  streamed.body.destroy();
  assert.deepEqual(seen, ["GET /begin", "GET /end", "PUT /begin", "PUT /end", "PUT /begin"]);
});
