/** Whether a deploy would change nothing: the same files, images, settings and services, all of them healthy. */
import { judge } from "../orchestrator/health.ts";
import type { Container } from "../host/containers.ts";
import type { DeployPlan } from "./plan.ts";

interface Found {
  readonly containers: readonly Container[];
  readonly built: readonly string[];
  /** The compose files differ from those on the host. */
  readonly otherFiles: boolean;
}

/** Whether what `plan` asks for is what runs as its previous release in `containers`. */
export function isUnchanged(plan: DeployPlan, { containers, built, otherFiles }: Found): boolean {
  const { previous, probe, changes, shipped, files } = plan;
  if (previous === undefined || previous.id !== probe.current || built.length > 0 || otherFiles) return false;
  if (probe.unfinished.length > 0 || changes.some(({ change }) => change !== "same")) return false;
  // Beside the compose files nothing is to be sent or removed, nor was anything changed on the host.
  if (shipped.length !== files.length || plan.removedFiles.length > 0) return false;
  if (plan.warnings.some(({ code }) => code === "warning-file-kept")) return false;
  if (!same(files, previous.files) || !same(plan.envFiles, previous.envFiles)) return false;
  if (!same(plan.profiles, previous.profiles)) return false;
  // Without a digest a tag may name something else by now.
  if (plan.images.some(({ mirrored, digest }) => mirrored && digest === undefined)) return false;
  return previous.images.every(({ service, id }) => {
    const own = containers.filter(({ name }) => name === service);
    return (
      own.length > 0 && own.every((each) => judge(each) === "healthy" && (id === undefined || each.imageId === id))
    );
  });
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join("\n") === b.join("\n");
}
