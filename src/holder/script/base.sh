#!/bin/sh
# shellcheck disable=SC2034 # one script in parts: the others read these
# Deckhand holder. Starts one command in its own session, keeps what it wrote and how it ended,
# and lets a client that lost its connection look again. Plain POSIX sh with /proc; no daemon.
#
#   . holder.sh MARK run    ID CAP-KIB INPUT-BYTES|- lines|whole   script (and input) on stdin
#   . holder.sh MARK follow ID STDOUT-AT STDERR-AT
#   . holder.sh MARK status ID
#   . holder.sh MARK cancel ID GRACE-MILLISECONDS
#   . holder.sh MARK pause  ID
#   . holder.sh MARK resume ID
#   . holder.sh MARK clean  KEEP-MINUTES KEEP-NUMBER
#
# A run directory holds: starter, pid (supervisor), child (stat line of the command's shell),
# out, err (spool, capped), exit; cancelled and paused where that was asked for; and the FIFOs o, e (what
# the command writes) and to, te (how many bytes that were in all).
# Files that others read are written by one write() and end in a field that proves it was whole.
LC_ALL=C
export LC_ALL
mark=$1 verb=$2 id=$3
# Sourced by the bootstrap, which knows the file; run by itself only as `supervise`.
file=${f:-$0}
here=${file%/*}
runs=$here/runs
dir=$runs/$id
boot=-
{ read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
leader=
if command -v setsid >/dev/null 2>&1; then leader=setsid
elif command -v busybox >/dev/null 2>&1; then leader='busybox setsid'
fi

fail() {
  printf 'f %s\n' "$1"
  exit 0
}

# Of process $1: state, parent, session, started (ticks since boot). The name may hold anything.
stat_of() {
  line=
  { read -r line <"/proc/$1/stat"; } 2>/dev/null
  [ -n "$line" ] || return 1
  # shellcheck disable=SC2086 # the fields are numbers
  set -- ${line##*) }
  state=$1 parent=$2 session=$4 started=${20}
  subject=${line%% *}
}

# The process that runs this line: `$$` would name the shell that forked it.
record_self() {
  started=- subject=$$
  stat_of self
  printf '%s %s %s .
' "$subject" "$started" "$boot" >"$1"
}

# The process recorded in file $1 is still the same one, in the same boot.
recorded_alive() {
  recorded= since= booted= whole=
  { read -r recorded since booted whole <"$1"; } 2>/dev/null
  [ "$whole" = . ] && [ "$booted" = "$boot" ] || return 1
  if [ "$since" = - ]; then
    kill -0 "$recorded" 2>/dev/null
    return
  fi
  stat_of "$recorded" && [ "$started" = "$since" ] && [ "$state" != Z ] && [ "$state" != X ]
}

alive() {
  [ -s pid ] || recorded_alive starter || sleep 0.5 2>/dev/null || sleep 1
  if [ -s pid ]; then recorded_alive pid; else recorded_alive starter; fi
}

# child, child_start: the command's own shell as it was recorded.
read_child() {
  line= child= child_start=
  { read -r line <child; } 2>/dev/null
  case $line in *' .') ;; *) return 1 ;; esac
  child=${line%% *}
  # shellcheck disable=SC2086 # the fields are numbers
  set -- ${line##*) }
  child_start=${20}
}

child_stopped() {
  read_child && stat_of "$child" && [ "$started" = "$child_start" ] && [ "$state" = T ]
}

ended() {
  whole=
  { read -r kind status kept_out kept_err total_out total_err whole <exit; } 2>/dev/null
  [ "$whole" = . ]
}

# It was cancelled before its command began.
write_never() {
  printf 'signal 15 0 0 0 0 .\n' >"$dir/exit"
}

print_end() {
  printf 'x %s %s %s %s %s %s\n' "$kind" "$status" "$kept_out" "$kept_err" "$total_out" "$total_err"
}
