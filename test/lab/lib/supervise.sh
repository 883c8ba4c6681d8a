#!/usr/bin/env bash
# supervise.sh ID - holds one host's container: gives it a cgroup2 of its own, and boots it again when it reboots.
# Started by lab.sh (detached); notes its own pid and the container manager's, each with its start time.
set -u
id=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
dir=$(host_dir "$id")

if [ -z "${LAB_PRIVATE:-}" ]; then
  # A mount namespace of its own: cgroup2 alone at /sys/fs/cgroup (newer systemd refuses version 1) ...
  LAB_PRIVATE=1 exec unshare --mount bash "$here/supervise.sh" "$id"
fi
unset LAB_PRIVATE
mount -t cgroup2 lab-cgroup /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/lab-$id"
echo $$ >"/sys/fs/cgroup/lab-$id/cgroup.procs"
# ... and no hold on other hosts' disks, so that they can be taken down while this one lives
awk -v own="$dir/" -v all="$LAB_DIR/" 'index($2, all) == 1 && index($2, own) != 1 {print $2}' /proc/mounts | while read -r path; do
  umount -l "$path" 2>/dev/null
done
note_process "$dir/pid" $$

container=(systemd-nspawn -q -D "$dir/root" -M "lab-$id" "--network-namespace-path=/run/netns/lab-$id" --register=no --keep-unit
  --link-journal=no --resolv-conf=off --timezone=off --console=pipe --capability=CAP_NET_ADMIN --drop-capability=CAP_SYS_TIME)
if [ "$(kind_of "$id")" = busybox ]; then
  container+=(--as-pid2 -- /usr/sbin/dropbear -F -E -R -s -p 22)
else
  container+=(--boot)
fi
export SYSTEMD_LOG_LEVEL=warning
while :; do
  # shellcheck disable=SC2016
  bash -c '. "$0"; note_process "$1" $$; shift; exec "$@"' "$here/common.sh" "$dir/nspawn" "${container[@]}"
  [ $? = 133 ] || exit 0   # 133 is "reboot"
done
