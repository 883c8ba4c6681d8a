#!/bin/sh
# Deckhand holder. Starts one command in its own session, keeps what it wrote and how it ended,
# and lets a client that lost its connection look again. Plain POSIX sh with /proc; no daemon.
#
#   sh holder.sh MARK run    ID CAP-KIB INPUT-BYTES|-   script (and input) on stdin
#   sh holder.sh MARK follow ID STDOUT-AT STDERR-AT
#   sh holder.sh MARK status ID
#   sh holder.sh MARK cancel ID GRACE-MILLISECONDS
#   sh holder.sh MARK clean  KEEP-MINUTES KEEP-NUMBER
#
# A run directory holds: starter, pid (supervisor), child (stat line of the command's shell),
# out, err (spool, capped), out.total, err.total (bytes written in all), exit.
# Files that others read are written by one write() and end in a field that proves it was whole.
LC_ALL=C
export LC_ALL
mark=$1 verb=$2 id=$3
here=${0%/*}
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
}

record_self() {
  started=-
  stat_of $$
  printf '%s %s %s .\n' $$ "$started" "$boot" >"$1"
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

ended() {
  whole=
  { read -r kind status kept_out kept_err total_out total_err whole <exit; } 2>/dev/null
  [ "$whole" = . ]
}

print_end() {
  printf 'x %s %s %s %s %s %s\n' "$kind" "$status" "$kept_out" "$kept_err" "$total_out" "$total_err"
}

# --- start -----------------------------------------------------------------------------------

# Script (and input) from the channel. Nothing starts from half a request.
receive() {
  if [ "$input" = - ]; then
    script=$(cat)
  else
    script=$(
      while IFS= read -r line; do
        if [ "$line" = "$mark" ]; then
          printf '%s' "$mark"
          break
        fi
        printf '%s\n' "$line"
      done
    )
    cat >"$dir/stdin" || return 1
    # shellcheck disable=SC2046 # only the fifth field is read
    set -- $(ls -ln "$dir/stdin")
    [ "$5" = "$input" ] || return 1
  fi
  case $script in
  *"$mark") script=${script%"$mark"} ;;
  *) return 1 ;;
  esac
}

# Making the directory is the start token: whoever makes it starts the command, all others attach.
run() {
  cap=$1 input=$2 out_at=0 err_at=0
  [ -d "$runs" ] || mkdir -p -m 700 "$runs" || [ -d "$runs" ] || fail directory
  if ! mkdir "$dir"; then
    [ -d "$dir" ] || fail directory
    exec </dev/null
    printf 's attached\n'
    launched=
    follow
    return
  fi
  record_self "$dir/starter"
  if ! receive; then
    rm -rf "$dir"
    fail incomplete
  fi
  launched=1
  # A pipeline, not '&': what starts in the background has SIGINT and SIGQUIT ignored for good.
  {
    tick </dev/null 2>/dev/null &
    ticker=$!
    printf '%s\n' "$script" | $leader sh "$0" "$mark" supervise "$id" "$cap" "$input" 2>/dev/null
    kill "$ticker" 2>/dev/null
    printf 'x\n'
  } | follow
}

tick() {
  for pause in 0.02 0.03 0.05 0.1; do
    sleep "$pause" >/dev/null && printf 't\n'
  done
  while sleep 0.15 >/dev/null; do printf 't\n'; done
  while sleep 1 >/dev/null; do printf 't\n'; done
}

# What runs in the command's own session. The script arrives on stdin and is never in a file;
# descriptor 4 is the command's input.
# shellcheck disable=SC2016 # expanded by the inner shell
entry='
exec 2>"$1/e"
read -r deckhand_line </proc/$$/stat
printf "%s .\n" "$deckhand_line" >"$1/child"
deckhand_script=$(cat)
exec <&4 4<&-
case ":$PATH:" in *:/usr/sbin:*) ;; *) PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin ;; esac
for deckhand_line in /usr/lib/locale/C.utf8 /usr/lib/locale/C.UTF-8 /lib/ld-musl-*.so.1; do
  if [ -e "$deckhand_line" ]; then LC_ALL=C.UTF-8; fi
done
export PATH LC_ALL
cd 2>/dev/null || cd /
unset deckhand_line
set --
eval "$deckhand_script"
'

# Writes at most the cap to the spool, counts everything, and never stops reading.
drain() {
  exec >/dev/null 2>&1 </dev/null 4<&-
  trap '' XFSZ TERM HUP
  ulimit -S -f $((cap * 2))
  tee "$dir/out" <"$dir/o" | wc -c >"$dir/out.total" &
  tee "$dir/err" <"$dir/e" | wc -c >"$dir/err.total" &
  wait
}

# At most about half a second: a child left in the background may hold the pipes for ever.
await_drains() {
  turn=0
  while [ "$turn" -lt 420 ]; do
    if [ -s "$dir/out.total" ] && [ -s "$dir/err.total" ]; then return; fi
    turn=$((turn + 1))
    if [ "$turn" -gt 400 ]; then sleep 0.025 2>/dev/null || { sleep 1; return; }; fi
  done
}

supervise() {
  cap=$1 input=$2
  exec 2>"$dir/note"
  record_self "$dir/pid"
  printf 's\n'
  : >"$dir/out"
  : >"$dir/err"
  mkfifo "$dir/o" "$dir/e"
  if [ "$input" = - ]; then
    exec 4</dev/null
  else
    exec 4<"$dir/stdin"
    rm -f "$dir/stdin"
  fi
  if [ -e "$dir/cancelled" ]; then
    exec <&-
    printf 'signal 15 0 0 0 0 .\n' >"$dir/exit"
    return
  fi
  drain &
  : >"$dir/note"
  DECKHAND_RUN=$id $leader sh -c "$entry" deckhand "$dir" >"$dir/o"
  status=$?
  exec 4<&-
  kind=exit
  # Only the shell's own note tells a death by signal from a plain `exit 137`.
  if [ "$status" -gt 128 ] && [ -s "$dir/note" ]; then
    kind=signal
    status=$((status - 128))
  fi
  await_drains
  total_out='?' total_err='?' kept_out=0 kept_err=0
  { read -r total_out <"$dir/out.total"; } 2>/dev/null
  { read -r total_err <"$dir/err.total"; } 2>/dev/null
  if [ "${total_out:-?}$((0))${total_err:-?}" != 000 ]; then
    cd "$dir" && measure
    kept_out=$size_out kept_err=$size_err
    # Still being written by a background child, but below the cap: everything so far was kept.
    [ -n "$total_out" ] && [ "$total_out" != '?' ] || total_out=$(total_of "$kept_out")
    [ -n "$total_err" ] && [ "$total_err" != '?' ] || total_err=$(total_of "$kept_err")
  fi
  printf '%s %s %s %s %s %s .\n' "$kind" "$status" "$kept_out" "$kept_err" "$total_out" "$total_err" >"$dir/exit"
  trap '' PIPE
  printf 'x\n' 2>/dev/null
  rm -f "$dir/o" "$dir/e" "$dir/note" "$dir/starter"
}

total_of() {
  if [ "$1" -lt $((cap * 1024)) ]; then printf '%s' "$1"; else printf '?'; fi
}

# --- follow ----------------------------------------------------------------------------------

measure() {
  # shellcheck disable=SC2046 # two lines of equally many fields, err before out
  set -- $(ls -ln err out 2>/dev/null)
  size_out=0 size_err=0
  [ $# -ge 10 ] || return 0
  size_err=$5
  shift $(($# / 2))
  size_out=$5
}

# Frames of stream letter $1, file $2, from $3 up to $4.
send() {
  at=$3
  while [ "$at" -lt "$4" ]; do
    length=$(($4 - at))
    [ "$length" -le 4194304 ] || length=4194304
    printf '%s %s %s\n' "$1" "$at" "$length"
    if [ "$at" -eq 0 ]; then head -c "$length" "$2"
    else tail -c +$((at + 1)) "$2" | head -c "$length"
    fi
    at=$((at + length))
    quiet=
  done
}

send_both() {
  send o out "$out_at" "$1"
  [ "$1" -le "$out_at" ] || out_at=$1
  send e err "$err_at" "$2"
  [ "$2" -le "$err_at" ] || err_at=$2
}

# Until something may have happened: an event of the launching pipeline, or a pause of our own.
nap() {
  if [ -n "$launched" ]; then
    event=
    read -r event || launched=
    if [ "$event" = s ]; then printf 's started\n'; fi
    return
  fi
  sleep "$pause" </dev/null 2>/dev/null || sleep 1
  if [ -z "$quiet" ]; then pause=0.05
  elif [ "$pause" = 0.05 ]; then pause=0.1
  else pause=0.2
  fi
}

follow() {
  cd "$dir" 2>/dev/null || {
    printf 'x missing\n'
    return
  }
  beat=0 pause=0.05
  if [ -n "$launched" ]; then nap; nap; fi
  while :; do
    quiet=1
    if ended; then
      send_both "$kept_out" "$kept_err"
      print_end
      return
    fi
    if ! alive; then
      if ended; then continue; fi
      measure
      send_both "$size_out" "$size_err"
      printf 'x unknown\n'
      return
    fi
    measure
    send_both "$size_out" "$size_err"
    # A write now and then, so that a follower whose client is gone ends by SIGPIPE.
    beat=$((beat + 1))
    if [ $((beat % 32)) -eq 0 ]; then printf 'k\n'; fi
    nap
  done
}

status() {
  cd "$dir" 2>/dev/null || {
    printf 'x missing\n'
    return
  }
  if ended; then print_end
  elif alive; then printf 'x running\n'
  elif ended; then print_end
  else printf 'x unknown\n'
  fi
}

# --- cancel ----------------------------------------------------------------------------------

# Paths of the environments that carry this run's marker.
marked_environments() {
  if printf 'a\000b' | grep -zqxF b 2>/dev/null; then
    grep -zlsxF "DECKHAND_RUN=$id" /proc/[0-9]*/environ 2>/dev/null
    return
  fi
  for environment in /proc/[0-9]*/environ; do
    if { tr '\000' '\n' <"$environment"; } 2>/dev/null | grep -qxF "DECKHAND_RUN=$id"; then
      printf '%s\n' "$environment"
    fi
  done
}

