/**
 * Every kind of change between two releases, one row each: what runs and what lies in the folder after it, what
 * `status` says, and that `rollback` brings back what was there before. Compose v1, compose v2 and a swarm.
 */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { onServer } from "./bed.ts";
import { DIR, QUOTED_DIR, type Scene, succeeds, WEB, withProject, withProjectFor } from "./deploy-project.ts";

const STACK = "changes";

type Flavour = "v1" | "v2" | "swarm";
type Table = Readonly<Record<string, unknown>>;
/** The compose file as a value. */
interface State {
  readonly services: Readonly<Record<string, Table>>;
  readonly [resource: string]: Table;
}
/** Files by name; `null` removes one. */
type Files = Readonly<Record<string, string | null>>;

interface Row {
  readonly name: string;
  readonly change?: (state: State) => State;
  readonly files?: Files;
  /** What is to be found among the facts of the host after the change, and was not there before it. */
  readonly appears?: RegExp;
  /** What was among them and is not any more. */
  readonly goes?: RegExp;
  readonly not?: readonly Flavour[];
}

/** `more` becomes part of a service of `state`. */
function withService(state: State, name: string, more: Table): State {
  return { ...state, services: { ...state.services, [name]: { ...state.services[name], ...more } } };
}

function without<T extends Table>(table: T, key: string): T {
  return Object.fromEntries(Object.entries(table).filter(([name]) => name !== key)) as T;
}

/** Rows by the release that has them all. */
const RELEASES: Readonly<Record<string, readonly Row[]>> = {
  added: [
    {
      name: "a service",
      change: (state) => withService(state, "more", { image: "redis:6-alpine", stop_grace_period: "0s" }),
      appears: /^more image .*redis:6-alpine$/m,
    },
    {
      name: "a network",
      change: (state) => ({ ...withService(state, "web", { networks: ["default", "back"] }), networks: { back: {} } }),
      appears: /^web network \S+_back$/m,
    },
    {
      name: "a volume",
      change: (state) => ({
        ...withService(state, "old", { volumes: ["more:/more"] }),
        volumes: { ...state["volumes"], more: {} },
      }),
      appears: /^old mount volume \S+_more \/more$/m,
    },
    {
      name: "a file in a mounted folder",
      files: { "conf.d/b.conf": "bee\n" },
      appears: /^web file \/etc\/conf.d\/b.conf bee$/m,
    },
    {
      name: "a secret",
      change: (state) => ({
        ...withService(state, "web", { secrets: ["token", "second"] }),
        secrets: { ...state["secrets"], second: { file: "./second.txt" } },
      }),
      files: { "second.txt": "second\n" },
      appears: /^web file \/run\/secrets\/second second$/m,
    },
    {
      name: "a config",
      change: (state) => ({
        ...withService(state, "web", { configs: [{ source: "site", target: "/etc/site.conf" }] }),
        configs: { site: { file: "./site.conf" } },
      }),
      files: { "site.conf": "site\n" },
      appears: /^web file \/etc\/site.conf site$/m,
      not: ["v1"],
    },
    {
      name: "a profile, by the .env that was sent",
      files: { ".env": "COMPOSE_PROFILES=extra\n" },
      appears: /^extra image .*redis:6-alpine$/m,
      not: ["swarm"],
    },
  ],
  changed: [
    {
      name: "the name of a service",
      change: (state) => ({
        ...state,
        services: { ...without(state.services, "cache"), store: state.services["cache"]! },
      }),
      appears: /^store mount volume \S+_data \/data$/m,
      goes: /^cache image /m,
    },
    {
      name: "an image",
      change: (state) => withService(state, "old", { image: "nginx:latest" }),
      appears: /^old image .*nginx:latest$/m,
      goes: /^old image .*redis/m,
    },
    {
      name: "the environment",
      change: (state) => withService(state, "web", { environment: { A: "two" } }),
      appears: /^web env A=two$/m,
      goes: /^web env A=one$/m,
    },
    {
      name: "a published port",
      change: (state) => withService(state, "web", { ports: [port(WEB + 1)] }),
      appears: new RegExp(`^web port ${WEB + 1}->80/tcp$`, "m"),
      goes: new RegExp(`^web port ${WEB}->80/tcp$`, "m"),
    },
    {
      name: "a file in a mounted folder",
      files: { "conf.d/a.conf": "changed\n" },
      appears: /^web file \/etc\/conf.d\/a.conf changed$/m,
      goes: /^web file \/etc\/conf.d\/a.conf a$/m,
    },
    {
      name: "a secret",
      files: { "token.txt": "new\n" },
      appears: /^web file \/run\/secrets\/token new$/m,
      goes: /^web file \/run\/secrets\/token token$/m,
    },
  ],
  removed: [
    {
      name: "a service",
      change: (state) => ({ ...state, services: without(state.services, "old") }),
      goes: /^old image /m,
    },
    {
      name: "a volume, from its service and not from the host",
      change: (state) => ({
        ...state,
        services: { ...state.services, cache: without(state.services["cache"]!, "volumes") },
      }),
      goes: /^cache mount volume \S+_data \/data$/m,
    },
    {
      name: "a file in a mounted folder",
      files: { "conf.d/a.conf": null, "conf.d/c.conf": "sea\n" },
      appears: /^web file \/etc\/conf.d\/c.conf sea$/m,
      goes: /^web file \/etc\/conf.d\/a.conf/m,
    },
    {
      name: "a secret",
      change: (state) => without(withService(state, "web", { secrets: [] }), "secrets"),
      goes: /^web file \/run\/secrets\/token/m,
    },
  ],
};

