/** Messages about registries, tokens and proxies. */
import type { ErrorRow } from "../error-row.ts";
import type { Facts } from "../facts.ts";
import type { Text, Values } from "../message.ts";

/** The names of Docker Hub: the one of image references, and the ones of its servers. */
const HUB = /^(?:index\.|registry-1\.)?docker\.io$/;
const registryOf = (host: unknown): string => {
  const name = typeof host === "string" ? host.toLowerCase() : "";
  return HUB.test(name) ? "docker.io" : name;
};

/** Images are written to this registry. */
const isMirror = ({ mirror, pullRegistry }: Facts, { host }: Values): boolean =>
  [mirror, pullRegistry].some((each) => each !== undefined && registryOf(each) === registryOf(host));

/** Another place to read this registry's images from can be named: it is read, and none is named yet. */
const canReadElsewhere = (facts: Facts, values: Values): boolean =>
  facts.engine === "direct" &&
  values["doing"] !== "push" &&
  !isMirror(facts, values) &&
  ![...facts.sourceMirrors, ...(facts.sourceMirrorHosts ?? [])].some(
    (each) => registryOf(each) === registryOf(values["host"]),
  );

const isSourceMirror = ({ engine, sourceMirrorHosts = [] }: Facts, { host }: Values): boolean =>
  engine === "direct" && sourceMirrorHosts.some((each) => registryOf(each) === registryOf(host));

/** A proxy can help: this program goes to the network itself, and no proxy is set. */
const canSetProxy = ({ engine, proxies }: Facts, { via }: Values): boolean =>
  engine === "direct" && proxies.length === 0 && (via === undefined || via === "");
/** A proxy is set, and this registry is reached past it. */
const isPastProxy = ({ engine, proxies }: Facts, { via }: Values): boolean =>
  engine === "direct" && proxies.length > 0 && via === "";
const isByProxy = ({ engine, proxies }: Facts, { via }: Values): boolean =>
  via === undefined ? engine === "direct" && proxies.length > 0 : via !== "";
const isByEngine = ({ engine }: Facts): boolean => engine !== "direct";

/** Which login was sent; `undefined` where it is not known (the docker engine sends its own). */
const sent =
  (...kinds: readonly (string | undefined)[]) =>
  (_: Facts, { login }: Values): boolean =>
    kinds.includes(login as string | undefined);

const READ_ELSEWHERE = {
  en: "a registry that is blocked or slow from here can be read through another with --source-mirror",
  zh: "无法访问或访问很慢的仓库，可用 --source-mirror 改从另一个仓库读取",
} as const;
const SET_PROXY = {
  en: "behind a firewall set HTTPS_PROXY (http, https or socks5)",
  zh: "在防火墙之后请设置 HTTPS_PROXY（http、https 或 socks5）",
} as const;
const PAST_PROXY = {
  en: "NO_PROXY excludes it from the proxy: check that this is meant",
  zh: "NO_PROXY 让它不经过代理：请确认这是否符合预期",
} as const;
const ENGINE_PROXY = {
  en: "the container engine goes to the network by itself: set the proxy or the registry mirrors in its own configuration",
  zh: "容器引擎自行访问网络：请在它自己的配置中设置代理或镜像加速地址",
} as const;
const TRY_OTHER_SOURCE = {
  en: "this is a source mirror: name another one with --source-mirror",
  zh: "这是一个源站镜像：请用 --source-mirror 换一个",
} as const;

/** The registry is named by an address or as this machine: no name of it can be poisoned. */
const isAddress = (_: Facts, { host }: Values): boolean =>
  /^(?:\d+(?:\.\d+){3}|\[[0-9a-f:.]+\]|localhost)(?::\d+)?$/i.test(host as string);
const isElsewhere = (facts: Facts, values: Values): boolean => !isAddress(facts, values);

const network = [
  { when: canSetProxy, ...SET_PROXY },
  { when: isPastProxy, ...PAST_PROXY },
  { when: isByEngine, ...ENGINE_PROXY },
  { when: canReadElsewhere, ...READ_ELSEWHERE },
  { when: isSourceMirror, ...TRY_OTHER_SOURCE },
] as const;

