#!/usr/bin/env bash
# One "machine" of the test bed, without virtual machines: run by `unshare -n -m -p -u -i --fork` as its first process.
# It lays a throw-away overlay over /, moves into it, waits for its network, and becomes an init that reaps processes.
#   host.sh NAME STATE-FOLDER ADDRESS CHECKOUT
set -euo pipefail
name=$1 state=$2 address=$3 checkout=$4

base=$state/hosts/$name
mkdir -p "$base"
# An overlay's upper layer cannot lie on the file system that it covers, hence the tmpfs.
mount -t tmpfs -o size=8g tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"

root=$base/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/sshd" "$root/run/lock"
# overlay2 cannot lie on an overlay, so docker's data is on the real disk.
mkdir -p "$state/docker/$name" "$root/var/lib/docker"
mount --bind "$state/docker/$name" "$root/var/lib/docker"
mount -t tmpfs -o mode=700 tmpfs "$root/root"
mkdir -p "$root$state" "$root$checkout" "$root/mnt/old"
mount --bind "$state" "$root$state"
# The checkout as it is at every moment, which the lower layer of an overlay does not promise; nothing here changes it.
mount --bind "$checkout" "$root$checkout"
mount -o remount,bind,ro "$root$checkout"
[[ ! -e $checkout/.env ]] || mount --bind /dev/null "$root$checkout/.env"

cd "$root"
pivot_root . mnt/old
umount -l /mnt/old

hostname "$name"
cp "$state/hosts.$name" /etc/hosts
rm -f /etc/resolv.conf   # names are those of the hosts file and no others
cat "$state/ca.crt" >>/etc/ssl/certs/ca-certificates.crt
rm -f /usr/local/bin/docker   # a docker client of the machine's own, if any, is not part of the bed

for _ in {1..500}; do
  ip -o addr show dev eth0 2>/dev/null | grep -q "$address" && break
  sleep 0.02
done
exec /usr/bin/docker-init -- sleep infinity
