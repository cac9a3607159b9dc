# shellcheck shell=sh
# In folder $1: reads a line with size in bytes and SHA-256, then a tar archive, and unpacks it aside. What was
# truncated or changed on its way is noticed and removed.
cd -- "$1/.compose-mirror" || exit
trap 'rm -rf incoming incoming.tar' EXIT
trap 'exit 1' HUP INT TERM PIPE
rm -rf incoming incoming.tar && IFS=' ' read -r size sum && (umask 077 && cat >incoming.tar) || exit
arrived=$(wc -c <incoming.tar) || exit
if [ "$arrived" -ne "$size" ]; then
  echo "only $arrived of $size bytes arrived" >&2
  exit 1
fi
if command -v sha256sum >/dev/null; then
  found=$(sha256sum <incoming.tar) || exit
  if [ "${found%% *}" != "$sum" ]; then
    echo "what arrived has another SHA-256 than what was sent" >&2
    exit 1
  fi
fi
mkdir -p incoming/files && tar -xomf incoming.tar -C incoming/files && rm -f incoming.tar || exit
trap - EXIT
