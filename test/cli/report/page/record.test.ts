/** A run's events become a record; the password is in none of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmpty, openRecorder } from "../../../../lib/cli/report/page/record.ts";
import type { DeployStep } from "../../../../lib/deploy/plan/step.ts";
import { groupsOf } from "../../../../lib/cli/report/page/sharing.ts";
import { totalsOf } from "../../../../lib/engine/engine.ts";
import { parseReference } from "../../../../lib/image/reference.ts";
import { renderCause, theirs } from "../../../../lib/messages/message.ts";
import { message } from "../../../../lib/messages/texts.ts";
import { Secret } from "../../../../lib/system/secret.ts";

const transferOf = (image: string) => ({
  source: parseReference(image),
  target: parseReference(`registry.example.com/team/${image}`),
  platform: "linux/amd64",
  uses: [{ image, services: ["web", "worker"] }] as const,
});
const blob = (name: string, size: number) => ({ mediaType: "layer", digest: `sha256:${name.repeat(64)}`, size });
const step: DeployStep = {
  kind: "up",
  title: message("deploy-up"),
  command: ["docker-compose", "up"],
  phase: "starting",
  failure: "host-up",
};

function recorderAt(clock: { time: number }) {
  return openRecorder({
    command: "mirror",
    credentials: { username: "me", password: new Secret("s3cret") },
    explain: (error) => ({ code: "x", message: String(error), hint: "try s3cret" }),
    words: (cause) => renderCause(cause, "en"),
    now: () => clock.time,
  });
}

test("events become a record with times since the begin", () => {
  const clock = { time: 5000 };
  const recorder = recorderAt(clock);
  const [a, b] = [transferOf("a:1"), transferOf("b:1")];
  recorder.begin([a, b]);
  clock.time = 5100;
  recorder.moved(10);
  recorder.moved(10);
  recorder.progress({ kind: "retry", transfer: a, attempt: 1, delay: 1, reason: theirs("wrong s3cret") });
  clock.time = 5200;
  recorder.moved(35);
  recorder.outcome({ transfer: b, status: "present", bytes: 25, blobs: [blob("1", 20), blob("3", 5)] });
  recorder.outcome({ transfer: a, status: "pushed", bytes: 30, blobs: [blob("1", 20), blob("2", 10)] });
  recorder.stage("server", { kind: "started", step });
  recorder.stage("server", { kind: "line", step, line: "never kept" });
  recorder.stage("server", { kind: "waiting", step, services: ["web"] });
  clock.time = 5700;
  recorder.stage("server", { kind: "finished", step });
  recorder.host({ host: "server", error: "no s3cret" });
  const record = recorder.record();
  assert.deepEqual(record.samples, [
    { at: 0, bytes: 0 },
    { at: 100, bytes: 10 },
    { at: 200, bytes: 35 },
  ]);
  assert.deepEqual(record.retries, [{ at: 100, image: "a:1", attempt: 1, reason: "wrong [REDACTED]" }]);
  assert.deepEqual(
    record.images.map(({ source, status, retries, services }) => [source, status, retries, services.join(" ")]),
    [
      ["a:1", "pushed", 1, "web worker"],
      ["b:1", "present", 0, "web worker"],
    ],
  );
  assert.deepEqual(record.hosts[0]!.steps, [
    { title: "starting the services", from: 200, to: 700, waiting: [{ at: 200, services: ["web"] }] },
  ]);
  assert.equal(record.duration, 700);
  assert.doesNotMatch(JSON.stringify(record), /s3cret|never kept/);
  assert.deepEqual(totalsOf(record.images), { bytes: 55, distinct: 35 });
  assert.deepEqual(
    groupsOf(record.images).map(({ images, bytes }) => [images.join(" "), bytes]),
    [
      ["a:1 b:1", 20],
      ["a:1", 10],
      ["b:1", 5],
    ],
  );
});

test("a stall is kept by its begin and its end", () => {
  const clock = { time: 0 };
  const recorder = recorderAt(clock);
  for (const [time, bytes] of [
    [500, 0],
    [1000, 0],
    [1500, 10],
    [2000, 10],
    [2500, 10],
    [3000, 20],
  ] as const) {
    clock.time = time;
    recorder.moved(bytes);
  }
  assert.deepEqual(
    recorder.record().samples.map(({ at, bytes }) => [at, bytes]),
    [
      [0, 0],
      [1000, 0],
      [1500, 10],
      [2500, 10],
      [3000, 20],
    ],
  );
});

test("an error of the only host, which also ends the run, is shown once", () => {
  const recorder = recorderAt({ time: 0 });
  const error = new Error("refused");
  recorder.host({ host: "server", error });
  recorder.failure(error);
  const { hosts, error: ended } = recorder.record();
  assert.deepEqual([hosts[0]!.error?.message, ended], ["Error: refused", undefined]);
});

test("without blobs, what is shared is not known", () => {
  const recorder = recorderAt({ time: 0 });
  recorder.outcome({ transfer: transferOf("a:1"), status: "pushed", bytes: 30 });
  assert.deepEqual(totalsOf(recorder.record().images), { bytes: 30 });
});

test("a run that did nothing has an empty record; one that failed has not", () => {
  const recorder = recorderAt({ time: 0 });
  assert.ok(isEmpty(recorder.record()));
  recorder.failure(new Error("no"));
  assert.ok(!isEmpty(recorder.record()));
});
