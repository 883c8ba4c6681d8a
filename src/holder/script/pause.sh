# Pausing and resuming: stop every process of the run, or let it go on, and look whether it did.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

# Only the command's own processes: the supervisor, what drains the output and whoever follows go on.
pause() {
  cd "$dir" 2>/dev/null || {
    printf 'p\nx missing\n'
    return
  }
  reach || return 0
  (: >paused) 2>/dev/null
  round=0 settled=
  look_at_clock
  deadline=$((now + patience))
  while :; do
    gather
    if [ "$moving" = ' ' ]; then
      # A child may have come after the list of processes was read and before its parent stopped:
      # two looks at the same stopped processes prove that nobody is left who could make one.
      if [ "$found" = "$settled" ]; then break; fi
      settled=$found
      continue
    fi
    settled=
    # shellcheck disable=SC2086 # a list of pids
    kill -STOP $moving 2>/dev/null
    round=$((round + 1))
    look_at_clock
    [ "$now" -lt "$deadline" ] || break
    [ "$round" -lt 3 ] || sleep 0.02 2>/dev/null || sleep 1
  done
  if [ "$found" = ' ' ]; then await_end; fi
  report "$moving"
}

resume() {
  cd "$dir" 2>/dev/null || {
    printf 'p\nx missing\n'
    return
  }
  reach || return 0
  look_at_clock
  deadline=$((now + patience))
  while :; do
    gather
    if [ "$stopped" = ' ' ]; then break; fi
    # shellcheck disable=SC2086 # a list of pids
    kill -CONT $stopped 2>/dev/null
    look_at_clock
    [ "$now" -lt "$deadline" ] || break
  done
  rm -f paused
  if [ "$found" = ' ' ]; then await_end; fi
  report "$stopped"
}

# What is left to do, then the state. A run of which nothing was found and that has not ended proves nothing.
report() {
  if [ "$found" = ' ' ] && ! ended; then printf 'p ?\n'
  else printf 'p%s\n' "${1% }"
  fi
  status
}
