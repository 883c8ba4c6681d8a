import { DATA, type Handler, note } from '../call.ts';

const IP =
  /^(-br|-brief|-c|-color(=\w+)?|-4|-6|-s|-stats|-d|-details|-o|-oneline|-j|-json|-p|-pretty|-h|-human|-iec|-r|-N|-t|-f|-family|inet6?|-ts|-all|-n)$/;
const IP_OBJECTS =
  /^(a|ad|add|addr|address|l|li|link|r|ro|route|n|ne|neigh|neighbour|neighbor|ru|rule|m|maddr|mroute|tunnel|netns|xfrm|tcp_metrics|monitor|token|ntable|vrf|s|stats)$/;

const ip: Handler = call => {
  const args = call.args.map(({ text }) =>
    text === '0.0.0.0/0' || text === '0/0' || text === '::/0' ? 'default' : (text ?? '\uE000'),
  );
  const start = args.findIndex(text => !IP.test(text));
  const [object, verb = 'show'] = start < 0 ? [undefined] : [args[start], args[start + 1]];
  if (object === undefined) return DATA;
  if (!IP_OBJECTS.test(object) || args.includes('\uE000'))
    note(call, 'unknown', `what ip ${object.replaceAll('\uE000', '?')} does is not known`);
  else if (object === 'netns' && verb.startsWith('e')) {
    const command = call.args.slice(start + 3);
    if (command.length > 0) return call.judgeArguments(command, call.stdin);
  } else if (
    /^(sh|sho|show|l|ls|lst|li|list|g|ge|get|identify|pids|monitor)$/.test(verb) &&
    object !== 'monitor'
  )
    return DATA;
  else if (object === 'monitor') return DATA;
  else if (object.startsWith('l') && verb === 'set' && args.includes('down'))
    note(call, 'forbidden', 'takes a network link down', 'lose-ssh');
  else if (
    object.startsWith('r') &&
    /^(d|f|c|r)/.test(verb) &&
    (args.includes('default') || verb.startsWith('f'))
  )
    note(call, 'forbidden', 'changes the default route', 'lose-ssh');
  else if (
    /^(add|a|new|append)$/.test(verb) &&
    !args.includes('default') &&
    !args.includes('blackhole') &&
    !args.includes('prohibit') &&
    !args.includes('unreachable') &&
    !object.startsWith('ru')
  )
    note(call, 'change', `ip ${object} ${verb}`);
  else if (verb === 'set' && args.includes('up') && args.length <= start + 5)
    note(call, 'change', `ip ${object} ${verb}`);
  else note(call, 'destructive', `ip ${object} ${verb}`, 'lose-ssh');
  call.ledger.effect('host', 'network');
  return DATA;
};

const TABLES_LOOK =
  /^(-[SLnvxZt]*[SL][nvx]*|--list|--list-rules|-n|-v|-x|-nv|-vn|--line-numbers|--numeric|--verbose|-t|--table|filter|nat|mangle|raw|-w|[A-Z][A-Za-z0-9_-]*)$/;

const iptables: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '\uE000');
  const looks =
    texts.some(text => /^(-[nvx]*[SL][nvx]*|--list|--list-rules)$/.test(text)) &&
    texts.every(text => TABLES_LOOK.test(text) && !text.includes('Z'));
  if (looks || call.name.endsWith('-save')) return DATA;
  const joined = texts.join(' ');
  const drops = /\b(DROP|REJECT)\b/.test(joined);
  const input = /\b(INPUT|OUTPUT|PREROUTING)\b/.test(joined);
  if (
    drops &&
    input &&
    (/-P\b|--policy/.test(joined) || !/--dports? /.test(joined) || /--dports? [^ ]*\b22\b/.test(joined))
  )
    note(call, 'forbidden', 'closes the way in', 'lose-ssh');
  else if (!drops && /^(-t \w+ )?(-A|-I|--append|--insert) /.test(joined) && /-j ACCEPT/.test(joined))
    note(call, 'change', 'opens the firewall');
  else note(call, 'destructive', 'changes the firewall', 'lose-ssh');
  call.ledger.effect('host', 'firewall');
  return DATA;
};

const nft: Handler = call => {
  const texts = call.args
    .map(({ text }) => text ?? '\uE000')
    .filter(text => !/^(-[ansjyT]+|--(handle|numeric|stateless|json))$/.test(text));
  if (texts[0] === 'list' && !texts.join('').includes(';')) return DATA;
  call.ledger.effect('host', 'firewall');
  note(
    call,
    texts[0] === '-f' || texts[0] === undefined ? 'unknown' : 'destructive',
    'changes the firewall',
    'lose-ssh',
  );
  return DATA;
};

const ufw: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '\uE000');
  const joined = texts.join(' ');
  if (/^(status( verbose| numbered)?|version|show [a-z]+|app (list|info .*)|--dry-run .*)$/.test(joined))
    return DATA;
  call.ledger.effect('host', 'firewall');
  if (/\uE000/.test(joined))
    note(call, 'unknown', 'changes the firewall in a way that is known only when it runs');
  else if (/\b(deny|reject)\b/.test(joined) && /\b(22|ssh|OpenSSH|any|incoming)\b/i.test(joined))
    note(call, 'forbidden', 'closes the way in', 'lose-ssh');
  else if (/^((insert \d+ )?(allow|limit) |reload$|logging |app update)/.test(joined))
    note(call, 'change', `ufw ${joined}`);
  else note(call, 'destructive', `ufw ${joined}`, 'lose-ssh');
  return DATA;
};

const firewallCmd: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '\uE000');
  if (
    texts.every(text =>
      /^--(list-[a-z-]+|state|get-[a-z-]+|info-[a-z]+=.*|zone=\w+|permanent|query-[a-z-]+=.*)$/.test(text),
    )
  )
    return DATA;
  const adds = texts.every(text => /^--(add-(service|port)=[\w/-]+|permanent|reload|zone=\w+)$/.test(text));
  note(call, adds ? 'change' : 'destructive', 'changes the firewall', adds ? undefined : 'lose-ssh');
  return DATA;
};

const ifconfig: Handler = call => {
  if (
    call.args.every(({ text }) => text !== null && /^(-a|-s|[a-z]+[0-9][\w.]*|lo)$/.test(text)) &&
    call.args.length < 3
  )
    return DATA;
  note(call, 'destructive', 'changes the network', 'lose-ssh');
  return DATA;
};

export const FIREWALL: Readonly<Record<string, Handler>> = {
  ip,
  iptables,
  ip6tables: iptables,
  'iptables-save': iptables,
  'ip6tables-save': iptables,
  nft,
  ufw,
  'firewall-cmd': firewallCmd,
  ifconfig,
};
