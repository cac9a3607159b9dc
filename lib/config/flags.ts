/**
 * Every flag of every command, one row each. The configuration's type and values, `--help`, the reference in docs and the
 * shell completion all follow from these rows: a new flag is a row here and the code that uses its
 * property.
 */
import type { Text } from "../messages/message.ts";
import { COMMAND_NAMES, type CommandName } from "./commands.ts";
import * as values from "./values.ts";

/** Headings of the help, in its order. */
export const GROUPS = {
  project: { en: "The project", zh: "项目" },
  mirror: { en: "Names in the mirror registry", zh: "私有仓库中的名字" },
  transfer: { en: "How images are moved", zh: "镜像的传输" },
  host: { en: "The host and the deploy", zh: "主机与部署" },
  output: { en: "What is written and shown", zh: "输出" },
} as const satisfies Record<string, Text>;

export type Group = keyof typeof GROUPS;

export interface FlagRow extends Text {
  /** The property of `Config` that has the parsed value. */
  readonly property: string;
  readonly parse: values.Parser<unknown>;
  /** The placeholder of the value in the help, all choices with `|` between; absent = a switch, which takes no value. */
  readonly value?: string;
  /** The environment variable with the meaning of the flag. */
  readonly variable?: string;
  /** The variable is docker compose's own or the system's: it is read where it is used, by their rules. */
  readonly foreign?: true;
  readonly default?: string;
  readonly short?: string;
  readonly repeatable?: true;
  /** The value may stand alone, without the flag's name; of a repeatable flag several may. */
  readonly positional?: true;
  /** The words after `--` are its values, as they are. */
  readonly afterDashes?: true;
  readonly group: Group;
  /** The commands that take it. */
  readonly commands: readonly CommandName[];
}

const EVERY = COMMAND_NAMES;
/** Commands that read the compose project. */
const PROJECT = EVERY.filter((name) => !["import", "serve", "prune", "demo", "completion"].includes(name));
const GENERATORS = [
  "generate-amd64-pull-script",
  "generate-push-to-aliyun-script",
  "generate-mirror-compose",
] as const satisfies CommandName[];
/** Commands that name images in the mirror registry. */
const NAMING = [
  ...GENERATORS,
  "mirror",
  "images",
  "check",
  "pull",
  "push",
  "export",
  "import",
  "deploy",
  "verify",
] as const satisfies CommandName[];
const TRANSFER = ["mirror", "check", "pull", "push"] as const satisfies CommandName[];
const DEPLOY = ["mirror", "deploy"] as const satisfies CommandName[];
/** Commands that connect to the host. */
const HOST = ["mirror", "check", "deploy", "rollback", "status", "logs", "exec"] as const satisfies CommandName[];

