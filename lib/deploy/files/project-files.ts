/**
 * The files that a project reads on its host beside the compose files: env files, files of configs and secrets, and
 * what is bind-mounted. Docker makes an empty folder in place of a mounted file that is not there, and the service
 * fails in a way that is hard to read; so such files go along, and one that is nowhere is refused beforehand.
 *
 * What is data stays where it is. A mounted folder counts as configuration when it is small and holds text only;
 * every other folder is data. Absolute paths and paths below `~` are the host's own.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Dirent, promises as fs } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { discover, type Variables } from "../../compose/discover.ts";
import { type Mapping, parseFile, stringOf, type Value } from "../../compose/document.ts";
import { interpolate } from "../../compose/interpolation.ts";
import type { LoadOptions, Project } from "../../compose/project.ts";
import { detailOf, MirrorError } from "../../messages/errors.ts";

/** A file that the project names, here. */
export interface NeededFile {
  /** Relative to the project's folder, with `/`. */
  readonly name: string;
  /** Absolute path; the file is read again when it is sent. */
  readonly source: string;
  /** The services that read it, in the order they were found; empty = the project itself does. */
  readonly services: readonly string[];
  /** Mounted into containers, so that they must be recreated to see a new one. */
  readonly mounted: boolean;
  /** What is there; absent when nothing is, or nothing that can be sent. */
  readonly content?: { readonly sha256: string; readonly size: number; readonly mode: number };
  /** A deploy without it would fail: it must be there or on the host. */
  readonly required: boolean;
}

const LARGEST_FILE = 64 << 20;
const FOLDER_MOST_FILES = 200;
const FOLDER_MOST_BYTES = 1 << 20;

/** What a file's name looks like when nothing is there to look at. */
const FILE_NAME =
  /\.(?:acl|cfg|cnf|conf|crt|csv|env|html?|ini|js|json|key|list|lua|pem|properties|py|rules|sh|sql|template|tmpl|toml|txt|xml|ya?ml)$/i;

/** A path that the compose files name, before anybody looked what is there. */
interface Mention {
  /** Absolute. */
  readonly path: string;
  readonly service?: string;
  readonly mounted: boolean;
  /** `file` must be a file, `mount` is what it is. */
  readonly kind: "file" | "mount";
  readonly required: boolean;
}

/**
 * The files that `project`, loaded with `options`, needs beside its compose files, in code-point order of their names.
 * Throws what `interpolate` throws, and `file-read` for what is there and cannot be read.
 */
