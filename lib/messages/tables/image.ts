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
    en: 'platform "{platform}" is not valid: {detail:cause}',
    zh: "平台“{platform}”无效：{detail:cause}",
    hint: {
      en: "write one platform as OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64 or linux/arm64",
      zh: "按 OS/ARCH 或 OS/ARCH/VARIANT 写一个平台，例如 linux/amd64 或 linux/arm64",
    },
  },
  "digest-invalid": {
    exit: 1,
    en: '"{digest}" is not a digest',
    zh: "“{digest}”不是有效的摘要（digest）",
    hint: {
      en: "a digest is sha256: and 64 hexadecimal digits; correct the registry, the manifest or the lock file that it comes from",
      zh: "摘要应为“sha256:”加 64 位十六进制数字；请改正给出它的镜像仓库、manifest 或锁文件",
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
export const IMAGE_TEXTS = {
  "platform-form": { en: "it is not of the form OS/ARCH", zh: "不是 OS/ARCH 的形式" },
  "platform-os-unknown": { en: 'there is no operating system "{os}"', zh: "没有名为“{os}”的操作系统" },
  "platform-architecture-unknown": {
    en: 'there is no architecture "{architecture}"',
    zh: "没有名为“{architecture}”的架构",
  },
  "reference-empty": { en: "it is empty", zh: "它是空的" },
  "reference-image-id": {
    en: "64 hexadecimal digits alone are an image ID, not a name",
    zh: "单独的 64 位十六进制数字是镜像 ID，不是名字",
  },
  "reference-two-digests": { en: 'it has more than one "@"', zh: "含有多个“@”" },
  "reference-digest": { en: '"{digest}" is not a digest', zh: "“{digest}”不是摘要" },
  "reference-tag": { en: '"{tag}" is not a tag', zh: "“{tag}”不是标签" },
  "reference-tag-empty": { en: "its tag is empty", zh: "标签为空" },
  "reference-host": { en: '"{host}" is not a registry host', zh: "“{host}”不是镜像仓库地址" },
  "reference-too-long": {
    en: "the repository is longer than {most} characters",
    zh: "仓库名超过 {most} 个字符",
  },
  "reference-part-empty": { en: "a part of its path is empty", zh: "路径中有一段为空" },
  "reference-upper-case": { en: '"{part}" has upper-case letters', zh: "“{part}”含有大写字母" },
  "reference-part": {
    en: '"{part}" has characters that a repository cannot have',
    zh: "“{part}”含有仓库名不允许的字符",
  },
  "manifest-schema-1": { en: "it has the outdated format schema 1", zh: "它是已淘汰的 schema 1 格式" },
  "manifest-not-json": { en: "it is not JSON", zh: "它不是 JSON" },
  "manifest-not-object": { en: "it is not a JSON object", zh: "它不是 JSON 对象" },
  "manifest-type": { en: 'its type "{type}" is not an image', zh: "类型“{type}”不是镜像" },
  "manifest-layer-elsewhere": {
    en: "its layer {digest} is stored outside the registry (a foreign layer)",
    zh: "它的层 {digest} 存放在镜像仓库之外（foreign layer）",
  },
  "manifest-too-many": { en: "it lists {count} blobs", zh: "它列出了 {count} 个 blob" },
  "manifest-digest": { en: '"{digest}" is not a digest', zh: "“{digest}”不是摘要" },
  "manifest-size": { en: "{digest} has no valid size", zh: "{digest} 没有有效的大小" },
  "config-not-json": { en: "its config is not JSON", zh: "它的 config 不是 JSON" },
  "unreadable-oci-manifest": {
    en: 'image "{image}" has an OCI manifest, which {kind} {version} cannot read ({since} or later can)',
    zh: "镜像“{image}”的 manifest 是 OCI 格式，{kind} {version} 无法读取（需要 {since} 或更高版本）",
  },
  "unreadable-zstd-layer": {
    en: 'image "{image}" has layers compressed with zstd, which {kind} {version} cannot read ({since} or later can)',
    zh: "镜像“{image}”的层使用 zstd 压缩，{kind} {version} 无法读取（需要 {since} 或更高版本）",
  },
  "platform-assumed": {
    en: 'image "{image}" names no platform; it was taken as {platform}',
    zh: "镜像“{image}”没有写明平台，已按 {platform} 处理",
  },
} as const satisfies Record<string, Text>;
