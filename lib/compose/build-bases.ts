/**
 * The images that builds start from: what `FROM`, `COPY --from` and `RUN --mount=from` of a Dockerfile name, and what
 * `additional_contexts` name as `docker-image://`. Only stages that the build's target needs count, as BuildKit
 * builds no others. A name made of build arguments is filled in from `args` and the defaults before the first `FROM`.
 */
import { join } from "node:path";
import { readText } from "./discover.ts";
import type { Build, Project } from "./project.ts";

const LARGEST_DOCKERFILE = 1 << 20;
const IMAGE_CONTEXT = "docker-image://";

/** An image that building `services` pulls. */
export interface BuildBase {
  readonly image: string;
  /** In code-point order. */
  readonly services: readonly string[];
}

/**
 * Reads the Dockerfiles of the project's builds. Builds from a URL are not looked into.
 * Gives the images in code-point order. Throws `file-read` for a Dockerfile that is missing, `compose-limit`.
 */
export async function buildBases({ services }: Project): Promise<readonly BuildBase[]> {
  const users = new Map<string, string[]>();
  for (const { name, build } of services) {
    if (build === undefined) continue;
    for (const image of new Set(await imagesIn(build))) users.set(image, [...(users.get(image) ?? []), name]);
  }
  return [...users]
    .map(([image, names]) => ({ image, services: names }))
    .toSorted((a, b) => (a.image < b.image ? -1 : 1));
}

async function imagesIn(build: Build): Promise<readonly string[]> {
  const named = [...build.contexts.values()]
    .filter((context) => context.startsWith(IMAGE_CONTEXT))
    .map((context) => context.slice(IMAGE_CONTEXT.length));
  if (build.inline === undefined && build.context.includes("://")) return named;
  const text = build.inline ?? (await readText(join(build.context, build.dockerfile), LARGEST_DOCKERFILE));
  return [...named, ...imagesOfDockerfile(text, build)];
}

interface Stage {
  readonly name: string;
  readonly from: string;
  /** Further stages, contexts or images that it takes files from. */
  readonly sources: string[];
}

/** The images that a Dockerfile's target needs, in the order in which they appear. */
export function imagesOfDockerfile(
  text: string,
  { args, contexts, target }: Pick<Build, "args" | "contexts" | "target">,
): readonly string[] {
  const values = new Map<string, string>();
  const stages: Stage[] = [];
  for (const { instruction, rest } of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction === "ARG" && stage === undefined) {
      for (const [, name = "", quoted] of rest.matchAll(/(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g)) {
        const value = args.get(name) ?? (quoted === undefined ? undefined : expand(unquote(quoted), values));
        if (value !== undefined) values.set(name, value);
      }
    } else if (instruction === "FROM") {
      const [from = "", as = "", name = ""] = rest.replace(/^(?:--\S+\s+)+/, "").split(/\s+/);
      stages.push({ name: /^as$/i.test(as) ? name.toLowerCase() : "", from: expand(from, values), sources: [] });
    } else if (stage) {
      const pattern = instruction === "RUN" ? /--mount=\S*?\bfrom=([^\s,]+)/g : /^(?:--\S+\s+)*?--from=(\S+)/g;
      if (/^(?:RUN|COPY|ADD)$/.test(instruction)) {
        for (const [, source = ""] of rest.matchAll(pattern)) stage.sources.push(expand(source, values));
      }
    }
  }
  return needed(stages, contexts, target);
}

function needed(
  stages: readonly Stage[],
  contexts: ReadonlyMap<string, string>,
  target: string | undefined,
): readonly string[] {
  const stageOf = (name: string, before: number): number => {
    const index = /^\d+$/.test(name)
      ? Number(name)
      : stages.findLastIndex((stage, at) => at < before && stage.name === name.toLowerCase());
    return index < before ? index : -1;
  };
  const wanted = target === undefined ? -1 : stageOf(target, stages.length);
  const pending = [wanted === -1 ? stages.length - 1 : wanted];
  const seen = new Set<number>();
  const images = new Set<string>();
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const stage = stages[index];
    if (stage === undefined || seen.has(index)) continue;
    seen.add(index);
    for (const source of [stage.from, ...stage.sources]) {
      if (contexts.has(source)) continue;
      const other = stageOf(source, index);
      if (other !== -1) pending.push(other);
      else if (source !== "" && source !== "scratch" && !/^\d+$/.test(source)) images.add(source);
    }
  }
  return [...images];
}

interface Instruction {
  /** In upper case. */
  readonly instruction: string;
  readonly rest: string;
}

/** Joins continued lines, leaves out comments and the bodies of here-documents. */
function instructionsOf(text: string): readonly Instruction[] {
  const escape = /^(?:#.*\n)*#\s*escape\s*=\s*`/i.test(text) ? "`" : "\\";
  const found: Instruction[] = [];
  let joined = "";
  let until: string[] = [];
  for (const raw of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (until.length > 0) {
      if (raw.trim() === until[0]) until = until.slice(1);
      continue;
    }
    const line = raw.trim();
    if (line.startsWith("#") || (joined === "" && line === "")) continue;
    if (line.endsWith(escape)) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    const [, instruction = "", rest = ""] = /^(\w+)\s*([\s\S]*)$/.exec(joined + line) ?? [];
    joined = "";
    found.push({ instruction: instruction.toUpperCase(), rest });
    if (/^(?:RUN|COPY|ADD)$/i.test(instruction)) {
      until = [...rest.matchAll(/<<-?\s*(["']?)(\w+)\1/g)].map(([, , word = ""]) => word);
    }
  }
  return found;
}

/** `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`, the forms a Dockerfile has. */
function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})/g,
    (_, plain: string | undefined, braced = "", operator = "", word = "") => {
      const value = values.get(plain ?? String(braced)) ?? "";
      if (operator === "-") return value === "" ? String(word) : value;
      return operator === "+" && value !== "" ? String(word) : operator === "+" ? "" : value;
    },
  );
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text;
}
