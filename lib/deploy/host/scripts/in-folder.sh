# shellcheck shell=sh
# Runs a command in folder $1, whatever else goes on there.
cd -- "$1" && shift || exit
exec "$@"
