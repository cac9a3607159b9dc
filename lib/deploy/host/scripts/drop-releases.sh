# shellcheck shell=sh
# In folder $1: forgets the releases named.
cd -- "$1/.compose-mirror/releases" && shift && rm -rf -- "$@"
