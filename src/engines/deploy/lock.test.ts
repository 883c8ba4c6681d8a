import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { layoutOf } from './layout.ts';
import { localSite } from './local-site.ts';
import { HeldLock } from './lock.ts';
import { probe } from './probe.ts';
import { NOTHING } from './rollback.ts';

it('that somebody else took meanwhile ends the deployment', async () => {
  const base = await mkdtemp(join(tmpdir(), 'deckhand-lock-'));
  try {
    const site = localSite({ ...process.env, DECKHAND_BASE: base });
    const signal = AbortSignal.timeout(60_000);
    const layout = layoutOf(base, 'tiny');
    const wish = { name: 'tiny', ...NOTHING };
    let renew = (): void => {};
    const clock: Clock = {
      ...systemClock,
      sleep: async (_, stop) =>
        await new Promise((resolve, reject) => {
          renew = resolve;
          stop?.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
        }),
    };
    await using lock = new HeldLock({ site, layout, owner: 'mine', clock, isRoot: false });
    await lock.take(wish, await probe(site, wish, signal), signal);
    const held = lock.heldDuring(signal);
    const ended = new Promise<unknown>(resolve =>
      held.addEventListener('abort', () => resolve(held.reason), { once: true }),
    );
    const later = Math.round(Date.now() / 1000) + 1000;
    await writeFile(join(layout.lock, 'owner'), `theirs ${later}\n`);
    renew();
    expect(await ended).toMatchObject({ code: 'model.deploy-busy', details: { owner: 'theirs' } });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});
