#!/usr/bin/env bash
# Fuzzing of everything that reads what others wrote, and the canary that looks for leaked passwords.
#   test/torture.sh [FILE...]                             the bounded form, about three minutes
#   FUZZ_CASES=20000000 FUZZ_SEED=$RANDOM test/torture.sh     the long form, with a seed of its own
# FUZZ_SEED, FUZZ_TARGET and FUZZ_CASE run one case again; a finding names the three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

files=("$@")
((${#files[@]} > 0)) || files=(test/torture/*.test.ts)
export FUZZ_CASES=${FUZZ_CASES:-200000} FUZZ_SEED=${FUZZ_SEED:-1}
exec node --import tsx --test "${files[@]}"
