/** Units and packages on which the way in depends. */
export const WAY_IN_NAMES =
  /^(ssh|sshd|openssh-server|openssh|dropbear|networking|network|NetworkManager|systemd-networkd|systemd-resolved|systemd-logind|dbus|wpa_supplicant|netplan|tailscaled|wg-quick@.*|openvpn.*)(\.(service|socket))?$/;
