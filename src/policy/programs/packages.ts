import { type Call, DATA, type Handler, note, type Stream } from '../call.ts';
import { grammarOf } from '../option-grammar.ts';
import { readsPath } from '../paths/touch.ts';
import { WAY_IN_NAMES } from './protected-names.ts';
import { SERVICES } from './services.ts';
import { applyOptions, judgeByTable } from './table-reader.ts';

const REMOVING =
  /^(remove|purge|autoremove|autopurge|erase|del|rm|uninstall|-e|-r|-P|--purge|--remove|--erase)$/;
/** Without one of these there is no way in, or no way to become root. */
const PILLARS =
  /^(sudo|bash|dash|libc6|libc-bin|glibc|musl|coreutils|systemd|init|apt|dpkg|rpm|base-files|util-linux|login|passwd|libpam.*|linux-image.*|grub.*)(:[a-z0-9]+)?$/;

/** Settings of apt that make nothing run and let nothing unsigned in: how long it waits, how it talks, whose configuration stays. */
const HARMLESS_SETTING =
  /^(DPkg::Lock::Timeout=\d{1,5}|APT::Update::Error-Mode=any|Dpkg::Use-Pty=0|Dpkg::Options::=--force-conf(def|old)|Acquire::Retries=\d{1,3})$/;

function withoutHarmlessSettings({ name, args }: Call): Call['args'] {
  if (!/^apt(-get)?$/.test(name)) return args;
  const harmless = (index: number): boolean =>
    args[index]?.text === '-o' && HARMLESS_SETTING.test(args[index + 1]?.text ?? '');
  return args.filter((_, index) => !harmless(index) && !(index > 0 && harmless(index - 1)));
}

/** `apt`, `dnf`, `apk`: the rows of the table, and what must not be removed. */
const manager: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  const removes = texts.some(text => text !== null && REMOVING.test(text));
  const asks = texts.some(text =>
    /^(provides|whatprovides|repoquery|list|info|search|show)$/.test(text ?? ''),
  );
  for (const { text, source, shape } of call.args) {
    if (removes && text !== null && WAY_IN_NAMES.test(text))
      note(call, 'forbidden', `removes ${source}, and with it the way in`, 'lose-ssh', source);
    else if (removes && text !== null && PILLARS.test(text))
      note(call, 'forbidden', `removes ${source}, on which the system stands`, 'service-loss', source);
    else if (removes && text === null)
      note(call, 'unknown', 'removes packages that are known only when it runs', undefined, source);
    if (text !== null && /^[a-z0-9.+-]+-$/.test(text) && !text.startsWith('-'))
      note(call, 'destructive', `removes ${source}`, 'service-loss', source);
    if (!asks && /^(\.{0,2}\/|[a-z]+:\/\/)/.test(shape) && !shape.startsWith('--'))
      note(call, 'change', `takes a package from ${source}`, 'remote-code', source);
  }
  return judgeByTable({ ...call, args: withoutHarmlessSettings(call) }, SERVICES) || undefined;
};

const DPKG = grammarOf(
  '-lLsSpIcCViARBE -D= -G -O --list --listfiles --status --search --print-architecture --get-selections --audit --verify --info --contents --compare-versions --install --configure --unpack --recursive --refuse-downgrade --skip-same-version --print-avail --print-foreign-architectures --add-architecture -a --pending --no-act --dry-run -r!d -P!d --remove!d --purge!d --force-all!u --force-confdef --force-confold --force-confnew --root=!u --clear-selections!d --set-selections!u',
);

const dpkg: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, DPKG);
  const has = (...names: string[]): boolean => options.some(({ name }) => names.includes(name));
  if (has('-r', '-P', '--remove', '--purge')) return protectedPackages(call);
  if (has('-i', '--install', '--unpack', '--configure', '--add-architecture')) {
    note(call, 'change', 'installs packages', has('-i', '--install', '--unpack') ? 'remote-code' : undefined);
    for (const operand of operands) if (operand.shape.includes('/')) readsPath(call, operand);
  }
  return DATA;
};

