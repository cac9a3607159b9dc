#!/usr/bin/env bash
# Starts the project of the archive that this script came in, on a host without network: checks the archive's sums,
# loads its images, puts the project's files into a folder, starts the services and waits until they are healthy.
# Needs bash, coreutils, GNU tar, and docker with compose (or podman with podman-compose).
#   bash deploy.sh [--dir FOLDER] [--wait SECONDS] [--replace] [--check | --load] [ARCHIVE]
#     ARCHIVE          the archive, or its first part; by default the one of its own name beside this script
#     --dir FOLDER     the project's folder on this host (default: a folder of the project's name in the home folder)
#     --wait SECONDS   how long to wait until the services are healthy (default: 180)
#     --replace        also replace files of the folder that were changed on this host
#     --check          only check the sums
#     --load           only check the sums and load the images
# Exit code: 0 done; 1 something failed, and running it again goes on; 2 a wrong argument; 130 interrupted.
# Made by compose-mirror (export). Export again rather than edit it.
set -u -o pipefail

PROJECT='project'
ARCHIVE='project.tar'
PLATFORM='linux/amd64'
OLDEST_V2='2.0.0'
IMAGES=()
ZSTD=()
FILES_V2=()
FILES_V1=()
ENV_FILES=()
PROFILES=()
# What a newer archive always replaces.
OWN_FILES=()
# docker-compose version 1 wants the build folder of every service, also of one that is not built.
BUILD_FOLDERS=()

case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
zh*) readonly CHINESE=1 ;;
*) readonly CHINESE='' ;;
esac
umask 022

# say ENGLISH CHINESE [VALUE...]: both are formats of printf, in which %s stands for the next value.
say() {
  local text=$1
  if [[ $CHINESE ]]; then text=$2; fi
  shift 2
  # shellcheck disable=SC2059 # the format is a text of this script
  printf "$text\n" "$@"
}

fail() {
  say "error: $1" "错误：$2" "${@:3}" >&2
  exit 1
}

wrong() {
  say "error: $1" "错误：$2" "${@:3}" >&2
  exit 2
}

trap 'say "interrupted; run it again: what is loaded stays loaded" "已中断；重新运行即可，已加载的镜像会保留" >&2; exit 130' INT TERM

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
archive='' dir=$HOME/$PROJECT wait_seconds=180 replace='' only=''
while (($# > 0)); do
  case $1 in
  -h | --help)
    while IFS= read -r line; do
      case $line in
      '#!'*) ;;
      '#'*) printf '%s\n' "${line#'#'}" ;;
      *) exit 0 ;;
      esac
    done <"${BASH_SOURCE[0]}"
    ;;
  --dir | --wait)
    [[ ${2-} ]] || wrong '%s needs a value' '%s 需要一个值' "$1"
    if [[ $1 == --dir ]]; then dir=$2; else wait_seconds=$2; fi
    shift
    ;;
  --replace) replace=1 ;;
  --check | --load) only=${1#--} ;;
  -*) wrong 'unknown argument "%s"; --help shows all' '未知参数“%s”；--help 显示全部参数' "$1" ;;
  *) archive=$1 ;;
  esac
  shift
