import { readFile } from 'node:fs/promises';
import ssh2, { type AnyAuthMethod, type AuthenticationType, type ParsedKey } from 'ssh2';
import { DeckhandError } from '../core/deckhand-error.ts';
import { IdentityAgent, publicKeysOf } from './identity-agent.ts';
import type { CredentialPrompts } from './connection.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** OpenSSH's NumberOfPasswordPrompts. */
const MOST_PROMPTS = 3;

interface Candidate {
  readonly method: AuthenticationType;
  /** Null: there is nothing to offer after all. */
  readonly prepare: () => Promise<AnyAuthMethod | null>;
}

/** Waits for a person without the connect timeout running. */
export type Hold = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * What is offered to one server, in OpenSSH's order: agent, key files, keyboard-interactive, password.
 * A key file is opened, and a person asked, only when its turn comes and the server still takes the method.
 */
export class CredentialSequence {
  readonly #host: ResolvedHost;
  readonly #prompts: CredentialPrompts;
  readonly #hold: Hold;
  readonly #pending: Candidate[];
  readonly #tried: string[] = [];
  readonly #unreadable: DeckhandError[] = [];
  #allowed: readonly string[] | null = null;

  constructor(host: ResolvedHost, prompts: CredentialPrompts, hold: Hold) {
    this.#host = host;
    this.#prompts = prompts;
    this.#hold = hold;
    this.#pending = [
      ...this.#agentCandidates(),
      ...host.identityFiles.map(file => this.#keyCandidate(file)),
      ...this.#keyboardCandidates(),
      ...this.#passwordCandidates(),
    ];
    const first = this.#pending[0]?.method;
    // Without a key to offer, the server is asked first what it takes, before a person is.
    if (first !== 'agent' && first !== 'publickey') {
      this.#pending.unshift({ method: 'none', prepare: () => Promise.resolve(this.#plain('none')) });
    }
  }

  /** The next thing to offer given what the server still takes, or null. */
  async next(allowed: readonly string[] | null): Promise<AnyAuthMethod | null> {
    if (allowed !== null) this.#allowed = allowed;
    for (;;) {
      const index = this.#pending.findIndex(candidate => takes(allowed, candidate.method));
      const candidate = this.#pending[index];
      if (candidate === undefined) return null;
      this.#pending.splice(index, 1);
      const prepared = await candidate.prepare();
      if (prepared !== null) return prepared;
    }
  }

  /** Why nobody is logged in: nothing to offer, an unreadable key, or everything refused. */
  failure(): DeckhandError {
    const where = `${this.#host.user}@${this.#host.name}`;
    const details = {
      host: this.#host.name,
      user: this.#host.user,
      tried: this.#tried,
      serverAccepts: this.#allowed ?? [],
    };
    const unreadable = this.#unreadable[0];
    if (this.#tried.length === 0 && unreadable !== undefined) return unreadable;
    if (this.#tried.length === 0) {
      return new DeckhandError('ssh.no-credentials', `There is no key, agent or password for ${where}.`, {
        details,
      });
    }
    const also = unreadable === undefined ? '' : ` Not tried: ${unreadable.message}`;
    return new DeckhandError(
      'ssh.authentication-failed',
      `${where} was refused; tried: ${this.#tried.join(', ')}.${also}`,
      { details, ...(unreadable === undefined ? {} : { cause: unreadable }) },
    );
  }

  #plain(type: 'none'): AnyAuthMethod {
    return { type, username: this.#host.user };
  }

  #agentCandidates(): Candidate[] {
    const { agent, identitiesOnly, identityFiles, user } = this.#host;
    if (agent === null) return [];
    const prepare = async (): Promise<AnyAuthMethod | null> => {
      const only = identitiesOnly ? await publicKeysOf(identityFiles) : null;
      const identityAgent = new IdentityAgent(agent, only, await publicKeysOf(identityFiles));
      const count = await identityAgent.count();
      if (count === 0) return null;
      this.#tried.push(`agent (${count} ${count === 1 ? 'key' : 'keys'})`);
      return { type: 'agent', username: user, agent: identityAgent };
    };
    return [{ method: 'agent', prepare }];
  }

