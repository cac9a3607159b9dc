/** Messages about flags, variables and settings. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const CONFIG_ERRORS = {
  "command-unknown": {
    exit: 2,
    en: 'there is no command "{command}"',
    zh: "没有命令“{command}”",
    hint: { en: "compose-mirror help lists the commands", zh: "compose-mirror help 会列出所有命令" },
  },
  "command-mistyped": {
    exit: 2,
    en: 'there is no command "{command}"',
    zh: "没有命令“{command}”",
    hint: { en: 'did you mean "{near}"?', zh: "是否想输入“{near}”？" },
  },
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
  "flag-repeated": {
    exit: 2,
    en: "{flag} is given more than once: {values:list}",
    zh: "{flag} 重复指定：{values:list}",
    hint: {
      en: "give {flag} once",
      zh: "只保留一个 {flag}",
    },
  },
  "argument-missing": {
    exit: 2,
    en: "{argument} is missing",
    zh: "缺少 {argument}",
    hint: { en: "give it as an argument: {argument}", zh: "请作为参数给出：{argument}" },
  },
  "task-variable-unknown": {
    exit: 2,
    en: 'task was given the variable "{name}", which nothing reads',
    zh: "传给 task 的变量“{name}”没有任何作用",
    hint: {
      en: "flags stand after --, as in task mirror -- --dry-run; the variables are {known:names}",
      zh: "参数写在 -- 之后，例如 task mirror -- --dry-run；可用的变量：{known:names}",
    },
  },
  "exec-usage": {
    exit: 2,
    en: "exec needs the name of one service and a program to run in it",
    zh: "exec 需要一个服务名和要在其中执行的程序",
    hint: { en: "for example: exec web -- sh", zh: "例如：exec web -- sh" },
  },
  "exec-hosts": {
    exit: 2,
    en: "exec works on one host, and several are set: {hosts:names}",
    zh: "exec 只能用于一台主机，但设置了多台：{hosts:names}",
    hint: { en: "choose one with --host", zh: "用 --host 指定其中一台" },
  },
  "value-quotes": {
    exit: 2,
    en: "the value of {name} is enclosed in typographic quotes: {open} {close}",
    zh: "{name} 的值用了中文引号：{open} {close}",
    hint: {
      en: "write the value without quotes, or in plain ones, as on an English keyboard",
      zh: "去掉引号，或改用英文引号",
    },
  },
  "init-terminal": {
    exit: 2,
    en: 'init asks questions, and there is no terminal to ask them on; nothing was written to "{folder}"',
    zh: "init 需要在终端中提问，当前没有终端；未向“{folder}”写入任何内容",
    hint: {
      en: "set MIRROR_REGISTRY, MIRROR_NAMESPACE, MIRROR_USERNAME and MIRROR_PASSWORD in the environment or in mirror.env (mode 600) beside the compose file, and DEPLOY_HOST where a host is wanted",
      zh: "在环境变量或 compose 文件旁的 mirror.env（权限 600）中设置 MIRROR_REGISTRY、MIRROR_NAMESPACE、MIRROR_USERNAME 和 MIRROR_PASSWORD；需要部署时再设置 DEPLOY_HOST",
    },
  },
  "settings-open": {
    exit: 2,
    en: 'other users may read "{file}", so its settings are not used',
    zh: "“{file}”对其他用户可读，因此不采用其中的设置",
    hint: {
      en: "see that every line in it is yours, also where the passwords are to go, and then: chmod 600 {file}",
      zh: "确认其中每一行都是你自己写的（包括密码发往何处），然后运行：chmod 600 {file}",
    },
  },
  "settings-shipped": {
    exit: 2,
    en: '{variables:names} is set in "{file}", which goes to the host with the project',
    zh: "“{file}”中设置了 {variables:names}，而该文件会随项目发送到主机",
    hint: {
      en: "put it into {place}, which is never sent",
      zh: "请写到 {place} 中，该文件不会被发送",
    },
  },
  "settings-line": {
    exit: 2,
    en: 'line {line} of "{file}" is not NAME=VALUE',
    zh: "“{file}”第 {line} 行不是 NAME=VALUE 的形式",
    hint: {
      en: "correct the line; save the file as UTF-8",
      zh: "改正该行，并以 UTF-8 编码保存文件",
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
  "report-place": {
    exit: 2,
    en: 'will not write the report "{file}": {detail:cause}',
    zh: "拒绝写入报告“{file}”：{detail:cause}",
    hint: {
      en: "choose another name with --report",
      zh: "用 --report 指定另一个文件名",
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
export const CONFIG_TEXTS = {
  "flag-not-known": { en: 'there is no flag "{flag}"', zh: "没有参数“{flag}”" },
  "flag-not-known-near": {
    en: 'there is no flag "{flag}"; did you mean {near}?',
    zh: "没有参数“{flag}”，是否想用 {near}？",
  },
  "flag-of-others": { en: 'this command does not take "{flag}"', zh: "该命令不支持参数“{flag}”" },
  "flag-needs-value": { en: "{flag} needs a value", zh: "{flag} 缺少取值" },
  "flag-takes-no-value": { en: "{flag} takes no value", zh: "{flag} 不接受取值" },
  "argument-unexpected": { en: 'unexpected argument "{argument}"', zh: "多余的参数“{argument}”" },
  "value-empty": { en: "it is empty", zh: "取值为空" },
  "value-choices": { en: "it must be one of {choices:names}", zh: "取值必须是其中之一：{choices:names}" },
  "value-number": { en: "it must be a whole number from {least} to {most}", zh: "取值必须是 {least} 到 {most} 的整数" },
  "value-size": { en: "it must be a size such as 20GB or 500MB", zh: "取值必须是大小，例如 20GB 或 500MB" },
  "value-part-size": {
    en: "it must be at least {least:bytes}",
    zh: "取值至少为 {least:bytes}",
  },
  "value-registry": {
    en: "it must be a host name with an optional port, without https:// and without a path",
    zh: "必须是主机名，可带端口，不带 https:// 和路径",
  },
  "value-component": { en: '"{part}" cannot be part of a name', zh: "“{part}”不能作为名字的一部分" },
  "value-blank": { en: "it begins or ends with a blank", zh: "开头或结尾有空格" },
  "value-other-home": {
    en: "the home of another user is not looked up; write an absolute path, or ~/ for the home of the ssh user",
    zh: "不支持其他用户的主目录；请写绝对路径，或用 ~/ 表示 ssh 用户的主目录",
  },
  "value-control": { en: "it holds a control character", zh: "含有控制字符" },
  "value-release": { en: "it is not the id of a release", zh: "不是版本编号" },
  "host-empty": { en: "it is empty", zh: "内容为空" },
  "host-dash": { en: 'it begins with "-"', zh: "以“-”开头" },
  "host-scheme": { en: "only ssh:// is known", zh: "只支持 ssh://" },
  "host-name": { en: '"{name}" cannot be the name of a host', zh: "“{name}”不能作为主机名" },
  "host-user": { en: '"{user}" cannot be the name of a user', zh: "“{user}”不能作为用户名" },
  "host-port": { en: '"{port}" is not a port', zh: "“{port}”不是端口" },
  "variable-unknown": {
    en: "the variable {variable} is set, but there is no such setting",
    zh: "设置了变量 {variable}，但没有这项设置",
  },
  "variable-unknown-near": {
    en: "the variable {variable} is set, but there is no such setting; did you mean {near}?",
    zh: "设置了变量 {variable}，但没有这项设置，是否想用 {near}？",
  },
  "setting-misplaced": {
    en: '{variables:names} in "{file}" has no effect: that file is for docker compose; move it to "{place}" or to the environment',
    zh: "“{file}”中的 {variables:names} 不起作用：该文件供 docker compose 使用；请移到“{place}”或环境变量中",
  },
} as const satisfies Record<string, Text>;
