/**
 * What some services of a project need to run: themselves and what they depend on, which is what
 * `docker compose up SERVICE` starts (https://docs.docker.com/reference/cli/docker/compose/up/).
 */
import { MirrorError } from "../messages/errors.ts";
import type { Project, Service } from "./project.ts";

/**
 * The services `names` and those that they depend on, directly or not, in code-point order. A dependency that is not
 * required counts too, where the project has it: `up` starts it. Throws `service-unknown`.
 */
export function neededServices({ services }: Pick<Project, "services">, names: readonly string[]): readonly string[] {
  const known = new Map(services.map((service) => [service.name, service]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new MirrorError("service-unknown", { service: unknown, known: [...known.keys()] });
  const needed = new Set(names);
  // A set also gives what is added to it during the walk.
  for (const name of needed) {
    for (const other of dependenciesOf(known.get(name)!)) if (known.has(other)) needed.add(other);
  }
  return [...known.keys()].filter((name) => needed.has(name));
}

/** `depends_on` and its kin, and the services whose images a build starts from (compose-spec, additional_contexts). */
function dependenciesOf({ dependsOn, build }: Service): readonly string[] {
  const ofBuild = [...(build?.contexts.values() ?? [])].filter((context) => context.startsWith("service:"));
  return [...dependsOn.map(({ service }) => service), ...ofBuild.map((context) => context.slice("service:".length))];
}
