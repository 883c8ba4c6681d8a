/** Connection details out of what somebody pasted: an ssh command, `user@host:port`, or a panel's lines. Pure. */
export interface Pasted {
  readonly address: string;
  readonly user: string;
  readonly port: string;
  readonly identityFile: string;
}

const NOTHING: Pasted = { address: '', user: '', port: '', identityFile: '' };
const WITH_VALUE = /^-[BbcDEeFIiJLlmOopQRSWw]$/;

export function readPasted(text: string): Pasted | null {
  const command = /(?:^|\s)ssh\s+([^\n]+)/.exec(text);
  const found = command ? fromCommand(command[1] ?? '') : (fromTarget(text.trim()) ?? fromPanel(text));
  return found && found.address !== '' ? found : null;
}

function fromCommand(rest: string): Pasted | null {
  const words = rest.trim().split(/\s+/);
  let found = NOTHING;
  let target: Pasted | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const joined = /^-([pli])(.+)$/.exec(word);
    const flag = joined ? `-${joined[1]}` : word;
    const isFlag = WITH_VALUE.test(flag);
    const value = joined?.[2] ?? words[at + 1] ?? '';
    if (flag === '-p') found = { ...found, port: value };
    else if (flag === '-l') found = { ...found, user: value };
    else if (flag === '-i') found = { ...found, identityFile: value };
    if (isFlag && !joined) at += 1;
    else if (!word.startsWith('-')) {
      // flags may follow the target; the next word that is none is the command
      if (target) break;
      target = fromTarget(word);
      if (!target) return null;
    }
  }
  return target && merge(target, found);
}

/** `[user@]address[:port]`, with or without `ssh://`. */
function fromTarget(text: string): Pasted | null {
  const match =
    /^(?:ssh:\/\/)?(?:([\w.-]+)@)?(\[[0-9a-f:]+\]|[\w.-]+|[0-9a-f:]{3,})(?::(\d{1,5}))?\/?$/i.exec(text);
  if (!match || text === 'ssh') return null;
  const [, user = '', address = '', port = ''] = match;
  return { ...NOTHING, user, address: address.replace(/^\[(.*)\]$/, '$1'), port };
}

/** Lines such as `IP: 1.2.3.4`, `Port 2222`, `Username = root`. */
function fromPanel(text: string): Pasted | null {
  const value = (names: string): string =>
    new RegExp(String.raw`^\s*(?:ssh\s+)?(?:${names})\s*[:=\s]\s*(\S+)`, 'im').exec(text)?.[1] ?? '';
  const address = value('host(?:name)?|ip(?:v4)?(?:\\s+address)?|address|public ip');
  return address === ''
    ? null
    : { ...NOTHING, address, port: value('port'), user: value('user(?:name)?|login') };
}

function merge(target: Pasted, flags: Pasted): Pasted {
  return {
    address: target.address,
    user: target.user || flags.user,
    port: target.port || flags.port,
    identityFile: flags.identityFile,
  };
}

/** A name for a host that has none: the first part of a host name; addresses stay whole. */
export function nameFor(address: string): string {
  return /^[\d.:]+$/.test(address)
    ? `host-${address.replaceAll(/[.:]+/g, '-')}`
    : (address.split('.')[0] ?? '');
}
