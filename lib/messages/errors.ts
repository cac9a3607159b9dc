/**
 * Errors as values with a code. One table holds, for every code, the exit code of the command contract, the sentence
 * that says what happened, and the way out; `{name}` marks where a value goes. The texts here are the English ones;
 * `terminal/` holds the same table in other languages, keyed by the same codes.
 *
 * A sentence names the action, the value (quoted) and the state; neither part ends in a period.
 */

/** Exit codes of the command contract. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface ErrorText {
  /** 2 when the user's input or configuration is wrong, 1 when the work itself failed. */
  readonly exit: 1 | 2;
  /** The same action may succeed when it is tried again. */
  readonly retry?: true;
  readonly says: string;
  readonly fix: string;
}

export const ERRORS = {
  // command line and configuration
  "flag-unknown": {
    exit: 2,
    says: "cannot read the command line: {detail}",
    fix: "run the command with --help to see its flags",
  },
  "flag-value": {
    exit: 2,
    says: '{flag} "{value}" is not valid: {detail}',
    fix: "correct {flag}; --help shows what it takes",
  },
  "setting-missing": {
    exit: 2,
    says: "{flag} is missing",
    fix: "pass {flag} or set {variable} in the environment or in .env beside package.json",
  },
  "credentials-half": {
    exit: 2,
    says: "{set} is set and {missing} is not",
    fix: "set both, or neither to use the login that docker or podman keeps",
  },
  "file-read": { exit: 2, says: 'cannot read "{file}": {detail}', fix: "check the path and its permissions" },
  "file-write": {
    exit: 1,
    says: 'cannot write "{file}": {detail}',
    fix: "check the folder's permissions and free space, then run again",
  },
  "output-is-source": {
    exit: 2,
    says: 'will not write "{file}": it is a file of the project itself',
    fix: "choose another name with --output",
  },
  "pin-unknown": {
    exit: 2,
    says: 'cannot pin image "{image}": mirror.lock.json does not have its digest at the mirror',
    fix: "run mirror --pin, which finds it out, or leave --pin out",
  },
  "command-missing": { exit: 2, says: 'cannot start "{program}": {detail}', fix: "install {program}, or correct PATH" },
  interrupted: { exit: 1, says: "interrupted", fix: "run the same command again: finished work is kept" },

  // references, mapping, ignore
  "reference-invalid": {
    exit: 2,
    says: 'image "{image}" is not a valid reference: {detail}',
    fix: "write it as [HOST[:PORT]/]NAME[:TAG][@DIGEST] in lower case",
  },
  "mapping-collision": {
    exit: 2,
    says: 'images {sources} would all be stored as "{target}"',
    fix: "give one of them another name with --rename SOURCE=NAME or a line SOURCE=NAME in the ignore file, or pass --on-collision prefix-host",
  },
  "rename-invalid": {
    exit: 2,
    says: 'rename "{rename}" is not valid: {detail}',
    fix: "write it as SOURCE=NAME, for example nginx=web-server",
  },
  "source-mirror-invalid": {
    exit: 2,
    says: 'source mirror "{mirror}" is not valid: {detail}',
    fix: "write it as REGISTRY=HOST[/PREFIX], for example docker.io=mirror.example",
  },
  "registry-invalid": {
    exit: 2,
    says: 'registry "{registry}" is not a valid registry host: {detail}',
    fix: "write HOST or HOST:PORT, without https:// and without a path",
  },
  "namespace-invalid": {
    exit: 2,
    says: 'namespace "{namespace}" is not valid: {detail}',
    fix: "use lower-case letters and digits, with - _ . between them",
  },
  "platform-invalid": {
    exit: 2,
    says: 'platform "{platform}" is not valid',
    fix: "write it as OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64",
  },
  "platform-conflict": {
    exit: 2,
    says: 'image "{image}" is wanted for {platforms} by services {services}, and one mirror name holds one platform',
    fix: "give the services the same platform, or different images",
  },

  // store
  "digest-invalid": {
    exit: 1,
    says: '"{digest}" is not a digest',
    fix: "whoever wrote it (a registry, a manifest, the lock file) is at fault; a digest is sha256: and 64 hexadecimal digits",
  },
  "store-foreign": {
    exit: 2,
    says: 'folder "{folder}" is not a content store: {detail}',
    fix: "name an empty folder, or one that this tool made, with --store",
  },
  "store-read": {
    exit: 1,
    says: 'cannot read the content store "{folder}": {detail}',
    fix: "check the folder's permissions, or choose another with --store",
  },
  "store-write": {
    exit: 1,
    says: 'cannot write to the content store "{folder}": {detail}',
    fix: "check the folder's permissions and its disk, or choose another with --store; what is there is kept",
  },
  "store-full": {
    exit: 1,
    says: 'no space is left for the content store "{folder}"',
    fix: "free some space, remove old images with the prune command, or choose another folder with --store; what is there is kept",
  },
  "store-busy": {
    exit: 1,
    says: 'the content store "{folder}" is in use by process {process}, so nothing was removed',
    fix: "run again when that one has ended",
  },
  "serve-port": {
    exit: 1,
    says: "cannot serve the content store on port {port}: {detail}",
    fix: "choose another port with --port, or end the program that listens there",
  },
  "blob-missing": {
    exit: 1,
    retry: true,
    says: 'blob "{digest}" is not in the content store "{folder}"',
    fix: "run again, or pull first: it is then fetched",
  },
  "blob-corrupt": {
    exit: 1,
    retry: true,
    says: 'blob "{digest}" has other content than its name says ({detail}), so it was thrown away',
    fix: "run again; if it comes back, the source or a proxy in between alters content: try another --source-mirror",
  },
  "blob-short": {
    exit: 1,
    retry: true,
    says: 'blob "{digest}" ended after {size} of {total} bytes',
    fix: "run again: it goes on from there",
  },

  // lock file
  "lock-invalid": {
    exit: 2,
    says: 'lock file "{file}" is not valid: {detail}',
    fix: "correct it, restore it from version control, or delete it and mirror again",
  },
  "lock-missing": {
    exit: 2,
    says: 'no lock file "{file}", so there is nothing to compare with',
    fix: "run mirror first, which writes it; with another --output, pass the same here",
  },

  // compose
  "compose-not-found": {
    exit: 2,
    says: 'no compose file found in "{folder}" or above it',
    fix: "stand in the project's folder or name the file with -f",
  },
  "compose-stdin": {
    exit: 2,
    says: 'cannot read a compose file from standard input (-f "-")',
    fix: "write it to a file and name that with -f",
  },
  "compose-remote": {
    exit: 2,
    says: 'cannot read the remote compose file "{file}" ({where})',
    fix: "copy it beside the project and name the copy there",
  },
  "compose-yaml": {
    exit: 2,
    says: "{where} is not valid YAML: {detail}",
    fix: "correct the file at that line",
  },
  "compose-invalid": {
    exit: 2,
    says: "cannot use the compose file, {where}: {detail}",
    fix: "correct the file; docker compose config checks the same",
  },
  "compose-empty": {
    exit: 2,
    says: 'no services found in "{file}"',
    fix: "add a services section, or name another file with -f",
  },
  "compose-no-image": {
    exit: 2,
    says: 'service "{service}" has neither an image nor a build section ({where})',
    fix: "give the service an image, or a build section",
  },
  "compose-cycle": {
    exit: 2,
    says: "{what} runs in a circle: {chain}",
    fix: "take one of these references out",
  },
  "compose-limit": {
    exit: 2,
    says: '"{file}" is too large to read safely: {detail}',
    fix: "split the file, or check that it is the compose file you meant",
  },
  "interpolation-invalid": {
    exit: 2,
    says: 'cannot fill in variables in {where}: "{template}" is not a valid template',
    fix: "write $NAME, ${NAME} or ${NAME:-default}, and $$ for a plain $",
  },
  "variable-required": {
    exit: 2,
    says: 'required variable "{variable}" is missing a value: {reason} ({where})',
    fix: "set {variable} in the environment or in the env file",
  },
  "env-file-invalid": {
    exit: 2,
    says: 'cannot read line {line} of the env file "{file}": {detail}',
    fix: "write lines as NAME=value",
  },
  "project-name-invalid": {
    exit: 2,
    says: 'project name "{name}" is not valid',
    fix: "use lower-case letters, digits, - and _, starting with a letter or digit",
  },

  // engines and registries
  "engine-stopped": {
    exit: 2,
    says: "{engine} does not answer: {detail}",
    fix: "start it (Docker Desktop, or systemctl start docker), or choose another with --engine",
  },
  "engine-permission": {
    exit: 2,
    says: "you may not use {engine}: {detail}",
    fix: "put yourself into the docker group (sudo usermod -aG docker $USER) and log in anew",
  },
  "image-not-pulled": {
    exit: 1,
    says: 'image "{image}" is not on this machine for {platform}',
    fix: "run pull first",
  },
  "image-platform": {
    exit: 1,
    says: 'image "{image}" does not exist for {platform}: it is offered for {offered}',
    fix: "ask for one of those with --platform, choose another tag, or add the image to ignore-images.txt",
  },
  "image-missing": {
    exit: 1,
    says: 'image "{image}" is not in its registry: {detail}',
    fix: "correct its name and tag in the compose file, or add it to ignore-images.txt",
  },
  "pull-denied": {
    exit: 1,
    says: 'the registry refused to give "{image}": {detail}',
    fix: "check the name; if the image is private, log in with {engine} login {registry}",
  },
  "pull-failed": {
    exit: 1,
    retry: true,
    says: 'cannot pull "{image}": {detail}',
    fix: "run again: finished work is kept",
  },
  "push-denied": {
    exit: 1,
    says: 'the registry refused to take "{image}": {detail}',
    fix: "check that the namespace exists and is spelled right, that it creates repositories by itself (ACR console: Namespaces, auto-create), and that this user may push (RAM rights)",
  },
  "push-manifest": {
    exit: 1,
    says: 'the registry does not take the manifest of "{image}": {detail}',
    fix: "it was built with attestations that the registry does not know; pull one platform of it (--platform) and push again",
  },
  "push-failed": {
    exit: 1,
    retry: true,
    says: 'cannot push "{image}": {detail}',
    fix: "run again: finished work is kept",
  },
  "login-denied": {
    exit: 2,
    says: '"{registry}" refused the login: {detail}',
    fix: "correct MIRROR_USERNAME and MIRROR_PASSWORD; Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential",
  },
  "login-failed": {
    exit: 1,
    retry: true,
    says: 'cannot log in to "{registry}": {detail}',
    fix: "try {engine} login {registry} by hand",
  },
  "engine-plain": {
    exit: 1,
    says: '{engine} expects TLS from registry "{host}", which speaks plain HTTP: {detail}',
    fix: "add {host} to insecure-registries in the daemon.json of {engine}",
  },
  "engine-certificate": {
    exit: 1,
    says: '{engine} does not trust the certificate of registry "{host}": {detail}',
    fix: "add its CA to the system's certificates (for docker: /etc/docker/certs.d/{host}/ca.crt), and check this machine's clock",
  },
  "disk-full": {
    exit: 1,
    says: "no space is left on this machine: {detail}",
    fix: "free some ({engine} system df shows what it holds) and run again: finished work is kept",
  },

  // deploy: reaching the host
  "host-invalid": {
    exit: 2,
    says: 'host "{host}" is not valid: {detail}',
    fix: "write an alias of your ssh configuration, USER@HOST, or ssh://USER@HOST:PORT",
  },
  "ssh-no-such-host": {
    exit: 2,
    says: 'no host named "{host}" is known: {detail}',
    fix: "check --host, the Host entries of ~/.ssh/config, and name resolution",
  },
  "ssh-host-key-unknown": {
    exit: 2,
    says: 'the host key of "{host}" is not known here, so it was not trusted',
    fix: "run ssh {host} once by hand, compare the fingerprint it shows, and accept it",
  },
  "ssh-host-key-changed": {
    exit: 1,
    says: 'the host key of "{host}" is another one than before, so nothing was sent',
    fix: "if the host was installed anew, run ssh-keygen -R with its name, then ssh {host} once by hand; if not, somebody may stand in between",
  },
  "ssh-denied": {
    exit: 2,
    says: 'host "{host}" refused the login: {detail}',
    fix: "log in by key: run ssh-copy-id for {host}, load the key into ssh-agent, or name user and key in ~/.ssh/config; passwords are never asked for",
  },
  "ssh-key-permissions": {
    exit: 2,
    says: 'ssh did not use the key for "{host}", because its file can be read by others: {detail}',
    fix: "run chmod 600 on the key file",
  },
  "ssh-refused": {
    exit: 1,
    says: 'host "{host}" refused the connection: {detail}',
    fix: "check that sshd runs there and that the port is right (ssh://USER@HOST:PORT, or Port in ~/.ssh/config)",
  },
  "ssh-timeout": {
    exit: 1,
    says: 'host "{host}" did not answer: {detail}',
    fix: "check that the host is up and that its security group and firewall let ssh in from here",
  },
  "ssh-rejected": {
    exit: 1,
    says: 'host "{host}" closed the connection before the login: {detail}',
    fix: "check that the port is sshd's, and fail2ban, hosts.deny and MaxStartups on the host; wait a minute before the next try",
  },
  "ssh-algorithms": {
    exit: 2,
    says: 'ssh here and sshd on "{host}" have no common algorithm: {detail}',
    fix: "update sshd there, or allow the old algorithm for this host in ~/.ssh/config",
  },
  "ssh-cut": {
    exit: 1,
    says: 'the connection to "{host}" was cut: {detail}',
    fix: "check the network and run the same command again",
  },
  "ssh-forward": {
    exit: 1,
    says: 'sshd on "{host}" does not forward a port to here: {detail}',
    fix: "set AllowTcpForwarding to yes or remote in sshd_config there, or deploy from a registry, without --tunnel",
  },
  "ssh-failed": {
    exit: 1,
    says: 'cannot reach host "{host}": {detail}',
    fix: "make ssh {host} work by hand, then run again",
  },

  // deploy: what the host is like
  "host-probe": {
    exit: 1,
    says: 'cannot look at host "{host}": {detail}',
    fix: "the user's login shell there must run commands given by ssh; try ssh {host} uname",
  },
  "host-dir-invalid": {
    exit: 2,
    says: 'folder "{dir}" on the host is not usable: {detail}',
    fix: "give --dir an absolute path, a path below ~/, or one relative to the home there",
  },
  "host-dir-write": {
    exit: 2,
    says: 'user "{user}" cannot write to "{dir}" on "{host}"',
    fix: "give the user that folder there (chown), or choose another with --dir",
  },
  "host-platform": {
    exit: 2,
    says: 'host "{host}" is {platform}, and the images are mirrored for {wanted}',
    fix: "mirror for the host with --platform {platform}, or deploy to a {wanted} host",
  },
  "host-docker-missing": {
    exit: 2,
    says: 'no docker found on "{host}"',
    fix: "install docker-ce there (https://mirrors.aliyun.com/docker-ce/ in mainland China) and start it",
  },
  "host-docker-stopped": {
    exit: 2,
    says: 'docker on "{host}" does not answer: {detail}',
    fix: "start it there: systemctl enable --now docker",
  },
  "host-docker-permission": {
    exit: 2,
    says: 'the ssh user may not use docker on "{host}": {detail}',
    fix: "put the user into the docker group there (usermod -aG docker USER) and log in anew, or deploy as root",
  },
  "host-docker-root": {
    exit: 2,
    says: 'docker on "{host}" answers root only, and "{user}" may become root with sudo',
    fix: "pass --sudo, or put the user into the docker group there (usermod -aG docker {user}) and log in anew",
  },
  "host-docker-old": {
    exit: 2,
    says: 'docker {version} on "{host}" is too old',
    fix: "install docker {oldest} or newer there",
  },
  "host-compose-missing": {
    exit: 2,
    says: 'neither docker compose nor docker-compose found on "{host}"',
    fix: "install the package docker-compose-plugin there",
  },
  "host-compose-old": {
    exit: 2,
    says: 'docker-compose {version} on "{host}" is too old',
    fix: "install the package docker-compose-plugin there, or docker-compose {oldest} or newer",
  },
  "host-compose-broken": {
    exit: 2,
    says: 'docker-compose {version} on "{host}" cannot talk to docker {server}: {detail}',
    fix: "install the package docker-compose-plugin there; version 1 no longer gets fixes",
  },
  "host-compose-v1": {
    exit: 2,
    says: 'docker-compose {version} on "{host}" cannot read the compose file: {problems}',
    fix: "install the package docker-compose-plugin there, or take these out of the compose file",
  },

  // deploy: what is sent
  "mirror-compose-missing": {
    exit: 2,
    says: 'no mirror compose file found at "{file}"',
    fix: "write it with generate-mirror-compose, or run mirror, which does every step",
  },
  "ship-outside": {
    exit: 2,
    says: 'cannot send "{file}", because it lies outside the project\'s folder "{folder}"',
    fix: "move it below that folder, where the host can have it too",
  },

  "ship-missing": {
    exit: 2,
    says: 'service {services} reads "{name}", which is neither here nor in "{dir}" on "{host}"',
    fix: "make the file, or take it out of the compose file; docker would put an empty folder in its place",
  },

  "stack-unfit": {
    exit: 2,
    says: 'cannot make a stack of "{file}": {detail}',
    fix: "deploy with compose, or write what it needs into one file, with images only",
  },
  "host-swarm": {
    exit: 2,
    says: 'docker on "{host}" is no manager of a swarm ({state})',
    fix: "name a manager with --host; docker swarm init makes the first one",
  },
  "image-pinned": {
    exit: 2,
    says: 'images {images} are pinned to their digests, so they cannot be pulled as images of "{registry}"',
    fix: "write the mirror compose file without --pin",
  },
  "tunnel-missing": {
    exit: 2,
    says: "images {images} are not in the content store",
    fix: "run pull first, which brings them there",
  },

  // deploy: steps on the host
  "host-busy": {
    exit: 1,
    says: 'another deploy is at work in "{dir}" on "{host}": {holder}',
    fix: "wait for it to end and run again",
  },
  "host-folder": {
    exit: 1,
    says: 'cannot make the folder "{dir}" on "{host}": {detail}',
    fix: "check that the ssh user may write there",
  },
  "host-copy": {
    exit: 1,
    says: 'cannot copy files into "{dir}" on "{host}": {detail}',
    fix: "check permissions and free space there; the files in place were not touched",
  },
  "host-login": {
    exit: 1,
    says: 'cannot log "{host}" in to "{registry}": {detail}',
    fix: "try docker login {registry} on the host",
  },
  "host-login-denied": {
    exit: 2,
    says: '"{registry}" refused the login from "{host}": {detail}',
    fix: "correct MIRROR_USERNAME and MIRROR_PASSWORD; Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential",
  },
  "host-pull": {
    exit: 1,
    says: 'cannot pull the images on "{host}", so nothing was changed: {detail}',
    fix: "correct what is said there and run again",
  },
  "host-pull-denied": {
    exit: 1,
    says: 'a registry refused a pull on "{host}": {detail}',
    fix: "set MIRROR_USERNAME and MIRROR_PASSWORD so that the host is logged in to {registry}, or log in there by hand as the same user",
  },
  "host-image-missing": {
    exit: 1,
    says: "an image is not in its registry: {detail}",
    fix: "push it first (push), and compare namespace and tag in the mirror compose file",
  },
  "host-image-platform": {
    exit: 1,
    says: 'an image does not exist for the platform of "{host}": {detail}',
    fix: "mirror it for that platform with --platform",
  },
  "host-registry-plain": {
    exit: 1,
    says: '"{host}" expects TLS from a registry that speaks plain HTTP: {detail}',
    fix: "add the registry to insecure-registries in /etc/docker/daemon.json there and restart docker",
  },
  "host-registry-certificate": {
    exit: 1,
    says: '"{host}" does not trust a registry\'s certificate: {detail}',
    fix: "put its CA into /etc/docker/certs.d/{registry}/ca.crt there, and check the host's clock",
  },
  "host-registry-unreachable": {
    exit: 1,
    says: '"{host}" cannot reach a registry: {detail}',
    fix: "check name resolution and network there; a -vpc name answers only inside its own region and VPC: choose another with --pull-registry",
  },
  "host-rate-limit": {
    exit: 1,
    says: 'a public registry lets "{host}" pull no more for now: {detail}',
    fix: "mirror that image too (take it off ignore-images.txt), or log in to that registry on the host",
  },
  "host-firewall": {
    exit: 1,
    says: 'the firewall on "{host}" has lost docker\'s rules: {detail}',
    fix: "run systemctl restart docker there; a reload of firewalld drops them each time",
  },
  "host-disk-full": {
    exit: 1,
    says: 'no space is left on "{host}": {detail}',
    fix: "free some there: docker system df shows what docker holds, docker image prune removes unused layers",
  },
  "host-api-version": {
    exit: 1,
    says: 'client and daemon on "{host}" do not understand each other: {detail}',
    fix: "bring docker and compose there to the same age: install docker-ce, docker-ce-cli and docker-compose-plugin together",
  },
  "host-container-config": {
    exit: 1,
    says: 'docker-compose 1 cannot recreate a container on "{host}": {detail}',
    fix: "install the package docker-compose-plugin there; or remove the old containers (docker-compose -f FILE rm -sf) and deploy again",
  },
  "host-image-changed": {
    exit: 1,
    says: 'image "{image}" on "{host}" is not the one that was mirrored: {digest} is expected, {found} was found; nothing was changed',
    fix: "mirror again, so that mirror.lock.json and the registry agree, and find out who pushed to that name",
  },
  "host-unhealthy": {
    exit: 1,
    says: 'services are not well on "{host}" within {seconds} s: {services}\n  {detail}',
    fix: "see their logs above, correct image or settings, and deploy again; --wait SECONDS gives them more time",
  },
  "host-record": {
    exit: 1,
    says: 'the services run on "{host}", but the release could not be recorded in "{dir}": {detail}',
    fix: "free some space there and deploy again",
  },
  "host-return": {
    exit: 1,
    says: 'cannot go back to the release before on "{host}": {detail}',
    fix: "correct what is said there, then run rollback or deploy again",
  },
  "release-none": {
    exit: 2,
    says: 'no release to go back to is kept in "{dir}" on "{host}"',
    fix: "deploy first; from the second deploy on there is one to go back to",
  },
  "release-unknown": {
    exit: 2,
    says: 'release "{release}" is not kept in "{dir}" on "{host}"',
    fix: "choose one of {kept}",
  },
  "host-port-taken": {
    exit: 1,
    says: 'a port is taken on "{host}": {detail}',
    fix: "stop what listens there (ss -ltnp shows it), or publish another port in the compose file or .env",
  },
  "host-file-missing": {
    exit: 1,
    says: 'a file that the compose file names is missing on "{host}": {detail}',
    fix: "copy it from the project into {dir} there, and deploy again",
  },
  "host-build-folder": {
    exit: 2,
    says: 'service "{service}" is built on "{host}", and its folder "{name}" is not in "{dir}" there',
    fix: "copy the folder there (scp -r), or take the service out of the compose file",
  },
  "host-mount": {
    exit: 1,
    says: 'a mounted file is missing on "{host}": {detail}',
    fix: "remove the empty folder that docker made in its place in {dir}, copy the file there, and deploy again",
  },
  "host-name-taken": {
    exit: 1,
    says: 'a container of that name belongs to something else on "{host}": {detail}',
    fix: "remove it there (docker rm -f NAME), or deploy into the folder it was started from with --dir",
  },
  "host-compose-invalid": {
    exit: 1,
    says: 'compose on "{host}" cannot read the compose file: {detail}',
    fix: "correct the file, or install the current docker-compose-plugin there",
  },
  "host-up": {
    exit: 1,
    says: 'cannot start the services on "{host}": {detail}',
    fix: "see docker compose ps and logs in {dir} there, then deploy again",
  },
  "host-ps": {
    exit: 1,
    says: 'cannot list the containers in "{dir}" on "{host}": {detail}',
    fix: "check that the project was deployed to that folder",
  },

  // registries
  "registry-unreachable": {
    exit: 1,
    retry: true,
    says: 'cannot reach registry "{host}": {detail}',
    fix: "check the name and the network; behind a proxy set HTTPS_PROXY; a blocked registry can be read through another with --source-mirror",
  },
  "registry-unreachable-vpc": {
    exit: 1,
    says: 'cannot reach registry "{host}": {detail}',
    fix: "a -vpc or -internal name answers only inside its own region and VPC: push to the public name and give the other as --pull-registry",
  },
  "registry-timeout": {
    exit: 1,
    retry: true,
    says: 'registry "{host}" did not answer within {seconds} s',
    fix: "run the same command again: finished work is kept; check the network when it stays so",
  },
  "registry-stalled": {
    exit: 1,
    retry: true,
    says: 'the transfer with "{host}" all but stood still: {bytes} bytes in {seconds} s',
    fix: "run the same command again: it goes on where it stopped",
  },
  "registry-cut": {
    exit: 1,
    retry: true,
    says: 'the connection to "{host}" was cut: {detail}',
    fix: "run the same command again: it goes on where it stopped",
  },
  "registry-certificate": {
    exit: 1,
    says: 'the certificate of "{host}" is not trusted: {detail}',
    fix: "name the file with its CA in NODE_EXTRA_CA_CERTS, and check this machine's clock",
  },
  "registry-plain": {
    exit: 1,
    says: '"{host}" does not speak TLS: {detail}',
    fix: "if plain http is meant, allow it with --insecure {host}",
  },
  "registry-proxy": {
    exit: 1,
    retry: true,
    says: 'proxy "{proxy}" did not let the connection through: {detail}',
    fix: "check HTTPS_PROXY, or exclude the registry with NO_PROXY",
  },
  "registry-proxy-login": {
    exit: 2,
    says: 'proxy "{proxy}" wants a login',
    fix: "write user and password into HTTPS_PROXY as http://USER:PASSWORD@{proxy}",
  },
  "registry-redirects": {
    exit: 1,
    says: 'registry "{host}" redirected {count} times without an end',
    fix: "check that the name is a registry's and not a web page's",
  },
  "registry-answer": {
    exit: 1,
    says: 'registry "{host}" answered in a way that cannot be used: {detail}',
    fix: "check that the name is a registry's, and that no proxy or login page stands in between",
  },
  "registry-helper": {
    exit: 2,
    says: 'credential helper "{helper}" gave nothing for "{registry}": {detail}',
    fix: "install it, or take it out of credsStore and credHelpers in docker's config.json and run docker login again",
  },
  "registry-login-missing": {
    exit: 2,
    says: '"{host}" shows "{name}" to logged-in users only, or does not have it: {detail}',
    fix: "check the name; if it is private run docker login {host}, or for the mirror registry set MIRROR_USERNAME and MIRROR_PASSWORD",
  },
  "registry-unauthorized": {
    exit: 2,
    says: '"{host}" refused the user name or password: {detail}',
    fix: "run docker login {host} again, or for the mirror registry correct MIRROR_USERNAME and MIRROR_PASSWORD",
  },
  "registry-unauthorized-aliyun": {
    exit: 2,
    says: '"{host}" refused the user name or password: {detail}',
    fix: "Alibaba Cloud's registry password is its own, set in the ACR console under Access Credential: correct MIRROR_USERNAME and MIRROR_PASSWORD, and check that the domain is your instance's; a temporary password lives one hour",
  },
  "registry-pull-denied": {
    exit: 1,
    says: '"{host}" does not let this user read "{name}": {detail}',
    fix: "check the name, and that the account may read that repository",
  },
  "registry-push-denied": {
    exit: 1,
    says: '"{host}" does not let this user write "{name}": {detail}',
    fix: "check that the namespace exists and is spelled right, and that the account may push there",
  },
  "registry-push-denied-aliyun": {
    exit: 1,
    says: '"{host}" does not let this user write "{name}": {detail}',
    fix: "the login works, so in the ACR console check: the namespace exists and is spelled as in MIRROR_NAMESPACE, it creates repositories automatically, and the RAM user may push",
  },
  "registry-not-found": {
    exit: 1,
    says: '"{host}" does not have "{name}": {detail}',
    fix: "check the name and the tag in the compose file",
  },
  "registry-push-unknown": {
    exit: 1,
    says: '"{host}" does not know "{name}": {detail}',
    fix: "create the namespace or repository there first, or correct --namespace",
  },
  "registry-rate-limit": {
    exit: 1,
    retry: true,
    says: '"{host}" lets no more requests through for now: {detail}',
    fix: "wait and run again, log in there (docker login) for a higher limit, or read through another registry with --source-mirror",
  },
  "registry-server": {
    exit: 1,
    retry: true,
    says: '"{host}" failed by itself: {detail}',
    fix: "wait a minute and run the same command again",
  },
  "registry-artifact": {
    exit: 1,
    says: '"{host}" does not store this kind of content, at "{name}": {detail}',
    fix: "mirror the image with the direct engine, which leaves attestations out",
  },
  "registry-refused": {
    exit: 1,
    says: '"{host}" refused to {action} "{name}": {detail}',
    fix: "read what the registry says; check the names, and the registry's own limits",
  },
  "registry-digest": {
    exit: 1,
    says: '"{host}" sent other content than "{digest}" for "{name}": {detail}',
    fix: "nothing of it was kept; run again, and suspect a proxy or the registry when it stays so",
  },
  "manifest-too-large": {
    exit: 1,
    says: 'the manifest of "{name}" at "{host}" is larger than {limit} bytes',
    fix: "no image has such a manifest; check the name",
  },
  "manifest-invalid": {
    exit: 1,
    says: 'the manifest of "{name}" cannot be used: {detail}',
    fix: "check that the name is a container image's, and that it was pushed with a current tool",
  },
} as const satisfies Record<string, ErrorText>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorValues = Readonly<Record<string, string | number>>;

/** Puts `values` into the `{name}` places of `template`; a place without a value stays as it is. */
export function fill(template: string, values: ErrorValues): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** An error a user can act on. `message` is the English sentence; `fix` the way out. */
export class MirrorError extends Error {
  readonly code: ErrorCode;
  readonly values: ErrorValues;

  constructor(code: ErrorCode, values: ErrorValues = {}, options?: { cause?: unknown }) {
    super(fill(ERRORS[code].says, values), options);
    this.name = "MirrorError";
    this.code = code;
    this.values = values;
  }

  get fix(): string {
    return fill(ERRORS[this.code].fix, this.values);
  }

  get exit(): 1 | 2 {
    return ERRORS[this.code].exit;
  }

  /** Whether the same action may succeed when it is tried again. */
  get retryHelps(): boolean {
    const { retry }: ErrorText = ERRORS[this.code];
    return retry === true;
  }
}

/** The message of anything that can be thrown, on one line. */
export function detailOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, "; ").trim();
}
