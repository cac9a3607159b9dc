/**
 * The TLS front of a docker-registry in the bed.
 *   front.ts hub|acr STATE-FOLDER
 *
 * `hub` acts as all public registries. The Host header selects the repositories below that name in one registry. Reading
 * needs a token, as at Docker Hub: 401, realm, token for named repositories. Docker Hub's blobs are redirected to another
 * host, which responds with 400 to an `Authorization` header.
 *
 * `acr` acts as Alibaba Cloud's registry. It has one namespace, in which a repository has one level and 2 to 64
 * characters. Under its names at aliyuncs.com it wants tokens, under any other name Basic credentials.
 *
 * Port 9000 is the control port: GET and DELETE /requests (the request log), PUT and DELETE /faults, GET and PUT /bytes
 * (plain transfers, for the benchmark), and for `acr` POST /wipe, which empties the registry.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { buffer, json } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { cutSilent, type Faults, gate, refusalFor } from "./faults.ts";

const [role = "", state = ""] = process.argv.slice(2);
const CREDENTIALS = JSON.parse(readFileSync(`${state}/credentials.json`, "utf8")) as Readonly<
  Record<"namespace" | "username" | "password", string>
>;
const REGISTRY_PORT = 5000;
const TLS_PORT = 8443;
const CDN = "production.cdn.docker.io";
const TOKEN_SECONDS = 300;
const EMPTY_CONFIG = "application/vnd.oci.empty.v1+json";

/** One request that was answered. */
export interface Logged {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly kind: "ping" | "token" | "manifest" | "blob" | "upload" | "other";
  /** Bytes of the registry's body that were sent or received. */
  readonly bytes: number;
  /** Address of the one who asked. */
  readonly from: string;
}

interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly host: string;
  readonly url: URL;
  /** Adds to the bytes that the log shows. */
  readonly count: (bytes: number) => void;
}

const requests: Logged[] = [];
let faults: Faults = {};

/** Token to the repositories it opens, each `REPOSITORY:ACTION`. */
const tokens = new Map<string, ReadonlySet<string>>();

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Hands the call to the registry, as `path` there and with `authorization` in place of its own. */
function forward({ req, res, count }: Call, path: string, authorization?: string, body?: Buffer): void {
  const { authorization: _, ...own } = req.headers;
  const headers = { ...own, "x-forwarded-proto": "https", ...(authorization === undefined ? {} : { authorization }) };
  const onward = request(
    { host: "127.0.0.1", port: REGISTRY_PORT, agent, method: req.method, path, headers },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("data", (chunk: Buffer) => count(chunk.length));
      answer.pipe(res);
    },
  );
  onward.on("error", () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
  res.on("close", () => onward.destroy());
  if (body !== undefined) return void onward.end(body);
  req.on("data", (chunk: Buffer) => count(chunk.length));
  req.pipe(onward);
}

