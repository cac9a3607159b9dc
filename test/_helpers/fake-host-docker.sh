#!/bin/sh
# docker and docker-compose of a host that is none (fake-host.ts), with images and containers as files below $ROOT.
# What a registry holds under a name is the hook `digest`; an image's id is made from its digest. `up` starts what a
# compose file has as lines of the form `  NAME: { image: NAME }`.
# shellcheck disable=SC1090,SC2086,SC2329

say() {
  {
    printf '%s' "$1"
    shift
    [ $# -eq 0 ] || printf ' <%s>' "$@"
    echo " in $PWD${DOCKER_CONFIG:+ with $DOCKER_CONFIG}"
  } >>"$ROOT/calls"
}
# Shell text in place of what follows, where the test gives one. Neither sees the arguments.
on() { if [ -f "$ROOT/on-$1" ]; then . "$ROOT/on-$1"; else eval "$2"; fi; }
hash() { printf 'sha256:%s\n' "$(printf %s "$1" | sha256sum | cut -c 1-64)"; }
key() { printf %s "$1" | tr '/:@' '___'; }
image() { cat "$ROOT/images/$(key "$1")" 2>/dev/null || grep -hs "^$1 " "$ROOT"/images/* | head -n 1; }
keep() { mkdir -p "$ROOT/images" && echo "$2" >"$ROOT/images/$(key "$1")"; }

pull() {
  repository=$(printf %s "$name" | sed 's/@.*//; s/:[^/:]*$//')
  case $name in
  *@*) digest=${name#*@} ;;
  *) digest=$(on digest 'hash "$name"') ;;
  esac
  keep "$name" "$(hash "$digest") $repository@$digest"
}

up() {
  mkdir -p "$ROOT/containers"
  sed -n 's/^  \([a-z]*\): *{.*image: *"*\([^", }]*\).*/\1 \2/p' $files | while read -r service image; do
    found=$(image "$image")
    echo "$image ${found%% *}" >"$ROOT/containers/$service"
  done
}

show() {
  service=${1#c0}
  read -r image id <"$ROOT/containers/$service" || return
  state=$(on state 'case $service in job) echo "exited||0" ;; *) echo "running|healthy|0" ;; esac')
  echo "container:$service|False|$state|$1|$id|$(on restarts 'echo 0')|no|then|app|docker-compose-mirror.yaml|$(on ports ':')|$image"
}

compose() {
  calls=" $* "
  files=
  while [ $# -gt 0 ]; do
    [ "$1" != -f ] || files="$files $2"
    shift
  done
  case $calls in
  *" version "*) ;;
  *" up "*) on up 'up; echo Started >&2' ;;
  *" logs "*) on compose-logs 'echo "web-1  | hello"' ;;
  esac
}

if [ "${0##*/}" = docker-compose ]; then
  case $1 in
  version) on standalone 'exit 127' ;;
  --verbose)
    version=$(on standalone 'exit 127') || exit 127
    case $version in v2.*) ;; *) echo "compose.cli.docker_client.get_client: docker-compose version $version, build unknown" >&2 ;; esac
    on talk ':'
    ;;
  *)
    say docker-compose "$@"
    compose "$@"
    ;;
  esac
  exit
fi
case "$1 $2 $3" in
--version*) on about 'echo "Docker version 26.1.4, build 5650f9b"' ;;
*Server*Client*)
  server=$(on server 'echo 26.1.4') || exit
  echo "$server $(on client 'echo 26.1.4')"
  ;;
*Client*) on client 'echo 26.1.4' ;;
*Server*) on server 'echo 26.1.4' ;;
info*Swarm*) echo "$(on swarm 'echo inactive false') /var/lib" ;;
info*) echo /var/lib ;;
context*) on context 'echo default' ;;
"compose version"*) on plugin 'echo v2.26.1' ;;
compose*)
  say docker "$@"
  shift
  compose "$@"
  ;;
login*)
  say docker "$@"
  cat >"$ROOT/login-input"
  on login '[ "$DOCKER_CONFIG" = "" ] || echo secret >"$DOCKER_CONFIG/config.json"; echo Login Succeeded'
  ;;
exec*)
  say docker "$@"
  on exec 'cat; echo said >&2; exit 3'
  ;;
pull*)
  say docker "$@"
  name=$2
  on pull 'pull; echo Pulled'
  ;;
tag*)
  say docker "$@"
  keep "$3" "$(image "$2")"
  ;;
"image rm"*) say docker "$@" ;;
"image inspect --format"*)
  shift 4
  for each; do
    read -r id digest <"$ROOT/images/$(key "$each")" || exit
    echo "image:$id|linux/amd64|[\"$digest\"]"
  done
  ;;
"image inspect"*) [ "$(image "$3")" != "" ] ;;
logs*)
  name=$4
  on logs 'echo "log of $name"'
  ;;
ps*)
  # The label of a service, where it is asked for, else all.
  case "$*" in
  *compose.service=*)
    for name; do :; done
    name=c0${name##*compose.service=}
    [ ! -f "$ROOT/containers/${name#c0}" ] || echo "$name"
    ;;
  *) on list 'ls "$ROOT/containers" 2>/dev/null | sed s/^/c0/' ;;
  esac
  ;;
stop*) say docker "$@" ;;
rm*)
  say docker "$@"
  rm -f "$ROOT/containers/${3#c0}"
  ;;
inspect*)
  shift 5
  for each; do on show 'show "$each"'; done
  ;;
esac
