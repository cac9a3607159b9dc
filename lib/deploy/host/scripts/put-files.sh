# shellcheck shell=sh
# Functions of place.sh, keep.sh and restore.sh, which run in the project's folder. A container may have a folder of
# the project mounted and write there while a deploy runs, so no link is followed: work on a file is done in its own
# folder, entered by its real path, and files are copied inside the private folder and arrive by a rename.
root=$(pwd -P) || exit
state=$root/.compose-mirror

# Enters the folder of the file $1; with $2 = make it is made where it is missing.
enter() {
  cd -- "$root" || return
  case $1 in */*) ;; *) return 0 ;; esac
  parent=${1%/*}
  case /$parent/ in */../* | */./* | *//*) refuse "$parent" || return ;; esac
  if [ "$2" = make ]; then mkdir -p -- "$parent" || return; fi
  cd -P -- "./$parent" 2>/dev/null || return
  [ "$(pwd -P)" = "${root%/}/$parent" ] || refuse "$parent"
}
refuse() {
  echo "compose-mirror: \"$1\" is a link or leads out of the folder" >&2
  return 1
}

# The files of the folder $1, one a line.
names_in() { (cd -- "$1" && find . -type f | sed 's|^\./||'); }

# Copies every file of the folder $1 to the private folder, under a number, and sees that its place is free. All that
# needs space on the disk happens here.
stage() {
  rm -rf -- "$state/staged" && mkdir -m 700 -- "$state/staged" && names_in "$1" >"$state/staged/names" || return
  number=0
  while IFS= read -r name; do
    number=$((number + 1))
    cp -p -- "$1/$name" "$state/staged/$number" || return
    (enter "$name" make && base=./${name##*/} && if [ -d "$base" ] && [ ! -L "$base" ]; then rmdir -- "$base"; fi) || return
  done <"$state/staged/names"
  date -u +%Y-%m-%dT%H:%M:%S >"$state/placed.new"
}

# Gives the staged files their places, each by a rename. Where that fails, exit code 79 says that some may be there.
put() {
  number=0
  while IFS= read -r name; do
    number=$((number + 1))
    (
      enter "$name" || exit
      base=./${name##*/}
      if [ -L "$base" ]; then rm -f -- "$base" || exit; fi
      mv -f -- "$state/staged/$number" "$base"
    ) || return 79
  done <"$state/staged/names"
  mv -f -- "$state/placed.new" "$state/placed" && rm -rf -- "$state/staged" || return 79
}

# Keeps the file $1 of the project in the folder $2, when it is a regular file.
keep_file() {
  (
    enter "$1" 2>/dev/null || exit 0
    base=./${1##*/}
    if [ -L "$base" ] || [ ! -f "$base" ]; then exit 0; fi
    to=$2/$1
    mkdir -p -- "${to%/*}" && cp -pP -- "$base" "$to" || exit
    if [ -L "$to" ]; then rm -f -- "$to"; fi
  )
}
