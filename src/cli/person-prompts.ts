import { readFileSync } from 'node:fs';
import type { PersonPrompts } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type Asker, promptNeeded } from './asker.ts';
import type { CommonFlags } from './flags.ts';
import { oneLine } from './layout.ts';

type SecretFlags = Pick<
  CommonFlags,
  'askPassword' | 'askSudoPassword' | 'sudoPasswordFile' | 'sudoPasswordFd' | 'acceptHostKey'
>;

/** The prompts of one command, and every secret that was given, for blotting. */
export interface GivenPrompts {
  readonly prompts: PersonPrompts;
  readonly secrets: () => readonly string[];
}

/**
 * What only a person can give, from flags or asked for. Passwords demanded by flag are taken at once,
 * before any connection. Throws `input.prompt-needed` or `local.file-missing`.
 */
export async function collectPrompts(
  flags: SecretFlags,
  asker: Asker | null,
  say: (text: string) => void,
): Promise<GivenPrompts> {
  const secrets: string[] = [];
  const keep = (secret: string): string => {
    if (secret !== '') secrets.push(secret);
    return secret;
  };
  const askFor = async (question: string): Promise<string | null> =>
    asker ? keep(await asker.secret(question)) : null;

  const login = flags.askPassword
    ? keep(await demanded(asker, 'Login password (for all hosts)', '--ask-password on a terminal'))
    : null;
  const sudo = await sudoPasswordOf(flags, asker);
  if (sudo !== null) keep(sudo);
  let sudoLater: Promise<string | null> | undefined;

  return {
    secrets: () => secrets,
    prompts: {
      password: (host, user) =>
        login === null ? askFor(`Password of ${oneLine(user)} on ${oneLine(host)}`) : Promise.resolve(login),
      passphrase: keyFile => askFor(`Passphrase of ${oneLine(keyFile)}`),
      sudoPassword: host =>
        sudo === null
          ? (sudoLater ??= askFor(`sudo password on ${oneLine(host)} (used for all hosts of this run)`))
          : Promise.resolve(sudo),
      acceptHostKey: (host, key) => acceptKey(flags.acceptHostKey, asker, say, oneLine(host), key),
      ...(asker ? { clarify: clarifyBy(asker) } : {}),
    },
  };
}

/** The prompts of a follower that has no flags: whatever is asked is put to the person. */
export function promptsOfAsker(asker: Asker | null, say: (text: string) => void): PersonPrompts {
  if (!asker) return {};
  return {
    password: async (host, user) => await asker.secret(`Password of ${oneLine(user)} on ${oneLine(host)}`),
    passphrase: async keyFile => await asker.secret(`Passphrase of ${oneLine(keyFile)}`),
    sudoPassword: async host => await asker.secret(`sudo password on ${oneLine(host)}`),
    acceptHostKey: async (host, key) => await acceptKey(false, asker, say, oneLine(host), key),
    clarify: clarifyBy(asker),
  };
}

/** A question of the planner; Return takes what it would assume. */
function clarifyBy(asker: Asker): NonNullable<PersonPrompts['clarify']> {
  return async (question, otherwise) => await asker.line(oneLine(question), oneLine(otherwise));
}

async function acceptKey(
  accept: boolean,
  asker: Asker | null,
  say: (text: string) => void,
  host: string,
  key: { readonly type: string; readonly fingerprint: string },
): Promise<boolean> {
  const shown = `${oneLine(key.type)} ${oneLine(key.fingerprint)}`;
  if (accept) {
    say(`${host}: accepting the unknown host key ${shown}`);
    return true;
  }
  if (!asker) return false;
  const question = `${host} is not known yet. Its key is ${shown}. Does this match the server's own fingerprint?`;
  const answer = await asker.choose(
    question,
    [
      { value: 'no', label: 'No, do not connect' },
      { value: 'yes', label: 'Yes, it matches: connect, and remember the key' },
    ],
    'no',
  );
  return answer === 'yes';
}

async function sudoPasswordOf(flags: SecretFlags, asker: Asker | null): Promise<string | null> {
  if (flags.sudoPasswordFile !== undefined)
    return firstLineOf(flags.sudoPasswordFile, flags.sudoPasswordFile, '--sudo-password-file');
  if (flags.sudoPasswordFd !== undefined) {
    if (!/^\d{1,6}$/.test(flags.sudoPasswordFd))
      throw new DeckhandError(
        'input.invalid',
        '--sudo-password-fd: give the number of an open file descriptor.',
      );
    return firstLineOf(
      Number(flags.sudoPasswordFd),
      `file descriptor ${flags.sudoPasswordFd}`,
      '--sudo-password-fd',
    );
  }
  if (!flags.askSudoPassword) return null;
  return await demanded(
    asker,
    'sudo password (for all hosts)',
    '--sudo-password-file FILE or --sudo-password-fd N',
  );
}

async function demanded(asker: Asker | null, question: string, flag: string): Promise<string> {
  if (!asker) throw promptNeeded(question, flag);
  return await asker.secret(question);
}

function firstLineOf(source: string | number, name: string, field: string): string {
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (error) {
    throw new DeckhandError(
      'local.file-missing',
      `${field}: ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`,
      { cause: error },
    );
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new DeckhandError('input.invalid', `${field}: the first line of ${name} is empty.`);
  return line;
}
