import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlacedFile } from "../../../lib/deploy/files/file-diff.ts";
import { MirrorError } from "../../../lib/messages/errors.ts";
import { stackFile } from "../../../lib/deploy/orchestrator/stack-file.ts";
import { type Files, loadFiles } from "../../_helpers/compose-folder.ts";

async function translated(
  compose: string,
  services: readonly string[] = ["web", "db", "job"],
  others: Files = {},
  placed: readonly PlacedFile[] = [],
) {
  const environment = { GREETING: "hi $there", PORT: "8080" };
  const project = await loadFiles({ "compose.yaml": compose, ...others }, { environment });
  const { text, warnings } = stackFile({ project, services: new Set(services), name: "shop", placed });
  return {
    file: JSON.parse(text),
    warnings: warnings.map(({ code, values }) => [code, ...(Object.values(values) as readonly string[])].join(" ")),
  };
}

test("what a swarm supports stays; variables and anchors are resolved, dollars are escaped", async () => {
  const { file, warnings } = await translated(`name: shop
x-common: &common
  image: x:1
  environment: { A: "1", B: "\${GREETING}", C: "$$5", D: }
services:
  web:
    <<: *common
    command: ["sh", "-c", "echo $$HOME"]
    ports: ["\${PORT}:80", { target: 80, published: "8081", mode: host, name: web }]
    deploy: { replicas: 2 }
    healthcheck: { test: ["CMD", "true"], interval: 1s, start_interval: 1s }
volumes: { data: {} }
`);
  assert.deepEqual(Object.keys(file), ["version", "services", "volumes"]);
  assert.equal(file.version, "3.8");
  assert.deepEqual(file.services.web, {
    image: "x:1",
    environment: { A: "1", B: "hi $$there", C: "$$5", D: null },
    command: ["sh", "-c", "echo $$HOME"],
    ports: ["8080:80", { target: 80, published: 8081, mode: "host" }],
    healthcheck: { test: ["CMD", "true"], interval: "1s" },
    deploy: { replicas: 2, restart_policy: { condition: "on-failure" } },
  });
  assert.deepEqual(warnings, []);
});

test("a value that is no text is refused by its variable, file and line", async () => {
  const gbk = Buffer.concat([Buffer.from("V="), Buffer.from([0xd6, 0xd0]), Buffer.from("\nU=1\n")]);
  for (const used of ["environment: ['K=${U}${V}']", "environment: {K: '${U}${V}'}", "configs: ['${V}']"]) {
    await assert.rejects(
      translated(`services:\n  web:\n    image: x\n    ${used}\n`, ["web"], { ".env": gbk }),
      (error) => error instanceof MirrorError && /compose\.yaml:4:\d+ takes .* from V$/.test(error.message),
    );
  }
  const { file } = await translated("services:\n  web: { image: 'x:${U}' }\n", ["web"], { ".env": gbk });
  assert.equal(file.services.web.image, "x:1");
});

test("what swarm writes differently is translated, what it does not support is dropped, each with a warning", async () => {
  const { file, warnings } = await translated(`services:
  web:
    image: x
    container_name: web
    restart: unless-stopped
    mem_limit: 1g
    x-note: mine
    depends_on: { db: { condition: service_healthy } }
    env_file: [{ path: a.env, required: false }, b.env]
    volumes:
      - ./conf:/conf
      - { type: bind, source: /srv, target: /srv, bind: { create_host_path: true } }
      - data:/data
  db: { image: y, depends_on: [job], restart: "on-failure:3" }
  job: { image: z, restart: "no", deploy: { restart_policy: { condition: any } } }
  idle: { image: w, profiles: [other] }
networks: { n: { driver: bridge }, o: { driver: overlay } }
volumes: { data: {} }
`);
  const { web, db, job, idle } = file.services;
  assert.equal(idle, undefined);
  assert.deepEqual(web, {
    image: "x",
    volumes: ["./conf:/conf", { type: "bind", source: "/srv", target: "/srv" }, "data:/data"],
    env_file: ["a.env", "b.env"],
    deploy: { restart_policy: { condition: "any" } },
  });
  assert.deepEqual(db.deploy, { restart_policy: { condition: "on-failure", max_attempts: 3 } });
  assert.deepEqual(job.deploy, { restart_policy: { condition: "any" } });
  assert.deepEqual(file.networks, { n: {}, o: { driver: "overlay" } });
  assert.deepEqual(warnings.toSorted(), [
    "warning-stack-dropped n driver",
    "warning-stack-dropped web container_name",
    "warning-stack-dropped web mem_limit",
    "warning-stack-mount web ./conf",
    "warning-stack-mount web /srv",
    "warning-stack-order db",
    "warning-stack-order web",
    "warning-stack-restart db",
    "warning-stack-restart job",
    "warning-stack-restart web",
  ]);
});

