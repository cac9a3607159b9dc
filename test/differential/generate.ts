/**
 * Makes compose projects from the grammar: several files, env files, variables in every form, anchors, merge keys,
 * extends, include, profiles, builds, resets, and YAML in many writings. Most projects are valid; some are wrong in
 * ways that compose must refuse too.
 */
import type { Choices } from "./choices.ts";
import type { Sample } from "./sample.ts";
import { type Entry, mapping, type Node, scalar, sequence, type Style, write, writeJson } from "./yaml-text.ts";

const REPOSITORIES = ["nginx", "redis", "ghcr.io/acme/api", "host:5000/x/y", "keep/it", "docker.io/library/postgres"];
const VARIABLES = ["A", "B", "TAG", "EMPTY", "UNSET"];
const PROFILES = ["p", "q"];

/** A project made from `choices`. */
export function generate(choices: Choices, name: string): Sample {
  return new Generator(choices).sample(name);
}

/** What a file's services may refer to, and how it is written. */
interface Scope {
  readonly json: boolean;
  /** Anchors so far: of scalars that are images, of mappings that are service attributes, of whole services. */
  readonly images: string[];
  readonly attributes: string[];
  readonly prefix: string;
  /** Services that `extends` and `depends_on` can name. */
  readonly names: string[];
  /** Files beside it with services to extend. */
  readonly bases: readonly Base[];
  /** Names that an earlier file defines, so that `!reset` has something to drop. */
  readonly earlier: readonly string[];
  /** What paths in it are relative to: empty, or ending in `/`. */
  readonly folder: string;
  /** The top-level configs and secrets that its services use; absent where there can be none, as in extended files. */
  readonly granted?: Set<string>;
}

interface Base {
  /** As the file that extends it writes it. */
  readonly path: string;
  readonly names: readonly string[];
}

class Generator {
  readonly #choices: Choices;
  readonly #files: Record<string, string> = {};

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  sample(name: string): Sample {
    const { pick, chance } = this.#bound();
    const environment: Record<string, string> = {};
    for (const variable of ["A", "TAG"]) {
      if (chance(25)) environment[variable] = pick(["os", "1.2", "", "a$b", "${B}"]);
    }
    if (chance(60)) this.#files[".env"] = this.#envFile();
    let envFiles = chance(20) ? this.#choices.list(2, (index) => this.#namedEnvFile(`env.${index}`)) : [];
    if (chance(5) && envFiles.length > 0) {
      environment["COMPOSE_ENV_FILES"] = envFiles.join(",");
      envFiles = [];
    }
    const names = this.#composeFiles(environment);
    const profiles = chance(30) ? this.#choices.list(2, (index) => PROFILES[index]!) : [];
    if (chance(10)) environment["COMPOSE_PROFILES"] = pick(["p", "q", "p,q", " p , q", "*", "none"]);
    const options = { cwd: ".", files: names, envFiles, profiles, environment };
    return { name, files: this.#files, options, differsInV1: false };
  }

  #bound() {
    const choices = this.#choices;
    return {
      pick: <T>(from: readonly T[]): T => choices.pick(from),
      chance: (percent: number): boolean => choices.chance(percent),
    };
  }

