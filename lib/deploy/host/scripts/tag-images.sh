# shellcheck shell=sh
# Gives images the names that the services know. Reads lines of the name pulled by and the name to give; the arguments
# are docker's call.
while IFS=' ' read -r from image; do "$@" tag "$from" "$image" </dev/null || exit; done
