#!/usr/bin/env bash
# The test bed's machines: `up` brings up workstation, server, upstream and mirror registry in a few seconds, `down`
# removes every trace, `exec HOST COMMAND...` runs a command on one of them, in the folder BED_CWD or /.
#   ws   the workstation, where compose-mirror runs: its own dockerd, this checkout at its own path
#   srv  the "CentOS" server, called `server` by ssh: its own dockerd and sshd, docker-compose v1
#   hub  Docker Hub, ghcr.io, quay.io and others, by their own names, with tokens and a CDN; only ws can reach it
#   acr  the private registry: TLS, password, one namespace
# BED gives a bed a name of its own, so that several can be up at once.
set -euo pipefail

readonly BED=${BED:-main}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHECKOUT=$(cd "$HERE/../.." && pwd)
readonly HERE CHECKOUT
readonly STATE=/var/tmp/compose-mirror-bed/$BED
readonly NETWORK=compose-mirror-bed-$BED
# shellcheck disable=SC2016 # a password that a shell would spoil
readonly USERNAME=mirror@team PASSWORD='Bed-Passw0rd$(id)'
readonly UPSTREAM_NAMES=(
  registry-1.docker.io auth.docker.io production.cdn.docker.io ghcr.io quay.io docker.elastic.co
  container-registry.oracle.com downloads.unstructured.io
)
# Public and VPC name of one Alibaba Cloud registry, and a registry of one's own.
readonly MIRROR_NAMES=(registry.cn-hangzhou.aliyuncs.com registry-vpc.cn-hangzhou.aliyuncs.com registry.example.com)
declare -rA ADDRESS=([ws]=10.77.0.2 [srv]=10.77.0.3 [hub]=10.77.0.4 [acr]=10.77.0.5)

inside() { # HOST COMMAND...
  local pid
  pid=$(<"$STATE/$1.pid")
  shift
  nsenter -t "$pid" -n -m -p -u -i --wdns="${BED_CWD:-/}" -- "$@"
}

make_certificates() {
  local names
  names=$(printf 'DNS:%s,' "${UPSTREAM_NAMES[@]}" "${MIRROR_NAMES[@]}")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=compose-mirror test bed CA' \
    -keyout "$STATE/ca.key" -out "$STATE/ca.crt" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=bed' \
    -keyout "$STATE/tls.key" -out "$STATE/tls.csr" 2>/dev/null
  openssl x509 -req -in "$STATE/tls.csr" -CA "$STATE/ca.crt" -CAkey "$STATE/ca.key" -CAcreateserial -days 30 \
    -extfile <(printf 'subjectAltName=%s\n' "${names%,}") -out "$STATE/tls.crt" 2>/dev/null
}

hosts_file() { # HOST
  printf '127.0.0.1 localhost\n'
  local host
  for host in "${!ADDRESS[@]}"; do printf '%s %s\n' "${ADDRESS[$host]}" "$host"; done
  printf '%s server\n' "${ADDRESS[srv]}"
  printf "${ADDRESS[acr]} %s\n" "${MIRROR_NAMES[@]}"
  [[ $1 == srv ]] || printf "${ADDRESS[hub]} %s\n" "${UPSTREAM_NAMES[@]}"
}

start_host() { # HOST
  local host=$1 outer pid
  hosts_file "$host" >"$STATE/hosts.$host"
  setsid unshare -n -m -p -u -i --fork --kill-child --propagation private \
    bash "$HERE/host.sh" "$host" "$STATE" "${ADDRESS[$host]}" "$CHECKOUT" >"$STATE/$host.log" 2>&1 </dev/null &
  outer=$!
  echo "$outer" >"$STATE/$host.outer"
  for _ in {1..200}; do
    pid=$(pgrep -P "$outer" || true)
    [[ -n $pid ]] && break
    sleep 0.02
  done
  echo "$pid" >"$STATE/$host.pid"
  ip -n "$NETWORK" link add "v-$host" type veth peer name eth0 netns "$pid"
  ip -n "$NETWORK" link set "v-$host" master br0 up
  nsenter -t "$pid" -n ip link set lo up
  nsenter -t "$pid" -n ip link set eth0 up
  nsenter -t "$pid" -n ip addr add "${ADDRESS[$host]}/24" dev eth0
  for _ in {1..500}; do
    [[ $(ps -o comm= -p "$pid") == docker-init ]] && return
    sleep 0.02
  done
  cat "$STATE/$host.log" >&2
  return 1
}

