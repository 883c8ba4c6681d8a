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

const SCRIPT = `LC_ALL=C; LANG=C; export LC_ALL LANG
unalias -a 2>/dev/null
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
section() { printf '\\n%s section %s\\n' "$mark" "$1"; }
# of file $1 the first $2 lines
first() { left=$2; while [ $left -gt 0 ] && IFS= read -r line; do printf '%s\\n' "$line"; left=$((left - 1)); done <"$1"; }
facts() {
mark='@MARKER@'
printf '\\n%s begin\\n' "$mark"
limit=; if has timeout && timeout 5 true; then limit='timeout 5'; fi
section time; date +%s
section release; if [ -r /etc/os-release ]; then first /etc/os-release 100; elif [ -r /usr/lib/os-release ]; then first /usr/lib/os-release 100; fi
section kernel
machine=$(uname -m)
if [ -r /proc/sys/kernel/ostype ]; then
  first /proc/sys/kernel/ostype 1; first /proc/sys/kernel/osrelease 1; echo "$machine"; first /proc/sys/kernel/hostname 1
else uname -s; uname -r; echo "$machine"; uname -n; fi
section account
who=$(id); user=\${who#uid=}; user=\${user%%[!0-9]*}; name=\${who#*\\(}; name=\${name%%\\)*}; group=\${who#*gid=}; group=\${group%% *}
case $group in *\\(*) group=\${group#*\\(}; group=\${group%%\\)*} ;; esac
case $who in "uid=$user("*) ;; *) name=$user ;; esac
printf '%s\\n' "$name" "$user" "$group" "$HOME"
section processors
count=0
if [ -r /sys/devices/system/cpu/online ]; then
  read -r online </sys/devices/system/cpu/online
  IFS=,; for part in $online; do from=\${part%-*}; to=\${part#*-}; count=$((count + to - from + 1)); done; unset IFS
fi
if [ $count -gt 0 ]; then echo $count; else getconf _NPROCESSORS_ONLN || nproc || grep -c '^processor' /proc/cpuinfo; fi
section model
model=; flags=; left=30
while [ $left -gt 0 ] && read -r line; do
  case $line in 'model name'*) model=$line ;; 'flags'*) flags=$line; break ;; esac
  left=$((left - 1))
done </proc/cpuinfo
if [ -n "$model" ]; then printf '%s\\n' "$model"
else grep -i -m 1 -E '^(model name|hardware|cpu model)[[:space:]]*:' /proc/cpuinfo || { has lscpu && lscpu | grep -m 1 '^Model name'; }; fi
section memory; first /proc/meminfo 5
section mounts; head -n 500 /proc/mounts
section disks; $limit df -P -k
section state
case $XDG_STATE_HOME in /*) state=$XDG_STATE_HOME/deckhand ;; *) state=$HOME/.local/state/deckhand ;; esac
there=$state
while [ ! -d "$there" ] && [ -n "$there" ]; do there=\${there%/*}; done
[ -n "$there" ] || there=/
printf '%s\\n' "$state"; if [ -w "$there" ]; then echo writable; else echo closed; fi
$limit df -P -k "$there"
section init
[ -d /run/systemd/system ] && echo systemd
[ -d /run/openrc ] && echo openrc
first /proc/1/comm 1
[ -d /run/systemd/system ] || readlink /proc/1/exe
[ -d /etc/init.d ] && echo sysv-scripts
section managers
for tool in apt-get dnf yum zypper apk pacman opkg; do has "$tool" && echo "$tool"; done
section sudo
if [ "$user" = 0 ]; then echo root
elif ! has sudo; then echo absent
elif $limit sudo -n true; then echo passwordless
else echo password-or-none; fi
section python; python3 --version 2>&1 || python --version 2>&1
section nvidia
has nvidia-smi && $limit nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits
section pci
display=no
for device in /sys/bus/pci/devices/*; do
  [ -r "$device/class" ] && read -r class <"$device/class" || continue
  case $class in 0x03*) display=yes; read -r vendor <"$device/vendor"; read -r model <"$device/device"; echo "$vendor $model" ;; esac
done
section lspci; [ $display = yes ] && has lspci && $limit lspci | grep -i -E 'vga|3d controller|display controller'
section sockets
# the kernel's own table is the cheapest to read, unless there is very much of it
many=yes
[ -r /proc/net/tcp ] && [ -r /proc/net/sockstat ] && while read -r what word used rest; do
  [ "$what" = TCP: ] && [ "$used" -lt 2000 ] && many=no
done </proc/net/sockstat
if [ $many = yes ] && has ss && rows=$(ss -ltnH); then echo ss; printf '%s\\n' "$rows"
else echo proc; grep -h -E '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6; fi
section virtualization
[ -e /.dockerenv ] && echo 'container docker'
[ -e /run/.containerenv ] && echo 'container podman'
container=
if [ -r /run/systemd/container ]; then read -r container </run/systemd/container
elif [ -r /proc/1/environ ]; then container=$(tr '\\0' '\\n' </proc/1/environ | sed -n 's/^container=\\(..*\\)/\\1/p'); fi
if [ -n "$container" ]; then echo "container $container"
elif has systemd-detect-virt; then echo "detected $(systemd-detect-virt)"; fi
[ -r /sys/class/dmi/id/sys_vendor ] && read -r vendor </sys/class/dmi/id/sys_vendor && echo "vendor $vendor"
case " $flags " in *' hypervisor '*) echo 'flag hypervisor' ;; esac
section boot; first /proc/uptime 1; first /proc/sys/kernel/random/boot_id 1
section zone
zone=$(readlink -f /etc/localtime)
case $zone in */zoneinfo/?*) echo "\${zone##*/zoneinfo/}" ;; *) [ -s /etc/timezone ] && first /etc/timezone 1 || date +%Z ;; esac
printf '\\n%s end\\n' "$mark"
}
facts </dev/null 2>/dev/null
exit 0
`;
