#!/usr/bin/env bash
# lab.sh - a fleet of real Debian hosts (systemd, sshd, sudo, apt) on one Linux machine: no docker, no VM.
#
#   lab.sh template                build the host templates, or unpack the cached ones; sweeps a crashed run's leftovers
#   lab.sh cache PACKAGE...        download packages once, so that apt in every host started later finds them locally
#   lab.sh layer NAME <SCRIPT      what a script adds to the template, kept; hosts booted with LAB_LAYER=NAME have it
#   lab.sh up N|A-B...             booted hosts: lab-N at 10.77.N.2 (root)
#                                  with LAB_DISK_FILE=16g a host's disk is a sparse file of that size, not memory
#   lab.sh up-busybox N|A-B...     busybox ash + dropbear: no sftp, rsync, python, sudo, systemd (root)
#   lab.sh inner J N               booted host N at 10.99.N.2, reachable from host J only (root)
#   lab.sh up-plain N|A-B...       plain sshd of the calling user at 127.77.0.N port 2222: no root needed; its id is pN
#   lab.sh down ID...|all          stop and delete
#   lab.sh reset ID...             pristine disk, network ok, fresh boot; same address, same host key
#   lab.sh stop|start ID...        power off hard, boot again with the same disk
#   lab.sh net N ok|blackhole|reject|loss PERCENT|rate RATE
#   lab.sh mod N nopython|nosftp|norsync|noaptlists|fulldisk SIZE|sshd LINE...     undone by reset
#   lab.sh rekey ID                another ssh host key; known_hosts keeps the old one on purpose
#   lab.sh ssh ID [CMD...]         run in the host ($LAB_USER, default root)
#   lab.sh status | sshconfig      list the hosts | print an ssh config ($LAB_DIR/ssh_config always holds it)
#   lab.sh clean [--all]           all down, machine settings back; --all deletes the templates too
#
# State lives in $LAB_DIR. Outside it the lab touches only: network namespaces lab-*, links vlab*, cgroups lab-*, nft
# table deckhand_lab, two unreachable routes and ip_forward. It signals only processes whose pid and start time it noted.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common template network host plain; do
  # shellcheck source=/dev/null
  . "$here/lib/$part.sh"
done

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

command=${1:-help}
[ $# -gt 0 ] && shift
case $command in
  help | -h | --help) usage ;;
  template | cache | layer | up | up-busybox | up-plain | inner | down | reset | stop | start | net | mod | rekey | ssh | status | sshconfig | clean)
    mkdir -p "$LAB_DIR/hosts" "$LAB_DIR/locks"
    "cmd_${command//-/_}" "$@"
    ;;
  *) die "no such command: $command (see lab.sh help)" ;;
esac