  /** Writes the compose files; gives what to pass as `-f`. */
  #composeFiles(environment: Record<string, string>): readonly string[] {
    const { pick, chance } = this.#bound();
    const layout = pick(["found", "given", "listed"] as const);
    const folder = layout === "given" && chance(20) ? "sub/" : "";
    const bases = this.#bases(folder);
    const main =
      layout === "found" ? pick(["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]) : "a.yml";
    const paths = [`${folder}${main}`];
    if (layout === "found" && chance(30)) paths.push("compose.override.yml");
    if (layout !== "found") paths.push(...this.#choices.list(2, (index) => `${folder}${["b", "c"][index]}.yml`));
    const earlier: string[] = [];
    for (const [index, path] of paths.entries()) {
      const scope = this.#scope("s", { folder, bases, earlier: [...earlier], json: chance(8), hasResources: true });
      this.#files[path] = this.#composeFile(scope, { folder, isMain: index === 0 });
      earlier.push(...scope.names);
    }
    if (layout === "found") return [];
    if (layout === "given") return paths;
    if (chance(50) && this.#files[".env"] !== undefined) {
      this.#files[".env"] = `COMPOSE_FILE=${paths.join(":")}\n${this.#files[".env"]}`;
    } else if (chance(30)) {
      environment["COMPOSE_FILE"] = paths.join(";");
      environment["COMPOSE_PATH_SEPARATOR"] = ";";
    } else environment["COMPOSE_FILE"] = paths.join(":");
    return [];
  }

  #scope(
    prefix: string,
    {
      folder,
      bases = [],
      earlier = [],
      json = false,
      hasResources = false,
    }: Partial<Pick<Scope, "bases" | "earlier" | "json">> & { folder: string; hasResources?: boolean },
  ): Scope {
    const granted = hasResources ? { granted: new Set<string>() } : {};
    return { json, images: [], attributes: [], prefix, names: [], bases, earlier, folder, ...granted };
  }

  /** Files to extend from: one beside the project, which may extend one in another folder. */
  #bases(folder: string): readonly Base[] {
    const { chance } = this.#bound();
    if (!chance(35)) return [];
    const deep: Base[] = [];
    if (chance(40)) {
      const scope = this.#scope("d", { folder: `${folder}deep/` });
      this.#files[`${folder}deep/base.yml`] = this.#composeFile(scope, { folder, isBase: true });
      deep.push({ path: "deep/base.yml", names: scope.names });
    }
    const scope = this.#scope("b", { folder, bases: deep });
    this.#files[`${folder}base.yml`] = this.#composeFile(scope, { folder, isBase: true });
    return [{ path: "base.yml", names: scope.names }];
  }