# found: pids that belong to the command: its session, its marker, its descendants, and those known
# from an earlier look (same start time). The supervisor and its drains are none of these.
gather() {
  marked=$(marked_environments)
  table=$(
    cat /proc/[0-9]*/stat 2>/dev/null | while IFS= read -r line; do
      # shellcheck disable=SC2086 # the fields are numbers
      pid=${line%% *} && set -- ${line##*) }
      printf '%s %s %s %s %s\n' "$pid" "$1" "$2" "$4" "${20}"
    done
  )
  found=' ' more=1
  while [ -n "$more" ]; do
    more=
    while read -r pid state parent session start; do
      case $state in Z | X | '') continue ;; esac
      case $found in *" $pid "*) continue ;; esac
      if ! belongs; then continue; fi
      found="$found$pid "
      more=1
      case $known in *" $pid.$start "*) ;; *) known="$known$pid.$start " ;; esac
    done <<END
$table
END
  done
}

# With no recorded child only the marker counts: "no session" must never match session 0, which is
# init and the kernel. Neither is init ever a parent that makes a process ours, nor are we ourselves.
belongs() {
  [ "$pid" -gt 1 ] && [ "$parent" -gt 0 ] || return 1
  case $ourselves in *" $pid "*) return 1 ;; esac
  if [ "$pid" = "$child" ] && [ "$start" != "$child_start" ]; then return 1; fi
  if [ -n "$child" ] && [ "$child" -gt 1 ] && [ -z "$reused" ] && [ "$session" = "$child" ]; then return 0; fi
  case $marked in *"/proc/$pid/environ"*) return 0 ;; esac
  case $known in *" $pid.$start "*) return 0 ;; esac
  case $found in *" $parent "*) return 0 ;; esac
  return 1
}

