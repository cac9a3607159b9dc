/** The same texts and the errors' texts in Chinese; a missing one is a type error. */
import type { ErrorCode } from "./errors.ts";
import type { TextKey } from "./texts-en.ts";

export const TEXTS_ZH: Readonly<Record<TextKey, string>> = {
  error: "错误：{text}",
  wayOut: "  解决办法：{text}",
  warning: "警告：{text}",
  reportBug: "这是 compose-mirror 自身的缺陷，请连同以上内容一起反馈",
  interrupted: "已中断；重新运行同一条命令即可，已完成的工作会保留",

  helpFlags: "参数（方括号内为对应的环境变量，参数优先）：",
  helpDefault: "（默认 {value}）",
  helpSettings: "MIRROR_ 和 DEPLOY_ 开头的变量也可以写在 package.json 旁边的 .env 里。只能用变量设置的：{variables}",
  helpExit: "退出码：0 全部完成；1 有镜像或部署失败；2 用法或配置有误；130 被中断",

  "about-images": "列出 compose 项目的所有镜像及其在私有仓库中的名字",
  "about-check": "动手之前检查引擎、镜像仓库、主机和磁盘",
  "about-pull": "第一步：按平台拉取所有镜像",
  "about-push": "第二步：把拉取到的镜像推送到私有仓库",
  "about-generate-amd64-pull-script": "生成拉取所有镜像的 bash 脚本",
  "about-generate-push-to-aliyun-script": "生成把所有镜像推送到私有仓库的 bash 脚本",
  "about-generate-mirror-compose": "生成使用私有仓库镜像的 docker-compose-mirror.yaml",
  "about-deploy": "把 docker-compose-mirror.yaml 复制到主机并在那里启动",
  "about-status": "查看主机上正在运行的服务",
  "about-serve": "把内容库作为只读镜像仓库提供给本机（docker pull localhost:端口/…）",
  "about-prune": "清理内容库，最久未用的先删，直到不超过 --store-limit",
  "about-verify": "比较锁文件、私有仓库和原仓库，报告不一致之处",
  "about-outdated": "列出每个镜像的更新版本",
  "about-demo": "完整演示：在本机生成镜像、同步、生成 compose 文件，只需要 Node",
  "about-mirror": "一次完成：检查、拉取并推送、生成 compose 文件、部署",

  "flag-file": "compose 文件，可重复",
  "flag-env-file": "compose 文件使用的变量文件，可重复",
  "flag-profile": "只包含该 profile 及没有 profile 的服务，可重复",
  "flag-ignore": "忽略列表文件，其中的镜像不会同步",
  "flag-with-build-bases": "构建所用的基础镜像也一并同步",
  "flag-rename": "在私有仓库中使用的另一个名字，可重复",
  "flag-on-collision": "两个镜像得到同一个名字时怎么办",
  "flag-registry": "私有镜像仓库地址",
  "flag-namespace": "私有镜像仓库的命名空间",
  "flag-pull-registry": "主机拉取时使用的仓库地址，例如 -vpc 内网地址",
  "flag-platform": "要同步的镜像平台",
  "flag-engine": "由谁拉取和推送：direct 不需要守护进程，可断点续传",
  "flag-source-mirror": "从另一个地址读取某仓库的镜像，如 docker.io=HOST/PREFIX，可重复",
  "flag-insecure": "不使用 TLS 访问的仓库，可重复",
  "flag-pin": "在 compose 文件中同时写明标签和摘要",
  "flag-concurrency": "同时处理的镜像数",
  "flag-store": "内容库所在文件夹",
  "flag-store-limit": "内容库最多占用的空间，例如 20GB",
  "flag-port": "在本机提供内容库的端口",
  "flag-output": "要写入的文件",
  "flag-host": "要部署到的 ssh 主机",
  "flag-dir": "主机上的目录",
  "flag-dry-run": "只显示计划，什么都不做",
  "flag-json": "以 JSON 输出结果",
  "flag-yes": "不询问",
  "flag-lang": "消息语言",
  "flag-help": "显示本说明",

  "count-pulled": "已拉取 {count} 个",
  "count-pushed": "已推送 {count} 个",
  "count-present": "{count} 个已存在，无需传输",
  "count-failed": "失败 {count} 个",
  "status-pulled": "已拉取",
  "status-pushed": "已推送",
  "status-present": "已存在",
  "status-failed": "失败",
  "phase-pull": "拉取中",
  "phase-verify": "核对平台",
  "phase-fallback": "按平台摘要拉取",
  "phase-tag": "打标签",
  "phase-push": "推送中",
  retrying: "第 {attempt} 次尝试失败（{reason}），{delay} 后重试",
  boardCount: "{done}/{total} 个镜像",
  boardMore: "另有 {count} 个",
  storeSize: "本地内容库 {folder} 占用 {bytes}",
  boardLeft: "约剩 {time}",

  "check-engine": "{engine} {version} 可用",
  "check-disk": "{folder} 可用于镜像的空间：{bytes}",
  "check-registry": "{registry} 登录成功",
  "check-registry-anonymous": "{registry} 可访问（未登录）",
  "check-namespace": "{registry} 的命名空间 {namespace} 可以推送",
  "check-host": "{host}：{system}，{engine}，compose {compose}，剩余 {bytes}",
  "warning-local-disk-low": "本机 {folder} 仅剩 {bytes}",

  askingRegistries: "正在查询镜像仓库",
  lookingAt: "正在查看 {host}",
  stepCheck: "检查",
  stepTransfer: "拉取并推送 {count} 个镜像",
  stepPull: "拉取 {count} 个镜像",
  stepPush: "推送 {count} 个镜像",
  stepCompose: "生成 {file}",
  stepDeploy: "部署到 {host}",
  stepRollback: "在 {host} 上恢复之前的版本",
  stepDeployNowhere: "部署",
  skipNoHost: "没有指定主机（--host），流程到生成 compose 文件为止",
  skipFailed: "有镜像失败，跳过",

  imagesSummary: "需同步 {mirror} 个，忽略 {ignored} 个，自行构建 {built} 个",
  "image-ignored": "（忽略）",
  "image-built": "（构建）",

  "verify-not-locked": "尚未以此名字同步：请运行 mirror",
  "verify-not-used": "仅在锁文件中：项目已不再使用，下次 mirror 会移除",
  "verify-source-moved": "原仓库已有另一个镜像（{actual}）：运行 mirror 获取",
  "verify-source-gone": "原仓库中已不存在；私有仓库仍保留锁定的版本（{locked}）",
  "verify-source-unknown": "原仓库没有应答：{reason}",
  "verify-mirror-moved": "私有仓库中的镜像（{actual}）与当时同步的（{locked}）不同：有人另行推送过",
  "verify-mirror-gone": "私有仓库中已不存在（{locked}）：请运行 mirror",
  "verify-mirror-unknown": "私有仓库没有应答：{reason}",
  verifySummary: "{same} 个镜像与锁文件一致，{drifted} 个不一致",
  columnImage: "镜像",
  columnSameMajor: "同一主版本",
  columnNewest: "最新",
  columnServices: "服务",
  outdatedSummary: "{outdated} 个镜像有更新版本，{current} 个没有，{unversioned} 个的标签不含版本号",

  demoPublish: "在本机搭建一个公共仓库",
  demoPublished: "公共仓库已就绪：{count} 个镜像，{size}，均为现场生成",
  demoMirror: "同步 {count} 个镜像到 {host}",
  demoVerify: "将锁文件与两端仓库比较",
  demoEnd: "以上是 {file}；用于自己的项目时，设置 MIRROR_REGISTRY 和 MIRROR_NAMESPACE，然后运行 mirror",

  serving: "正在 {host} 上提供 {folder}：{count} 个镜像，{size}；按 Ctrl-C 结束",
  pruned: "已删除 {names} 个镜像、{blobs} 个 blob，共 {size}",
  storeHolds: "{folder} 中有 {count} 个镜像，{size}；未下载完的 blob：{partials}",

  wrote: "已写入 {file}",
  rewritten: "{file} 中改写了 {count} 处镜像",
  untouchedIgnored: "服务“{service}”保留“{image}”：它在忽略列表中，主机将从原仓库拉取",
  untouchedBuilt: "服务“{service}”由源码构建，保持不变",
  frozen: "服务“{service}”：镜像中的变量（{variables}）已固定为“{image}”",

  planTitle: "计划（不执行任何操作）：",
  planTransfer: "{source} -> {target}（{platform}）",
  planCompose: "写入 {file}",
  planDeploy: "部署到 {host}:{dir}",
  planRun: "在主机上：{command}",

  "deploy-connecting": "连接中",
  "deploy-probing": "查看主机",
  "deploy-login": "登录 {registry}",
  "deploy-pull": "拉取 {image}",
  "deploy-keep": "把正在运行的内容保存为版本 {release}",
  "deploy-place": "放置新文件",
  "deploy-up": "启动服务",
  "deploy-left-unchanged": "主机上没有任何改动，服务照常运行",
  "deploy-left-starting": "新文件已就位，主机会自行继续启动服务",
  "deploy-left-placed": "新文件已就位，服务停在当前所到的状态",
  deployHost: "{user}@{host}：{system}，{platform}，{engine}，compose {compose}",
  noContainers: "{host} 的 {dir} 中没有本项目的容器在运行",
  "warning-variable-unset": "变量 {variable} 没有设置，按空值处理",
  "warning-version-obsolete": "{file} 中的顶层 version 已废弃，compose 会忽略它",
  "warning-several-files": "找到多个 compose 文件（{files}），使用 {file}",
  "warning-image-not-written":
    "服务“{service}”在被 extends 或 include 的文件（或别处也用到的值）的 {attribute} 中使用“{image}”：名字保持不变，主机将从原仓库拉取",
  "warning-docker-aging": "{host} 上的 docker {version} 早于 {recent}：使用较新 libc 的镜像可能启动后失败",
  "warning-compose-v1": "{host} 上的 docker-compose {version} 是已停止维护的第 1 版",
  "warning-engine-podman": "{host} 上的 docker 实际是 podman：按 docker 使用，但 compose 的行为可能不同",
  "warning-disk-low": "{host} 的 {folder} 只剩 {bytes} 空间",
  "warning-env-file-missing": "项目会读取 env 文件，而 {host} 的 {dir} 中没有 .env，将使用默认值",
  "warning-login-skipped": "本机没有 {registry} 的登录信息，将使用 {host} 自己已有的登录",
  "warning-login-unsupported":
    "{host} 上的 docker {version} 不支持从标准输入读取密码，将使用它自己对 {registry} 已有的登录",
  "deploy-locked": "等待另一个部署结束：{holder}",
  "deploy-send": "发送 {count} 个文件",
  "deploy-verify": "核对收到的 {count} 个镜像",
  "deploy-recreate": "挂载的文件有变化，重建：{services}",
  "deploy-wait": "等待服务就绪，最多 {seconds} 秒",
  "deploy-record": "记录版本 {release}",
  "deploy-prune": "清理不再保留的版本所用的内容",
  "deploy-restore": "恢复版本 {release} 的文件",
  "deploy-return": "撤回 stack {stack} 的更新",
  "deploy-retag": "让 {image} 指回原来的镜像",
  "deploy-returning": "回退到上一个版本，原因：{reason}",
  "deploy-left-returned": "主机已恢复运行上一个版本",
  "deploy-left-return-failed": "回退到上一个版本也失败了，请在主机上查看 docker compose ps",
  deployWaitingFor: "等待 {services}",
  deployWell: "所有服务均已就绪",
  planLock: "取得锁",
  planChange: "{service}：{from} -> {to}",
  planNew: "{service}：新增，{to}",
  planSend: "要发送的文件：{files}",
  planKept: "主机保留的文件：{files}",
  planDownload: "镜像：最多拉取 {bytes}，剩余空间 {free}",
  planReturn: "如果失败：",
  statusRelease: "版本 {release}，部署于 {time}",
  statusNoRelease: "尚未由 compose-mirror 部署过",
  statusKept: "保留的版本：{releases}",
  "drift-other-image": "服务“{service}”运行的镜像与其版本记录不一致",
  "drift-missing": "版本中的服务“{service}”没有容器",
  "drift-behind-lock": "服务“{service}”运行 {found}，而锁文件中是 {expected}",
  "about-rollback": "恢复到上一个版本，或指定的版本",
  "flag-ship": "主机上已有但内容不同的文件也发送",
  "flag-no-ship": "只发送 compose 文件",
  "flag-sudo": "主机的 docker 只对 root 开放时，通过 sudo 调用",
  "flag-tunnel": "主机通过 ssh 从本地内容库拉取，不需要镜像仓库",
  "flag-keep-login": "让主机保持对镜像仓库的登录",
  "flag-no-rollback": "部署失败时不回退",
  "flag-wait": "等待服务就绪的秒数上限",
  "flag-keep": "在主机上保留的版本数",
  "flag-release": "要恢复的版本，可省略 --release",
  "warning-built-on-host": "服务“{service}”在 {host} 上构建，源码需要已在那里",
  "warning-file-kept": "{host} 上的 {file} 已在那里被修改，保持不动；用 --ship 可覆盖",
  "warning-lock-missing": "mirror compose 文件旁没有 mirror.lock.json，不核对镜像",
  "warning-pull-registry-unreachable": "{host} 无法访问 {registry}，改用公网地址拉取",
  "deploy-converge": "等待 stack 收敛，最多 {seconds} 秒",
  "warning-stack-dropped": "“{service}”的 {attribute} 对 swarm 没有意义，已去掉",
  "warning-stack-order": "服务“{service}”的 depends_on 不起作用：swarm 会同时启动所有服务",
  "warning-stack-restart": "服务“{service}”的 restart 已改写为 deploy.restart_policy",
  "warning-stack-mount": "服务“{service}”挂载 {source}，它必须存在于 swarm 的每个节点上",
  "flag-orchestrator": "主机上由谁运行服务；swarm 要求主机是管理节点",
  "warning-selinux-enforcing": "{host} 的 SELinux 处于强制模式，挂载 {sources} 未带 :z，容器可能无权读取",
};

