# shellcheck shell=sh
# Stops and removes the containers of the services $2 that compose started in folder $1, of the project $3 where it is
# given, as "compose rm -sf" does; their named volumes stay. The rest is docker's call.
cd -- "$1" && exec 8>>.compose-mirror/busy || exit
if command -v flock >/dev/null; then flock 8 || exit; fi
named=$1 real=$(pwd -P) services=$2 project=${3:+=$3}
shift 3
for service in $services; do
  for dir in "$named" "$real"; do
    ids=$("$@" ps --all --quiet --filter "label=com.docker.compose.project$project" \
      --filter "label=com.docker.compose.project.working_dir=$dir" \
      --filter "label=com.docker.compose.service=$service") || exit
    for id in $ids; do "$@" stop "$id" && "$@" rm --force "$id" || exit; done
  done
done
