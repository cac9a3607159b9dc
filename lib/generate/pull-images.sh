#!/usr/bin/env bash
# Pulls every image below for its platform, and checks the platform that really arrived.
# Needs bash (3.2 or newer) and docker (20.10 or newer), nothing else.
# Takes no arguments. Exit code: 0 all images are here; 1 some are not, the end names them; 2 a wrong argument; 130 interrupted.
# Written by compose-mirror (generate-amd64-pull-script). Generate it again rather than edit it.
set -u
export LC_ALL=C
trap 'echo "interrupted; run it again: layers that are here are not downloaded again" >&2; exit 130' INT TERM

source no-arguments.sh

# Image, platform.
IMAGES=()

source local-images.sh

# A JSON string, a sign, or a word.
TOKEN='^[[:space:]]*("[^"\]*(\\.[^"\]*)*"|[][{}:,]|[^][{}:,"[:space:]]+)'

# Prints the digest that the manifest list $1 (JSON, however formatted) has for platform $2; nothing when it has none,
# or when $1 is the manifest of a single platform.
digest_in() {
  local json=$1 token path='' key='' name='' digest='' os='' architecture='' variant='' platform best='' best_digest=''
  while [[ $json =~ $TOKEN ]]; do
    token=${BASH_REMATCH[1]}
    json=${json:${#BASH_REMATCH[0]}}
    case $token in
    '{' | '[')
      path=$path/${key//\//}
      key=''
      if [ "$path" = //manifests/ ]; then digest='' os='' architecture='' variant=''; fi
      ;;
    '}' | ']')
      platform=$os/$architecture${variant:+/$variant}
      if [ "$path" = //manifests/ ] && runs_on "$platform" "$2" && [[ $platform > $best ]]; then
        best=$platform best_digest=$digest
      fi
      path=${path%/*}
      ;;
    :) key=$name ;;
    ,) key='' ;;
    '"'*)
      token=${token#?}
      token=${token%?}
      case "$path $key" in
      *' ') name=$token ;;
      '//manifests/ digest') digest=$token ;;
      '//manifests//platform os') os=$token ;;
      '//manifests//platform architecture') architecture=$token ;;
      '//manifests//platform variant') variant=$token ;;
      esac
      ;;
    esac
  done
  printf '%s' "$best_digest"
}

# Pulls image $1 for platform $2. When it fails, `reason` says why.
pull_image() {
  local image=$1 platform=$2 repository=${1%@*} found list digest tag
  case ${repository##*/} in
  *:*) repository=${repository%:*} ;;
  esac
  reason='docker pull failed, see above'
  docker pull --platform "$platform" "$image" || return
  found=$(platform_of "$image")
  runs_on "$found" "$platform" && return

  echo "it is ${found:-of an unknown platform}, not $platform: looking for $platform in its manifest list"
  reason='docker manifest inspect failed, see above'
  list=$(DOCKER_CLI_EXPERIMENTAL=enabled docker manifest inspect "$image") || return
  digest=$(digest_in "$list" "$platform")
  reason="it exists for ${found:-other platforms} and not for $platform"
  [ -n "$digest" ] || return
  reason="docker pull of $repository@$digest failed, see above"
  docker pull --platform "$platform" "$repository@$digest" || return
  tag=$(tag_of "$image")
  reason="docker tag $tag failed, see above"
  docker tag "$repository@$digest" "$tag" || return
  found=$(platform_of "$tag")
  reason="$repository@$digest should be $platform and is ${found:-of an unknown platform}"
  runs_on "$found" "$platform"
}

total=$((${#IMAGES[@]} / 2))
failed=0
failures=''
for ((index = 0; index < ${#IMAGES[@]}; index += 2)); do
  image=${IMAGES[index]}
  platform=${IMAGES[index + 1]}
  echo "[$((index / 2 + 1))/$total] $image ($platform)"
  if pull_image "$image" "$platform"; then continue; fi
  echo "failed: $image: $reason" >&2
  failed=$((failed + 1))
  failures+="  $image: $reason"$'\n'
done

echo
echo "$total images: $((total - failed)) pulled, $failed failed"
if [ "$failed" -gt 0 ]; then
  printf '%s' "$failures" >&2
  echo 'run it again to retry; layers that are here are not downloaded again' >&2
  exit 1
fi
