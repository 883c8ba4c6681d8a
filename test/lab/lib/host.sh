# host.sh - booted, busybox and inner hosts: disk, boot, halt, and the commands on them.

disk_up() { # a size-limited overlay over the template, with an identity of its own
  local id=$1 dir lower=$TEMPLATE
  dir=$(host_dir "$id")
  mkdir -p "$dir/root" "$dir/rw"
  mountpoint -q "$dir/root" && return 0
  if [ "$(kind_of "$id")" = busybox ]; then lower=$BUSYBOX; elif [ -e "$PACKAGES" ]; then lower=$(realpath "$PACKAGES"):$TEMPLATE; fi
  if [ -f "$dir/layer" ]; then lower=$(realpath "$LAB_DIR/layers/$(fact "$id" layer)"):$lower; fi
  mountpoint -q "$dir/rw" || disk_space "$id"
  mkdir -p "$dir/rw/upper" "$dir/rw/work"
  mount -t overlay "lab-$id" -o "lowerdir=$lower,upperdir=$dir/rw/upper,workdir=$dir/rw/work" "$dir/root"
  [ -f "$dir/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$dir/machine-id"
  cp "$dir/machine-id" "$dir/root/etc/machine-id"
  echo "lab-$id" >"$dir/root/etc/hostname"
  printf '127.0.0.1 localhost\n%s lab-%s\n' "$(address_of "$id")" "$id" >"$dir/root/etc/hosts"
  rm -f "$dir/root/etc/resolv.conf"
  cp -L /etc/resolv.conf "$dir/root/etc/resolv.conf"
  place_host_key "$id"
}
disk_space() { # where it writes: memory, or a sparse file that costs what is written to it
  local dir size
  dir=$(host_dir "$1")
  size=$(fact "$1" disk)
  if [ -z "$size" ]; then
    mount -t tmpfs -o "size=$LAB_DISK,mode=755" "lab-$1" "$dir/rw"
    return
  fi
  rm -f "$dir/disk.image"
  truncate -s "$size" "$dir/disk.image"
  mkfs.ext4 -q -O ^has_journal "$dir/disk.image"
  mount -o loop,nodiscard "$dir/disk.image" "$dir/rw"
}
place_host_key() {
  local dir tree
  dir=$(host_dir "$1") tree=$dir/root
  if [ "$(kind_of "$1")" = busybox ]; then
    rm -f "$tree/etc/dropbear/dropbear_ed25519_host_key"
    cp "$dir/hostkey" "$tree/tmp/.hostkey"
    timeout 10 chroot "$tree" /usr/lib/dropbear/dropbearconvert openssh dropbear /tmp/.hostkey /etc/dropbear/dropbear_ed25519_host_key >/dev/null 2>&1
    rm -f "$tree/tmp/.hostkey"
  else
    install -m 600 "$dir/hostkey" "$tree/etc/ssh/ssh_host_ed25519_key"
    install -m 644 "$dir/hostkey.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
  fi
}
disk_down() {
  local dir path
  dir=$(host_dir "$1")
  for path in "$dir/root" "$dir/rw"; do
    if mountpoint -q "$path"; then umount "$path" 2>/dev/null || umount -l "$path"; fi
  done
}

boot() {
  local id=$1 dir probe=()
  dir=$(host_dir "$id")
  if ! alive "$id"; then
    rm -f "$dir/pid" "$dir/nspawn" "$dir/stopped"
    link_on "$id"
    detach "$dir/console.log" bash "$here/lib/supervise.sh" "$id"
    wait_noted "$dir/pid"
  fi
  if [ -n "$(fact "$id" jump)" ]; then probe=(ip netns exec "lab-$(fact "$id" jump)"); fi
  wait_banner "$id" "${probe[@]}"
  if [ "$(kind_of "$id")" = booted ]; then wait_logins "$id"; fi
}
wait_logins() { # wait_logins ID: until others than root may log in, which on a busy machine can be after the banner
  local manager init end
  end=$(($(now_ms) + LAB_BOOT_WAIT * 1000))
  read -ra manager <"$(host_dir "$1")/nspawn"
  read -r init _ < <(children_of "${manager[0]}")
  while [ -e "/proc/$init/root/run/nologin" ]; do
    [ "$(now_ms)" -lt "$end" ] || die "host $1 let nobody but root log in for ${LAB_BOOT_WAIT}s"
    sleep 0.03
  done
}
# Pulls the plug: supervisor, then the container's init (the kernel ends the rest of its pid namespace), then nspawn,
# which on its own would leave the guest running.
halt() {
  local id=$1 dir supervisor=() manager=() init=() failed=0
  dir=$(host_dir "$id")
  [ -f "$dir/pid" ] && read -ra supervisor <"$dir/pid"
  [ -f "$dir/nspawn" ] && read -ra manager <"$dir/nspawn"
  [ -e "/run/netns/lab-$id" ] && link_off "$id"
  kill_noted KILL "${supervisor[@]}"
  wait_gone "${supervisor[@]}" || failed=1
  # no reboot can happen now; a manager that was just being started has noted itself by now
  [ -f "$dir/nspawn" ] && read -ra manager <"$dir/nspawn"
  if [ "${#manager[@]}" = 2 ] && same_process "${manager[@]}"; then
    while read -ra init; do
      kill_noted KILL "${init[@]}"
      wait_gone "${init[@]}" || failed=1
    done < <(children_of "${manager[0]}")
    kill_noted KILL "${manager[@]}"
    wait_gone "${manager[@]}" || failed=1
  fi
  rm -f "$dir/pid" "$dir/nspawn"
  [ "$failed" = 0 ] || die "host $id has a process that does not end"
}

create() { # create KIND ID ADDRESS [JUMP]
  local kind=$1 id=$2 address=$3 jump=${4:-} dir began
  began=$(now_ms)
  dir=$(host_dir "$id")
  if [ -f "$dir/kind" ]; then
    [ "$(kind_of "$id")/$(fact "$id" jump)" = "$kind/$jump" ] || die "host $id is there already, as $(kind_of "$id")"
    alive "$id" && { echo "lab-$id $(address_of "$id") is up already"; return 0; }
    [ -e "$dir/stopped" ] || down1 "$id"
  fi
  mkdir -p "$dir"
  echo "$address" >"$dir/address"
  echo 22 >"$dir/port"
  echo root >"$dir/user"
  [ -z "$jump" ] || echo "$jump" >"$dir/jump"
  [ -z "${LAB_LAYER:-}" ] || echo "$LAB_LAYER" >"$dir/layer"
  [ -z "${LAB_DISK_FILE:-}" ] || echo "$LAB_DISK_FILE" >"$dir/disk"
  echo "$kind" >"$dir/kind"
  if [ ! -f "$dir/hostkey" ]; then new_host_key "$id"; write_known_hosts "$id"; fi
  write_ssh_config "$id"
  network_up "$id"
  disk_up "$id"
  boot "$id"
  echo "lab-$id $address up $(($(now_ms) - began)) ms"
}
up_booted1() { create booted "$1" "$NET.$1.2"; }
up_busybox1() { create busybox "$1" "$NET.$1.2"; }
down1() {
  local dir
  dir=$(host_dir "$1")
  halt "$1"
  if [ "$(kind_of "$1")" != plain ]; then
    disk_down "$1"
    network_down "$1"
    forget_cgroup "$1"
  fi
  rm -rf "$dir"
}
forget_cgroup() { # empty groups only: rmdir refuses others
  local root
  root=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
  [ -n "$root" ] && [ -d "$root/lab-$1" ] || return 0
  find "$root/lab-$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
start1() {
  known "$1"
  if [ "$(kind_of "$1")" = plain ]; then start_plain "$1"; else
    network_up "$1"
    disk_up "$1"
    boot "$1"
  fi
}
stop1() {
  known "$1"
  touch "$(host_dir "$1")/stopped"
  halt "$1"
}
reset1() {
  local began
  began=$(now_ms)
  known "$1"
  halt "$1"
  if [ "$(kind_of "$1")" = plain ]; then rm -rf "$(host_dir "$1")/home"; else
    faults_off "$1"
    disk_down "$1"
  fi
  write_known_hosts "$1"
  start1 "$1"
  echo "lab-$1 reset $(($(now_ms) - began)) ms"
}
# A reload would return before sshd listens again; sessions live on through either. Its fifth start in ten seconds counts
# as little as the first.
restart_sshd() { enter "$1" sh -c 'sshd -t && systemctl reset-failed ssh && systemctl restart ssh'; }
rekey1() {
  known "$1"
  new_host_key "$1"
  case $(kind_of "$1") in
    booted)
      place_host_key "$1"
      restart_sshd "$1"
      ;;
    busybox) halt "$1"; place_host_key "$1"; boot "$1" ;;
    plain) halt "$1"; start_plain "$1" ;;
  esac
}
enter() { # enter ID COMMAND...: as root inside a booted host, past the network (its faults do not matter)
  local manager init
  read -ra manager <"$(host_dir "$1")/nspawn"
  same_process "${manager[@]}" || die "host $1 is not up"
  read -r init _ < <(children_of "${manager[0]}")
  shift
  timeout 60 nsenter -t "$init" --all --root --wd -- "$@"
}

