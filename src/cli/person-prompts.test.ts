import { describe, expect, test } from 'vitest';
import type { PersonPrompts } from '../api/contract.ts';
import { runScripted } from './scripted-surroundings.ts';

describe('what only a person can give', () => {
  test('flags and settings reach the engine', async () => {
    const run = await runScripted(['hosts', 'list', '-F', 'c', '--settings', 's', '--idle-timeout', '5s']);
    expect(run.opened).toMatchObject({
      folder: '/work',
      sshConfigFile: '/work/c',
      settingsFile: '/work/s',
      overrides: { 'timeouts.idle': '5s' },
    });
  });

  test('a password demanded by flag fails without a terminal, before anything is opened', async () => {
    const run = await runScripted(['doctor', '--ask-sudo-password']);
    expect(run).toMatchObject({ exitCode: 2, opened: null });
    expect(run.stderr).toContain('--sudo-password-file FILE or --sudo-password-fd N');
  });

  test('a password is asked for once for all hosts', async () => {
    const given: unknown[] = [];
    const api = (prompts: PersonPrompts) => ({
      testHosts: async () => {
        given.push(await prompts.sudoPassword?.('a'), await prompts.sudoPassword?.('b'));
        return [];
      },
    });
    const flagged = await runScripted(['hosts', 'test', 'a', '--ask-sudo-password'], {
      answers: ['pw'],
      api,
    });
    const later = await runScripted(['hosts', 'test', 'a'], { answers: ['pw'], api });
    await runScripted(['hosts', 'test', 'a'], { api });
    expect(given).toEqual(['pw', 'pw', 'pw', 'pw', null, null]);
    expect([flagged.questions.length, later.questions.length]).toEqual([1, 1]);
  });

  test('an unknown host key: asked with its fingerprint, accepted by flag, else refused', async () => {
    const key = { type: 'ssh-ed25519', fingerprint: 'SHA256:abc' };
    const answers: unknown[] = [];
    const api = (prompts: PersonPrompts) => ({
      testHosts: async () => {
        answers.push(await prompts.acceptHostKey?.('web-1', key));
        return [];
      },
    });
    await runScripted(['hosts', 'test', 'a'], { api });
    const flagged = await runScripted(['hosts', 'test', 'a', '--accept-host-key'], { api });
    const asked = await runScripted(['hosts', 'test', 'a'], { api, answers: ['yes'] });
    await runScripted(['hosts', 'test', 'a'], { api, answers: ['no'] });
    expect(answers).toEqual([false, true, true, false]);
    expect(flagged.stderr).toContain('SHA256:abc');
    expect(asked.questions[0]).toContain('ssh-ed25519 SHA256:abc');
  });
});
