# Prints what the comment at the top says of this script.
case $#:${1-} in
0:) ;;
1:-h | 1:--help)
  sed -n '2,/^set -u/{/^#/s/^# \{0,1\}//p;}' "$0"
  exit 0
  ;;
*)
  echo "error: unexpected argument \"$1\": this script takes none but --help" >&2
  exit 2
  ;;
esac