many() { # many FUNCTION ID...: then the saved ssh config follows
  local function=$1 list code=0
  shift
  list=$(expand "$@")
  # shellcheck disable=SC2086
  each "$function" $list || code=$?
  save_ssh_config
  return "$code"
}
up_many() { # up_many FUNCTION N...
  local function=$1 list n
  shift
  [ $# -gt 0 ] || die "which host numbers?"
  list=$(expand "$@")
  for n in $list; do check_number "$n"; done
  # shellcheck disable=SC2086
  many "$function" $list
}
cmd_up() { ensure_templates; up_many up_booted1 "$@"; }
cmd_up_busybox() { ensure_templates; up_many up_busybox1 "$@"; }
cmd_inner() {
  check_number "${1:-}"
  check_number "${2:-}"
  ensure_templates
  [ -e "/run/netns/lab-$1" ] || die "no host $1 to stand behind"
  locked "$2" create booted "$2" "$INNER_NET.$2.2" "$1"
  save_ssh_config
}
cmd_down() { many down1 "$@"; }
cmd_reset() { many reset1 "$@"; }
cmd_stop() { many stop1 "$@"; }
cmd_start() { many start1 "$@"; }
cmd_rekey() { many rekey1 "$@"; }

cmd_mod() {
  need_root
  known "${1:?host}"
  [ "$(kind_of "$1")" = booted ] || die "mod is for booted hosts"
  locked "$1" mod1 "$@"
}
mod1() { # makes a running host awkward
  local id=$1 what=${2:-} tree
  tree=$(host_dir "$id")/root
  shift 2 || true
  case $what in
    nopython) rm -rf "$tree"/usr/bin/python3* "$tree"/usr/lib/python3* ;;
    nosftp) sed -i '/^Subsystem/d' "$tree/etc/ssh/sshd_config"; rm -f "$tree/usr/lib/openssh/sftp-server"; restart_sshd "$id" ;;
    norsync) rm -f "$tree/usr/bin/rsync" ;;
    noaptlists) rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/archives/*.deb ;;
    fulldisk) enter "$id" sh -c 'mkdir -p /srv/small && mount -t tmpfs -o "size=$0" small /srv/small && chmod 1777 /srv/small' "${1:-4m}" ;;
    sshd) printf '%s\n' "$@" >"$tree/etc/ssh/sshd_config.d/00-mod.conf"; restart_sshd "$id" ;;
    *) die "mod N nopython|nosftp|norsync|noaptlists|fulldisk SIZE|sshd LINE..." ;;
  esac
}

# What a crashed run left: hosts whose processes are gone though nobody stopped them, and names with no host.
sweep() {
  local id path link
  for id in $(ids); do
    ( flock -n 8 || exit 0; alive "$id" || [ -e "$(host_dir "$id")/stopped" ] || down1 "$id" ) 8>"$LAB_DIR/locks/$id"
  done
  for path in /run/netns/lab-*; do
    id=${path##*/lab-}
    { [ -e "$path" ] && [ ! -d "$(host_dir "$id")" ]; } || continue
    [ -n "$(timeout 10 ip netns pids "lab-$id")" ] || ip netns del "lab-$id" || true
  done
  for link in /sys/class/net/vlab*; do
    id=${link##*/vlab}
    if [ -e "$link" ] && [ ! -d "$(host_dir "$id")" ]; then ip link del "vlab$id" 2>/dev/null || true; fi
  done
  for path in "$PACKAGES".[0-9]* "$LAB_DIR"/work.*; do
    if [ -d "$path" ] && [ "$path" != "$(realpath "$PACKAGES" 2>/dev/null)" ] && ! grep -qF "$path" /proc/mounts; then rm -rf "$path"; fi
  done
}
cmd_clean() {
  [ -z "$(ids)" ] || cmd_down all
  rm -f "$LAB_DIR/ssh_config" "$LAB_DIR/ssh_config.now"
  if [ "$(id -u)" = 0 ]; then sweep; locked machine restore_machine; fi
  if [ "${1:-}" = --all ]; then rm -rf "${LAB_DIR:?}"; fi
}