function refuse({ req, res }: Call, status: number, code: string, message: string, challenge?: string): void {
  // What is left of a large body must be read, or the client sees a cut connection in place of the answer.
  req.resume();
  res.writeHead(status, {
    "content-type": "application/json",
    "docker-distribution-api-version": "registry/2.0",
    ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
  });
  res.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** Where a registry of the given name hands out tokens. */
function realmOf(host: string): string {
  if (host === "registry-1.docker.io") return "https://auth.docker.io/token";
  return host === "quay.io" ? "https://quay.io/v2/auth" : `https://${host}/token`;
}

function isRealm(host: string, path: string): boolean {
  return host === "auth.docker.io" ? path === "/token" : realmOf(host) === `https://${host}${path}`;
}

function challengeOf(host: string, scope?: string, error?: string): string {
  const service = host === "registry-1.docker.io" ? "registry.docker.io" : host;
  const parts = { realm: realmOf(host), service, scope, error };
  return `Bearer ${Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}`;
}

/** Answers a request for a token with one that opens what `mayUse` allows of the asked. */
async function giveToken(
  { res, url }: Call,
  mayUse: (repository: string) => boolean | Promise<boolean>,
): Promise<void> {
  const opened = new Set<string>();
  for (const scope of url.searchParams.getAll("scope").flatMap((each) => each.split(" "))) {
    const [, repository, actions] = /^repository:(.+):([a-z,*]+)$/.exec(scope) ?? [];
    if (repository === undefined || !(await mayUse(repository))) continue;
    for (const action of actions!.split(",")) opened.add(`${repository}:${action}`);
  }
  const token = randomBytes(24).toString("base64url");
  tokens.set(token, opened);
  res.writeHead(200, { "content-type": "application/json" });
  res.end(
    JSON.stringify({ token, access_token: token, expires_in: TOKEN_SECONDS, issued_at: new Date().toISOString() }),
  );
}

/** What the token of a call opens; nothing without a token of ours. */
function openedBy({ req }: Call): ReadonlySet<string> | undefined {
  const [scheme, token] = (req.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" ? tokens.get(token ?? "") : undefined;
}

/** Whether the call's token opens its repository; if not, the call is answered. */
function isOpen(call: Call, repository: string | undefined, action: "pull" | "push"): boolean {
  const opened = openedBy(call);
  const scope =
    repository === undefined ? undefined : `repository:${repository}:${action === "push" ? "pull,push" : "pull"}`;
  if (opened !== undefined && (repository === undefined || opened.has(`${repository}:${action}`))) return true;
  const error = opened === undefined ? undefined : "insufficient_scope";
  refuse(call, 401, "UNAUTHORIZED", "authentication required", challengeOf(call.host, scope, error));
  return false;
}

async function isInRegistry(repository: string): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${REGISTRY_PORT}/v2/${repository}/tags/list`);
  await answer.arrayBuffer();
  return answer.ok;
}

function repositoryOf(path: string): string | undefined {
  return /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1];
}

async function hub(call: Call): Promise<void> {
  const { req, res, host, url } = call;
  if (host === CDN) {
    const blob = /^\/registry-v2\/(.+)$/.exec(url.pathname)?.[1];
    if (req.headers.authorization !== undefined) res.writeHead(400).end("Only one auth mechanism allowed\n");
    else if (blob === undefined || !url.searchParams.has("verify")) res.writeHead(403).end();
    else forward(call, `/v2/${blob}`);
    return;
  }
  const registry = host === "registry-1.docker.io" || host === "auth.docker.io" ? "docker.io" : host;
  if (isRealm(host, url.pathname)) return giveToken(call, (repository) => isInRegistry(`${registry}/${repository}`));
  if (!url.pathname.startsWith("/v2/")) return void res.writeHead(404).end();
  const repository = repositoryOf(url.pathname);
  if (!isOpen(call, repository, "pull")) return;
  if (req.method !== "GET" && req.method !== "HEAD")
    return refuse(call, 401, "UNAUTHORIZED", "authentication required");
  if (repository === undefined) return forward(call, url.pathname);
  const rest = url.pathname.slice("/v2/".length);
  if (registry === "docker.io" && rest.includes("/blobs/")) {
    res.writeHead(307, {
      location: `https://${CDN}/registry-v2/docker.io/${rest}?verify=${randomBytes(8).toString("hex")}`,
    });
    return void res.end();
  }
  forward(call, `/v2/${registry}/${rest}`);
}

const BASIC = `Basic ${Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString("base64")}`;

async function acr(call: Call): Promise<void> {
  const { req, host, url } = call;
  const asksForTokens = host.endsWith(".aliyuncs.com");
  if (asksForTokens && isRealm(host, url.pathname)) {
    // Without credentials it gives a token all the same, for what everybody may read: here nothing.
    if (req.headers.authorization === undefined) return giveToken(call, () => false);
    if (req.headers.authorization !== BASIC) return refuse(call, 401, "UNAUTHORIZED", "authentication required");
    return giveToken(call, isInNamespace);
  }
  const repository = repositoryOf(url.pathname);
  if (asksForTokens) {
    const action = req.method === "GET" || req.method === "HEAD" ? "pull" : "push";
    if (isOpen(call, repository, action)) await intoNamespace(call, repository);
  } else if (req.headers.authorization === BASIC) {
    await intoNamespace(call, repository);
  } else forward(call, url.pathname + url.search, req.headers.authorization);
}

