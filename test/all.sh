#!/usr/bin/env bash
# Everything that must hold before a change goes in, on Debian 12 as root: lint, types, the fast tests under Node and
# Deno, the comparison with docker compose, the bounded torture tests, and the end-to-end tests on the bed. It installs
# what it needs. A test that is skipped is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
  printf '\n==> %s\n' "$1"
  shift
  local started=$SECONDS
  "$@"
  printf '==> done in %d s\n' "$((SECONDS - started))"
}

# Runs tests; fails when one fails, is skipped or is marked as todo.
without_skips() {
  local log
  log=$(mktemp)
  if ! "$@" 2>&1 | tee "$log"; then
    rm -f "$log"
    return 1
  fi
  if grep -Eq '^(# |ℹ )(skipped|todo) [1-9]|[1-9][0-9]* (ignored|skipped)' "$log"; then
    rm -f "$log"
    echo "a test was skipped" >&2
    return 1
  fi
  rm -f "$log"
}

step "packages of npm" npm ci
step "engines, registries, ssh, compose" bash test/bed/install.sh
step "docker compose to compare with" bash test/differential/install.sh
step "lint, also of shell scripts" npm run lint
step "types" npm run types
step "fast tests, Node" without_skips npm test
step "fast tests, Node with its own TypeScript support" without_skips bash test/unit.sh node-native
step "fast tests, Deno" without_skips npm run test:deno
step "comparison with docker compose" without_skips npm run test:differential
step "torture" without_skips npm run test:torture
step "end to end" without_skips npm run test:e2e
