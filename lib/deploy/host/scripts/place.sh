# shellcheck shell=sh
# In folder $1: makes what receive.sh left the release $2 and puts its files in place. Reads the names of further
# files, one a line, which are kept with the release as they are.
cd -- "$1" || exit
. ./put-files.sh
release=$state/releases/$2
mv -- "$state/incoming" "$release" || exit
stage "$release/files" || exit
while IFS= read -r name; do keep_file "$name" "$release/files" || exit; done
put
