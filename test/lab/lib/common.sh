# common.sh - what every part of the lab uses: settings, host ids, locks, parallel runs, processes by pid and start time.

if [ "$(id -u)" = 0 ]; then LAB_DIR=${LAB_DIR:-/var/tmp/deckhand-lab}; else LAB_DIR=${LAB_DIR:-/var/tmp/deckhand-lab-$(id -u)}; fi
LAB_SUITE=${LAB_SUITE:-trixie}         # the Debian release inside booted hosts
LAB_DISK=${LAB_DISK:-2g}               # the most a host may write (a tmpfs of its own)
LAB_JOBS=${LAB_JOBS:-4}                # hosts handled at the same time
LAB_BOOT_WAIT=${LAB_BOOT_WAIT:-60}     # seconds until a host must show its ssh banner
LAB_CACHE=${LAB_CACHE-nginx nginx-light postgresql nftables cron git acl attr hello tree logrotate python3-six python3-venv}   # packages "template" downloads for the hosts
NET=10.77                              # booted and busybox hosts: $NET.N.2, this machine: $NET.N.1
INNER_NET=10.99                        # inner hosts: $INNER_NET.N.2, their jump host: $INNER_NET.N.1
PLAIN_PORT=2222
KEY=$LAB_DIR/id_ed25519

die() { echo "lab: $*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "this needs root (up-plain does not)"; }
host_dir() { echo "$LAB_DIR/hosts/$1"; }
fact() { cat "$(host_dir "$1")/$2" 2>/dev/null || true; }   # fact ID NAME: one stored fact about a host
kind_of() { fact "$1" kind; }
address_of() { fact "$1" address; }
port_of() { fact "$1" port; }
known() { [ -f "$(host_dir "$1")/kind" ] || die "no host $1"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

ids() { # the ids of all hosts there are
  local path
  for path in "$LAB_DIR"/hosts/*/; do [ -d "$path" ] && basename "$path"; done | sort -V
}
expand() { # 1-3 p2 all -> one id a line
  local word prefix
  for word in "$@"; do
    case $word in
      all) ids ;;
      *)
        [[ $word =~ ^(p?)([0-9]+)(-([0-9]+))?$ ]] || die "not a host: '$word'"
        prefix=${BASH_REMATCH[1]}
        seq "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-${BASH_REMATCH[2]}}" | sed "s/^/$prefix/"
        ;;
    esac
  done
}
check_number() { { [[ $1 =~ ^[0-9]+$ ]] && [ "$1" -ge 1 ] && [ "$1" -le 250 ]; } || die "host numbers go from 1 to 250, not '$1'"; }

locked() { # locked NAME FUNCTION ARG...: one at a time for each name, also across processes
  local name=$1
  shift
  (
    flock -w 300 8 || die "$name is busy in another lab.sh"
    "$@"
  ) 8>"$LAB_DIR/locks/$name"
}
each() { # each FUNCTION ID...: LAB_JOBS at a time, under the host's lock; fails if any fails
  local function=$1 id failed=0 running=0
  shift
  for id in "$@"; do
    if [ "$running" -ge "$LAB_JOBS" ]; then
      wait -n || failed=1
      running=$((running - 1))
    fi
    locked "$id" "$function" "$id" &
    running=$((running + 1))
  done
  while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
  done
  return "$failed"
}

# A process is noted as "pid starttime" in a file, so a pid that the kernel has given away again is never signalled.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" {print $20}' || true; }
note_process() { echo "$2 $(start_time "$2")" >"$1"; }   # note_process FILE PID
same_process() { [ -n "${2:-}" ] && [ "$(start_time "$1")" = "$2" ]; }   # same_process PID STARTTIME
noted_alive() { local pid start; read -r pid start 2>/dev/null <"$1" && same_process "$pid" "$start"; }
alive() { noted_alive "$(host_dir "$1")/pid"; }
children_of() { # "pid starttime" of each child
  local pid
  for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do echo "$pid $(start_time "$pid")"; done
}
kill_noted() { # kill_noted SIGNAL [PID STARTTIME]
  { [ $# -ge 3 ] && same_process "$2" "$3"; } || return 0
  kill "-$1" "$2" 2>/dev/null || true
}
wait_gone() { # wait_gone [PID STARTTIME]: up to a minute, as a busy machine takes its time
  local i
  [ $# -ge 2 ] || return 0
  for ((i = 0; i < 3000; i++)); do
    same_process "$1" "$2" || return 0
    sleep 0.02
  done
  return 1
}
detach() { # detach LOG COMMAND...: a daemon with no descriptor of ours above 2 and no ignored signals; it notes its own pid
  local log=$1 path
  shift
  (
    for path in /proc/"$BASHPID"/fd/*; do
      path=${path##*/}
      [ "$path" -gt 2 ] && eval "exec $path>&-"
    done
    exec env --default-signal=INT,QUIT,PIPE setsid --fork "$@"
  ) </dev/null >"$log" 2>&1
}
wait_noted() { # wait_noted FILE: until a detached daemon has noted itself
  local i
  for ((i = 0; i < 1500; i++)); do
    [ -s "$1" ] && return 0
    sleep 0.02
  done
  die "a process did not start (no $1)"
}
wait_banner() { # wait_banner ID [PREFIX...]: the ssh banner, not only the port; PREFIX runs the probe in another namespace
  local id=$1 began end patience=1
  shift
  began=$(now_ms)
  end=$((began + LAB_BOOT_WAIT * 1000))
  while [ "$(now_ms)" -lt "$end" ]; do
    # a busy machine's sshd may take longer to greet than an idle one's to boot
    [ "$(now_ms)" -lt $((began + 10000)) ] || patience=10
    # shellcheck disable=SC2016
    if "$@" timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$0/$1" && IFS= read -r line <&3 && [[ $line == SSH-* ]]' \
      "$(address_of "$id")" "$(port_of "$id")" 2>/dev/null; then return 0; fi
    alive "$id" || die "host $id ended while starting, see $(host_dir "$id")/console.log"
    sleep 0.03
  done
  die "host $id showed no ssh banner in ${LAB_BOOT_WAIT}s, see $(host_dir "$id")/console.log"
}

