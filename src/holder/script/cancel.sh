# Cancelling: end every process of the run, look again.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

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

cancel() {
  # An id that was cancelled before it came here never starts: a start on its way finds it taken.
  # A start that is withdrawn may take its directory away between two looks.
  # In a subshell: on a full disk a failed redirection would end this shell, and nothing the command.
  tries=0
  until { cd "$dir" && (: >cancelled); } 2>/dev/null || [ "$tries" -gt 2 ]; do
    if mkdir -p -m 700 "$runs" && mkdir "$dir" 2>/dev/null; then
      write_never || fail directory
      printf 'p\nx missing\n'
      return
    fi
    tries=$((tries + 1))
  done
  cd "$dir" || fail directory
  reach || return 0
  freeze
  # A stopped (or paused) process takes TERM only when it goes on.
  # shellcheck disable=SC2086 # a list of pids
  if [ "$found" != ' ' ]; then
    kill -TERM $found 2>/dev/null
    kill -CONT $found 2>/dev/null
  fi
  if ! until_gone $(($1 / 10)); then
    turn=0
    while [ "$turn" -lt 10 ]; do
      freeze
      # shellcheck disable=SC2086 # a list of pids
      [ "$found" = ' ' ] || kill -KILL $found 2>/dev/null
      if until_gone 50; then break; fi
      turn=$((turn + 1))
    done
  fi
  await_end
  printf 'p%s\n' "${found% }"
  status
}
