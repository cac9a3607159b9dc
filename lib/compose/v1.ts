/** What docker-compose v1 (1.29, the last) does not read, found in the files before anything is sent to such a host. */
import { type Document, parseFile, type Value, whereIs } from "./document.ts";
import type { Project } from "./project.ts";

/**
 * Lists what v1 would reject in the project's files, as `FILE:LINE:COLUMN: what`; empty when it can run the project.
 * Parses the files again, so call it for a v1 host only.
 */
export function v1Problems(project: Project): readonly string[] {
  return [...project.files].flatMap(([path, text]) => {
    const { documents } = parseFile(path, text);
    const found = documents.flatMap(documentProblems);
    const [, second] = documents;
    if (second) found.unshift(problem(second.root, "a second YAML document in one file"));
    return found;
  });
}

function documentProblems({ root, resets }: Document): readonly string[] {
  if (root.kind !== "mapping") return [];
  const found: string[] = [];
  for (const [key, value] of root.entries) {
    if (!V1_SECTIONS.has(key) && !key.startsWith("x-")) found.push(problem(value, `top-level "${key}"`));
  }
  if (root.dollars) found.push(...formProblems(root, new Set()));
  if (resets.length > 0) found.push(problem(root, `the tag on ${resets[0]!.join(".")}`));
  const services = root.entries.get("services");
  if (services?.kind !== "mapping") return found;
  for (const [name, service] of services.entries) {
    if (service.kind !== "mapping") continue;
    const { entries } = service;
    const of = `of service "${name}"`;
    for (const attribute of V2_ATTRIBUTES) {
      const value = entries.get(attribute);
      if (value) found.push(problem(value, `"${attribute}" ${of}`));
    }
    for (const item of itemsOf(entries.get("env_file"))) {
      if (item.kind === "mapping") found.push(problem(item, `a mapping in "env_file" ${of}`));
    }
    const dependsOn = entries.get("depends_on");
    if (dependsOn?.kind !== "mapping") continue;
    for (const setting of dependsOn.entries.values()) {
      if (setting.kind !== "mapping") continue;
      for (const key of ["required", "restart"]) {
        const value = setting.entries.get(key);
        if (value) found.push(problem(value, `"depends_on.${key}" ${of}`));
      }
    }
  }
  return found;
}

const V1_SECTIONS = new Set(["version", "services", "networks", "volumes", "secrets", "configs"]);

/** Attributes that came after 1.29. */
const V2_ATTRIBUTES = [
  "annotations",
  "attach",
  "cgroup",
  "develop",
  "gpus",
  "label_file",
  "models",
  "post_start",
  "pre_start",
  "pre_stop",
  "provider",
  "uts",
] as const;

/** v1 knows neither `+` forms nor variables within a default: it fails on the former and misreads the latter. */
function formProblems(value: Value, seen: Set<Value>): readonly string[] {
  if (!value.dollars || seen.has(value)) return [];
  seen.add(value);
  if (value.kind === "mapping") return [...value.entries.values()].flatMap((entry) => formProblems(entry, seen));
  if (value.kind === "sequence") return value.items.flatMap((item) => formProblems(item, seen));
  const text = value.text.replaceAll("$$", "");
  if (/\$\{\w+:?\+/.test(text)) return [problem(value, 'a variable form with "+"')];
  return /\$\{\w+:?[-?][^}]*\$/.test(text) ? [problem(value, "a variable within another's default")] : [];
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return value?.kind === "sequence" ? value.items : value ? [value] : [];
}

function problem(value: Value, what: string): string {
  return `${whereIs(value)}: ${what}`;
}
