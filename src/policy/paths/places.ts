import { ANY, isKnown, mayMean, STAR } from './shape.ts';

/** Which places on a host mean what. Homes are `/~` (the account's own), `/root` and `/home/NAME`. */

/** Removing, moving or opening up one of these, or everything in it, ends the host or an account on it. */
const PILLARS = (
  '/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /proc /root /run /sbin /sys /usr ' +
  '/usr/bin /usr/lib /usr/sbin /usr/share /usr/local /var /var/lib /var/log /var/spool /~ /etc/ssh ' +
  '/etc/pam.d /etc/systemd /etc/apt /etc/sudoers.d /root/.ssh /~/.ssh'
).split(' ');
const PILLAR_SHAPES = [/^\/home\/[^/]+$/, /^\/home\/[^/]+\/\.ssh$/, /^\/var\/lib\/[^/]+$/];

export function isPillar(path: string): boolean {
  const trimmed = path.replace(new RegExp(`/[${STAR}${ANY}]+$`), '') || '/';
  return [path, trimmed].some(
    one =>
      PILLARS.some(pillar => mayMean(one, pillar)) ||
      (isKnown(one) && PILLAR_SHAPES.some(shape => shape.test(one))),
  );
}

const HOME = String.raw`(?:/~|/root|/home/[^/]+|/var/lib/[^/]+)`;

/** Files that say who may log in and become root. */
const ACCESS = [
  /^\/etc\/(passwd|shadow|group|gshadow)-?$/,
  /^\/etc\/sudoers(\.d(\/.*)?)?$/,
  /^\/etc\/(pam\.d|security)\//,
  /^\/etc\/ld\.so\.(preload|conf)/,
  new RegExp(`^${HOME}/\\.ssh/(authorized_keys2?|rc|environment)$`),
];
/** Files on which the way in depends. */
const WAY_IN = [
  /^\/etc\/ssh(\/|$)/,
  /^\/etc\/(network|netplan|systemd\/network|NetworkManager)(\/|$)/,
  /^\/(etc|usr\/lib|lib)\/systemd\/system\/(ssh|sshd|networking|NetworkManager|systemd-networkd)[^/]*(\/|$)/,
  /^\/etc\/(hosts\.deny|hosts\.allow|nologin|nftables\.conf|iptables(\/|$)|ufw(\/|$)|firewalld(\/|$))/,
  new RegExp(`^${HOME}/\\.ssh(/|$)`),
];
/** Files that run at log-in, at boot or instead of a program. */
const STARTUP = [
  new RegExp(
    `^${HOME}/\\.(bashrc|profile|bash_profile|bash_login|bash_logout|zshrc|zshenv|zprofile|inputrc)$`,
  ),
  /^\/etc\/(profile|bash\.bashrc|environment|zsh|rc\.local|inittab|fstab|crypttab|modules|default\/grub)/,
  /\/\.git\/hooks\//,
  /^\/(boot|usr\/bin|usr\/sbin|bin|sbin|lib|lib64|usr\/lib|usr\/local\/bin|usr\/local\/sbin)\//,
];
/** Where programs keep what nobody can bring back. */
const DATA = [
  /^\/var\/lib\//,
  /\.(db|sqlite3?|ibd|mdb|rdb|aof|frm|qcow2|vmdk|img|dump)$/,
  /^\/var\/log\//,
  /^\/var\/mail\//,
];
const HISTORY = /\/\.[a-z_]*history$|^\/var\/log\//;

export type WritePlace = 'access' | 'way-in' | 'start-up' | 'data' | 'history' | 'other';

/** What a file is to the host, for writing and removing. An unknown part counts as the worst it may be. */
export function writePlace(path: string): WritePlace {
  const fits = (patterns: readonly RegExp[]): boolean => patterns.some(pattern => pattern.test(path));
  if (fits(ACCESS) || SAMPLES.access.some(sample => mayMean(path, sample))) return 'access';
  if (fits(WAY_IN)) return 'way-in';
  if (fits(STARTUP)) return 'start-up';
  if (HISTORY.test(path)) return 'history';
  return fits(DATA) ? 'data' : 'other';
}

const SAMPLES = {
  access: [
    '/etc/passwd',
    '/etc/shadow',
    '/etc/sudoers',
    '/root/.ssh/authorized_keys',
    '/~/.ssh/authorized_keys',
  ],
  secret: (
    '/etc/shadow /etc/gshadow /etc/shadow- /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_ed25519_key ' +
    '/root/.ssh/id_rsa /root/.ssh/id_ed25519 /~/.ssh/id_rsa /~/.ssh/id_ed25519 /~/.aws/credentials ' +
    '/home/a/.ssh/id_rsa /etc/ssl/private/a.key /proc/1/environ /proc/kcore /dev/mem /~/.pgpass ' +
    '/etc/letsencrypt/live/a/privkey.pem /srv/app/.env /~/.env /root/.env /~/.netrc /dev/sda ' +
    '/root/.bash_history /~/.bash_history /etc/krb5.keytab /run/secrets/a /etc/kubernetes/admin.conf ' +
    '/~/.kube/config /root/.kube/config /~/.docker/config.json /etc/wireguard/wg0.conf /~/.my.cnf'
  ).split(' '),
};

