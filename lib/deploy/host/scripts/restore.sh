# shellcheck shell=sh
# In folder $1: puts the files of the release $2 in place again.
cd -- "$1" || exit
. ./put-files.sh
stage "$state/releases/$2/files" && put
