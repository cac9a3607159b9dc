/** Every command: what it does, and one example of it (what stands after the command's name). */
import type { Text } from "../messages/message.ts";

export interface CommandRow extends Text {
  readonly example: string;
}

export const COMMANDS = {
  init: {
    en: "asks for registry, login and host, tries them, and writes them to mirror.env beside the compose file",
    zh: "询问镜像仓库、登录信息和主机，逐一验证后写入 compose 文件旁的 mirror.env",
    example: "",
  },
  mirror: {
    en: "does everything: checks, pulls and pushes, writes the mirror compose file, deploys",
    zh: "一次完成：检查、拉取并推送、生成 compose 文件、部署",
    example: "--registry registry.example.com --namespace team --host my-server",
  },
  images: {
    en: "lists every image of the compose project and its name in the mirror registry",
    zh: "列出 compose 项目的所有镜像及其在私有仓库中的名字",
    example: "-f docker-compose.yaml --json",
  },
  check: {
    en: "checks the engine, the registry, the host and the disks before anything is changed",
    zh: "执行前检查引擎、镜像仓库、主机和磁盘",
    example: "--host my-server",
  },
  pull: {
    en: "step 1: pulls every image for the platform",
    zh: "第一步：按平台拉取所有镜像",
    example: "--platform linux/arm64",
  },
  push: {
    en: "step 2: pushes every pulled image to the mirror registry",
    zh: "第二步：把拉取到的镜像推送到私有仓库",
    example: "--registry registry.example.com --namespace team",
  },
  "generate-amd64-pull-script": {
    en: "writes a bash script that pulls every image",
    zh: "生成拉取所有镜像的 bash 脚本",
    example: "--output pull.sh",
  },
  "generate-push-to-aliyun-script": {
    en: "writes a bash script that pushes every image to the mirror registry",
    zh: "生成把所有镜像推送到私有仓库的 bash 脚本",
    example: "--output push.sh",
  },
  "generate-mirror-compose": {
    en: "writes docker-compose-mirror.yaml, which names the mirrored images",
    zh: "生成使用私有仓库镜像的 docker-compose-mirror.yaml",
    example: "--pin",
  },
  export: {
    en: "writes one file with all images and files of the project, for a host without network",
    zh: "把项目的全部镜像和文件写成一个归档，供无网络的主机使用",
    example: "--output shop.tar --split 4GB",
  },
  import: {
    en: "takes the images of such a file into the local store, for push, serve and deploy --tunnel",
    zh: "把归档中的镜像导入本地缓存，之后可用 push、serve 或 deploy --tunnel",
    example: "shop.tar --into shop",
  },
  deploy: {
    en: "copies the mirror compose file to the host and starts it there",
    zh: "把 docker-compose-mirror.yaml 复制到主机并在那里启动",
    example: "--host my-server --dir '~/dify/docker'",
  },
  rollback: {
    en: "restores the previous release on the host, or the one given",
    zh: "恢复主机上的上一个版本，或指定的版本",
    example: "--host my-server",
  },
  status: {
    en: "shows what runs on the host",
    zh: "查看主机上正在运行的服务",
    example: "--host my-server --json",
  },
  logs: {
    en: "shows what the services on the host wrote",
    zh: "查看主机上各服务的日志",
    example: "web --follow --tail 100",
  },
  exec: {
    en: "runs a program in the container of a service on the host; the exit code is the program's",
    zh: "在主机上某个服务的容器中执行程序，退出码即该程序的退出码",
    example: "web -- sh -c 'ls /etc'",
  },
  verify: {
    en: "compares the lock file, the mirror registry and the source registries, and reports what differs",
    zh: "比较锁文件、私有仓库和源仓库，报告不一致之处",
    example: "--json",
  },
  outdated: {
    en: "lists newer versions of every image",
    zh: "列出每个镜像的更新版本",
    example: "--json",
  },
  serve: {
    en: "serves the local store to this machine as a registry to pull from (docker pull localhost:PORT/…)",
    zh: "把本地缓存作为只读镜像仓库提供给本机（docker pull localhost:端口/…）",
    example: "--port 5012",
  },
  prune: {
    en: "removes the least recently used images from the local store until it fits --store-limit",
    zh: "清理本地缓存，最久未用的先删，直到不超过 --store-limit",
    example: "--store-limit 20GB",
  },
  demo: {
    en: "shows the whole flow with images made on this machine; needs only Node",
    zh: "完整演示：在本机生成镜像、同步、生成 compose 文件，只需要 Node",
    example: "",
  },
  completion: {
    en: "prints the completion script of a shell for the command compose-mirror",
    zh: "输出某个 shell 对 compose-mirror 命令的补全脚本",
    example: "bash > ~/.local/share/bash-completion/completions/compose-mirror",
  },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
