# template.sh - the read-only lower layers: a Debian tree for booted hosts, a busybox tree, and downloaded packages.

TEMPLATE=$LAB_DIR/template
BUSYBOX=$LAB_DIR/template-busybox
PACKAGES=$LAB_DIR/packages             # a layer that holds only apt's lists and downloaded packages
INCLUDE=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,python3,python3-apt,rsync,iproute2,iputils-ping,procps,ca-certificates,curl
ACCOUNTS='deploy ops guest noisy sftponly nologin jailed expired'

cmd_template() {
  need_root
  locked machine prepare_machine
  sweep
  locked template build_templates
}
ensure_templates() { # what "up" calls: nothing to do most of the time
  need_root
  locked machine prepare_machine
  if [ ! -e "$TEMPLATE.ready" ] || [ ! -e "$BUSYBOX.ready" ]; then locked template build_templates; fi
}
build_templates() {
  make_key
  if [ ! -e "$TEMPLATE.ready" ]; then unpack "$TEMPLATE" || build_debian; fi
  if [ ! -e "$BUSYBOX.ready" ]; then unpack "$BUSYBOX" || build_busybox; fi
  if [ ! -e "$PACKAGES" ] && [ -n "$LAB_CACHE" ]; then
    # shellcheck disable=SC2086
    download_packages $LAB_CACHE || echo "lab: packages not downloaded ahead; hosts will use the network" >&2
  fi
}
# A half-built or half-unpacked tree is never used: it is made beside and renamed when complete.
finish() { # finish TREE: keys in, ready
  local home
  for home in root home/deploy home/ops home/guest home/noisy home/sftponly home/nologin home/jailed home/expired; do
    [ -d "$1.new/$home" ] || continue
    install -d -m 700 "$1.new/$home/.ssh"
    install -m 600 "$KEY.pub" "$1.new/$home/.ssh/authorized_keys"
    chown -R --reference="$1.new/$home" "$1.new/$home/.ssh"
  done
  rm -rf "$1"
  mv "$1.new" "$1"
  touch "$1.ready"
}
unpack() {
  [ -f "$1.tar.zst" ] || return 1
  rm -rf "$1.new" && mkdir -p "$1.new"
  tar --zstd --warning=no-timestamp -C "$1.new" -xpf "$1.tar.zst" || return 1
  finish "$1"
}
pack() { tar --zstd -C "$1.new" -cpf "$1.tar.zst.new" . && mv "$1.tar.zst.new" "$1.tar.zst"; }

machine_uris() { # the Debian mirrors of this machine's own apt
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    awk '/^URIs:/ {print $2} $1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; break}}' |
    awk '/\/debian(-security)?\/?$/ && !seen[$0]++'
}
main_mirror() { machine_uris | awk '!/security/ {print; exit}'; }
apt_settings() { # apt_settings TREE: the machine's way to its mirror (sources, proxy, certificates), inside the tree
  local tree=$1 main security file
  main=$(main_mirror)
  security=$(machine_uris | awk '/security/ {print; exit}')
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s %s-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$main" "$LAB_SUITE" "$LAB_SUITE"
    [ -z "$security" ] || printf '\nTypes: deb\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$security" "$LAB_SUITE"
  } >"$tree/etc/apt/sources.list.d/debian.sources"
  rm -f "$tree/etc/apt/sources.list"
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if [ -f "$file" ] && grep -qE '^ *Acquire::(https?|ftp|Check-Valid-Until|Check-Date|Force|Retries)' "$file"; then
      install -m 644 "$file" "$tree/etc/apt/apt.conf.d/80machine-${file##*/}"
    fi
  done
  if [ -n "${http_proxy:-}" ]; then echo "Acquire::http::Proxy \"$http_proxy\";" >"$tree/etc/apt/apt.conf.d/81machine-proxy"; fi
  if [ -n "${https_proxy:-}" ]; then echo "Acquire::https::Proxy \"$https_proxy\";" >>"$tree/etc/apt/apt.conf.d/81machine-proxy"; fi
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$tree/usr/local/share/ca-certificates/"
    chroot "$tree" update-ca-certificates >/dev/null 2>&1 || true
  fi
}

