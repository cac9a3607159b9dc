/** Messages about docker, podman and nerdctl as engines. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const ENGINE_ERRORS = {
  "engine-stopped": {
    exit: 2,
    en: "{engine} does not answer: {detail:cause}",
    zh: "{engine} 没有响应：{detail:cause}",
    hint: {
      en: "start it (Docker Desktop, or systemctl start docker), or choose another with --engine",
      zh: "启动它（Docker Desktop，或 systemctl start docker），或用 --engine 换一个",
    },
  },
  "engine-permission": {
    exit: 2,
    en: "you may not use {engine}: {detail:cause}",
    zh: "当前用户无权使用 {engine}：{detail:cause}",
    hint: {
      en: "put yourself into the docker group (sudo usermod -aG docker $USER) and log in again",
      zh: "把自己加入 docker 用户组（sudo usermod -aG docker $USER），然后重新登录系统",
    },
  },
  "engine-layer": {
    exit: 1,
    en: '{engine} cannot unpack a layer of "{image}": {detail:cause}',
    zh: "{engine} 无法解开“{image}”的层：{detail:cause}",
    hint: [
      {
        when: (_, { reads }) => reads !== "yes",
        en: "docker before 23 reads no layers that are compressed with zstd: update it, or use --engine direct, which copies layers as they are",
        zh: "23 之前的 docker 不支持 zstd 压缩的层：升级它，或使用 --engine direct（原样复制各层）",
      },
      {
        when: (_, { reads }) => reads === "yes",
        en: "{engine} {version} reads gzip and zstd, so the layer itself is probably damaged: pull it again and check the disk of {engine}; if it fails again, use another tag or ask who publishes the image",
        zh: "{engine} {version} 支持 gzip 和 zstd，很可能是层本身已损坏：重新拉取并检查 {engine} 所在的磁盘；如果仍然失败，换用其他标签或联系镜像的发布者",
      },
    ],
  },
  "engine-setting": {
    exit: 2,
    en: "{setting} has no effect with --engine {engine}, which reads and writes images by its own settings",
    zh: "{setting} 对 --engine {engine} 无效：它按自己的设置读写镜像",
    hint: {
      en: "use the direct engine (--engine direct), or remove {setting}; for docker.io alone, registry-mirrors in daemon.json does what --source-mirror does",
      zh: "改用 direct 引擎（--engine direct），或去掉 {setting}；仅对 docker.io，可在 daemon.json 中用 registry-mirrors 代替 --source-mirror",
    },
  },
  "engine-unreachable": {
    exit: 1,
    retry: true,
    en: 'the daemon of {engine} cannot reach "{host}": {detail:cause}',
    zh: "{engine} 守护进程无法连接“{host}”：{detail:cause}",
    hint: {
      en: "the daemon has its own network settings: check its DNS, its proxy ({engine} info shows it; HTTPS_PROXY of this shell does not count) and registry-mirrors in its daemon.json, or use --engine direct",
      zh: "守护进程有自己的网络设置：检查它的 DNS、代理（用 {engine} info 查看，当前 shell 的 HTTPS_PROXY 不起作用）以及 daemon.json 中的 registry-mirrors，或改用 --engine direct",
    },
  },
  "engine-proxy": {
    exit: 1,
    en: 'the proxy of the daemon of {engine} did not let it reach "{host}": {detail:cause}',
    zh: "{engine} 守护进程的代理没有放行到“{host}”的连接：{detail:cause}",
    hint: {
      en: "correct the proxy of the daemon ({engine} info shows it; for docker it is set in daemon.json under proxies or in the systemd unit), then restart it",
      zh: "改正守护进程的代理（用 {engine} info 查看；docker 在 daemon.json 的 proxies 或 systemd 单元中设置），然后重启它",
    },
  },
  "engine-certificate-name": {
    exit: 1,
    en: 'the daemon of {engine} asked "{host}" and got the certificate of another site: {detail:cause}',
    zh: "{engine} 守护进程连接“{host}”时得到的是另一个网站的证书：{detail:cause}",
    hint: {
      en: "the name was probably hijacked (poisoned DNS): give the daemon a proxy or another DNS server and restart it, or use --engine direct with --source-mirror",
      zh: "域名很可能被劫持（DNS 污染）：为守护进程设置代理或换用其他 DNS 并重启，或使用 --engine direct 加 --source-mirror",
    },
  },
  "engine-answer": {
    exit: 1,
    en: 'what answered the daemon of {engine} for "{image}" is no registry: {detail:cause}',
    zh: "{engine} 守护进程请求“{image}”时，应答的不是镜像仓库：{detail:cause}",
    hint: {
      en: "a dead or closed registry mirror often does so: check registry-mirrors in the daemon.json of {engine} and the daemon's proxy, or use --engine direct",
      zh: "失效或已关闭的镜像加速器常会如此：检查 {engine} 的 daemon.json 中的 registry-mirrors 和守护进程的代理，或改用 --engine direct",
    },
  },
  "push-incomplete": {
    exit: 1,
    en: '{engine} does not hold all platforms of "{image}", so it cannot push them: {detail:cause}',
    zh: "{engine} 中没有“{image}”的全部平台，无法推送：{detail:cause}",
    hint: {
      en: "use --engine direct; docker 28 can push one platform (docker push --platform); older ones with the containerd image store cannot",
      zh: "改用 --engine direct；docker 28 可以只推送一个平台（docker push --platform），更早且使用 containerd 镜像存储的版本不行",
    },
  },
  "engine-mirror-stale": {
    exit: 1,
    en: 'a registry mirror of the daemon of {engine} does not have all of "{image}": {detail:cause}',
    zh: "{engine} 守护进程所用的镜像加速器没有“{image}”的全部内容：{detail:cause}",
    hint: {
      en: "remove that address from registry-mirrors in the daemon.json of {engine} and restart it, or use --engine direct",
      zh: "从 {engine} 的 daemon.json 的 registry-mirrors 中去掉该地址并重启，或改用 --engine direct",
    },
  },
  "source-unreachable": {
    exit: 1,
    en: 'no place of registry "{registry}" can be used, which these images need: {images:names}; {detail:cause}',
    zh: "镜像仓库“{registry}”没有可用的来源，以下镜像依赖它：{images:names}；{detail:cause}",
    hint: {
      en: "set HTTPS_PROXY, or name another place that has these images with --source-mirror {registry}=HOST",
      zh: "设置 HTTPS_PROXY，或用 --source-mirror {registry}=HOST 指定另一个有这些镜像的来源",
    },
  },
  "image-not-pulled": {
    exit: 1,
    en: 'image "{image}" is not on this machine for {platform}',
    zh: "本机没有 {platform} 平台的镜像“{image}”",
    hint: {
      en: "run pull first",
      zh: "先运行 pull",
    },
  },
  "image-missing": {
    exit: 1,
    en: 'image "{image}" is not in its registry: {detail:cause}',
    zh: "镜像仓库中没有镜像“{image}”：{detail:cause}",
    hint: {
      en: "correct its name and tag in the compose file, or add it to ignore-images.txt",
      zh: "改正 compose 文件中的名字和标签，或把它加入 ignore-images.txt",
    },
  },
  "pull-denied": {
    exit: 1,
    en: 'the registry refused to give "{image}": {detail:cause}',
    zh: "镜像仓库拒绝提供“{image}”：{detail:cause}",
    hint: {
      en: "check the name; if the image is private, log in with {engine} login {registry}",
      zh: "检查名字；如果是私有镜像，先登录：{engine} login {registry}",
    },
  },
  "pull-failed": {
    exit: 1,
    retry: true,
    en: 'cannot pull "{image}": {detail:cause}',
    zh: "无法拉取“{image}”：{detail:cause}",
    hint: {
      en: "run again: finished work is kept",
      zh: "重新运行即可，已完成的工作会保留",
    },
  },
  "push-denied": {
    exit: 1,
    en: 'the registry refused to take "{image}": {detail:cause}',
    zh: "镜像仓库拒绝接收“{image}”：{detail:cause}",
    hint: {
      en: "check that the namespace exists and is spelled right, that it creates repositories by itself (ACR console: Namespaces, auto-create), and that this user may push (RAM rights)",
      zh: "检查命名空间是否存在、拼写是否正确，是否允许自动创建仓库（ACR 控制台：命名空间，自动创建仓库），以及该用户是否有推送权限（RAM 授权）",
    },
  },
  "push-manifest": {
    exit: 1,
    en: 'the registry does not take the manifest of "{image}": {detail:cause}',
    zh: "镜像仓库不接受“{image}”的 manifest：{detail:cause}",
    hint: {
      en: "it was built with attestations that the registry does not know; pull one platform of it (--platform) and push again",
      zh: "该镜像带有仓库不认识的 attestation；只拉取其中一个平台（--platform）再推送",
    },
  },
  "push-failed": {
    exit: 1,
    retry: true,
    en: 'cannot push "{image}": {detail:cause}',
    zh: "无法推送“{image}”：{detail:cause}",
    hint: {
      en: "run again: finished work is kept",
      zh: "重新运行即可，已完成的工作会保留",
    },
  },
  "login-denied": {
    exit: 2,
    en: '"{registry}" refused the login: {detail:cause}',
    zh: "“{registry}”拒绝登录：{detail:cause}",
    hint: {
      en: "correct MIRROR_USERNAME and MIRROR_PASSWORD; Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential",
      zh: "改正 MIRROR_USERNAME 和 MIRROR_PASSWORD；阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置",
    },
  },
  "login-failed": {
    exit: 1,
    retry: true,
    en: 'cannot log in to "{registry}": {detail:cause}',
    zh: "无法登录“{registry}”：{detail:cause}",
    hint: {
      en: "try {engine} login {registry} by hand",
      zh: "手动试一次：{engine} login {registry}",
    },
  },
  "engine-plain": {
    exit: 1,
    en: '{engine} expects TLS from registry "{host}", which speaks plain HTTP: {detail:cause}',
    zh: "{engine} 要求镜像仓库“{host}”使用 TLS，而它只提供明文 HTTP：{detail:cause}",
    hint: {
      en: "add {host} to insecure-registries in the daemon.json of {engine}",
      zh: "把 {host} 加入 {engine} 的 daemon.json 的 insecure-registries",
    },
  },
  "engine-certificate": {
    exit: 1,
    en: '{engine} does not trust the certificate of registry "{host}": {detail:cause}',
    zh: "{engine} 不信任镜像仓库“{host}”的证书：{detail:cause}",
    hint: {
      en: "add its CA to the system's certificates (for docker: /etc/docker/certs.d/{host}/ca.crt), and check this machine's clock",
      zh: "把它的 CA 加入系统证书（docker 可放在 /etc/docker/certs.d/{host}/ca.crt），并检查本机时钟",
    },
  },
  "disk-full": {
    exit: 1,
    en: "no space is left on this machine: {detail:cause}",
    zh: "本机磁盘已满：{detail:cause}",
    hint: {
      en: "free some ({engine} system df shows what it holds) and run again: finished work is kept",
      zh: "释放一些空间（{engine} system df 显示占用情况）再重新运行，已完成的工作会保留",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const ENGINE_TEXTS = {
  "engine-exit": { en: "exit code {code}", zh: "退出码 {code}" },
  "engine-silent": { en: "it printed nothing", zh: "没有任何输出" },
  "blob-began-again": { en: "it was downloaded again meanwhile", zh: "期间已重新下载" },
  "download-ended": {
    en: "it ended after {size:bytes} of {total:bytes}",
    zh: "收到 {size:bytes} 后中断，共 {total:bytes}",
  },
  "manifest-is-index": { en: "it is an index, not an image", zh: "它是索引，不是镜像" },
  "manifest-nested-index": { en: "its index leads to another index", zh: "它的索引指向另一个索引" },
  "place-failed-too": {
    en: '{detail:cause}; asked too, "{host}": {reason:cause}',
    zh: "{detail:cause}；另外尝试过“{host}”：{reason:cause}",
  },
} as const satisfies Record<string, Text>;
