/** Messages about registries, tokens and proxies. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const REGISTRY_ERRORS = {
  "source-mirror-invalid": {
    exit: 2,
    en: 'source mirror "{mirror}" is not valid: {detail:cause}',
    zh: "源站镜像“{mirror}”无效：{detail:cause}",
    hint: {
      en: "write it as REGISTRY=HOST[/PREFIX], for example docker.io=mirror.example",
      zh: "写成 REGISTRY=HOST[/PREFIX]，例如 docker.io=mirror.example",
    },
  },
  "registry-unreachable": {
    exit: 1,
    retry: true,
    en: 'cannot reach registry "{host}": {detail:cause}',
    zh: "无法连接镜像仓库“{host}”：{detail:cause}",
    hint: {
      en: "check the name and the network; behind a proxy set HTTPS_PROXY; a blocked registry can be read through another with --source-mirror",
      zh: "检查地址和网络；经代理上网请设置 HTTPS_PROXY；被屏蔽的仓库可用 --source-mirror 改从另一个仓库读取",
    },
  },
  "registry-unreachable-vpc": {
    exit: 1,
    en: 'cannot reach registry "{host}": {detail:cause}',
    zh: "无法连接镜像仓库“{host}”：{detail:cause}",
    hint: {
      en: "a -vpc or -internal name answers only inside its own region and VPC: push to the public name and give the other as --pull-registry",
      zh: "带 -vpc 或 -internal 的地址只在同地域的专有网络内可用：推送用公网地址，内网地址用 --pull-registry 指定",
    },
  },
  "registry-timeout": {
    exit: 1,
    retry: true,
    en: 'registry "{host}" did not answer within {seconds} s',
    zh: "镜像仓库“{host}”在 {seconds} 秒内没有响应",
    hint: {
      en: "run the same command again: finished work is kept; check the network when it stays so",
      zh: "重新运行同一条命令，已完成的工作会保留；如果一直如此，请检查网络",
    },
  },
  "registry-stalled": {
    exit: 1,
    retry: true,
    en: 'the transfer with "{host}" all but stood still: {bytes} bytes in {seconds} s',
    zh: "与“{host}”的传输几乎停滞：{seconds} 秒内只有 {bytes} 字节",
    hint: {
      en: "run the same command again: it goes on where it stopped",
      zh: "重新运行同一条命令，会从断点继续",
    },
  },
  "registry-cut": {
    exit: 1,
    retry: true,
    en: 'the connection to "{host}" was cut: {detail:cause}',
    zh: "与“{host}”的连接断开：{detail:cause}",
    hint: {
      en: "run the same command again: it goes on where it stopped",
      zh: "重新运行同一条命令，会从断点继续",
    },
  },
  "registry-certificate": {
    exit: 1,
    en: 'the certificate of "{host}" is not trusted: {detail:cause}',
    zh: "“{host}”的证书不受信任：{detail:cause}",
    hint: {
      en: "name the file with its CA in NODE_EXTRA_CA_CERTS, and check this machine's clock",
      zh: "用 NODE_EXTRA_CA_CERTS 指定其 CA 文件，并检查本机时钟",
    },
  },
  "registry-plain": {
    exit: 1,
    en: '"{host}" does not speak TLS: {detail:cause}',
    zh: "“{host}”没有使用 TLS：{detail:cause}",
    hint: {
      en: "if plain http is meant, allow it with --insecure {host}",
      zh: "如果确实要用明文 http，用 --insecure {host} 允许",
    },
  },
  "registry-proxy": {
    exit: 1,
    retry: true,
    en: 'proxy "{proxy}" did not let the connection through: {detail:cause}',
    zh: "代理“{proxy}”没有放行连接：{detail:cause}",
    hint: {
      en: "check HTTPS_PROXY, or exclude the registry with NO_PROXY",
      zh: "检查 HTTPS_PROXY，或用 NO_PROXY 排除该仓库",
    },
  },
  "registry-proxy-login": {
    exit: 2,
    en: 'proxy "{proxy}" wants a login',
    zh: "代理“{proxy}”要求登录",
    hint: {
      en: "write user and password into HTTPS_PROXY as http://USER:PASSWORD@{proxy}",
      zh: "把用户名和密码写进 HTTPS_PROXY，格式为 http://USER:PASSWORD@{proxy}",
    },
  },
  "registry-redirects": {
    exit: 1,
    en: 'registry "{host}" redirected {count} times without an end',
    zh: "镜像仓库“{host}”重定向了 {count} 次仍未结束",
    hint: {
      en: "check that the name is a registry's and not a web page's",
      zh: "确认该地址是镜像仓库，而不是网页",
    },
  },
  "registry-answer": {
    exit: 1,
    en: 'registry "{host}" answered in a way that cannot be used: {detail:cause}',
    zh: "镜像仓库“{host}”的响应无法使用：{detail:cause}",
    hint: {
      en: "check that the name is a registry's, and that no proxy or login page stands in between",
      zh: "确认该地址是镜像仓库，并且中间没有代理或登录页面",
    },
  },
  "registry-helper": {
    exit: 2,
    en: 'credential helper "{helper}" gave nothing for "{registry}": {detail:cause}',
    zh: "凭证助手“{helper}”没有给出“{registry}”的凭证：{detail:cause}",
    hint: {
      en: "install it, or take it out of credsStore and credHelpers in docker's config.json and run docker login again",
      zh: "安装它，或把它从 docker 的 config.json 的 credsStore 和 credHelpers 中去掉，再执行 docker login",
    },
  },
  "registry-login-missing": {
    exit: 2,
    en: '"{host}" shows "{name}" to logged-in users only, or does not have it: {detail:cause}',
    zh: "“{name}”需要登录“{host}”才能访问，或者并不存在：{detail:cause}",
    hint: {
      en: "check the name; if it is private run docker login {host}, or for the mirror registry set MIRROR_USERNAME and MIRROR_PASSWORD",
      zh: "检查名字；如果是私有的，执行 docker login {host}，目标私有仓库则设置 MIRROR_USERNAME 和 MIRROR_PASSWORD",
    },
  },
  "registry-unauthorized": {
    exit: 2,
    en: '"{host}" refused the user name or password: {detail:cause}',
    zh: "“{host}”拒绝了用户名或密码：{detail:cause}",
    hint: {
      en: "run docker login {host} again, or for the mirror registry correct MIRROR_USERNAME and MIRROR_PASSWORD",
      zh: "重新执行 docker login {host}，目标私有仓库则改正 MIRROR_USERNAME 和 MIRROR_PASSWORD",
    },
  },
  "registry-unauthorized-aliyun": {
    exit: 2,
    en: '"{host}" refused the user name or password: {detail:cause}',
    zh: "“{host}”拒绝了用户名或密码：{detail:cause}",
    hint: {
      en: "Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential: correct MIRROR_USERNAME and MIRROR_PASSWORD, and check that the domain is your instance's; a temporary password lives one hour",
      zh: "阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置：改正 MIRROR_USERNAME 和 MIRROR_PASSWORD，并确认地址属于你的实例；临时密码一小时后失效",
    },
  },
  "registry-pull-denied": {
    exit: 1,
    en: '"{host}" does not let this user read "{name}": {detail:cause}',
    zh: "“{host}”不允许该用户读取“{name}”：{detail:cause}",
    hint: {
      en: "check the name, and that the account may read that repository",
      zh: "检查名字，以及该账号是否有权读取这个仓库",
    },
  },
  "registry-push-denied": {
    exit: 1,
    en: '"{host}" does not let this user write "{name}": {detail:cause}',
    zh: "“{host}”不允许该用户写入“{name}”：{detail:cause}",
    hint: {
      en: "check that the namespace exists and is spelled right, and that the account may push there",
      zh: "检查命名空间是否存在、拼写是否正确，以及该账号是否有推送权限",
    },
  },
  "registry-push-denied-aliyun": {
    exit: 1,
    en: '"{host}" does not let this user write "{name}": {detail:cause}',
    zh: "“{host}”不允许该用户写入“{name}”：{detail:cause}",
    hint: {
      en: "the login works, so in the ACR console check: the namespace exists and is spelled as in MIRROR_NAMESPACE, it creates repositories automatically, and the RAM user may push",
      zh: "登录没有问题，请在 ACR 控制台检查：命名空间存在且与 MIRROR_NAMESPACE 一致、允许自动创建仓库、RAM 用户有推送权限",
    },
  },
  "registry-not-found": {
    exit: 1,
    en: '"{host}" does not have "{name}": {detail:cause}',
    zh: "“{host}”上没有“{name}”：{detail:cause}",
    hint: {
      en: "check the name and the tag in the compose file",
      zh: "检查 compose 文件中的名字和标签",
    },
  },
  "registry-push-unknown": {
    exit: 1,
    en: '"{host}" does not know "{name}": {detail:cause}',
    zh: "“{host}”上不存在“{name}”：{detail:cause}",
    hint: {
      en: "create the namespace or repository there first, or correct --namespace",
      zh: "先在那里创建命名空间或仓库，或改正 --namespace",
    },
  },
  "registry-rate-limit": {
    exit: 1,
    retry: true,
    en: '"{host}" lets no more requests through for now: {detail:cause}',
    zh: "“{host}”暂时限制了请求：{detail:cause}",
    hint: {
      en: "wait and run again, log in there (docker login) for a higher limit, or read through another registry with --source-mirror",
      zh: "稍后重新运行，登录（docker login）以获得更高限额，或用 --source-mirror 改从另一个仓库读取",
    },
  },
  "registry-server": {
    exit: 1,
    retry: true,
    en: '"{host}" failed by itself: {detail:cause}',
    zh: "“{host}”自身出现故障：{detail:cause}",
    hint: {
      en: "wait a minute and run the same command again",
      zh: "等一分钟后重新运行同一条命令",
    },
  },
  "registry-artifact": {
    exit: 1,
    en: '"{host}" does not store this kind of content, at "{name}": {detail:cause}',
    zh: "“{host}”不支持存储“{name}”的这类内容：{detail:cause}",
    hint: {
      en: "mirror the image with the direct engine, which leaves attestations out",
      zh: "用 direct 引擎同步该镜像，它会略去 attestation",
    },
  },
  "registry-refused": {
    exit: 1,
    en: '"{host}" refused to {action} "{name}": {detail:cause}',
    zh: "“{host}”拒绝对“{name}”执行 {action}：{detail:cause}",
    hint: {
      en: "read what the registry says; check the names, and the registry's own limits",
      zh: "查看仓库给出的说明，检查名字以及仓库自身的限制",
    },
  },
  "registry-digest": {
    exit: 1,
    en: '"{host}" sent other content than "{digest}" for "{name}": {detail:cause}',
    zh: "“{host}”返回的“{name}”内容与“{digest}”不符：{detail:cause}",
    hint: {
      en: "nothing of it was kept; run again, and suspect a proxy or the registry when it stays so",
      zh: "这些内容没有保留；请重新运行，如果一直如此，问题可能出在代理或镜像仓库",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const REGISTRY_TEXTS = {} as const satisfies Record<string, Text>;
