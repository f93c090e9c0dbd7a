#!/bin/bash
# The first process of a box (a simulated machine). Started inside fresh mount,
# UTS, IPC, network and PID namespaces; builds the machine's own file tree from
# the shared read-only root and becomes its init. When this process dies the
# kernel ends everything in the box and takes its mounts and interfaces away,
# so there is nothing to clean up by name.
#
#   boot.sh FOLDER NAME ROOT [FROM:TO[:ro]]...
#
# Prints "ready PID" (the PID as the outside sees it) when the box is up.
set -euo pipefail
folder=$1 name=$2 lower=$3
shift 3

# /proc is still the outside's: the first word is the PID out there.
read -r outside_pid _ </proc/self/stat

mkdir -p "$folder"/{upper,work,root,lab}
mount -t overlay overlay \
  -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"

mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755,size=1m tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/lab run/lock run/sshd run/postgresql

mkdir -p lab
mount --bind "$folder/lab" lab
for bind in "$@"; do
  IFS=: read -r from to mode <<<"$bind"
  mkdir -p ".$to"
  mount --bind "$from" ".$to"
  [ "${mode:-}" != ro ] || mount -o remount,bind,ro ".$to"
done

hostname "$name"
ip link set lo up
# As on a fresh server, whatever this machine has: the engine turns it on, and then closes FORWARD.
echo 0 >proc/sys/net/ipv4/ip_forward

mkdir -p mnt
pivot_root . mnt
cd /
umount -l /mnt
echo "ready $outside_pid"
exec </dev/null >/dev/null 2>&1
exec -a "tenantry-lab-$name" /usr/bin/tini -s -- /bin/sleep infinity
