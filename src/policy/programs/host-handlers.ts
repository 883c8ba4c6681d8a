import { type Argument, type Call, DATA, type Handler, NOTHING, note } from '../call.ts';
import { grammarOf } from '../option-grammar.ts';
import { isPillar } from '../paths/places.ts';
import { placesOf, readsPath } from '../paths/touch.ts';
import { WAY_IN_NAMES } from './protected-names.ts';
import { READERS } from './readers.ts';
import { SERVICES } from './services.ts';
import { applyOptions, judgeByTable, mixed } from './table-reader.ts';
import { bootLinks, systemctl } from './units.ts';

/** `service NAME VERB`, `/etc/init.d/NAME VERB`, `rc-service NAME VERB`. */
function initScript(call: Call, name: Argument | undefined, verb: Argument | undefined) {
  if (/^--(status-all|list)$/.test(name?.text ?? '')) return DATA;
  call.ledger.effect('service', name?.text ?? '?');
  const word = verb?.text ?? '';
  if (/^(status|describe|configtest)$/.test(word)) return DATA;
  if (word === 'stop' && (name?.text === null || WAY_IN_NAMES.test(name?.text ?? '')))
    note(call, 'forbidden', 'closes the way in', 'lose-ssh');
  else if (/^(start|restart|reload|force-reload|stop|try-restart)$/.test(word))
    note(
      call,
      WAY_IN_NAMES.test(name?.text ?? '') && /network/i.test(name?.text ?? '') ? 'destructive' : 'change',
      `service ${name?.source ?? ''} ${word}`,
    );
  else
    note(call, 'unknown', `what ${name?.source ?? ''} does with ${verb?.source ?? 'nothing'} is not known`);
  return DATA;
}

const kill: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  if (/^-[lL0]$/.test(texts[0] ?? '') || (texts[0] === '-s' && texts[1] === '0')) return DATA;
  const [first] = texts;
  const signal = first?.startsWith('-') ? first : null;
  const targets = texts
    .slice(signal === null ? 0 : /^-(s|n)$/.test(signal) ? 2 : 1)
    .filter(text => text !== '--');
  call.ledger.effect('host', 'processes');
  if (targets.some(text => text === '-1' || text === '1'))
    note(call, 'forbidden', 'signals every process', 'reboot');
  else if (targets.includes(null))
    note(call, 'unknown', 'signals processes that are known only when it runs');
  else if (/^-(0|HUP|USR1|USR2|WINCH|CONT|1|10|12|SIGHUP|SIGUSR1)$/.test(signal ?? ''))
    note(call, 'change', 'sends a signal');
  else note(call, 'destructive', 'ends processes', 'service-loss');
  return DATA;
};

const PROCESSES_OF_THE_WAY_IN =
  /^(sshd?.*|systemd.*|init|dbus.*|NetworkManager|systemd-networkd|dropbear|\.\*?|)$/;

const pkill: Handler = call => {
  const patterns = call.args.filter(({ shape }) => !shape.startsWith('-'));
  const byUser = call.args.some(({ shape }) => /^-[uUgG]/.test(shape) || shape.startsWith('--user'));
  call.ledger.effect('host', 'processes');
  if (patterns.some(({ text }) => text === null))
    note(call, 'unknown', 'ends processes that are known only when it runs');
  else if (patterns.some(({ text }) => PROCESSES_OF_THE_WAY_IN.test(text ?? '')) && !byUser)
    note(call, 'forbidden', 'ends the processes of the way in', 'lose-ssh');
  else note(call, 'destructive', 'ends processes', byUser ? 'lose-ssh' : 'service-loss');
  return DATA;
};

const mount: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  if (
    texts.every(text => text !== null && /^(-l|-t|--show-labels|[a-z0-9]+)$/.test(text)) &&
    (texts.length === 0 || texts.includes('-l') || (texts[0] === '-t' && texts.length < 3))
  )
    return DATA;
  if (call.name === 'mount' && texts.length === 1 && texts[0] === '-a')
    note(call, 'change', 'mounts what fstab says');
  else {
    const target = call.args.at(-1);
    const onPillar =
      target !== undefined && placesOf(call, target).some(place => place === null || isPillar(place));
    note(
      call,
      'destructive',
      `${call.name} ${texts.map(text => text ?? '?').join(' ')}`,
      onPillar ? 'service-loss' : undefined,
    );
  }
  call.ledger.effect('host', 'mounts');
  return DATA;
};

