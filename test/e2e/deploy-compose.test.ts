/**
 * Projects whose meaning is spread over several files, deployed with the real docker compose on the host until the
 * containers answer: what lies on the host afterwards is what compose reads there, and nothing else.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { answerOn, asUser, cleanSlate, inFolder, onServer, script, withComposeV2 } from "./bed.ts";

const DIR = "/root/app";
const PORT = 8195;

interface Scene {
  readonly what: string;
  /** The project's files here. */
  readonly files: Readonly<Record<string, string>>;
  /** What lies on the host before. */
  readonly there?: Readonly<Record<string, string>>;
  /** Every file of the project on the host afterwards, in the order of `sort`. */
  readonly expected: readonly string[];
  /** Files that a service sees, with their contents. */
  readonly sees: readonly (readonly [service: string, file: string, content: string])[];
  /** The services that run. */
  readonly runs: readonly string[];
}

const MIRROR = "docker-compose-mirror.yaml";
const WEB = `image: nginx:latest\n    ports: ["${PORT}:80"]\n    stop_grace_period: 0s\n`;

const SCENES: readonly Scene[] = [
  {
    what: "a service that extends one of a file in another folder",
    files: {
      "compose.yaml":
        "services:\n  web:\n    extends: { file: common/base.yaml, service: base }\n    environment: { A: b }\n",
      "common/base.yaml": `services:\n  base:\n    ${WEB}    env_file: base.env\n    volumes: ["./site.conf:/etc/site.conf:ro"]\n`,
      "common/base.env": "FROM_BASE=1\n",
      "common/site.conf": "site\n",
      "common/notes.txt": "nobody reads this\n",
    },
    expected: ["common/base.env", "common/base.yaml", "common/site.conf", MIRROR],
    sees: [["web", "/etc/site.conf", "site\n"]],
    runs: ["web"],
  },
  {
    what: "an included file with variables and mounts of its own folder",
    files: {
      "compose.yaml": `include:\n  - sub/inc.yaml\nservices:\n  web:\n    ${WEB}`,
      "sub/inc.yaml":
        'services:\n  api:\n    image: redis:${REDIS_TAG}\n    volumes: ["./conf/api.conf:/etc/api.conf:ro"]\n    stop_grace_period: 0s\n',
      "sub/.env": "REDIS_TAG=6-alpine\n",
      "sub/conf/api.conf": "api\n",
    },
    expected: [MIRROR, "sub/.env", "sub/conf/api.conf", "sub/inc.yaml"],
    sees: [["api", "/etc/api.conf", "api\n"]],
    runs: ["api", "web"],
  },
  {
    what: "an included file with another project directory and env file",
    files: {
      "compose.yaml": `include:\n  - path: sub/inc.yaml\n    project_directory: .\n    env_file: settings/inc.env\nservices:\n  web:\n    ${WEB}`,
      "sub/inc.yaml":
        'services:\n  api:\n    image: redis:${REDIS_TAG}\n    volumes: ["./conf/api.conf:/etc/api.conf:ro"]\n    stop_grace_period: 0s\n',
      "settings/inc.env": "REDIS_TAG=6-alpine\n",
      "conf/api.conf": "api\n",
    },
    expected: ["conf/api.conf", MIRROR, "settings/inc.env", "sub/inc.yaml"],
    sees: [["api", "/etc/api.conf", "api\n"]],
    runs: ["api", "web"],
  },
  {
    what: "an override that resets an env file and overrides the mounts",
    files: {
      "compose.yaml": `services:\n  web:\n    ${WEB}    env_file: dev.env\n    volumes: ["./dev/site.conf:/etc/site.conf:ro"]\n`,
      "compose.override.yaml":
        'services:\n  web:\n    env_file: !reset []\n    volumes: !override ["./prod/site.conf:/etc/site.conf:ro"]\n',
      "prod/site.conf": "prod\n",
    },
    expected: [MIRROR, "prod/site.conf"],
    sees: [["web", "/etc/site.conf", "prod\n"]],
    runs: ["web"],
  },
  {
    what: "a mount that the override puts in place of another",
    files: {
      "compose.yaml": `services:\n  web:\n    ${WEB}    volumes: ["./dev/site.conf:/etc/site.conf:ro"]\n`,
      "compose.override.yaml": 'services:\n  web:\n    volumes: ["./prod/site.conf:/etc/site.conf:ro"]\n',
      "prod/site.conf": "prod\n",
      "dev/site.conf": "dev\n",
    },
    expected: [MIRROR, "prod/site.conf"],
    sees: [["web", "/etc/site.conf", "prod\n"]],
    runs: ["web"],
  },
  {
    what: "a secret and a config whose files the override names",
    files: {
      "compose.yaml": `services:\n  web:\n    ${WEB}    secrets: [token]\n    configs: [{ source: site, target: /etc/site.conf }]\n`,
      "compose.override.yaml": "secrets:\n  token: { file: ./token.txt }\nconfigs:\n  site: { file: ./site.conf }\n",
      "token.txt": "t\n",
      "site.conf": "site\n",
    },
    expected: [MIRROR, "site.conf", "token.txt"],
    sees: [
      ["web", "/run/secrets/token", "t\n"],
      ["web", "/etc/site.conf", "site\n"],
    ],
    runs: ["web"],
  },
  {
    what: "a path with a variable that the host's own .env sets otherwise",
    files: {
      "compose.yaml": `services:\n  web:\n    ${WEB}    volumes: ["./conf/\${FLAVOUR}.conf:/etc/site.conf:ro"]\n`,
      ".env": "FLAVOUR=dev\n",
      "conf/dev.conf": "dev\n",
      "conf/prod.conf": "prod\n",
    },
    there: { ".env": "FLAVOUR=prod\n" },
    expected: [".env", "conf/prod.conf", MIRROR],
    sees: [["web", "/etc/site.conf", "prod\n"]],
    runs: ["web"],
  },
  {
    what: "the profiles that .env activates, and no others",
    files: {
      "compose.yaml": `services:
  web:
    ${WEB}  cache: { image: "redis:6-alpine", profiles: [cache], stop_grace_period: 0s, volumes: ["./cache.conf:/etc/cache.conf"] }
  shell: { image: "alpine:3.20", profiles: [debug], volumes: ["./shell.conf:/etc/shell.conf"] }
`,
      ".env": "COMPOSE_PROFILES=${EXTRA:-cache}\n",
      "cache.conf": "cache\n",
      "shell.conf": "shell\n",
    },
    expected: [".env", "cache.conf", MIRROR],
    sees: [["cache", "/etc/cache.conf", "cache\n"]],
    runs: ["cache", "web"],
  },
];

