# shellcheck shell=sh
. ./environment.sh
exec "$@"