/** Hands a call with good credentials on, unless Alibaba Cloud's registry would deny it. */
async function intoNamespace(call: Call, repository: string | undefined): Promise<void> {
  const { req, url } = call;
  const deny = (message: string): void => refuse(call, 403, "DENIED", message);
  if (repository !== undefined && !isInNamespace(repository)) return deny("requested access to the resource is denied");
  const path = url.pathname + url.search;
  if (req.method !== "PUT" || !url.pathname.includes("/manifests/")) return forward(call, path, BASIC);
  const body = await buffer(req);
  call.count(body.length);
  if (body.includes(EMPTY_CONFIG)) return deny(`unknown manifest class for ${EMPTY_CONFIG}`);
  forward(call, path, BASIC, body);
}

function isInNamespace(repository: string): boolean {
  const [namespace, name = "", ...deeper] = repository.split("/");
  return namespace === CREDENTIALS.namespace && deeper.length === 0 && name.length >= 2 && name.length <= 64;
}

function kindOf(host: string, path: string): Logged["kind"] {
  if (path === "/v2/") return "ping";
  if (isRealm(host, path)) return "token";
  if (path.includes("/manifests/")) return "manifest";
  if (path.includes("/blobs/uploads/")) return "upload";
  return path.includes("/blobs/") ? "blob" : "other";
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const host = (req.headers.host ?? "").replace(/:\d+$/, "");
  const url = new URL(req.url ?? "/", `https://${host}`);
  const method = req.method ?? "GET";
  const from = (req.socket.remoteAddress ?? "").replace("::ffff:", "");
  let bytes = 0;
  res.on("close", () => {
    requests.push({
      host,
      method,
      path: url.pathname + url.search,
      status: res.statusCode,
      kind: kindOf(host, url.pathname),
      bytes,
      from,
    });
  });
  const refusal = refusalFor(faults, method, `${host}${url.pathname}`);
  if (refusal !== undefined) {
    req.resume();
    res.writeHead(refusal.status, refusal.headers).end();
    return;
  }
  await (role === "hub" ? hub : acr)({ req, res, host, url, count: (more) => (bytes += more) });
}

/** The bed's own door. */
async function control(req: IncomingMessage, res: ServerResponse): Promise<void> {
  switch (`${req.method} ${req.url}`) {
    case "GET /requests":
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(requests));
      return;
    case "DELETE /requests":
      requests.length = 0;
      break;
    case "PUT /faults":
      faults = (await json(req)) as Faults;
      // a connection that is kept was made before the faults
      tls.closeAllConnections();
      break;
    case "DELETE /faults":
      faults = {};
      cutSilent();
      break;
    case "POST /wipe":
      await rm("/var/lib/registry/docker", { recursive: true, force: true });
      break;
    case "GET /bytes":
      await pipeline(emptyBytes(Number(req.headers["x-length"])), res);
      return;
    case "PUT /bytes":
      await finished(req.resume());
      break;
    default:
      res.statusCode = 404;
  }
  res.end();
}

function* emptyBytes(length: number): Generator<Buffer> {
  const piece = Buffer.alloc(65_536);
  for (let left = length; left > 0; left -= piece.length) yield piece.subarray(0, left);
}

function serving(handle: typeof serve) {
  return (req: IncomingMessage, res: ServerResponse): void => {
    handle(req, res).catch((error: unknown) => {
      console.error(error);
      res.destroy();
    });
  };
}

const tls = createTlsServer(
  { cert: readFileSync(`${state}/tls.crt`), key: readFileSync(`${state}/tls.key`) },
  serving(serve),
);
tls.requestTimeout = 0;
tls.on("tlsClientError", () => {});
tls.listen(TLS_PORT, "127.0.0.1");
createServer(serving(control)).listen(9000);
gate(tls, TLS_PORT, () => faults).listen(443);