for (const { what, files, there = {}, expected, sees, runs } of SCENES) {
  test(`deploy ships what compose reads: ${what}`, async () => {
    await cleanSlate();
    await withComposeV2(() =>
      inFolder(async (folder) => {
        for (const [name, text] of Object.entries(files)) {
          await mkdir(dirname(join(folder, name)), { recursive: true });
          await writeFile(join(folder, name), text);
        }
        await onServer(`mkdir -p ${DIR}`);
        for (const [name, text] of Object.entries(there)) {
          await onServer(`cat >${DIR}/${name}`, { input: text });
        }
        const { code, stderr } = await asUser(script("mirror", ["--host", "server", "--dir", DIR]), { cwd: folder });
        assert.equal(code, 0, stderr);
        const found = await onServer(
          `cd ${DIR} && find . -type f -not -path './.compose-mirror/*' | sed 's#^./##' | LC_ALL=C sort`,
        );
        assert.deepEqual(found.trim().split("\n"), expected);
        const running = await onServer("docker ps --format '{{.Label \"com.docker.compose.service\"}}' | sort");
        assert.deepEqual(running.trim().split("\n"), runs);
        for (const [service, file, content] of sees) {
          const id = `$(docker ps -q --filter label=com.docker.compose.service=${service})`;
          assert.equal(await onServer(`docker exec ${id} cat ${file}`), content, `${service}: ${file}`);
        }
        assert.match(await answerOn(PORT), /nginx/);
      }),
    );
  });
}
