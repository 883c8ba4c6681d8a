import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskEventSchema } from '../../src/core/task-event-schema.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { deckhand as runDeckhand, stopDaemon, type CommandResult } from './deckhand-command.ts';

/** The main job, by the real command line, on booted Debian hosts: an intent, carried out and proved. */
const INTENT = 'install nginx and serve a page saying hello on port 8080';

let folder: string;
let configFile: string;
let web: LabHost;
let other: LabHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spine-'));
  [web, other] = await Promise.all([bootHost(71), bootHost(72)]);
  configFile = await labSshConfig([web, other], folder);
});
afterAll(async () => {
  await stopDaemon(folder);
  await Promise.all([web?.down(), other?.down()]);
  await rm(folder, { recursive: true, force: true });
});

async function deckhand(...words: readonly string[]): Promise<CommandResult> {
  const [verb = '', ...rest] = words;
  return await runDeckhand([verb, '--ssh-config', configFile, ...rest], { folder });
}

interface Report {
  readonly outcome: string;
  readonly hosts: readonly {
    readonly host: string;
    readonly outcome: string;
    readonly changed: number;
    readonly roundTrips: number;
    readonly steps: readonly { readonly changes: readonly { readonly state: string }[] }[];
    readonly proofs: readonly { readonly holds: boolean; readonly commandRunId: string }[];
    readonly commandRuns: readonly { readonly id: string }[];
    readonly error?: { readonly code: string };
  }[];
}

async function ask(
  intent: string,
  ...words: readonly string[]
): Promise<{ code: number | null; report: Report; text: string }> {
  const result = await deckhand('ask', intent, '--yes', '--json', ...words);
  const answer = JSON.parse(result.stdout) as { report?: Report } & Report;
  return { code: result.code, report: answer.report ?? answer, text: result.stdout + result.stderr };
}

function changesOf(report: Report): readonly string[] {
  return report.hosts.flatMap(host => host.steps.flatMap(step => step.changes.map(change => change.state)));
}

