#!/usr/bin/env bash
# install.sh - the Debian packages the lab and the browser tests need on this machine. Safe to run again: quick when all are there.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

packages=(acl attr btrfs-progs exfat-fuse exfatprogs e2fsprogs busybox python3 debootstrap systemd-container openssh-server openssh-client nftables iproute2 zstd sshpass chromium fonts-dejavu-core)

say() { echo "lab install: $*"; }
fail() { echo "lab install: $*" >&2; exit 1; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null || true)" = 'ii ' ]; }

[ "$(uname -s)" = Linux ] || fail "the lab runs on Linux only"
command -v apt-get >/dev/null || fail "the lab needs a Debian-like machine (apt-get)"

missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done

if [ "${#missing[@]}" -gt 0 ]; then
  [ "$(id -u)" = 0 ] || fail "run as root to install: ${missing[*]}"
  # The package scripts must not start a server on this machine: a policy-rc.d that says no, for as long as
  # the installation takes, unless the machine already has a policy of its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt=(timeout 600 apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
  # without Error-Mode=any, update ends with 0 when names do not resolve
  "${apt[@]}" -o APT::Update::Error-Mode=any update
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
  # the machine's own ssh service is not the lab's business: it stays off when this script brought it
  for package in "${missing[@]}"; do
    if [ "$package" = openssh-server ] && [ -d /run/systemd/system ]; then
      timeout 30 systemctl disable --now ssh.service ssh.socket 2>/dev/null || true
    fi
  done
fi

# a plain sshd run by root insists on its privilege separation directory
if [ "$(id -u)" = 0 ]; then install -d -m 755 /run/sshd; fi

for tool in debootstrap systemd-nspawn ssh ssh-keygen nft ip tc zstd sshpass; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || fail "$tool is still missing"
done
[ -x /usr/sbin/sshd ] || fail "/usr/sbin/sshd is still missing"
say "ready"
