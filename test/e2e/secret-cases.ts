/** Encrypted keys and agents: the same for every engine. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { connect as connectByEngine } from './ssh-client.ts';
import { makeKey, type PlainSshd, startPlainSshd } from './plain-sshd.ts';
import { failure, hostOf, outputOf } from './ssh-client.ts';

const execute = promisify(execFile);

interface Surroundings {
  readonly connect: typeof connectByEngine;
  /** Known when the tests begin. */
  readonly server: () => PlainSshd;
  /** An address of 127.77.0.0/16 that is free for a server more. */
  readonly address: string;
}

export function secretCases({ connect, server, address }: Surroundings): void {
  it('asks for the passphrase of an encrypted key, and again after a wrong one', async () => {
    const file = join(server().directory, 'encrypted');
    await makeKey(file, 'ed25519', 'right words');
    await using one = await startPlainSshd({
      address,
      lines: [`AuthorizedKeysFile ${file}.pub`],
    });
    const host = await hostOf(one, { identityFile: file });
    const answers = ['wrong', 'right words'];
    const passphrase = (): Promise<string | null> => Promise.resolve(answers.shift() ?? null);
    await (await connect(host, { credentials: { passphrase } })).close();
    expect(answers).toEqual([]);
    const wrong = await failure(
      connect(host, { credentials: { passphrase: () => Promise.resolve('wrong') } }),
    );
    expect(wrong.code).toBe('ssh.key-unreadable');
    expect(wrong.message).toContain('passphrase is wrong');
    expect((await failure(connect(host))).code).toBe('ssh.key-unreadable');
  });

  it('uses the agent, and only the named key with IdentitiesOnly', async () => {
    const socket = join(server().directory, 'agent.sock');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise(resolve => agent.stdout.once('data', resolve));
    try {
      const stray = join(server().directory, 'stray');
      await makeKey(stray, 'ed25519');
      await execute('ssh-add', ['-q', stray, server().keyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
      });
      const host = { ...(await hostOf(server())), identityFiles: [], identitiesOnly: false, agent: socket };
      await using connection = await connect(host);
      expect(await outputOf(connection, 'echo in')).toBe('in\n');
      const only = { ...host, identitiesOnly: true, identityFiles: [`${stray}.pub`] };
      const error = await failure(connect(only));
      expect(error.code).toBe('ssh.authentication-failed');
      expect(error.details['tried']).toEqual(['agent (1 key)']);
    } finally {
      agent.kill();
    }
  });
}
