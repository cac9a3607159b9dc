import assert from "node:assert/strict";
import { test } from "node:test";
import { skipDeploy } from "../../../lib/cli/report/deploy.ts";
import { type Config, readConfig } from "../../../lib/config/config.ts";
import { FLAG_NAMES } from "../../../lib/config/flags.ts";
import { parseReference } from "../../../lib/image/reference.ts";
import type { Transfer } from "../../../lib/mirror/transfers.ts";
import { plainTerminal } from "../../_helpers/plain-terminal.ts";

function configOf(...argv: readonly string[]): Config {
  return readConfig({ argv, environment: { HOME: "/home/u" }, cwd: "/p", flags: FLAG_NAMES, settingsFile: "/none" });
}

const TRANSFER: Transfer = {
  source: parseReference("redis:7"),
  target: parseReference("r.example/team/redis:7"),
  platform: "linux/amd64",
  uses: [{ image: "redis:7", services: ["cache"] }],
};

test("a mirrored project is deployed where a host is named and the registry has every image", () => {
  const { terminal } = plainTerminal();
  const [nowhere, somewhere] = [configOf(), configOf("--host", "box")];
  assert.match(skipDeploy({ config: nowhere, terminal }, []) ?? "", /no host given/);
  assert.equal(skipDeploy({ config: somewhere, terminal }, []), undefined);
  assert.match(
    skipDeploy({ config: somewhere, terminal }, [TRANSFER]) ?? "",
    /1 image of another service was never mirrored/,
  );
});