export async function closureOf(project: Project, options: LoadOptions): Promise<readonly NeededFile[]> {
  const { variables } = await discover({ ...options, files: project.composeFiles });
  const mentions = [
    ...project.envFiles.map((path): Mention => ({ path, mounted: false, kind: "file", required: false })),
    ...[...project.files].flatMap(([path, text]) => mentionsIn(project, path, text, variables)),
  ];
  const needed = new Map<string, NeededFile>();
  for (const mention of mentions) {
    for (const file of await filesOf(project.folder, mention)) {
      const known = needed.get(file.name);
      needed.set(file.name, known === undefined ? file : both(known, file));
    }
  }
  return [...needed.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What the project bind-mounts from its folder without a label for SELinux, as it is written. */
export function unlabelledBinds(project: Project): readonly string[] {
  const found = [...project.files].flatMap(([path, text]) =>
    parseFile(path, text).documents.flatMap(({ root }) =>
      [...mappingOf(root, "services").values()].flatMap((service) =>
        itemsOf(entry(service, "volumes")).flatMap((item) => unlabelledSource(item) ?? []),
      ),
    ),
  );
  return [...new Set(found)];
}

function unlabelledSource(item: Value): string | undefined {
  const short = stringOf(item)?.split(":");
  const source = short?.[0] ?? stringOf(entry(item, "source"));
  if (source === undefined || !source.startsWith(".")) return undefined;
  const isLabelled =
    short === undefined ? entry(entry(item, "bind"), "selinux") !== undefined : /\bz\b/i.test(short[2] ?? "");
  return isLabelled ? undefined : source;
}

/** Whether a name leads out of the project's folder, so that it has no place in the host's. */
export function isOutside(name: string): boolean {
  return name === ".." || name.startsWith("../");
}

function both(a: NeededFile, b: NeededFile): NeededFile {
  return {
    ...a,
    // An empty list stands for the project itself, which outweighs any service.
    services: a.services.length === 0 || b.services.length === 0 ? [] : [...new Set([...a.services, ...b.services])],
    mounted: a.mounted || b.mounted,
    required: a.required || b.required,
  };
}

function mentionsIn(project: Project, path: string, text: string, variables: Variables): readonly Mention[] {
  const isReferenced = !project.composeFiles.includes(path);
  const folder = isReferenced ? dirname(path) : project.folder;
  const { documents } = parseFile(path, text);
  return documents.flatMap(({ root }) => {
    const found = mentionsOf(root, new Reader(folder, variables));
    // Of an extended or included file it is not known which services count, nor by which names.
    return isReferenced
      ? found.map(({ path: named, mounted, kind }): Mention => ({ path: named, mounted, kind, required: false }))
      : found;
  });
}

function mentionsOf(root: Value, reader: Reader): readonly Mention[] {
  const services = [...mappingOf(root, "services")].flatMap(([name, service]) => reader.service(name, service));
  return [...services, ...reader.section(root, "configs"), ...reader.section(root, "secrets")];
}

/** Reads the paths out of one document. */
class Reader {
  readonly #folder: string;
  readonly #variables: Variables;
  /** The services by the config or secret they use. */
  readonly #users = new Map<string, string[]>();

  constructor(folder: string, variables: Variables) {
    this.#folder = folder;
    this.#variables = variables;
  }

  service(service: string, value: Value): readonly Mention[] {
    for (const section of ["configs", "secrets"]) {
      for (const item of itemsOf(entry(value, section))) {
        const key = `${section}.${this.#text(item) ?? this.#text(entry(item, "source")) ?? ""}`;
        this.#users.set(key, [...(this.#users.get(key) ?? []), service]);
      }
    }
    const envFiles = itemsOf(entry(value, "env_file")).flatMap((item): readonly Mention[] => {
      const path = this.#path(this.#text(item) ?? this.#text(entry(item, "path")));
      const required = this.#text(entry(item, "required")) !== "false";
      return path === undefined ? [] : [{ path, service, mounted: false, kind: "file", required }];
    });
    const volumes = itemsOf(entry(value, "volumes")).flatMap((item) => this.#volume(service, item));
    return [...envFiles, ...volumes];
  }

  section(root: Value, section: "configs" | "secrets"): readonly Mention[] {
    return [...mappingOf(root, section)].flatMap(([name, value]) => {
      const path = this.#path(this.#text(entry(value, "file")));
      const users = this.#users.get(`${section}.${name}`) ?? [];
      return path === undefined
        ? []
        : users.map((service): Mention => ({ path, service, mounted: true, kind: "file", required: true }));
    });
  }

  #volume(service: string, item: Value): readonly Mention[] {
    const short = this.#text(item)?.split(":");
    const isBind = short !== undefined || this.#text(entry(item, "type")) === "bind";
    const source = short === undefined ? this.#text(entry(item, "source")) : short.length > 1 ? short[0] : undefined;
    const target = short === undefined ? this.#text(entry(item, "target")) : short[1];
    if (!isBind || source === undefined || !/^\.{1,2}(?:\/|$)/.test(source)) return [];
    const mayBeMade = this.#text(entry(entry(item, "bind"), "create_host_path")) !== "false";
    const required = !mayBeMade || FILE_NAME.test(source) || FILE_NAME.test(target ?? "");
    return [{ path: resolve(this.#folder, source), service, mounted: true, kind: "mount", required }];
  }

  /** Absolute paths and those below `~` are the host's own. */
  #path(text: string | undefined): string | undefined {
    return text === undefined || text === "" || /^[/~]/.test(text) ? undefined : resolve(this.#folder, text);
  }

  #text(value: Value | undefined): string | undefined {
    if (value?.kind !== "scalar" || value.type === "null") return undefined;
    return interpolate(value.text, (name) => this.#variables.get(name));
  }
}

function entry(value: Value | undefined, key: string): Value | undefined {
  return value?.kind === "mapping" ? value.entries.get(key) : undefined;
}

function mappingOf(root: Value, key: string): Mapping["entries"] {
  const value = entry(root, key);
  return value?.kind === "mapping" ? value.entries : new Map();
}

function itemsOf(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  return value.kind === "sequence" ? value.items : value.kind === "scalar" ? [value] : [];
}

async function filesOf(folder: string, mention: Mention): Promise<readonly NeededFile[]> {
  const { path, service, mounted, kind, required } = mention;
  const needed = (source: string, isRequired: boolean, content?: NeededFile["content"]): NeededFile => ({
    name: relative(folder, source),
    source,
    services: service === undefined ? [] : [service],
    mounted,
    required: isRequired,
    ...(content === undefined ? {} : { content }),
  });
  const found = await statOf(path);
  if (found?.isFile()) return [needed(path, true, await contentOf(path, found.size, found.mode))];
  // The project's folder as a whole, or what it lies in, is no configuration.
  const isAbove = !relative(path, folder).startsWith("..");
  if (found?.isDirectory() && kind === "mount" && !isAbove) {
    const files = await configFolder(path);
    return Promise.all(
      files.map(async ({ source, size, mode }) => needed(source, false, await contentOf(source, size, mode))),
    );
  }
  if (found !== undefined && kind === "mount") return [];
  return required ? [needed(path, true)] : [];
}

async function statOf(path: string) {
  try {
    return await fs.stat(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new MirrorError("file-read", { file: path, detail: detailOf(cause) }, { cause });
  }
}

async function contentOf(path: string, size: number, mode: number): Promise<NeededFile["content"]> {
  if (size > LARGEST_FILE || !isPlainName(path)) return undefined;
  try {
    const bytes = await readFile(path);
    return { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length, mode: mode & 0o777 };
  } catch (cause) {
    throw new MirrorError("file-read", { file: path, detail: detailOf(cause) }, { cause });
  }
}

interface FoundFile {
  readonly source: string;
  readonly size: number;
  readonly mode: number;
}

/** The files of a folder that is configuration; none of one that is data. */
async function configFolder(folder: string): Promise<readonly FoundFile[]> {
  const files: FoundFile[] = [];
  let bytes = 0;
  const folders = [folder];
  for (const each of folders) {
    let entries: readonly Dirent[];
    try {
      entries = await fs.readdir(each, { withFileTypes: true });
    } catch {
      // The data of a database often belongs to another user.
      return [];
    }
    for (const found of entries) {
      const source = join(each, found.name);
      if (found.isDirectory()) {
        folders.push(source);
        continue;
      }
      const stat = await statOf(source).catch(() => undefined);
      if (!stat?.isFile() || !isPlainName(source)) return [];
      files.push({ source, size: stat.size, mode: stat.mode });
      bytes += stat.size;
      if (files.length > FOLDER_MOST_FILES || bytes > FOLDER_MOST_BYTES || !(await isText(source))) return [];
    }
    if (folders.length > FOLDER_MOST_FILES) return [];
  }
  return files;
}

async function isText(path: string): Promise<boolean> {
  try {
    return !(await readFile(path)).includes(0);
  } catch {
    return false;
  }
}

/** Names go to the host one a line. */
function isPlainName(path: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001F\u007F]/.test(path);
}