done
[[ $wait_seconds =~ ^[0-9]{1,6}$ ]] || wrong '--wait needs a number of seconds' '--wait 需要一个秒数'
archive=${archive:-$here/$ARCHIVE}
[[ $archive == /* ]] || archive=$PWD/$archive
[[ $dir == /* ]] || dir=$PWD/$dir
if [[ $archive =~ \.[0-9]{3,}$ ]]; then archive=${archive%.*}; fi

# The archive's parts, in order; the archive itself where it is in one piece.
parts=("$archive")
sums=$archive.sha256
if [[ ! -e $archive ]]; then
  [[ -e $sums ]] || fail 'there is neither "%s" nor "%s", the list of its parts; name the archive as an argument' \
    '找不到“%s”，也找不到它的分卷清单“%s”；请把归档文件作为参数给出' "$archive" "$sums"
  parts=()
  while read -r _ name; do parts+=("${archive%/*}/$name"); done <"$sums"
  for part in "${parts[@]}"; do
    [[ -e $part ]] || fail 'part "%s" is missing; carry it here too, then run again' \
      '缺少分卷“%s”；把它也复制过来，然后重新运行' "$part"
  done
fi

# Feeds the whole archive to a command, without a second copy on the disk.
stream_to() { cat -- "${parts[@]}" | "$@"; }

[[ $(tar --version 2>/dev/null) == *'GNU tar'* ]] || fail 'GNU tar is needed, and "tar" here is another' '需要 GNU tar，而这里的 tar 不是'

# A small file of the archive, which stands at its beginning.
small_file() { tar -x --occurrence=1 -O -f "${parts[0]}" -- "$1" 2>/dev/null; }

# Compares every file of the archive with SHA256SUMS, or every part with the list of parts.
check_sums() {
  if ((${#parts[@]} > 1)) || [[ ${parts[0]} != "$archive" ]]; then
    (cd -- "${archive%/*}" && sha256sum --quiet -c -- "${sums##*/}") && return
    fail 'parts are damaged, see above; carry these again' '分卷已损坏（见上）；请重新复制这些分卷'
  fi
  local expected=() index=0 line
  while IFS= read -r line; do expected+=("$line"); done < <(small_file SHA256SUMS)
  ((${#expected[@]} > 0)) || fail '"%s" is no archive of compose-mirror, or it is damaged; carry it again' \
    '“%s”不是 compose-mirror 的归档，或已损坏；请重新复制' "$archive"
  while IFS= read -r line; do
    [[ $line == *'  SHA256SUMS' ]] && continue
    [[ $line == "${expected[index]-}" ]] || fail '"%s" in the archive is damaged; carry the archive again' \
      '归档中的“%s”已损坏；请重新复制归档' "${line#*  }"
    index=$((index + 1))
  done < <(tar -x -f "$archive" --to-command='sum=$(sha256sum) && printf "%s  %s\n" "${sum%% *}" "$TAR_FILENAME"')
  ((index == ${#expected[@]})) || fail 'the archive is cut off after %s of %s files; carry it again' \
    '归档不完整，%s/%s 个文件之后中断；请重新复制' "$index" "${#expected[@]}"
}

say 'checking %s' '正在校验 %s' "$archive"
check_sums
say 'the sums are right' '校验通过'
[[ $only != check ]] || exit 0

engine=()
for program in docker podman; do
  if command -v "$program" >/dev/null && "$program" info >/dev/null 2>&1; then
    engine=("$program")
    break
  fi
done
((${#engine[@]} > 0)) || fail 'neither docker nor podman answers; start it, or run this script with sudo' \
  'docker 和 podman 都没有响应；请启动它，或用 sudo 运行本脚本'

# Whether version $1 is at least $2.
at_least() { [[ $(printf '%s\n%s\n' "$2" "${1#v}" | sort -V | head -n 1) == "$2" ]]; }

engine_version=$("${engine[@]}" version --format '{{.Server.Version}}' 2>/dev/null)
if [[ ${engine[0]} == docker && $engine_version =~ ^[0-9]+\. ]] && ((${#ZSTD[@]} > 0)) && ! at_least "$engine_version" 23.0; then
  fail 'docker %s cannot read layers of zstd, which these images have: %s; docker 23 or newer can' \
    'docker %s 无法读取 zstd 压缩的镜像层：%s；需要 docker 23 或更新版本' "$engine_version" "${ZSTD[*]}"
fi
machine=$(uname -m)
case $machine:$PLATFORM in
x86_64:linux/amd64* | aarch64:linux/arm64* | armv*:linux/arm/* | *:linux/"$machine"*) ;;
*) say 'warning: the images are for %s, and this host is %s' '警告：镜像的平台是 %s，而本机是 %s' "$PLATFORM" "$machine" ;;
esac

# Which compose, and the files that it reads.
compose=() files=()
if [[ $only != load ]]; then
  version=''
  if version=$("${engine[@]}" compose version --short 2>/dev/null) && [[ $version ]]; then
    compose=("${engine[@]}" compose)
  elif [[ ${engine[0]} == docker ]] && version=$(docker-compose version --short 2>/dev/null); then
    compose=(docker-compose)
  elif [[ ${engine[0]} == podman ]] && command -v podman-compose >/dev/null; then
    compose=(podman-compose) version=$OLDEST_V2
  else
    fail 'no compose is installed for %s; install docker compose, docker-compose or podman-compose' \
      '没有为 %s 安装 compose；请安装 docker compose、docker-compose 或 podman-compose' "${engine[0]}"
  fi
  if [[ $version != 1.* && $version != v1.* ]] && at_least "$version" "$OLDEST_V2"; then
    files=("${FILES_V2[@]}")
  else
    ((${#FILES_V1[@]} > 0)) || fail 'compose %s is too old for this project; it needs docker compose %s or newer' \
      'compose %s 对此项目过旧；需要 docker compose %s 或更新版本' "$version" "$OLDEST_V2"
    files=("${FILES_V1[@]}")
  fi
fi

say 'loading %s images' '正在加载 %s 个镜像' "${#IMAGES[@]}"
if ((${#parts[@]} == 1)); then
  "${engine[@]}" load -i "${parts[0]}"
else
  stream_to "${engine[@]}" load
fi || fail '%s load failed, see above; run it again: what is loaded stays loaded' \
  '%s load 失败（见上）；重新运行即可，已加载的会保留' "${engine[0]}"
for image in ${IMAGES[@]+"${IMAGES[@]}"}; do
  "${engine[@]}" image inspect "$image" >/dev/null 2>&1 || fail 'the image %s is not there after loading' '加载之后仍没有镜像 %s' "$image"
done
[[ $only != load ]] || exit 0

say 'putting the files of the project into %s' '正在把项目文件放入 %s' "$dir"
if ! mkdir -p -- "$dir" || ! new=$(mktemp -d -- "$dir/.new.XXXXXX"); then fail 'cannot write to %s' '无法写入 %s' "$dir"; fi
trap 'rm -rf -- "$new"' EXIT
umask 077
unpack=(tar -x -p -m --no-same-owner -C "$new" --wildcards)
if ((${#parts[@]} == 1)); then
  "${unpack[@]}" -f "${parts[0]}" 'project/*'
else
  stream_to "${unpack[@]}" -f - 'project/*'
fi || fail 'cannot unpack the files of the project' '无法解开项目文件'

# Whether $1 is one of the names after it.
is_among() {
  local wanted=$1 each
  shift
  for each; do [[ $each != "$wanted" ]] || return 0; done
  return 1
}

kept=()
while IFS= read -r line; do
  [[ $line == *'  project/'* ]] || continue
  name=${line#*  project/}
  from=$new/project/$name to=$dir/$name
  if [[ -f $to && ! $replace ]] && ! is_among "$name" "${OWN_FILES[@]}"; then
    [[ $(sha256sum <"$to") == "$(sha256sum <"$from")" ]] || kept+=("$name")
    continue
  fi
  (umask 022 && mkdir -p -- "$(dirname -- "$to")")
  # docker makes an empty folder where a mounted file was missing.
  if [[ -d $to ]]; then rmdir -- "$to"; fi
  mv -f -- "$from" "$to" || fail 'cannot write %s' '无法写入 %s' "$to"
done < <(small_file SHA256SUMS)
umask 022
for name in ${BUILD_FOLDERS[@]+"${BUILD_FOLDERS[@]}"}; do mkdir -p -- "$dir/$name"; done
for name in ${kept[@]+"${kept[@]}"}; do
  say 'kept as it is on this host: %s (--replace takes the one of the archive)' '保留本机已有的文件：%s（用 --replace 换成归档中的）' "$name"
done

arguments=(-p "$PROJECT")
for name in ${ENV_FILES[@]+"${ENV_FILES[@]}"}; do arguments+=(--env-file "$name"); done
for name in "${files[@]}"; do arguments+=(-f "$name"); done
for name in ${PROFILES[@]+"${PROFILES[@]}"}; do arguments+=(--profile "$name"); done
up=(up -d --remove-orphans)
# The images are here, and nothing can be pulled. Version 1 knows no such flag and pulls only what is not there.
if [[ ${compose[0]} != podman-compose && $("${compose[@]}" up --help 2>/dev/null) == *' --pull '* ]]; then up+=(--pull never); fi

cd -- "$dir" || fail 'cannot enter %s' '无法进入 %s' "$dir"
say 'starting the services' '正在启动服务'
"${compose[@]}" "${arguments[@]}" "${up[@]}" || fail 'compose up failed, see above' 'compose up 失败（见上）'

# Prints a line for each container of the project: ID NAME STATE EXIT-CODE RESTARTS HEALTH.
containers() {
  # `ID` as docker's own type has it: for `Id` it would fall back to JSON, in which a missing `Health` is an error.
  local ids format='{{.ID}} {{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{end}}'
  mapfile -t ids < <("${engine[@]}" ps -aq --filter "label=com.docker.compose.project=$PROJECT")
  if ((${#ids[@]} > 0)); then "${engine[@]}" inspect --format "$format" "${ids[@]}"; fi
}

# Sets `bad` to the containers that failed and `waiting` to those that are not ready.
judge() {
  local id name state code restarts health
  bad=() waiting=()
  while read -r id name state code restarts health; do
    [[ $id ]] || continue
    case $state:$health in
    running:unhealthy) bad+=("$id ${name#/} unhealthy") ;;
    running: | running:healthy) ;;
    exited:*) if ((code != 0)); then bad+=("$id ${name#/} exit code $code"); fi ;;
    dead:*) bad+=("$id ${name#/} $state") ;;
    *)
      waiting+=("${name#/}")
      if [[ $state == restarting ]] && ((restarts > 3)); then bad+=("$id ${name#/} $restarts restarts"); fi
      ;;
    esac
  done <<<"$1"
}

say 'waiting until the services are healthy (at most %s s)' '等待服务就绪（最多 %s 秒）' "$wait_seconds"
last='' bad=() waiting=() settled=''
for ((second = 0; second <= wait_seconds; second += 2)); do
  now=$(containers)
  judge "$now"
  if ((${#bad[@]} > 0)); then break; fi
  # Twice the same picture: a container that crashes at once is seen to restart.
  if [[ $now && $now == "$last" ]] && ((${#waiting[@]} == 0)); then
    settled=1
    break
  fi
  last=$now
  sleep 2
done
for line in ${bad[@]+"${bad[@]}"}; do
  say '%s does not run; its last lines:' '%s 未能运行，最后的日志：' "${line#* }" >&2
  "${engine[@]}" logs --tail 20 "${line%% *}" >&2
done
((${#bad[@]} == 0)) || fail 'services failed, see above' '有服务启动失败（见上）'
[[ $last || $settled ]] || fail 'no container runs' '没有容器在运行'
[[ $settled ]] || fail 'not ready after %s s: %s; --wait gives them longer' '%s 秒后仍未就绪：%s；可用 --wait 延长等待' \
  "$wait_seconds" "${waiting[*]-}"

say 'the services run' '服务已运行'
command=$(printf ' %q' "${compose[@]}" "${arguments[@]}")
say 'next, in %s:' '接下来，在 %s 中：' "$dir"
say '  see them    %s ps' '  查看状态  %s ps' "${command# }"
say '  their logs  %s logs -f' '  查看日志  %s logs -f' "${command# }"
say '  stop them   %s down' '  停止服务  %s down' "${command# }"
