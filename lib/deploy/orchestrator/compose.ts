/** docker compose, version 2 or 1, as what runs the services of a project. */
import { lt } from "semver";
import { MirrorError } from "../../messages/errors.ts";
import { type Message, theirs } from "../../messages/message.ts";
import { message } from "../../messages/texts.ts";
import { composeFilesFor, envFilesFor } from "../files/bundle.ts";
import { containersIn, listCommand, requireOwnName } from "../host/containers.ts";
import { type HostFindings, type HostNeeds, type HostProbe, parseVersion } from "../host/probe.ts";
import { onEngine, removeContainers } from "../host/remote.ts";
import { removeFilesSteps, restoreStep, retagSteps, setCurrentStep } from "../plan/steps.ts";
import type { DeployStep } from "../plan/step.ts";
import { busyComposeOn, composeOn, type DeployedProject, recreateOn } from "./compose-project.ts";
import { waitUntilHealthy } from "./health.ts";
import { logFlags, type Orchestrator, type StartRequest } from "./orchestrator.ts";

/** The first version 1 with profiles and with files that have no `version`. */
const V1_OLDEST = "1.28.0";

export const compose: Orchestrator = {
  reach: Infinity,
  readsSources: true,
  runtime: ({ compose: found }) => found,
  requirements,
  fileNames: (bundle) => {
    const flat = composeFilesFor(bundle, { flavour: "v1", version: V1_OLDEST, command: [] });
    return [...composeFilesFor(bundle, undefined), ...flat].map(({ name }) => name);
  },
  files: async ({ bundle, probe }) => ({
    composeFiles: composeFilesFor(bundle, probe.compose),
    envFiles: envFilesFor(bundle),
    warnings: [],
  }),
  list: async (connection, project, options) => ({
    containers: options.isNew ? [] : await containersIn(connection, project, options),
    versions: [],
  }),
  requireOwnName: (connection, { dir, access }, { name, signal }) =>
    requireOwnName(connection, { dir, access, name }, { signal }),
  logs: (project, { services, follow, tail }) =>
    composeOn(project, "logs", "--no-color", ...logFlags({ follow, tail }), "--", ...services),
  runsOnHost: true,
  start: (project, request) => {
    const { services, recreate, oneByOne, refreshes, waitSeconds } = request;
    // Version 1 knows no pull_policy.
    const pull = refreshes && project.compose.flavour === "v2" ? ["--pull", "missing"] : [];
    return [
      ...oneByOne.flatMap((service) => [
        upStep(project, ["-d", ...pull, "--no-deps", service], message("deploy-up-one", { service })),
        waitStep(project, { services: [service], waitSeconds }),
      ]),
      upStep(project, ["-d", ...pull], message("deploy-up")),
      ...recreateSteps(project, recreate),
      waitStep(project, { services, waitSeconds }),
      ...removeSteps(project, request),
    ];
  },
  wait: waitStep,
  prune: () => [],
  undo: (project, request) => {
    const { target, recreate, waitSeconds, login, removedFiles, rejected } = request;
    if (target === undefined) return [];
    const { id, files, envFiles, profiles, images } = target;
    const then = { ...project, files, envFiles, profiles };
    const services = [...new Set(images.map(({ service }) => service))];
    return [
      restoreStep(project.dir, id),
      ...removeFilesSteps(project.dir, removedFiles),
      ...retagSteps(project, target, login),
      upStep(then, ["-d"], message("deploy-up")),
      ...recreateSteps(then, recreate),
      // What only the other release had may be what failed: it goes before the others are waited for.
      ...removeSteps(then, request),
      waitStep(then, { services, waitSeconds }),
      setCurrentStep(project.dir, id, rejected),
    ];
  },
};

function requirements({ host, engine, compose: found }: HostProbe, needs: HostNeeds): HostFindings {
  const none: readonly Message[] = [];
  const fail = (error: MirrorError): HostFindings => ({ errors: [error], warnings: none });
  if (engine === undefined) return { errors: [], warnings: none };
  if (found === undefined) return fail(new MirrorError("host-compose-missing", { host }));
  const { flavour, version, complaint } = found;
  const parsed = parseVersion(version);
  const oldest = flavour === "v2" ? needs.oldestV2 : V1_OLDEST;
  const isOld = parsed !== undefined && lt(parsed, oldest);
  if (isOld) return { ...fail(new MirrorError("host-compose-old", { host, version, oldest })), warnings: [] };
  if (flavour !== "v1") return { errors: [], warnings: none };
  const warnings = [message("warning-compose-v1", { host, version })];
  if (complaint !== undefined && engine.server !== undefined) {
    const values = { host, version, server: engine.server, detail: theirs(complaint) };
    return { errors: [new MirrorError("host-compose-broken", values)], warnings };
  }
  const problems = needs.v1Problems;
  return {
    errors: problems.length === 0 ? [] : [new MirrorError("host-compose-v1", { host, version, problems })],
    warnings,
  };
}

function upStep(project: DeployedProject, args: readonly string[], title: Message): DeployStep {
  return {
    kind: "up",
    title,
    command: busyComposeOn(project, "up", ...args),
    phase: "starting",
    failure: "host-up",
    // Half of it would be worse than all.
    onDisconnect: "finish",
  };
}

function recreateSteps(project: DeployedProject, services: readonly string[]): readonly DeployStep[] {
  if (services.length === 0) return [];
  return [
    {
      kind: "recreate",
      title: message("deploy-recreate", { services }),
      command: recreateOn(project, services),
      phase: "starting",
      failure: "host-up",
      onDisconnect: "finish",
    },
  ];
}

function waitStep(
  project: DeployedProject,
  { services, waitSeconds: seconds }: Pick<StartRequest, "services" | "waitSeconds">,
): DeployStep {
  return {
    kind: "wait",
    title: message("deploy-wait", { seconds }),
    command: listCommand(project),
    phase: "placed",
    failure: "host-ps",
    perform: async ({ connection, signal, pace, onWaiting }) => ({
      containers: await waitUntilHealthy(connection, { ...project, services }, { seconds, signal, pace, onWaiting }),
    }),
  };
}

/** Removes the containers of services; their volumes stay. */
function removeSteps(
  { dir, access }: DeployedProject,
  { removed, label = "" }: Pick<StartRequest, "removed" | "label">,
): readonly DeployStep[] {
  if (removed.length === 0) return [];
  return [
    {
      kind: "remove",
      title: message("deploy-remove", { services: removed }),
      command: removeContainers(dir, { services: removed, label }, onEngine(access, ["docker"])),
      phase: "placed",
      failure: "host-up",
      onDisconnect: "finish",
    },
  ];
}
