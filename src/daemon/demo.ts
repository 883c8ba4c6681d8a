import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createHostKey,
  createLoginKey,
  knownHostsLine,
  startLoopbackServer,
} from '../ssh/loopback-server.ts';
import { isAlive } from './is-alive.ts';
import { until } from './until.ts';

/** What the command line lends to the demo. */
interface DemoSurroundings {
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly run: (inputs: readonly string[]) => Promise<number>;
}

/** Milliseconds until its page server must be gone. */
const STOP_LIMIT = 5000;

const RUNBOOKS = fileURLToPath(new URL('demo', import.meta.url));

/**
 * The main job for someone with no server at hand: a throw-away SSH host on loopback in a temporary
 * home, one real intent on it, three times: from nothing, with nothing to do, and after damage.
 * Everything it made is gone at the end. Exit code 0 when all three runs were proved.
 */
export async function runDemo({ say, run, signal }: DemoSurroundings): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-demo-'));
  const home = join(folder, 'home');
  // What the demo learns of its host must not outlive it.
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  process.env['XDG_STATE_HOME'] = join(folder, 'state');
  try {
    await mkdir(home, { mode: 0o700 });
    const host = await prepareHost(folder, home);
    await using _server = host.server;
    const port = await freePort();
    const ask = async (): Promise<number> =>
      await run([
        'ask',
        `publish a note saying "hello" from my home folder on port ${port}`,
        '--host',
        'demo',
        '--yes',
        '--local',
        '--set',
        `node=${process.execPath}`,
        '--ssh-config',
        host.sshConfig,
        '--settings',
        host.settings,
      ]);
    say(`A throw-away SSH host listens on 127.0.0.1:${host.server.port}; its home is ${home}.\n`);
    say('1. From nothing.\n');
    const first = await ask();
    if (signal.aborted || first !== 0) return first;
    say('\n2. Again: nothing is to be done, and it is proved anew.\n');
    const second = await ask();
    if (signal.aborted || second !== 0) return second;
    await damage(home);
    say('\n3. Somebody stopped the server and deleted the note: exactly that is repaired.\n');
    const third = await ask();
    say(`\nThe demo's host, keys and files are removed.${third === 0 ? '' : ' It did not end well.'}`);
    return third;
  } finally {
    await stopPageServer(home);
    await rm(folder, { recursive: true, force: true });
  }
}

interface DemoHost {
  readonly server: Awaited<ReturnType<typeof startLoopbackServer>>;
  readonly sshConfig: string;
  readonly settings: string;
}

async function prepareHost(folder: string, home: string): Promise<DemoHost> {
  const { username: user } = userInfo();
  const hostKey = createHostKey();
  const login = createLoginKey('deckhand-demo');
  const server = await startLoopbackServer({ home, authorizedKey: login.publicKey, hostKey, user });
  const files = { key: join(folder, 'key'), known: join(folder, 'known_hosts') };
  const sshConfig = join(folder, 'ssh_config');
  const settings = join(folder, 'deckhand.yaml');
  await writeFile(files.key, login.privateKey, { mode: 0o600 });
  await writeFile(files.known, knownHostsLine('127.0.0.1', server.port, hostKey));
  await writeFile(
    sshConfig,
    [
      'Host demo',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      `  User ${user}`,
      `  IdentityFile ${files.key}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${files.known}`,
      '  StrictHostKeyChecking yes',
      '',
    ].join('\n'),
  );
  await writeFile(settings, `runbooks:\n  - ${RUNBOOKS}\n`);
  return { server, sshConfig, settings };
}

async function damage(home: string): Promise<void> {
  await stopPageServer(home);
  await rm(join(home, 'site', 'index.html'), { force: true });
}

/** Ends the page's server by the pid it wrote down, if it runs, and waits until the pid is gone. */
async function stopPageServer(home: string): Promise<void> {
  const text = await readFile(join(home, 'server.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 1)) return;
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It is gone already.
  }
  await until(() => !isAlive(pid), STOP_LIMIT);
  await rm(join(home, 'server.pid'), { force: true });
}

/**
 * A port that was free a moment ago: the demo's page server is on loopback and lives for seconds. It is below those
 * that the kernel gives to whoever names none, so that nobody else gets it before the page server does.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>(resolve => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise<void>(resolve => probe.close(() => resolve()));
    return port;
  }
}