const unauthorizedHints = [
  {
    when: sent("settings"),
    en: "correct MIRROR_USERNAME and MIRROR_PASSWORD",
    zh: "改正 MIRROR_USERNAME 和 MIRROR_PASSWORD",
  },
  {
    when: sent("stored"),
    en: "the stored login is out of date: run docker logout {host}, then docker login {host}",
    zh: "已保存的登录信息已失效：执行 docker logout {host}，再执行 docker login {host}",
  },
  {
    when: (facts: Facts, values: Values) => sent(undefined, "none")(facts, values),
    en: "run docker login {host} again",
    zh: "重新执行 docker login {host}",
  },
] as const;

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
  "proxy-invalid": {
    exit: 2,
    en: "the proxy in {variable} cannot be used: {detail:cause}",
    zh: "{variable} 中的代理无法使用：{detail:cause}",
    hint: {
      en: "write it as http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or socks5://HOST:PORT, or unset {variable}",
      zh: "写成 http://HOST:PORT、http://USER:PASSWORD@HOST:PORT 或 socks5://HOST:PORT，或取消设置 {variable}",
    },
  },
  "authorities-invalid": {
    exit: 2,
    en: 'no certificate can be read from "{file}", which {variable} names: {detail:cause}',
    zh: "无法从 {variable} 指定的“{file}”读取证书：{detail:cause}",
    hint: [
      {
        when: (_, { fault }) => fault !== "der" && fault !== "unread",
        en: "name a file in PEM format (-----BEGIN CERTIFICATE-----), or unset {variable}",
        zh: "请指定 PEM 格式的文件（-----BEGIN CERTIFICATE-----），或取消设置 {variable}",
      },
      {
        when: (_, { fault }) => fault === "der",
        en: "convert it with openssl x509 -inform der -in FILE -out FILE.pem and name that file",
        zh: "用 openssl x509 -inform der -in FILE -out FILE.pem 转换后指定新文件",
      },
      {
        when: (_, { fault }) => fault === "unread",
        en: "check the path and its permissions, or unset {variable}",
        zh: "检查路径和读取权限，或取消设置 {variable}",
      },
    ],
  },
  "registry-unreachable": {
    exit: 1,
    retry: true,
    en: 'cannot reach registry "{host}": {detail:cause}',
    zh: "无法连接镜像仓库“{host}”：{detail:cause}",
    hint: [{ en: "check the name and the network", zh: "检查地址和网络" }, ...network],
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
    hint: [
      {
        en: "run the same command again: finished work is kept; check the network when it stays so",
        zh: "重新运行同一条命令，已完成的工作会保留；如果一直如此，请检查网络",
      },
      ...network,
    ],
  },
  "registry-stalled": {
    exit: 1,
    retry: true,
    en: 'the transfer with "{host}" stalled: {bytes} bytes in {seconds} s',
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
    hint: [
      {
        when: (_, { expired }) => expired === "yes",
        en: "check this machine's clock; when it is right, the certificate has to be renewed by the registry's administrator",
        zh: "检查本机时钟；如果时钟正确，需要由镜像仓库的管理员更新证书",
      },
      {
        when: (_, { expired, authorities }) => expired !== "yes" && authorities !== "own",
        en: "name the PEM file with its CA in NODE_EXTRA_CA_CERTS, and check this machine's clock",
        zh: "用 NODE_EXTRA_CA_CERTS 指定其 CA 的 PEM 文件，并检查本机时钟",
      },
      {
        when: (_, { expired, authorities }) => expired !== "yes" && authorities === "own",
        en: "the file that NODE_EXTRA_CA_CERTS names does not hold the CA that signed it: add that CA to it, and check this machine's clock",
        zh: "NODE_EXTRA_CA_CERTS 指定的文件不含签发它的 CA：把该 CA 加进去，并检查本机时钟",
      },
    ],
  },
  "registry-certificate-name": {
    exit: 1,
    en: 'the server that answers as "{host}" presents the certificate of {names:list}, signed by "{issuer}"',
    zh: "以“{host}”应答的服务器出示的是{names:list}的证书，由“{issuer}”签发",
    hint: [
      {
        when: isAddress,
        en: "name it as its certificate does",
        zh: "请使用其证书中的名字",
      },
      {
        when: (facts, values) => !isByProxy(facts, values) && !isAddress(facts, values),
        en: "the name was probably hijacked and leads to another server (poisoned DNS, or a login page of the network): check what it resolves to",
        zh: "该域名很可能被解析到了别人的服务器（DNS 污染，或网络的登录页面）：请检查它的解析结果",
      },
      {
        when: isByProxy,
        en: "the name was probably hijacked where the proxy in {via} resolves it (poisoned DNS), or the proxy intercepts TLS: use another proxy, or ask its administrator",
        zh: "{via} 中的代理很可能把该域名解析到了别人的服务器（DNS 污染），或者代理拆解了 TLS：请换一个代理，或询问其管理员",
      },
      {
        when: (facts, values) => canSetProxy(facts, values) && isElsewhere(facts, values),
        en: "set HTTPS_PROXY to reach the real one",
        zh: "设置 HTTPS_PROXY 以访问真正的服务器",
      },
      { when: (facts, values) => isPastProxy(facts, values) && isElsewhere(facts, values), ...PAST_PROXY },
      { when: (facts, values) => canReadElsewhere(facts, values) && isElsewhere(facts, values), ...READ_ELSEWHERE },
      { when: isSourceMirror, ...TRY_OTHER_SOURCE },
    ],
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
      en: "check {variable}, or exclude the registry with NO_PROXY",
      zh: "检查 {variable}，或用 NO_PROXY 排除该仓库",
    },
  },
  "registry-proxy-login": {
    exit: 2,
    en: 'proxy "{proxy}" requires a login',
    zh: "代理“{proxy}”要求登录",
    hint: [
      {
        when: sent("none", undefined),
        en: "write user and password into {variable} as {scheme}://USER:PASSWORD@{proxy}",
        zh: "把用户名和密码写进 {variable}，格式为 {scheme}://USER:PASSWORD@{proxy}",
      },
      {
        when: sent("settings"),
        en: "it refused the user name or password in {variable}: correct them",
        zh: "它拒绝了 {variable} 中的用户名或密码：请改正",
      },
    ],
  },
  "registry-redirects": {
    exit: 1,
    en: 'registry "{host}" redirected more than {count} times',
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
      en: "check that the name is a registry's, and that no proxy or login page answers in its place",
      zh: "确认该地址是镜像仓库，并且中间没有代理或登录页面",
    },
  },
  "registry-forbidden": {
    exit: 1,
    en: '"{host}" lets nobody in from here: {detail:cause}',
    zh: "“{host}”拒绝了来自本机的访问：{detail:cause}",
    hint: [
      {
        en: "a firewall, an allow-list of addresses or a gateway before the registry refuses: check that the name is the registry's, and ask its administrator",
        zh: "是防火墙、地址白名单或镜像仓库前面的网关在拒绝：确认该地址是镜像仓库，并询问其管理员",
      },
      {
        when: (facts, values) => sent("none")(facts, values) && isMirror(facts, values) && !facts.credentials,
        en: "if it wants a login, set MIRROR_USERNAME and MIRROR_PASSWORD, or run docker login {host}",
        zh: "如果它要求登录，设置 MIRROR_USERNAME 和 MIRROR_PASSWORD，或执行 docker login {host}",
      },
    ],
  },
  "registry-helper": {
    exit: 2,
    en: 'credential helper "{helper}" gave nothing for "{registry}": {detail:cause}',
    zh: "凭证助手“{helper}”没有给出“{registry}”的凭证：{detail:cause}",
    hint: {
      en: "correct what it says, or take it out of credsStore and credHelpers in docker's config.json and run docker login {registry} again",
      zh: "按它的提示处理，或把它从 docker 的 config.json 的 credsStore 和 credHelpers 中去掉，再执行 docker login {registry}",
    },
  },
  "registry-login-missing": {
    exit: 2,
    en: '"{host}" shows "{name}" to logged-in users only, or does not have it: {detail:cause}',
    zh: "“{name}”需要登录“{host}”才能访问，或者并不存在：{detail:cause}",
    hint: [
      { when: (facts, values) => !isMirror(facts, values), en: "check the name", zh: "检查名字" },
      {
        when: (facts, values) => isMirror(facts, values) && !facts.credentials,
        en: "set MIRROR_USERNAME and MIRROR_PASSWORD, or run docker login {host}",
        zh: "设置 MIRROR_USERNAME 和 MIRROR_PASSWORD，或执行 docker login {host}",
      },
      {
        when: (facts, values) => isMirror(facts, values) && facts.credentials,
        en: "MIRROR_USERNAME and MIRROR_PASSWORD were not sent, because they are for the registry in MIRROR_REGISTRY alone: run docker login {host}",
        zh: "MIRROR_USERNAME 和 MIRROR_PASSWORD 只用于 MIRROR_REGISTRY 指定的仓库，因此没有发送：执行 docker login {host}",
      },
      {
        when: (facts, values) => !isMirror(facts, values),
        en: "if it is private run docker login {host}",
        zh: "如果是私有的，执行 docker login {host}",
      },
    ],
  },
  "registry-login-method": {
    exit: 1,
    en: '"{host}" requires a login and offers no supported way to log in: {detail:cause}',
    zh: "“{host}”要求登录，但没有提供可用的登录方式：{detail:cause}",
    hint: {
      en: "the registry, or a gateway before it, has to offer Basic or Bearer in WWW-Authenticate: check that the name is the registry's, and ask its administrator",
      zh: "镜像仓库或其前面的网关需要在 WWW-Authenticate 中提供 Basic 或 Bearer：确认该地址是镜像仓库，并询问其管理员",
    },
  },
  "registry-unauthorized": {
    exit: 2,
    en: '"{host}" refused the user name or password: {detail:cause}',
    zh: "“{host}”拒绝了用户名或密码：{detail:cause}",
    hint: unauthorizedHints,
  },
  "registry-unauthorized-aliyun": {
    exit: 2,
    en: '"{host}" refused the user name or password: {detail:cause}',
    zh: "“{host}”拒绝了用户名或密码：{detail:cause}",
    hint: [
      {
        en: "Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential; check that the domain is your instance's; a temporary password lives one hour",
        zh: "阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置；确认地址属于你的实例；临时密码一小时后失效",
      },
      ...unauthorizedHints,
    ],
  },
  "registry-login-stale": {
    exit: 1,
    en: '"{host}" refused the login stored in "{file}" and is read without it (docker logout {host} removes it): {detail:cause}',
    zh: "“{host}”拒绝了“{file}”中保存的登录信息，改为不登录读取（docker logout {host} 可删除它）：{detail:cause}",
    hint: {
      en: "run docker logout {host}, and docker login {host} where a login is needed",
      zh: "执行 docker logout {host}，需要登录时再执行 docker login {host}",
    },
  },
  "registry-pull-denied": {
    exit: 1,
    en: '"{host}" does not let this user read "{name}": {detail:cause}',
    zh: "“{host}”不允许该用户读取“{name}”：{detail:cause}",
    hint: [
      { when: sent("none"), en: "check the name", zh: "检查名字" },
      {
        when: (facts, values) => sent("none")(facts, values) && !isMirror(facts, values),
        en: "if it is private run docker login {host}",
        zh: "如果是私有的，执行 docker login {host}",
      },
      {
        when: (facts, values) => sent("none")(facts, values) && isMirror(facts, values) && !facts.credentials,
        en: "set MIRROR_USERNAME and MIRROR_PASSWORD, or run docker login {host}",
        zh: "设置 MIRROR_USERNAME 和 MIRROR_PASSWORD，或执行 docker login {host}",
      },
      {
        when: sent("settings", undefined),
        en: "check the name, and that the account may read that repository",
        zh: "检查名字，以及该账号是否有权读取这个仓库",
      },
      {
        when: sent("stored"),
        en: "check the name, and that the stored account may read that repository; run docker logout {host} when its login is not needed or out of date",
        zh: "检查名字，以及已保存的账号是否有权读取这个仓库；如果不需要该登录或它已失效，执行 docker logout {host}",
      },
    ],
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
    hint: [
      {
        when: (_, { lost }) => lost === undefined,
        en: "create the namespace or repository there first, or correct --namespace",
        zh: "先在那里创建命名空间或仓库，或改正 --namespace",
      },
      {
        when: (_, { lost }) => lost === "upload",
        en: "the registry forgot an upload that it had opened: run the same command again; when it stays so, its replicas do not share the state of uploads",
        zh: "镜像仓库丢失了已开始的上传：重新运行同一条命令；如果一直如此，说明它的多个副本没有共享上传状态",
      },
      {
        when: (_, { lost }) => lost === "blob",
        en: "the registry lost a part of the image that was sent to it: run the same command again; when it stays so, its replicas do not share their storage",
        zh: "镜像仓库丢失了已发送的部分内容：重新运行同一条命令；如果一直如此，说明它的多个副本没有共享存储",
      },
    ],
  },
  "registry-rate-limit": {
    exit: 1,
    retry: true,
    en: '"{host}" limits requests for now: {detail:cause}',
    zh: "“{host}”暂时限制了请求：{detail:cause}",
    hint: [
      { en: "wait and run again", zh: "稍后重新运行" },
      {
        when: (facts, values) => sent("none", undefined)(facts, values) && !isMirror(facts, values),
        en: "log in there (docker login {host}) for a higher limit",
        zh: "登录（docker login {host}）以获得更高限额",
      },
      {
        when: canReadElsewhere,
        en: "read through another registry with --source-mirror",
        zh: "用 --source-mirror 改从另一个仓库读取",
      },
      { when: isSourceMirror, ...TRY_OTHER_SOURCE },
    ],
  },
  "registry-server": {
    exit: 1,
    retry: true,
    en: '"{host}" has a server error: {detail:cause}',
    zh: "“{host}”自身出现故障：{detail:cause}",
    hint: {
      en: "wait a minute and run the same command again",
      zh: "等一分钟后重新运行同一条命令",
    },
  },
  "registry-quota": {
    exit: 1,
    en: '"{host}" is full for "{name}": {detail:cause}',
    zh: "“{host}”已无法再存放“{name}”：{detail:cause}",
    hint: {
      en: "a quota or limit of the registry is reached: delete what is not needed there, or have the limit raised",
      zh: "已达到镜像仓库的配额或数量上限：删除不再需要的内容，或申请提高上限",
    },
  },
  "registry-immutable": {
    exit: 1,
    en: '"{host}" does not let the tag of "{name}" be replaced: {detail:cause}',
    zh: "“{host}”不允许覆盖“{name}”的标签：{detail:cause}",
    hint: {
      en: "tags are immutable there: delete the tag, or take the repository out of the rule for immutable tags",
      zh: "该仓库的标签不可变：删除该标签，或把该仓库从标签不可变规则中去掉",
    },
  },
  "registry-policy": {
    exit: 1,
    en: 'a policy of "{host}" forbids to {action:cause} "{name}": {detail:cause}',
    zh: "“{host}”的策略禁止{action:cause}“{name}”：{detail:cause}",
    hint: {
      en: "ask the registry's administrator: a scan, a signature or an exception is needed there",
      zh: "请联系该仓库的管理员：需要完成扫描、签名或添加例外",
    },
  },
  "registry-region": {
    exit: 1,
    en: '"{host}" does not serve this place: {detail:cause}',
    zh: "“{host}”不向当前地区提供服务：{detail:cause}",
    hint: [
      { when: canSetProxy, ...SET_PROXY },
      { when: isPastProxy, ...PAST_PROXY },
      {
        when: isByProxy,
        en: "use a proxy in another country",
        zh: "使用位于其他国家或地区的代理",
      },
      { when: isByEngine, ...ENGINE_PROXY },
      { when: canReadElsewhere, ...READ_ELSEWHERE },
      { when: isSourceMirror, ...TRY_OTHER_SOURCE },
      { en: "or run the command on a machine elsewhere", zh: "或在其他地区的机器上运行" },
    ],
  },
  "registry-account": {
    exit: 1,
    en: '"{host}" has closed the account for "{name}": {detail:cause}',
    zh: "“{host}”停用了“{name}”所属的账号：{detail:cause}",
    hint: {
      en: "see to the account (payment, suspension) in the registry's console",
      zh: "在镜像仓库的控制台处理账号问题（欠费或停用）",
    },
  },
  "registry-read-only": {
    exit: 1,
    en: '"{host}" is read-only at present: {detail:cause}',
    zh: "“{host}”目前处于只读状态：{detail:cause}",
    hint: {
      en: "it is in read-only mode: run again when that is over, or ask its administrator",
      zh: "镜像仓库为只读模式：等其结束后重新运行，或询问其管理员",
    },
  },
  "registry-artifact": {
    exit: 1,
    en: '"{host}" does not store this kind of content, at "{name}": {detail:cause}',
    zh: "“{host}”不支持存储“{name}”的这类内容：{detail:cause}",
    hint: [
      {
        when: isByEngine,
        en: "mirror the image with the direct engine, which skips attestations",
        zh: "用 direct 引擎同步该镜像，它会跳过 attestation",
      },
      {
        when: (facts) => !isByEngine(facts),
        en: "the registry knows none of the newer content types: ask its administrator, or mirror to another registry",
        zh: "该镜像仓库不支持较新的内容类型：询问其管理员，或同步到其他镜像仓库",
      },
    ],
  },
  "registry-refused": {
    exit: 1,
    en: '"{host}" refused to {action:cause} "{name}": {detail:cause}',
    zh: "“{host}”拒绝{action:cause}“{name}”：{detail:cause}",
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
  "registry-stored-other": {
    exit: 1,
    en: '"{host}" stored "{name}" as "{stored}" where "{digest}" was sent',
    zh: "“{host}”把“{name}”存成了“{stored}”，而发送的是“{digest}”",
    hint: {
      en: "the registry, or something before it, changes what it gets: do not deploy that image; ask its administrator",
      zh: "镜像仓库或其前面的设备改动了收到的内容：不要部署该镜像，并询问其管理员",
    },
  },
} as const satisfies Record<string, ErrorRow>;