  #keyCandidate(file: string): Candidate {
    const prepare = async (): Promise<AnyAuthMethod | null> => {
      const key = await this.#loadKey(file);
      if (key === null) return null;
      this.#tried.push(`key ${file}`);
      // The library takes a parsed key as well; its types do not say so.
      return { type: 'publickey', username: this.#host.user, key: key as unknown as Buffer };
    };
    return { method: 'publickey', prepare };
  }

  async #loadKey(file: string): Promise<ParsedKey | null> {
    let data: Buffer;
    try {
      data = await readFile(file);
    } catch (error) {
      return this.#giveUp(file, 'cannot be read', error);
    }
    const parsed = parsePrivateKey(data);
    // A public key only says which key of the agent is meant.
    if (!(parsed instanceof Error)) return parsed.isPrivateKey() ? parsed : null;
    if (!/encrypted/i.test(parsed.message))
      return this.#giveUp(file, 'has a format that is not supported', parsed);
    return this.#decrypt(file, data);
  }

  async #decrypt(file: string, data: Buffer): Promise<ParsedKey | null> {
    const ask = this.#prompts.passphrase;
    const nobody = 'is encrypted, and nobody gave its passphrase';
    if (ask === undefined) return this.#giveUp(file, nobody);
    for (let attempt = 0; attempt < MOST_PROMPTS; attempt += 1) {
      const passphrase = await this.#hold(() => ask(file));
      if (passphrase === null) return this.#giveUp(file, nobody);
      const parsed = parsePrivateKey(data, passphrase);
      if (!(parsed instanceof Error)) return parsed;
    }
    return this.#giveUp(file, 'is encrypted, and the passphrase is wrong');
  }

  #giveUp(file: string, why: string, cause?: unknown): null {
    this.#unreadable.push(
      new DeckhandError('ssh.key-unreadable', `The private key ${file} ${why}.`, {
        details: { host: this.#host.name, path: file },
        ...(cause === undefined ? {} : { cause }),
      }),
    );
    return null;
  }

  #keyboardCandidates(): Candidate[] {
    const { user, name } = this.#host;
    const { keyboardInteractive, password } = this.#prompts;
    if (keyboardInteractive === undefined && password === undefined) return [];
    let gaveUp = false;
    const answer = async (prompts: readonly string[]): Promise<readonly string[]> => {
      const answers = await this.#hold(async () => {
        if (keyboardInteractive !== undefined) return keyboardInteractive(name, prompts);
        const word = prompts.length === 1 ? await password?.(name, user) : null;
        return word === null || word === undefined ? null : [word];
      });
      if (answers === null) gaveUp = true;
      return answers ?? prompts.map(() => '');
    };
    const prepare = (): Promise<AnyAuthMethod | null> => {
      if (gaveUp) return Promise.resolve(null);
      this.#tried.push('keyboard-interactive');
      return Promise.resolve({
        type: 'keyboard-interactive',
        username: user,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          answer(prompts.map(prompt => prompt.prompt)).then(
            answers => finish([...answers]),
            () => finish([]),
          );
        },
      });
    };
    // A person may mistype; a stored answer would only be refused again.
    const attempts = keyboardInteractive === undefined ? 1 : MOST_PROMPTS;
    return Array.from({ length: attempts }, () => ({ method: 'keyboard-interactive', prepare }));
  }

  #passwordCandidates(): Candidate[] {
    const ask = this.#prompts.password;
    if (ask === undefined) return [];
    const refused = new Set<string>();
    const prepare = async (): Promise<AnyAuthMethod | null> => {
      const password = await this.#hold(() => ask(this.#host.name, this.#host.user));
      if (password === null || refused.has(password)) return null;
      refused.add(password);
      this.#tried.push('password');
      return { type: 'password', username: this.#host.user, password };
    };
    return Array.from({ length: MOST_PROMPTS }, () => ({ method: 'password', prepare }));
  }
}

function takes(allowed: readonly string[] | null, method: AuthenticationType): boolean {
  return allowed === null || method === 'none' || allowed.includes(method === 'agent' ? 'publickey' : method);
}

function parsePrivateKey(data: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(data, passphrase) as ParsedKey | ParsedKey[] | Error;
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key in the file')) : parsed;
}
