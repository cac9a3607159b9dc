# shellcheck shell=sh
# In folder $1: keeps what is in place as the release $2 and makes it the current one. Reads that release as a line of
# JSON, then the names of its files, one a line.
cd -- "$1" || exit
. ./put-files.sh
release=$state/releases/$2
mkdir -p -- "$release/files" && IFS= read -r json || exit
while IFS= read -r name; do keep_file "$name" "$release/files" || exit; done
(umask 077 && printf '%s\n' "$json" >"$release/release.json") && printf '%s\n' "$2" >"$state/current"
