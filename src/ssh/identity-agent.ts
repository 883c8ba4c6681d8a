import { readFile } from 'node:fs/promises';
import ssh2, {
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';

/**
 * The person's agent, giving only the keys that may be offered (IdentitiesOnly), those named by
 * IdentityFile first. An agent that cannot be reached has no keys.
 */
export class IdentityAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: ssh2.OpenSSHAgent;
  readonly #only: readonly Buffer[] | null;
  readonly #first: readonly Buffer[];

  constructor(socketPath: string, only: readonly Buffer[] | null, first: readonly Buffer[]) {
    super();
    this.#agent = new ssh2.OpenSSHAgent(socketPath);
    this.#only = only;
    this.#first = first;
  }

  /** How many keys would be offered. */
  count(): Promise<number> {
    return new Promise(resolve => {
      this.getIdentities((error, keys) => resolve(error || !keys ? 0 : keys.length));
    });
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error || !keys) {
        done(error ?? new Error('the agent gave no keys'));
        return;
      }
      const parsed = keys as ParsedKey[];
      const isIn = (list: readonly Buffer[], key: ParsedKey): boolean =>
        list.some(blob => blob.equals(key.getPublicSSH()));
      const allowed = parsed.filter(key => this.#only === null || isIn(this.#only, key));
      const rank = (key: ParsedKey): number => (isIn(this.#first, key) ? 0 : 1);
      done(
        null,
        [...allowed].sort((left, right) => rank(left) - rank(right)),
      );
    });
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, {}, options);
    else this.#agent.sign(key, data, options, done);
  }
}

/** The public keys beside private key files (`FILE.pub`, or the file itself), as blobs. */
export async function publicKeysOf(files: readonly string[]): Promise<Buffer[]> {
  const blobs = await Promise.all(files.flatMap(file => [`${file}.pub`, file]).map(publicKeyIn));
  return blobs.filter(blob => blob !== null);
}

async function publicKeyIn(file: string): Promise<Buffer | null> {
  try {
    const parsed = ssh2.utils.parseKey(await readFile(file)) as ParsedKey | ParsedKey[] | Error;
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    return key === undefined || key instanceof Error ? null : key.getPublicSSH();
  } catch {
    return null;
  }
}
