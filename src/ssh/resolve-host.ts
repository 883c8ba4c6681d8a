import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { tailOf } from '../core/untrusted.ts';
import { type EngineWish, keyBeyondSsh2 } from './choose-engine.ts';
import { readConfigFile } from './config-file.ts';
import type { ResolvedHost } from './resolved-host.ts';
import { hostFromSettings, type LocalFacts, parseSettings, type SshSettings } from './ssh-settings.ts';
import { type HostTarget, parseTarget } from './target.ts';

export interface ResolveOptions {
  readonly signal: AbortSignal;
  /** Read instead of `~/.ssh/config` and the system's file (`ssh -F`). */
  readonly configFile?: string;
  /** Home directory for `~` and `%d`; default: the account's own. */
  readonly home?: string;
  /** False reads the files ourselves although the ssh client is there. */
  readonly useSshClient?: boolean;
  readonly overrides?: HostOverrides;
  /** The agent of whoever asks, instead of this process's own `SSH_AUTH_SOCK`. */
  readonly agentSocket?: string;
}

/** What an inventory says of a host; each replaces what the ssh configuration says. */
export interface HostOverrides {
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  /** Only this key is offered then. */
  readonly identityFile?: string;
  readonly knownHostsFile?: string;
  /** Comma separated, or `none`. */
  readonly proxyJump?: string;
  readonly engine?: EngineWish;
}

/**
 * A name, `user@address:port` or `ssh://…` to everything needed to reach it, exactly as OpenSSH would
 * (`ssh -G`), or by our own reading of the files where no ssh client is installed.
 * Throws `input.invalid` for a malformed name, `settings.invalid` for a malformed configuration.
 */
export async function resolveHost(name: string, options: ResolveOptions): Promise<ResolvedHost> {
  const target = parseTarget(name);
  const facts = localFacts(options.home, options.agentSocket);
  const configFile = options.configFile ?? configOf(options.home);
  const settings =
    (options.useSshClient === false ? null : await askSshClient(target, configFile, options.signal)) ??
    readConfigFile(target, configFile, facts);
  const host = hostFromSettings(name, settings, facts);
  const overridden = withOverrides(inHome(host, facts.home), options.overrides ?? {}, facts);
  return {
    ...overridden,
    unsupported: overridden.unsupported ?? (await specialKey(overridden.identityFiles)),
    ...(configFile === undefined ? {} : { configFile }),
  };
}

/** The first key to log in with that is more than `ssh2` can sign with. */
async function specialKey(files: readonly string[]): Promise<string | null> {
  for (const file of files) {
    const type = await publicKeyType(file);
    const special = keyBeyondSsh2({ type, hasCertificate: existsSync(`${file}-cert.pub`) });
    if (special !== null) return special;
  }
  return null;
}

/** The first word of the public half, where it lies beside the private one. */
async function publicKeyType(file: string): Promise<string | null> {
  const path = file.endsWith('.pub') ? file : `${file}.pub`;
  const text = await readFile(path, 'utf8').catch(() => null);
  return text?.trimStart().split(/\s/)[0] ?? null;
}

/** `ssh` prints its default known_hosts files in the account's home, whatever home was asked for. */
function inHome(host: ResolvedHost, home: string): ResolvedHost {
  const standard = ['known_hosts', 'known_hosts2'];
  const inAccount = standard.map(file => join(userInfo().homedir, '.ssh', file));
  const isStandard = inAccount.every((file, index) => host.userKnownHostsFiles[index] === file);
  return isStandard ? { ...host, userKnownHostsFiles: standard.map(file => join(home, '.ssh', file)) } : host;
}

function withOverrides(host: ResolvedHost, overrides: HostOverrides, facts: LocalFacts): ResolvedHost {
  const home = (path: string): string => path.replace(/^~(?=\/|$)/, () => facts.home);
  const { address, port, user, identityFile, knownHostsFile, proxyJump, engine } = overrides;
  // A chain of our own takes the place of the configuration's ProxyCommand.
  const isReplaced = proxyJump !== undefined && host.unsupported === 'ProxyCommand';
  return {
    ...host,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(identityFile === undefined ? {} : { identityFiles: [home(identityFile)], identitiesOnly: true }),
    ...(knownHostsFile === undefined ? {} : { userKnownHostsFiles: [home(knownHostsFile)] }),
    ...(proxyJump === undefined
      ? {}
      : { proxyJump: proxyJump === 'none' ? [] : proxyJump.split(',').filter(hop => hop !== '') }),
    ...(isReplaced ? { unsupported: null } : {}),
    ...(engine === undefined ? {} : { engine }),
  };
}

/** `ssh` itself looks for its files in the account's home; another home is named to it. */
function configOf(home: string | undefined): string | undefined {
  if (home === undefined) return undefined;
  const path = join(home, '.ssh', 'config');
  return existsSync(path) ? path : 'none';
}

function localFacts(home: string | undefined, agentSocket: string | undefined): LocalFacts {
  const { username, uid, homedir: accountHome } = userInfo();
  return {
    home: home ?? (accountHome === '' ? homedir() : accountHome),
    user: username,
    hostName: hostname(),
    userId: uid,
    environment: agentSocket === undefined ? process.env : { ...process.env, SSH_AUTH_SOCK: agentSocket },
    fileExists: existsSync,
  };
}

/** Null where there is no ssh client. */
function askSshClient(
  target: HostTarget,
  configFile: string | undefined,
  signal: AbortSignal,
): Promise<SshSettings | null> {
  const words = ['-G'];
  if (configFile !== undefined) words.push('-F', configFile);
  if (target.port !== null) words.push('-p', String(target.port));
  if (target.user !== null) words.push('-l', target.user);
  words.push('--', target.name);
  return new Promise((resolve, reject) => {
    const child = execFile('ssh', words, { signal, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(parseSettings(stdout));
      else if (error.code === 'ENOENT') resolve(null);
      else if (signal.aborted)
        reject(new DeckhandError('command.cancelled', 'Resolving the host was cancelled.'));
      else reject(badConfiguration(target.name, stderr));
    });
    child.stdin?.end();
  });
}

function badConfiguration(name: string, stderr: string): DeckhandError {
  const said = tailOf(stderr.trim(), 500).replaceAll('\n', ' ');
  return new DeckhandError('settings.invalid', `ssh cannot read its configuration for ${name}: ${said}`, {
    details: { host: name },
    hint: 'Correct the file and line of the ssh configuration named in the message.',
  });
}