function port(published: number): Table {
  return { target: 80, published, mode: "host" };
}

function baseFor(flavour: Flavour): State {
  // The engines of the test bed lack what a virtual address of a swarm needs.
  const common = { stop_grace_period: "0s", ...(flavour === "swarm" ? { deploy: { endpoint_mode: "dnsrr" } } : {}) };
  return {
    services: {
      web: {
        ...common,
        image: "nginx:latest",
        environment: { A: "one" },
        ports: [port(WEB)],
        volumes: ["./conf.d:/etc/conf.d"],
        secrets: ["token"],
      },
      cache: { ...common, image: "redis:6-alpine", volumes: ["data:/data"] },
      old: { ...common, image: "redis:6-alpine" },
      extra: { ...common, image: "redis:6-alpine", profiles: ["extra"] },
    },
    volumes: { data: {} },
    secrets: { token: { file: "./token.txt" } },
  };
}

const FILES: Files = { "token.txt": "token\n", ".env": "UNUSED=1\n" };

/** One line a fact: each running container by its service, what it was started with, and files as it sees them. */
const FACTS = String.raw`for id in $(docker ps -q); do
  name=$(docker inspect -f '{{with index .Config.Labels "com.docker.compose.service"}}{{.}}{{else}}{{index .Config.Labels "com.docker.swarm.service.name"}}{{end}}' "$id")
  name=\${name#*_}
  docker inspect -f '{{println "image" .Config.Image}}{{range .Config.Env}}{{println "env" .}}{{end}}{{range $port, $on := .HostConfig.PortBindings}}{{range $on}}{{println "port" (print .HostPort "->" $port)}}{{end}}{{end}}{{range $port, $on := .NetworkSettings.Ports}}{{range $on}}{{println "port" (print .HostPort "->" $port)}}{{end}}{{end}}{{range $network, $_ := .NetworkSettings.Networks}}{{println "network" $network}}{{end}}{{range .Mounts}}{{if ne .Type "bind"}}{{println "mount" .Type .Name .Destination}}{{end}}{{end}}' "$id" | sed "s/@sha256:.*//; /^$/d; s/^/$name /"
  docker exec "$id" sh -c 'for file in /run/secrets/* /etc/conf.d/* /etc/site.conf; do [ -f "$file" ] && echo "file $file $(cat "$file")"; done; :' | sed "s/^/$name /"
done | sort -u`.replaceAll("\\${", "${");

