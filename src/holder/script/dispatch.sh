# The other verbs.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

case $verb in
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
