/** Registries, fronts and token servers as users meet them: one image is mirrored past each, or the error says why not. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readConfig } from "../../lib/config/config.ts";
import { openSession } from "../../lib/engine/session.ts";
import { parseReference } from "../../lib/image/reference.ts";
import { noise, putImage } from "../_helpers/registry-images.ts";
import { inFolder } from "../_helpers/compose-folder.ts";
import {
  type Fault,
  type RegistryServer,
  registryServer,
  type RegistryServerOptions,
  type Seen,
} from "../_helpers/registry-server.ts";

type Faults = (seen: Seen, nth: number) => Fault | undefined;

interface Scene {
  readonly source: RegistryServer;
  readonly target: RegistryServer;
  /** One more registry, with the image in it. */
  readonly another: (faults?: Faults) => Promise<RegistryServer>;
  /** Something else that listens, until the test ends: its address. */
  readonly listen: (server: Server) => Promise<string>;
}

/** What a run is given besides the registries. */
interface Given {
  readonly args?: readonly string[];
  /** Where the image comes from, where that is not the source. */
  readonly from?: string;
  /** The mirror registry, where that is not the target. */
  readonly to?: string;
}

interface Row {
  readonly what: string;
  readonly source?: RegistryServerOptions;
  readonly target?: RegistryServerOptions;
  readonly setUp?: (scene: Scene) => void | Given | Promise<void | Given>;
  /** The image arrives, or the code of its error. */
  readonly ends: string;
  readonly said?: RegExp;
  readonly unsaid?: RegExp;
}

const LAYER = noise("layer", 300_000);
const put = (registry: RegistryServer): unknown =>
  putImage(registry, { repository: "lib/app", tag: "1", layers: [LAYER], platforms: ["linux/amd64", "linux/arm64"] });

const isManifest = ({ url }: Seen): boolean => url.includes("/manifests/");
const isBlob = ({ url }: Seen): boolean => /\/blobs\/sha256/.test(url);
/** Faults for the requests that `which` picks. */
const when =
  (which: (seen: Seen) => boolean, fault: Fault | ((seen: Seen, nth: number) => Fault | undefined)): Faults =>
  (seen, nth) =>
    which(seen) ? (typeof fault === "function" ? fault(seen, nth) : fault) : undefined;