# Stopped processes cannot fork away while the rest is collected.
freeze() {
  round=0 previous=
  gather
  while [ "$found" != "$previous" ] && [ "$found" != ' ' ] && [ "$round" -lt 8 ]; do
    # shellcheck disable=SC2086 # a list of pids
    kill -STOP $found 2>/dev/null
    previous=$found round=$((round + 1))
    gather
  done
}

# now: hundredths of a second since boot.
look_at_clock() {
  read -r up _ </proc/uptime
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

until_gone() {
  look_at_clock
  deadline=$((now + $1))
  while :; do
    gather
    if [ "$found" = ' ' ]; then return 0; fi
    look_at_clock
    [ "$now" -lt "$deadline" ] || return 1
    sleep 0.05 2>/dev/null || sleep 1
  done
}

# This process and all it descends from are never part of the run, whatever the tables say.
find_ourselves() {
  ourselves=' ' next=$$
  while [ "$next" -gt 0 ]; do
    ourselves="$ourselves$next "
    stat_of "$next" || return 0
    next=$parent
  done
}

# The command's own shell: pid and start time. Waits a moment for a run that is just starting.
find_child() {
  turn=0 child= child_start= reused=
  while [ "$turn" -lt 40 ] && ! [ -s child ] && ! ended && alive; do
    sleep 0.05 2>/dev/null || sleep 1
    turn=$((turn + 1))
  done
  line=
  { read -r line <child; } 2>/dev/null
  [ -n "$line" ] || return 0
  case $line in *' .') ;; *) return 0 ;; esac
  child=${line%% *}
  # shellcheck disable=SC2086 # the fields are numbers
  set -- ${line##*) }
  child_start=${20}
  if stat_of "$child" && [ "$started" != "$child_start" ]; then reused=1; fi
}

