#!/usr/bin/env bash
# Runs shellcheck on every shell script of the project; on the generated ones as they are written.
set -euo pipefail
command -v shellcheck >/dev/null || { echo "shellcheck is missing: install it (Debian: apt-get install shellcheck)" >&2; exit 1; }
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
generated=$(mktemp -d)
trap 'rm -rf -- "$generated"' EXIT

export MIRROR_REGISTRY=registry.example MIRROR_NAMESPACE=team
for name in generate-amd64-pull-script generate-push-to-aliyun-script; do
  node --import tsx/esm "scripts/$name.ts" -f test/fixtures/dify/docker-compose.yaml --output "$generated/$name.sh"
done

shellcheck -- "$generated"/*.sh

others=()
while IFS= read -r -d '' script; do
  others+=("$script")
done < <(find . -name node_modules -prune -o -path ./lib/generate -prune -o -type f \( -name '*.sh' -o -path ./.ci/run \) -print0)
# SC2016: code in single quotes is for another shell, and must not expand here.
shellcheck --exclude=SC2016 --external-sources --source-path=SCRIPTDIR -- "${others[@]}"
