# Cancelling: find every process of the run, end it, look again.
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
