# shellcheck shell=sh
# Says what the host and the folder $1 there are like, as lines "probe:KEY=VALUE"; changes nothing. $2 is the path of
# programs run as root (PATH=…). $3 is how far to look: "folder" leaves docker out, "quick" does not start a docker-compose
# that may be version 1 (it takes a second), "all" does. Reads the names of files to look for in the folder, one a line.
# shellcheck disable=SC2086
root_path=$2 depth=$3
say() { printf 'probe:%s=%s\n' "$1" "$(printf %s "$2" | tr '\n\r\t' '   ')"; }
near() { place=$1; while [ ! -d "$place" ]; do place=$(dirname -- "$place"); done; printf %s "$place"; }
free() { df -Pk -- "$(near "$1")" 2>/dev/null | tail -n 1; }
case $1 in
\~) dir=$HOME ;;
\~/*) dir=$HOME/${1#??} ;;
/*) dir=$1 ;;
*) dir=$HOME/$1 ;;
esac
say user "$(id -un)"
say home "$HOME"
say machine "$(uname -m)"
say system "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
say selinux "$(getenforce 2>/dev/null)"
say dir "$dir"
if [ -d "$dir" ]; then say state folder; elif [ -e "$dir" ]; then say state other; else say state missing; fi
if [ -w "$(near "$dir")" ]; then say writable yes; fi
if [ -f "$dir/.env" ]; then say env yes; say envText "$(head -c 262144 "$dir/.env" | base64)"; fi
number=0
while IFS= read -r name; do
  number=$((number + 1))
  if [ -L "$dir/$name" ]; then say "file$number" "file link"
  elif [ -f "$dir/$name" ]; then
    sum=$(sha256sum <"$dir/$name" 2>/dev/null); say "file$number" "file ${sum%% *}"
  elif [ -e "$dir/$name" ]; then say "file$number" other; fi
done
if [ -e "$dir/.compose-mirror" ] || [ -L "$dir/.compose-mirror" ]; then
  if [ "$(find "$dir/.compose-mirror" -prune -type d -user "$(id -u)" 2>/dev/null)" = "" ]; then say foreign yes; fi
fi
for each in "$dir"/.compose-mirror/releases/*/release.json; do
  if [ -f "$each" ]; then say release "$(cat "$each")"; fi
done
for each in "$dir"/.compose-mirror/releases/*/failed.json; do
  if [ -f "$each" ]; then say failed "$(cat "$each")"; fi
done
say current "$(cat "$dir/.compose-mirror/current" 2>/dev/null)"
say stamp "$(cat "$dir/.compose-mirror/current" "$dir/.compose-mirror/placed" 2>/dev/null)"
say history "$(tail -n 200 "$dir/.compose-mirror/history" 2>/dev/null)"
for each in "$dir"/.compose-mirror/releases/*/; do
  if [ -d "$each" ] && [ ! -f "$each/release.json" ] && [ ! -f "$each/failed.json" ]; then say unfinished "$(basename -- "$each")"; fi
done
say free "$(free "$dir")"
if [ "$depth" = folder ] || ! command -v docker >/dev/null; then exit 0; fi
about=$(docker --version 2>&1)
say docker "$about"
as=
# The versions of server and client, with a blank between.
versions() { "$@" docker version --format '{{.Server.Version}} {{.Client.Version}}' 2>/dev/null; }
if both=$(versions env); then
  say server "${both% *}"
else
  say complaint "$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null)"
  root="sudo -n env $root_path"
  case $about in
  *podman*) ;;
  *) if both=$(versions $root); then
    as=$root; say server "${both% *}"; say rootOnly yes
  fi ;;
  esac
fi
client=${both##* }
say client "${client:-$(docker version --format '{{.Client.Version}}' 2>/dev/null)}"
engine() {
  if found=$($as docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.DockerRootDir}}' 2>/dev/null); then
    say swarm "${found%% /*}"; root=/${found#* /}
  else
    root=$($as docker info --format '{{.Store.GraphRoot}}' 2>/dev/null)
  fi
  case $root in /?*) say root "$root"; say rootFree "$(free "$root")" ;; esac
}
# The plugin, or docker-compose where there is none. Whether that can talk to the daemon matters for version 1, which is
# started once for both: it says its version when it is verbose.
compose() {
  plugin=$($as docker compose version --short 2>/dev/null) && [ "$plugin" != "" ] && say plugin "$plugin" && return
  command -v docker-compose >/dev/null || return
  if [ "$depth" = quick ]; then say unasked yes; return; fi
  said=$(cd / && echo '{"version": "3", "services": {"x": {"image": "x"}}}' |
    $as docker-compose --verbose -p compose-mirror-probe -f - ps -q 2>&1 >/dev/null)
  code=$?
  version=$(printf '%s\n' "$said" | sed -n 's/^.*docker-compose version \([0-9][^ ,]*\).*$/\1/p' | head -n 1)
  say standalone "${version:-$($as docker-compose version --short 2>/dev/null)}"
  if [ "$code" -ne 0 ]; then say talk "$(printf '%s\n' "$said" | tail -n 1)"; fi
}
# Side by side: each takes a while, and each line comes out as a whole.
engine &
compose &
wait
exit 0
