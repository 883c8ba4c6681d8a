import { describe, expect, it } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { layoutOf } from './layout.ts';
import type { Release } from './release.ts';
import type { Site } from './site.ts';
import { waitUntilReady } from './verify.ts';

const release = { id: 'ab12cd34ef', kind: 'llama.cpp', listen: { path: '/b/x.sock' } } as Release;

/** What a service says whose engine listens, as its host sees it. */
const HEARD = new Set(['service=user\nActiveState=active\n\nlistening\n']);

/** Nothing can be reached; the service says one answer after the other, the last one for ever. */
function siteThatSays(...answers: readonly string[]): Site {
  let asked = 0;
  return {
    name: 'web-1',
    run: async script => {
      if (script.includes('/proc/net/unix'))
        return { exitCode: HEARD.has(answers[0] ?? '') ? 0 : 1, output: '', errors: '' };
      asked += 1;
      const output = answers[Math.min(asked, answers.length) - 1] ?? '';
      return await Promise.resolve({ exitCode: 0, output, errors: '' });
    },
    put: async () => await Promise.reject(new Error('nothing is sent')),
    dial: async () => await Promise.reject(new DeckhandError('tunnel.target-refused', 'refused')),
  };
}

/** Time goes by only while somebody sleeps. */
function clockOfSleeps(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async milliseconds => {
      now += milliseconds;
      await Promise.resolve();
    },
  };
}

async function failureWith(...answers: readonly string[]): Promise<DeckhandError & { at: number }> {
  const clock = clockOfSleeps();
  const signal = AbortSignal.timeout(60_000);
  const place = {
    site: siteThatSays(...answers),
    layout: layoutOf('/b', 'tiny'),
    release,
    name: 'tiny',
    clock,
  };
  const error = await waitUntilReady({ ...place, signal }).then(
    () => new Error('it was ready'),
    (thrown: unknown) => toDeckhandError(thrown),
  );
  return Object.assign(error as DeckhandError, { at: clock.monotonic() });
}

const status = (state: string, restarts: number, log: string, rss = 100): string =>
  `service=user\nActiveState=${state}\nNRestarts=${restarts}\npid=7\nrss=${rss}\nread=1\nlog=${log.length}\n\n${log}`;

describe('an engine that does not come up', () => {
  it('and ends until it is given up is a crash loop, with its last words', async () => {
    const log = 'one\nstrange end \u001b[31m42\ndeckhand: ended 4 times within two minutes, given up\n';
    const error = await failureWith(status('activating', 1, 'one\n'), status('failed', 4, log));
    expect(error).toMatchObject({
      code: 'engine.crash-loop',
      message:
        'web-1: the engine of tiny ended 4 times soon after its start and is not begun again; its last words: strange end 42.',
    });
  });

  it('for a reason that its log names is told so at its first end', async () => {
    const error = await failureWith(status('activating', 1, 'error: invalid argument: --nonsense\n'));
    expect([error.code, error.at < 2_000]).toEqual(['engine.bad-argument', true]);
  });

  it('and was ended once by somebody else is no crash loop', async () => {
    expect(await failureWith(status('failed', 0, 'bye\n'))).toMatchObject({
      code: 'engine.failed',
      message: 'web-1: the engine of tiny ended; its last words: bye.',
    });
  });

  it('and does not move for a minute is not waited for', async () => {
    const error = await failureWith(status('active', 0, 'loading\n'));
    expect(error.code).toBe('engine.loading-timeout');
    expect(error.at).toBeGreaterThan(60_000);
    expect(error.at).toBeLessThan(65_000);
  });

  it('although it listens is behind an SSH server that forbids forwarding', async () => {
    const error = await failureWith(...HEARD);
    expect(error).toMatchObject({
      code: 'tunnel.forward-denied',
      hint: 'Set AllowStreamLocalForwarding yes in its sshd_config.',
    });
    expect(error.at).toBeLessThan(5_000);
  });

  it('is waited for as long as its memory grows', async () => {
    const growing = Array.from({ length: 1000 }, (_, index) => status('active', 0, '', index));
    const error = await failureWith(...growing);
    expect(error.code).toBe('engine.loading-timeout');
    expect(error.at).toBeGreaterThan(400_000);
  });
});
