# shellcheck shell=sh
# Runs a command in folder $1, and keeps other deploys off until it ends, also when it goes on after we are gone.
cd -- "$1" && shift && exec 8>>.compose-mirror/busy || exit
if command -v flock >/dev/null; then flock 8 || exit; fi
"$@"