describe('a page by nginx, from one sentence', () => {
  it('is served and proved on a pristine host', async () => {
    const { code, report } = await ask(INTENT, '--host', web.name);
    expect(code).toBe(0);
    expect(report.outcome).toBe('proved');
    const [host] = report.hosts;
    expect(host?.proofs.every(proof => proof.holds)).toBe(true);
    const runs = new Set(host?.commandRuns.map(run => run.id));
    expect(host?.proofs.every(proof => runs.has(proof.commandRunId))).toBe(true);
    const seen = await web.run(
      "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
    );
    expect(seen.stdout).toContain('hello');
  });

  it('changes nothing the second time, in two round trips at most', async () => {
    const { code, report } = await ask(INTENT, '--host', web.name);
    expect(code).toBe(0);
    expect(report.hosts[0]).toMatchObject({ outcome: 'proved', changed: 0 });
    expect(report.hosts[0]?.roundTrips).toBeLessThanOrEqual(2);
  });

  it('is told in events of the one schema, at every hop (L34)', async () => {
    const { stdout } = await deckhand('ask', INTENT, '--yes', '--jsonl', '--host', web.name);
    const lines = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    const events = lines.filter(line => !['output', 'result'].includes(String(line['kind'])));
    expect(events.length).toBeGreaterThan(3);
    for (const { version: _version, ...event } of events) expect(taskEventSchema.parse(event)).toEqual(event);
  });

  it('repairs exactly what was broken, asked in Russian', async () => {
    await web.run('systemctl stop nginx; rm /var/www/deckhand-8080/index.html');
    const { code, report } = await ask(
      'установи nginx и отдавай страницу с текстом hello на порту 8080',
      '--host',
      web.name,
    );
    expect(code).toBe(0);
    expect(changesOf(report)).toEqual(['file /var/www/deckhand-8080/index.html', 'service nginx']);
  });

  it('is shown and not done by plan: exit 10, and the host is untouched', async () => {
    const seen = 'dpkg-query -W | sha256sum; find /etc /var/www -printf "%p %C@\\n" 2>/dev/null | sort';
    const before = await other.run(`systemctl is-system-running --wait >/dev/null; ${seen}`);
    const { code } = await deckhand('plan', INTENT, '--host', other.name);
    expect(code).toBe(10);
    const after = await other.run(seen);
    expect(after.stdout).toBe(before.stdout);
  });

  it('needs an approval: without --yes and terminal, exit 7 and no change', async () => {
    const { code, stderr } = await deckhand('ask', INTENT, '--host', other.name);
    expect(code).toBe(7);
    expect(stderr).toContain('--yes');
    expect((await other.run('command -v nginx')).code).not.toBe(0);
  });

  it('is never something else: an unknown wish runs nothing (T20)', async () => {
    const { code, stderr } = await deckhand('ask', 'Rotate PostgreSQL logs', '--host', other.name, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('install-postgresql');
    expect(
      (await other.run('ls -d /root/.local/state/deckhand/runs/* 2>/dev/null | wc -l')).stdout.trim(),
    ).toBe('0');
  });
});

describe('accounts that are not root', () => {
  const account = async (user: string): Promise<string> => {
    const file = join(folder, `${user}.config`);
    await writeFile(
      file,
      [
        `Host as-${user}`,
        `  HostName ${other.address}`,
        `  Port ${other.port}`,
        `  User ${user}`,
        `  IdentityFile ${other.keyFile}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${other.knownHostsFile}`,
        '  StrictHostKeyChecking yes',
        '',
      ].join('\n'),
    );
    return file;
  };
  const askAs = async (user: string, ...words: readonly string[]): Promise<CommandResult> =>
    await runDeckhand(
      ['ask', INTENT, '--yes', '--host', `as-${user}`, '--ssh-config', await account(user), ...words],
      { folder },
    );

  it.each(['guest', 'ops'])('%s is refused before any change when nothing gives root', async user => {
    const { code, stdout, stderr } = await askAs(user);
    expect(code).toBe(5);
    expect(stdout + stderr).toContain('privilege.needed');
    expect((await other.run('command -v nginx')).code).not.toBe(0);
  });

  it('a wrong sudo password is refused, typed, and changes nothing', async () => {
    const file = join(folder, 'wrong');
    await writeFile(file, 'not-the-password\n', { mode: 0o600 });
    const { code, stdout, stderr } = await askAs('ops', '--sudo-password-file', file);
    expect(code).toBe(5);
    expect(stdout + stderr).toContain('privilege.password-refused');
  });

  it('sudo with a password works, and the password is nowhere afterwards (T05)', async () => {
    const file = join(folder, 'password');
    await writeFile(file, 'ops-pass\n', { mode: 0o600 });
    const { code, stdout, stderr } = await askAs('ops', '--sudo-password-file', file);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('ops-pass');
    // The needle comes from a file, so that the search does not find its own command line.
    const hits = await other.run(
      "printf 'ops-%s' pass >/dev/shm/needle; grep -rlFf /dev/shm/needle /root /home /tmp /var/tmp /var/log /run 2>/dev/null; " +
        'grep -lFf /dev/shm/needle /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; true',
    );
    expect(hits.stdout.trim()).toBe('');
  });

  it('sudo without a password works', async () => {
    await other.run('rm -f /var/www/deckhand-8080/index.html');
    const { code } = await askAs('deploy');
    expect(code).toBe(0);
  });
});

describe('exec on several hosts', () => {
  it('says who failed, folds equal output, and exits 3', async () => {
    const plain = await bootHost(73);
    try {
      configFile = await labSshConfig([web, other, plain], folder);
      const command = `test "$(hostname)" != ${plain.name} && echo same`;
      const { code, stdout, stderr } = await deckhand(
        'exec',
        `${web.name},${other.name},${plain.name}`,
        '--',
        command,
      );
      expect(code).toBe(3);
      expect(stdout.match(/^.*same$/gm)).toHaveLength(1);
      expect(stdout + stderr).toMatch(new RegExp(`${plain.name}[^\\n]*exit`));
    } finally {
      await plain.down();
    }
  });

  it('Ctrl-C ends the command on the host (T14)', async () => {
    const result = await runDeckhand(
      ['exec', web.name, '--ssh-config', configFile, '--', 'echo started; exec sleep 4711'],
      { folder, signalAfter: { text: 'started', signal: 'SIGINT' } },
    );
    expect(result.code).toBe(130);
    expect((await web.run('pgrep -fx "sleep 4711"')).stdout).toBe('');
  });
});
