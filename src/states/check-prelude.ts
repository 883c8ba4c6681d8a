/** Seconds that one free check script may take. */
export const CHECK_LIMIT_SECONDS = 30;
/** Most bytes of a file's content fetched for a diff. */
export const CONTENT_LIMIT = 65_536;
/** Most bytes of a free check's output kept as evidence. */
export const EVIDENCE_LIMIT = 4_096;

/**
 * Functions that check fragments call. `M` is the marker, `I` the number of the item.
 * A fact is one line `MARKER ITEM NAME = VALUE`, or `… 64 BASE64` where the value may hold a newline.
 */
export const CHECK_PRELUDE = `export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
N='
'
b64() { base64 | tr -d '\\n'; }
fact() {
  case $2 in
  *"$N"*) printf '%s %s %s 64 %s\\n' "$M" "$I" "$1" "$(printf '%s' "$2" | b64)" ;;
  *) printf '%s %s %s = %s\\n' "$M" "$I" "$1" "$2" ;;
  esac
}
bytes() { printf '%s %s %s 64 ' "$M" "$I" "$1"; b64; echo; }
look() {
  if S=$(stat -c '%a %U %G %s %F' "$2" 2>&1); then fact "$1" "$S"; return 0; fi
  case $S in
  *'No such file'* | *'Not a directory'*) fact "$1" missing ;;
  *) fact error "$S" ;;
  esac
  return 1
}
content() {
  look stat "$1" || return 0
  case $S in *' regular file' | *' regular empty file') ;; *) return 0 ;; esac
  if ! H=$(sha256sum "$1" 2>&1); then fact error "$H"; return 0; fi
  H=\${H#\\\\}
  fact sha256 "\${H%% *}"
  if [ "\${H%% *}" != "$2" ] && [ "$3" = show ]; then
    set -- "$1" $S
    if [ "$5" -le ${CONTENT_LIMIT} ]; then bytes content <"$1"; fi
  fi
}
limited() {
  if command -v timeout >/dev/null; then timeout -s KILL ${CHECK_LIMIT_SECONDS} "$@"; else "$@"; fi
}
probe() {
  { limited sh -c "$2"; printf '\\n%s %s' "$M" "$?"; } 2>&1 </dev/null | tail -c ${EVIDENCE_LIMIT + 128} | bytes "$1"
}
lookup() {
  if command -v getent >/dev/null; then getent "$1" "$2"; else grep "^$2:" "/etc/$1"; fi
}
`;
