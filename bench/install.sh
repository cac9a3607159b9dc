#!/usr/bin/env bash
# Installs what the benchmark needs beside the test bed's parts, on Debian 12, as root: skopeo and time from Debian,
# the other tools that are compared by the Go module proxy, each in a fixed version. Quick when it is all there.
set -euo pipefail

readonly TOOLS=/opt/compose-mirror-bed/bin
readonly PACKAGES=(skopeo time)
readonly CRANE=github.com/google/go-containerregistry/cmd/crane@v0.22.1
readonly REGCLIENT=v0.11.7
readonly REGSYNC=github.com/regclient/regclient/cmd/regsync@$REGCLIENT
readonly REGCTL=github.com/regclient/regclient/cmd/regctl@$REGCLIENT
# The newest version that the proxy has.
readonly IMAGE_SYNCER=github.com/AliyunContainerService/image-syncer@v1.3.1

mkdir -p "$TOOLS"

missing=()
for package in "${PACKAGES[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

go=$(bash "$(dirname "${BASH_SOURCE[0]}")/../test/bed/go.sh")

# Says by a file beside the program which version it is.
is_installed() { # PROGRAM MODULE@VERSION
  [[ -x $TOOLS/$1 && -e $TOOLS/$1.version && $(<"$TOOLS/$1.version") == "$2" ]]
}

install_program() { # PROGRAM MODULE@VERSION
  is_installed "$1" "$2" && return
  GOBIN=$TOOLS CGO_ENABLED=0 GOFLAGS='' "$go" install "$2"
  echo "$2" >"$TOOLS/$1.version"
}

# `go install` asks for the list of versions, which the proxy may not have of this module.
install_image_syncer() {
  is_installed image-syncer "$IMAGE_SYNCER" && return
  local module
  module=$(mktemp -d)
  (
    cd "$module"
    printf 'module throwaway\ngo 1.17\nrequire %s %s\n' "${IMAGE_SYNCER%@*}" "${IMAGE_SYNCER#*@}" >go.mod
    printf 'package throwaway\nimport _ "%s"\n' "${IMAGE_SYNCER%@*}" >import.go
    CGO_ENABLED=0 GOFLAGS=-mod=mod "$go" build -o "$TOOLS/image-syncer" \
      -tags 'containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper' "${IMAGE_SYNCER%@*}"
  )
  rm -rf "$module"
  echo "$IMAGE_SYNCER" >"$TOOLS/image-syncer.version"
}

install_program crane "$CRANE"
install_program regsync "$REGSYNC"
install_program regctl "$REGCTL"
install_image_syncer
