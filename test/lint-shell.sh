#!/usr/bin/env bash
# Has shellcheck read every shell script of the project, the generated ones as they are written.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
generated=$(mktemp -d)
trap 'rm -rf -- "$generated"' EXIT

export MIRROR_REGISTRY=registry.example MIRROR_NAMESPACE=team
for name in generate-amd64-pull-script generate-push-to-aliyun-script; do
  node --import tsx "scripts/$name.ts" -f test/fixtures/dify/docker-compose.yaml --output "$generated/$name.sh"
done

shellcheck -- "$generated"/*.sh

others=()
while IFS= read -r -d '' script; do
  others+=("$script")
done < <(find . -name node_modules -prune -o -path ./lib/generate -prune -o -type f \( -name '*.sh' -o -path ./.ci/run \) -print0)
# SC2016: code in single quotes is for another shell, and is meant not to expand.
shellcheck --exclude=SC2016 --external-sources --source-path=SCRIPTDIR -- "${others[@]}"
