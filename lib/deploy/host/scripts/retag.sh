# shellcheck shell=sh
# Gives the name $1 back to the image with id $2, which is pulled again as $3 (a digest) where it is gone.
image=$1 id=$2 by=$3
shift 3
if "$@" image inspect "$id" >/dev/null 2>&1; then exec "$@" tag "$id" "$image"; fi
if [ "$by" = "" ]; then
  echo "the image $id of $image is no longer here" >&2
  exit 1
fi
"$@" pull "$by" && exec "$@" tag "$by" "$image"