  #composeFile(
    scope: Scope,
    { folder, isMain = false, isBase = false }: { folder: string; isMain?: boolean; isBase?: boolean },
  ): string {
    const { pick, chance } = this.#bound();
    const entries: Entry[] = [];
    if (chance(15)) entries.push({ key: "version", value: scalar("3.8", "single") });
    if (isMain && chance(15))
      entries.push({ key: "name", value: scalar(pick(["demo", "My_App", "${A:-demo}"]), "double") });
    if (isMain && chance(30)) entries.push({ key: "include", value: this.#include(folder) });
    if (!scope.json) entries.push(...this.#extensions(scope));
    const services: Entry[] = [];
    const count = isMain || isBase ? 1 + this.#choices.below(4) : this.#choices.below(4);
    for (let index = 0; index < count; index++) {
      const name = `${scope.prefix}${index}`;
      services.push({ ...this.#trivia(), key: name, value: this.#service(scope, name) });
      scope.names.push(name);
    }
    if (!isMain && !isBase && !scope.json && scope.earlier.length > 1 && chance(5)) {
      services.push({ key: "s9", value: { ...scalar("null"), tag: "!reset" } as Node });
    }
    if (services.length > 0) entries.push({ key: "services", value: mapping(services) });
    else entries.push({ key: "x-nothing", value: scalar("here") });
    if (isMain && !scope.json && chance(8)) {
      entries.push({ key: "jobs", value: mapping([{ key: "j0", value: mapping([this.#image(scope), TRIGGERS]) }]) });
    }
    if (chance(15)) entries.push({ key: "networks", value: mapping([{ key: "default", value: mapping([], true) }]) });
    entries.push(...this.#resources(scope));
    return this.#asText(entries, scope, isBase);
  }

  #asText(entries: readonly Entry[], scope: Scope, isBase: boolean): string {
    const { pick, chance } = this.#bound();
    if (scope.json) return writeJson(entries);
    let text = write(entries);
    if (!isBase && chance(8)) {
      const again = this.#scope(scope.prefix, { folder: scope.folder });
      const service = { key: `${scope.prefix}0`, value: this.#service(again, `${scope.prefix}0`) };
      text += `---\n${write([{ key: "services", value: mapping([service]) }])}`;
    }
    if (chance(10)) text = `${pick(["---\n", "# a comment\n", "%YAML 1.1\n---\n", "\n\n"])}${text}`;
    if (chance(10)) text = text.replaceAll("\n", "\r\n");
    if (chance(5)) text = `\uFEFF${text}`;
    if (chance(10)) text = text.trimEnd();
    return text;
  }

  /** The configs and secrets that the services of a file use. */
  #resources({ granted = new Set(), folder }: Scope): readonly Entry[] {
    return ["configs", "secrets"].flatMap((key): readonly Entry[] => {
      const names = [...granted].filter((name) => name.startsWith(key));
      const entries = names.map((name): Entry => {
        this.#files[`${folder}${name}.txt`] = "text";
        return { key: name, value: mapping([{ key: "file", value: scalar(`./${name}.txt`) }]) };
      });
      return entries.length === 0 ? [] : [{ key, value: mapping(entries) }];
    });
  }

  #trivia(): Pick<Entry, "comment" | "before"> {
    const { pick, chance } = this.#bound();
    return {
      ...(chance(15) ? { comment: pick([" # image: nginx", "  # 'note", " #"]) } : {}),
      ...(chance(10) ? { before: pick(["\n", "# between\n", "\n\n"]) } : {}),
    };
  }

  /** Extension fields that services refer to. */
  #extensions(scope: Scope): readonly Entry[] {
    const { chance } = this.#bound();
    const found: Entry[] = [];
    if (chance(25)) {
      found.push({ key: "x-image", value: { ...this.#imageValue(false), anchor: "img" } as Node });
      scope.images.push("img");
    }
    if (chance(25)) {
      const value = mapping(this.#attributes(scope, "", true), chance(30));
      found.push({ ...this.#trivia(), key: "x-common", value: { ...value, anchor: "common" } as Node });
      scope.attributes.push("common");
    }
    if (chance(15)) {
      const value = mapping([this.#image(scope), ...this.#attributes(scope, "", true)]);
      found.push({ key: "x-more", value: { ...value, anchor: "more" } as Node });
      scope.attributes.push("more");
    }
    return found;
  }

  #service(scope: Scope, name: string): Node {
    const { pick, chance } = this.#bound();
    const isOverride = scope.earlier.includes(name);
    const entries: Entry[] = [];
    const merged = !scope.json && scope.attributes.length > 0 && chance(40);
    if (merged) {
      const all = scope.attributes.map((to): Node => ({ kind: "alias", to }));
      entries.push({ key: "<<", value: all.length > 1 && chance(50) ? sequence(all, true) : pick(all) });
    }
    const source = pick(["image", "image", "image", "build", "both", "extends", "provider", "nothing"] as const);
    const canExtend = source === "extends" && (scope.names.length > 0 || scope.bases.length > 0);
    if (source === "image" || source === "both" || (source === "extends" && !canExtend))
      entries.push(this.#image(scope));
    if (source === "build" || source === "both") entries.push({ key: "build", value: this.#build(scope) });
    if (source === "provider") {
      entries.push({ key: "provider", value: mapping([{ key: "type", value: scalar("model") }], true) });
    }
    if (source === "nothing" && !isOverride && !merged && chance(95)) entries.push(this.#image(scope));
    if (canExtend) {
      entries.push({ key: "extends", value: this.#extends(scope) });
      if (chance(40)) entries.push(this.#image(scope));
    }
    entries.push(...this.#attributes(scope, name, false));
    if (chance(5)) entries.push({ key: "pre_start", value: this.#hooks(scope) });
    const canTag = isOverride && !scope.json;
    if (canTag && chance(4)) return { ...mapping(entries), tag: "!override" } as Node;
    if (canTag) entries.push(...this.#resets(entries));
    return mapping(entries, chance(10));
  }

  #resets(entries: readonly Entry[]): readonly Entry[] {
    const { pick, chance } = this.#bound();
    if (!chance(20)) return [];
    const key = pick([
      "build",
      "profiles",
      "environment",
      "depends_on",
      "platform",
      "command",
      "image",
      "env_file",
      "volumes",
    ]);
    if (entries.some((entry) => entry.key === key)) return [];
    if (key === "profiles" && chance(50)) {
      return [{ key, value: { ...sequence([scalar(pick(PROFILES))], true), tag: "!override" } as Node }];
    }
    return [{ key, value: { ...scalar("null"), tag: "!reset" } as Node }];
  }

  #image(scope: Scope): Entry {
    const { pick, chance } = this.#bound();
    if (!scope.json && scope.images.length > 0 && chance(35)) {
      return { ...this.#trivia(), key: "image", value: { kind: "alias", to: pick(scope.images) } };
    }
    const value = this.#imageValue(true);
    if (!scope.json && chance(10)) {
      const anchor = `i${scope.prefix}${scope.images.length}`;
      scope.images.push(anchor);
      return { key: "image", value: { ...value, anchor } as Node };
    }
    return { ...this.#trivia(), key: "image", value };
  }

  #imageValue(inBlock: boolean): Node {
    const { pick, chance } = this.#bound();
    const styles: readonly Style[] = [
      "plain",
      "single",
      "double",
      ...(inBlock ? (["folded", "literal"] as const) : []),
    ];
    const [repository, style] = [pick(REPOSITORIES), pick(styles)];
    if (!chance(45))
      return scalar(`${repository}${pick(["", ":1", ":1.2-alpine", `@sha256:${"a".repeat(64)}`])}`, style);
    const variable = pick(VARIABLES);
    const tag = pick([
      `\${${variable}}`,
      `$${variable}`,
      `\${${variable}:-1}`,
      `\${${variable}-1}`,
      `\${${variable}:+x}`,
      `\${${variable}+y}`,
      `\${${variable}:-\${B:-\${TAG:-z}}}`,
      `\${${variable}:-$B}c`,
      `\${${variable}:-a}-\${TAG-b}`,
      "$$x",
      `\${${variable}:?must be set}`,
      `\${${variable}?}`,
      `\${${variable}:-a:b}`,
      `\${${variable}`,
      `\${${variable}-2}`,
      `\${${variable}:-$TAG}`,
      `\${${variable}:-v1}-slim`,
      `\${A-a}\${${variable}-b}`,
      `\${${variable}:-\${TAG-3}}`,
      `1.\${${variable}:-0}`,
    ]);
    return scalar(chance(15) ? `\${REPO:-${repository}}:${tag}` : `${repository}:${tag}`, style);
  }

  #build(scope: Scope): Node {
    const { pick, chance } = this.#bound();
    if (chance(40)) return scalar(pick([".", "./web", "https://github.com/x/y.git"]));
    const entries: Entry[] = [{ key: "context", value: scalar(".") }];
    if (chance(30)) entries.push({ key: "args", value: this.#pairs(scope) });
    if (chance(20)) entries.push({ key: "target", value: scalar("run") });
    if (chance(20)) {
      const value = scalar("docker-image://alpine:${TAG:-3}", "double");
      entries.push({ key: "additional_contexts", value: mapping([{ key: "base", value }]) });
    }
    if (chance(10)) entries.push({ key: "dockerfile_inline", value: scalar("FROM alpine", "literal") });
    return mapping(
      entries,
      entries.every(({ value }) => value.kind === "scalar" && value.style === "plain") && chance(30),
    );
  }

  #extends(scope: Scope): Node {
    const { pick, chance } = this.#bound();
    const base = scope.bases.length > 0 && (scope.names.length === 0 || chance(60)) ? pick(scope.bases) : undefined;
    const names = base?.names ?? scope.names;
    const service = chance(2) ? "missing" : pick(names);
    if (base === undefined && chance(40)) return scalar(service);
    const entries: Entry[] = [{ key: "service", value: scalar(service) }];
    if (base) entries.push({ key: "file", value: scalar(base.path, pick(["plain", "double"])) });
    return mapping(entries, chance(50));
  }

  #include(folder: string): Node {
    const { chance } = this.#bound();
    const one = (index: number): Node => {
      const path = `inc${index}/in.yml`;
      const isLong = chance(60);
      const directory = isLong && chance(30) ? (chance(50) ? "." : "other") : undefined;
      const own = directory === undefined ? `${folder}inc${index}/` : directory === "." ? folder : `${folder}other/`;
      const scope = this.#scope(chance(10) ? "s" : `n${index}`, { folder: own, hasResources: true });
      this.#files[`${folder}${path}`] = this.#composeFile(scope, { folder: `${folder}inc${index}/`, isBase: true });
      if (chance(40)) this.#files[`${folder}inc${index}/.env`] = this.#envFile();
      if (!isLong) return scalar(path);
      const paths = [scalar(path)];
      if (chance(30)) {
        const more = this.#scope(`n${index}`, { folder: own, hasResources: true });
        this.#files[`${folder}more${index}.yml`] = this.#composeFile(more, { folder, isBase: true });
        paths.push(scalar(`more${index}.yml`));
      }
      const entries: Entry[] = [{ key: "path", value: paths.length > 1 || chance(30) ? sequence(paths) : paths[0]! }];
      if (directory !== undefined) entries.push({ key: "project_directory", value: scalar(directory) });
      // Compose resolves paths against the folder above a project_directory that does not exist (compose-go,
      // localResourceLoader.Dir), so one file of it must be needed wherever the project runs.
      if (directory === "other") this.#files[`${own}.env`] = "B=other\n";
      if (directory !== "other" && chance(30)) {
        this.#files[`${folder}inc.env`] = this.#envFile();
        entries.push({ key: "env_file", value: scalar("inc.env") });
      }
      return mapping(entries);
    };
    return sequence([one(0), ...this.#choices.list(1, () => one(1))]);
  }

  /** Attributes that do not name an image, but which compose must render as before, and those that choose services. */
  #attributes(scope: Scope, name: string, shared: boolean): readonly Entry[] {
    const { pick, chance } = this.#bound();
    const makers: readonly (readonly [percent: number, key: string, make: () => Node])[] = [
      [30, "environment", () => (shared ? this.#texts(scope) : this.#pairs(scope))],
      [15, "command", () => pick([sequence([scalar("run"), this.#text()], true), scalar("run now"), scalar("null")])],
      [15, "labels", () => this.#texts(scope)],
      [10, "ports", () => sequence([scalar(pick(["80:80", "${PORT:-8080}:80", "127.0.0.1:53:53/udp"]), "double")])],
      [12, "volumes", () => sequence([this.#mount(scope), ...this.#choices.list(2, (index) => this.#volume(index))])],
      [12, "env_file", () => this.#serviceEnvFile(scope)],
      ...(["configs", "secrets"] as const).map(
        (key) => [shared || scope.granted === undefined ? 0 : 8, key, () => this.#granted(scope, key)] as const,
      ),
      [10, "restart", () => scalar(pick(["always", "no", "unless-stopped"]), pick(["double", "single"]))],
      [8, "platform", () => scalar(pick(["linux/amd64", "linux/arm64"]))],
      [8, "pull_policy", () => scalar(pick(["always", "missing", "never", "build"]))],
      [
        8,
        "healthcheck",
        () => mapping([{ key: "test", value: sequence([scalar("CMD"), scalar("true", "double")], true) }]),
      ],
      [6, "mem_limit", () => scalar(pick(["64m", "1gb"]))],
      [6, "develop", () => mapping([{ key: "watch", value: sequence([mapping(WATCH)]) }])],
      [6, "x-note", () => this.#texts(scope)],
      [5, "tmpfs", () => sequence([scalar("/run")], true)],
      [5, "logging", () => mapping([{ key: "driver", value: scalar("none") }], true)],
      [5, "read_only", () => scalar(pick(["true", "false"]))],
      [5, "ulimits", () => mapping([{ key: "nofile", value: scalar(pick(["1024", "65536"])) }])],
      [4, "extra_hosts", () => sequence([scalar("a:127.0.0.1", "double")])],
      [15, "profiles", () => this.#profiles()],
    ];
    const entries = makers.flatMap(([percent, key, make]): readonly Entry[] =>
      chance(percent) ? [{ ...this.#trivia(), key, value: make() }] : [],
    );
    if (!shared && scope.names.length > 0 && chance(20)) {
      entries.push({ key: "depends_on", value: this.#dependsOn(scope, name) });
    }
    return entries;
  }

  /** A folder of data or a file of configuration, in both forms, at one of few targets. */
  #mount({ folder }: Scope): Node {
    const { pick, chance } = this.#bound();
    const source = pick(["./data", "./web.conf", "./web/${A:-dev}.conf", "./web"]);
    const target = source === "./data" ? "/data" : "/etc/web";
    for (const file of ["web.conf", "web/dev.conf", "web/more.txt"]) {
      if (chance(40)) this.#files[`${folder}${file}`] = "text";
    }
    if (chance(60)) return scalar(`${source}:${target}${pick(["", ":ro", ":ro,z"])}`, "double");
    const entries = Object.entries({ type: "bind", source, target });
    return mapping(entries.map(([key, value]) => ({ key, value: scalar(value, "double") })));
  }

  #serviceEnvFile({ folder }: Scope): Node {
    const { pick, chance } = this.#bound();
    const file = pick(["web.env", "conf/more.env"]);
    this.#files[`${folder}${file}`] = "FROM_FILE=1\n";
    if (chance(40)) return scalar(file);
    const long = mapping([
      { key: "path", value: scalar(pick(["./gone.env", "./gone-too.env"])) },
      { key: "required", value: scalar("false") },
    ]);
    return sequence(chance(50) ? [scalar(`./${file}`), long] : [scalar(file)]);
  }

  /** One config or secret. */
  #granted({ granted, prefix }: Scope, kind: "configs" | "secrets"): Node {
    const name = `${kind}-${prefix}`;
    granted!.add(name);
    return sequence([this.#choices.chance(30) ? mapping([{ key: "source", value: scalar(name) }]) : scalar(name)]);
  }

  #volume(index: number): Node {
    const { pick, chance } = this.#bound();
    if (chance(60)) return scalar(["/var/tmp", "./more:/img"][index]!);
    const source = { key: "source", value: scalar(pick(["assets:1", "assets:${TAG:-2}", "keep/assets"]), "double") };
    const entries = [{ key: "type", value: scalar("image") }, source, { key: "target", value: scalar("/img") }];
    return mapping(entries, chance(30));
  }

  /** Containers that run before the service, most with an image of their own. */
  #hooks(scope: Scope): Node {
    const { pick, chance } = this.#bound();
    const hook = (): Node => {
      const entries: Entry[] = chance(80) ? [this.#image(scope)] : [];
      entries.push({ key: "command", value: sequence([scalar("true", "double")], true) });
      if (chance(10)) entries.push({ key: "volumes", value: sequence([this.#volume(0)]) });
      return mapping(entries, entries.length < 3 && pick([false, true]));
    };
    return sequence([hook(), ...this.#choices.list(1, hook)]);
  }

  #profiles(): Node {
    const { pick, chance } = this.#bound();
    const items = [scalar(pick(PROFILES), pick(["plain", "double"]))];
    if (chance(30)) items.push(scalar(pick(["r", "${A:-q}"]), "double"));
    return sequence(items, chance(70));
  }

  #dependsOn(scope: Scope, name: string): Node {
    const { pick, chance } = this.#bound();
    const on = chance(3) ? pick(["missing", name]) : pick(scope.names);
    if (!chance(40)) return sequence([scalar(on)], chance(50));
    const settings: Entry[] = [{ key: "condition", value: scalar("service_started") }];
    if (chance(40)) settings.push({ key: "required", value: scalar("false") });
    return mapping([{ key: on, value: mapping(settings) }]);
  }

  /** A mapping or a list of `KEY=VALUE`. */
  #pairs(scope: Scope): Node {
    if (!this.#choices.chance(30)) return this.#texts(scope);
    return sequence(["K", "L"].map((key) => scalar(`${key}=v $$1`, "double")));
  }

  /** A mapping to texts, some of which are images elsewhere. */
  #texts(scope: Scope): Node {
    const { pick, chance } = this.#bound();
    const entries = ["K", "L", "M"].slice(0, 1 + this.#choices.below(3)).map((key): Entry => {
      const isAlias = !scope.json && scope.images.length > 0 && chance(15);
      const value: Node = isAlias ? { kind: "alias", to: pick(scope.images) } : this.#text();
      return { ...this.#trivia(), key, value };
    });
    return mapping(entries, chance(20));
  }

  #text(): Node {
    const { pick } = this.#bound();
    return pick([
      scalar("plain"),
      scalar("nginx"),
      scalar("image: nginx", "single"),
      scalar("two words # three", "double"),
      scalar("$${A} ${A:-none}", "single"),
      scalar("it's ${UNSET:-}", "double"),
      scalar("one two", "folded"),
      scalar("a: b", "literal"),
      scalar("yes", "double"),
      scalar("on"),
      scalar("1_000", "double"),
      scalar("${B-}", "single"),
      scalar("${MISSING}", "single"),
    ]);
  }

  #namedEnvFile(path: string): string {
    this.#files[path] = this.#envFile();
    return path;
  }

  #envFile(): string {
    const { pick, chance } = this.#bound();
    const value = (): string =>
      pick([
        "1",
        "ghcr.io",
        '"two words"',
        "'lit$A'",
        "${A:-deep}",
        "${TAG}x",
        '"esc\\"aped"',
        "a#b",
        "a # comment",
        "",
        '"$$x"',
        "$B",
        '"${A:-in quotes}"',
        "'single'   # comment",
        "\\$A",
      ]);
    const lines = this.#choices.list(5, () => {
      const name = pick(["A", "B", "TAG", "EMPTY", "PORT"]);
      if (name === "PORT") return "PORT=8080";
      if (chance(10)) return pick(["# comment", "", "  ", `export ${name}=${value()}`, `${name}: 1`, name]);
      return `${name}${pick(["=", " = ", "="])}${value()}`;
    });
    const text = ["EMPTY=", ...lines].join(chance(5) ? "\r\n" : "\n");
    return chance(20) ? text : `${text}\n`;
  }
}

const TRIGGERS: Entry = { key: "triggers", value: mapping([{ key: "manual", value: scalar("true") }], true) };

const WATCH: readonly Entry[] = [
  { key: "path", value: scalar(".") },
  { key: "action", value: scalar("rebuild") },
];
