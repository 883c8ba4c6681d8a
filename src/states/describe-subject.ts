/** Most bytes of one file that are kept, kibibytes of a folder, and entries in it. */
const LARGEST_FILE = 16 * 1024 * 1024;
const LARGEST_TREE = 64 * 1024;
const MOST_ENTRIES = 10_000;

/** What of a host can be described in one line: equal lines, equal things. */
export const DESCRIBED = ['path', 'tree', 'unit', 'user', 'group'] as const;
export type Described = (typeof DESCRIBED)[number];

/**
 * POSIX sh functions `is_path`, `is_tree`, … that print what their argument is now, on one line; contents as SHA-256.
 * A folder made in between shows in `absent, in FOLDER`, which names the nearest one that is there.
 */
export const DESCRIBE_SUBJECTS = `is_path() {
  if [ -L "$1" ]; then echo "link to $(readlink -- "$1")"
  elif [ -f "$1" ]; then
    if [ "$(stat -c %s -- "$1")" -gt ${LARGEST_FILE} ]; then stat -c 'large file %a %U:%G %s bytes' -- "$1"
    else echo "file $(stat -c '%a %U:%G %s bytes' -- "$1") sha256 $(sha256sum <"$1" | cut -d' ' -f1)"; fi
  elif [ -d "$1" ]; then stat -c 'directory %a %U:%G' -- "$1"
  elif [ -e "$1" ]; then stat -c 'special %F %a %U:%G' -- "$1"
  else near=$(dirname -- "$1"); while [ ! -d "$near" ]; do near=$(dirname -- "$near"); done; echo "absent, in $near"; fi
}
is_tree() {
  if [ -L "$1" ] || [ ! -d "$1" ]; then is_path "$1"; return; fi
  entries=$(find "$1" -xdev 2>/dev/null | head -n ${MOST_ENTRIES + 1} | wc -l)
  if [ "$entries" -gt ${MOST_ENTRIES} ] || [ "$(du -skx -- "$1" 2>/dev/null | cut -f1)" -gt ${LARGEST_TREE} ]; then
    stat -c 'large tree %a %U:%G' -- "$1"; return
  fi
  echo "tree of $entries entries sha256 $( (
    cd -- "$1" || exit 1
    find . -xdev -printf '%y %m %U:%G %l %p\\n' | sort
    find . -xdev -type f -print0 | sort -z | xargs -0 -r sha256sum
  ) | sha256sum | cut -d' ' -f1)"
}
is_unit() {
  # the order of the answer is systemd's, not ours
  systemctl show -p LoadState -p ActiveState -p UnitFileState -- "$1" 2>/dev/null | awk -F= '
    $1 == "LoadState" { load = $2 } $1 == "ActiveState" { active = $2 } $1 == "UnitFileState" { file = $2 }
    END {
      if (load == "" || load == "not-found") print "not there"
      else if (load == "masked") print "masked"
      else print (active ~ /^(active|reloading|refreshing|activating)$/ ? "active" : "inactive"), (file == "" ? "-" : file)
    }'
}
is_user() {
  entry=$(getent passwd -- "$1" | cut -d: -f3-)
  if [ -z "$entry" ]; then
    if [ -e "/home/$1" ]; then echo "absent, with /home/$1"; else echo "absent, without a home"; fi
    return
  fi
  home=$(printf '%s' "$entry" | cut -d: -f4)
  keys=none
  if [ -f "$home/.ssh/authorized_keys" ]; then keys=$(sha256sum <"$home/.ssh/authorized_keys" | cut -c1-32)
  elif [ -d "$home/.ssh" ]; then keys=folder; fi
  word=$(getent shadow -- "$1" 2>/dev/null | sha256sum | cut -c1-16)
  echo "$entry groups $(id -Gn -- "$1" | tr ' ' '\\n' | sort | tr '\\n' ' ')keys $keys password $word"
}
is_group() { line=$(getent group -- "$1" | cut -d: -f3-); echo "\${line:-absent}"; }
`;

/** Every package the host knows: `NAME VERSION`, `NAME config-files`, … one a line. */
export const LIST_PACKAGES = `list_packages() {
  dpkg-query -W -f '\${binary:Package} \${db:Status-Status} \${Version}\\n' 2>/dev/null |
    awk '$2 == "installed" { print $1, $3 } $2 != "installed" && $2 != "not-installed" { print $1, $2 }' | sort
}
`;

/**
 * What runs and listens: `unit NAME active|failed` for units that start at boot or have failed, `listen PLACE PROCESS`
 * for TCP; the process is `?` for who may not know it.
 */
export const LIST_HEALTH = `list_health() {
  if [ -d /run/systemd/system ]; then
    # asked for its unit file state, systemd reads all of each unit: ten times slower than its links
    {
      find /etc/systemd/system /run/systemd/system -maxdepth 2 -type l -printf 'link %p %l\\n' 2>/dev/null
      systemctl list-units --plain --no-legend --full --state=active,reloading,failed -- '*.service' '*.socket' 2>/dev/null |
        sed 's/^/unit /'
    } | awk '
      $1 == "link" {
        n = split($2, path, "/"); m = split($3, target, "/")
        if (path[n - 1] ~ /\\.(wants|requires|upholds)$/) boots[path[n]] = 1
        else if (target[m] != path[n]) boots[target[m]] = 1
      }
      $1 == "unit" && $4 == "failed" { print "unit", $2, "failed" }
      $1 == "unit" && $4 != "failed" && $2 in boots { print "unit", $2, "active" }'
  fi
  if command -v ss >/dev/null; then
    ss -H -ltnp 2>/dev/null | awk '{
      process = "?"
      if (match($0, /\\(\\("[^"]+"/)) { process = substr($0, RSTART + 3, RLENGTH - 4); gsub(/[^A-Za-z0-9._:-]/, "_", process) }
      print "listen", $4, process
    }'
  else
    awk '$4 == "0A" { print "listen", $2, "?" }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
  fi | sort -u
}
`;
