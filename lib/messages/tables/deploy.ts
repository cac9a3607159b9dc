/** Messages about hosts and deploys. */
import type { ErrorRow } from "../error-row.ts";
import type { Text } from "../message.ts";

export const DEPLOY_ERRORS = {
  "host-invalid": {
    exit: 2,
    en: 'host "{host}" is not valid: {detail:cause}',
    zh: "主机“{host}”无效：{detail:cause}",
    hint: {
      en: "write an alias of your ssh configuration, USER@HOST, or ssh://USER@HOST:PORT",
      zh: "写成 ssh 配置中的别名、USER@HOST 或 ssh://USER@HOST:PORT",
    },
  },
  "ssh-no-such-host": {
    exit: 2,
    en: 'no host named "{host}" is known: {detail:cause}',
    zh: "找不到名为“{host}”的主机：{detail:cause}",
    hint: {
      en: "check --host, the Host entries of ~/.ssh/config, and name resolution",
      zh: "检查 --host、~/.ssh/config 中的 Host 条目和域名解析",
    },
  },
  "ssh-host-key-unknown": {
    exit: 2,
    en: 'the host key of "{host}" is not known here, so it was not trusted',
    zh: "本机还不认识“{host}”的主机密钥，因此没有信任它",
    hint: {
      en: "run ssh {host} once by hand, compare the fingerprint it shows, and accept it",
      zh: "手动执行一次 ssh {host}，核对显示的指纹并接受",
    },
  },
  "ssh-host-key-changed": {
    exit: 1,
    en: 'the host key of "{host}" has changed, so nothing was sent',
    zh: "“{host}”的主机密钥与以前不同，因此没有发送任何内容",
    hint: {
      en: "if the host was reinstalled, run ssh-keygen -R with its name, then ssh {host} once by hand; if not, the connection may be intercepted",
      zh: "如果主机重装过，用 ssh-keygen -R 加主机名清除旧密钥，再手动执行一次 ssh {host}；否则连接可能被劫持",
    },
  },
  "ssh-denied": {
    exit: 2,
    en: 'host "{host}" refused the login: {detail:cause}',
    zh: "主机“{host}”拒绝登录：{detail:cause}",
    hint: {
      en: "log in by key: run ssh-copy-id for {host}, load the key into ssh-agent, or name user and key in ~/.ssh/config; passwords are never asked for",
      zh: "使用密钥登录：对 {host} 执行 ssh-copy-id，把密钥加入 ssh-agent，或在 ~/.ssh/config 中指定用户和密钥；本工具从不询问密码",
    },
  },
  "ssh-key-permissions": {
    exit: 2,
    en: 'ssh did not use the key for "{host}", because its file can be read by others: {detail:cause}',
    zh: "ssh 没有使用“{host}”的密钥，因为密钥文件可被他人读取：{detail:cause}",
    hint: {
      en: "run chmod 600 on the key file",
      zh: "对密钥文件执行 chmod 600",
    },
  },
  "ssh-refused": {
    exit: 1,
    en: 'host "{host}" refused the connection: {detail:cause}',
    zh: "主机“{host}”拒绝连接：{detail:cause}",
    hint: {
      en: "check that sshd runs there and that the port is right (ssh://USER@HOST:PORT, or Port in ~/.ssh/config)",
      zh: "检查那里的 sshd 是否在运行、端口是否正确（ssh://USER@HOST:PORT，或 ~/.ssh/config 中的 Port）",
    },
  },
  "ssh-timeout": {
    exit: 1,
    en: 'host "{host}" did not answer: {detail:cause}',
    zh: "主机“{host}”没有响应：{detail:cause}",
    hint: {
      en: "check that the host is up and that its security group and firewall let ssh in from here",
      zh: "检查主机是否开机，以及安全组和防火墙是否允许从这里 ssh 连入",
    },
  },
  "ssh-rejected": {
    exit: 1,
    en: 'host "{host}" closed the connection before the login: {detail:cause}',
    zh: "主机“{host}”在登录前关闭了连接：{detail:cause}",
    hint: {
      en: "check that the port is sshd's, and fail2ban, hosts.deny and MaxStartups on the host; wait a minute before the next try",
      zh: "检查端口是否属于 sshd，以及主机上的 fail2ban、hosts.deny 和 MaxStartups；等一分钟再试",
    },
  },
  "ssh-algorithms": {
    exit: 2,
    en: 'ssh here and sshd on "{host}" have no common algorithm: {detail:cause}',
    zh: "本机的 ssh 与“{host}”的 sshd 没有共同支持的算法：{detail:cause}",
    hint: {
      en: "update sshd there, or allow the old algorithm for this host in ~/.ssh/config",
      zh: "升级那里的 sshd，或在 ~/.ssh/config 中为该主机允许旧算法",
    },
  },
  "ssh-cut": {
    exit: 1,
    en: 'the connection to "{host}" dropped: {detail:cause}',
    zh: "与“{host}”的连接断开：{detail:cause}",
    hint: {
      en: "check the network and run the same command again",
      zh: "检查网络，然后重新运行同一条命令",
    },
  },
  "ssh-forward": {
    exit: 1,
    en: 'sshd on "{host}" does not forward a port to here: {detail:cause}',
    zh: "“{host}”上的 sshd 不允许把端口转发到本机：{detail:cause}",
    hint: {
      en: "set AllowTcpForwarding to yes or remote in sshd_config there, or deploy from a registry, without --tunnel",
      zh: "在那里的 sshd_config 中把 AllowTcpForwarding 设为 yes 或 remote，或不用 --tunnel，从镜像仓库部署",
    },
  },
  "ssh-failed": {
    exit: 1,
    en: 'cannot reach host "{host}": {detail:cause}',
    zh: "无法连接主机“{host}”：{detail:cause}",
    hint: {
      en: "make ssh {host} work by hand, then run again",
      zh: "先手动让 ssh {host} 能连通，再重新运行",
    },
  },
  "host-probe": {
    exit: 1,
    en: 'cannot look at host "{host}": {detail:cause}',
    zh: "无法查看主机“{host}”的状况：{detail:cause}",
    hint: {
      en: "the user's login shell there must run commands given by ssh; try ssh {host} uname",
      zh: "该用户的登录 shell 必须能执行 ssh 传去的命令；试一下 ssh {host} uname",
    },
  },
  "host-dir-invalid": {
    exit: 2,
    en: 'folder "{dir}" on the host is not usable: {detail:cause}',
    zh: "主机上的目录“{dir}”不可用：{detail:cause}",
    hint: {
      en: "give --dir an absolute path, a path below ~/, or one relative to the home there",
      zh: "--dir 应为绝对路径、以 ~/ 开头的路径，或相对于那里家目录的路径",
    },
  },
  "host-dir-write": {
    exit: 2,
    en: 'user "{user}" cannot write to "{dir}" on "{host}"',
    zh: "用户“{user}”无法写入“{host}”上的“{dir}”",
    hint: {
      en: "give the user that folder there (chown), or choose another with --dir",
      zh: "在那里把该目录交给这个用户（chown），或用 --dir 换一个目录",
    },
  },
  "host-platform": {
    exit: 2,
    en: 'host "{host}" is {platform}, and the images are mirrored for {wanted}',
    zh: "主机“{host}”是 {platform} 平台，而同步的镜像是 {wanted} 平台",
    hint: {
      en: "mirror for the host with --platform {platform}, or deploy to a {wanted} host",
      zh: "用 --platform {platform} 为该主机同步镜像，或部署到 {wanted} 平台的主机",
    },
  },
  "host-docker-missing": {
    exit: 2,
    en: 'no docker found on "{host}"',
    zh: "“{host}”上没有找到 docker",
    hint: {
      en: "install docker-ce there (https://mirrors.aliyun.com/docker-ce/ in mainland China) and start it",
      zh: "在那里安装 docker-ce（中国大陆可用 https://mirrors.aliyun.com/docker-ce/）并启动",
    },
  },
  "host-docker-stopped": {
    exit: 2,
    en: 'docker on "{host}" does not answer: {detail:cause}',
    zh: "“{host}”上的 docker 没有响应：{detail:cause}",
    hint: {
      en: "start it there: systemctl enable --now docker",
      zh: "在那里启动它：systemctl enable --now docker",
    },
  },
  "host-docker-permission": {
    exit: 2,
    en: 'the ssh user may not use docker on "{host}": {detail:cause}',
    zh: "ssh 用户无权使用“{host}”上的 docker：{detail:cause}",
    hint: {
      en: "put the user into the docker group there (usermod -aG docker USER) and log in again, or deploy as root",
      zh: "在那里把该用户加入 docker 用户组（usermod -aG docker USER）并重新登录，或以 root 部署",
    },
  },
  "host-docker-root": {
    exit: 2,
    en: 'docker on "{host}" is for root only, and "{user}" may use sudo',
    zh: "“{host}”上的 docker 只对 root 开放，而“{user}”可以用 sudo 成为 root",
    hint: {
      en: "pass --sudo, or put the user into the docker group there (usermod -aG docker {user}) and log in again",
      zh: "加上 --sudo，或在那里把该用户加入 docker 组（usermod -aG docker {user}）后重新登录",
    },
  },
  "host-docker-old": {
    exit: 2,
    en: 'docker {version} on "{host}" is too old',
    zh: "“{host}”上的 docker {version} 版本过旧",
    hint: {
      en: "install docker {oldest} or newer there",
      zh: "在那里安装 docker {oldest} 或更新的版本",
    },
  },
  "host-compose-missing": {
    exit: 2,
    en: 'neither docker compose nor docker-compose found on "{host}"',
    zh: "“{host}”上既没有 docker compose 也没有 docker-compose",
    hint: {
      en: "install the package docker-compose-plugin there",
      zh: "在那里安装软件包 docker-compose-plugin",
    },
  },
  "host-compose-old": {
    exit: 2,
    en: 'docker-compose {version} on "{host}" is too old',
    zh: "“{host}”上的 docker-compose {version} 版本过旧",
    hint: {
      en: "install the package docker-compose-plugin there, or docker-compose {oldest} or newer",
      zh: "在那里安装软件包 docker-compose-plugin，或 docker-compose {oldest} 及更新的版本",
    },
  },
  "host-compose-broken": {
    exit: 2,
    en: 'docker-compose {version} on "{host}" cannot talk to docker {server}: {detail:cause}',
    zh: "“{host}”上的 docker-compose {version} 无法与 docker {server} 通信：{detail:cause}",
    hint: {
      en: "install the package docker-compose-plugin there; version 1 no longer gets fixes",
      zh: "在那里安装软件包 docker-compose-plugin；第 1 版已停止维护",
    },
  },
  "host-compose-v1": {
    exit: 2,
    en: 'docker-compose {version} on "{host}" cannot read the compose file: {problems:causes}',
    zh: "“{host}”上的 docker-compose {version} 无法读取该 compose 文件：{problems:causes}",
    hint: {
      en: "install the package docker-compose-plugin there, or take these out of the compose file",
      zh: "在那里安装软件包 docker-compose-plugin，或从 compose 文件中去掉这些内容",
    },
  },
  "mirror-compose-missing": {
    exit: 2,
    en: 'no mirror compose file found at "{file}"',
    zh: "没有找到 docker-compose-mirror.yaml：“{file}”",
    hint: {
      en: "write it with generate-mirror-compose, or run mirror, which does every step",
      zh: "先运行 generate-mirror-compose 生成它，或运行 mirror 完成所有步骤",
    },
  },
  "ship-outside": {
    exit: 2,
    en: 'cannot send "{file}", because it lies outside the project\'s folder "{folder}"',
    zh: "无法发送“{file}”，因为它在项目目录“{folder}”之外",
    hint: {
      en: "move it below that folder, where the host can have it too",
      zh: "把它移到该目录下，主机上才能有对应的位置",
    },
  },
  "ship-state": {
    exit: 2,
    en: 'cannot send "{file}", because deploy keeps its own records in "{folder}" on the host',
    zh: "无法发送“{file}”，因为主机上的“{folder}”用于保存部署记录",
    hint: {
      en: "move it to another folder of the project",
      zh: "把它移到项目的其他目录下",
    },
  },
  "ship-missing": {
    exit: 2,
    en: 'service {services:list} reads "{name}", which is neither here nor in "{dir}" on "{host}"',
    zh: "服务{services:list}要读取“{name}”，但本机和“{host}”的“{dir}”中都没有它",
    hint: {
      en: "make the file, or take it out of the compose file; docker would put an empty folder in its place",
      zh: "创建该文件，或从 compose 文件中去掉它；否则 docker 会在那里建一个空目录",
    },
  },
  "ship-special": {
    exit: 2,
    en: 'cannot send "{file}", which "{dir}" on "{host}" lacks: {detail:cause}',
    zh: "无法发送“{file}”（“{host}”的“{dir}”中没有它）：{detail:cause}",
    hint: {
      en: "make it on the host first, or take it out of the compose file; only regular files are sent",
      zh: "先在主机上创建它，或从 compose 文件中去掉它；只发送普通文件",
    },
  },
  "ship-compose-file": {
    exit: 2,
    en: 'compose reads "{name}" on "{host}", and it is not in "{dir}" there',
    zh: "compose 在“{host}”上要读取“{name}”，但那里的“{dir}”中没有它",
    hint: {
      en: "leave out --no-ship, so that it is sent",
      zh: "去掉 --no-ship，让它一起发送",
    },
  },
  "ship-link": {
    exit: 2,
    en: 'cannot send "{file}", because this link leads out of the project to "{target}"',
    zh: "无法发送“{file}”，因为该符号链接指向项目之外的“{target}”",
    hint: {
      en: "put the file itself in its place, or allow the folder that it is in with --allow-path",
      zh: "用文件本身替换该链接，或用 --allow-path 允许它所在的目录",
    },
  },
  "ship-settings": {
    exit: 2,
    en: 'will not send "{file}": it may hold the password of the registry',
    zh: "不会发送“{file}”：其中可能有镜像仓库的密码",
    hint: {
      en: "put what the services need into another file",
      zh: "把服务需要的内容放到另一个文件中",
    },
  },
  "stack-unfit": {
    exit: 2,
    en: 'cannot make a stack of "{file}": {detail:cause}',
    zh: "无法把“{file}”作为 stack 部署：{detail:cause}",
    hint: {
      en: "deploy with compose, or give the service an image in place of its build section",
      zh: "改用 compose 部署，或为该服务指定 image 而不是 build",
    },
  },
  "host-swarm": {
    exit: 2,
    en: 'docker on "{host}" is not a manager of a swarm ({state})',
    zh: "“{host}”上的 docker 不是 swarm 的管理节点（{state}）",
    hint: {
      en: "name a manager with --host; docker swarm init makes the first one",
      zh: "用 --host 指定一个管理节点；docker swarm init 可创建第一个管理节点",
    },
  },
  "image-pinned": {
    exit: 2,
    en: 'images {images:list} are pinned to their digests, so they cannot be pulled as images of "{registry}"',
    zh: "镜像{images:list}已固定到摘要，无法作为“{registry}”的镜像拉取",
    hint: {
      en: "write the mirror compose file without --pin",
      zh: "不带 --pin 重新生成 mirror compose 文件",
    },
  },
  "tunnel-missing": {
    exit: 2,
    en: "images {images:list} are not in the content store",
    zh: "镜像{images:list}不在本地缓存中",
    hint: {
      en: "run pull first, which brings them there",
      zh: "先运行 pull，把它们取到本地",
    },
  },
  "host-link": {
    exit: 1,
    en: 'refused to write in "{dir}" on "{host}": {detail:cause}',
    zh: "拒绝在“{host}”的“{dir}”中写入：{detail:cause}",
    hint: {
      en: "find out who put it there (a container may have the folder mounted); replace the link by a real folder or file, or give .compose-mirror to the ssh user",
      zh: "查明它的来源（可能有容器挂载了该目录）；把链接换成真实的目录或文件，或把 .compose-mirror 交给 ssh 用户",
    },
  },
  "host-busy": {
    exit: 1,
    en: 'another deploy is running in "{dir}" on "{host}": {holder}',
    zh: "另一个部署正在“{host}”的“{dir}”中进行：{holder}",
    hint: {
      en: "wait for it to end and run again",
      zh: "等它结束后重新运行",
    },
  },
  "host-changed": {
    exit: 1,
    en: 'another deploy has changed what runs in "{dir}" on "{host}" since this one was planned, and nothing was done',
    zh: "制定计划之后，另一个部署改变了“{host}”上“{dir}”中运行的内容，因此未做任何更改",
    hint: {
      en: "look at status, then run again",
      zh: "先用 status 查看，再重新运行",
    },
  },
  "project-elsewhere": {
    exit: 2,
    en: 'cannot deploy to "{dir}" on "{host}": the compose project "{name}" runs there in "{other}" already, and its containers would be taken over',
    zh: "无法部署到“{host}”上的“{dir}”：那里的“{other}”已在运行同名 compose 项目“{name}”，其容器会被接管",
    hint: {
      en: "give this project another name (name: in the compose file, or another folder name with --dir), deploy to that folder, or take it down there first",
      zh: "为本项目换个名称（在 compose 文件中写 name:，或用 --dir 换一个目录名），或部署到那个目录，或先在那里停掉它",
    },
  },
  "host-folder": {
    exit: 1,
    en: 'cannot make the folder "{dir}" on "{host}": {detail:cause}',
    zh: "无法在“{host}”上创建目录“{dir}”：{detail:cause}",
    hint: {
      en: "check that the ssh user may write there",
      zh: "检查 ssh 用户在那里是否有写权限",
    },
  },
  "host-copy": {
    exit: 1,
    en: 'cannot copy files into "{dir}" on "{host}": {detail:cause}',
    zh: "无法把文件复制到“{host}”的“{dir}”：{detail:cause}",
    hint: {
      en: "check permissions and free space there; the files in place were not touched",
      zh: "检查那里的权限和剩余空间；原有文件没有改动",
    },
  },
  "host-login": {
    exit: 1,
    en: 'cannot log "{host}" in to "{registry}": {detail:cause}',
    zh: "“{host}”无法登录“{registry}”：{detail:cause}",
    hint: {
      en: "try docker login {registry} on the host",
      zh: "在主机上手动试一次 docker login {registry}",
    },
  },
  "host-login-denied": {
    exit: 2,
    en: '"{registry}" refused the login from "{host}": {detail:cause}',
    zh: "“{registry}”拒绝了“{host}”的登录：{detail:cause}",
    hint: {
      en: "correct MIRROR_USERNAME and MIRROR_PASSWORD; Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential",
      zh: "改正 MIRROR_USERNAME 和 MIRROR_PASSWORD；阿里云镜像仓库使用独立的固定密码，在 ACR 控制台的“访问凭证”中设置",
    },
  },
  "host-pull": {
    exit: 1,
    en: 'cannot pull the images on "{host}", so nothing was changed: {detail:cause}',
    zh: "“{host}”无法拉取镜像，因此没有做任何改动：{detail:cause}",
    hint: {
      en: "correct what is said there and run again",
      zh: "按提示改正后重新运行",
    },
  },
  "host-pull-denied": {
    exit: 1,
    en: 'a registry refused a pull on "{host}": {detail:cause}',
    zh: "镜像仓库拒绝了“{host}”的拉取：{detail:cause}",
    hint: {
      en: "set MIRROR_USERNAME and MIRROR_PASSWORD so that the host is logged in to {registry}, or log in there by hand as the same user",
      zh: "设置 MIRROR_USERNAME 和 MIRROR_PASSWORD，让主机登录 {registry}；或用同一系统用户在那里手动登录",
    },
  },
  "host-image-missing": {
    exit: 1,
    en: "an image is not in its registry: {detail:cause}",
    zh: "镜像仓库中没有所需的镜像：{detail:cause}",
    hint: {
      en: "push it first (push), and compare namespace and tag in the mirror compose file",
      zh: "先推送它（push），并核对生成的 compose 文件中的命名空间和标签",
    },
  },
  "host-image-platform": {
    exit: 1,
    en: 'an image does not exist for the platform of "{host}": {detail:cause}',
    zh: "镜像没有适用于“{host}”平台的版本：{detail:cause}",
    hint: {
      en: "mirror it for that platform with --platform",
      zh: "用 --platform 为该平台同步镜像",
    },
  },
  "host-registry-plain": {
    exit: 1,
    en: '"{host}" expects TLS from a registry that speaks plain HTTP: {detail:cause}',
    zh: "“{host}”要求镜像仓库使用 TLS，而它只提供明文 HTTP：{detail:cause}",
    hint: {
      en: "add the registry to insecure-registries in /etc/docker/daemon.json there and restart docker",
      zh: "在那里把该仓库加入 /etc/docker/daemon.json 的 insecure-registries，并重启 docker",
    },
  },
  "host-registry-certificate": {
    exit: 1,
    en: '"{host}" does not trust a registry\'s certificate: {detail:cause}',
    zh: "“{host}”不信任镜像仓库的证书：{detail:cause}",
    hint: {
      en: "put its CA into /etc/docker/certs.d/{registry}/ca.crt there, and check the host's clock",
      zh: "在那里把它的 CA 放到 /etc/docker/certs.d/{registry}/ca.crt，并检查主机时钟",
    },
  },
  "host-registry-unreachable": {
    exit: 1,
    en: '"{host}" cannot reach a registry: {detail:cause}',
    zh: "“{host}”无法连接镜像仓库：{detail:cause}",
    hint: {
      en: "check name resolution and network there; a -vpc name answers only inside its own region and VPC: choose another with --pull-registry",
      zh: "检查那里的域名解析和网络；-vpc 地址只在同地域的专有网络内可用，用 --pull-registry 换一个地址",
    },
  },
  "host-loopback-refused": {
    exit: 1,
    en: '{engine} on "{host}" cannot connect to the loopback address of that host: {detail:cause}',
    zh: "“{host}”上的 {engine} 无法连接该主机的回环地址：{detail:cause}",
    hint: [
      {
        when: ({ tunnel }) => tunnel,
        en: "a rootless docker, or one in a virtual machine, has a loopback of its own, so --tunnel cannot serve it: push to a registry that the host can reach and deploy without --tunnel, or use a docker that runs as root",
        zh: "rootless 的 docker 或虚拟机中的 docker 有自己的回环地址，--tunnel 对它无效：请推送到主机能访问的镜像仓库，部署时不用 --tunnel；或改用以 root 运行的 docker",
      },
      {
        when: ({ tunnel, pullRegistry }) => !tunnel && pullRegistry === undefined,
        en: "localhost and 127.0.0.1 are the host itself there: start the registry on that host, or give an address of it that the host can reach with --pull-registry",
        zh: "在那里 localhost 和 127.0.0.1 指主机自身：在该主机上启动镜像仓库，或用 --pull-registry 给出主机能访问的地址",
      },
      {
        when: ({ tunnel, pullRegistry }) => !tunnel && pullRegistry !== undefined,
        en: "localhost and 127.0.0.1 are the host itself there: start the registry on that host, or change --pull-registry to an address that the host can reach",
        zh: "在那里 localhost 和 127.0.0.1 指主机自身：在该主机上启动镜像仓库，或把 --pull-registry 改为主机能访问的地址",
      },
      {
        when: ({ tunnel, engine }) => !tunnel && engine === "direct",
        en: "images that this machine has mirrored can also go through the ssh connection, with --tunnel",
        zh: "本机同步过的镜像也可以用 --tunnel 经由 ssh 连接传输",
      },
    ],
  },
  "host-manifest-unreadable": {
    exit: 1,
    en: '{engine} on "{host}" cannot read the manifest of an image: {detail:cause}',
    zh: "“{host}”上的 {engine} 无法读取镜像的 manifest：{detail:cause}",
    hint: [
      {
        when: (_, { reads }) => reads !== "yes",
        en: "docker before 18 reads no OCI manifests: mirror again with --format docker, and deploy; or update docker there",
        zh: "18 之前的 docker 不支持 OCI manifest：用 --format docker 重新 mirror，再部署；或升级那里的 docker",
      },
      {
        when: (_, { reads }) => reads === "yes",
        en: "{engine} {version} reads OCI manifests, so the registry or a proxy in between sends this one under a wrong media type: pull it there by hand to see which",
        zh: "{engine} {version} 能读取 OCI manifest，说明镜像仓库或中间的代理返回了错误的媒体类型：在那里手动拉取该镜像，查明是哪一个",
      },
    ],
  },
  "host-layer-unreadable": {
    exit: 1,
    en: '{engine} on "{host}" cannot unpack a layer of an image: {detail:cause}',
    zh: "“{host}”上的 {engine} 无法解开镜像的层：{detail:cause}",
    hint: [
      {
        when: (_, { reads }) => reads !== "yes",
        en: "docker before 23 reads no layers that are compressed with zstd: update it there, or use a tag of the image with gzip layers; --format docker keeps the layers as they are",
        zh: "23 之前的 docker 不支持 zstd 压缩的层：升级那里的 docker，或换用层以 gzip 压缩的标签；--format docker 不会改变层",
      },
      {
        when: (_, { reads }) => reads === "yes",
        en: "{engine} {version} reads gzip and zstd, so the layer itself is probably damaged: pull the image there again and check the disk; if it fails again, compare it with its source, or use another tag",
        zh: "{engine} {version} 支持 gzip 和 zstd，很可能是层本身已损坏：在那里重新拉取该镜像并检查磁盘；如果仍然失败，与源镜像对比，或换用其他标签",
      },
    ],
  },
  "host-rate-limit": {
    exit: 1,
    en: 'a public registry limits the pulls of "{host}" for now: {detail:cause}',
    zh: "公共仓库暂时不再允许“{host}”拉取：{detail:cause}",
    hint: {
      en: "mirror that image too (remove it from ignore-images.txt), or log in to that registry on the host",
      zh: "把该镜像也纳入镜像（从 ignore-images.txt 中去掉），或在主机上登录该仓库",
    },
  },
  "host-firewall": {
    exit: 1,
    en: 'the firewall on "{host}" has lost docker\'s rules: {detail:cause}',
    zh: "“{host}”的防火墙丢失了 docker 的规则：{detail:cause}",
    hint: {
      en: "run systemctl restart docker there; a reload of firewalld drops them each time",
      zh: "在那里运行 systemctl restart docker；每次重载 firewalld 都会清掉这些规则",
    },
  },
  "host-disk-full": {
    exit: 1,
    en: 'no space is left on "{host}": {detail:cause}',
    zh: "“{host}”磁盘已满：{detail:cause}",
    hint: {
      en: "free some space there: docker system df shows what docker holds, docker image prune removes unused layers",
      zh: "在那里释放一些空间：docker system df 显示占用情况，docker image prune 清除无用的层",
    },
  },
  "host-api-version": {
    exit: 1,
    en: 'client and daemon on "{host}" are not compatible: {detail:cause}',
    zh: "“{host}”上的客户端与守护进程版本不兼容：{detail:cause}",
    hint: {
      en: "use docker and compose of the same time there: install docker-ce, docker-ce-cli and docker-compose-plugin together",
      zh: "让那里的 docker 与 compose 版本一致：同时安装 docker-ce、docker-ce-cli 和 docker-compose-plugin",
    },
  },
  "host-container-config": {
    exit: 1,
    en: 'docker-compose 1 cannot recreate a container on "{host}": {detail:cause}',
    zh: "“{host}”上的 docker-compose 1 无法重建容器：{detail:cause}",
    hint: {
      en: "install the package docker-compose-plugin there; or remove the old containers (docker-compose -f FILE rm -sf) and deploy again",
      zh: "在那里安装软件包 docker-compose-plugin；或删除旧容器（docker-compose -f FILE rm -sf）后重新部署",
    },
  },
  "host-image-changed": {
    exit: 1,
    en: 'image "{image}" on "{host}" is not the one that was mirrored: {digest} is expected, {found:names} was found; nothing was changed',
    zh: "“{host}”上的镜像“{image}”与同步时的不是同一个：应为 {digest}，实际是 {found:names}；没有任何改动",
    hint: {
      en: "mirror again, so that mirror.lock.json and the registry agree, and find out who pushed to that name",
      zh: "重新同步，使 mirror.lock.json 与仓库一致，并查明是谁推送到了这个名字",
    },
  },
  "host-unhealthy": {
    exit: 1,
    en: 'services did not become healthy on "{host}": {services:list} ({reason:cause})\n  {detail:cause}',
    zh: "“{host}”上的服务没有就绪：{services:list}（{reason:cause}）\n  {detail:cause}",
    hint: {
      en: "correct the image or its settings and deploy again; the logs on the host show more, and --wait SECONDS gives slow services more time",
      zh: "修正镜像或配置后重新部署；主机上的日志有更多信息，启动慢的服务可用 --wait SECONDS 延长等待",
    },
  },
  "host-record": {
    exit: 1,
    en: 'the services run on "{host}", but the release could not be recorded in "{dir}": {detail:cause}',
    zh: "服务已在“{host}”上运行，但无法在“{dir}”中记录这个版本：{detail:cause}",
    hint: {
      en: "free some space there and deploy again",
      zh: "在那里腾出一些空间，再部署一次",
    },
  },
  "host-return": {
    exit: 1,
    en: 'cannot go back to the previous release on "{host}": {detail:cause}',
    zh: "无法在“{host}”上回退到上一个版本：{detail:cause}",
    hint: {
      en: "solve the problem that is named, then run rollback or deploy again",
      zh: "按上面的提示修正，然后运行 rollback 或重新部署",
    },
  },
  "release-none": {
    exit: 2,
    en: 'no release to go back to is kept in "{dir}" on "{host}"',
    zh: "“{host}”的“{dir}”中没有可以回退的版本",
    hint: {
      en: "rollback --list shows the releases that are kept, and rollback ID goes to any of them; one that was given up is never chosen by itself",
      zh: "rollback --list 可列出保留的版本，rollback ID 可回到其中任意一个；已放弃的版本不会自动选用",
    },
  },
  "release-unknown": {
    exit: 2,
    en: 'release "{release}" is not kept in "{dir}" on "{host}"',
    zh: "“{host}”的“{dir}”中没有保留版本“{release}”",
    hint: {
      en: "choose one of {kept:names}",
      zh: "从 {kept:names} 中选择一个",
    },
  },
  "host-port-taken": {
    exit: 1,
    en: 'a port is taken on "{host}": {detail:cause}',
    zh: "“{host}”上的端口已被占用：{detail:cause}",
    hint: {
      en: "stop what listens there (ss -ltnp shows it), or publish another port in the compose file or .env",
      zh: "停掉占用端口的程序（ss -ltnp 可查看），或在 compose 文件或 .env 中改用其他端口",
    },
  },
  "host-file-missing": {
    exit: 1,
    en: 'a file that the compose file names is missing on "{host}": {detail:cause}',
    zh: "“{host}”上缺少 compose 文件引用的文件：{detail:cause}",
    hint: {
      en: "copy it from the project into {dir} there, and deploy again",
      zh: "从项目中把它复制到那里的 {dir}，然后重新部署",
    },
  },
  "host-build-folder": {
    exit: 2,
    en: 'service "{service}" is built on "{host}", and its folder "{name}" is not in "{dir}" there',
    zh: "服务“{service}”要在“{host}”上构建，但那里的“{dir}”中没有它的目录“{name}”",
    hint: {
      en: "copy the folder there (scp -r), or take the service out of the compose file",
      zh: "把该目录复制过去（scp -r），或从 compose 文件中去掉该服务",
    },
  },
  "host-mount": {
    exit: 1,
    en: 'a mounted file is missing on "{host}": {detail:cause}',
    zh: "“{host}”上缺少要挂载的文件：{detail:cause}",
    hint: {
      en: "remove the empty folder that docker made in its place in {dir}, copy the file there, and deploy again",
      zh: "删除 docker 在 {dir} 中代建的空目录，把文件复制过去，然后重新部署",
    },
  },
  "host-name-taken": {
    exit: 1,
    en: 'a container of that name belongs to something else on "{host}": {detail:cause}',
    zh: "“{host}”上已有不属于本项目的同名容器：{detail:cause}",
    hint: {
      en: "remove it there (docker rm -f NAME), or deploy into the folder it was started from with --dir",
      zh: "在那里删除它（docker rm -f NAME），或用 --dir 部署到启动它的那个目录",
    },
  },
  "host-compose-invalid": {
    exit: 1,
    en: 'compose on "{host}" cannot read the compose file: {detail:cause}',
    zh: "“{host}”上的 compose 无法读取该 compose 文件：{detail:cause}",
    hint: {
      en: "correct the file, or install the current docker-compose-plugin there",
      zh: "改正该文件，或在那里安装新版 docker-compose-plugin",
    },
  },
  "host-up": {
    exit: 1,
    en: 'cannot start the services on "{host}": {detail:cause}',
    zh: "无法在“{host}”上启动服务：{detail:cause}",
    hint: {
      en: "see what runs in {dir} there (the command status) and its logs, then deploy again",
      zh: "用 status 命令查看那里 {dir} 中的运行情况，并查看日志，然后重新部署",
    },
  },
  "host-services-none": {
    exit: 1,
    en: 'no container of the project is in "{dir}" on "{host}"',
    zh: "“{host}”的“{dir}”中没有该项目的容器",
    hint: {
      en: "deploy it first, or name its folder on the host with --dir",
      zh: "请先部署，或用 --dir 指定它在主机上的目录",
    },
  },
  "host-service-unknown": {
    exit: 2,
    en: 'no container of a service "{service}" is on "{host}"; there are {known:names}',
    zh: "“{host}”上没有服务“{service}”的容器，已有的服务：{known:names}",
    hint: { en: "name one of these", zh: "请指定其中之一" },
  },
  "service-stopped": {
    exit: 1,
    en: 'service "{service}" on "{host}" is not running: {state}',
    zh: "“{host}”上的服务“{service}”未在运行：{state}",
    hint: {
      en: "logs {service} shows why; a program can only be run in a container that runs",
      zh: "用 logs {service} 查看原因；只能在运行中的容器里执行程序",
    },
  },
  "exec-swarm": {
    exit: 2,
    en: 'cannot run a program in "{service}": the tasks of a swarm run on any of its nodes',
    zh: "无法在“{service}”中执行程序：swarm 的任务可能运行在任意节点",
    hint: {
      en: "docker service ps names the node; run docker exec there",
      zh: "用 docker service ps 找到所在节点，在该节点上运行 docker exec",
    },
  },
  "host-logs": {
    exit: 1,
    en: 'cannot read the logs on "{host}": {detail:cause}',
    zh: "无法读取“{host}”上的日志：{detail:cause}",
    hint: {
      en: "the lines above say why; status shows what runs there",
      zh: "原因见上方输出；用 status 查看主机上正在运行的服务",
    },
  },
  "host-ps": {
    exit: 1,
    en: 'cannot list the containers in "{dir}" on "{host}": {detail:cause}',
    zh: "无法列出“{host}”上“{dir}”中的容器：{detail:cause}",
    hint: {
      en: "check that the project was deployed to that folder",
      zh: "确认项目已部署到该目录",
    },
  },
} as const satisfies Record<string, ErrorRow>;

