/** Every command line of the pages that tell a user what to type, run as it is written. */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { quote } from "../../lib/system/shell-quote.ts";
import { asUser, CHECKOUT, cleanSlate, inFolder, script, TASK } from "./bed.ts";

const PAGES = ["README.md", "docs/install.md", "docs/mirroring.md", "docs/deploy.md"];

/** Lines that another test runs, or that are no commands. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "npm ci --omit=dev": "test/e2e.sh installs with npm ci",
  "npm run demo": "test/scripts/demo.test.ts",
  "compose-mirror init": "test/e2e/init.test.ts answers its questions",
  "npm pack": "test/scripts/compose-mirror.test.ts",
  "npm install -g ./compose-mirror-0.1.0.tgz": "test/scripts/compose-mirror.test.ts runs what is in the package",
  "compose-mirror logs web --follow --tail 100": "test/e2e/services.test.ts ends it",
};
/** Lines of a settings file, and of a tree of files. */
const NO_COMMAND = /^(?:MIRROR_\w+=|DIR\/| )|^\S+ {2,}|^docker-compose-mirror\.yaml/;

async function linesOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(CHECKOUT, page), "utf8");
  return [...text.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line!);
}

test("what the pages say to type works, in the order of the pages", async (t) => {
  await cleanSlate();
  await inFolder(async (folder) => {
    const bin = join(folder, "bin");
    const project = join(folder, "app");
    for (const each of [bin, project, join(folder, ".local/share/bash-completion/completions")]) {
      await mkdir(each, { recursive: true });
    }
    const command = script("compose-mirror").map(quote).join(" ");
    await writeFile(join(bin, "compose-mirror"), `#!/bin/sh\nexec ${command} "$@"\n`);
    await chmod(join(bin, "compose-mirror"), 0o755);
    await writeFile(
      join(project, "compose.yaml"),
      'services:\n  web: { image: "nginx:latest", stop_grace_period: 0s }\n  cache: { image: "redis:6-alpine", stop_grace_period: 0s }\n',
    );
    await writeFile(join(project, "mirror.env"), "DEPLOY_HOST=server\nDEPLOY_DIR=~/app\n", { mode: 0o600 });
    const path = [bin, dirname(TASK), join(CHECKOUT, "node_modules/.bin"), process.env["PATH"]].join(":");
    for (const page of PAGES) {
      for (const line of await linesOf(page)) {
        if (Object.hasOwn(ELSEWHERE, line) || NO_COMMAND.test(line)) continue;
        const here = line
          .replaceAll("my-server", "server")
          .replaceAll("~/compose-mirror", quote(CHECKOUT))
          .replaceAll("~/.local", `${quote(folder)}/.local`);
        await t.test(`${page}: ${line}`, async () => {
          const ran = await asUser(["bash", "-c", here], { cwd: project, env: { PATH: path } });
          assert.equal(ran.code, 0, `${ran.stdout}\n${ran.stderr}`);
        });
      }
    }
  });
});
