#!/usr/bin/env bash
# The fast tests: all of them, or the files named. They need no root, and install nothing but the Node of node-native.
#   test/unit.sh node|node-native|deno [FILE...]
set -euo pipefail

runtime=$1
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."

files=("$@")
if ((${#files[@]} == 0)); then
  while IFS= read -r file; do files+=("$file"); done < <(
    find test -name '*.test.ts' -not -path 'test/e2e/*' -not -path 'test/differential/*' -not -path 'test/torture/*' | LC_ALL=C sort
  )
fi

case $runtime in
node) exec node --import tsx --test "${files[@]}" ;;
# A Node with its own TypeScript support, without tsx.
node-native) exec npx --yes node@24.21.0 --test "${files[@]}" ;;
deno) exec npx deno test -A --no-check "${files[@]}" ;;
*)
  echo "unknown runtime: $runtime" >&2
  exit 2
  ;;
esac
