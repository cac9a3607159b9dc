# shellcheck shell=sh
# Runs a command that ends with us. sshd signals nobody when a session without terminal goes, but the standard input
# then ends. "kill 0" reaches the whole session, which sshd starts as a process group of its own: docker leaves it to
# the group to end its plugins.
. ./environment.sh
exec 3<&0 </dev/null
trap : TERM
"$@" 3<&- 2>&1 &
job=$!
{
  while read -r _; do :; done
  kill 0
} <&3 3<&- >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$job"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