const SECRETS = [
  /^\/etc\/g?shadow/,
  /\/\.ssh\/(?!(config|known_hosts|authorized_keys|[^/]*\.pub)$)./,
  /\/ssh_host_[^/]*_key$/,
  /(^|\/)id_(rsa|dsa|ecdsa|ed25519)(_[^/]*)?$/,
  /\.(key|p12|pfx|jks|keystore|kdbx|ppk|ovpn|keytab|gpg)$/,
  /(^|\/)[^/]*priv[^/]*\.pem$/,
  /^\/etc\/(ssl|pki[^/]*)\/private(\/|$)/,
  /^\/etc\/letsencrypt\/(live|archive|keys|accounts)(\/|$)(?!.*\/(cert|chain|fullchain)\d*\.pem$)/,
  /(^|\/)\.env(\.(?!example|sample|template|dist)[^/]*)?$/,
  /(^|\/)\.(aws|azure|gnupg|password-store|config\/gcloud|mozilla)(\/|$)/,
  /(^|\/)\.(pgpass|my\.cnf|netrc|git-credentials|npmrc|pypirc|vault-token|htpasswd|s3cfg|boto|rclone\.conf|[a-z_]*history)$/,
  /(^|\/)(\.kube\/config|\.docker\/config\.json|kubeconfig[^/]*|wp-config\.php|credentials(\.json|\.xml|\.yml|\.yaml)?|secrets?\.(ya?ml|json|env|toml)|master\.key|rclone\.conf)$/,
  /^\/etc\/(kubernetes|rancher)(\/.*)?\/([^/]*\.conf|pki|[^/]*\.yaml)/,
  /^\/(var\/)?run\/(secrets|credentials)(\/|$)/,
  /^\/proc\/([^/]+\/(task\/[^/]+\/)?(environ|mem|auxv|root|cwd|fd)(\/|$)|kcore|kmsg|keys)/,
  /^\/dev\/(mem|kmem|port|sd|vd|xvd|nvme|hd|mapper|md|dm-|mmcblk|disk|input)/,
  /^\/etc\/(krb5\.keytab|wireguard|openvpn|ipsec\.secrets|ppp\/.*secrets|ceph\/.*keyring|machine-id\.secret|rndc\.key)/,
  /^\/var\/lib\/(sss|private|samba\/private|kubelet|docker\/containers|etcd)(\/|$)/,
  /^\/etc\/mysql\/debian\.cnf$/,
  /^\/sys\/firmware\/efi\/efivars/,
];

/** May a file at this path hold a key, a password or the memory of a process? */
export function mayBeSecret(path: string): boolean {
  return (
    SECRETS.some(pattern => pattern.test(path)) ||
    (!isKnown(path) && SAMPLES.secret.some(one => mayMean(path, one)))
  );
}

/** Would reading everything below this folder read a secret? */
export function holdsSecrets(folder: string): boolean {
  const below = folder === '/' ? '/' : `${folder}/`;
  if (!isKnown(folder)) return mayBeSecret(`${below}${ANY}`) || mayBeSecret(folder);
  return (
    mayBeSecret(`${below}x`) ||
    SAMPLES.secret.some(sample => sample.startsWith(below) && !sample.startsWith('/srv')) ||
    /^\/home\/[^/]+$/.test(folder)
  );
}

const HARMLESS_DEVICES = /^\/dev\/(null|zero|full|stdin|stdout|stderr|tty|fd\/\d+|u?random)$/;
const DISKS = /^\/dev\/(sd|vd|xvd|nvme|hd|mapper|md|dm-|mmcblk|disk|loop|nbd|sr|[\uE000\uE001\uE002])/;

export type DevicePlace = 'harmless' | 'disk' | 'network' | 'device' | 'kernel' | 'crash' | null;

/** What a path below /dev, /proc or /sys is; null: an ordinary file. */
export function devicePlace(path: string): DevicePlace {
  if (HARMLESS_DEVICES.test(path)) return 'harmless';
  if (/^\/dev\/(tcp|udp)\//.test(path)) return 'network';
  if (path === '/proc/sysrq-trigger' || mayMean(path, '/proc/sysrq-trigger')) return 'crash';
  if (DISKS.test(path)) return 'disk';
  if (path.startsWith('/dev/shm/') || path.startsWith('/dev/mqueue/')) return null;
  if (path.startsWith('/dev/')) return 'device';
  return /^\/(proc|sys)\//.test(path) ? 'kernel' : null;
}

/** A folder for things that may go. */
export function isTemporary(path: string): boolean {
  return /^\/(tmp|var\/tmp|dev\/shm)\/./.test(path);
}
