#!/usr/bin/env bash
# Installs a Go program in a fixed version, unless it is there:  go-install.sh PROGRAM PACKAGE@VERSION
# A file beside the program says which version it is.
set -euo pipefail

readonly TOOLS=/opt/compose-mirror-bed/bin
program=$1 package=$2

[[ -x $TOOLS/$program && -e $TOOLS/$program.version && $(<"$TOOLS/$program.version") == "$package" ]] && exit
go=$(bash "$(dirname "${BASH_SOURCE[0]}")/go.sh")
mkdir -p "$TOOLS"
cd /
GOBIN=$TOOLS CGO_ENABLED=0 GOFLAGS='' "$go" install "$package"
echo "$package" >"$TOOLS/$program.version"
