import { describe, expect, test } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { execResult, runScripted } from './scripted-surroundings.ts';

const results =
  (...list: ReturnType<typeof execResult>[]) =>
  async () =>
    await Promise.resolve({ results: list });

describe('exec', () => {
  test('one host: bytes go through, the exit code is the remote one', async () => {
    const exec = results(
      execResult('web-1', { stdout: 'a\u00ff\u001b[1m', stderr: 'oh', verdict: 'failed', exitCode: 42 }),
    );
    const run = await runScripted(['exec', 'web-1', '--', 'ls', '--help'], { api: { exec } });
    expect(run).toMatchObject({ exitCode: 42, stdout: 'a\u00ff\u001b[1m', stderr: 'oh' });
  });

  test('one host: a cut stream is told and never looks whole', async () => {
    const exec = results(execResult('a', { stdout: 'abc', stdoutBytes: 10 }));
    const run = await runScripted(['exec', 'a', '--', 'x'], { api: { exec } });
    expect(run).toMatchObject({ exitCode: 1, stdout: 'abc' });
    expect(run.stderr).toContain('7 bytes of output were left out');
  });

  test('one host on a terminal: the output is sanitised', async () => {
    const exec = results(execResult('web-1', { stdout: 'a\u001b[1mb' }));
    const run = await runScripted(['exec', 'web-1', '--', 'ls'], { api: { exec }, terminal: true });
    expect(run.stdout).toBe('ab');
  });

  test('several hosts: equal output is folded, failures are told on stderr', async () => {
    const refused = new DeckhandError('ssh.refused', 'nothing listens').toJSON();
    const exec = results(
      execResult('web-3', { verdict: 'failed', exitCode: 2, stderr: 'no such file\n' }),
      execResult('web-1', { stdout: 'up\n' }),
      execResult('web-4', { verdict: 'error', exitCode: null, error: refused }),
      execResult('web-2', { stdout: 'up\n' }),
    );
    const run = await runScripted(['exec', '@web', '--', 'uptime'], { api: { exec } });
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toBe(
      'web-1, web-2 (2 hosts): ok\nup\nweb-3: exit 2\nstderr:\nno such file\nweb-4: ssh.refused\n',
    );
    expect(run.stderr).toBe(
      'failed on 2 of 4\n  web-3  exit 2       no such file\n  web-4  ssh.refused  nothing listens\n',
    );
  });

  test('--json gives text, and base64 where the bytes are no text', async () => {
    const exec = results(execResult('a', { stdout: 'fine', stderr: '\u00ff' }));
    const run = await runScripted(['exec', 'a', '--json', '--', 'x'], { api: { exec } });
    const [result] = (JSON.parse(run.stdout) as { results: Record<string, unknown>[] }).results;
    expect(result).toMatchObject({ stdout: 'fine', stderrBase64: '/w==' });
    expect(result).not.toHaveProperty('stdoutBase64');
  });

  test('the request carries what the flags say', async () => {
    let seen: unknown;
    const exec = async (request: unknown) => {
      seen = request;
      return await Promise.resolve({ results: [execResult('a')] });
    };
    await runScripted(['exec', '--root', '--direct', '--timeout', '30s', '--stdin', 'a', '--', 'ls', '-l'], {
      api: { exec },
      stdin: new Uint8Array([1]),
    });
    expect(seen).toEqual({
      hosts: 'a',
      command: 'ls -l',
      root: true,
      direct: true,
      timeout: 30_000,
      outputLimit: 64 * 1024 * 1024,
      stdin: new Uint8Array([1]),
    });
  });

  test('an error of the one host is printed with its hint', async () => {
    const error = new DeckhandError('ssh.host-key-unknown', 'web-1 is not known.').toJSON();
    const exec = results(execResult('web-1', { verdict: 'error', exitCode: null, error }));
    const run = await runScripted(['exec', 'web-1', '--', 'ls'], { api: { exec } });
    expect(run.exitCode).toBe(5);
    expect(run.stderr).toContain('error ssh.host-key-unknown: web-1 is not known.\nhint: ');
    expect(run.stderr).toContain('--accept-host-key');
  });
});