make_key() { [ -f "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C deckhand-lab -f "$KEY"; }
# Two files of known keys: known_hosts is what a client has seen (rekey leaves it), known_hosts.now is the truth.
new_host_key() {
  local dir
  dir=$(host_dir "$1")
  rm -f "$dir/hostkey" "$dir/hostkey.pub"
  ssh-keygen -q -t ed25519 -N '' -C "lab-$1" -f "$dir/hostkey"
  write_known_hosts "$1" now
}
write_known_hosts() { # write_known_hosts ID [now]: only the truth, or both files
  local dir name
  dir=$(host_dir "$1")
  name=$(address_of "$1")
  [ "$(port_of "$1")" = 22 ] || name="[$name]:$(port_of "$1")"
  echo "$name $(cut -d' ' -f1,2 "$dir/hostkey.pub")" >"$dir/known_hosts.now"
  [ "${2:-}" = now ] || cp "$dir/known_hosts.now" "$dir/known_hosts"
}

write_ssh_config() { # its Host block, once for clients and once with the truth about its key
  local dir
  dir=$(host_dir "$1")
  host_block "$1" "$dir/known_hosts" >"$dir/ssh_config"
  host_block "$1" "$dir/known_hosts.now" >"$dir/ssh_config.now"
}
host_block() { # host_block ID KNOWN_HOSTS
  local jump
  jump=$(fact "$1" jump)
  printf 'Host lab-%s\n  HostName %s\n  Port %s\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n' \
    "$1" "$(address_of "$1")" "$(port_of "$1")" "$(fact "$1" user)" "$KEY" "$2"
  printf '  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n  ConnectTimeout 10\n'
  [ -z "$jump" ] || printf '  ProxyJump lab-%s\n' "$jump"
}
cmd_sshconfig() { local id; for id in $(ids); do cat "$(host_dir "$id")/ssh_config" 2>/dev/null || true; done; }
save_ssh_config() { locked ssh_config save_ssh_config_now; }
save_ssh_config_now() {
  cmd_sshconfig >"$LAB_DIR/ssh_config.new"
  mv "$LAB_DIR/ssh_config.new" "$LAB_DIR/ssh_config"
  # never half there: others read it while this is written
  echo "Include $LAB_DIR/hosts/*/ssh_config.now" >"$LAB_DIR/ssh_config.now.new"
  mv "$LAB_DIR/ssh_config.now.new" "$LAB_DIR/ssh_config.now"
}
cmd_ssh() { # the lab's own way in: trusts the host's present key
  local id=${1:?host}
  shift
  known "$id"
  exec ssh -F "$LAB_DIR/ssh_config.now" -l "${LAB_USER:-$(fact "$id" user)}" "lab-$id" "$@"
}
cmd_status() {
  local id state
  for id in $(ids); do
    if alive "$id"; then state=up; elif [ -e "$(host_dir "$id")/stopped" ]; then state=stopped; else state=dead; fi
    printf 'lab-%-5s %-8s %-15s %-5s %s\n' "$id" "$(kind_of "$id")" "$(address_of "$id")" "$(port_of "$id")" "$state"
  done
}
