/** Messages about names at the mirror and the lock file. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const MIRROR_ERRORS = {
  "pin-unknown": {
    exit: 2,
    en: 'cannot pin image "{image}": mirror.lock.json does not have its digest at the mirror',
    zh: "无法固定镜像“{image}”的摘要：mirror.lock.json 中没有它在私有仓库的摘要",
    hint: {
      en: "run mirror --pin, which finds it out, or leave --pin out",
      zh: "运行 mirror --pin 以取得摘要，或去掉 --pin",
    },
  },
  "mapping-collision": {
    exit: 2,
    en: 'images {sources} would all be stored as "{target}"',
    zh: "镜像 {sources} 在私有仓库中会重名：“{target}”",
    hint: {
      en: "give one of them another name with --rename SOURCE=NAME or a line SOURCE=NAME in the ignore file, or pass --on-collision prefix-host",
      zh: "用 --rename SOURCE=NAME 或在忽略列表文件中加一行 SOURCE=NAME 给其中一个改名，或加 --on-collision prefix-host",
    },
  },
  "rename-invalid": {
    exit: 2,
    en: 'rename "{rename}" is not valid: {detail:cause}',
    zh: "改名规则“{rename}”无效：{detail:cause}",
    hint: {
      en: "write it as SOURCE=NAME, for example nginx=web-server",
      zh: "按 SOURCE=NAME 的格式书写，例如 nginx=web-server",
    },
  },
  "registry-invalid": {
    exit: 2,
    en: 'registry "{registry}" is not a valid registry host: {detail:cause}',
    zh: "“{registry}”不是有效的镜像仓库地址：{detail:cause}",
    hint: {
      en: "write HOST or HOST:PORT, without https:// and without a path",
      zh: "写成 HOST 或 HOST:PORT，不带 https://，也不带路径",
    },
  },
  "namespace-invalid": {
    exit: 2,
    en: 'namespace "{namespace}" is not valid: {detail:cause}',
    zh: "命名空间“{namespace}”无效：{detail:cause}",
    hint: {
      en: "use lower-case letters and digits, with - _ . between them",
      zh: "使用小写字母和数字，中间可用 - _ . 分隔",
    },
  },
  "platform-conflict": {
    exit: 2,
    en: 'image "{image}" is wanted for {platforms} by services {services}, and one mirror name holds one platform',
    zh: "镜像“{image}”被服务 {services} 要求用于不同平台 {platforms}，而私有仓库中一个名字只对应一个平台",
    hint: {
      en: "give the services the same platform, or different images",
      zh: "让这些服务使用同一平台，或使用不同的镜像",
    },
  },
  "lock-invalid": {
    exit: 2,
    en: 'lock file "{file}" is not valid: {detail:cause}',
    zh: "锁文件 “{file}” 无效：{detail:cause}",
    hint: {
      en: "correct it, restore it from version control, or delete it and mirror again",
      zh: "请修正它、从版本控制中恢复，或删除后重新镜像",
    },
  },
  "lock-missing": {
    exit: 2,
    en: 'no lock file "{file}", so there is nothing to compare with',
    zh: "没有锁文件“{file}”，无从比较",
    hint: {
      en: "run mirror first, which writes it; with another --output, pass the same here",
      zh: "请先运行 mirror 生成它；若当时用了其他 --output，这里也要给出同样的值",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const MIRROR_TEXTS = {} as const satisfies Record<string, Text>;