const sysctl: Handler = call => {
  const { options, operands } = applyOptions(
    call,
    call.args,
    grammarOf('-aAbNneqwp?= --all --names --values --write --system --load?= --pattern= --quiet --ignore'),
  );
  const file = options.find(({ name }) => name === '-p' || name === '--load')?.value;
  if (file) readsPath(call, file);
  if (file && !/^\/etc\/sysctl\.(conf|d\/)/.test(file.shape))
    note(call, 'unknown', 'sets parameters of a file that is not read', undefined, file.source);
  const loads = options.some(({ name }) => ['-p', '--load', '--system'].includes(name));
  if (loads && operands.some(({ shape }) => !/^\/etc\/sysctl\.(conf|d\/)/.test(shape)))
    note(call, 'unknown', 'sets parameters of a file that is not read');
  const sets = operands.some(({ shape }) => shape.includes('='));
  if (loads || sets) note(call, 'change', 'sets parameters of the kernel');
  if (
    operands.some(
      ({ shape }) =>
        /core_pattern|modprobe|sysrq|panic|randomize_va|usermodehelper|modules_disabled|kptr|ptrace_scope|dmesg_restrict|suid_dumpable|unprivileged|poweroff_cmd|hotplug/.test(
          shape,
        ) && shape.includes('='),
    )
  )
    note(call, 'destructive', 'lowers a guard of the kernel', 'privilege-gain');
  if (operands.some(({ text }) => text === null))
    note(call, 'unknown', 'sets a parameter that is known only when it runs');
  return DATA;
};

const crontab: Handler = call => {
  const texts = call.args
    .map(({ text }) => text ?? '\uE000')
    .filter((text, place, all) => text !== '-u' && all[place - 1] !== '-u');
  if (texts.length === 1 && texts[0] === '-l') return DATA;
  if (texts.includes('-r')) note(call, 'destructive', 'removes a table of jobs', 'data-loss');
  else note(call, 'unknown', 'replaces a table of jobs by what is not read');
  call.ledger.effect('host', 'crontab');
  return DATA;
};

const date: Handler = call => {
  const { operands } = applyOptions(
    call,
    call.args,
    grammarOf(
      '-uRI?= -d= -f=< -r= --date= --utc --universal --iso-8601?= --rfc-3339= --rfc-email --reference= --file=< -s=!d --set=!d',
    ),
  );
  for (const { shape, source } of operands)
    if (!shape.startsWith('+')) note(call, 'destructive', 'sets the clock', 'service-loss', source);
  return DATA;
};

const hostname: Handler = call => {
  const { operands } = applyOptions(
    call,
    call.args,
    grammarOf('-aAdfiIsy --fqdn --short --all-ip-addresses --long --domain --ip-address'),
  );
  if (operands.length > 0) note(call, 'destructive', 'sets the name of the host');
  return DATA;
};

/** Letters of BSD options; `e` shows the environment of processes. */
const ps: Handler = call => {
  for (const { text, source } of call.args) {
    if (text !== null && /^[a-zA-Z]+$/.test(text) && text.includes('e'))
      note(call, 'destructive', 'shows the environment of processes', 'secret-disclosure', source);
    else if (text !== null && /environ/.test(text))
      note(call, 'destructive', 'shows the environment of processes', 'secret-disclosure', source);
  }
  return judgeByTable(call, READERS) || undefined;
};

const getent: Handler = call => {
  if (call.args.some(({ text, shape }) => text === null || /shadow/.test(shape)))
    note(call, 'destructive', 'may show password hashes', 'secret-disclosure');
  return judgeByTable(call, READERS) || undefined;
};

const printenv: Handler = call => {
  const plain =
    call.args.length > 0 &&
    call.args.every(
      ({ text }) => text !== null && /^(PATH|HOME|USER|LANG|LC_\w+|SHELL|TERM|PWD|TZ|HOSTNAME)$/.test(text),
    );
  if (!plain)
    note(call, 'destructive', 'shows the environment, which may hold passwords', 'secret-disclosure');
  return mixed(call, !plain);
};

