/**
 * Registries behind fronts that people really run: nginx that ends TLS and tells the registry nothing of it, or that
 * takes short headers or small bodies only; and a network that only a SOCKS proxy leads out of.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { must } from "../bed/must.ts";
import { STATE } from "../bed/state.ts";
import { asUser, cleanSlate, inFolder, type MirrorReport, script } from "./bed.ts";
import { layDify, laySmall } from "./projects.ts";
import { freePort, MAKES, start } from "./real-registries.ts";

const FRONT = "front.example.net";
const HUB = "10.77.0.4";
const ANONYMOUS = { MIRROR_USERNAME: "", MIRROR_PASSWORD: "" };

/** Starts a program for as long as the test lasts, once something listens on `port`. */
async function startProgram(t: TestContext, [program, ...args]: readonly [string, ...string[]], port: number) {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const isUp = `for i in $(seq 200); do (: </dev/tcp/127.0.0.1/${port}) 2>/dev/null && exit 0; sleep .05; done; exit 1`;
  await must(["bash", "-c", isUp]).catch(() => assert.fail(`${program} did not start: ${said}`));
  return { said: () => said };
}

/** Gives this machine other names until the test ends. */
async function hostsFile(t: TestContext, change: (text: string) => string): Promise<void> {
  const before = await readFile("/etc/hosts", "utf8");
  await writeFile("/etc/hosts", change(before));
  t.after(() => writeFile("/etc/hosts", before));
}

/** A certificate of the bed's authority for `name`, in `folder`. */
async function certificateFor(name: string, folder: string): Promise<void> {
  const at = (kind: string): string => join(folder, `tls.${kind}`);
  await writeFile(at("names"), `subjectAltName=DNS:${name}\n`);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at("key")];
  await must(["openssl", "req", ...key, "-subj", `/CN=${name}`, "-out", at("csr")]);
  const authority = ["-CA", join(STATE, "ca.crt"), "-CAkey", join(STATE, "ca.key"), "-set_serial", "77"];
  const made = ["-in", at("csr"), "-out", at("crt"), "-days", "2", "-extfile", at("names")];
  await must(["openssl", "x509", "-req", ...authority, ...made]);
}

interface Front {
  readonly name: string;
  readonly port: number;
  /** Where requests are passed on to. */
  readonly to: string;
  readonly server?: string;
  readonly location?: string;
}

/** nginx as the TLS front of something, under a name of its own. */
async function startNginx(t: TestContext, folder: string, { name, port, to, server = "", location = "" }: Front) {
  const work = join(folder, "nginx");
  await mkdir(work);
  await certificateFor(name, work);
  await hostsFile(t, (text) => `127.0.0.1 ${name}\n${text}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${work}/${kind};`,
  );
  await writeFile(
    join(work, "nginx.conf"),
    `daemon off; pid ${work}/pid; user root;
events {}
http {
  access_log ${work}/access.log; ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${port} ssl; server_name ${name};
    ssl_certificate ${work}/tls.crt; ssl_certificate_key ${work}/tls.key;
    ${server}
    location / { proxy_pass ${to}; ${location} }
  }
}
`,
  );
  await startProgram(t, ["nginx", "-e", `${work}/error.log`, "-c", `${work}/nginx.conf`], port);
  return { log: () => readFile(`${work}/access.log`, "utf8") };
}

const FRONTS = [
  ["all proxy_set_header lines left out", {}],
  ["the host without its port, and no scheme", { location: "proxy_set_header Host $host; proxy_redirect off;" }],
  ["the host with its port, and no scheme", { location: "proxy_set_header Host $http_host; proxy_redirect off;" }],
  ["bodies of 1 MB at most", { server: "client_max_body_size 1m;", location: "proxy_set_header Host $http_host;" }],
] as const;

for (const make of MAKES.filter((each) => each.startsWith("distribution"))) {
  for (const [what, settings] of FRONTS) {
    test(`${make} behind nginx: ${what}`, async (t) => {
      await cleanSlate();
      await inFolder(async (given) => {
        // nginx reads no blanks in its paths
        const folder = await must(["mktemp", "-d"]).then((path) => path.trim());
        t.after(() => must(["rm", "-rf", folder]));
        const backend = await start(t, make, join(folder, "registry"));
        const port = await freePort();
        await startNginx(t, folder, {
          name: FRONT,
          port,
          to: `http://${backend.replace("localhost", "127.0.0.1")}`,
          ...settings,
        });
        await laySmall(given);
        const env = { MIRROR_REGISTRY: `${FRONT}:${port}`, ...ANONYMOUS };
        const { code, stdout, stderr } = await asUser(script("mirror", ["--json"]), { cwd: given, env });
        assert.equal(code, 0, stderr);
        const { images } = JSON.parse(stdout) as MirrorReport;
        assert.deepEqual(
          images.map(({ status }) => status),
          ["pushed", "pushed", "pushed"],
        );
      });
    });
  }
}

test("a token server whose front takes short request lines only", async (t) => {
  await cleanSlate();
  await inFolder(async (given) => {
    const folder = await must(["mktemp", "-d"]).then((path) => path.trim());
    t.after(() => must(["rm", "-rf", folder]));
    const { log } = await startNginx(t, folder, {
      name: "auth.docker.io",
      port: 443,
      to: `https://${HUB}`,
      server: "client_header_buffer_size 512; large_client_header_buffers 2 512;",
      location: "proxy_set_header Host auth.docker.io; proxy_ssl_server_name on; proxy_ssl_name auth.docker.io;",
    });
    await layDify(given);
    const { code, stdout, stderr } = await asUser(script("pull", ["--json"]), { cwd: given });
    assert.equal(code, 0, stderr);
    const { images } = JSON.parse(stdout) as MirrorReport;
    assert.ok(images.every(({ status }) => status === "pulled"));
    assert.match(await log(), /" 414 /);
  });
});

test("registries whose names only the far end of a SOCKS proxy knows", async (t) => {
  await cleanSlate();
  await inFolder(async (given) => {
    const hosts = join(given, "hosts");
    await writeFile(hosts, await readFile("/etc/hosts", "utf8"));
    const port = await freePort();
    const proxy = ["microsocks", "-i", "127.0.0.1", "-p", String(port), "-u", "user", "-P", "p@ss#%"];
    // a view of its own of /etc/hosts, taken before the names go from ours
    const inside = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const { said } = await startProgram(t, ["unshare", "-m", "sh", "-c", inside, "sh", hosts, ...proxy], port);
    await hostsFile(t, (text) => text.replaceAll(/^10\.77\.0\.[45] .*\n/gm, ""));
    await laySmall(given);
    const address = `127.0.0.1:${port}`;
    for (const [variable, scheme] of [
      ["HTTPS_PROXY", "socks5h"],
      ["ALL_PROXY", "socks5"],
    ] as const) {
      await must(["rm", "-rf", "/root/.cache/compose-mirror"]);
      const env = { [variable]: `${scheme}://user:p%40ss%23%25@${address}` };
      const { code, stderr } = await asUser(script("mirror"), { cwd: given, env });
      // as Go's net/http has it, which docker is made of: both leave names to the far end
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /p@ss/);
    }
    assert.notEqual(said(), "");
    const refused = await asUser(script("mirror"), {
      cwd: given,
      env: { HTTPS_PROXY: `socks5h://user:wrong@${address}` },
    });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /HTTPS_PROXY/);
  });
});
