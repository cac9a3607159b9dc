import assert from "node:assert/strict";
import { test } from "node:test";
import { askSettings } from "../../lib/cli/init.ts";
import type { AskOptions } from "../../lib/cli/question.ts";
import { type Config, readConfig } from "../../lib/config/config.ts";
import { FLAG_NAMES } from "../../lib/config/flags.ts";
import { MirrorError } from "../../lib/messages/errors.ts";
import { plainTerminal } from "../_helpers/plain-terminal.ts";

const NOTHING_SET: Config = readConfig({
  argv: [],
  environment: { HOME: "/home/u" },
  cwd: "/project",
  flags: FLAG_NAMES.filter((name) => name !== "shell"),
  settingsFile: "/no/such/file",
});

/** Answers the questions in order, an empty answer with what is offered; the questions as they were asked. */
function answering(...answers: readonly string[]) {
  const asked: string[] = [];
  const left = [...answers];
  const ask = async (question: string, { fallback, hidden }: AskOptions = {}): Promise<string> => {
    asked.push(`${question}${fallback ? ` [${fallback}]` : ""}${hidden ? " (hidden)" : ""}`);
    const answer = left.shift();
    assert.ok(answer !== undefined, `no answer for ${question}`);
    return answer === "" ? (fallback ?? "") : answer;
  };
  return { ask, asked };
}

test("what is pasted from the console fills in the rest; each part is tried, and asked again when it does not work", async () => {
  const { terminal, lines } = plainTerminal();
  const { ask, asked } = answering(
    "docker login --username=me r.example",
    "team",
    "",
    "wrong",
    "",
    "",
    "",
    "right",
    "box",
    "/srv/app",
  );
  const tried: string[] = [];
  const check = async ({ registry, namespace, credentials, hosts }: Config): Promise<MirrorError | undefined> => {
    tried.push([registry, namespace, credentials!.username, credentials!.password.reveal(), ...hosts].join(" "));
    const isRight = credentials!.password.reveal() === "right";
    return isRight ? undefined : new MirrorError("setting-missing", { flag: "x", variable: "y" });
  };
  const settings = await askSettings({ terminal, ask, config: NOTHING_SET, check });
  assert.deepEqual(tried, ["r.example team me wrong", "r.example team me right", "r.example team me right box"]);
  assert.deepEqual(Object.fromEntries(settings), {
    MIRROR_REGISTRY: "r.example",
    MIRROR_NAMESPACE: "team",
    MIRROR_USERNAME: "me",
    MIRROR_PASSWORD: "right",
    DEPLOY_HOST: "box",
    DEPLOY_DIR: "/srv/app",
  });
  assert.match(asked[2]!, /User name \[me\]/);
  assert.ok(
    asked.filter((question) => question.includes("Password")).every((question) => question.endsWith("(hidden)")),
  );
  assert.match(lines.join("\n"), /^error: x is missing/);
  assert.doesNotMatch(lines.join("\n") + asked.join("\n"), /wrong|right/);
});

test("without a host there is nothing to deploy to", async () => {
  const { terminal } = plainTerminal();
  const { ask } = answering("r.example/team/app", "", "me", "right", "");
  const settings = await askSettings({ terminal, ask, config: NOTHING_SET, check: async () => undefined });
  assert.deepEqual([...settings.keys()].join(" "), "MIRROR_REGISTRY MIRROR_NAMESPACE MIRROR_USERNAME MIRROR_PASSWORD");
});
