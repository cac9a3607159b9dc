# shellcheck shell=sh
# In folder $1: removes the secrets and configs of the stack $2 that are named by their content and that no kept release
# has in its stack file $3. Docker keeps those that are in use. The rest is docker's call.
dir=$1 stack=$2 file=$3
shift 3
cd -- "$dir" || exit
for kind in secret config; do
  "$@" "$kind" ls --filter "label=com.docker.stack.namespace=$stack" --format '{{.Name}}' |
    grep -E '_[0-9a-f]{12}$' | while IFS= read -r name; do
    grep -qsF "\"$name\"" "$file" .compose-mirror/releases/*/files/"$file" || "$@" "$kind" rm "$name" >/dev/null 2>&1 || :
  done
done
exit 0