/** Disk tools that only list. */
const disk: Handler = call => {
  const lists = call.args.every(
    ({ text }) =>
      text !== null &&
      (/^(-l|--list|-s|-m|print|unit|free|--script|-lu|--json|--detail|--scan|--examine|-D|-Q|-n|--dump|-p|-h|GiB|MiB|s|status|luksDump|isLuks|-a|list|-i|--noheadings)$/.test(
        text,
      ) ||
        /^\/dev\/[\w/-]+$/.test(text)),
  );
  const looks = /^(-l|--list|print|-p|--detail|--scan|--dump|status|luksDump|isLuks|list)$/;
  const looking = lists && call.args.some(({ text }) => text !== null && looks.test(text));
  if (looking && call.name !== 'wipefs') return DATA;
  if (
    call.name === 'blkdiscard' ||
    (call.name === 'wipefs' && call.args.some(({ shape }) => /^-[a-z]*a|^--all|^-[a-z]*o/.test(shape)))
  )
    note(call, 'forbidden', `${call.name} destroys what is on a disk`, 'data-loss');
  else if (call.args.length === 0 && ['lsblk', 'losetup', 'mdadm'].includes(call.name)) return DATA;
  else note(call, 'unknown', `${call.name} may destroy what is on a disk`, 'data-loss');
  call.ledger.effect('host', 'disks');
  return DATA;
};

/** `nginx`, `sshd`: without one of these it starts a server, or signals one. */
const server: Handler = call => {
  const looks = call.args.some(({ text }) => text !== null && /^-(t|T|v|V|tq|qt|G|\?|h)$/.test(text));
  const signals = call.args.some(({ shape }) => shape.startsWith('-s'));
  if (!looks && !signals) note(call, 'destructive', `starts ${call.name}`);
  return judgeByTable(call, READERS) || undefined;
};

/** `resolvectl dns eth0 ADDRESS`: a third word sets. */
const resolvectl: Handler = call => {
  const [verb, , ...more] = call.args.filter(({ shape }) => !shape.startsWith('-'));
  if (more.length > 0 && verb?.text !== 'query')
    note(call, 'destructive', `resolvectl ${verb?.source ?? ''} sets how names are found`, 'service-loss');
  return judgeByTable(call, SERVICES) || undefined;
};

/** A program that others find by its name, from where anybody may have put it. */
const alternatives: Handler = call => {
  for (const { shape, source } of call.args)
    if (/^[^-].*\//.test(shape) && !/^\/(usr|bin|sbin|lib|opt|etc\/alternatives)\//.test(shape))
      note(call, 'destructive', `makes ${source} a program of the system`, 'privilege-gain', source);
  return judgeByTable(call, SERVICES) || undefined;
};

/** A table of another place may name any script. */
const logrotate: Handler = call => {
  for (const { shape, source } of call.args)
    if (!shape.startsWith('-') && !/^\/etc\/logrotate\.(conf$|d\/)/.test(shape))
      note(call, 'unknown', 'runs scripts of a file that is not read', undefined, source);
  return judgeByTable(call, SERVICES) || undefined;
};

export const HOST_HANDLERS: Readonly<Record<string, Handler>> = {
  systemctl,
  'update-rc.d': bootLinks,
  chkconfig: bootLinks,
  insserv: bootLinks,
  'rc-update': bootLinks,
  nginx: server,
  sshd: server,
  logrotate,
  resolvectl,
  'update-alternatives': alternatives,
  service: call => initScript(call, call.args[0], call.args[1]),
  'rc-service': call => initScript(call, call.args[0], call.args[1]),
  kill,
  pkill,
  killall: pkill,
  skill: pkill,
  mount,
  umount: mount,
  sysctl,
  crontab,
  date,
  hostname,
  ps,
  getent,
  printenv,
  ...Object.fromEntries(
    [
      'fdisk',
      'sfdisk',
      'gdisk',
      'sgdisk',
      'parted',
      'wipefs',
      'blkdiscard',
      'mdadm',
      'cryptsetup',
      'losetup',
      'dmsetup',
      'hdparm',
    ].map(name => [name, disk]),
  ),
};

/** `/etc/init.d/NAME VERB`. */
export function judgeInitScript(call: Call, name: string) {
  const unit: Argument = { text: name, shape: name, source: name, loose: false, stream: NOTHING, word: null };
  return initScript(call, unit, call.args[0]);
}
