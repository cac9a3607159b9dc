#!/usr/bin/env bash
# Starts dockerd in a host of the bed and waits until it answers.
#   start-docker.sh CGROUP
set -euo pipefail
sysctl -q -w net.ipv4.ip_forward=1
dockerd --cgroup-parent "/$1/$(hostname)" --exec-opt native.cgroupdriver=cgroupfs \
  --storage-driver overlay2 >/var/log/dockerd.log 2>&1 </dev/null &
for _ in {1..300}; do
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && exit 0
  kill -0 $! 2>/dev/null || break
  sleep 0.1
done
tail -n 30 /var/log/dockerd.log >&2
exit 1
