import { type Argument, type Call, type Handler, note } from '../call.ts';
import { WAY_IN_NAMES } from './protected-names.ts';
import { SERVICES } from './services.ts';
import { judgeByTable } from './table-reader.ts';

/** Units by what losing or starting them does to the host. */

const LOSING = new Set(['stop', 'disable', 'mask', 'kill', 'freeze', 'clean', 'revert', 'set-property']);
const BEGINNING = new Set(['start', 'restart', 'try-restart', 'reload-or-restart', 'try-reload-or-restart']);

/** What a pattern must not mean; names that every host with systemd has. */
const WAYS_IN = [
  'ssh',
  'sshd',
  'networking',
  'network',
  'NetworkManager',
  'systemd-networkd',
  'systemd-logind',
]
  .flatMap(name => [name, `${name}.service`])
  .concat('ssh.socket', 'sshd.socket', 'dbus.socket');
/** Everything, or all sessions, hang on these. */
const GROUND =
  /^(-|user|system|machine|user-\d+)\.slice$|^init\.scope$|^-\.mount$|^(multi-user|basic|sysinit|graphical|default|network|network-online|local-fs|paths|sockets|slices)\.target$|^(user@\d+(\.service)?|session-[^.]*\.scope)$/;
const ENDING =
  /^(reboot|soft-reboot|poweroff|halt|kexec|rescue|emergency|shutdown|exit|final|suspend|hibernate|hybrid-sleep|sleep|ctrl-alt-del|umount|runlevel[016])\.target$|^systemd-(reboot|poweroff|halt|kexec|soft-reboot|suspend|hibernate|hybrid-sleep)(\.service)?$/;
/** Without these nobody sees what was done, or everybody may come in. */
const GUARDS =
  /^(auditd|rsyslog|syslog|syslog-ng|systemd-journald|fail2ban|crowdsec|apparmor|falco|wazuh-agent|ossec.*|osqueryd|firewalld|ufw|nftables|iptables|ip6tables|netfilter-persistent)(\.service)?$/;
const NETWORK = /^(networking|network|NetworkManager|systemd-networkd|netplan.*)(\.service)?$/;

export const systemctl: Handler = call => {
  const verb = call.args.map(({ text }) => text).find(text => text !== null && !text.startsWith('-')) ?? '';
  for (const unit of call.args) {
    if (unit.text === verb) continue;
    if (LOSING.has(verb)) judgeLoss(call, verb, unit);
    if (BEGINNING.has(verb) || verb === 'enable' || verb === 'isolate') judgeStart(call, verb, unit);
    if (/^(enable|link|reenable)$/.test(verb) && unit.shape.includes('/'))
      note(call, 'unknown', 'makes a unit of a file that is not read', undefined, unit.source);
    if (/^(-p|--property=?)?.*Environment/.test(unit.shape) && verb === 'show')
      note(call, 'destructive', 'shows the environment of a unit', 'secret-disclosure', unit.source);
  }
  return judgeByTable(call, SERVICES) || undefined;
};

function judgeLoss(call: Call, verb: string, { text, shape, source }: Argument): void {
  const name = text ?? '';
  const words = `systemctl ${verb} ${source}`;
  const isPattern = /[*?[]/.test(name);
  if (WAY_IN_NAMES.test(name) || /^ssh.*[\uE001\uE002]|^\uE001/.test(shape))
    note(call, 'forbidden', `${words} closes the way in`, 'lose-ssh', source);
  else if (isPattern && WAYS_IN.some(way => meansUnit(name, way)))
    note(call, 'forbidden', `${words} closes the way in`, 'lose-ssh', source);
  else if (isPattern) note(call, 'destructive', `${words}: all that fit`, 'service-loss', source);
  else if (GROUND.test(name))
    note(call, 'forbidden', `${words} ends what everything stands on`, 'lose-ssh', source);
  else if (name.endsWith('.mount')) note(call, 'destructive', words, 'service-loss', source);
  else if (GUARDS.test(name)) note(call, 'destructive', `${words}: a guard goes`, 'cover-tracks', source);
  else if (text === null)
    note(call, 'unknown', `systemctl ${verb} of units that are known only when it runs`, undefined, source);
}

function judgeStart(call: Call, verb: string, { text, source }: Argument): void {
  const name = text ?? '';
  const words = `systemctl ${verb} ${source}`;
  if (ENDING.test(name)) note(call, 'destructive', words, 'reboot', source);
  else if (/^debug-shell(\.service)?$/.test(name))
    note(call, 'destructive', `${words}: a shell without a password`, 'privilege-gain', source);
  else if (/restart/.test(verb) && NETWORK.test(name))
    note(call, 'destructive', `${words}: the link goes for a while`, 'lose-ssh', source);
}

/** Does a pattern of systemd mean this unit? Brackets count as any one character. */
function meansUnit(pattern: string, unit: string): boolean {
  const marks = pattern.replaceAll(/\[[^\]]*\]/g, '?').replaceAll(/\*+/g, '*');
  // places in the pattern that are reached by what was read of the name
  let reached = afterStars(marks, new Set([0]));
  for (const letter of unit) {
    const next = new Set<number>();
    for (const at of reached) {
      const mark = marks.charAt(at);
      if (mark === '*') next.add(at);
      else if (mark === '?' || mark === letter) next.add(at + 1);
    }
    reached = afterStars(marks, next);
  }
  return reached.has(marks.length);
}

function afterStars(marks: string, places: ReadonlySet<number>): Set<number> {
  const all = new Set(places);
  for (const at of places) if (marks.charAt(at) === '*') all.add(at + 1);
  return all;
}

/** `update-rc.d NAME remove`, `chkconfig NAME off`, `rc-update del NAME`. */
export const bootLinks: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '');
  const loses = texts.some(text => /^(remove|disable|off|del|delete|--del|-r|stop)$/.test(text));
  for (const { text, source } of call.args)
    if (loses && WAY_IN_NAMES.test(text ?? ''))
      note(call, 'forbidden', `${call.name} ${source}: no way in after the next boot`, 'lose-ssh', source);
  return judgeByTable(call, SERVICES) || undefined;
};
