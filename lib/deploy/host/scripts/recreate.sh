# shellcheck shell=sh
# In folder $1: recreates the containers of the services $2 that are older than the files in place.
# $3 is docker's call (no word of it has a blank), the rest compose's.
# shellcheck disable=SC2086
cd -- "$1" && exec 8>>.compose-mirror/busy && placed=$(cat .compose-mirror/placed) || exit
if command -v flock >/dev/null; then flock 8 || exit; fi
services=$2 docker=$3 older=''
shift 3
for service in $services; do
  for id in $("$@" ps -q "$service"); do
    created=$($docker inspect --type container --format '{{.Created}}' "$id") || exit
    if expr "$created" '<' "$placed" >/dev/null; then older="$older $service"; fi
  done
done
if [ "$older" != "" ]; then "$@" up -d --no-deps --force-recreate $older; fi