/** A front that passes requests on to `registry`, and changes the answer's headers. */
function front(
  registry: RegistryServer,
  change: (headers: Record<string, string | string[] | undefined>, request: IncomingMessage, status: number) => void,
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Server {
  const [hostname, port] = registry.host.split(":");
  return createServer((request, response) => {
    if (answer?.(request, response)) return;
    const { method, url, headers } = request;
    const passed = ask({ hostname, port, method, path: url, headers: { ...headers } }, (got) => {
      const changed: Record<string, string | string[] | undefined> = { ...got.headers };
      change(changed, request, got.statusCode!);
      const left = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      response.writeHead(got.statusCode!, left as Record<string, string>);
      got.pipe(response);
    });
    request.pipe(passed);
  });
}

/** What `registry` has for a request of a manifest, to be answered with another status or other headers. */
const stored =
  (registry: RegistryServer, fault: Fault = {}) =>
  ({ url }: Pick<Seen, "url">): Fault => {
    const found = registry.manifests.get("lib/app")!.get(url.split("/").pop()!)!;
    return { headers: { "content-type": found.mediaType }, body: found.bytes, ...fault };
  };

/** A front that changes the head of every answer of `registry` as text; one request for each connection. */
function rawFront(registry: RegistryServer, change: (head: string) => string): Server {
  const port = Number(registry.host.split(":")[1]);
  return createSocketServer((socket) => {
    const inner = connect(port, "127.0.0.1");
    let head = "";
    let isPast = false;
    inner.on("data", (chunk) => {
      if (isPast) return void socket.write(chunk);
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      isPast = true;
      const closing = head.slice(0, end + 2).replace(/connection: [^\r]*\r\n|keep-alive: [^\r]*\r\n/gi, "");
      socket.write(Buffer.from(change(`${closing}Connection: close\r\n\r\n`), "latin1"));
      socket.write(Buffer.from(head.slice(end + 4), "latin1"));
    });
    socket.once("data", (chunk) => {
      const asked = chunk.toString("latin1").replace(/connection: keep-alive/i, "Connection: close");
      inner.write(Buffer.from(asked, "latin1"));
      socket.on("data", (more) => inner.write(more));
    });
    inner.on("end", () => socket.end());
    for (const each of [socket, inner]) each.on("error", () => {});
    socket.on("close", () => inner.destroy());
  });
}

const ROWS: readonly Row[] = [
  {
    what: "a proxy that marks what it changed in passing: 203 for a manifest",
    setUp: ({ source }) => source.setFault(when(isManifest, stored(source, { status: 203 }))),
    ends: "pushed",
  },
  {
    what: "a manifest as application/octet-stream",
    setUp: ({ source }) =>
      source.setFault(when(isManifest, { headers: { "content-type": "application/octet-stream" } })),
    ends: "pushed",
  },
  {
    what: "a manifest's type in upper case, with parameters",
    setUp: ({ source }) =>
      source.setFault(
        when(isManifest, ({ url }) => {
          const type = stored(source)({ url }).headers!["content-type"]!;
          return { headers: { "content-type": `${type.toUpperCase()}; Charset="utf-8"; q=1` } };
        }),
      ),
    ends: "pushed",
  },
  {
    what: "a Docker-Content-Digest that is none",
    setUp: ({ source }) => source.setFault(when(isManifest, { headers: { "docker-content-digest": "sha256:none" } })),
    ends: "pushed",
  },
  {
    what: "a HEAD of a manifest that says length 0",
    setUp: ({ source }) =>
      source.setFault(
        when((seen) => isManifest(seen) && seen.method === "HEAD", { headers: { "content-length": "0" } }),
      ),
    ends: "pushed",
  },
  {
    what: "a blob that is redirected by a relative path",
    setUp: async ({ source }) => {
      source.setFault(
        when(
          (seen) => isBlob(seen) && !seen.url.includes("?"),
          ({ url }) => ({ status: 303, headers: { location: `./${url.split("/").pop()}?moved=1` } }),
        ),
      );
    },
    ends: "pushed",
  },
  {
    what: "a blob as 206 with the whole range, though none was asked for",
    setUp: ({ source }) =>
      source.setFault(
        when(isBlob, ({ url }) => {
          const bytes = source.blobs.get("lib/app")!.get(url.split("/").pop()!)!;
          return { status: 206, headers: { "content-range": `bytes 0-${bytes.length - 1}/*` }, body: bytes };
        }),
      ),
    ends: "pushed",
  },
  {
    what: "429 once, with words for Retry-After",
    setUp: ({ source }) =>
      source.setFault(
        when(isManifest, (_, nth) =>
          nth === 1 ? { status: 429, headers: { "retry-after": "in a moment" } } : undefined,
        ),
      ),
    ends: "pushed",
  },
  {
    what: "429 that asks to wait for a day",
    setUp: ({ source }) =>
      source.setFault(when(isManifest, { status: 429, headers: { "retry-after": "86400" }, body: "slow down" })),
    ends: "registry-rate-limit",
    said: /slow down/,
  },
  {
    what: "several challenges in one header, an unknown one first",
    source: { auth: "token", username: "me", password: "right" },
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(source, (headers) => {
          const challenge = headers["www-authenticate"];
          if (typeof challenge === "string")
            headers["www-authenticate"] = `Negotiate, NTLM TlRMTVNTUAA=, ${challenge}, Basic realm="x"`;
        }),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a challenge as two headers",
    source: { auth: "token", username: "me", password: "right" },
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(source, (headers) => {
          const challenge = headers["www-authenticate"];
          if (typeof challenge === "string") headers["www-authenticate"] = ["Negotiate", challenge];
        }),
      ),
    }),
    ends: "pushed",
  },
  ...(
    [
      ["a lifetime as text", (token: string) => JSON.stringify({ token, expires_in: "300" })],
      ["a lifetime below 0", (token: string) => JSON.stringify({ token, expires_in: -1 })],
      ["a lifetime of null", (token: string) => JSON.stringify({ token, expires_in: null, issued_at: null })],
      ["a byte order mark", (token: string) => `\uFEFF${JSON.stringify({ token })}`],
      ["an empty token beside access_token", (token: string) => JSON.stringify({ token: "", access_token: token })],
      [
        "a time of issue far ahead",
        (token: string) => JSON.stringify({ token, issued_at: "2099-01-01T00:00:00Z", expires_in: 60 }),
      ],
      [
        "a time of issue that is none",
        (token: string) => JSON.stringify({ token, issued_at: "today", expires_in: 60 }),
      ],
    ] as const
  ).map(([what, body]): Row => ({
    what: `a token with ${what}`,
    source: { auth: "token", username: "me", password: "right" },
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(
          source,
          () => {},
          (request, response) => {
            if (!request.url!.startsWith("/token")) return false;
            void fetch(`http://${source.host}${request.url}`)
              .then((got) => got.json())
              .then(({ token }) => response.writeHead(201, { "content-type": "text/plain" }).end(body(token)));
            return true;
          },
        ),
      ),
    }),
    ends: "pushed",
  })),
  {
    what: "a realm that has parameters and a fragment of its own",
    source: { auth: "token", username: "me", password: "right" },
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(
          source,
          (headers, request) => {
            const challenge = headers["www-authenticate"];
            if (typeof challenge === "string")
              headers["www-authenticate"] = challenge.replace(
                /realm="[^"]*"/,
                `realm="http://${request.headers.host}/token?tenant=a%20b#top"`,
              );
          },
          (request, response) => {
            if (!request.url!.startsWith("/token") || request.url!.startsWith("/token?tenant=a%20b&")) return false;
            response.writeHead(400).end("no tenant");
            return true;
          },
        ),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a token server that moved",
    source: { auth: "token", username: "me", password: "right" },
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(
          source,
          () => {},
          (request, response) => {
            if (!request.url!.startsWith("/token") || request.url!.includes("moved")) return false;
            response.writeHead(301, { location: `${request.url}&moved=1` }).end();
            return true;
          },
        ),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a token server that shows the page of a captive portal",
    source: { auth: "token", username: "me", password: "right" },
    setUp: ({ source }) =>
      source.setFault(
        when(({ url }) => url.startsWith("/token"), {
          status: 200,
          headers: { "content-type": "text/html" },
          body: "<html>Welcome to the hotel</html>",
        }),
      ),
    ends: "registry-answer",
  },
  {
    what: "a token server that is asked too often",
    source: { auth: "token", username: "me", password: "right" },
    setUp: ({ source }) =>
      source.setFault(
        when(
          ({ url }) => url.startsWith("/token"),
          (_, nth) => (nth === 1 ? { status: 429, headers: { "retry-after": "0" } } : undefined),
        ),
      ),
    ends: "pushed",
  },
  {
    what: "source mirrors that fail each in its own way, and a registry that has the image",
    setUp: async ({ source, another }) => {
      const page = await another(() => ({
        status: 200,
        headers: { "content-type": "text/html" },
        body: "<html>login</html>",
      }));
      const forbidden = await another(() => ({ status: 403, body: "not on the list" }));
      const odd = await another(() => ({ status: 401, body: "" }));
      return { args: [page, forbidden, odd].map(({ host }) => `--source-mirror=${source.host}=${host}`) };
    },
    ends: "pushed",
  },
  {
    what: "source mirrors that fail each in its own way, and a registry that has not",
    setUp: async ({ source, another }) => {
      const page = await another(() => ({
        status: 200,
        headers: { "content-type": "text/html" },
        body: "<html>login</html>",
      }));
      const forbidden = await another(() => ({ status: 403, body: "not on the list" }));
      source.setFault(() => ({ status: 404, body: "" }));
      const odd = await another(() => ({ status: 401, body: "" }));
      return { args: [page, forbidden, odd].map(({ host }) => `--source-mirror=${source.host}=${host}`) };
    },
    ends: "registry-pull-denied",
    said: /not on the list/,
  },
  {
    what: "a source mirror that has the manifest and not the layers",
    setUp: async ({ source, another }) => {
      const { host } = await another(when(isBlob, { status: 404, body: "" }));
      return { args: [`--source-mirror=${source.host}=${host}`] };
    },
    ends: "pushed",
  },
  {
    what: "a source mirror that gives a page in place of a layer",
    setUp: async ({ source, another }) => {
      const { host } = await another(
        when(isBlob, { status: 200, headers: { "content-type": "text/html" }, body: "<html>sorry</html>" }),
      );
      return { args: [`--source-mirror=${source.host}=${host}`] };
    },
    ends: "pushed",
  },
  {
    what: "a source mirror that has the index and not the image of the platform",
    setUp: async ({ source, another }) => {
      const { host } = await another(
        when((seen) => isManifest(seen) && seen.url.includes("sha256"), { status: 404, body: "" }),
      );
      return { args: [`--source-mirror=${source.host}=${host}`] };
    },
    ends: "pushed",
  },
  {
    what: "a source mirror that is out of pulls when the layers are wanted",
    setUp: async ({ source, another }) => {
      const { host } = await another(when(isBlob, { status: 429, headers: { "retry-after": "7200" }, body: "quota" }));
      return { args: [`--source-mirror=${source.host}=${host}`] };
    },
    ends: "pushed",
  },
  {
    what: "a Location that is signed as it is written",
    setUp: async ({ target, listen }) => ({
      to: await listen(
        front(
          target,
          (headers) => {
            if (typeof headers["location"] === "string") headers["location"] += "&signature=a%20b~(c)";
          },
          (request, response) => {
            if (!/^P(?:ATCH|UT)$/.test(request.method!) || !request.url!.includes("/uploads/")) return false;
            if (request.url!.includes("&signature=a%20b~(c)")) return false;
            response.writeHead(403).end("signature does not match");
            return true;
          },
        ),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a Location with a login in it",
    setUp: async ({ target, listen }) => ({
      to: await listen(
        front(target, (headers, request) => {
          if (typeof headers["location"] === "string")
            headers["location"] = `http://me:secret@${request.headers.host}${headers["location"]}`;
        }),
      ),
    }),
    ends: "pushed",
    unsaid: /secret/,
  },
  {
    what: "a Range of an upload with its unit",
    setUp: async ({ target, listen }) => ({
      to: await listen(
        front(target, (headers) => {
          if (typeof headers["range"] === "string") headers["range"] = `bytes=${headers["range"]}`;
        }),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a front that takes the Range and the UUID of an upload out",
    setUp: async ({ target, listen }) => ({
      to: await listen(
        front(target, (headers) => {
          headers["range"] = undefined;
          headers["docker-upload-uuid"] = undefined;
          headers["docker-content-digest"] = undefined;
        }),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a front that closes every connection",
    setUp: async ({ target, source, listen }) => ({
      from: await listen(
        front(source, (headers) => {
          headers["connection"] = "close";
        }),
      ),
      to: await listen(
        front(target, (headers) => {
          headers["connection"] = "close";
        }),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a front that adds 20 KB of headers",
    setUp: async ({ source, listen }) => ({
      from: await listen(
        front(source, (headers) => {
          headers["set-cookie"] = Array.from({ length: 10 }, (_, n) => `c${n}=${"x".repeat(2000)}`);
        }),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "an answer of HTTP 1.0",
    setUp: async ({ source, listen }) => ({
      from: await listen(rawFront(source, (head) => head.replace("HTTP/1.1", "HTTP/1.0"))),
    }),
    ends: "pushed",
  },
  {
    what: "early hints before the answer",
    setUp: async ({ source, listen }) => ({
      from: await listen(
        rawFront(source, (head) => `HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n${head}`),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a status without words",
    setUp: async ({ source, listen }) => ({
      from: await listen(rawFront(source, (head) => head.replace(/^(HTTP\/1\.1 \d+)[^\r]*/, "$1"))),
    }),
    ends: "pushed",
  },
  {
    what: "an upload that begins elsewhere: 307 for the POST",
    setUp: async ({ target, listen }) => ({
      to: await listen(
        front(
          target,
          () => {},
          (request, response) => {
            if (request.method !== "POST") return false;
            response.writeHead(307, { location: `http://${target.host}${request.url}` }).end();
            return true;
          },
        ),
      ),
    }),
    ends: "pushed",
  },
  {
    what: "a HEAD of a blob that is forbidden where it is missing",
    setUp: ({ target }) => target.setFault(when((seen) => isBlob(seen) && seen.method === "HEAD", { status: 403 })),
    ends: "pushed",
  },
  {
    what: "a front that says of every blob that it is there",
    setUp: ({ target }) =>
      target.setFault(
        when((seen) => isBlob(seen) && seen.method === "HEAD", { status: 200, headers: { "content-length": "5" } }),
      ),
    ends: "pushed",
  },
  {
    what: "a mirror that a front forbids with a page",
    setUp: ({ target }) =>
      target.setFault(() => ({
        status: 403,
        headers: { "content-type": "text/html" },
        body: "<html><body><h1>403 Forbidden</h1>nginx</body></html>",
      })),
    ends: "registry-push-denied",
    unsaid: /<html>/,
  },
];

async function outcomeOf(t: TestContext, { source: sourceOptions, target: targetOptions, setUp }: Row) {
  const open = async (options?: RegistryServerOptions): Promise<RegistryServer> => {
    const registry = await registryServer(options);
    t.after(() => registry.close());
    return registry;
  };
  const source = await open(sourceOptions);
  const target = await open(targetOptions);
  put(source);
  const listen = async (server: Server): Promise<string> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      (server as { closeAllConnections?: () => void }).closeAllConnections?.();
      server.close();
    });
    return `localhost:${(server.address() as AddressInfo).port}`;
  };
  const another = async (faults?: Faults): Promise<RegistryServer> => {
    const registry = await open(faults === undefined ? {} : { fault: faults });
    put(registry);
    return registry;
  };
  const given = (await setUp?.({ source, target, another, listen })) ?? {};
  const { args = [], from = source.host, to = target.host } = given;
  return inFolder({}, async (folder) => {
    const config = readConfig({
      argv: [`--store=${folder}/store`, ...args],
      environment: { HOME: folder },
      cwd: folder,
      flags: ["store", "source-mirror"],
      settingsFile: join(folder, "none"),
    });
    const session = await openSession(config, [], {});
    try {
      const image = parseReference(`${from}/lib/app:1`);
      const outcome = await session.engine.mirror({
        source: image,
        target: { registry: to, repository: "team/app", tag: "1" },
        platform: "linux/amd64",
        uses: [{ image: "lib/app:1", services: ["web"] }],
      });
      return { ...outcome, stored: target.manifests.get("team/app")?.has("1") ?? false };
    } finally {
      await session.close();
    }
  });
}

for (const row of ROWS) {
  test(`${row.what}: ${row.ends}`, async (t) => {
    const { status, error, stored: isStored } = await outcomeOf(t, row);
    const said = error === undefined ? "" : `${error.message}\n${error.hint}`;
    assert.equal(error?.code ?? status, row.ends, said);
    assert.equal(isStored, row.ends === "pushed");
    if (row.said !== undefined) assert.match(said, row.said);
    if (row.unsaid !== undefined) assert.doesNotMatch(said, row.unsaid);
  });
}