const RPM = grammarOf(
  '-qailpfcdRsvV -e!d -U!c -i -F!c -h --query --all --info --list --file --whatprovides --whatrequires --queryformat= --qf= --last --changelog --scripts --verify --eval=!u --import=!d --nodeps!d --force!d --erase!d --install!c --upgrade!c --root=!u --checksig -K --requires --provides',
);

const rpm: Handler = call => {
  const { options } = applyOptions(call, call.args, RPM);
  const queries = options.some(({ name }) =>
    ['-q', '--query', '-V', '--verify', '-K', '--checksig', '--version', '--help'].includes(name),
  );
  if (!queries && !options.some(({ role }) => role === 'destructive'))
    note(call, 'change', 'installs packages', 'remote-code');
  return protectedPackages(call);
};

function protectedPackages(call: Call): Stream {
  const removes = call.args.some(({ shape }) => REMOVING.test(shape));
  for (const { text, source } of call.args) {
    if (!removes || text === null) continue;
    if (WAY_IN_NAMES.test(text) || PILLARS.test(text))
      note(call, 'forbidden', `removes ${source}, on which the way in stands`, 'lose-ssh', source);
  }
  return DATA;
}

/** Who is in one of these can become root, or read what only root may. */
const GROUP_OF_ROOT = /^(sudo|wheel|admin|root|docker|lxd|incus|incus-admin|libvirt|disk|kmem|shadow|0)$/;

/** `useradd`, `usermod` …: rights of root are no plain change. */
const account: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  for (const [place, text] of texts.entries()) {
    const before = texts[place - 1] ?? '';
    if (/^(-u|--uid|-g|--gid)$/.test(before) && text === '0')
      note(call, 'forbidden', 'makes another root', 'privilege-gain');
    const groups = /^(-[a-zA-Z]*G|-g|--groups|--gid|--ingroup)$/.test(before)
      ? (text ?? '\uE000')
      : /^(?:--groups=|--gid=|-[a-zA-Z]*[gG])(.+)$/.exec(text ?? '')?.[1];
    if (groups?.split(',').some(group => GROUP_OF_ROOT.test(group)))
      note(call, 'destructive', 'gives the rights of root', 'privilege-gain');
    if (text === null) note(call, 'unknown', 'an account that is known only when it runs');
  }
  if (
    /mod$|del/.test(call.name) &&
    texts.some(text => text !== null && /^(root|sudo|wheel)$/.test(text)) &&
    call.name !== 'usermod'
  )
    note(call, 'forbidden', 'changes the account of root', 'lose-ssh');
  if (call.name === 'usermod' && texts.at(-1) === 'root')
    note(call, 'destructive', 'changes the account of root', 'lose-ssh');
  if (
    /^add(user|group)$/.test(call.name) &&
    texts.filter(text => text !== null && !text.startsWith('-')).length > 1 &&
    GROUP_OF_ROOT.test(texts.at(-1) ?? '')
  )
    note(call, 'destructive', 'gives the rights of root', 'privilege-gain');
  return judgeByTable(call, SERVICES) || undefined;
};

const passwd: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  if (texts.includes('-S') || texts.includes('--status')) return DATA;
  if (
    texts.some(text => text === '-d' || text === '--delete') ||
    (texts.includes('root') && texts.some(text => /^-[lu]|--lock/.test(text ?? '')))
  )
    note(call, 'forbidden', 'opens or closes an account', 'privilege-gain');
  return judgeByTable(call, SERVICES) || undefined;
};

export const PACKAGES: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(
    ['apt', 'apt-get', 'dnf', 'yum', 'microdnf', 'zypper', 'apk', 'snap', 'pip', 'pip3', 'npm'].map(name => [
      name,
      manager,
    ]),
  ),
  dpkg,
  rpm,
  ...Object.fromEntries(
    [
      'useradd',
      'adduser',
      'usermod',
      'userdel',
      'deluser',
      'groupadd',
      'addgroup',
      'groupdel',
      'delgroup',
      'groupmod',
    ].map(name => [name, account]),
  ),
  passwd,
};
