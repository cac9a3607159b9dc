#!/usr/bin/env bash
# Tags every image below with its name at the mirror registry and pushes it there.
# Needs bash (3.2 or newer) and docker (20.10 or newer), nothing else; log in first: docker login REGISTRY.
# Takes no arguments. Exit code: 0 all images are pushed; 1 some failed or were skipped, the end names them; 2 a wrong argument; 130 interrupted.
# Written by compose-mirror (generate-push-to-aliyun-script). Generate it again rather than edit it.
set -u
export LC_ALL=C
trap 'echo "interrupted; run it again: layers that are there are not sent again" >&2; exit 130' INT TERM

source no-arguments.sh

# Image, platform, name at the mirror.
IMAGES=()

source local-images.sh

# Sets `name` to what image $1 is called here in platform $2. When it is not here, fails, and `reason` says why.
find_image() {
  local found
  reason='it is not on this machine'
  for name in "$1" "$(tag_of "$1")"; do
    found=$(platform_of "$name") || continue
    runs_on "$found" "$2" && return
    reason="it is $found on this machine, not $2"
  done
  return 1
}

total=$((${#IMAGES[@]} / 3))
failed=0
skipped=0
problems=''
for ((index = 0; index < ${#IMAGES[@]}; index += 3)); do
  image=${IMAGES[index]}
  platform=${IMAGES[index + 1]}
  target=${IMAGES[index + 2]}
  echo "[$((index / 3 + 1))/$total] $image -> $target"
  if ! find_image "$image" "$platform"; then
    skipped=$((skipped + 1))
    problem="skipped: $image: $reason; pull it first: docker pull --platform $platform $image"
  elif ! docker tag "$name" "$target"; then
    failed=$((failed + 1))
    problem="failed: $image: docker tag failed, see above"
  elif ! docker push "$target"; then
    failed=$((failed + 1))
    problem="failed: $image: docker push failed, see above; when it was denied: docker login ${target%%/*}"
  else
    continue
  fi
  echo "$problem" >&2
  problems+="  $problem"$'\n'
done

echo
echo "$total images: $((total - failed - skipped)) pushed, $failed failed, $skipped skipped"
if [ "$((failed + skipped))" -gt 0 ]; then
  printf '%s' "$problems" >&2
  exit 1
fi
