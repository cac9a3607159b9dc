# shellcheck shell=sh
# In folder $1: removes files that earlier releases sent and that are named no more. Reads lines of SHA-256 and name;
# a file that was changed since stays. Folders that become empty stay too: they may be mounted.
cd -- "$1" || exit
. ./put-files.sh
while IFS=' ' read -r sum name; do
  (
    enter "$name" 2>/dev/null || exit 0
    base=./${name##*/}
    if [ -L "$base" ] || [ ! -f "$base" ]; then exit 0; fi
    found=$(sha256sum <"$base" 2>/dev/null)
    if [ "${found%% *}" != "$sum" ]; then exit 0; fi
    rm -f -- "$base"
  ) || exit
done
