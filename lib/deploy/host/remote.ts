/**
 * The commands that run on a host, as argv values. Nothing runs here. What needs a shell is a fixed script whose
 * arguments come behind it; no value is ever put into a script's text. Where the scripts keep things is told in
 * release.ts.
 */
import type { RemoteCommand } from "../ssh/connection.ts";

/** How docker is reached on the host. */
export interface EngineAccess {
  readonly kind: "docker" | "podman";
  /** docker needs root, which the ssh user can become without a password. */
  readonly sudo: boolean;
}

const STATE = ".compose-mirror";
/** The path of programs run as root: sudo's secure_path often lacks /usr/local/bin. */
export const ROOT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Exit code of `hold` when somebody else went on holding the lock. */
export const TAKEN = 75;

function script(text: string, ...args: readonly string[]): RemoteCommand {
  return ["sh", "-c", text, "sh", ...args];
}

/**
 * `command`, a docker or compose call, as the user that may make it. `login` is a folder that stands in for docker's
 * own configuration.
 */
export function onEngine({ kind, sudo }: EngineAccess, command: RemoteCommand, login?: string): RemoteCommand {
  const variables = [
    ...(sudo ? [ROOT_PATH] : []),
    ...(login === undefined ? [] : [`DOCKER_CONFIG=${login}`]),
    ...(login === undefined || kind === "docker" ? [] : [`REGISTRY_AUTH_FILE=${login}/config.json`]),
  ];
  return [...(sudo ? ["sudo", "-n"] : []), ...(variables.length === 0 ? [] : ["env", ...variables]), ...command];
}

/** Runs `command` in `dir`, as a person would there: compose reads the `.env` of the folder it is started in. */
export function inFolder(dir: string, command: RemoteCommand): RemoteCommand {
  return script('cd -- "$1" && shift && exec "$@"', dir, ...command);
}

const BUSY = `cd -- "$1" && shift && exec 8>>${STATE}/busy || exit
if command -v flock >/dev/null; then flock 8 || exit; fi
"$@"`;

/** Like `inFolder`, and keeps other deploys off until it ends, also when it goes on after we are gone. */
export function busyInFolder(dir: string, command: RemoteCommand): RemoteCommand {
  return script(BUSY, dir, ...command);
}

const RECREATE = `cd -- "$1" && exec 8>>${STATE}/busy && placed=$(cat ${STATE}/placed) || exit
if command -v flock >/dev/null; then flock 8 || exit; fi
services=$2 docker=$3 older=; shift 3
for service in $services; do
  for id in $("$@" ps -q "$service"); do
    created=$($docker inspect --type container --format '{{.Created}}' "$id") || exit
    if expr "$created" '<' "$placed" >/dev/null; then older="$older $service"; fi
  done
done
if [ "$older" != "" ]; then "$@" up -d --no-deps --force-recreate $older; fi`;

/**
 * Makes containers of `services` anew, but for those that are younger than the files in `dir`. `docker` and `compose`
 * call those programs; no word of `docker` has a blank in it, nor has the name of a service.
 */
export function recreate(
  dir: string,
  services: readonly string[],
  { docker, compose }: { readonly docker: RemoteCommand; readonly compose: RemoteCommand },
): RemoteCommand {
  return script(RECREATE, dir, services.join(" "), docker.join(" "), ...compose);
}

const HOLD = `mkdir -p -- "$1/${STATE}/releases" && cd -- "$1/${STATE}" && chmod 700 . && exec 8>>busy 9>>lock || exit
if command -v flock >/dev/null; then
  left=$3
  until flock -n 9 && flock -n 8; do
    if [ "$left" -le 0 ]; then echo "taken: $(cat holder 2>/dev/null)"; exit ${TAKEN}; fi
    echo "waiting: $(cat holder 2>/dev/null)"
    left=$((left - 1)); sleep 1
  done
  flock -u 8
fi
trap 'rm -rf login incoming incoming.tar' EXIT
trap 'exit 1' HUP INT TERM PIPE
rm -rf login incoming incoming.tar && printf '%s\\n' "$2" >holder && mkdir -m 700 login || exit
own=\${DOCKER_CONFIG:-$HOME/.docker}
for each in cli-plugins contexts; do
  if [ -e "$own/$each" ]; then ln -s "$own/$each" "login/$each" || exit; fi
done
context=$(docker context show 2>/dev/null)
case $context in
'' | default | *[!A-Za-z0-9_.+-]*) ;;
*) printf '{"currentContext": "%s"}\\n' "$context" >login/config.json ;;
esac
echo held
cat >/dev/null 8>&- 9>&-`;

/**
 * Takes the lock of the project in `dir`, says `held`, and keeps it until its input ends; while another has it, says
 * `waiting: WHO`, and `taken: WHO` when the seconds are over. The kernel frees the lock with the process, so a holder
 * that died is never in the way. A host without flock has no lock.
 */
export function hold(dir: string, who: string, waitSeconds: number): RemoteCommand {
  return script(HOLD, dir, who, String(waitSeconds));
}

/** Where the login of a running deploy lies; it goes with the lock. */
export function loginFolder(dir: string): string {
  return `${dir}/${STATE}/login`;
}

const RECEIVE = `cd -- "$1/${STATE}" || exit
trap 'rm -rf incoming incoming.tar' EXIT
trap 'exit 1' HUP INT TERM PIPE
rm -rf incoming incoming.tar && IFS=' ' read -r size sum && cat >incoming.tar || exit
arrived=$(wc -c <incoming.tar) || exit
if [ "$arrived" -ne "$size" ]; then echo "only $arrived of $size bytes arrived" >&2; exit 1; fi
if command -v sha256sum >/dev/null; then
  found=$(sha256sum <incoming.tar) || exit
  if [ "\${found%% *}" != "$sum" ]; then echo "what arrived has another SHA-256 than what was sent" >&2; exit 1; fi
fi
mkdir -p incoming/files && tar -xomf incoming.tar -C incoming/files && rm -f incoming.tar || exit
trap - EXIT`;

