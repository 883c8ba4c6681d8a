import { DeckhandError } from '../core/deckhand-error.ts';
import type { SshConnection, SshEngine } from './connection.ts';
import type { ResolvedHost } from './resolved-host.ts';
import type { SshSettings } from './ssh-settings.ts';

/** What a host entry may say. */
export type EngineWish = 'ssh2' | 'openssh' | 'auto';

export interface EngineChoice {
  readonly engine: 'ssh2' | 'openssh';
  /** Why it is not the usual one, as part of a sentence: `its configuration uses ProxyCommand`. */
  readonly reason: string | null;
}

/** Key exchanges of the `ssh2` library. */
const SSH2_KEY_EXCHANGES =
  /^(curve25519-sha256(@libssh\.org)?|ecdh-sha2-nistp(256|384|521)|diffie-hellman-.*)$/;
/** Key types it cannot sign with: security keys, and certificates. */
const FOREIGN_KEY_TYPE = /^sk-|-cert-v01@openssh\.com$/;

/** Which engine serves a host. Pure. */
export function chooseEngine(host: Pick<ResolvedHost, 'unsupported' | 'engine'>): EngineChoice {
  if (host.engine === 'ssh2') return { engine: 'ssh2', reason: null };
  if (host.engine === 'openssh') return { engine: 'openssh', reason: 'its entry asks for it' };
  if (host.unsupported === null) return { engine: 'ssh2', reason: null };
  return { engine: 'openssh', reason: `its configuration uses ${host.unsupported}` };
}

/** The option of `ssh -G` that `ssh2` cannot serve, or null. Pure. */
export function optionBeyondSsh2(settings: SshSettings): string | null {
  const first = (key: string): string | null => settings.get(key)?.[0] ?? null;
  // First of all: whoever goes on from here must know whether there is one.
  if (isSet(first('proxycommand'))) return 'ProxyCommand';
  if ((settings.get('certificatefile') ?? []).some(isSet)) return 'CertificateFile';
  if (isSet(first('pkcs11provider'))) return 'PKCS11Provider';
  const exchanges = first('kexalgorithms')?.split(',') ?? [];
  if (exchanges.length > 0 && !exchanges.some(name => SSH2_KEY_EXCHANGES.test(name))) return 'KexAlgorithms';
  return needsGssapi(settings) ? 'GSSAPIAuthentication' : null;
}

/** What is special about a key to log in with, by its file's type and whether a certificate lies beside it. Pure. */
export function keyBeyondSsh2(key: {
  readonly type: string | null;
  readonly hasCertificate: boolean;
}): string | null {
  if (key.hasCertificate) return 'a user certificate';
  if (key.type?.startsWith('sk-')) return 'a security key (FIDO)';
  return key.type !== null && FOREIGN_KEY_TYPE.test(key.type) ? 'a user certificate' : null;
}

function needsGssapi(settings: SshSettings): boolean {
  const first = (key: string): string | null => settings.get(key)?.[0] ?? null;
  const preferred = first('preferredauthentications');
  const onlyForeign = preferred !== null && /^(gssapi[a-z-]*|hostbased)(,|$)/.test(preferred);
  const others = ['pubkeyauthentication', 'passwordauthentication', 'kbdinteractiveauthentication'];
  const othersOff = others.every(key => ['no', 'false'].includes(first(key) ?? ''));
  const noneLeft = onlyForeign && !/publickey|password|keyboard-interactive/.test(preferred);
  return noneLeft || (othersOff && ['yes', 'true'].includes(first('gssapiauthentication') ?? ''));
}

function isSet(value: string | null): value is string {
  return value !== null && value !== '' && value.toLowerCase() !== 'none';
}

export interface AutomaticEngineOptions {
  readonly ssh2: SshEngine;
  readonly openssh: SshEngine;
  /** Told once for each host that is not served by the usual engine. */
  readonly onChoice?: (host: string, choice: EngineChoice) => void;
}

/**
 * The engine that takes for each host the one that can serve it. A server that shares no algorithm with
 * `ssh2`, and a jump chain `ssh2` cannot pass, are found out by trying, once.
 */
export function createAutomaticEngine({ ssh2, openssh, onChoice }: AutomaticEngineOptions): SshEngine {
  const learned = new Map<string, EngineChoice>();
  const told = new Set<string>();
  const tell = (host: string, choice: EngineChoice): void => {
    if (told.has(host)) return;
    told.add(host);
    onChoice?.(host, choice);
  };
  return {
    name: 'auto',
    connect: async (host, options) => {
      const known = chooseEngine(host);
      const isFree = known.engine === 'ssh2' && host.engine !== 'ssh2';
      const choice = (isFree ? learned.get(host.name) : undefined) ?? known;
      if (choice.engine === 'openssh') {
        tell(host.name, choice);
        return await openssh.connect(host, options);
      }
      const quick = isFree && options.forForwards === true ? await tried(openssh, host, options) : null;
      if (quick) return quick;
      try {
        return await ssh2.connect(host, options);
      } catch (error) {
        const reason = isFree ? reasonOf(error) : null;
        if (reason === null) throw error;
        const other: EngineChoice = { engine: 'openssh', reason };
        tell(host.name, other);
        const connection = await openssh.connect(host, options);
        learned.set(host.name, other);
        return connection;
      }
    },
  };
}

/** Null: this machine has no client of the system's that can be used. Throws all that `connect` throws besides. */
async function tried(
  engine: SshEngine,
  ...words: Parameters<SshEngine['connect']>
): Promise<SshConnection | null> {
  try {
    return await engine.connect(...words);
  } catch (error) {
    if (error instanceof DeckhandError && error.code === 'ssh.unsupported-configuration') return null;
    throw error;
  }
}

/** Why the other engine may succeed where `ssh2` failed, or null. */
function reasonOf(error: unknown): string | null {
  if (!(error instanceof DeckhandError)) return null;
  const code = error.code === 'ssh.jump-failed' ? error.details['code'] : error.code;
  const where = error.code === 'ssh.jump-failed' ? 'a host on the way to it' : 'it';
  if (code === 'ssh.no-common-algorithm') return `${where} shares no algorithm with ssh2`;
  return code === 'ssh.unsupported-configuration' ? `${where} needs what ssh2 cannot do` : null;
}
