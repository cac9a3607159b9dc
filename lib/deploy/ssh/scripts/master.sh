# shellcheck shell=sh
# The session of the connection's master: says that it is there, and lasts as long as its input does.
echo 'compose-mirror: connected'
exec cat >/dev/null
