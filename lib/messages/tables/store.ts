/** Messages about the store and its registry. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const STORE_ERRORS = {
  "store-foreign": {
    exit: 2,
    en: 'folder "{folder}" is not a content store: {detail:cause}',
    zh: "目录“{folder}”不是本工具的本地缓存目录：{detail:cause}",
    hint: {
      en: "name an empty folder, or one that this tool made, with --store",
      zh: "用 --store 指定一个空目录，或由本工具创建的目录",
    },
  },
  "store-read": {
    exit: 1,
    en: 'cannot read the content store "{folder}": {detail:cause}',
    zh: "无法读取本地缓存“{folder}”：{detail:cause}",
    hint: {
      en: "check the folder's permissions, or choose another with --store",
      zh: "检查目录权限，或用 --store 换一个目录",
    },
  },
  "store-write": {
    exit: 1,
    en: 'cannot write to the content store "{folder}": {detail:cause}',
    zh: "无法写入本地缓存“{folder}”：{detail:cause}",
    hint: {
      en: "check the folder's permissions and its disk, or choose another with --store; what is there is kept",
      zh: "检查目录权限和磁盘，或用 --store 换一个目录；已有内容会保留",
    },
  },
  "store-full": {
    exit: 1,
    en: 'no space is left for the content store "{folder}"',
    zh: "本地缓存“{folder}”所在磁盘已满",
    hint: {
      en: "free some space, remove old images with the prune command, or choose another folder with --store; what is there is kept",
      zh: "释放空间，用 prune 命令清除旧镜像，或用 --store 换一个目录；已有内容会保留",
    },
  },
  "store-busy": {
    exit: 1,
    en: 'the content store "{folder}" is in use by process {process}, so nothing was removed',
    zh: "本地缓存“{folder}”正被进程 {process} 使用，因此没有清除任何内容",
    hint: {
      en: "run again when that one has ended",
      zh: "等该进程结束后重新运行",
    },
  },
  "store-open-files": {
    exit: 1,
    en: 'too many files are open while the content store "{folder}" is used: {detail:cause}',
    zh: "使用本地缓存“{folder}”时打开的文件过多：{detail:cause}",
    hint: {
      en: "raise the limit of this shell (ulimit -n 4096) or lower --concurrency, then run again",
      zh: "提高当前 shell 的上限（ulimit -n 4096）或调低 --concurrency，然后重新运行",
    },
  },
  "store-locked": {
    exit: 1,
    en: 'process {process} holds the store lock "{file}" and made no progress for {time:duration}',
    zh: "进程 {process} 持有本地缓存的锁“{file}”，已有 {time:duration} 没有进展",
    hint: {
      en: "end that process, or remove the file when there is no such process, then run again",
      zh: "结束该进程；如果该进程并不存在，删除这个文件，然后重新运行",
    },
  },
  "serve-port": {
    exit: 1,
    en: "cannot serve the content store on port {port}: {detail:cause}",
    zh: "无法在端口 {port} 上提供本地缓存：{detail:cause}",
    hint: {
      en: "choose another port with --port, or end the program that listens there",
      zh: "用 --port 换一个端口，或结束占用该端口的程序",
    },
  },
  "blob-missing": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" is not in the content store "{folder}"',
    zh: "本地缓存“{folder}”中没有 blob“{digest}”",
    hint: {
      en: "run again, or pull first: it is then fetched",
      zh: "重新运行，或先执行 pull，届时会下载它",
    },
  },
  "blob-corrupt": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" has other content than its name says ({detail:cause}), so it was removed',
    zh: "blob“{digest}”的内容与摘要不符（{detail:cause}），已删除",
    hint: {
      en: "run again; if it comes back, the source or a proxy in between alters content: try another --source-mirror",
      zh: "重新运行；如果反复出现，说明来源或中间的代理改动了内容，用 --source-mirror 换一个来源",
    },
  },
  "blob-short": {
    exit: 1,
    retry: true,
    en: 'blob "{digest}" ended after {size:bytes} of {total:bytes}',
    zh: "blob“{digest}”只收到 {size:bytes}，共 {total:bytes}",
    hint: {
      en: "run again: it resumes there",
      zh: "重新运行，会从断点继续",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const STORE_TEXTS = {
  "store-no-layout": { en: 'it has no oci-layout, but "{other}"', zh: "其中没有 oci-layout，却有“{other}”" },
  "store-layout-version": { en: "its oci-layout is not of version 1", zh: "其 oci-layout 不是版本 1" },
  "waiting-blob": {
    en: "another run (process {process}) is downloading the same content: waiting for it",
    zh: "另一个任务（进程 {process}）正在下载相同的内容，等待它完成",
  },
  "waiting-prune": {
    en: "another run (process {process}) is pruning the content store: waiting for it",
    zh: "另一个任务（进程 {process}）正在清理本地缓存，等待它完成",
  },
  "blob-other-bytes": { en: "{size:bytes} with another hash", zh: "{size:bytes}，哈希不符" },
  "blob-other-hash": { en: "its content hashes to {hash}", zh: "实际内容的哈希为 {hash}" },
  "blob-too-long": { en: "more than {size:bytes} came", zh: "收到的内容超过 {size:bytes}" },
} as const satisfies Record<string, Text>;
