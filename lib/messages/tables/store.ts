/** Messages about the store and its registry. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const STORE_ERRORS = {
  "store-foreign": {
    exit: 2,
    en: 'folder "{folder}" is not a content store: {detail:cause}',
    zh: "目录“{folder}”不是本工具的内容库：{detail:cause}",
    hint: {
      en: "name an empty folder, or one that this tool made, with --store",
      zh: "用 --store 指定一个空目录，或由本工具创建的目录",
    },
  },
  "store-read": {
    exit: 1,
    en: 'cannot read the content store "{folder}": {detail:cause}',
    zh: "无法读取内容库“{folder}”：{detail:cause}",
    hint: {
      en: "check the folder's permissions, or choose another with --store",
      zh: "检查目录权限，或用 --store 换一个目录",
    },
  },
  "store-write": {
    exit: 1,
    en: 'cannot write to the content store "{folder}": {detail:cause}',
    zh: "无法写入内容库“{folder}”：{detail:cause}",
    hint: {
      en: "check the folder's permissions and its disk, or choose another with --store; what is there is kept",
      zh: "检查目录权限和磁盘，或用 --store 换一个目录；已有内容会保留",
    },
  },
  "store-full": {
    exit: 1,
    en: 'no space is left for the content store "{folder}"',
    zh: "内容库“{folder}”所在磁盘已满",
    hint: {
      en: "free some space, remove old images with the prune command, or choose another folder with --store; what is there is kept",
      zh: "释放空间，用 prune 命令清除旧镜像，或用 --store 换一个目录；已有内容会保留",
    },
  },
  "store-busy": {
    exit: 1,
    en: 'the content store "{folder}" is in use by process {process}, so nothing was removed',
    zh: "内容库“{folder}”正被进程 {process} 使用，因此没有清除任何内容",
    hint: {
      en: "run again when that one has ended",
      zh: "等该进程结束后重新运行",
    },
  },
  "serve-port": {
    exit: 1,
    en: "cannot serve the content store on port {port}: {detail:cause}",
    zh: "无法在端口 {port} 上提供内容库：{detail:cause}",
    hint: {
      en: "choose another port with --port, or end the program that listens there",
      zh: "用 --port 换一个端口，或结束占用该端口的程序",
    },
  },
  "blob-missing": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" is not in the content store "{folder}"',
    zh: "内容库“{folder}”中没有 blob“{digest}”",
    hint: {
      en: "run again, or pull first: it is then fetched",
      zh: "重新运行，或先执行 pull，届时会下载它",
    },
  },
  "blob-corrupt": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" has other content than its name says ({detail:cause}), so it was thrown away',
    zh: "blob“{digest}”的内容与摘要不符（{detail:cause}），已丢弃",
    hint: {
      en: "run again; if it comes back, the source or a proxy in between alters content: try another --source-mirror",
      zh: "重新运行；如果反复出现，说明来源或中间的代理改动了内容，用 --source-mirror 换一个来源",
    },
  },
  "blob-short": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" ended after {size} of {total} bytes',
    zh: "blob“{digest}”只收到 {size} 字节，共 {total} 字节",
    hint: {
      en: "run again: it goes on from there",
      zh: "重新运行，会从断点继续",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const STORE_TEXTS = {} as const satisfies Record<string, Text>;
