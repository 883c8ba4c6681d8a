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

# Making the directory is the start token: whoever makes it starts the command, all others attach.
run() {
  cap=$1 input=$2 how=$3 out_at=0 err_at=0
  [ -d "$runs" ] || mkdir -p -m 700 "$runs" || [ -d "$runs" ] || fail directory
  if ! mkdir "$dir"; then
    [ -d "$dir" ] || fail directory
    exec </dev/null
    printf 's attached\n'
    follow
    return
  fi
  if ! record_self "$dir/starter" || ! mkfifo "$dir/o" "$dir/e"; then
    # Builtins say "I/O error"; a program names the reason.
    printf 'probe\n' | tee "$dir/probe" >/dev/null
    rm -rf "$dir"
    fail directory
  fi
  # sshd gives every command a session of its own; sudo and others do not, and may end theirs.
  # And bash notes a death by signal only at its top level.
  apart=1
  if [ "$session" = "$subject" ] && [ -z "${BASH_VERSION:-}" ]; then apart=; fi
  if ! receive; then
    rm -rf "$dir"
    fail incomplete
  fi
  launched=1
  # A pipeline, not '&': what starts in the background has SIGINT and SIGQUIT ignored for good.
  {
    tick </dev/null 2>/dev/null &
    ticker=$!
    if [ -z "$apart" ]; then supervise </dev/null
    else
      printf '%s%s\n' "$script" "$mark" |
        $leader sh "$file" "$mark" supervise "$id" "$cap" "$input" "$how" 2>/dev/null
    fi
    kill "$ticker" 2>/dev/null
    printf 'x\n'
  } | {
    # A client that is gone must not keep a session of its connection taken until the command ends.
    trap 'kill -KILL $$; exit' PIPE
    follow
  }
}

tick() {
  trap - PIPE HUP
  for pause in 0.04 0.06 0.1; do
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

# Writes at most the cap to the spool, counts everything, and never stops reading.
drain() {
  exec >/dev/null 2>&1 </dev/null 4<&-
  trap '' XFSZ TERM HUP
  ulimit -S -f $((cap * 2))
  tee "$dir/out" <"$dir/o" | wc -c >"$dir/out.total" &
  tee "$dir/err" <"$dir/e" | wc -c >"$dir/err.total" &
}

# At most about half a second: a child left in the background may hold the pipes for ever.
await_drains() {
  turn=0
  while [ "$turn" -lt 423 ]; do
    if [ -s "$dir/out.total" ] && [ -s "$dir/err.total" ]; then return; fi
    turn=$((turn + 1))
    pause=0.025
    [ "$turn" -gt 405 ] || pause=0.005
    if [ "$turn" -gt 400 ]; then sleep "$pause" 2>/dev/null || { sleep 1; return; }; fi
  done
}

# Needs script, cap, input and how. Outlives the client: a broken pipe or a hang-up is none of its business.
supervise() {
  trap '' PIPE HUP
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
    printf 'signal 15 0 0 0 0 .\n' >"$dir/exit"
    return
  fi
  drain &
  : >"$dir/note"
  printf '%s' "$script" | (
    trap - PIPE HUP
    DECKHAND_RUN=$id
    export DECKHAND_RUN
    exec $leader sh -c "$entry" deckhand "$dir" "$how" >"$dir/o"
  )
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
  if [ "$total_out,$total_err" != 0,0 ]; then
    cd "$dir" && measure
    kept_out=$size_out kept_err=$size_err
    total_out=${total_out:-'?'} total_err=${total_err:-'?'}
    # Still being written by a background child, but below the cap: everything so far was kept.
    [ "$total_out" != '?' ] || [ "$kept_out" -ge $((cap * 1024)) ] || total_out=$kept_out
    [ "$total_err" != '?' ] || [ "$kept_err" -ge $((cap * 1024)) ] || total_err=$kept_err
  fi
  printf '%s %s %s %s %s %s .\n' "$kind" "$status" "$kept_out" "$kept_err" "$total_out" "$total_err" >"$dir/exit"
  printf 'x\n' 2>/dev/null
}
