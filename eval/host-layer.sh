# What a host of a scenario has beside the template: the servers that scenarios break, installed and not started, and
# none of the lab's own accounts. Run once by sh inside the template (lab.sh layer); hosts then start with it in place.
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends \
  nginx postgresql cron nftables logrotate openssl
systemctl -q disable nginx postgresql cron
for user in deploy ops guest noisy sftponly nologin jailed expired; do userdel -r "$user" 2>/dev/null; done
rm -f /etc/sudoers.d/deploy /etc/sudoers.d/ops
apt-get clean
# the one-line form of the sources, which older hosts have and people type
sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources | while read -r address; do
  case $address in
    *security*) echo "deb $address trixie-security main" ;;
    *) printf 'deb %s trixie main\ndeb %s trixie-updates main\n' "$address" "$address" ;;
  esac
done >/etc/apt/sources.list
rm /etc/apt/sources.list.d/debian.sources
