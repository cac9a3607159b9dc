# shellcheck shell=sh
# Removes the images $1 (ids or names without blanks); one that anything still uses stays.
ids=$1
shift
for id in $ids; do "$@" image rm "$id" 2>&1; done
:
