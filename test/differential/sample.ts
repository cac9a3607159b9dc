/**
 * A project to compare, written as one text in the txtar format: a comment, then files.
 *
 *     what this project shows
 *     $ -f one.yml --profile p       how compose is called (file, env-file and profile flags)
 *     cwd: sub                       where the caller stands
 *     TAG=7                          the environment
 *     refused: both                  who refuses it: "both", or one of "compose" and "us" and why
 *     v1: differs, why               docker-compose v1 reads or refuses it in its own way
 *     -- one.yml --
 *     services: …
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LoadOptions } from "../../lib/compose/project.ts";
import type { Files } from "../_helpers/compose-folder.ts";

export interface Sample {
  readonly name: string;
  readonly files: Files;
  /** `cwd` is relative to the project's folder. */
  readonly options: LoadOptions;
  /** Who must refuse the project; undefined when nobody. */
  readonly refused?: "both" | "compose" | "us";
  readonly differsInV1: boolean;
}

const CORPUS = fileURLToPath(new URL("corpus", import.meta.url));

/** Every project of the corpus, in the order of its names. */
export function readCorpus(): readonly Sample[] {
  return readdirSync(CORPUS)
    .filter((file) => file.endsWith(".txtar"))
    .toSorted()
    .map((file) => parseSample(basename(file, ".txtar"), readFileSync(join(CORPUS, file), "utf8")));
}

/** Throws when the text is not as described above: a corpus that tests nothing must not pass. */
export function parseSample(name: string, text: string): Sample {
  const [comment = "", ...parts] = text.split(/^-- (.+) --\n/m);
  const files: Record<string, string> = {};
  for (let at = 0; at < parts.length; at += 2) files[parts[at]!] = parts[at + 1]!;
  if (parts.length === 0) throw new Error(`${name} has no files`);

  const environment: Record<string, string> = {};
  let differsInV1 = false;
  let [args, cwd, refused]: [string, string, Sample["refused"]] = ["", ".", undefined];
  for (const line of comment.trimEnd().split("\n").slice(1)) {
    const variable = /^(\w+)=(.*)$/.exec(line);
    if (variable) environment[variable[1]!] = variable[2]!;
    else if (line.startsWith("$ ")) args = line.slice(2);
    else if (line.startsWith("cwd: ")) cwd = line.slice(5);
    else if (line.startsWith("v1: differs, ")) differsInV1 = true;
    else if (/^refused: (?:both$|compose, |us, )/.test(line))
      refused = line.slice("refused: ".length).split(",")[0] as Sample["refused"];
    else throw new Error(`${name}: cannot read "${line}"`);
  }
  const { values } = parseArgs({
    args: args.split(" ").filter((arg) => arg !== ""),
    options: {
      file: { type: "string", short: "f", multiple: true, default: [] },
      "env-file": { type: "string", multiple: true, default: [] },
      profile: { type: "string", multiple: true, default: [] },
    },
  });
  const options = { cwd, files: values.file, envFiles: values["env-file"], profiles: values.profile, environment };
  return { name, files, options, differsInV1, ...(refused === undefined ? {} : { refused }) };
}

/** The text that `parseSample` reads, to take a project that failed into the corpus. */
export function formatSample({ name, files, options }: Sample): string {
  const { cwd, files: chosen, envFiles, profiles, environment } = options;
  const args = [
    ...chosen.map((file) => `-f ${file}`),
    ...envFiles.map((file) => `--env-file ${file}`),
    ...profiles.map((profile) => `--profile ${profile}`),
  ];
  return [
    name,
    ...(args.length > 0 ? [`$ ${args.join(" ")}`] : []),
    ...(cwd === "." ? [] : [`cwd: ${cwd}`]),
    ...Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    ...Object.entries(files).map(([path, contents]) => `-- ${path} --\n${String(contents).replace(/\n$/, "")}`),
    "",
  ].join("\n");
}
