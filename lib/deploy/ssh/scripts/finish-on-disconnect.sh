# shellcheck shell=sh
# Runs a command to its end, whatever becomes of us: it writes to a reader that goes on reading when nobody is left.
. ./environment.sh
trap '' PIPE HUP
exec 4>&1
code=$({ {
  "$@" </dev/null 2>&1 3>&- 4>&-
  echo "$?" >&3
} | while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line" 2>/dev/null || :; done >&4 3>&-; } 3>&1)
exit "$code"
