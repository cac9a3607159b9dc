# shellcheck shell=sh
# Takes the lock of folder $1 for $2 (who deploys), waiting $3 seconds at most, and keeps it until its input ends.
# Says "held: STAMP" (what runs, and when files were last put in place), "waiting: WHO" or "taken: WHO"; the exit code for
# the last is 75.
mkdir -p -- "$1" && cd -- "$1" || exit
# Another first deploy may make it between the look and this one's mkdir.
is_there() { [ -e .compose-mirror ] || [ -L .compose-mirror ]; }
is_there || mkdir -m 700 .compose-mirror || is_there || exit
# What another user put here, or a link to somewhere else, is not ours to write to.
if [ "$(find .compose-mirror -prune -type d -user "$(id -u)")" = "" ]; then
  echo "compose-mirror: .compose-mirror is a link or belongs to another user" >&2
  exit 77
fi
cd .compose-mirror && chmod 700 . && mkdir -p releases && exec 8>>busy 9>>lock || exit
if command -v flock >/dev/null; then
  left=$3
  until flock -n 9 && flock -n 8; do
    if [ "$left" -le 0 ]; then
      echo "taken: $(cat holder 2>/dev/null)"
      exit 75
    fi
    echo "waiting: $(cat holder 2>/dev/null)"
    left=$((left - 1))
    sleep 1
  done
  flock -u 8
fi
trap 'rm -rf login incoming incoming.tar staged placed.new' EXIT
trap 'exit 1' HUP INT TERM PIPE
rm -rf login incoming incoming.tar staged placed.new && printf '%s\n' "$2" >holder && mkdir -m 700 login || exit
own=${DOCKER_CONFIG:-$HOME/.docker}
for each in cli-plugins contexts; do
  if [ -e "$own/$each" ]; then ln -s "$own/$each" "login/$each" || exit; fi
done
context=$(docker context show 2>/dev/null)
case $context in
'' | default | *[!A-Za-z0-9_.+-]*) ;;
*) printf '{"currentContext": "%s"}\n' "$context" >login/config.json ;;
esac
stamp=$(cat current placed 2>/dev/null)
printf 'held: %s\n' "$(printf %s "$stamp" | tr '\n' ' ')"
cat >/dev/null 8>&- 9>&-
