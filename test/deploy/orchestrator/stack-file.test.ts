import assert from "node:assert/strict";
import { test } from "node:test";
import { stackFiles } from "../../../lib/deploy/orchestrator/stack-file.ts";
import { loadFiles } from "../../_helpers/compose-folder.ts";

async function translated(compose: string, services: readonly string[] = ["web", "db", "job"]) {
  const project = await loadFiles({ "compose.yaml": compose });
  const variables = new Map([
    ["GREETING", "hi $there"],
    ["PORT", "8080"],
  ]);
  const { texts, warnings } = stackFiles({ project, variables, services: new Set(services) });
  return {
    files: texts.map((text) => JSON.parse(text)),
    warnings: warnings.map(({ code, values }) =>
      [code, ...Object.values(values).map((value) => value as string)].join(" "),
    ),
  };
}

test("what a swarm takes stays, filled in; variables and anchors are gone, dollars are escaped", async () => {
  const { files, warnings } = await translated(`name: shop
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
  const [file] = files;
  assert.deepEqual(Object.keys(file), ["version", "x-common", "services", "volumes"]);
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

test("what it takes otherwise is translated, what it does not take is left out, each with a warning", async () => {
  const { files, warnings } = await translated(`services:
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
  const { web, db, job, idle } = files[0].services;
  assert.equal(idle, undefined);
  assert.deepEqual(web, {
    image: "x",
    volumes: ["./conf:/conf", { type: "bind", source: "/srv", target: "/srv" }, "data:/data"],
    env_file: ["a.env", "b.env"],
    deploy: { restart_policy: { condition: "any" } },
  });
  assert.deepEqual(db.deploy, { restart_policy: { condition: "on-failure", max_attempts: 3 } });
  assert.deepEqual(job.deploy, { restart_policy: { condition: "any" } });
  assert.deepEqual(files[0].networks, { n: {}, o: { driver: "overlay" } });
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

test("every document is a file of its own", async () => {
  const { files } = await translated("services:\n  web: { image: x }\n---\nservices:\n  web: { image: mirror/x }\n");
  assert.deepEqual(
    files.map(({ services }) => services.web.image),
    ["x", "mirror/x"],
  );
});

test("a build and an extended service are refused", async () => {
  const extending = "services:\n  base: { image: x }\n  web: { extends: base }\n";
  await assert.rejects(translated(extending), { code: "stack-unfit", message: /"web" extends/ });
  assert.equal((await translated(extending, ["base"])).files[0].services.base.image, "x");
  await assert.rejects(translated("services:\n  web: { build: . }\n"), { code: "stack-unfit", message: /"web"/ });
});
