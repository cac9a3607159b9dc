/** Messages about references, platforms, digests and manifests. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const IMAGE_ERRORS = {
  "reference-invalid": {
    exit: 2,
    en: 'image "{image}" is not a valid reference: {detail:cause}',
    zh: "镜像“{image}”不是有效的引用：{detail:cause}",
    hint: {
      en: "write it as [HOST[:PORT]/]NAME[:TAG][@DIGEST] in lower case",
      zh: "按 [HOST[:PORT]/]NAME[:TAG][@DIGEST] 的格式书写，仓库名用小写",
    },
  },
  "platform-invalid": {
    exit: 2,
    en: 'platform "{platform}" is not valid',
    zh: "平台“{platform}”无效",
    hint: {
      en: "write it as OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64",
      zh: "写成 OS/ARCH 或 OS/ARCH/VARIANT，例如 linux/amd64",
    },
  },
  "digest-invalid": {
    exit: 1,
    en: '"{digest}" is not a digest',
    zh: "“{digest}”不是有效的摘要（digest）",
    hint: {
      en: "whoever wrote it (a registry, a manifest, the lock file) is at fault; a digest is sha256: and 64 hexadecimal digits",
      zh: "问题出在写下它的一方（镜像仓库、manifest 或 lock 文件）；摘要应为“sha256:”加 64 位十六进制数字",
    },
  },
  "image-platform": {
    exit: 1,
    en: 'image "{image}" does not exist for {platform}: it is offered for {offered}',
    zh: "镜像“{image}”没有 {platform} 平台的版本，只提供 {offered}",
    hint: {
      en: "ask for one of those with --platform, choose another tag, or add the image to ignore-images.txt",
      zh: "用 --platform 选择其中之一，换一个标签，或把该镜像加入 ignore-images.txt",
    },
  },
  "manifest-too-large": {
    exit: 1,
    en: 'the manifest of "{name}" at "{host}" is larger than {limit} bytes',
    zh: "“{host}”上“{name}”的 manifest 超过 {limit} 字节",
    hint: {
      en: "no image has such a manifest; check the name",
      zh: "没有镜像会有这样的 manifest，请检查名字",
    },
  },
  "manifest-invalid": {
    exit: 1,
    en: 'the manifest of "{name}" cannot be used: {detail:cause}',
    zh: "“{name}”的 manifest 无法使用：{detail:cause}",
    hint: {
      en: "check that the name is a container image's, and that it was pushed with a current tool",
      zh: "确认它是容器镜像，并且是用较新的工具推送的",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const IMAGE_TEXTS = {} as const satisfies Record<string, Text>;