/**
 * Reads a line with size in bytes and SHA-256, then a tar archive, and unpacks it aside. What was cut or changed on its
 * way is noticed and removed.
 */
export function receive(dir: string): RemoteCommand {
  return script(RECEIVE, dir);
}

/** In the project's folder: gives the files of release $2 their places, first all beside them, then each by a rename. */
const PLACE_FILES = `from=${STATE}/releases/$2/files
names=$(cd -- "$from" && find . -type f) || exit
each() { printf '%s\\n' "$names" | while IFS= read -r name; do "$1" || exit 1; done; }
beside() {
  mkdir -p -- "$(dirname -- "$name")" && if [ -d "$name" ]; then rmdir -- "$name"; fi &&
    cp -p -- "$from/$name" "$name.compose-mirror-new"
}
rename() { mv -f -- "$name.compose-mirror-new" "$name"; }
forget() { rm -f -- "$name.compose-mirror-new"; }
each beside || { each forget; exit 1; }
each rename && date -u +%Y-%m-%dT%H:%M:%S >${STATE}/placed || exit`;

const PLACE = `cd -- "$1" && mv -- ${STATE}/incoming "${STATE}/releases/$2" || exit
${PLACE_FILES}
while IFS= read -r name; do
  if [ -f "./$name" ]; then mkdir -p -- "$from/$(dirname -- "$name")" && cp -p -- "./$name" "$from/$name" || exit; fi
done`;

/**
 * Makes what `receive` left the release `id` and puts its files in place. Reads the names of further files, one a
 * line, which are kept with the release as they are.
 */
export function place(dir: string, id: string): RemoteCommand {
  return script(PLACE, dir, id);
}

const KEEP = `cd -- "$1" && mkdir -p -- "${STATE}/releases/$2/files" && IFS= read -r release || exit
while IFS= read -r name; do
  to=${STATE}/releases/$2/files/$name
  if [ -f "./$name" ]; then mkdir -p -- "$(dirname -- "$to")" && cp -p -- "./$name" "$to" || exit; fi
done
printf '%s\\n' "$release" >"${STATE}/releases/$2/release.json" && printf '%s\\n' "$2" >${STATE}/current`;

/** Keeps what is in place as the release `id`. Reads that release, then the names of its files, one a line. */
export function keepAs(dir: string, id: string): RemoteCommand {
  return script(KEEP, dir, id);
}

const RESTORE = `cd -- "$1" || exit
${PLACE_FILES}`;

/** Puts the files of the release `id` in place again. */
export function restore(dir: string, id: string): RemoteCommand {
  return script(RESTORE, dir, id);
}

const RECORD = `cd -- "$1/${STATE}" && cat >"releases/$2/release.json.new" || exit
mv -f -- "releases/$2/release.json.new" "releases/$2/release.json" || exit
printf '%s\\n' "$2" >current.new && mv -f current.new current`;

/** Reads the release `id` and makes it the current one. */
export function record(dir: string, id: string): RemoteCommand {
  return script(RECORD, dir, id);
}

const CURRENT = `cd -- "$1/${STATE}" && printf '%s\\n' "$2" >current.new && mv -f current.new current`;

/** Makes the release `id` the current one again. */
export function setCurrent(dir: string, id: string): RemoteCommand {
  return script(CURRENT, dir, id);
}

const DROP = `cd -- "$1/${STATE}/releases" && shift && rm -rf -- "$@"`;

/** Forgets releases. */
export function dropReleases(dir: string, ids: readonly string[]): RemoteCommand {
  return script(DROP, dir, ...ids);
}

/** Pulls what is not there. */
const PULL_ABSENT = `image=$1; shift
"$@" image inspect "$image" >/dev/null 2>&1 || exec "$@" pull "$image"`;

export function pullAbsent(docker: RemoteCommand, image: string): RemoteCommand {
  return script(PULL_ABSENT, image, ...docker);
}

const PULL_AS = `from=$1 image=$2 flags=$3; shift 3
"$@" pull $flags "$from" && exec "$@" tag "$from" "$image"`;

/** Pulls by another name than the one that the services know; no word of `flags` has a blank in it. */
export function pullAs(
  docker: RemoteCommand,
  { from, image, flags = [] }: { readonly from: string; readonly image: string; readonly flags?: readonly string[] },
): RemoteCommand {
  return script(PULL_AS, from, image, flags.join(" "), ...docker);
}

const RETAG = `image=$1 id=$2 by=$3; shift 3
if "$@" image inspect "$id" >/dev/null 2>&1; then exec "$@" tag "$id" "$image"; fi
if [ "$by" = "" ]; then echo "the image $id of $image is not here any more" >&2; exit 1; fi
"$@" pull "$by" && exec "$@" tag "$by" "$image"`;

/** Gives `image` back the image it was, which is pulled again by its digest where it is gone. */
export function retag(
  docker: RemoteCommand,
  { image, id, pulledBy = "" }: { readonly image: string; readonly id: string; readonly pulledBy?: string },
): RemoteCommand {
  return script(RETAG, image, id, pulledBy, ...docker);
}

const REMOVE_IMAGES = `ids=$1; shift
for id in $ids; do "$@" image rm "$id" 2>&1; done; :`;

/** Removes images by id or name; one that anything still uses stays. */
export function removeImages(docker: RemoteCommand, ids: readonly string[]): RemoteCommand {
  return script(REMOVE_IMAGES, ids.join(" "), ...docker);
}
