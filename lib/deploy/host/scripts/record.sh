# shellcheck shell=sh
# In folder $1: reads the release $2 and makes it the current one.
umask 077
cd -- "$1/.compose-mirror" && cat >"releases/$2/release.json.new" || exit
mv -f -- "releases/$2/release.json.new" "releases/$2/release.json" || exit
printf '%s\n' "$2" >current.new && mv -f current.new current && printf '%s\n' "$2" >>history
