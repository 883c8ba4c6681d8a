# plain.sh - the kind that needs no root: a plain sshd of the calling user on an address of its own in 127.77.0.0/24.

cmd_up_plain() {
  local list n
  [ $# -gt 0 ] || die "which host numbers?"
  [ -x /usr/sbin/sshd ] || die "no /usr/sbin/sshd: run install.sh first"
  make_key
  list=$(expand "$@")
  for n in $list; do check_number "$n"; done
  # shellcheck disable=SC2046,SC2086
  many up_plain1 $(printf 'p%s\n' $list)
}
up_plain1() {
  local id=$1 dir began
  began=$(now_ms)
  dir=$(host_dir "$id")
  if alive "$id"; then
    echo "lab-$id $(address_of "$id") is up already"
    return 0
  fi
  mkdir -p "$dir"
  echo "127.77.0.${id#p}" >"$dir/address"
  echo "$PLAIN_PORT" >"$dir/port"
  id -un >"$dir/user"
  echo plain >"$dir/kind"
  if [ ! -f "$dir/hostkey" ]; then new_host_key "$id"; write_known_hosts "$id"; fi
  write_ssh_config "$id"
  start_plain "$id"
  echo "lab-$id $(address_of "$id") up $(($(now_ms) - began)) ms"
}
start_plain() {
  local id=$1 dir
  dir=$(host_dir "$id")
  rm -f "$dir/stopped"
  alive "$id" && return 0
  rm -f "$dir/pid"
  mkdir -p "$dir/home"
  if [ "$(id -u)" = 0 ]; then install -d -m 755 /run/sshd; fi
  # SHLVL=1: Debian's bash, run by sshd, would else read the caller's own .bashrc for each command
  cat >"$dir/sshd_config" <<CONF
HostKey $dir/hostkey
ListenAddress $(address_of "$id"):$PLAIN_PORT
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AuthorizedKeysFile $KEY.pub
UseDNS no
PrintMotd no
MaxStartups 500:30:1000
MaxSessions 200
Subsystem sftp $(sftp_server) -d $dir/home
# sshd starts every command in the account's real home: a relative path must not land there
ForceCommand cd "\$HOME" && exec "\$SHELL" -c "\${SSH_ORIGINAL_COMMAND:-exec "\$SHELL" -l}"
SetEnv HOME=$dir/home SHLVL=1 LAB_HOST=lab-$id
CONF
  # shellcheck disable=SC2016
  detach "$dir/console.log" bash -c '. "$0/lib/common.sh"; note_process "$1/pid" $$; exec /usr/sbin/sshd -D -e -f "$1/sshd_config"' "$here" "$dir"
  wait_noted "$dir/pid"
  wait_banner "$id"
}
sftp_server() {
  local path
  for path in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server /usr/libexec/sftp-server; do
    if [ -x "$path" ]; then echo "$path"; return 0; fi
  done
  die "no sftp-server on this machine"
}
