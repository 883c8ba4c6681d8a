# The verbs that are in a hurry: what comes after this part is not even parsed for them.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

launched=
case $verb in
supervise)
  cap=$4 input=$5 how=$6
  read_script && supervise
  exit
  ;;
run)
  printf '%s\n' "$mark"
  shift 3
  run "$@"
  exit
  ;;
follow)
  printf '%s\n' "$mark"
  out_at=$4 err_at=$5
  follow
  [ -z "$withdrawn" ] || printf 'x missing\n'
  exit
  ;;
esac