export const DEPLOY_TEXTS = {
  "deploy-connecting": { en: "connecting", zh: "连接中" },
  "deploy-probing": { en: "checking the host", zh: "检查主机" },
  "deploy-login": { en: "logging in to {registry}", zh: "登录 {registry}" },
  "deploy-pull": { en: "pulling {image}", zh: "拉取 {image}" },
  "deploy-keep": { en: "keeping what runs there as release {release}", zh: "把正在运行的内容保存为版本 {release}" },
  "deploy-place": { en: "putting the new files in place", zh: "放置新文件" },
  "deploy-up": { en: "starting the services", zh: "启动服务" },
  "deploy-left-unchanged": {
    en: "nothing was changed there: its services run as before",
    zh: "主机上没有任何改动，服务照常运行",
  },
  "deploy-left-starting": {
    en: "the new files are in place, and the host goes on starting the services by itself",
    zh: "新文件已就位，主机会自行继续启动服务",
  },
  "deploy-left-placed": {
    en: "the new files are in place, and the services are as far as the start got",
    zh: "新文件已就位，服务停留在启动中断时的状态",
  },
  deployHost: {
    en: "{user}@{host}: {system}, {platform}, {engine}, compose {compose}",
    zh: "{user}@{host}：{system}，{platform}，{engine}，compose {compose}",
  },
  deployHostSwarm: {
    en: "{user}@{host}: {system}, {platform}, {engine}, swarm",
    zh: "{user}@{host}：{system}，{platform}，{engine}，swarm",
  },
  noContainers: {
    en: "nothing of this project runs in {dir} on {host}",
    zh: "{host} 的 {dir} 中没有本项目的容器在运行",
  },
  "warning-docker-aging": {
    en: "docker {version} on {host} is older than {recent}: images with a recent libc may start and fail there",
    zh: "{host} 上的 docker {version} 早于 {recent}：使用较新 libc 的镜像可能启动后失败",
  },
  "warning-compose-v1": {
    en: "docker-compose {version} on {host} is version 1, which no longer gets fixes",
    zh: "{host} 上的 docker-compose {version} 是已停止维护的第 1 版",
  },
  "warning-engine-podman": {
    en: "docker on {host} is podman: it is used like docker, but compose may behave differently",
    zh: "{host} 上的 docker 实际是 podman：按 docker 使用，但 compose 的行为可能不同",
  },
  "warning-disk-low": {
    en: "only {bytes:bytes} are free in {folder} on {host}",
    zh: "{host} 的 {folder} 只剩 {bytes:bytes} 空间",
  },
  "warning-env-file-missing": {
    en: "the project reads an env file, and {dir} on {host} has no .env: the defaults apply there",
    zh: "项目会读取 env 文件，而 {host} 的 {dir} 中没有 .env，将使用默认值",
  },
  "warning-login-skipped": {
    en: "no credentials for {registry} are known here, so {host} pulls with its own stored login",
    zh: "本机没有 {registry} 的登录信息，将使用 {host} 自己已有的登录",
  },
  "warning-login-unsupported": {
    en: "docker {version} on {host} cannot read a password from its input, so it pulls with its own stored login to {registry}",
    zh: "{host} 上的 docker {version} 不支持从标准输入读取密码，将使用它自己对 {registry} 已有的登录",
  },
  "exit-code": { en: "exit code {code}", zh: "退出码 {code}" },
  "no-answer": { en: "no answer", zh: "没有应答" },
  "no-login-within": { en: "no login within {seconds} s", zh: "{seconds} 秒内未能登录" },
  "no-answer-within": { en: "no answer within {seconds} s", zh: "{seconds} 秒内没有应答" },
  "host-empty": { en: "it is empty", zh: "为空" },
  "host-dash": { en: 'it begins with "-"', zh: "以“-”开头" },
  "host-scheme": { en: "only ssh:// is supported", zh: "只支持 ssh://" },
  "host-name": { en: '"{name}" cannot be the name of a host', zh: "“{name}”不能作为主机名" },
  "host-user": { en: '"{user}" cannot be the name of a user', zh: "“{user}”不能作为用户名" },
  "host-port": { en: '"{port}" is not a port', zh: "“{port}”不是端口号" },
  "dir-empty": { en: "it is empty", zh: "为空" },
  "dir-control-characters": { en: "it has control characters", zh: "含有控制字符" },
  "dir-other-home": { en: "the home of another user cannot be named so", zh: "不能这样指定其他用户的家目录" },
  "dir-no-folder": { en: 'it is not a folder on "{host}"', zh: "它在“{host}”上不是目录" },
  "state-foreign": {
    en: ".compose-mirror in it is a link or belongs to another user",
    zh: "其中的 .compose-mirror 是链接，或属于其他用户",
  },
  "registry-no-host": { en: "it is not a host", zh: "它不是主机地址" },
  "unhealthy-failed": { en: "failed, so nothing more is waited for", zh: "已失败，不再等待" },
  "unhealthy-timeout": { en: "not within {seconds} s", zh: "{seconds} 秒内未就绪" },
  "deploy-unchanged": {
    en: "nothing to do: files, images and services are as they should be",
    zh: "无需操作：文件、镜像和服务均已是目标状态",
  },
  "deploy-tag": { en: "tagging {count:image|images}", zh: "为 {count} 个镜像打标签" },
  "deploy-up-one": { en: "starting {service}", zh: "启动 {service}" },
  "deploy-remove": { en: "removing services: {services:names}", zh: "移除服务：{services:names}" },
  "deploy-remove-files": { en: "removing files: {files:names}", zh: "移除文件：{files:names}" },
  "warning-orphans": {
    en: "no longer in the project, but kept running on {host} (--keep-orphans): {services:list}",
    zh: "{host} 上的{services:list}已不在项目中，按 --keep-orphans 保留运行",
  },
  "warning-other-registry": {
    en: "the mirror compose file names {registry}, which is not the mirror registry: MIRROR_USERNAME and MIRROR_PASSWORD are not sent there",
    zh: "生成的 compose 文件使用 {registry}，它不是所配置的私有仓库：不会向它发送 MIRROR_USERNAME 和 MIRROR_PASSWORD",
  },
  "deploy-locked": { en: "waiting for another deploy to end: {holder}", zh: "等待另一个部署结束：{holder}" },
  "deploy-send": { en: "sending {count:file|files}", zh: "发送 {count} 个文件" },
  "deploy-verify": { en: "checking {count:image|images}", zh: "核对 {count} 个镜像" },
  "deploy-recreate": {
    en: "recreating, because mounted files changed: {services:names}",
    zh: "挂载的文件有变化，重建：{services:names}",
  },
  "deploy-wait": {
    en: "waiting until the services are healthy, {seconds} s at most",
    zh: "等待服务就绪，最多 {seconds} 秒",
  },
  "deploy-record": { en: "recording release {release}", zh: "记录版本 {release}" },
  "deploy-record-failed": { en: "recording that release {release} failed", zh: "记录版本 {release} 已失败" },
  "deploy-prune": { en: "removing what no kept release needs", zh: "清理不再保留的版本所用的内容" },
  "deploy-restore": { en: "putting the files of release {release} in place", zh: "恢复版本 {release} 的文件" },
  "deploy-return": { en: "undoing the update of stack {stack}", zh: "撤回 stack {stack} 的更新" },
  "deploy-retag": { en: "restoring the tag {image}", zh: "恢复标签 {image}" },
  "deploy-returning": {
    en: "going back to the previous release: {reason}",
    zh: "回退到上一个版本，原因：{reason}",
  },
  "deploy-left-returned": { en: "the previous release runs there again", zh: "主机已恢复运行上一个版本" },
  "deploy-left-return-failed": {
    en: "going back to the previous release failed too; the command status shows what runs there",
    zh: "回退到上一个版本也失败了，请用 status 命令查看主机上的运行情况",
  },
  deployWaitingFor: { en: "waiting for {services:names}", zh: "等待 {services:names}" },
  deployHealthy: { en: "all services are healthy", zh: "所有服务均已就绪" },
  "drift-other-image": {
    en: 'service "{service}" runs another image than its release records',
    zh: "服务“{service}”运行的镜像与其版本记录不一致",
  },
  "drift-missing": { en: 'service "{service}" of the release has no container', zh: "版本中的服务“{service}”没有容器" },
  "drift-behind-lock": {
    en: 'service "{service}" runs {found}, and the lock names {expected}',
    zh: "服务“{service}”运行 {found}，而锁文件中是 {expected}",
  },
  "warning-built-on-host": {
    en: 'service "{service}" is built on {host}, where its source must be',
    zh: "服务“{service}”在 {host} 上构建，源码需要已在那里",
  },
  "warning-file-kept": {
    en: "{file} on {host} was changed there and is kept; --ship replaces it",
    zh: "{host} 上的 {file} 已在那里被修改，保持不动；用 --ship 可覆盖",
  },
  "warning-lock-missing": {
    en: "no mirror.lock.json beside the mirror compose file, so the images are not compared with it",
    zh: "生成的 compose 文件旁没有 mirror.lock.json，不核对镜像",
  },
  "warning-pull-registry-unreachable": {
    en: "{host} does not reach {registry}, so it pulls by the public name",
    zh: "{host} 无法访问 {registry}，改用公网地址拉取",
  },
  "deploy-converge": {
    en: "waiting until the stack has converged, {seconds} s at most",
    zh: "等待 stack 收敛，最多 {seconds} 秒",
  },
  "stack-built": {
    en: 'service "{service}" is built, and a swarm runs images only',
    zh: "服务“{service}”需要构建，而 swarm 只能运行镜像",
  },
  "warning-stack-dropped": {
    en: 'a swarm does not support {attribute} of "{service}", so it is dropped',
    zh: "swarm 不支持“{service}”的 {attribute}，已去掉",
  },
  "warning-stack-order": {
    en: 'depends_on of service "{service}" has no effect: a swarm starts all services at once',
    zh: "服务“{service}”的 depends_on 不起作用：swarm 会同时启动所有服务",
  },
  "warning-stack-restart": {
    en: 'restart of service "{service}" becomes deploy.restart_policy',
    zh: "服务“{service}”的 restart 已改写为 deploy.restart_policy",
  },
  "warning-stack-mount": {
    en: 'service "{service}" mounts {source}, which must be there on every node of the swarm',
    zh: "服务“{service}”挂载 {source}，它必须存在于 swarm 的每个节点上",
  },
  "warning-selinux-enforcing": {
    en: "SELinux is enforcing on {host}, and {sources:names} are mounted without :z, so containers may not read them",
    zh: "{host} 的 SELinux 处于强制模式，挂载 {sources:names} 未带 :z，容器可能无权读取",
  },
} as const satisfies Record<string, Text>;