/** Reasons that stand within other messages, and what else is said about it. */
export const REGISTRY_TEXTS = {
  "action-pull": { en: "pull", zh: "拉取" },
  "action-push": { en: "push", zh: "推送" },
  "action-login": { en: "log in for", zh: "登录" },
  "answer-headers": {
    en: "its headers break the rules of HTTP ({detail:cause})",
    zh: "它的响应头不符合 HTTP 规范（{detail:cause}）",
  },
  "answer-of-token-server": {
    en: 'its token server "{place}" says: {detail:cause}',
    zh: "其令牌服务器“{place}”返回：{detail:cause}",
  },
  "answer-of-redirected": {
    en: 'it redirects to "{place}", which says: {detail:cause}',
    zh: "它重定向到“{place}”，后者返回：{detail:cause}",
  },
  "sent-stored": {
    en: '{detail:cause} (the login stored in "{file}" was sent)',
    zh: "{detail:cause}（发送的是“{file}”中保存的登录信息）",
  },
  "certificate-issuer": {
    en: '{detail:cause} (signed by "{issuer}")',
    zh: "{detail:cause}（由“{issuer}”签发）",
  },
  "authorities-empty": { en: "it is empty", zh: "文件为空" },
  "authorities-der": { en: "it is in DER format, not in PEM", zh: "它是 DER 格式，不是 PEM 格式" },
  "authorities-key": { en: "it holds a private key and no certificate", zh: "它只有私钥，没有证书" },
  "authorities-html": { en: "it is a web page", zh: "它是一个网页" },
  "authorities-none": { en: "no certificate in PEM format is in it", zh: "其中没有 PEM 格式的证书" },
  "authorities-broken": { en: "certificate {number} in it is damaged", zh: "其中第 {number} 个证书已损坏" },
  "authorities-no-file": { en: "it is not a regular file", zh: "它不是普通文件" },
  "authorities-large": { en: "it is larger than {limit:bytes}", zh: "它大于 {limit:bytes}" },
  "proxy-scheme": {
    en: '"{scheme}://" is not known; known are {schemes:list}',
    zh: "不支持“{scheme}://”，支持的是 {schemes:list}",
  },
  "proxy-host": { en: "it names no host", zh: "其中没有主机名" },
  "proxy-port": { en: "{port} is not a port", zh: "{port} 不是端口号" },
  "proxy-login-long": {
    en: "SOCKS allows at most 255 bytes for the user name and for the password",
    zh: "SOCKS 的用户名和密码最多各 255 字节",
  },
  "proxy-silent": { en: "it did not answer", zh: "它没有响应" },
  "proxy-closed": { en: "it closed the connection", zh: "它关闭了连接" },
  "proxy-status": { en: "it answered CONNECT with HTTP {status}", zh: "它对 CONNECT 返回了 HTTP {status}" },
  "socks-other": { en: "it does not speak SOCKS 5", zh: "它不是 SOCKS 5 代理" },
  "socks-failure": { en: "it reports a failure of its own", zh: "它报告自身故障" },
  "socks-rules": { en: "its rules do not allow the connection", zh: "它的规则不允许该连接" },
  "socks-network": { en: "it cannot reach the network", zh: "它无法到达目标网络" },
  "socks-host": { en: "it cannot reach the host", zh: "它无法到达目标主机" },
  "socks-refused": { en: "the host refused its connection", zh: "目标主机拒绝了它的连接" },
  "socks-expired": { en: "its connection took too long", zh: "它的连接超时" },
  "socks-command": { en: "it does not allow outgoing connections", zh: "它不支持向外连接" },
  "socks-address": { en: "it does not know this kind of address", zh: "它不支持这种地址" },
  "redirect-invalid": { en: "it redirects to an invalid address", zh: "它重定向到的不是有效地址" },
  "redirect-plain": { en: 'it redirects to plain http at "{place}"', zh: "它重定向到了“{place}”的明文 http" },
  "location-invalid": {
    en: "it opened an upload at an invalid address",
    zh: "它给出的上传地址无效",
  },
  "location-plain": {
    en: 'it opened an upload at plain http at "{place}"',
    zh: "它给出的上传地址是“{place}”的明文 http",
  },
  "location-missing": { en: "it opened an upload and did not say where", zh: "它开始了上传，但没有给出上传地址" },
  "realm-invalid": { en: "the address of its token server is not valid", zh: "其令牌服务器的地址无效" },
  "realm-plain": {
    en: 'its token server "{place}" does not use TLS',
    zh: "其令牌服务器“{place}”没有使用 TLS",
  },
  "link-invalid": { en: "the next page of its list of tags has an invalid address", zh: "标签列表的下一页地址无效" },
  "link-plain": {
    en: 'the next page of its list of tags is at plain http at "{place}"',
    zh: "标签列表的下一页在“{place}”的明文 http",
  },
  "link-elsewhere": { en: 'the next page of its list of tags is at "{place}"', zh: "标签列表的下一页在“{place}”" },
  "link-endless": { en: "its list of tags has no end", zh: "标签列表没有尽头" },
  "tags-invalid": { en: "its list of tags is malformed", zh: "返回的标签列表格式不对" },
  "token-missing": { en: "its token server answered without a token", zh: "其令牌服务器的响应中没有令牌" },
  "token-expired": { en: "the token expired", zh: "令牌已过期" },
  "token-too-large": { en: "the token was too large for it", zh: "令牌过大，未被接受" },
  "challenge-none": { en: "its answer 401 has no WWW-Authenticate", zh: "其 401 响应没有 WWW-Authenticate" },
  "challenge-other": { en: "it offers {methods:list}", zh: "它提供的是 {methods:list}" },
  "challenge-address": {
    en: 'it names its token server as "{realm}", which is not an address with https:// and a host',
    zh: "它给出的令牌服务器是“{realm}”，不是带 https:// 和主机名的完整地址",
  },
  "challenge-realm": { en: "it offers Bearer without a token server", zh: "它提供 Bearer，但没有给出令牌服务器" },
  "blob-other-part": {
    en: "it was asked for the blob from byte {start} and sent another part",
    zh: "请求从第 {start} 字节开始的数据，它返回了另一部分",
  },
  "blob-other-size": {
    en: "it announces {announced} bytes, {due} were expected",
    zh: "它声明 {announced} 字节，应为 {due} 字节",
  },
  "digest-is": { en: "it is {digest}", zh: "实际为 {digest}" },
  "helper-missing": { en: "it is not installed", zh: "未安装" },
  "helper-name": { en: "it is not a valid program name", zh: "这个名称不能作为程序名" },
  "helper-silent": { en: "it did not answer within {seconds} s", zh: "它在 {seconds} 秒内没有响应" },
  "helper-exit": { en: "exit code {code}", zh: "退出码 {code}" },
  "helper-answer": { en: "its answer is not JSON", zh: "它返回的不是 JSON" },
  "credentials-json": { en: "it is not valid JSON", zh: "不是有效的 JSON" },
  "source-mirror-form": { en: 'it needs one "=" with something on both sides', zh: "需要一个“=”，并且两边都有内容" },
  "source-mirror-host": { en: '"{text}" is not a registry host', zh: "“{text}”不是镜像仓库的主机名" },
  "source-mirror-path": { en: '"{text}" cannot be part of a path', zh: "“{text}”不能作为路径的一部分" },
} as const satisfies Record<string, Text>;
