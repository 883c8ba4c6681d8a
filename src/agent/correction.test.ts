import { describe, expect, it } from 'vitest';
import type { CommandRun } from '../core/command-run.ts';
import { chooseCorrection, explainFailure } from './correction.ts';
import { FAILURE_SIGNATURES } from './failure-signatures.ts';

function failedRun(stderr: string, over: Partial<CommandRun> = {}): CommandRun {
  return {
    id: 'run-1',
    host: 'web-1',
    script: 'apt-get install nginx',
    privilege: 'root',
    startedAt: 0,
    duration: 1,
    verdict: 'failed',
    exitCode: 100,
    signal: null,
    stdout: new Uint8Array(),
    stderr: new TextEncoder().encode(stderr),
    stdoutBytes: 0,
    stderrBytes: stderr.length,
    truncated: false,
    ...over,
  };
}

describe('chooseCorrection', () => {
  it.each([
    ['E: Unable to locate package nginx', 'apt-lists-stale'],
    ['E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)', 'apt-lock'],
    ['E: dpkg was interrupted, you must manually run ‘dpkg --configure -a’', 'dpkg-interrupted'],
    ['E: Failed to fetch http://x/pool/n.deb  404  Not Found [IP: 10.0.0.1 80]', 'apt-package-moved'],
  ])('knows %s', (stderr, signature) => {
    expect(chooseCorrection(failedRun(stderr), [])?.signature).toBe(signature);
  });

  it('makes each correction once, and two at most (T22)', () => {
    const stale = failedRun('E: Unable to locate package nginx');
    expect(chooseCorrection(stale, ['apt-lists-stale'])).toBeUndefined();
    expect(chooseCorrection(stale, ['apt-lock', 'dpkg-interrupted'])).toBeUndefined();
  });

  it('never repeats what was cut off or killed', () => {
    const text = 'E: Unable to locate package nginx';
    expect(chooseCorrection(failedRun(text, { verdict: 'unknown', exitCode: null }), [])).toBeUndefined();
    expect(chooseCorrection(failedRun(text, { verdict: 'killed', signal: 'KILL' }), [])).toBeUndefined();
  });

  it('cannot carry a host’s words into a script, and never names a path, rm or sudo (T23)', () => {
    const hostile = failedRun('E: Unable to locate package $(rm -rf /) ; rm -rf build /cache');
    const script = chooseCorrection(hostile, [])?.action.script ?? '';
    expect(FAILURE_SIGNATURES.map(one => one.action)).toContainEqual(expect.objectContaining({ script }));
    for (const { action } of FAILURE_SIGNATURES) {
      if (action.kind === 'repair') expect(action.script).not.toMatch(/\brm\b|sudo|(^| )\/|\.\.|[$`]/);
    }
  });
});

describe('explainFailure', () => {
  it('says why a masked unit does not start', () => {
    const error = explainFailure(
      failedRun('Failed to start cron.service: Unit cron.service is masked.', { exitCode: 1 }),
      'service cron',
    );
    expect(error.code).toBe('step.check-failed');
    expect(error.message).toContain('masked');
    expect(error.hint).toContain('unmask');
  });

  it('says disk full, and quotes no terminal escape', () => {
    expect(explainFailure(failedRun('cp: error: No space left on device'), 'file /x').code).toBe(
      'host.disk-full',
    );
    expect(explainFailure(failedRun('\u001b[31mboom\u001b[0m'), 'file /x').message).toBe(
      'file /x: exit 100: boom.',
    );
  });

  it('never calls an unseen end a failure', () => {
    expect(explainFailure(failedRun('', { verdict: 'unknown', exitCode: null }), 'x').code).toBe(
      'command.unknown',
    );
  });
});