# shellcheck disable=SC2016 # the host's bash fills them in
start_registry() { # HOST
  inside "$1" bash -c 'mkdir -p /var/lib/registry; docker-registry serve "$0" >/var/log/registry.log 2>&1 </dev/null &
    for _ in {1..200}; do (: </dev/tcp/127.0.0.1/5000) 2>/dev/null && exit 0; sleep 0.02; done
    cat /var/log/registry.log >&2; exit 1' "$STATE/registry-$1.yml"
}

# shellcheck disable=SC2016 # the host's bash fills them in
start_front() { # HOST
  BED_CWD=$CHECKOUT inside "$1" bash -c 'node --import tsx "$0/front.ts" "$1" "$2" >/var/log/front.log 2>&1 </dev/null &
    for _ in {1..500}; do (: </dev/tcp/127.0.0.1/443) 2>/dev/null && exit 0; sleep 0.02; done
    cat /var/log/front.log >&2; exit 1' "$HERE" "$1" "$STATE"
}

configure_registries() {
  cat >"$STATE/registry-hub.yml" <<'YAML'
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http: { addr: 127.0.0.1:5000 }
YAML
  cat >"$STATE/registry-acr.yml" <<YAML
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http: { addr: 127.0.0.1:5000, relativeurls: true }
auth: { htpasswd: { realm: registry, path: $STATE/htpasswd } }
YAML
  htpasswd -Bbn "$USERNAME" "$PASSWORD" >"$STATE/htpasswd"
  printf '{"registry":"%s","namespace":"team","username":"%s","password":"%s"}\n' \
    "${MIRROR_NAMES[0]}" "$USERNAME" "$PASSWORD" >"$STATE/credentials.json"
}

configure_ssh() {
  inside srv bash -c 'ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/bed_host_key
    printf "PRETTY_NAME=\"CentOS Linux 7 (Core)\"\nNAME=\"CentOS Linux\"\nID=centos\nID_LIKE=\"rhel fedora\"\nVERSION_ID=7\n" >/etc/os-release
    mkdir -m 700 /root/.ssh'
  inside ws bash -c 'mkdir -m 700 /root/.ssh
    ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519
    printf "Host server\n  User root\n" >/root/.ssh/config'
  inside ws cat /root/.ssh/id_ed25519.pub | inside srv bash -c 'cat >/root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys'
  inside srv cut -d' ' -f1,2 /etc/ssh/bed_host_key.pub | sed "s/^/server,srv,${ADDRESS[srv]} /" | inside ws bash -c 'cat >/root/.ssh/known_hosts'
  inside srv /usr/sbin/sshd -h /etc/ssh/bed_host_key -o PidFile=/run/sshd.pid -o PasswordAuthentication=no \
    -o PermitRootLogin=prohibit-password -E /var/log/sshd.log
}

# Whoever waits for the end of a pipe of the caller's must not wait for the bed's daemons.
close_inherited_files() {
  local file
  for file in "/proc/$$/fd"/*; do
    file=${file##*/}
    ((file < 3 || file == 255)) || eval "exec $file>&-"   # bash reads this script by 255
  done
}

up() {
  down
  close_inherited_files
  mkdir -p "$STATE"
  make_certificates
  configure_registries
  ip netns add "$NETWORK"
  ip -n "$NETWORK" link add br0 type bridge
  ip -n "$NETWORK" link set br0 up
  local host engines=()
  for host in ws srv hub acr; do start_host "$host"; done
  for host in ws srv; do
    inside "$host" bash "$HERE/start-docker.sh" "$NETWORK" &
    engines+=($!)
  done
  for host in hub acr; do
    start_registry "$host"
    start_front "$host"
  done
  configure_ssh
  BED_CWD=$CHECKOUT inside hub node --import tsx "$HERE/seed.ts" http://127.0.0.1:5000 "$STATE/images.json"
  for host in "${engines[@]}"; do wait "$host"; done
}

down() {
  local file
  for file in "$STATE"/*.outer; do
    [[ -e $file ]] || continue
    kill -KILL "$(<"$file")" 2>/dev/null || true
  done
  for file in "$STATE"/*.pid; do
    [[ -s $file ]] || continue
    while [[ -d /proc/$(<"$file") ]]; do sleep 0.02; done
  done
  ip netns del "$NETWORK" 2>/dev/null || true
  # Containers' groups go when their processes are gone, deepest first.
  find /sys/fs/cgroup -depth -type d -path "*/$NETWORK*" -exec rmdir {} + 2>/dev/null || true
  rm -rf "$STATE"
}

case ${1-} in
  up | down) "$1" ;;
  exec) shift; inside "$@" ;;
  *) sed -n '2,8p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
