# shellcheck shell=sh
# In folder $1: makes the release $2 the current one again. With $3 (a release that was given up for it) the history
# says so, so that it is never chosen by itself.
umask 077
cd -- "$1/.compose-mirror" && printf '%s\n' "$2" >current.new && mv -f current.new current || exit
if [ "$3" != "" ]; then printf -- '-%s\n' "$3" >>history || exit; fi
printf '%s\n' "$2" >>history