cancel() {
  # An id that was cancelled before it came here never starts: a start on its way finds it taken.
  if mkdir -p -m 700 "$runs" && mkdir "$dir" 2>/dev/null; then
    printf 'signal 15 0 0 0 0 .\n' >"$dir/exit"
    printf 'p\nx missing\n'
    return
  fi
  cd "$dir" || fail directory
  : >cancelled
  if ended; then
    printf 'p\n'
    print_end
    return
  fi
  find_child
  recorded= since= booted=
  { read -r recorded since booted whole <pid || read -r recorded since booted whole <starter; } 2>/dev/null
  if [ "$booted" != "$boot" ]; then
    printf 'p\nx unknown\n'
    return
  fi
  if ! [ -r /proc/self/stat ]; then
    printf 'p ?\n'
    status
    return
  fi
  known=' '
  find_ourselves
  freeze
  # shellcheck disable=SC2086 # a list of pids
  if [ "$found" != ' ' ]; then
    kill -TERM $found 2>/dev/null
    kill -CONT $found 2>/dev/null
  fi
  if ! until_gone $(($1 / 10)); then
    turn=0
    while [ "$turn" -lt 3 ]; do
      freeze
      # shellcheck disable=SC2086 # a list of pids
      [ "$found" = ' ' ] || kill -KILL $found 2>/dev/null
      if until_gone 50; then break; fi
      turn=$((turn + 1))
    done
  fi
  turn=0
  while [ "$turn" -lt 30 ] && ! ended && alive; do
    sleep 0.05 2>/dev/null || sleep 1
    turn=$((turn + 1))
  done
  remaining=${found% }
  printf 'p%s\n' "$remaining"
  status
}

# --- clean-up --------------------------------------------------------------------------------

# Finished (or lost) runs older than $1 minutes, and the oldest finished beyond $2. Names sort by age.
clean() {
  removed=0 finished=0
  cd "$runs" 2>/dev/null || {
    printf 'd 0\nx done\n'
    return
  }
  old=" $(find . -maxdepth 1 -type d -mmin "+$1" 2>/dev/null | tr '\n' ' ') "
  for candidate in *; do
    [ -d "$candidate" ] || continue
    if (cd "$candidate" && ended); then finished=$((finished + 1)); fi
  done
  for candidate in *; do
    [ -d "$candidate" ] || continue
    case $old in
    *" ./$candidate "*) if (cd "$candidate" && ! ended && alive); then continue; fi ;;
    *)
      (cd "$candidate" && ended) && [ "$finished" -gt "$2" ] || continue
      ;;
    esac
    if (cd "$candidate" && ended); then finished=$((finished - 1)); fi
    rm -rf "./$candidate" && removed=$((removed + 1))
  done
  find "$here" -maxdepth 1 -name 'holder-*.sh' ! -name "${0##*/}" -mtime +30 -exec rm -f {} \; 2>/dev/null
  printf 'd %s\nx done\n' "$removed"
}

launched=
case $verb in
supervise)
  shift 3
  supervise "$@"
  ;;
run)
  printf '%s\n' "$mark"
  shift 3
  run "$@"
  ;;
follow)
  printf '%s\n' "$mark"
  out_at=$4 err_at=$5
  follow
  ;;
status | cancel)
  printf '%s\n' "$mark"
  shift 3
  "$verb" "$@"
  ;;
clean)
  printf '%s\n' "$mark"
  shift 2
  clean "$@"
  ;;
*) fail verb ;;
esac
