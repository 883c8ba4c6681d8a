# Following: frames from byte positions to the end.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

measure() {
  size_out=0 size_err=0
  if ! [ -s out ] && ! [ -s err ]; then return 0; fi
  # shellcheck disable=SC2046 # two lines of equally many fields, err before out
  set -- $(ls -ln err out 2>/dev/null)
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

# A pause that was asked for, told once. The file alone is not enough: somebody else may end the pause.
tell_pause() {
  if [ -e paused ] && child_stopped; then
    [ -n "$told" ] || printf 'z 1\n'
    told=1
  elif [ -n "$told" ]; then
    printf 'z 0\n'
    told=
  fi
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

# Tells the end of the run, unless it was withdrawn before it began.
follow() {
  withdrawn=
  cd "$dir" 2>/dev/null || {
    withdrawn=1
    return
  }
  beat=0 pause=0.05 told=
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
      # Whoever made the directory took it back, its request not being whole: nothing was started.
      if [ -z "$launched" ] && ! [ -e pid ] && ! [ -e starter ]; then
        withdrawn=1
        return
      fi
      measure
      send_both "$size_out" "$size_err"
      printf 'x unknown\n'
      return
    fi
    measure
    send_both "$size_out" "$size_err"
    tell_pause
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
  elif alive; then
    if child_stopped; then printf 'x paused\n'
    else printf 'x running\n'
    fi
  elif ended; then print_end
  else printf 'x unknown\n'
  fi
}
