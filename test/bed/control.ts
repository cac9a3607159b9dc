/** What tests and the benchmark say to the bed's registries, by the door that `front.ts` keeps for them. */
import type { Faults } from "./faults.ts";
import type { Logged } from "./front.ts";

export type Registry = "hub" | "acr";

export interface Control {
  /** Throws unless the answer is good. */
  readonly ask: (registry: Registry, method: string, path: string, options?: RequestInit) => Promise<Response>;
  /** What a registry was asked since the log was last emptied. */
  readonly requests: (registry: Registry) => Promise<readonly Logged[]>;
  readonly forgetRequests: () => Promise<void>;
  /** Makes the line to a registry bad. */
  readonly setFaults: (registry: Registry, faults: Faults) => Promise<void>;
}

/** `addressOf` tells where a registry is on the bed's network. */
export function openControl(addressOf: (registry: Registry) => string): Control {
  const control: Control = {
    ask: async (registry, method, path, options) => {
      const response = await fetch(`http://${addressOf(registry)}:9000/${path}`, { method, ...options });
      if (!response.ok) throw new Error(`${method} ${registry} ${path}: ${response.status}`);
      return response;
    },
    requests: async (registry) => (await (await control.ask(registry, "GET", "requests")).json()) as readonly Logged[],
    forgetRequests: async () => {
      await Promise.all([control.ask("hub", "DELETE", "requests"), control.ask("acr", "DELETE", "requests")]);
    },
    setFaults: async (registry, faults) => {
      await control.ask(registry, "PUT", "faults", { body: JSON.stringify(faults) });
    },
  };
  return control;
}
