/** The flags that commands share. */
import type { FlagName } from "./config.ts";

/** What decides the list of images. */
export const PROJECT_FLAGS = [
  "file",
  "env-file",
  "profile",
  "ignore",
  "with-build-bases",
  "platform",
] as const satisfies FlagName[];

/** What decides their names at the mirror. */
export const MIRROR_FLAGS = ["registry", "namespace", "rename", "on-collision"] as const satisfies FlagName[];

/** How images are moved. */
const TRANSFER_FLAGS = [
  "engine",
  "concurrency",
  "source-mirror",
  "insecure",
  "store",
  "store-limit",
] as const satisfies FlagName[];

/** Where the project runs. */
const HOST_FLAGS = ["host", "dir", "pull-registry"] as const satisfies FlagName[];

/** How a deploy goes about it. */
const CARE_FLAGS = [
  "ship",
  "no-ship",
  "sudo",
  "tunnel",
  "orchestrator",
  "keep-login",
  "no-rollback",
  "wait",
  "keep",
] as const satisfies FlagName[];

/** What decides the mirror compose file. */
export const COMPOSE_FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  "pull-registry",
  "pin",
  "output",
  "dry-run",
] as const satisfies FlagName[];

/** A step that moves images. */
export const STEP_FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  ...TRANSFER_FLAGS,
  "dry-run",
  "json",
] as const satisfies FlagName[];

/** What brings the services to the host. */
export const DEPLOY_FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  ...HOST_FLAGS,
  ...CARE_FLAGS,
  "store",
  "concurrency",
  "output",
  "report",
  "dry-run",
  "json",
  "yes",
] as const satisfies FlagName[];

/** What tells what runs on the host. */
export const STATUS_FLAGS = [
  ...PROJECT_FLAGS,
  ...HOST_FLAGS,
  "sudo",
  "orchestrator",
  "output",
  "json",
] as const satisfies FlagName[];

/** What brings back an earlier release. */
export const ROLLBACK_FLAGS = [
  ...PROJECT_FLAGS,
  ...HOST_FLAGS,
  "sudo",
  "orchestrator",
  "wait",
  "release",
  "output",
  "dry-run",
  "json",
  "yes",
] as const satisfies FlagName[];

/** Everything that is looked at before the work. */
export const CHECK_FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  ...TRANSFER_FLAGS,
  ...HOST_FLAGS,
  "sudo",
  "orchestrator",
  "json",
] as const satisfies FlagName[];

/** The whole flow. */
export const MIRROR_COMMAND_FLAGS = [
  ...PROJECT_FLAGS,
  ...MIRROR_FLAGS,
  ...TRANSFER_FLAGS,
  ...HOST_FLAGS,
  ...CARE_FLAGS,
  "pin",
  "output",
  "report",
  "dry-run",
  "json",
  "yes",
] as const satisfies FlagName[];