test("several documents, an override's rules and paths of included and extended files are merged into one file", async () => {
  const compose = `include: [sub/more.yaml]
services:
  web: { image: x, environment: [A=1, B=2], ports: ["80:80"], networks: [front], volumes: ["./a:/data", "./b:/b"] }
  db: { extends: { file: sub/base.yaml, service: base }, volumes: ["./own:/own"] }
secrets: { key: { file: ./key.txt } }
---
services:
  web:
    image: mirror/x
    environment: { B: "3" }
    networks: { front: { aliases: [w] } }
    volumes: [./c:/data]
    ports: !override ["81:81"]
`;
  const { file } = await translated(compose, ["web", "db", "job"], {
    "sub/more.yaml": "services:\n  job: { image: z, env_file: job.env }\nconfigs: { c: { file: c.conf } }\n",
    "sub/base.yaml": "services:\n  base: { image: y, volumes: [./data:/data, named:/n] }\n",
  });
  assert.deepEqual(file.services.web, {
    image: "mirror/x",
    environment: { A: "1", B: "3" },
    ports: ["81:81"],
    networks: { front: { aliases: ["w"] } },
    volumes: ["./c:/data", "./b:/b"],
    deploy: { restart_policy: { condition: "on-failure" } },
  });
  assert.deepEqual(file.services.db.volumes, ["./sub/data:/data", "named:/n", "./own:/own"]);
  assert.deepEqual(file.services.job.env_file, ["./sub/job.env"]);
  assert.deepEqual(file.secrets, { key: { file: "./key.txt" } });
  assert.deepEqual(file.configs, { c: { file: "./sub/c.conf" } });
});

test("a build is refused, an extended service is not", async () => {
  const extending = "services:\n  base: { image: x }\n  web: { extends: base }\n";
  assert.equal((await translated(extending, ["web"])).file.services.web.image, "x");
  await assert.rejects(translated("services:\n  web: { build: . }\n"), { code: "stack-unfit", message: /"web"/ });
});

/** Files of which one secret and one mount have the content `a`. */
function placedWith(a: string): readonly PlacedFile[] {
  return [
    { name: "token.txt", services: ["web"], mounted: false, sha256: a.repeat(64) },
    { name: "conf/site.conf", services: ["web"], mounted: false, sha256: "c".repeat(64) },
    { name: "a.conf", services: ["web"], mounted: true, sha256: a.repeat(64) },
    { name: "b.conf", services: ["db"], mounted: true, sha256: "d".repeat(64) },
  ];
}

test("secrets, configs and mounts change their service when their content changes", async () => {
  const text = `services:
  web: { image: x, secrets: [token, named, elsewhere], configs: [site], volumes: ["./a.conf:/a"], labels: [mine=1] }
  db: { image: y, volumes: ["./b.conf:/b"], labels: { mine: 1 } }
  job: { image: z }
secrets:
  token: { file: ./token.txt }
  named: { file: ./token.txt, name: kept }
  elsewhere: { external: true }
configs: { site: { file: conf/site.conf } }
`;
  const [one, two] = await Promise.all(
    ["a", "b"].map(async (content) => (await translated(text, undefined, {}, placedWith(content))).file),
  );
  assert.deepEqual(one.secrets, {
    token: { file: "./token.txt", name: "shop_token_aaaaaaaaaaaa" },
    named: { file: "./token.txt", name: "kept" },
    elsewhere: { external: true },
  });
  assert.deepEqual(one.configs, { site: { file: "conf/site.conf", name: "shop_site_cccccccccccc" } });
  assert.equal(two.secrets.token.name, "shop_token_bbbbbbbbbbbb");
  assert.equal(one.services.web.labels[0], "mine=1");
  assert.match(one.services.web.labels[1], /^compose-mirror\.files=[0-9a-f]{12}$/);
  assert.notEqual(one.services.web.labels[1], two.services.web.labels[1]);
  assert.equal(one.services.db.labels.mine, 1);
  assert.deepEqual(one.services.db, two.services.db);
  assert.equal(one.services.job.labels, undefined);
});
