# shellcheck shell=sh
# Pulls the image $1 where it is missing; the rest is docker's call.
image=$1
shift
"$@" image inspect "$image" >/dev/null 2>&1 || exec "$@" pull "$image"
