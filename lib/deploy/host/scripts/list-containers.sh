# shellcheck shell=sh
# Prints the ids of the containers, stopped ones too, that compose started in folder $1: by the label that version 1
# and 2 give them, with the folder as it was entered or as it really is. The rest is docker's call.
cd -- "$1" || exit
named=$1 real=$(pwd -P)
shift
"$@" ps --all --no-trunc --quiet --filter "label=com.docker.compose.project.working_dir=$named" || exit
if [ "$named" = "$real" ]; then exit; fi
"$@" ps --all --no-trunc --quiet --filter "label=com.docker.compose.project.working_dir=$real"
