#!/usr/bin/env bash
# The end-to-end tests (Debian 12, as root): installs what the test bed needs, brings it up, runs the tests on its
# workstation, and takes it down. Fails when a test fails, is skipped, or when none ran.
#   test/e2e.sh [FILE...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export BED=${BED:-e2e-$$}
readonly STATE=/var/tmp/compose-mirror-bed/$BED
files=("$@")
((${#files[@]} > 0)) || files=(test/e2e/*.test.ts)

[[ node_modules/.package-lock.json -nt package-lock.json && -e node_modules/typescript ]] || npm ci
bash test/bed/install.sh
trap 'bash test/bed/bed.sh down' EXIT
trap 'exit 130' INT TERM
bash test/bed/bed.sh up

export BED_CWD=$PWD BED_STATE=$STATE NODE_EXTRA_CA_CERTS=$STATE/ca.crt DENO_CERT=$STATE/ca.crt LC_ALL=C.UTF-8
unset COMPOSE_FILE COMPOSE_PROFILES DEPLOY_HOST DEPLOY_DIR "${!MIRROR_@}"
bash test/bed/bed.sh exec ws node --import tsx --test --test-concurrency=1 --test-timeout=1200000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$STATE/e2e.tap" "${files[@]}" </dev/null

for nothing in skipped todo cancelled; do
  grep -qx "# $nothing 0" "$STATE/e2e.tap" || { echo "some end-to-end tests were $nothing" >&2; exit 1; }
done
grep -qE '^# pass [1-9]' "$STATE/e2e.tap" || { echo "no end-to-end test ran" >&2; exit 1; }
