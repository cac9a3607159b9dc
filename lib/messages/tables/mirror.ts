/** Messages about names at the mirror and the lock file. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const MIRROR_ERRORS = {
  "pin-unknown": {
    exit: 2,
    en: 'cannot pin image "{image}": mirror.lock.json does not have its digest at the mirror',
    zh: "无法固定镜像“{image}”的摘要：mirror.lock.json 中没有它在私有仓库的摘要",
    hint: {
      en: "run mirror --pin, which looks the digest up, or omit --pin",
      zh: "运行 mirror --pin 以取得摘要，或去掉 --pin",
    },
  },
  "mapping-collision": {
    exit: 2,
    en: 'images {sources:list} would all be stored as "{target}"',
    zh: "镜像 {sources:list} 在私有仓库中会重名：“{target}”",
    hint: {
      en: "give one of them another name with --rename SOURCE=NAME or a line SOURCE=NAME in the ignore file, or pass --on-collision prefix-host",
      zh: "用 --rename SOURCE=NAME 或在忽略列表文件中加一行 SOURCE=NAME 给其中一个改名，或加 --on-collision prefix-host",
    },
  },
  "image-variable-unset": {
    exit: 2,
    en: 'the image "{image}" of service {services:list} has no valid name: no value is set for {variables:names} ({where}), and what is left, "{rest}", is not a reference: {detail:cause}',
    zh: "服务 {services:list} 的镜像“{image}”没有有效的名字：{variables:names} 没有值（{where}），剩下的“{rest}”不是有效的引用：{detail:cause}",
    hint: {
      en: 'set it in .env or with --env-file, or add the line "{image}" to ignore-images.txt',
      zh: "在 .env 中或用 --env-file 设置它，或在 ignore-images.txt 中加一行“{image}”",
    },
  },
  "target-owned": {
    exit: 2,
    en: '"{target}" holds image "{owner}", and this run would replace it with "{source}"',
    zh: "“{target}”存放的是镜像“{owner}”，本次运行会用“{source}”覆盖它",
    hint: {
      en: "give this image another name with --rename {source}=NAME, use another --namespace, or pass --overwrite to replace it",
      zh: "用 --rename {source}=NAME 给该镜像改名，换一个 --namespace，或加 --overwrite 覆盖",
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
      en: "use lower-case letters and digits, with - _ . between them; at Alibaba Cloud's registry one level, such as team-dify",
      zh: "使用小写字母和数字，中间可用 - _ . 分隔；阿里云镜像仓库只支持一级，例如 team-dify",
    },
  },
  "platform-conflict": {
    exit: 2,
    en: 'image "{image}" is wanted for {platforms:list} by services {services:list}, but one mirror name holds one platform',
    zh: "镜像“{image}”被服务 {services:list} 用于不同的平台 {platforms:list}，而私有仓库中一个名字只对应一个平台",
    hint: {
      en: "give the services the same platform, or different images",
      zh: "让这些服务使用同一平台，或使用不同的镜像",
    },
  },
  "lock-invalid": {
    exit: 2,
    en: 'lock file "{file}" is not valid: {detail:cause}',
    zh: "锁文件“{file}”无效：{detail:cause}",
    hint: {
      en: "correct it, restore it from version control, or delete it and mirror again",
      zh: "请修正它、从版本控制中恢复，或删除后重新同步",
    },
  },
  "lock-missing": {
    exit: 2,
    en: 'no lock file "{file}", so there is nothing to compare with',
    zh: "没有锁文件“{file}”，无从比较",
    hint: {
      en: "run mirror first: it writes the lock file; if it ran with --output, pass the same --output here",
      zh: "请先运行 mirror 生成它；若当时用了其他 --output，这里也要给出同样的值",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const MIRROR_TEXTS = {
  "reference-of-services": {
    en: "{reason:cause} (service {services:list})",
    zh: "{reason:cause}（服务 {services:list}）",
  },
  "rename-form": { en: 'it needs one "=" with something on both sides', zh: "需要一个“=”，两边都不能为空" },
  "rename-name": {
    en: '"{name}" must have {least} to {most} lower-case letters and digits, with single - _ . between them',
    zh: "“{name}”必须是 {least} 到 {most} 个小写字母或数字，中间可用单个 - _ . 分隔",
  },
  "registry-form": { en: "it must be a host name with an optional port", zh: "应为主机名，可带端口" },
  "namespace-part": { en: '"{part}" cannot be part of a name', zh: "“{part}”不能作为名字的一部分" },
  "namespace-one-level": {
    en: "repositories at {registry} are NAMESPACE/NAME, so the namespace has one level",
    zh: "{registry} 的仓库名形如 NAMESPACE/NAME，命名空间只能有一级",
  },
  "lock-not-json": { en: "it is not JSON ({reason:cause})", zh: "它不是 JSON（{reason:cause}）" },
  "lock-no-version": { en: "its version is missing, and {known} is known", zh: "没有 version；支持的版本是 {known}" },
  "lock-version": {
    en: "its version is {version}, and {known} is known",
    zh: "其 version 为 {version}；支持的版本是 {known}",
  },
  "lock-no-images": { en: 'it has no list "images"', zh: "没有列表“images”" },
  "lock-not-object": { en: "{where} is not an object", zh: "{where} 不是对象" },
  "lock-not-text": { en: "{where} is not a string", zh: "{where} 不是字符串" },
  "lock-not-bytes": { en: "{where} is not a number of bytes", zh: "{where} 不是字节数" },
  "lock-field": { en: "{where}: {reason:cause}", zh: "{where}：{reason:cause}" },
  "lock-twice": { en: "{where} is there twice: {image} {platform}", zh: "{where} 重复：{image} {platform}" },
} as const satisfies Record<string, Text>;
