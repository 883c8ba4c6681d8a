import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import { bootHost, type LabHost } from '../lab/lab.ts';
import { deckhand, stopDaemon, type CommandResult } from './deckhand-command.ts';

/** Real faults, each seen by the person who types `deckhand exec`: its code, its hint, its exit code. */
let folder: string;
let host: LabHost;
let notSsh: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
  host = await bootHost(81);
  notSsh = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>(resolve => notSsh.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await stopDaemon(folder);
  notSsh.close();
  await host?.down();
  await rm(folder, { recursive: true, force: true });
});

interface Change {
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  readonly key?: string;
  readonly knownHosts?: string;
  /** Seconds; so long that a busy machine is no fault of its own. */
  readonly connectTimeout?: number;
}

async function exec(
  change: Change,
  ...words: readonly string[]
): Promise<CommandResult & { readonly error: { code?: string; hint?: string } }> {
  const file = join(folder, 'ssh_config');
  await writeFile(
    file,
    [
      'Host target',
      `  HostName ${change.address ?? host.address}`,
      `  Port ${change.port ?? host.port}`,
      `  User ${change.user ?? 'root'}`,
      `  IdentityFile ${change.key ?? host.keyFile}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${change.knownHosts ?? host.knownHostsFile}`,
      '  GlobalKnownHostsFile /dev/null',
      `  ConnectTimeout ${change.connectTimeout ?? 30}`,
      '',
    ].join('\n'),
  );
  const result = await deckhand(['exec', '--json', '-F', file, 'target', ...words], { folder });
  const answer = JSON.parse(result.stdout) as { error?: object; results?: { error?: object }[] };
  return { ...result, error: answer.results?.[0]?.error ?? answer.error ?? {} };
}

async function expectFault(result: ReturnType<typeof exec>, code: string, exitCode: number): Promise<void> {
  const { error, code: exit } = await result;
  expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w{3}/) as string });
  expect(exit).toBe(exitCode);
}

describe('connecting: each fault its own code, and no other (T06)', () => {
  it('closed port', async () => await expectFault(exec({ port: 4 }, '--', 'true'), 'ssh.refused', 4));
  it('a port that does not speak SSH', async () => {
    const address = notSsh.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expectFault(exec({ address: '127.0.0.1', port }, '--', 'true'), 'ssh.not-ssh', 4);
  });
  it('wrong key', async () => {
    const key = join(folder, 'stranger');
    const { execFileSync } = await import('node:child_process');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await expectFault(exec({ key }, '--', 'true'), 'ssh.authentication-failed', 5);
  });
  it('unknown host key', async () => {
    await expectFault(exec({ knownHosts: join(folder, 'nobody') }, '--', 'true'), 'ssh.host-key-unknown', 5);
  });
  it('changed host key', async () => {
    await host.rekey();
    await expectFault(exec({}, '--', 'true'), 'ssh.host-key-changed', 5);
    await host.reset();
  });
  it('an account without a shell', async () => {
    const { error, code } = await exec({ user: 'nologin' }, '--', 'true');
    expect(error.code).toBe('ssh.no-shell');
    expect(code).toBe(1);
  });
  it('packets dropped', async () => {
    // an open connection would take the command with it into the dark, and the task would wait for the host
    await stopDaemon(folder);
    await host.net('blackhole');
    await expectFault(exec({ connectTimeout: 5 }, '--', 'true'), 'ssh.connect-timeout', 4);
    await host.net('ok');
  });
});

describe('commands', () => {
  it('ends with the command’s own exit code (T01)', async () =>
    await expectFault(exec({}, '--', 'exit 7'), 'command.failed', 7));
  it('killed by a signal', async () => await expectFault(exec({}, '--', 'kill -9 $$'), 'command.killed', 1));
  it('longer than its limit, and gone from the host', async () => {
    await expectFault(exec({}, '--timeout', '1s', '--', 'exec sleep 4711'), 'command.timeout', 8);
    expect((await host.run('pgrep -fx "sleep 4711"')).stdout).toBe('');
  });
  it('silent for longer than its idle limit', async () => {
    await expectFault(exec({}, '--idle-timeout', '1s', '--', 'sleep 4712'), 'command.idle-timeout', 8);
  });
  it('ignores TERM, is killed all the same', async () => {
    const script = "trap '' TERM; while :; do sleep 4713; done";
    await expectFault(exec({}, '--timeout', '1s', '--', script), 'command.timeout', 8);
    expect((await host.run('pgrep -fx "sleep 4713"')).stdout).toBe('');
  });
  it('reads stdin: gets the end of file, does not hang', async () => {
    const { code } = await exec({}, '--', 'cat; echo end');
    expect(code).toBe(0);
  });
  it('prints 1 GB: what is kept is bounded, what was written is counted and said', async () => {
    const { code, stdout } = await exec({}, '--', 'head -c 1000000000 /dev/zero');
    expect(code).toBe(0);
    expect(stdout.length).toBeLessThan(8 * 1024 * 1024);
    expect(stdout).toMatch(/"truncated":\s*true/);
  });
  it('has no room for its records: says the disk is full', async () => {
    await host.run(
      'mkdir -p /root/.local/state && mount -t tmpfs -o size=16k small /root/.local/state && head -c 99999 /dev/zero >/root/.local/state/fill',
    );
    try {
      await expectFault(exec({}, '--', 'true'), 'host.disk-full', 1);
    } finally {
      await onHost(host, 'umount -l /root/.local/state');
    }
  });
  it('goes on under a connection that is killed, and ends as it ended (B01)', async () => {
    const { code, stdout } = await exec(
      {},
      '--',
      'echo before; kill -9 $(pgrep -f "sshd-session: root@notty|sshd: root@notty"); sleep 1; echo after; exit 9',
    );
    expect(code).toBe(9);
    expect(stdout).toContain('before\\nafter');
  });
  it('goes on while packets are dropped for 30 s', async () => {
    // its end comes while it is dark there, however long it took to get that far
    const gateway = host.address.replace(/\.2$/, '.1');
    const dark = `while ping -c 1 -W 5 ${gateway} >/dev/null; do sleep 0.2; done`;
    const running = exec({}, '--', `echo x >>/root/count; ${dark}; sleep 5; echo done`);
    await until('it runs', 240_000, async () => (await host.run('cat /root/count')).stdout || undefined);
    await host.net('blackhole');
    await new Promise(resolve => setTimeout(resolve, 30_000));
    await host.net('ok');
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toContain('done');
    expect((await host.run('cat /root/count')).stdout).toBe('x\n');
  });
});