export const ERRORS_ZH: Readonly<Record<ErrorCode, { readonly says: string; readonly fix: string }>> = {
  // 命令行与配置
  "flag-unknown": { says: "无法解析命令行：{detail}", fix: "加 --help 运行该命令，查看它支持的参数" },
  "flag-value": { says: "{flag} 的值“{value}”无效：{detail}", fix: "改正 {flag}；--help 说明了它的取值" },
  "setting-missing": {
    says: "缺少 {flag}",
    fix: "传入 {flag}，或在环境变量、package.json 旁边的 .env 中设置 {variable}",
  },
  "credentials-half": {
    says: "已设置 {set}，但没有设置 {missing}",
    fix: "两个都设置，或者都不设置以使用 docker 或 podman 保存的登录",
  },
  "file-read": { says: "无法读取“{file}”：{detail}", fix: "检查路径和读取权限" },
  "file-write": { says: "无法写入“{file}”：{detail}", fix: "检查目录权限和剩余空间，然后重新运行" },
  "output-is-source": { says: "拒绝写入“{file}”：它是项目自己的文件", fix: "用 --output 指定另一个文件名" },
  "pin-unknown": {
    says: "无法固定镜像“{image}”的摘要：mirror.lock.json 中没有它在私有仓库的摘要",
    fix: "运行 mirror --pin 以取得摘要，或去掉 --pin",
  },
  "command-missing": { says: "无法启动“{program}”：{detail}", fix: "安装 {program}，或改正 PATH" },
  interrupted: { says: "已中断", fix: "重新运行同一条命令即可，已完成的工作会保留" },

  // 镜像引用、名称映射、忽略列表
  "reference-invalid": {
    says: "镜像“{image}”不是有效的引用：{detail}",
    fix: "按 [HOST[:PORT]/]NAME[:TAG][@DIGEST] 的格式书写，仓库名用小写",
  },
  "mapping-collision": {
    says: "镜像 {sources} 在私有仓库中会重名：“{target}”",
    fix: "用 --rename SOURCE=NAME 或在忽略列表文件中加一行 SOURCE=NAME 给其中一个改名，或加 --on-collision prefix-host",
  },
  "rename-invalid": {
    says: "改名规则“{rename}”无效：{detail}",
    fix: "按 SOURCE=NAME 的格式书写，例如 nginx=web-server",
  },
  "source-mirror-invalid": {
    says: "源站镜像“{mirror}”无效：{detail}",
    fix: "写成 REGISTRY=HOST[/PREFIX]，例如 docker.io=mirror.example",
  },
  "registry-invalid": {
    says: "“{registry}”不是有效的镜像仓库地址：{detail}",
    fix: "写成 HOST 或 HOST:PORT，不带 https://，也不带路径",
  },
  "namespace-invalid": {
    says: "命名空间“{namespace}”无效：{detail}",
    fix: "使用小写字母和数字，中间可用 - _ . 分隔",
  },
  "platform-invalid": {
    says: "平台“{platform}”无效",
    fix: "写成 OS/ARCH 或 OS/ARCH/VARIANT，例如 linux/amd64",
  },
  "platform-conflict": {
    says: "镜像“{image}”被服务 {services} 要求用于不同平台 {platforms}，而私有仓库中一个名字只对应一个平台",
    fix: "让这些服务使用同一平台，或使用不同的镜像",
  },

  // 内容库
  "digest-invalid": {
    says: "“{digest}”不是有效的摘要（digest）",
    fix: "问题出在写下它的一方（镜像仓库、manifest 或 lock 文件）；摘要应为“sha256:”加 64 位十六进制数字",
  },
  "store-foreign": {
    says: "目录“{folder}”不是本工具的内容库：{detail}",
    fix: "用 --store 指定一个空目录，或由本工具创建的目录",
  },
  "store-read": {
    says: "无法读取内容库“{folder}”：{detail}",
    fix: "检查目录权限，或用 --store 换一个目录",
  },
  "store-write": {
    says: "无法写入内容库“{folder}”：{detail}",
    fix: "检查目录权限和磁盘，或用 --store 换一个目录；已有内容会保留",
  },
  "store-full": {
    says: "内容库“{folder}”所在磁盘已满",
    fix: "释放空间，用 prune 命令清除旧镜像，或用 --store 换一个目录；已有内容会保留",
  },
  "store-busy": {
    says: "内容库“{folder}”正被进程 {process} 使用，因此没有清除任何内容",
    fix: "等该进程结束后重新运行",
  },
  "serve-port": {
    says: "无法在端口 {port} 上提供内容库：{detail}",
    fix: "用 --port 换一个端口，或结束占用该端口的程序",
  },
  "blob-missing": {
    says: "内容库“{folder}”中没有 blob“{digest}”",
    fix: "重新运行，或先执行 pull，届时会下载它",
  },
  "blob-corrupt": {
    says: "blob“{digest}”的内容与摘要不符（{detail}），已丢弃",
    fix: "重新运行；如果反复出现，说明来源或中间的代理改动了内容，用 --source-mirror 换一个来源",
  },
  "blob-short": {
    says: "blob“{digest}”只收到 {size} 字节，共 {total} 字节",
    fix: "重新运行，会从断点继续",
  },
  "lock-invalid": {
    says: "锁文件 “{file}” 无效：{detail}",
    fix: "请修正它、从版本控制中恢复，或删除后重新镜像",
  },
  "lock-missing": {
    says: "没有锁文件“{file}”，无从比较",
    fix: "请先运行 mirror 生成它；若当时用了其他 --output，这里也要给出同样的值",
  },

  // compose 文件
  "compose-not-found": {
    says: "在“{folder}”及其上级目录中没有找到 compose 文件",
    fix: "进入项目目录再运行，或用 -f 指定文件",
  },
  "compose-stdin": {
    says: "不支持从标准输入读取 compose 文件（-f “-”）",
    fix: "把内容存成文件，再用 -f 指定",
  },
  "compose-remote": {
    says: "无法读取远程 compose 文件“{file}”（{where}）",
    fix: "把它下载到项目旁边，并改为引用本地副本",
  },
  "compose-yaml": { says: "{where} 不是有效的 YAML：{detail}", fix: "改正文件中的这一行" },
  "compose-invalid": {
    says: "compose 文件无法使用，{where}：{detail}",
    fix: "改正该文件；docker compose config 会做同样的检查",
  },
  "compose-empty": {
    says: "“{file}”中没有任何服务",
    fix: "补上 services 部分，或用 -f 指定另一个文件",
  },
  "compose-no-image": {
    says: "服务“{service}”既没有 image 也没有 build（{where}）",
    fix: "给该服务加上 image 或 build",
  },
  "compose-cycle": { says: "{what} 出现循环引用：{chain}", fix: "去掉其中一处引用" },
  "compose-limit": {
    says: "“{file}”过大，无法安全读取：{detail}",
    fix: "拆分该文件，或确认它确实是你要用的 compose 文件",
  },
  "interpolation-invalid": {
    says: "无法替换 {where} 中的变量：“{template}”不是有效的模板",
    fix: "写成 $NAME、${NAME} 或 ${NAME:-default}，单独的 $ 写成 $$",
  },
  "variable-required": {
    says: "必需的变量“{variable}”没有值：{reason}（{where}）",
    fix: "在环境变量或 env 文件中设置 {variable}",
  },
  "env-file-invalid": {
    says: "无法解析 env 文件“{file}”的第 {line} 行：{detail}",
    fix: "每行写成 NAME=value",
  },
  "project-name-invalid": {
    says: "项目名“{name}”无效",
    fix: "使用小写字母、数字、- 和 _，并以字母或数字开头",
  },

  // 引擎
  "engine-stopped": {
    says: "{engine} 没有响应：{detail}",
    fix: "启动它（Docker Desktop，或 systemctl start docker），或用 --engine 换一个",
  },
  "engine-permission": {
    says: "当前用户无权使用 {engine}：{detail}",
    fix: "把自己加入 docker 用户组（sudo usermod -aG docker $USER），然后重新登录系统",
  },
  "image-not-pulled": { says: "本机没有 {platform} 平台的镜像“{image}”", fix: "先运行 pull" },
  "image-platform": {
    says: "镜像“{image}”没有 {platform} 平台的版本，只提供 {offered}",
    fix: "用 --platform 选择其中之一，换一个标签，或把该镜像加入 ignore-images.txt",
  },
  "image-missing": {
    says: "镜像仓库中没有镜像“{image}”：{detail}",
    fix: "改正 compose 文件中的名字和标签，或把它加入 ignore-images.txt",
  },
  "pull-denied": {
    says: "镜像仓库拒绝提供“{image}”：{detail}",
    fix: "检查名字；如果是私有镜像，先登录：{engine} login {registry}",
  },
  "pull-failed": { says: "无法拉取“{image}”：{detail}", fix: "重新运行即可，已完成的工作会保留" },
  "push-denied": {
    says: "镜像仓库拒绝接收“{image}”：{detail}",
    fix: "检查命名空间是否存在、拼写是否正确，是否允许自动创建仓库（ACR 控制台：命名空间，自动创建仓库），以及该用户是否有推送权限（RAM 授权）",
  },
  "push-manifest": {
    says: "镜像仓库不接受“{image}”的 manifest：{detail}",
    fix: "该镜像带有仓库不认识的 attestation；只拉取其中一个平台（--platform）再推送",
  },
  "push-failed": { says: "无法推送“{image}”：{detail}", fix: "重新运行即可，已完成的工作会保留" },
  "login-denied": {
    says: "“{registry}”拒绝登录：{detail}",
    fix: "改正 MIRROR_USERNAME 和 MIRROR_PASSWORD；阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置",
  },
  "login-failed": { says: "无法登录“{registry}”：{detail}", fix: "手动试一次：{engine} login {registry}" },
  "engine-plain": {
    says: "{engine} 要求镜像仓库“{host}”使用 TLS，而它只提供明文 HTTP：{detail}",
    fix: "把 {host} 加入 {engine} 的 daemon.json 的 insecure-registries",
  },
  "engine-certificate": {
    says: "{engine} 不信任镜像仓库“{host}”的证书：{detail}",
    fix: "把它的 CA 加入系统证书（docker 可放在 /etc/docker/certs.d/{host}/ca.crt），并检查本机时钟",
  },
  "disk-full": {
    says: "本机磁盘已满：{detail}",
    fix: "释放一些空间（{engine} system df 显示占用情况）再重新运行，已完成的工作会保留",
  },

  // 镜像仓库协议
  "registry-unreachable": {
    says: "无法连接镜像仓库“{host}”：{detail}",
    fix: "检查地址和网络；经代理上网请设置 HTTPS_PROXY；被屏蔽的仓库可用 --source-mirror 改从另一个仓库读取",
  },
  "registry-unreachable-vpc": {
    says: "无法连接镜像仓库“{host}”：{detail}",
    fix: "带 -vpc 或 -internal 的地址只在同地域的专有网络内可用：推送用公网地址，内网地址用 --pull-registry 指定",
  },
  "registry-timeout": {
    says: "镜像仓库“{host}”在 {seconds} 秒内没有响应",
    fix: "重新运行同一条命令，已完成的工作会保留；如果一直如此，请检查网络",
  },
  "registry-stalled": {
    says: "与“{host}”的传输几乎停滞：{seconds} 秒内只有 {bytes} 字节",
    fix: "重新运行同一条命令，会从断点继续",
  },
  "registry-cut": { says: "与“{host}”的连接断开：{detail}", fix: "重新运行同一条命令，会从断点继续" },
  "registry-certificate": {
    says: "“{host}”的证书不受信任：{detail}",
    fix: "用 NODE_EXTRA_CA_CERTS 指定其 CA 文件，并检查本机时钟",
  },
  "registry-plain": {
    says: "“{host}”没有使用 TLS：{detail}",
    fix: "如果确实要用明文 http，用 --insecure {host} 允许",
  },
  "registry-proxy": {
    says: "代理“{proxy}”没有放行连接：{detail}",
    fix: "检查 HTTPS_PROXY，或用 NO_PROXY 排除该仓库",
  },
  "registry-proxy-login": {
    says: "代理“{proxy}”要求登录",
    fix: "把用户名和密码写进 HTTPS_PROXY，格式为 http://USER:PASSWORD@{proxy}",
  },
  "registry-redirects": {
    says: "镜像仓库“{host}”重定向了 {count} 次仍未结束",
    fix: "确认该地址是镜像仓库，而不是网页",
  },
  "registry-answer": {
    says: "镜像仓库“{host}”的响应无法使用：{detail}",
    fix: "确认该地址是镜像仓库，并且中间没有代理或登录页面",
  },
  "registry-helper": {
    says: "凭证助手“{helper}”没有给出“{registry}”的凭证：{detail}",
    fix: "安装它，或把它从 docker 的 config.json 的 credsStore 和 credHelpers 中去掉，再执行 docker login",
  },
  "registry-login-missing": {
    says: "“{name}”需要登录“{host}”才能访问，或者并不存在：{detail}",
    fix: "检查名字；如果是私有的，执行 docker login {host}，目标私有仓库则设置 MIRROR_USERNAME 和 MIRROR_PASSWORD",
  },
  "registry-unauthorized": {
    says: "“{host}”拒绝了用户名或密码：{detail}",
    fix: "重新执行 docker login {host}，目标私有仓库则改正 MIRROR_USERNAME 和 MIRROR_PASSWORD",
  },
  "registry-unauthorized-aliyun": {
    says: "“{host}”拒绝了用户名或密码：{detail}",
    fix: "阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置：改正 MIRROR_USERNAME 和 MIRROR_PASSWORD，并确认地址属于你的实例；临时密码一小时后失效",
  },
  "registry-pull-denied": {
    says: "“{host}”不允许该用户读取“{name}”：{detail}",
    fix: "检查名字，以及该账号是否有权读取这个仓库",
  },
  "registry-push-denied": {
    says: "“{host}”不允许该用户写入“{name}”：{detail}",
    fix: "检查命名空间是否存在、拼写是否正确，以及该账号是否有推送权限",
  },
  "registry-push-denied-aliyun": {
    says: "“{host}”不允许该用户写入“{name}”：{detail}",
    fix: "登录没有问题，请在 ACR 控制台检查：命名空间存在且与 MIRROR_NAMESPACE 一致、允许自动创建仓库、RAM 用户有推送权限",
  },
  "registry-not-found": {
    says: "“{host}”上没有“{name}”：{detail}",
    fix: "检查 compose 文件中的名字和标签",
  },
  "registry-push-unknown": {
    says: "“{host}”上不存在“{name}”：{detail}",
    fix: "先在那里创建命名空间或仓库，或改正 --namespace",
  },
  "registry-rate-limit": {
    says: "“{host}”暂时限制了请求：{detail}",
    fix: "稍后重新运行，登录（docker login）以获得更高限额，或用 --source-mirror 改从另一个仓库读取",
  },
  "registry-server": { says: "“{host}”自身出现故障：{detail}", fix: "等一分钟后重新运行同一条命令" },
  "registry-artifact": {
    says: "“{host}”不支持存储“{name}”的这类内容：{detail}",
    fix: "用 direct 引擎同步该镜像，它会略去 attestation",
  },
  "registry-refused": {
    says: "“{host}”拒绝对“{name}”执行 {action}：{detail}",
    fix: "查看仓库给出的说明，检查名字以及仓库自身的限制",
  },
  "registry-digest": {
    says: "“{host}”返回的“{name}”内容与“{digest}”不符：{detail}",
    fix: "这些内容没有保留；请重新运行，如果一直如此，问题可能出在代理或镜像仓库",
  },
  "manifest-too-large": {
    says: "“{host}”上“{name}”的 manifest 超过 {limit} 字节",
    fix: "没有镜像会有这样的 manifest，请检查名字",
  },
  "manifest-invalid": {
    says: "“{name}”的 manifest 无法使用：{detail}",
    fix: "确认它是容器镜像，并且是用较新的工具推送的",
  },

  // 部署：连接主机
  "host-invalid": {
    says: "主机“{host}”无效：{detail}",
    fix: "写成 ssh 配置中的别名、USER@HOST 或 ssh://USER@HOST:PORT",
  },
  "ssh-no-such-host": {
    says: "找不到名为“{host}”的主机：{detail}",
    fix: "检查 --host、~/.ssh/config 中的 Host 条目和域名解析",
  },
  "ssh-host-key-unknown": {
    says: "本机还不认识“{host}”的主机密钥，因此没有信任它",
    fix: "手动执行一次 ssh {host}，核对显示的指纹并接受",
  },
  "ssh-host-key-changed": {
    says: "“{host}”的主机密钥与以前不同，因此没有发送任何内容",
    fix: "如果主机重装过，用 ssh-keygen -R 加主机名清除旧密钥，再手动执行一次 ssh {host}；否则可能有人在中间冒充",
  },
  "ssh-denied": {
    says: "主机“{host}”拒绝登录：{detail}",
    fix: "使用密钥登录：对 {host} 执行 ssh-copy-id，把密钥加入 ssh-agent，或在 ~/.ssh/config 中指定用户和密钥；本工具从不询问密码",
  },
  "ssh-key-permissions": {
    says: "ssh 没有使用“{host}”的密钥，因为密钥文件可被他人读取：{detail}",
    fix: "对密钥文件执行 chmod 600",
  },
  "ssh-refused": {
    says: "主机“{host}”拒绝连接：{detail}",
    fix: "检查那里的 sshd 是否在运行、端口是否正确（ssh://USER@HOST:PORT，或 ~/.ssh/config 中的 Port）",
  },
  "ssh-timeout": {
    says: "主机“{host}”没有响应：{detail}",
    fix: "检查主机是否开机，以及安全组和防火墙是否允许从这里 ssh 连入",
  },
  "ssh-rejected": {
    says: "主机“{host}”在登录前关闭了连接：{detail}",
    fix: "检查端口是否属于 sshd，以及主机上的 fail2ban、hosts.deny 和 MaxStartups；等一分钟再试",
  },
  "ssh-algorithms": {
    says: "本机的 ssh 与“{host}”的 sshd 没有共同支持的算法：{detail}",
    fix: "升级那里的 sshd，或在 ~/.ssh/config 中为该主机允许旧算法",
  },
  "ssh-cut": { says: "与“{host}”的连接断开：{detail}", fix: "检查网络，然后重新运行同一条命令" },
  "ssh-failed": { says: "无法连接主机“{host}”：{detail}", fix: "先手动让 ssh {host} 能连通，再重新运行" },

  // 部署：主机状况
  "host-probe": {
    says: "无法查看主机“{host}”的状况：{detail}",
    fix: "该用户的登录 shell 必须能执行 ssh 传去的命令；试一下 ssh {host} uname",
  },
  "host-dir-invalid": {
    says: "主机上的目录“{dir}”不可用：{detail}",
    fix: "--dir 应为绝对路径、以 ~/ 开头的路径，或相对于那里家目录的路径",
  },
  "host-dir-write": {
    says: "用户“{user}”无法写入“{host}”上的“{dir}”",
    fix: "在那里把该目录交给这个用户（chown），或用 --dir 换一个目录",
  },
  "host-platform": {
    says: "主机“{host}”是 {platform} 平台，而同步的镜像是 {wanted} 平台",
    fix: "用 --platform {platform} 为该主机同步镜像，或部署到 {wanted} 平台的主机",
  },
  "host-docker-missing": {
    says: "“{host}”上没有找到 docker",
    fix: "在那里安装 docker-ce（中国大陆可用 https://mirrors.aliyun.com/docker-ce/）并启动",
  },
  "host-docker-stopped": {
    says: "“{host}”上的 docker 没有响应：{detail}",
    fix: "在那里启动它：systemctl enable --now docker",
  },
  "host-docker-permission": {
    says: "ssh 用户无权使用“{host}”上的 docker：{detail}",
    fix: "在那里把该用户加入 docker 用户组（usermod -aG docker USER）并重新登录，或以 root 部署",
  },
  "host-docker-old": {
    says: "“{host}”上的 docker {version} 版本过旧",
    fix: "在那里安装 docker {oldest} 或更新的版本",
  },
  "host-compose-missing": {
    says: "“{host}”上既没有 docker compose 也没有 docker-compose",
    fix: "在那里安装软件包 docker-compose-plugin",
  },
  "host-compose-old": {
    says: "“{host}”上的 docker-compose {version} 版本过旧",
    fix: "在那里安装软件包 docker-compose-plugin，或 docker-compose {oldest} 及更新的版本",
  },
  "host-compose-broken": {
    says: "“{host}”上的 docker-compose {version} 无法与 docker {server} 通信：{detail}",
    fix: "在那里安装软件包 docker-compose-plugin；第 1 版已停止维护",
  },
  "host-compose-v1": {
    says: "“{host}”上的 docker-compose {version} 无法读取该 compose 文件：{problems}",
    fix: "在那里安装软件包 docker-compose-plugin，或从 compose 文件中去掉这些内容",
  },

  // 部署：主机上的步骤
  "mirror-compose-missing": {
    says: "没有找到 docker-compose-mirror.yaml：“{file}”",
    fix: "先运行 generate-mirror-compose 生成它，或运行 mirror 完成所有步骤",
  },
  "ship-outside": {
    says: "无法发送“{file}”，因为它在项目目录“{folder}”之外",
    fix: "把它移到该目录下，主机上才能有对应的位置",
  },
  "host-folder": {
    says: "无法在“{host}”上创建目录“{dir}”：{detail}",
    fix: "检查 ssh 用户在那里是否有写权限",
  },
  "host-copy": {
    says: "无法把文件复制到“{host}”的“{dir}”：{detail}",
    fix: "检查那里的权限和剩余空间；原有文件没有改动",
  },
  "host-login": {
    says: "“{host}”无法登录“{registry}”：{detail}",
    fix: "在主机上手动试一次 docker login {registry}",
  },
  "host-login-denied": {
    says: "“{registry}”拒绝了“{host}”的登录：{detail}",
    fix: "改正 MIRROR_USERNAME 和 MIRROR_PASSWORD；阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置",
  },
  "host-pull": {
    says: "“{host}”无法拉取镜像，因此没有做任何改动：{detail}",
    fix: "按提示改正后重新运行",
  },
  "host-pull-denied": {
    says: "镜像仓库拒绝了“{host}”的拉取：{detail}",
    fix: "设置 MIRROR_USERNAME 和 MIRROR_PASSWORD，让主机登录 {registry}；或用同一系统用户在那里手动登录",
  },
  "host-image-missing": {
    says: "镜像仓库中没有所需的镜像：{detail}",
    fix: "先推送它（push），并核对生成的 compose 文件中的命名空间和标签",
  },
  "host-image-platform": {
    says: "镜像没有适用于“{host}”平台的版本：{detail}",
    fix: "用 --platform 为该平台同步镜像",
  },
  "host-registry-plain": {
    says: "“{host}”要求镜像仓库使用 TLS，而它只提供明文 HTTP：{detail}",
    fix: "在那里把该仓库加入 /etc/docker/daemon.json 的 insecure-registries，并重启 docker",
  },
  "host-registry-certificate": {
    says: "“{host}”不信任镜像仓库的证书：{detail}",
    fix: "在那里把它的 CA 放到 /etc/docker/certs.d/{registry}/ca.crt，并检查主机时钟",
  },
  "host-registry-unreachable": {
    says: "“{host}”无法连接镜像仓库：{detail}",
    fix: "检查那里的域名解析和网络；-vpc 地址只在同地域的专有网络内可用，用 --pull-registry 换一个地址",
  },
  "host-disk-full": {
    says: "“{host}”磁盘已满：{detail}",
    fix: "在那里释放一些空间：docker system df 显示占用情况，docker image prune 清除无用的层",
  },
  "host-api-version": {
    says: "“{host}”上的客户端与守护进程版本不兼容：{detail}",
    fix: "让那里的 docker 与 compose 版本一致：同时安装 docker-ce、docker-ce-cli 和 docker-compose-plugin",
  },
  "host-container-config": {
    says: "“{host}”上的 docker-compose 1 无法重建容器：{detail}",
    fix: "在那里安装软件包 docker-compose-plugin；或删除旧容器（docker-compose -f FILE rm -sf）后重新部署",
  },
  "host-port-taken": {
    says: "“{host}”上的端口已被占用：{detail}",
    fix: "停掉占用端口的程序（ss -ltnp 可查看），或在 compose 文件或 .env 中改用其他端口",
  },
  "host-file-missing": {
    says: "“{host}”上缺少 compose 文件引用的文件：{detail}",
    fix: "从项目中把它复制到那里的 {dir}，然后重新部署",
  },
  "host-build-folder": {
    says: "服务“{service}”要在“{host}”上构建，但那里的“{dir}”中没有它的目录“{name}”",
    fix: "把该目录复制过去（scp -r），或从 compose 文件中去掉该服务",
  },
  "host-mount": {
    says: "“{host}”上缺少要挂载的文件：{detail}",
    fix: "删除 docker 在 {dir} 中代建的空目录，把文件复制过去，然后重新部署",
  },
  "host-name-taken": {
    says: "“{host}”上已有不属于本项目的同名容器：{detail}",
    fix: "在那里删除它（docker rm -f NAME），或用 --dir 部署到启动它的那个目录",
  },
  "host-compose-invalid": {
    says: "“{host}”上的 compose 无法读取该 compose 文件：{detail}",
    fix: "改正该文件，或在那里安装新版 docker-compose-plugin",
  },
  "host-up": {
    says: "无法在“{host}”上启动服务：{detail}",
    fix: "在那里的 {dir} 中查看 docker compose ps 和 logs，然后重新部署",
  },
  "host-ps": {
    says: "无法列出“{host}”上“{dir}”中的容器：{detail}",
    fix: "确认项目已部署到该目录",
  },

  "host-docker-root": {
    says: "“{host}”上的 docker 只对 root 开放，而“{user}”可以用 sudo 成为 root",
    fix: "加上 --sudo，或在那里把该用户加入 docker 组（usermod -aG docker {user}）后重新登录",
  },
  "ship-missing": {
    says: "服务 {services} 要读取“{name}”，但本机和“{host}”的“{dir}”中都没有它",
    fix: "创建该文件，或从 compose 文件中去掉它；否则 docker 会在那里建一个空目录",
  },
  "host-busy": {
    says: "另一个部署正在“{host}”的“{dir}”中进行：{holder}",
    fix: "等它结束后重新运行",
  },
  "host-image-changed": {
    says: "“{host}”上的镜像“{image}”不是当初镜像的那个：应为 {digest}，实际是 {found}；没有任何改动",
    fix: "重新镜像，使 mirror.lock.json 与仓库一致，并查明是谁推送到了这个名字",
  },
  "host-unhealthy": {
    says: "“{host}”上的服务在 {seconds} 秒内没有就绪：{services}\n  {detail}",
    fix: "查看上面的日志，修正镜像或配置后重新部署；--wait SECONDS 可以给它们更多时间",
  },
  "host-record": {
    says: "服务已在“{host}”上运行，但无法在“{dir}”中记录这个版本：{detail}",
    fix: "在那里腾出一些空间，再部署一次",
  },
  "host-return": {
    says: "无法在“{host}”上回退到上一个版本：{detail}",
    fix: "按上面的提示修正，然后运行 rollback 或重新部署",
  },
  "release-none": {
    says: "“{host}”的“{dir}”中没有可以回退的版本",
    fix: "先部署；从第二次部署起就有可以回退的版本",
  },
  "release-unknown": {
    says: "“{host}”的“{dir}”中没有保留版本“{release}”",
    fix: "从 {kept} 中选择一个",
  },
  "ssh-forward": {
    says: "“{host}”上的 sshd 不允许把端口转发到本机：{detail}",
    fix: "在那里的 sshd_config 中把 AllowTcpForwarding 设为 yes 或 remote，或不用 --tunnel，从镜像仓库部署",
  },
  "tunnel-missing": {
    says: "镜像 {images} 不在本地内容库中",
    fix: "先运行 pull，把它们取到本地",
  },
  "image-pinned": {
    says: "镜像 {images} 已固定到摘要，无法作为“{registry}”的镜像拉取",
    fix: "不带 --pin 重新生成 mirror compose 文件",
  },
  "stack-unfit": {
    says: "无法把“{file}”作为 stack 部署：{detail}",
    fix: "改用 compose 部署，或把所需内容写进同一个文件，并且只使用镜像",
  },
  "host-swarm": {
    says: "“{host}”上的 docker 不是 swarm 的管理节点（{state}）",
    fix: "用 --host 指定一个管理节点；docker swarm init 可创建第一个管理节点",
  },
  "host-rate-limit": {
    says: "公共仓库暂时不再允许“{host}”拉取：{detail}",
    fix: "把该镜像也纳入镜像（从 ignore-images.txt 中去掉），或在主机上登录该仓库",
  },
  "host-firewall": {
    says: "“{host}”的防火墙丢失了 docker 的规则：{detail}",
    fix: "在那里运行 systemctl restart docker；每次重载 firewalld 都会清掉这些规则",
  },
};
