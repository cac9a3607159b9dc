# Prints OS/ARCH[/VARIANT] of the local image $1; fails when it is not here. Podman has no field for the variant.
platform_of() {
  local found
  found=$(docker image inspect --format '{{.Os}}/{{.Architecture}}{{with .Variant}}/{{.}}{{end}}' "$1" 2>/dev/null) ||
    found=$(docker image inspect --format '{{.Os}}/{{.Architecture}}' "$1" 2>/dev/null) || return
  printf '%s\n' "$found"
}

# Whether an image of platform $1 runs where $2 is wanted. Many images leave the variant out; arm's go upwards.
runs_on() {
  local platform=$1
  case $platform in
  */arm64/v8 | */amd64/v1) platform=${platform%/*} ;;
  esac
  case $2 in
  "$platform" | "$platform"/*) return 0 ;;
  linux/arm/v?) [[ $platform == linux/arm/v? && ! $platform > $2 ]] ;;
  *) return 1 ;;
  esac
}

# Prints the name that the image $1 has here when it was pulled by the digest of its platform: its own, or a tag
# made of its digest, because a tag cannot be put on a digest.
tag_of() {
  local digest=${1##*@}
  case $1 in
  *@*) printf '%s\n' "${1%@*}:${digest/:/-}" ;;
  *) printf '%s\n' "$1" ;;
  esac
}

if ! docker version >/dev/null; then
  echo 'error: docker does not answer, see above; install or start it, then run this script again' >&2
  exit 1
fi
