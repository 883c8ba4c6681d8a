# Starting: the request, the supervisor, the spool.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

newline='
'

# The script, up to the marker line. A short one line by line, which costs no process.
read_script() {
  script=
  if [ "$how" = lines ]; then
    while IFS= read -r line; do
      if [ "$line" = "$mark" ]; then return 0; fi
      script=$script$line$newline
    done
    return 1
  fi
  script=$(cat)
  case $script in
  *"$mark") script=${script%"$mark"} ;;
  *) return 1 ;;
  esac
}

# Nothing starts from half a request.
receive() {
  read_script || return 1
  [ "$input" != - ] || return 0
  cat >"$dir/stdin" || return 1
  # shellcheck disable=SC2046 # only the fifth field is read
  set -- $(ls -ln "$dir/stdin")
  [ "$5" = "$input" ]
}

# Builtins say "I/O error" where nothing can be written; a program names the reason.
name_reason() {
  printf 'probe\n' | tee "$dir/probe" >/dev/null
  rm -f "$dir/probe"
}

# Nothing was started, so the id is free again; unless it was cancelled meanwhile, which stays true.
withdraw() {
  rm -f "$dir/starter" "$dir/o" "$dir/e" "$dir/to" "$dir/te" "$dir/stdin" "$dir/paused" "$dir/pid" "$dir/exit"
  rmdir "$dir" 2>/dev/null || write_never
}

# Making the directory is the start token: whoever makes it starts the command, all others attach.
run() {
  cap=$1 input=$2 how=$3 out_at=0 err_at=0
  [ -d "$runs" ] || mkdir -p -m 700 "$runs" || [ -d "$runs" ] || fail directory
  missed=
  until mkdir "$dir"; do
    if [ -d "$dir" ]; then
      printf 's attached\n'
      follow </dev/null
      [ -n "$withdrawn" ] || return
      cd /
    elif [ -n "$missed" ]; then fail directory
    # It was there and is gone: whoever made it did not get its whole request.
    else missed=1
    fi
  done
  if ! record_self "$dir/starter" || ! mkfifo "$dir/o" "$dir/e" "$dir/to" "$dir/te"; then
    name_reason
    rm -rf "$dir"
    fail directory
  fi
  # sshd gives every command a session of its own; sudo and others do not, and may end theirs.
  # And bash notes a death by signal only at its top level.
  apart=1
  if [ "$session" = "$subject" ] && [ -z "${BASH_VERSION:-}" ]; then apart=; fi
  if ! receive; then
    withdraw
    fail incomplete
  fi
  launched=1
  # A pipeline, not '&': what starts in the background has SIGINT and SIGQUIT ignored for good.
  {
    if [ -z "$apart" ]; then supervise </dev/null
    else
      printf '%s%s\n' "$script" "$mark" |
        $leader sh "$file" "$mark" supervise "$id" "$cap" "$input" "$how" 2>/dev/null
    fi
    # A full disk, for example: whoever started it would be waited for by its own follower.
    [ -s "$dir/pid" ] || {
      name_reason
      withdraw
    }
    printf 'x\n'
  } | {
    # A client that is gone must not keep a session of its connection taken until the command ends.
    trap 'kill -KILL $$; exit' PIPE
    follow
    [ -z "$withdrawn" ] || fail directory
  }
}

# What runs in the command's own session. The script arrives on stdin and is never in a file;
# descriptor 4 is the command's input. A cancel writes `cancelled` and looks for `child`, this writes
# `child` and looks for `cancelled`: one of the two sees the other.
# shellcheck disable=SC2016 # expanded by the inner shell
entry='
exec 2>"$1/e"
read -r deckhand_line </proc/$$/stat
printf "%s .\n" "$deckhand_line" >"$1/child"
[ ! -e "$1/cancelled" ] || kill -TERM $$
deckhand_script=
if [ "$2" = lines ]; then
  while IFS= read -r deckhand_line; do
    deckhand_script="$deckhand_script$deckhand_line
"
  done
else deckhand_script=$(cat)
fi
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

