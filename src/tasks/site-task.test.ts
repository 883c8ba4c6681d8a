import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { leftOf, runOnSite } from './site-task.ts';
import type { TaskWork } from './task-kind.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'site-task-'));
  vi.stubEnv('DECKHAND_BASE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

interface Claim {
  readonly begun?: boolean;
  readonly cancel?: AbortSignal;
  readonly force?: AbortSignal;
  readonly onBegin?: (host: string) => void;
}

/** A claim of a task about a server on this machine, which has a shell and files like any other. */
function claimOf({ begun = false, cancel, force, onBegin }: Claim): TaskWork<{ name: string }> {
  const never = new AbortController().signal;
  const work = {
    task: { id: 'tsk_1', host: null, title: 'deploy tiny', begun },
    params: { name: 'tiny' },
    clock: systemClock,
    cancel: cancel ?? never,
    force: force ?? never,
    leave: never,
    phase: () => undefined,
    emit: () => undefined,
    begin: async (host: string) => await Promise.resolve(onBegin?.(host)),
  };
  return work as unknown as TaskWork<{ name: string }>;
}

/** A release as a deployment lays it out. */
async function release(id: string): Promise<string> {
  const path = join(folder, 'llm/tiny/releases', id);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'release.json'), '{}');
  return path;
}

const cancelled = AbortSignal.abort(new Error('enough'));
const nothing = async () => await Promise.resolve({});
const told = (text: string) => ({
  end: 'cancelled',
  error: { code: 'command.cancelled', message: `deploy tiny: cancelled${text}.` },
});

describe('a task about a model server that is cancelled', () => {
  it('before it began says that nothing was changed, and looks at nothing', async () => {
    const look = vi.fn(async () => await Promise.resolve(''));
    const outcome = await runOnSite(claimOf({ cancel: cancelled }), nothing, look);
    expect(outcome).toMatchObject(told(' before anything was changed'));
    expect(look).not.toHaveBeenCalled();
    expect(await runOnSite(claimOf({ cancel: cancelled }), nothing)).toMatchObject(told(''));
  });

  it('after an earlier claim was cut off says only what is seen now', async () => {
    const claim = claimOf({ begun: true, cancel: cancelled });
    const seen = async () => await runOnSite(claim, nothing, leftOf(claim));
    expect(await seen()).toMatchObject(told('; nothing of tiny serves on local'));
    await symlink(await release('aa11'), join(folder, 'llm/tiny/current'));
    const current = '; the current release of tiny on local is aa11, and it does not run';
    expect(await seen()).toMatchObject(told(current));
    await release('bb22');
    expect(await seen()).toMatchObject(told(`${current}; begun and left there: bb22`));
  });

  it("gives back the lock that an earlier claim of it left, and nobody else's", async () => {
    const lock = join(folder, 'llm/tiny.lock');
    const claim = claimOf({ begun: true, cancel: cancelled });
    await mkdir(lock, { recursive: true });
    for (const [owner, isLeft] of [
      ['tsk_2', true],
      ['tsk_1', false],
    ] as const) {
      await writeFile(join(lock, 'owner'), `${owner} 99999999999\n`);
      expect(await runOnSite(claim, nothing, leftOf(claim))).toMatchObject({ end: 'cancelled' });
      expect(existsSync(lock)).toBe(isLeft);
    }
  });

  it('in the middle of its work looks as well, and does not wait when it is forced', async () => {
    const begun: string[] = [];
    const stop = new AbortController();
    const work = async () => {
      stop.abort(new Error('enough'));
      return await Promise.reject(new Error('enough'));
    };
    const claim = { cancel: stop.signal, onBegin: (host: string) => void begun.push(host) };
    const look = async () => await Promise.reject(new Error('it is gone'));
    expect(await runOnSite(claimOf(claim), work, look)).toMatchObject(
      told('; what it left was not seen: it is gone'),
    );
    expect(begun).toEqual(['local']);
    const forced = { begun: true, cancel: cancelled, force: AbortSignal.abort() };
    expect(await runOnSite(claimOf(forced), work, leftOf(claimOf(forced)))).toMatchObject({
      end: 'cancelled',
      error: { message: expect.stringContaining('was not seen: there was no time') as string },
    });
  });
});
