# shellcheck shell=sh
# Prints the logs of the services $1, all at once, with the flags $2; the rest is docker's call. Neither has words with
# blanks in it.
services=$1 flags=$2
shift 2
for service in $services; do
  # shellcheck disable=SC2086
  "$@" service logs $flags "$service" &
done
wait