export const FLAGS = {
  service: {
    property: "services",
    parse: values.texts,
    value: "SERVICE",
    repeatable: true,
    positional: true,
    group: "project",
    commands: ["mirror", "images", "pull", "push", "logs", "exec"],
    en: "only this service; where images are moved or listed, what it depends on too, as docker compose up SERVICE starts it; every service where absent",
    zh: "只处理该服务；同步或列出镜像时也包括它依赖的服务，与 docker compose up SERVICE 启动的一致；默认处理全部服务",
  },
  command: {
    property: "command",
    parse: values.words,
    value: "WORD",
    repeatable: true,
    afterDashes: true,
    group: "host",
    commands: ["exec"],
    en: "program to run in the container and its arguments, all that stands after --",
    zh: "要在容器中执行的程序及其参数，即 -- 之后的全部内容",
  },
  follow: {
    property: "follow",
    parse: values.on,
    group: "host",
    commands: ["logs"],
    en: "go on with what the services write, until Ctrl-C",
    zh: "持续输出新日志，按 Ctrl-C 结束",
  },
  tail: {
    property: "tail",
    parse: values.maybeWholeNumber(0, 1_000_000),
    value: "N",
    group: "host",
    commands: ["logs"],
    en: "only the last lines of each container; all where absent",
    zh: "每个容器只显示最后 N 行；默认全部",
  },
  file: {
    property: "files",
    parse: values.texts,
    value: "FILE",
    variable: "COMPOSE_FILE",
    foreign: true,
    short: "f",
    repeatable: true,
    group: "project",
    commands: PROJECT,
    en: "compose file; found as docker compose finds it",
    zh: "compose 文件；默认按 docker compose 的规则查找",
  },
  "env-file": {
    property: "envFiles",
    parse: values.texts,
    value: "FILE",
    variable: "COMPOSE_ENV_FILES",
    foreign: true,
    repeatable: true,
    group: "project",
    commands: PROJECT,
    en: "variables for the compose file; .env where absent",
    zh: "compose 文件使用的变量文件；默认 .env",
  },
  "project-directory": {
    property: "projectDirectory",
    parse: values.path,
    value: "DIR",
    group: "project",
    commands: PROJECT,
    en: "folder that relative paths and the project name start from; that of the first compose file where absent",
    zh: "项目目录，相对路径和项目名以它为准；默认为第一个 compose 文件所在目录",
  },
  profile: {
    property: "profiles",
    parse: values.texts,
    value: "NAME",
    variable: "COMPOSE_PROFILES",
    foreign: true,
    repeatable: true,
    group: "project",
    commands: PROJECT,
    en: "only the services of this profile and those without one; every service where absent",
    zh: "只包含该 profile 及没有 profile 的服务；默认包含全部服务",
  },
  "active-profiles": {
    property: "onlyActiveProfiles",
    parse: values.on,
    group: "project",
    commands: PROJECT,
    en: "only what a plain docker compose up would run; COMPOSE_PROFILES of the project's .env counts",
    zh: "只包含直接运行 docker compose up 会启动的服务；项目 .env 中的 COMPOSE_PROFILES 有效",
  },
  ignore: {
    property: "ignoreFile",
    parse: values.path,
    value: "FILE",
    group: "project",
    commands: PROJECT,
    en: "list of images not to mirror; ignore-images.txt where absent",
    zh: "忽略列表文件，其中的镜像不会同步；默认 ignore-images.txt",
  },
  "with-build-bases": {
    property: "withBuildBases",
    parse: values.on,
    group: "project",
    commands: PROJECT,
    en: "mirror the base images of builds too",
    zh: "构建所用的基础镜像也一并同步",
  },
  "mirror-built": {
    property: "mirrorBuilt",
    parse: values.on,
    group: "project",
    commands: PROJECT,
    en: "mirror the image of a service that has both build and image",
    zh: "同时写有 build 和 image 的服务，其镜像也同步",
  },
  platform: {
    property: "platform",
    parse: values.platform,
    value: "OS/ARCH",
    variable: "MIRROR_PLATFORM",
    default: "linux/amd64",
    group: "project",
    commands: PROJECT,
    en: "platform to mirror",
    zh: "要同步的镜像平台",
  },
  registry: {
    property: "registry",
    parse: values.registry,
    value: "HOST",
    variable: "MIRROR_REGISTRY",
    group: "mirror",
    commands: NAMING,
    en: "mirror registry; the local store where neither it nor a namespace is set",
    zh: "私有镜像仓库地址；与命名空间都未设置时使用本地缓存",
  },
  namespace: {
    property: "namespace",
    parse: values.namespace,
    value: "NAME",
    variable: "MIRROR_NAMESPACE",
    group: "mirror",
    commands: NAMING,
    en: "namespace in the mirror registry",
    zh: "私有镜像仓库的命名空间",
  },
  "pull-registry": {
    property: "pullRegistry",
    parse: values.registry,
    value: "HOST",
    variable: "MIRROR_PULL_REGISTRY",
    group: "mirror",
    commands: [...HOST, "generate-mirror-compose", "export"],
    en: "name of the mirror registry that the host pulls from, such as the -vpc endpoint",
    zh: "主机拉取时使用的仓库地址，例如 -vpc 内网地址",
  },
  rename: {
    property: "renames",
    parse: values.renames,
    value: "SOURCE=NAME",
    repeatable: true,
    group: "mirror",
    commands: NAMING,
    en: "another repository name in the mirror registry",
    zh: "在私有仓库中使用的另一个名字",
  },
  "on-collision": {
    property: "onCollision",
    parse: values.oneOf("error", "prefix-host"),
    value: "error|prefix-host",
    default: "error",
    group: "mirror",
    commands: NAMING,
    en: "what to do when two images get the same name",
    zh: "两个镜像得到同一个名字时的处理方式",
  },
  engine: {
    property: "engine",
    parse: values.oneOf("direct", "docker", "podman", "nerdctl"),
    value: "direct|docker|podman|nerdctl",
    variable: "MIRROR_ENGINE",
    default: "direct",
    group: "transfer",
    commands: TRANSFER,
    en: "what pulls and pushes; direct needs no daemon and resumes",
    zh: "由谁拉取和推送；direct 不需要守护进程，可断点续传",
  },
  concurrency: {
    property: "concurrency",
    parse: values.wholeNumber(1, 64),
    value: "N",
    variable: "MIRROR_CONCURRENCY",
    default: "4",
    group: "transfer",
    commands: [...TRANSFER, "export", "deploy"],
    en: "the most connections to one registry host",
    zh: "与每个仓库主机的最大连接数",
  },
  "source-mirror": {
    property: "sourceMirrors",
    parse: values.sourceMirrors,
    value: "REGISTRY=HOST",
    variable: "MIRROR_SOURCES",
    repeatable: true,
    group: "transfer",
    commands: [...TRANSFER, "export", "verify", "outdated"],
    en: "another place to read a registry's images from, as docker.io=HOST/PREFIX",
    zh: "从另一个地址读取某仓库的镜像，如 docker.io=HOST/PREFIX",
  },
  insecure: {
    property: "insecureHosts",
    parse: values.registries,
    value: "HOST",
    variable: "MIRROR_INSECURE",
    repeatable: true,
    group: "transfer",
    commands: [...TRANSFER, "export", "verify", "outdated"],
    en: "registry to connect to without TLS",
    zh: "不使用 TLS 连接的仓库",
  },
  overwrite: {
    property: "overwrite",
    parse: values.on,
    group: "transfer",
    commands: [...TRANSFER, "export"],
    en: "replace images of other sources that have the same mirror name",
    zh: "覆盖私有仓库中同名但来源不同的镜像",
  },
  format: {
    property: "format",
    parse: values.oneOf("as-is", "docker"),
    value: "as-is|docker",
    default: "as-is",
    group: "transfer",
    commands: TRANSFER,
    en: "format of the mirrored manifests: as at the source, or Docker schema 2 for docker before 18",
    zh: "镜像 manifest 的格式：与源仓库一致，或 Docker schema 2（供 18 以前的 docker 使用）",
  },
  store: {
    property: "store",
    parse: values.folder,
    value: "FOLDER",
    variable: "MIRROR_STORE",
    default: "~/.cache/compose-mirror",
    group: "transfer",
    commands: [...TRANSFER, "export", "import", "deploy", "verify", "serve", "prune"],
    en: "folder of the local store",
    zh: "本地缓存所在目录",
  },
  "store-limit": {
    property: "storeLimit",
    parse: values.bytes,
    value: "SIZE",
    variable: "MIRROR_STORE_LIMIT",
    group: "transfer",
    commands: [...TRANSFER, "prune"],
    en: "size that the local store may keep after a run, such as 20GB; no limit where absent",
    zh: "运行结束后本地缓存的大小上限，例如 20GB；默认不限",
  },
  port: {
    property: "port",
    parse: values.wholeNumber(0, 65_535),
    value: "N",
    variable: "MIRROR_PORT",
    default: "5012",
    group: "transfer",
    commands: ["verify", "serve"],
    en: "port to serve the local store on; 0 = any free port",
    zh: "在本机提供本地缓存的端口；0 表示任意空闲端口",
  },
  host: {
    property: "hosts",
    parse: values.hosts,
    value: "HOST",
    variable: "DEPLOY_HOST",
    repeatable: true,
    group: "host",
    commands: HOST,
    en: "ssh host to deploy to",
    zh: "要部署到的 ssh 主机",
  },
  dir: {
    property: "dir",
    parse: values.remoteFolder,
    value: "DIR",
    variable: "DEPLOY_DIR",
    group: "host",
    commands: HOST,
    en: "folder on the host; ~/PROJECT where absent",
    zh: "主机上的目录；默认 ~/PROJECT",
  },
  ship: {
    property: "ship",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "send files that differ on the host too, not only those that are missing there",
    zh: "主机上已有但内容不同的文件也发送",
  },
  "no-ship": {
    property: "noShip",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "send only the compose files",
    zh: "只发送 compose 文件",
  },
  "allow-path": {
    property: "allowPaths",
    parse: values.paths,
    value: "FOLDER",
    repeatable: true,
    group: "host",
    commands: [...DEPLOY, "export"],
    en: "also send files in this folder that links in the project lead to",
    zh: "项目中的符号链接指向该目录时，也允许发送其中的文件",
  },
  sudo: {
    property: "sudo",
    parse: values.on,
    group: "host",
    commands: HOST,
    en: "run docker on the host through sudo where only root may use it",
    zh: "主机的 docker 只对 root 开放时，通过 sudo 调用",
  },
  tunnel: {
    property: "tunnel",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "let the host pull from the local store through ssh; no registry is needed",
    zh: "主机通过 ssh 从本地缓存拉取，不需要镜像仓库",
  },
  orchestrator: {
    property: "orchestrator",
    parse: values.oneOf("compose", "swarm"),
    value: "compose|swarm",
    variable: "DEPLOY_ORCHESTRATOR",
    default: "compose",
    group: "host",
    commands: HOST,
    en: "what runs the services; swarm needs a host that is a manager",
    zh: "主机上由谁运行服务；swarm 要求主机是管理节点",
  },
  "keep-orphans": {
    property: "keepOrphans",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "leave services running that the project no longer has",
    zh: "保留已不在项目中的服务",
  },
  "one-by-one": {
    property: "oneByOne",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "restart changed services one after another; stop at the first that does not become healthy",
    zh: "逐个重启有变化的服务，遇到未就绪的即停止",
  },
  "keep-login": {
    property: "keepLogin",
    parse: values.on,
    group: "host",
    commands: DEPLOY,
    en: "leave the host logged in to the registry",
    zh: "让主机保持对镜像仓库的登录",
  },
  "no-rollback": {
    property: "rollback",
    parse: values.off,
    group: "host",
    commands: DEPLOY,
    en: "leave a failed deploy as it is",
    zh: "部署失败时不回退",
  },
  wait: {
    property: "waitSeconds",
    parse: values.wholeNumber(1, 86_400),
    value: "SECONDS",
    variable: "DEPLOY_WAIT",
    default: "180",
    group: "host",
    commands: [...DEPLOY, "rollback"],
    en: "seconds to wait for the services to become healthy",
    zh: "等待服务就绪的秒数上限",
  },
  keep: {
    property: "keep",
    parse: values.wholeNumber(1, 64),
    value: "N",
    variable: "DEPLOY_KEEP",
    default: "3",
    group: "host",
    commands: DEPLOY,
    en: "releases to keep on the host",
    zh: "在主机上保留的版本数",
  },
  list: {
    property: "list",
    parse: values.on,
    group: "host",
    commands: ["rollback"],
    en: "show the releases that the host keeps, and change nothing",
    zh: "列出主机上保留的版本，不执行任何操作",
  },
  release: {
    property: "release",
    parse: values.releaseId,
    value: "ID",
    positional: true,
    group: "host",
    commands: ["rollback"],
    en: "release to restore; the previous one where absent",
    zh: "要恢复的版本；默认上一个版本",
  },
  pin: {
    property: "pin",
    parse: values.on,
    group: "output",
    commands: ["mirror", "generate-mirror-compose"],
    en: "name images by tag and digest in the mirror compose file",
    zh: "在 compose 文件中同时写明标签和摘要",
  },
  "keep-going": {
    property: "keepGoing",
    parse: values.on,
    group: "output",
    commands: ["mirror"],
    en: "write the mirror compose file although images failed; those keep their public names, and nothing is deployed",
    zh: "即使有镜像失败也写出 compose 文件，失败的镜像保留公网名字，不进行部署",
  },
  names: {
    property: "names",
    parse: values.oneOf("source", "mirror"),
    value: "source|mirror",
    default: "source",
    group: "output",
    commands: ["export"],
    en: "names of the images in the archive: those of the compose files, or those in the mirror registry",
    zh: "归档中镜像的名字：compose 文件中的原名，或私有仓库中的名字",
  },
  split: {
    property: "split",
    parse: values.partSize,
    value: "SIZE",
    group: "output",
    commands: ["export"],
    en: "write parts of at most this size, such as 4GB",
    zh: "按此大小分卷，例如 4GB",
  },
  archive: {
    property: "archive",
    parse: values.path,
    value: "FILE",
    positional: true,
    group: "output",
    commands: ["import"],
    en: "archive that export made, or its first part",
    zh: "export 生成的归档，或它的第一个分卷",
  },
  into: {
    property: "into",
    parse: values.path,
    value: "FOLDER",
    group: "output",
    commands: ["import"],
    en: "folder to write the project's files and mirror.lock.json of the archive into",
    zh: "把归档中的项目文件和 mirror.lock.json 写入该目录",
  },
  output: {
    property: "output",
    parse: values.path,
    value: "FILE",
    group: "output",
    commands: [...GENERATORS, "export", "mirror", "deploy", "rollback", "status", "logs", "exec", "verify"],
    en: "file to write; beside the compose file where absent",
    zh: "要写入的文件；默认在 compose 文件旁边",
  },
  report: {
    property: "report",
    parse: values.path,
    value: "FILE",
    group: "output",
    commands: ["mirror", "deploy"],
    en: "write an HTML page about the run: images, shared layers, throughput, deploy",
    zh: "生成本次运行的 HTML 报告：镜像、共享层、吞吐量、部署过程",
  },
  shell: {
    property: "shell",
    parse: values.maybeOneOf("bash", "zsh", "fish"),
    value: "bash|zsh|fish",
    positional: true,
    group: "output",
    commands: ["completion"],
    en: "shell to complete for",
    zh: "要补全的 shell",
  },
  "dry-run": {
    property: "dryRun",
    parse: values.on,
    group: "output",
    commands: [...GENERATORS, "mirror", "pull", "push", "deploy", "rollback", "prune"],
    en: "show the plan and change nothing",
    zh: "只显示计划，不执行任何操作",
  },
  verbose: {
    property: "verbose",
    parse: values.on,
    group: "output",
    commands: [...DEPLOY, "rollback"],
    en: "show the exact commands of a plan too",
    zh: "计划中同时显示具体命令",
  },
  json: {
    property: "json",
    parse: values.on,
    group: "output",
    commands: [
      ...TRANSFER,
      "images",
      "export",
      "import",
      "deploy",
      "rollback",
      "status",
      "verify",
      "outdated",
      "serve",
      "prune",
    ],
    en: "print the result as one JSON document, errors too",
    zh: "以一个 JSON 文档输出结果，错误也是如此",
  },
  yes: {
    property: "yes",
    parse: values.on,
    group: "output",
    commands: [...DEPLOY, "export", "import", "rollback", "prune"],
    en: "answer yes to questions; without a terminal nothing is asked",
    zh: "对所有询问回答“是”；没有终端时不会询问",
  },
  lang: {
    property: "language",
    parse: values.language,
    value: "en|zh",
    variable: "LANG",
    foreign: true,
    group: "output",
    commands: EVERY,
    en: "language of the messages; the locale's where absent",
    zh: "消息语言；默认与系统区域设置一致",
  },
  help: {
    property: "help",
    parse: values.on,
    short: "h",
    group: "output",
    commands: EVERY,
    en: "show this text",
    zh: "显示本说明",
  },
  version: {
    property: "version",
    parse: values.on,
    short: "V",
    group: "output",
    commands: EVERY,
    en: "show the version",
    zh: "显示版本",
  },
} as const satisfies Record<string, FlagRow>;

export type FlagName = keyof typeof FLAGS;

export const FLAG_NAMES = Object.keys(FLAGS) as readonly FlagName[];

/** Settings that have no flag: a command line can be read by everybody on the machine. */
export const VARIABLES = ["MIRROR_USERNAME", "MIRROR_PASSWORD"] as const;

/** A row as the general type, for code that treats all flags alike. */
export function rowOf(name: FlagName): FlagRow {
  return FLAGS[name];
}

/** The flags that a command takes, in the order of the table. */
export function flagsOf(command: CommandName): readonly FlagName[] {
  return FLAG_NAMES.filter((name) => rowOf(name).commands.includes(command));
}

type Rows = typeof FLAGS;
type Parsed = { readonly [F in FlagName as Rows[F]["property"]]: ReturnType<Rows[F]["parse"]> };
type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];

/** The parsed value of every flag; a property is absent where its flag was not given and has no default. */
export type FlagValues = Omit<Parsed, Optional<Parsed>> & {
  readonly [K in Optional<Parsed>]?: Exclude<Parsed[K], undefined>;
};
