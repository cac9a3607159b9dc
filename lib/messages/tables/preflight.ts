/** Messages about the checks before the work. */
import type { Text } from "../message.ts";

export const PREFLIGHT_TEXTS = {
  "and-cause": { en: "{detail:cause}; {more:cause}", zh: "{detail:cause}；{more:cause}" },
  "all-causes": { en: "{causes:causes}", zh: "{causes:causes}" },
  "check-source": { en: "{registry} can be read", zh: "{registry} 可以读取" },
  "check-embedded": {
    en: "images stay in the content store of this machine, and hosts pull through the ssh connection",
    zh: "镜像保存在本机的本地缓存中，主机通过 ssh 连接拉取",
  },
  "warning-no-registry": {
    en: "no mirror registry is configured (MIRROR_REGISTRY, MIRROR_NAMESPACE)",
    zh: "没有配置私有镜像仓库（MIRROR_REGISTRY、MIRROR_NAMESPACE）",
  },
  "warning-source-place": {
    en: 'source mirror "{host}" of {registry} cannot be used: {detail:cause}',
    zh: "{registry} 的镜像源“{host}”不可用：{detail:cause}",
  },
  "warning-pulls-left": {
    en: "{host} allows {left:more pull|more pulls} for now, and {count:image comes|images come} from it: what is too much fails with HTTP 429; {advice:cause}",
    zh: "{host} 目前还允许拉取 {left} 次，而项目中有 {count} 个镜像来自它：超出的会以 HTTP 429 失败；{advice:cause}",
  },
  "advice-pulls-login-or-elsewhere": {
    en: "a login (docker login) allows more, or use a source mirror (--source-mirror)",
    zh: "登录（docker login）后限额更高，也可使用镜像源（--source-mirror）",
  },
  "advice-pulls-login": {
    en: "a login there (docker login) may allow more",
    zh: "在该处登录（docker login）后限额可能更高",
  },
  "advice-pulls-elsewhere": {
    en: "use a source mirror (--source-mirror), or run again later: what has arrived is kept",
    zh: "使用镜像源（--source-mirror），或稍后重新运行：已下载的内容会保留",
  },
  "advice-pulls-later": {
    en: "run again later: what has arrived is kept",
    zh: "稍后重新运行：已下载的内容会保留",
  },
  "warning-local-disk-low": {
    en: "only {bytes:bytes} are free in {folder} on this machine",
    zh: "本机 {folder} 仅剩 {bytes:bytes}",
  },
} as const satisfies Record<string, Text>;
