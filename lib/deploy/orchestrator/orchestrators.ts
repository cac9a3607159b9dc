/** Every orchestrator by the name that `--orchestrator` gives it. */
import { compose } from "./compose.ts";
import type { Orchestrator } from "./orchestrator.ts";
import { swarm } from "./swarm.ts";

export const ORCHESTRATORS = { compose, swarm } as const satisfies Record<string, Orchestrator>;
export type OrchestratorName = keyof typeof ORCHESTRATORS;