# Writes at most the cap to the spool, counts everything, and never stops reading. A count is a line
# in a FIFO, so that who waits for it needs no processor.
drain() {
  # Set here and nowhere else: a command may end before the first tick.
  ending=
  trap 'ending=1' USR1
  exec 3>&1 >/dev/null 2>&1 </dev/null 4<&-
  trap '' XFSZ TERM HUP
  ulimit -S -f $((cap * 2))
  tee "$dir/out" <"$dir/o" 3>&- 6>&- 7>&- | wc -c >&6 3>&- 6>&- 7>&- &
  tee "$dir/err" <"$dir/e" 3>&- 6>&- 7>&- | wc -c >&7 3>&- 6>&- 7>&- &
  trap - TERM
  tick
}

# A line now and then, so that the follower looks; as long as there is one. And an end to the wait for
# the counts, after about half a second: a child left in the background may hold the output for ever.
tick() {
  tick_after=0.04 alone= turn=0
  while sleep "$tick_after" 3>&- 6>&- 7>&- || sleep 1 3>&- 6>&- 7>&-; do
    [ -n "$alone" ] || printf 't\n' >&3 || alone=1
    if [ -n "$ending" ]; then
      turn=$((turn + 1)) tick_after=0.15
      if [ "$turn" -ge 5 ] && { [ "$turn" -ge 40 ] || ! draining; }; then break; fi
    elif [ -n "$alone" ]; then tick_after=1
    elif [ "$tick_after" = 0.04 ]; then tick_after=0.06
    elif [ "$tick_after" = 0.06 ]; then tick_after=0.1
    else tick_after=0.15
    fi
    # When the supervisor was killed, nobody else ends this one.
    if stat_of self; then
      [ "$parent" = "$supervisor" ] || return
    else
      kill -0 "$supervisor" || return
    fi
  done
  give_up_counting
}

# Who drains has work to do: it is late, on a slow disk or a busy host, and does not wait for a child in the background.
draining() {
  stat_of self || return 1
  (cat /proc/[0-9]*/stat 2>/dev/null | grep -q ") [RDT] $subject ") 3>&- 6>&- 7>&-
}

give_up_counting() {
  printf '?\n' >&6
  printf '?\n' >&7
}

# Needs script, cap, input and how. Outlives the client: a broken pipe or a hang-up is none of its business.
supervise() {
  trap '' PIPE HUP
  # Room for the end, which must be told also when the output has filled the disk.
  printf '%120s\n' '' >"$dir/exit" || return
  record_self "$dir/pid" || return
  exec 2>"$dir/note"
  printf 's\n' 2>/dev/null
  : >"$dir/out"
  : >"$dir/err"
  if [ "$input" = - ]; then
    exec 4</dev/null
  else
    exec 4<"$dir/stdin"
    rm -f "$dir/stdin"
  fi
  if [ -e "$dir/cancelled" ]; then
    write_never
    return
  fi
  supervisor=$subject
  exec 6<>"$dir/to" 7<>"$dir/te"
  drain &
  drains=$!
  : >"$dir/note"
  printf '%s' "$script" | (
    trap - PIPE HUP
    DECKHAND_RUN=$id
    export DECKHAND_RUN
    exec $leader sh -c "$entry" deckhand "$dir" "$how" >"$dir/o" 6>&- 7>&-
  )
  status=$?
  exec 4<&-
  kind=exit
  # Only the shell's own note tells a death by signal from a plain `exit 137`.
  if [ "$status" -gt 128 ] && [ -s "$dir/note" ]; then
    kind=signal
    status=$((status - 128))
  fi
  if ! kill -USR1 "$drains" 2>/dev/null; then
    { sleep 0.5 || sleep 1; give_up_counting; } >/dev/null 2>&1 &
  fi
  kept_out=0 kept_err=0
  read -r total_out <&6
  read -r total_err <&7
  kill "$drains" 2>/dev/null
  if [ "$total_out,$total_err" != 0,0 ]; then
    cd "$dir" && measure
    kept_out=$size_out kept_err=$size_err
    total_out=${total_out:-'?'} total_err=${total_err:-'?'}
    # Still being written by a background child, but below the cap: everything so far was kept.
    [ "$total_out" != '?' ] || [ "$kept_out" -ge $((cap * 1024)) ] || total_out=$kept_out
    [ "$total_err" != '?' ] || [ "$kept_err" -ge $((cap * 1024)) ] || total_err=$kept_err
  fi
  printf '%s %s %s %s %s %s .\n' "$kind" "$status" "$kept_out" "$kept_err" "$total_out" "$total_err" 1<>"$dir/exit"
  printf 'x\n' 2>/dev/null
}
