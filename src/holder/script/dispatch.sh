# Which verb was asked for.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

launched=
case $verb in
supervise)
  cap=$4 input=$5 how=$6
  read_script && supervise
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
status | cancel | pause | resume)
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
