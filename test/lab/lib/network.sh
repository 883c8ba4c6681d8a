# network.sh - the machine's side of the lab's network, and each host's namespace, link and faults.

prepare_machine() {
  local net
  mkdir -p /run/netns
  if [ ! -f "$LAB_DIR/ip_forward.before" ]; then cat /proc/sys/net/ipv4/ip_forward >"$LAB_DIR/ip_forward.before"; fi
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # a host that is down must be unreachable, not a packet for the default gateway
  for net in $NET $INNER_NET; do ip route replace unreachable "$net.0.0/16"; done
  nft list table ip deckhand_lab >/dev/null 2>&1 || nft -f - <<NFT
table ip deckhand_lab {
  chain post { type nat hook postrouting priority srcnat; policy accept; ip saddr $NET.0.0/16 ip daddr != $NET.0.0/16 masquerade; }
}
NFT
}
restore_machine() {
  local net
  for net in $NET $INNER_NET; do ip route del unreachable "$net.0.0/16" 2>/dev/null || true; done
  nft delete table ip deckhand_lab 2>/dev/null || true
  if [ -f "$LAB_DIR/ip_forward.before" ]; then
    cat "$LAB_DIR/ip_forward.before" >/proc/sys/net/ipv4/ip_forward
    rm -f "$LAB_DIR/ip_forward.before"
  fi
}

# The outer end of a host's link is on this machine (vlabN), or for an inner host in its jump host's namespace (inN).
link_of() { if [ -n "$(fact "$1" jump)" ]; then echo "in$1"; else echo "vlab$1"; fi; }
outside() { # outside ID COMMAND...: runs where the outer end is
  local jump
  jump=$(fact "$1" jump)
  shift
  if [ -n "$jump" ]; then ip netns exec "lab-$jump" "$@"; else "$@"; fi
}
network_up() {
  local id=$1 link gateway
  link=$(link_of "$id")
  gateway=$(address_of "$id" | sed 's/\.2$/.1/')
  [ -e "/run/netns/lab-$id" ] || ip netns add "lab-$id"
  if ! outside "$id" ip link show "$link" >/dev/null 2>&1; then
    outside "$id" ip link add "$link" type veth peer name host0 netns "lab-$id"
    outside "$id" ip addr add "$gateway/24" dev "$link"
    ip -n "lab-$id" link set lo up
    ip -n "lab-$id" link set host0 up
    ip -n "lab-$id" addr add "$(address_of "$id")/24" dev host0
  fi
  link_on "$id"
  if [ -z "$(fact "$id" jump)" ]; then ip -n "lab-$id" route replace default via "$gateway"; fi
}
# A host without power answers nothing: its link goes down with it, else its namespace would still send resets.
link_on() { outside "$1" ip link set "$(link_of "$1")" up; }
link_off() { outside "$1" ip link set "$(link_of "$1")" down 2>/dev/null || true; }
network_down() {
  faults_off "$1"
  outside "$1" ip link del "$(link_of "$1")" 2>/dev/null || true
  ip netns del "lab-$1" 2>/dev/null || true
}

faults_off() {
  local id=$1
  outside "$id" nft delete table ip "lab_net_$id" 2>/dev/null || true
  outside "$id" tc qdisc del dev "$(link_of "$id")" root 2>/dev/null || true
  tc -n "lab-$id" qdisc del dev host0 root 2>/dev/null || true
}
cmd_net() {
  need_root
  known "${1:?host}"
  [ -e "/run/netns/lab-$1" ] || die "host $1 has no network of its own"
  locked "$1" faults "$@"
}
faults() { # real packets, in the kernel, both ways
  local id=$1 what=${2:-ok} value=${3:-} link rule
  link=$(link_of "$id")
  case $what in
    ok) rule= ;;
    blackhole) rule=drop ;;
    reject) rule='reject with icmp type admin-prohibited' ;;
    loss)
      [[ $value =~ ^[0-9]+(\.[0-9])?$ ]] || die "net N loss PERCENT"
      rule="numgen random mod 1000 < $(awk -v p="$value" 'BEGIN {print int(p * 10)}') drop"
      ;;
    rate) [[ $value =~ ^[0-9]+[kmg]?bit$ ]] || die "net N rate RATE, such as 10mbit" ;;
    *) die "net N ok|blackhole|reject|loss PERCENT|rate RATE" ;;
  esac
  faults_off "$id"
  if [ "$what" = rate ]; then
    outside "$id" tc qdisc add dev "$link" root tbf rate "$value" burst 32kb latency 200ms
    tc -n "lab-$id" qdisc add dev host0 root tbf rate "$value" burst 32kb latency 200ms
  elif [ -n "$rule" ]; then
    outside "$id" nft -f - <<NFT
table ip lab_net_$id {
  chain i { type filter hook input priority 0; policy accept; iifname "$link" $rule; }
  chain o { type filter hook output priority 0; policy accept; oifname "$link" $rule; }
  chain f { type filter hook forward priority 0; policy accept; iifname "$link" $rule; oifname "$link" $rule; }
}
NFT
  fi
}
