# shellcheck shell=sh
# Prints services ($2 and $4, formats) and tasks ($3) of the stack $1; the rest is docker's call.
# shellcheck disable=SC2086
name=$1 service=$2 task=$3 replicas=$4
shift 4
ids=$("$@" service ls -q --filter "label=com.docker.stack.namespace=$name") || exit
if [ "$ids" = "" ]; then exit 0; fi
"$@" service inspect --format "$service" $ids
"$@" service ls --filter "label=com.docker.stack.namespace=$name" --format "$replicas"
"$@" stack ps --no-trunc --format "$task" "$name"
