/** Messages about flags, variables and settings. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const CONFIG_ERRORS = {
  "flag-unknown": {
    exit: 2,
    en: "cannot read the command line: {detail:cause}",
    zh: "无法解析命令行：{detail:cause}",
    hint: {
      en: "run the command with --help to see its flags",
      zh: "加 --help 运行该命令，查看它支持的参数",
    },
  },
  "flag-value": {
    exit: 2,
    en: '{flag} "{value}" is not valid: {detail:cause}',
    zh: "{flag} 的值“{value}”无效：{detail:cause}",
    hint: {
      en: "correct {flag}; --help shows what it takes",
      zh: "改正 {flag}；--help 说明了它的取值",
    },
  },
  "setting-missing": {
    exit: 2,
    en: "{flag} is missing",
    zh: "缺少 {flag}",
    hint: {
      en: "pass {flag} or set {variable} in the environment or in .env beside package.json",
      zh: "传入 {flag}，或在环境变量、package.json 旁边的 .env 中设置 {variable}",
    },
  },
  "credentials-half": {
    exit: 2,
    en: "{set} is set and {missing} is not",
    zh: "已设置 {set}，但没有设置 {missing}",
    hint: {
      en: "set both, or neither to use the login that docker or podman keeps",
      zh: "两个都设置，或者都不设置以使用 docker 或 podman 保存的登录",
    },
  },
  "output-is-source": {
    exit: 2,
    en: 'will not write "{file}": it is a file of the project itself',
    zh: "拒绝写入“{file}”：它是项目自己的文件",
    hint: {
      en: "choose another name with --output",
      zh: "用 --output 指定另一个文件名",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const CONFIG_TEXTS = {} as const satisfies Record<string, Text>;
