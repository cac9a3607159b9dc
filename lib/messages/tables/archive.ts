/** Messages about the file that carries a project to a host without network. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const ARCHIVE_ERRORS = {
  "archive-exists": {
    exit: 2,
    en: '"{file}" is there already, and export did not make it',
    zh: "“{file}”已经存在，且不是由 export 生成的",
    hint: {
      en: "choose another place with --output, or replace it with --yes",
      zh: "用 --output 换一个位置，或用 --yes 替换它",
    },
  },
  "archive-disk-full": {
    exit: 1,
    en: 'no space is left for "{file}", so nothing of it was kept',
    zh: "磁盘空间不足，无法写入“{file}”，未保留任何内容",
    hint: {
      en: "free some space, or choose another disk with --output; the images stay in the local store",
      zh: "释放空间，或用 --output 换一个磁盘；镜像仍在本地缓存中",
    },
  },
  "archive-file-missing": {
    exit: 2,
    en: 'service {services:list} reads "{file}", which is not there',
    zh: "服务{services:list}要读取“{file}”，但它不存在",
    hint: {
      en: "make the file, or take it out of the compose file; docker would put an empty folder in its place",
      zh: "创建该文件，或从 compose 文件中去掉它；否则 docker 会在那里建一个空目录",
    },
  },
  "archive-file-name": {
    exit: 2,
    en: 'cannot carry "{file}", because its name has control characters',
    zh: "无法归档“{file}”，因为其文件名含有控制字符",
    hint: { en: "rename the file", zh: "请重命名该文件" },
  },
  "archive-file-changed": {
    exit: 1,
    en: '"{file}" was changed while the archive was written, so nothing of it was kept',
    zh: "写归档时“{file}”发生了变化，未保留任何内容",
    hint: { en: "run again", zh: "请重新运行" },
  },
  "archive-missing": {
    exit: 2,
    en: 'there is neither the archive "{file}" nor "{list}", the list of its parts',
    zh: "找不到归档“{file}”，也找不到分卷清单“{list}”",
    hint: {
      en: "check the path; the list of parts must lie beside the parts",
      zh: "检查路径；分卷清单必须和各分卷放在一起",
    },
  },
  "archive-part-missing": {
    exit: 2,
    en: 'part "{file}" of the archive is missing',
    zh: "缺少归档的分卷“{file}”",
    hint: {
      en: "copy it beside the others, then run again",
      zh: "把它复制到其他分卷旁边，然后重新运行",
    },
  },
  "archive-invalid": {
    exit: 2,
    en: '"{file}" is no archive that export made: {detail:cause}',
    zh: "“{file}”不是 export 生成的归档：{detail:cause}",
    hint: {
      en: "check that it is the file you meant; nothing was taken from it",
      zh: "确认它确实是你要用的文件；没有从中导入任何内容",
    },
  },
  "archive-damaged": {
    exit: 1,
    en: '"{file}" is damaged: {detail:cause}',
    zh: "“{file}”已损坏：{detail:cause}",
    hint: {
      en: "copy this file again and run again: what was verified is not copied twice",
      zh: "重新复制该文件，然后重新运行；已通过校验的内容不会重复导入",
    },
  },
  "archive-folder-taken": {
    exit: 2,
    en: "{files:list} in {folder} would be replaced by others of the archive",
    zh: "{folder} 中的{files:list}会被归档中内容不同的文件替换",
    hint: {
      en: "choose another folder with --into, or replace them with --yes",
      zh: "用 --into 换一个目录，或用 --yes 替换它们",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const ARCHIVE_TEXTS = {
  "tar-cut": { en: "it ends too early", zh: "内容不完整，提前结束" },
  "tar-checksum": { en: "a header in it is no tar header", zh: "其中有一处不是 tar 文件头" },
  "tar-type": { en: 'it has an entry of type "{type}", not a file', zh: "其中有类型为“{type}”的条目，不是普通文件" },
  "tar-many": { en: "it has more than {most} files", zh: "其中的文件超过 {most} 个" },
  "archive-lacks": { en: 'it has no "{name}"', zh: "其中没有“{name}”" },
  "archive-name": { en: 'it has "{name}", which no archive has', zh: "其中有归档不应包含的“{name}”" },
  "archive-twice": { en: 'it has "{name}" twice', zh: "其中“{name}”重复" },
  "archive-too-large": { en: '"{name}" in it is too large', zh: "其中的“{name}”过大" },
  "archive-index": { en: "its index.json is not as export writes it", zh: "其 index.json 不符合 export 的格式" },
  "archive-sum": { en: '"{name}" is not as its sum says', zh: "“{name}”与校验和不符" },
  stepExport: { en: "write {file}", zh: "写入 {file}" },
  stepImport: { en: "copy the images into the local store", zh: "把镜像导入本地缓存" },
  archiveBytes: { en: "{done:bytes} of {total:bytes}", zh: "{done:bytes} / {total:bytes}" },
  archiveWritten: {
    en: "wrote {file}: {count:image|images}, {files:file|files} of the project, {size:bytes}",
    zh: "已写入 {file}：{count} 个镜像、{files} 个项目文件，共 {size:bytes}",
  },
  archiveParts: {
    en: "in {count:part|parts}, with the list of their sums in {list}",
    zh: "共 {count} 个分卷，校验清单为 {list}",
  },
  archiveNext: {
    en: "next: carry it to the host, and there: tar --occurrence=1 -xf {file} deploy.sh && bash deploy.sh",
    zh: "下一步：复制到主机，并在那里运行 tar --occurrence=1 -xf {file} deploy.sh && bash deploy.sh",
  },
  archiveFromStore: {
    en: "{images:list} could not be asked for at the source, and come from the local store as they are",
    zh: "无法向源仓库查询{images:list}，使用本地缓存中已有的版本",
  },
  archiveZstd: {
    en: "{images:list} have layers of zstd, which docker before 23 cannot read",
    zh: "{images:list}含有 zstd 压缩的层，docker 23 之前的版本无法读取",
  },
  archiveLeavesOut: {
    en: "the archive does not have {images:list}, which the host must have: they are built there, or on the ignore list",
    zh: "归档中不含{images:list}，主机上必须已有：它们在主机上构建，或在忽略列表中",
  },
  archiveMade: {
    en: "the compose files cannot name the images as they are, so the archive has {file}, which does",
    zh: "原 compose 文件无法直接使用这些镜像名，归档中另有 {file}",
  },
  archiveStored: {
    en: "{count:image|images} in the local store: {copied:bytes} copied, {present:bytes} were there already",
    zh: "本地缓存中已有 {count} 个镜像：导入 {copied:bytes}，此前已存在 {present:bytes}",
  },
  archiveFolder: {
    en: "wrote {files:file|files} of the project into {folder}",
    zh: "已把 {files} 个项目文件写入 {folder}",
  },
  archiveImportNext: {
    en: "next, in the project's folder: compose-mirror push, then generate-mirror-compose and deploy; without a registry generate-mirror-compose and deploy --tunnel",
    zh: "下一步，在项目目录中运行 compose-mirror push，再运行 generate-mirror-compose 和 deploy；没有镜像仓库时运行 generate-mirror-compose 和 deploy --tunnel",
  },
  "archive-next-folder": {
    en: "--into FOLDER writes the project's files too",
    zh: "加 --into 目录 会同时写出项目文件",
  },
} as const satisfies Record<string, Text>;