/** A swarm ends the tasks of a removed service a moment later. */
const SETTLED = `for _ in $(seq 60); do
  docker service ls -q >/dev/null 2>&1 || break
  stray=$(docker ps -q --filter label=com.docker.swarm.service.name | while read -r id; do
    docker service inspect "$(docker inspect -f '{{index .Config.Labels "com.docker.swarm.service.name"}}' "$id")" >/dev/null 2>&1 || echo "$id"
  done)
  [ -n "$stray" ] || break
  sleep 0.5
done`;

/** What is on the host: facts of the containers, the folder's files with their sums, and the volumes. */
async function host(): Promise<string> {
  const files = `cd ${QUOTED_DIR} && find . -path ./.compose-mirror -prune -o -type f -exec sha256sum {} + | sort`;
  const volumes = "docker volume ls -q | sort | sed 's/^/volume /'";
  return onServer(`${SETTLED}; ${FACTS}; ${files}; ${volumes}`);
}

for (const flavour of ["v1", "v2", "swarm"] as const) {
  test(`what a release changes, and the way back, with ${flavour}`, async (t) => {
    await withHost(flavour, async ({ deploy, run, write, folder }) => {
      const flags = flavour === "swarm" ? ["--orchestrator", "swarm"] : [];
      const on = ["--host", "server", "--dir", DIR, "--json", ...flags];
      const put = async (state: State, files: Files): Promise<void> => {
        const name = flavour === "swarm" ? { name: STACK } : {};
        await write("compose.yaml", JSON.stringify({ ...name, ...state }));
        for (const [file, text] of Object.entries(files)) {
          await (text === null ? rm(join(folder, file)) : write(file, text));
        }
        const written = await run("generate-mirror-compose");
        assert.equal(written.code, 0, written.stderr);
      };
      const base = baseFor(flavour);
      await put(base, FILES);
      const first = await succeeds(deploy(...flags));
      const before = await host();

      for (const [title, all] of Object.entries(RELEASES)) {
        const rows = all.filter(({ not = [] }) => !not.includes(flavour));
        const files: Files = Object.assign({}, ...rows.map((row) => row.files));
        await t.test(title, async (part) => {
          await put(
            rows.reduce((state, { change = (same) => same }) => change(state), base),
            { ...FILES, ...files },
          );
          const { release } = await succeeds(deploy(...flags));
          const after = await host();
          for (const { name, appears, goes } of rows) {
            await part.test(name, () => {
              if (appears !== undefined) assert.match(after, appears);
              if (appears !== undefined) assert.doesNotMatch(before, appears);
              if (goes !== undefined) assert.match(before, goes);
              if (goes !== undefined) assert.doesNotMatch(after, goes);
            });
          }
          await part.test("status finds nothing wrong", async () => {
            const status = await succeeds(run("status", ...on));
            assert.deepEqual([status.release, ...wrong(status)], [release]);
          });
          await part.test("rollback brings back what was there, volumes left alone", async () => {
            const back = await succeeds(run("rollback", ...on));
            assert.equal(back.release, first.release);
            assert.equal(withoutNewVolumes(await host(), before), before);
            const status = await succeeds(run("status", ...on));
            assert.deepEqual([status.release, ...wrong(status)], [first.release]);
          });
        });
        // The next release starts from the same files, whatever became of this one.
        for (const each of Object.keys(files)) await rm(join(folder, each), { force: true });
        await write("conf.d/a.conf", "a\n");
      }
    });
  });
}

function wrong(status: object): readonly unknown[] {
  const { drift, orphans, unfinished } = status as Readonly<Record<string, readonly unknown[]>>;
  return [...drift!, ...orphans!, ...unfinished!];
}

function withoutNewVolumes(facts: string, before: string): string {
  const known = new Set(before.split("\n"));
  return facts
    .split("\n")
    .filter((line) => !line.startsWith("volume ") || known.has(line))
    .join("\n");
}

async function withHost(flavour: Flavour, body: (scene: Scene) => Promise<void>): Promise<void> {
  if (flavour !== "swarm") return withProjectFor(flavour, body);
  await onServer("docker swarm init --advertise-addr eth0");
  try {
    await withProject(body);
  } finally {
    await onServer(`docker stack rm ${STACK}; docker swarm leave --force`);
  }
}
