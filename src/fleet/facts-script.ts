/**
 * The one script that learns what a host is. POSIX sh (dash, bash, busybox ash), no tool but the
 * shell is a must: a part whose tool is missing stays empty. It changes nothing on the host.
 *
 * The answer is framed by `marker`, so that whatever a login file prints around it is harmless:
 * `MARKER begin`, then sections `MARKER section NAME` + raw lines, then `MARKER end`.
 * The work is one function so that the shell has read all of its standard input before any tool
 * could take bytes from it.
 */
export function factsScript(marker: string): string {
  if (!/^[a-z0-9-]+$/.test(marker)) throw new RangeError('a facts marker is letters, digits and dashes');
  return SCRIPT.replace('@MARKER@', marker);
}

const SCRIPT = String.raw`LC_ALL=C; LANG=C; export LC_ALL LANG
unalias -a 2>/dev/null
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
section() { printf '\n%s section %s\n' "$mark" "$1"; }
limited() { if has timeout && timeout 5 true 2>/dev/null; then timeout 5 "$@"; else "$@"; fi; }
facts() {
mark='@MARKER@'
printf '\n%s begin\n' "$mark"
section time; date +%s
section release; if [ -r /etc/os-release ]; then cat /etc/os-release; elif [ -r /usr/lib/os-release ]; then cat /usr/lib/os-release; fi
section kernel; uname -s; uname -r; uname -m; uname -n
section account; id -un; id -u; id -gn; printf '%s\n' "$HOME"
section processors
getconf _NPROCESSORS_ONLN || nproc || grep -c '^processor' /proc/cpuinfo
section model
grep -i -m 1 -E '^(model name|hardware|cpu model)[[:space:]]*:' /proc/cpuinfo || { has lscpu && lscpu | grep -m 1 '^Model name'; }
section memory; grep -E '^(MemTotal|MemAvailable|MemFree|Buffers|Cached):' /proc/meminfo
section mounts; head -n 500 /proc/mounts
section disks; limited df -P -k | head -n 500
section state
state=$(printf '%s' "$XDG_STATE_HOME" | grep '^/' || printf '%s' "$HOME/.local/state")/deckhand
there=$state
while [ ! -d "$there" ] && [ -n "$there" ]; do there=$(printf '%s' "$there" | sed 's,/*[^/]*$,,'); done
[ -n "$there" ] || there=/
printf '%s\n' "$state"; if [ -w "$there" ]; then echo writable; else echo closed; fi
limited df -P -k "$there" | tail -n 1
section init
[ -d /run/systemd/system ] && echo systemd
[ -d /run/openrc ] && echo openrc
cat /proc/1/comm
readlink /proc/1/exe
[ -d /etc/init.d ] && echo sysv-scripts
section managers
for tool in apt-get dnf yum zypper apk pacman opkg; do has "$tool" && echo "$tool"; done
section sudo
if [ "$(id -u)" = 0 ]; then echo root
elif ! has sudo; then echo absent
elif limited sudo -n true; then echo passwordless
else echo password-or-none; fi
section python; python3 --version 2>&1 || python --version 2>&1
section nvidia
has nvidia-smi && limited nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits
section lspci; has lspci && limited lspci | grep -i -E 'vga|3d controller|display controller'
section pci
for device in /sys/bus/pci/devices/*; do
  [ -r "$device/class" ] && read -r class <"$device/class" || continue
  case $class in 0x03*) read -r vendor <"$device/vendor"; read -r model <"$device/device"; echo "$vendor $model" ;; esac
done
section sockets
if has ss && ss -ltnH >/dev/null; then echo ss; ss -ltnH | head -n 1000
else echo proc; cat /proc/net/tcp /proc/net/tcp6 | grep -E '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:0000 0A ' | head -n 1000; fi
section virtualization
if has systemd-detect-virt; then echo "detected $(systemd-detect-virt)"; fi
[ -e /.dockerenv ] && echo 'container docker'
[ -e /run/.containerenv ] && echo 'container podman'
[ -r /run/systemd/container ] && echo "container $(cat /run/systemd/container)"
[ -r /proc/1/environ ] && tr '\0' '\n' </proc/1/environ | sed -n 's/^container=\(..*\)/container \1/p'
[ -r /sys/class/dmi/id/sys_vendor ] && echo "vendor $(cat /sys/class/dmi/id/sys_vendor)"
grep -q -m 1 '^flags.* hypervisor' /proc/cpuinfo && echo 'flag hypervisor'
section boot; cat /proc/uptime; cat /proc/sys/kernel/random/boot_id
section zone
readlink -f /etc/localtime | grep -m 1 zoneinfo/ | sed 's,.*zoneinfo/,,' | grep . || cat /etc/timezone || date +%Z
printf '\n%s end\n' "$mark"
}
facts </dev/null 2>/dev/null
exit 0
`;
