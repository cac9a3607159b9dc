#!/usr/bin/env bash
# Compares this project's engines with other tools, on registries of its own (Debian 12, as root).
#   bench/run.sh [--cases a,b,b-large,c,e,e250] [--tools NAME,NAME] [--rounds N] [--output FOLDER]
# The results go to bench/results.json and docs/benchmark.md, or to FOLDER.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
export BED=bench BED_STATE=/var/tmp/compose-mirror-bed/bench
readonly BED_SCRIPT=$HERE/../test/bed/bed.sh

log=$(mktemp)
finish() {
  bash "$BED_SCRIPT" down
  rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

prepare() {
  bash "$HERE/../test/bed/install.sh"
  bash "$HERE/install.sh"
  bash "$BED_SCRIPT" up
}
# Output goes to a file, because the bed's background processes would keep a pipe open.
if ! prepare >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cd "$HERE/.."
# In the workstation's network, where the registries' control ports are reachable.
nsenter -t "$(<"$BED_STATE/ws.pid")" -n -- node --import tsx "$HERE/run.ts" "$@"
