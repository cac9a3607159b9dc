/** Messages about files and programs of this machine. */
import type { ErrorRow } from "../error-row.ts";
import type { Message, Text } from "../message.ts";

/** The file is there and can be read, but is in another encoding. */
function isEncoding(detail: unknown): boolean {
  return (detail as Message | undefined)?.code === "file-not-text";
}

export const SYSTEM_ERRORS = {
  "file-read": {
    exit: 2,
    en: 'cannot read "{file}": {detail:cause}',
    zh: "无法读取“{file}”：{detail:cause}",
    hint: [
      {
        when: (_, { detail }) => !isEncoding(detail),
        en: "check the path and its permissions",
        zh: "检查路径和读取权限",
      },
      {
        when: (_, { detail }) => isEncoding(detail),
        en: "save it as UTF-8, for example with iconv -f GB18030 -t UTF-8 FILE",
        zh: "请以 UTF-8 编码保存，例如用 iconv -f GB18030 -t UTF-8 FILE 转换",
      },
    ],
  },
  "file-large": {
    exit: 2,
    en: '"{file}" has more than {most:bytes}, which is too large to read safely',
    zh: "“{file}”超过 {most:bytes}，过大，无法安全读取",
    hint: {
      en: "check that it is the file you meant",
      zh: "确认它确实是你要用的文件",
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
  "file-is-folder": { en: "it is a folder, not a file", zh: "它是目录，不是文件" },
  "file-is-device": { en: "it is a device, not a regular file", zh: "它是设备，不是普通文件" },
  "file-is-fifo": { en: "it is a FIFO (named pipe), not a regular file", zh: "它是命名管道（FIFO），不是普通文件" },
  "file-is-socket": { en: "it is a socket, not a regular file", zh: "它是套接字，不是普通文件" },
  "file-is-large": { en: "it has more than {most:bytes}", zh: "它超过 {most:bytes}" },
  "file-name-control": { en: "its name has control characters", zh: "它的名称中有控制字符" },
} as const satisfies Record<string, Text>;
