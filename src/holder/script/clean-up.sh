# Clean-up of run directories and old holders.
# shellcheck shell=sh disable=SC2034,SC2154 # one script in parts: the others set and read these

# Finished (or lost) runs older than $1 minutes, and the oldest finished beyond $2. Names sort by age.
clean() {
  removed=0 finished=0
  cd "$runs" 2>/dev/null || {
    printf 'd 0\nx done\n'
    return
  }
  old=" $(find . -maxdepth 1 -type d -mmin "+$1" 2>/dev/null | tr '\n' ' ') "
  for candidate in *; do
    [ -d "$candidate" ] || continue
    if (cd "$candidate" && ended); then finished=$((finished + 1)); fi
  done
  for candidate in *; do
    [ -d "$candidate" ] || continue
    case $old in
    *" ./$candidate "*) if (cd "$candidate" && ! ended && alive); then continue; fi ;;
    *)
      (cd "$candidate" && ended) && [ "$finished" -gt "$2" ] || continue
      ;;
    esac
    if (cd "$candidate" && ended); then finished=$((finished - 1)); fi
    rm -rf "./$candidate" && removed=$((removed + 1))
  done
  find "$here" -maxdepth 1 -name 'holder-*.sh' ! -name "${file##*/}" -mtime +30 -exec rm -f {} \; 2>/dev/null
  printf 'd %s\nx done\n' "$removed"
}
