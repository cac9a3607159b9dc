/** Messages about files and programs of this machine. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const SYSTEM_ERRORS = {
  "file-read": {
    exit: 2,
    en: 'cannot read "{file}": {detail:cause}',
    zh: "无法读取“{file}”：{detail:cause}",
    hint: {
      en: "check the path and its permissions",
      zh: "检查路径和读取权限",
    },
  },
  "file-write": {
    exit: 1,
    en: 'cannot write "{file}": {detail:cause}',
    zh: "无法写入“{file}”：{detail:cause}",
    hint: {
      en: "check the folder's permissions and free space, then run again",
      zh: "检查目录权限和剩余空间，然后重新运行",
    },
  },
  "command-missing": {
    exit: 2,
    en: 'cannot start "{program}": {detail:cause}',
    zh: "无法启动“{program}”：{detail:cause}",
    hint: {
      en: "install {program}, or correct PATH",
      zh: "安装 {program}，或改正 PATH",
    },
  },
  interrupted: {
    exit: 1,
    en: "interrupted",
    zh: "已中断",
    hint: {
      en: "run the same command again: finished work is kept",
      zh: "重新运行同一条命令即可，已完成的工作会保留",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const SYSTEM_TEXTS = {
  "file-is-folder": { en: "it is a folder", zh: "它是一个目录" },
  "file-not-regular": {
    en: "it is not a regular file (a device, a FIFO or a socket)",
    zh: "它不是普通文件（而是设备、命名管道或套接字）",
  },
  "file-too-large": { en: "it is larger than {most:bytes}", zh: "它超过 {most:bytes}" },
} as const satisfies Record<string, Text>;
