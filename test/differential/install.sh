#!/usr/bin/env bash
# Builds the docker compose that the differential suite compares with, from the Go module proxy. Compose's module
# excludes versions of others, which `go install PACKAGE@VERSION` refuses, so a throw-away module requires it.
# Quick when it is all there.
set -euo pipefail

readonly VERSION=5.6.0
readonly TOOLS=/opt/compose-mirror-bed
readonly COMPOSE=$TOOLS/bin/docker-compose-v2

if [[ -x $COMPOSE ]] && [[ $("$COMPOSE" version --short) == "$VERSION" ]]; then exit 0; fi
go=$(bash "$(dirname "${BASH_SOURCE[0]}")/../bed/go.sh")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$go" mod init bed
"$go" get "github.com/docker/compose/v5/cmd@v$VERSION"
CGO_ENABLED=0 "$go" build -trimpath -o docker-compose \
  -ldflags "-s -w -X github.com/docker/compose/v5/internal.Version=$VERSION" github.com/docker/compose/v5/cmd
install -D -m 755 docker-compose "$COMPOSE"
"$COMPOSE" version
