# shellcheck shell=sh
# Prints the containers, stopped ones too, that compose started in folder $1, each as the format $2 has it: by the label
# that version 1 and 2 give them, with the folder as it was entered or as it really is. The rest is docker's call.
# shellcheck disable=SC2086
cd -- "$1" || exit
named=$1 real=$(pwd -P) format=$2
shift 2
in_folder() { "$@" ps --all --no-trunc --quiet --filter "label=com.docker.compose.project.working_dir=$dir"; }
dir=$named
ids=$(in_folder "$@") || exit
if [ "$named" != "$real" ]; then
  dir=$real
  ids="$ids $(in_folder "$@")" || exit
fi
if [ "${ids# }" = "" ]; then exit 0; fi
# A container that went in between is no error.
"$@" inspect --type container --format "$format" $ids
exit 0
