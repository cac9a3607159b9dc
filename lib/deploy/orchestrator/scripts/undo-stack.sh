# shellcheck shell=sh
# Takes the last update of the stack $1 back. $2 has its services before, as "NAME=VERSION", with blanks between: one
# that is as it was is left alone, because its previous specification is older than this deploy; new ones are removed.
# The rest is docker's call.
name=$1 before=" $2 "
shift 2
failed=0
for service in $("$@" service ls --format '{{.Name}}' --filter "label=com.docker.stack.namespace=$name"); do
  version=$("$@" service inspect --format '{{.Version.Index}}' "$service")
  case $before in
  *" $service=$version "*) ;;
  *" $service="*) "$@" service rollback --detach "$service" || failed=1 ;;
  *) "$@" service rm "$service" || failed=1 ;;
  esac
done
exit "$failed"
