# shellcheck shell=sh
# In folder $1: forgets the releases named that never came to their end. One that did since it was looked at stays.
cd -- "$1/.compose-mirror/releases" && shift || exit
for id; do
  if [ ! -f "$id/release.json" ] && [ ! -f "$id/failed.json" ]; then rm -rf -- "$id" || exit; fi
done