build_debian() {
  local tree=$TEMPLATE.new mirror
  mirror=$(main_mirror)
  [ -n "$mirror" ] || die "no Debian mirror in this machine's apt sources"
  command -v debootstrap >/dev/null || die "run install.sh first"
  rm -rf "$tree"
  DEBIAN_FRONTEND=noninteractive timeout 900 debootstrap --variant=minbase --include="$INCLUDE" "$LAB_SUITE" "$tree" "$mirror" \
    >"$LAB_DIR/debootstrap.log" 2>&1 || die "debootstrap failed, see $LAB_DIR/debootstrap.log"
  apt_settings "$tree"
  timeout 120 chroot "$tree" bash -e <<'IN' >"$LAB_DIR/template.log" 2>&1 || die "template set-up failed, see $LAB_DIR/template.log"
# accounts: their passwords are public on purpose
for user in deploy ops guest noisy sftponly expired; do useradd -m -s /bin/bash $user; done
useradd -m -s /usr/sbin/nologin nologin
useradd -m -s /bin/rbash jailed
for user in deploy ops guest expired; do echo "$user:$user-pass" | chpasswd; done
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops
chmod 440 /etc/sudoers.d/*
sed -i '1i echo "*** welcome to the noisy host ***"' /home/noisy/.bashrc
chage -d 0 expired
# nothing starts on its own and spends the machine's cores
systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer \
  console-getty.service getty@.service systemd-networkd.service systemd-resolved.service systemd-timesyncd.service \
  systemd-journal-flush.service systemd-firstboot.service systemd-hwdb-update.service systemd-udevd.service \
  systemd-udevd-control.socket systemd-udevd-kernel.socket dev-hugepages.mount sys-fs-fuse-connections.mount e2scrub_reap.service || true
systemctl -q set-default multi-user.target
mkdir -p /etc/systemd/journald.conf.d /etc/ssh/sshd_config.d /etc/systemd/system/user@.service.d
printf '[Journal]\nStorage=volatile\n' >/etc/systemd/journald.conf.d/lab.conf
printf '[Service]\nTimeoutStopSec=3\n' >/etc/systemd/system/user@.service.d/lab.conf
printf 'PermitRootLogin prohibit-password\nUseDNS no\nMatch User sftponly\n  ForceCommand internal-sftp\n' >/etc/ssh/sshd_config.d/lab.conf
rm -f /etc/ssh/ssh_host_*
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/*
ldconfig
systemd-sysusers
systemd-tmpfiles --create || true
journalctl --update-catalog || true
touch -d '2099-01-01' /etc/.updated /var/.updated   # first-boot units then find nothing to do
IN
  pack "$TEMPLATE"
  finish "$TEMPLATE"
}

# with_debian FUNCTION: calls it with a throw-away writable copy of the template that has this machine's name service
with_debian() {
  local work code=0
  work=$(mktemp -d "$LAB_DIR/work.XXXXXX")
  mkdir -p "$work/rw" "$work/root"
  mount -t tmpfs -o size=2g lab-work "$work/rw"
  mkdir "$work/rw/upper" "$work/rw/work"
  mount -t overlay lab-work -o "lowerdir=$TEMPLATE,upperdir=$work/rw/upper,workdir=$work/rw/work" "$work/root"
  rm -f "$work/root/etc/resolv.conf"
  cp -L /etc/resolv.conf "$work/root/etc/resolv.conf"
  "$@" "$work/root" "$work/rw/upper" || code=$?
  umount "$work/root" || umount -l "$work/root"
  umount "$work/rw" || umount -l "$work/rw"
  rmdir "$work/root" "$work/rw" "$work"
  return "$code"
}
in_tree() { local tree=$1; shift; DEBIAN_FRONTEND=noninteractive timeout 600 chroot "$tree" "$@"; }
apt_update() { in_tree "$1" apt-get -qq -o APT::Update::Error-Mode=any -o APT::Sandbox::User=root update; }

cmd_cache() { need_root; ensure_templates; locked template download_packages "$@"; }
download_packages() { # what hosts started from now on find in /var/cache/apt and /var/lib/apt/lists
  [ $# -gt 0 ] || die "cache PACKAGE..."
  with_debian download_into "$@" >"$LAB_DIR/cache.log" 2>&1 || { echo "lab: download failed, see $LAB_DIR/cache.log" >&2; return 1; }
}
download_into() { # download_into PACKAGE... TREE UPPER
  local words=("$@") tree upper new
  upper=${words[-1]} tree=${words[-2]} new=$PACKAGES.$(now_ms)
  unset 'words[-1]' 'words[-1]'
  if [ -d "$PACKAGES/var" ]; then cp -a "$PACKAGES/var/cache/apt/archives/." "$tree/var/cache/apt/archives/"; fi
  apt_update "$tree" || return 1
  in_tree "$tree" apt-get -q -o APT::Sandbox::User=root install -y --download-only "${words[@]}" || return 1
  in_tree "$tree" apt-cache policy apt || true          # makes apt's own index caches, too
  mkdir -p "$new/var/cache" "$new/var/lib/apt"
  cp -a "$upper/var/cache/apt" "$new/var/cache/" || return 1
  cp -a "$upper/var/lib/apt/lists" "$new/var/lib/apt/" || return 1
  # running hosts keep the old directory as their lower layer: a link is turned over, nothing below a mount changes
  ln -sfn "$new" "$PACKAGES.link" && mv -T "$PACKAGES.link" "$PACKAGES"
}

# lab.sh layer NAME <SCRIPT: what the script, run by sh inside the template, adds to it; "up" takes it with LAB_LAYER=NAME.
cmd_layer() { need_root; ensure_templates; locked template build_layer "${1:?NAME}"; }
build_layer() {
  [[ $1 =~ ^[a-z][a-z0-9-]*$ ]] || die "a layer is called by letters, digits and dashes, not '$1'"
  cat >"$LAB_DIR/layer-$1.sh"
  with_debian layer_from "$1" >"$LAB_DIR/layer-$1.log" 2>&1 || die "no layer $1, see $LAB_DIR/layer-$1.log"
}
layer_from() { # layer_from NAME TREE UPPER
  local name=$1 tree=$2 upper=$3 new=$LAB_DIR/layers/$1.$(now_ms)
  if [ -d "$PACKAGES/var" ]; then cp -a "$PACKAGES/var/." "$tree/var/"; else apt_update "$tree" || return 1; fi
  # nothing is started in a tree that is not running
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d" && chmod 755 "$tree/usr/sbin/policy-rc.d"
  in_tree "$tree" sh -eu <"$LAB_DIR/layer-$name.sh" || return 1
  rm -f "$tree/usr/sbin/policy-rc.d" "$tree/etc/resolv.conf"
  mkdir -p "$new" && cp -a "$upper/." "$new/" || return 1
  rm -rf "$new/var/lib/apt/lists" "$new/var/cache/apt"   # the layer of packages below has them
  ln -sfn "$new" "$LAB_DIR/layers/$name.link" && mv -T "$LAB_DIR/layers/$name.link" "$LAB_DIR/layers/$name"
}

build_busybox() { with_debian busybox_from >"$LAB_DIR/busybox.log" 2>&1 || die "no busybox template, see $LAB_DIR/busybox.log"; }
busybox_from() {
  local debian=$1 tree=$BUSYBOX.new name file
  rm -rf "$tree" && mkdir -p "$tree"
  apt_update "$debian" || return 1
  # shellcheck disable=SC2016
  in_tree "$debian" bash -ec 'mkdir /root/debs && cd /root/debs && apt-get -qq -o APT::Sandbox::User=root download \
    busybox-static $(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances dropbear-bin | grep "^[a-z]")' || return 1
  for file in "$debian"/root/debs/*.deb; do dpkg-deb -x "$file" "$tree" || return 1; done
  rm -rf "$tree/usr/share" "$tree/etc"
  mkdir -p "$tree"/{etc/dropbear,root,tmp,proc,sys,dev,run,home,var/log,var/tmp}
  chmod 1777 "$tree/tmp" "$tree/var/tmp"
  chmod 700 "$tree/root"
  for name in bin sbin lib lib64; do # merged /usr, as Debian has it
    if [ ! -L "$tree/$name" ]; then
      mkdir -p "$tree/usr/$name"
      if [ -d "$tree/$name" ]; then cp -a "$tree/$name/." "$tree/usr/$name/" && rm -rf "${tree:?}/$name"; fi
      ln -s "usr/$name" "$tree/$name"
    fi
  done
  find "$tree/usr/bin" "$tree/usr/sbin" -mindepth 1 ! -name 'busybox*' ! -name 'dropbear*' -delete
  chroot "$tree" /usr/bin/busybox --install -s /usr/bin || return 1
  echo 'root:x:0:0:root:/root:/bin/ash' >"$tree/etc/passwd"
  echo 'root:x:0:' >"$tree/etc/group"
  echo 'root:*:19000:0:99999:7:::' >"$tree/etc/shadow"
  echo /bin/ash >"$tree/etc/shells"
  printf 'NAME="Tiny Linux"\nID=tiny\nVERSION_ID=1\n' >"$tree/etc/os-release"
  pack "$BUSYBOX" && finish "$BUSYBOX"
}
