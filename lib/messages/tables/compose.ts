/** Messages about compose files. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const COMPOSE_ERRORS = {
  "compose-not-found": {
    exit: 2,
    en: 'no compose file found in "{folder}" or above it',
    zh: "在“{folder}”及其上级目录中没有找到 compose 文件",
    hint: {
      en: "cd into the project's folder, or name the file with -f",
      zh: "进入项目目录再运行，或用 -f 指定文件",
    },
  },
  "service-unknown": {
    exit: 2,
    en: 'the compose project has no service "{service}"; its services are {known:names}',
    zh: "compose 项目中没有服务“{service}”，已有的服务：{known:names}",
    hint: {
      en: "name one of these; a service of another profile needs its --profile",
      zh: "请指定其中之一；属于其他 profile 的服务需要加上对应的 --profile",
    },
  },
  "compose-stdin": {
    exit: 2,
    en: 'cannot read a compose file from standard input (-f "-")',
    zh: "不支持从标准输入读取 compose 文件（-f “-”）",
    hint: {
      en: "write it to a file and pass that with -f",
      zh: "把内容存成文件，再用 -f 指定",
    },
  },
  "compose-remote": {
    exit: 2,
    en: 'cannot read the remote compose file "{file}" ({where})',
    zh: "无法读取远程 compose 文件“{file}”（{where}）",
    hint: {
      en: "copy it beside the project and name the copy there",
      zh: "把它下载到项目旁边，并改为引用本地副本",
    },
  },
  "compose-yaml": {
    exit: 2,
    en: "{where} is not valid YAML: {detail:cause}",
    zh: "{where} 不是有效的 YAML：{detail:cause}",
    hint: {
      en: "correct the file at that line",
      zh: "改正文件中的这一行",
    },
  },
  "compose-invalid": {
    exit: 2,
    en: "cannot use the compose file, {where}: {detail:cause}",
    zh: "compose 文件无法使用，{where}：{detail:cause}",
    hint: {
      en: "correct the file; docker compose config checks the same",
      zh: "改正该文件；docker compose config 会做同样的检查",
    },
  },
  "compose-empty": {
    exit: 2,
    en: 'no services found in "{file}"',
    zh: "“{file}”中没有任何服务",
    hint: {
      en: "add a services section, or name another file with -f",
      zh: "补上 services 部分，或用 -f 指定另一个文件",
    },
  },
  "compose-no-image": {
    exit: 2,
    en: 'service "{service}" has neither an image nor a build section ({where})',
    zh: "服务“{service}”既没有 image 也没有 build（{where}）",
    hint: {
      en: "give the service an image, or a build section",
      zh: "给该服务加上 image 或 build",
    },
  },
  "compose-image-empty": {
    exit: 2,
    en: 'the image "{image}" of service "{service}" is empty: {variables:names} is not set or empty ({where})',
    zh: "服务“{service}”的镜像“{image}”为空：{variables:names} 没有设置或为空（{where}）",
    hint: [
      {
        en: "set {variables:names} in .env or with --env-file",
        zh: "在 .env 中或用 --env-file 设置 {variables:names}",
      },
      {
        when: (_, { profiles }) => Array.isArray(profiles) && profiles.length > 0,
        en: "or leave profile {profiles:names} out: --active-profiles takes what a plain docker compose up would run",
        zh: "或排除 profile {profiles:names}：--active-profiles 只取直接运行 docker compose up 会启动的服务",
      },
    ],
  },
  "compose-cycle": {
    exit: 2,
    en: "{what} runs in a circle: {chain}",
    zh: "{what} 出现循环引用：{chain}",
    hint: {
      en: "remove one of these references",
      zh: "去掉其中一处引用",
    },
  },
  "compose-limit": {
    exit: 2,
    en: '"{file}" is too large to read safely: {detail:cause}',
    zh: "“{file}”过大，无法安全读取：{detail:cause}",
    hint: {
      en: "split the file, or check that it is the compose file you meant",
      zh: "拆分该文件，或确认它确实是你要用的 compose 文件",
    },
  },
  "interpolation-invalid": {
    exit: 2,
    en: 'cannot fill in variables in {where}: "{template}" is not a valid template',
    zh: "无法替换 {where} 中的变量：“{template}”不是有效的模板",
    hint: {
      en: "write $NAME, ${NAME} or ${NAME:-default}, and $$ for a plain $",
      zh: "写成 $NAME、${NAME} 或 ${NAME:-default}，单独的 $ 写成 $$",
    },
  },
  "variable-required": {
    exit: 2,
    en: 'required variable "{variable}" is missing a value: {reason:cause} ({where})',
    zh: "必需的变量“{variable}”没有值：{reason:cause}（{where}）",
    hint: {
      en: "set {variable} in the environment or in the env file",
      zh: "在环境变量或 env 文件中设置 {variable}",
    },
  },
  "env-file-invalid": {
    exit: 2,
    en: 'cannot read line {line} of the env file "{file}": {detail:cause}',
    zh: "无法解析 env 文件“{file}”的第 {line} 行：{detail:cause}",
    hint: {
      en: "write lines as NAME=value",
      zh: "每行写成 NAME=value",
    },
  },
  "value-not-text": {
    exit: 2,
    en: "{where} takes a value that is not text in UTF-8 from {variables:names}",
    zh: "{where} 引用的 {variables:names} 的值不是 UTF-8 文本",
    hint: {
      en: "save the env file that sets it as UTF-8, for example with iconv -f GB18030 -t UTF-8 FILE",
      zh: "请以 UTF-8 编码保存设置该变量的 env 文件，例如用 iconv -f GB18030 -t UTF-8 FILE 转换",
    },
  },
  "project-name-invalid": {
    exit: 2,
    en: 'project name "{name}" is not valid',
    zh: "项目名“{name}”无效",
    hint: {
      en: "set name: at the top of the compose file or COMPOSE_PROJECT_NAME to lower-case letters, digits, - and _, starting with a letter or digit",
      zh: "在 compose 文件顶层写 name:，或设置 COMPOSE_PROJECT_NAME：使用小写字母、数字、- 和 _，并以字母或数字开头",
    },
  },
} as const satisfies Record<string, ErrorRow>;

export const COMPOSE_TEXTS = {
  "limit-file": { en: "it is larger than {most:bytes}", zh: "它超过 {most:bytes}" },
  "limit-tokens": { en: "it has more than {most} YAML tokens", zh: "它的 YAML 记号超过 {most} 个" },
  "limit-nesting": { en: "it nests deeper than {most} levels", zh: "嵌套超过 {most} 层" },
  "limit-aliases": { en: "its aliases multiply its contents", zh: "它的别名使内容成倍增长" },
  "limit-merge-keys": { en: "its merge keys multiply its contents", zh: "它的合并键使内容成倍增长" },
  "limit-tags": {
    en: "its !reset and !override tags multiply through aliases",
    zh: "它的 !reset 和 !override 标签因别名成倍增长",
  },
  "yaml-control": { en: "control characters are not allowed", zh: "不允许出现控制字符" },
  "yaml-version": { en: "compose reads YAML 1.1, not {version}", zh: "compose 读取的是 YAML 1.1，不是 {version}" },
  "yaml-anchor-unknown": { en: 'unknown anchor "{name}"', zh: "没有名为“{name}”的锚点" },
  "yaml-anchor-cycle": { en: 'the value of anchor "{name}" contains itself', zh: "锚点“{name}”的值包含自身" },
  "yaml-no-value": { en: "this is not a value", zh: "这不是一个值" },
  "yaml-key-twice": { en: 'mapping key "{name}" is already defined', zh: "键“{name}”重复定义" },
  "yaml-key-type": { en: "a mapping key must be a string", zh: "键必须是字符串" },
  "yaml-merge-key": { en: "a merge key takes a mapping or a list of mappings", zh: "合并键的值必须是映射或映射的列表" },
  "env-name-space": { en: "a name cannot contain a space", zh: "变量名不能含空格" },
  "env-name-character": { en: '"{character}" is not allowed in a name', zh: "变量名不能含“{character}”" },
  "env-quote-open": { en: "the quoted value has no closing quote", zh: "带引号的值缺少结尾的引号" },
  "variable-must-be-set": { en: "it must be set", zh: "必须设置" },
  "warning-variable-unset": {
    en: "variable {variable} is not set and counts as empty",
    zh: "变量 {variable} 没有设置，按空值处理",
  },
  "warning-version-obsolete": {
    en: "the top-level version in {file} is obsolete, compose does not read it",
    zh: "{file} 中的顶层 version 已废弃，compose 会忽略它",
  },
  "warning-several-files": {
    en: "several compose files found ({files}), {file} is used",
    zh: "找到多个 compose 文件（{files}），使用 {file}",
  },
  "warning-image-not-written": {
    en: 'service "{service}" names "{image}" in {attribute} of an extended or included file, or in a value used elsewhere too: it keeps that name, so the host pulls it from its own registry',
    zh: "服务“{service}”在被 extends 或 include 的文件（或别处也用到的值）的 {attribute} 中使用“{image}”：名字保持不变，主机将从源仓库拉取",
  },
  "compose-merge-kind": {
    en: "it cannot override the {kind} at {where} with another kind of value",
    zh: "它无法用另一种类型的值覆盖 {where} 处的 {kind}",
  },
  "compose-mapping": { en: "{key} must be a mapping", zh: "{key} 必须是映射（mapping）" },
  "compose-top-mapping": { en: "the top level must be a mapping", zh: "顶层必须是映射（mapping）" },
  "compose-list": { en: "{key} must be a list", zh: "{key} 必须是列表" },
  "compose-string": { en: "{key} must be a string", zh: "{key} 必须是字符串" },
  "compose-strings": { en: "{key} must be a list of strings", zh: "{key} 必须是字符串列表" },
  "compose-string-or-list": { en: "{key} must be a string or a list", zh: "{key} 必须是字符串或列表" },
  "compose-string-or-mapping": { en: "{key} must be a string or a mapping", zh: "{key} 必须是字符串或映射（mapping）" },
  "compose-service-name": {
    en: '"{name}" cannot be the name of a service: use letters, digits, "." "_" and "-"',
    zh: "“{name}”不能作为服务名：只能使用字母、数字、“.”、“_”和“-”",
  },
  "compose-name-taken": { en: "a service has that name too", zh: "已有同名的服务" },
  "compose-depends-inactive": {
    en: 'service "{service}" depends on "{other}", which no active profile enables',
    zh: "服务“{service}”依赖“{other}”，但没有任何已启用的 profile 包含它",
  },
  "compose-depends-unknown": {
    en: 'service "{service}" depends on "{other}", which is not defined',
    zh: "服务“{service}”依赖“{other}”，但它没有定义",
  },
  "compose-include-path": { en: "include.path is missing", zh: "缺少 include.path" },
  "compose-includes-deep": { en: "its includes nest too deeply", zh: "include 嵌套过深" },
  "compose-extends-deep": { en: "its extends form too long a chain", zh: "extends 链过长" },
  "compose-extends-kind": {
    en: 'extends of service "{service}" must be a string or a mapping',
    zh: "服务“{service}”的 extends 必须是字符串或映射（mapping）",
  },
  "compose-extends-service": {
    en: 'extends of service "{service}" must name a service',
    zh: "服务“{service}”的 extends 必须指明一个服务",
  },
  "compose-extends-file": {
    en: 'extends.file of service "{service}" must be a string',
    zh: "服务“{service}”的 extends.file 必须是字符串",
  },
  "compose-extends-unknown": {
    en: 'service "{service}" extends "{other}", which is not in {file}',
    zh: "服务“{service}”的 extends 引用“{other}”，但 {file} 中没有它",
  },
  "compose-files-most": { en: "a project may have {most} files", zh: "一个项目最多 {most} 个文件" },
  "compose-file-size": { en: "it has more than {most:bytes}", zh: "它超过 {most:bytes}" },
  "file-not-text": { en: "it is not text in UTF-8", zh: "它不是 UTF-8 文本" },
  "v1-second-document": {
    en: "{where}: a second YAML document in one file",
    zh: "{where}：同一文件中的第二个 YAML 文档",
  },
  "v1-top-level": { en: '{where}: top-level "{key}"', zh: "{where}：顶层的“{key}”" },
  "v1-version": { en: "{where}: a version without quotes", zh: "{where}：version 没有加引号" },
  "v1-tag": { en: "{where}: the tag on {path}", zh: "{where}：{path} 上的标签（tag）" },
  "v1-anchor": { en: "{where}: an anchor of a name that is taken", zh: "{where}：锚点（anchor）重名" },
  "v1-unquoted": { en: "{where}: {text} without quotes", zh: "{where}：{text} 没有加引号" },
  "v1-unquoted-key": { en: "{where}: the key {key} without quotes", zh: "{where}：键 {key} 没有加引号" },
  "v1-init": { en: "{where}: init as a string", zh: "{where}：init 是字符串" },
  "v1-null": { en: "{where}: {key} without a value", zh: "{where}：{key} 没有值" },
  "v1-image-null": { en: "{where}: an image without a value", zh: "{where}：image 没有值" },
  "v1-attribute": { en: "{where}: {path}", zh: "{where}：{path}" },
  "v1-dollar": { en: '{where}: a "$" that begins no variable', zh: "{where}：“$”后面不是变量" },
  "v1-plus": { en: '{where}: a variable form with "+"', zh: "{where}：带“+”的变量写法" },
  "v1-nested": { en: "{where}: a variable within another's default", zh: "{where}：变量的默认值中又有变量" },
} as const satisfies Record<string, Text>;
