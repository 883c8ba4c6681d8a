# The processes of a run: finding them, and what a cancel, a pause and a resume do first.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

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
# Of these, stopped: those in state T; moving: those that are not stopped (t: a debugger holds them).
gather() {
  marked=$(marked_environments)
  read_table
  found=' ' stopped=' ' moving=' ' more=1
  while [ -n "$more" ]; do
    more=
    for entry in $table; do
      pid=${entry%%:*}
      case $found in *" $pid "*) continue ;; esac
      IFS=:
      # shellcheck disable=SC2086 # numbers between colons
      set -- $entry
      IFS=$blanks
      state=$2 parent=$3 session=$4 start=$5
      if ! belongs; then continue; fi
      found="$found$pid "
      more=1
      case $state in
      T) stopped="$stopped$pid " ;;
      t) ;;
      *) moving="$moving$pid " ;;
      esac
      case $known in *" $pid.$start "*) ;; *) known="$known$pid.$start " ;; esac
    done
  done
}

blanks=$IFS

# table: PID:STATE:PARENT:SESSION:START of every process that has not ended. Lines are split by the shell: `read`
# asks the system for each byte, and a host has thousands of processes. A name may hold anything but a newline.
read_table() {
  table=$(cat /proc/[0-9]*/stat 2>/dev/null)
  # a name may look like a pattern
  set -f
  IFS=$newline
  # shellcheck disable=SC2086 # one word for each line
  set -- $table
  IFS=$blanks table=
  for line; do
    pid=${line%% *} line=${line#*) }
    # a name with the end of a name in it; not `##`, which takes the square of the line's length
    while :; do case $line in *') '*) line=${line#*) } ;; *) break ;; esac; done
    # shellcheck disable=SC2086 # the fields are numbers
    set -- $line
    case ${1-} in Z | X | '') continue ;; esac
    table="$table $pid:$1:$2:$4:${20}"
  done
  IFS=$blanks
  set +f
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

# This process and all it descends from are never part of the run, whatever the tables say.
find_ourselves() {
  ourselves=' ' next=$$
  while [ "$next" -gt 0 ]; do
    ourselves="$ourselves$next "
    stat_of "$next" || return 0
    next=$parent
  done
}

# now: hundredths of a second since boot.
look_at_clock() {
  read -r up _ </proc/uptime
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

# The command's own shell: pid and start time. Waits a moment for a run that is just starting.
find_child() {
  turn=0 reused=
  while [ "$turn" -lt 40 ] && ! [ -s child ] && ! ended && alive; do
    sleep 0.05 2>/dev/null || sleep 1
    turn=$((turn + 1))
  done
  read_child || return 0
  if stat_of "$child" && [ "$started" != "$child_start" ]; then reused=1; fi
}

# Goes to the run's directory, knows its command and what must never be touched. False: there is
# nothing to reach, and the answer is given.
reach() {
  if ended; then
    printf 'p\n'
    print_end
    return 1
  fi
  find_child
  recorded= since= booted=
  { read -r recorded since booted whole <pid || read -r recorded since booted whole <starter; } 2>/dev/null
  if [ "$booted" != "$boot" ]; then
    printf 'p\nx unknown\n'
    return 1
  fi
  if ! [ -r /proc/self/stat ]; then
    printf 'p ?\n'
    status
    return 1
  fi
  known=' '
  find_ourselves
}

# Hundredths of a second for what is slow on a busy host: to stop, to go on, to write down its end.
patience=500

# The supervisor writes the end a moment after the last process is gone.
await_end() {
  look_at_clock
  deadline=$((now + patience))
  while [ "$now" -lt "$deadline" ] && ! ended && alive; do
    sleep 0.05 2>/dev/null || sleep 1
    look_at_clock
  done
}
