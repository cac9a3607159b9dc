# shellcheck shell=sh
# Prints, as "folder:PATH", the folders that are there and whose containers belong to the compose project $2, but for the
# folder $1. The rest is docker's call.
named=$1 real=$(cd -- "$1" 2>/dev/null && pwd -P) name=$2
shift 2
"$@" ps --all --filter "label=com.docker.compose.project=$name" \
  --format '{{.Label "com.docker.compose.project.working_dir"}}' | sort -u | while IFS= read -r folder; do
  case $folder in '' | "$named" | "$real") continue ;; esac
  if [ -d "$folder" ]; then printf 'folder:%s\n' "$folder"; fi
done
exit 0
