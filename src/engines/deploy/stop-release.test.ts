import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layoutOf, unitOf } from './layout.ts';
import { localSite } from './local-site.ts';
import { stopRelease } from './stop-release.ts';

/** A release that is a service of the account, and a service manager that says this of it. */
async function stopped(state: string): Promise<{ readonly error: unknown; readonly hasUnit: boolean }> {
  const home = await mkdtemp(join(tmpdir(), 'deckhand-stop-'));
  try {
    const layout = layoutOf(join(home, 'state'), 'tiny');
    const units = join(home, '.config/systemd/user');
    const unit = join(units, unitOf('tiny', 'abcdef12'));
    const tools = join(home, 'tools');
    for (const folder of [join(layout.releases, 'abcdef12'), units, tools])
      await mkdir(folder, { recursive: true });
    await writeFile(join(layout.releases, 'abcdef12/service'), 'user');
    await writeFile(unit, '');
    await writeFile(join(tools, 'systemctl'), `#!/bin/sh\n[ "$2" = is-active ] && echo ${state}; :\n`);
    await chmod(join(tools, 'systemctl'), 0o755);
    const site = localSite({ ...process.env, HOME: home, PATH: `${tools}:${process.env['PATH']}` });
    const signal = AbortSignal.timeout(60_000);
    const error = await stopRelease({ site, layout, name: 'tiny', isRoot: false, signal }, 'abcdef12').catch(
      (thrown: unknown) => thrown,
    );
    const hasUnit = await stat(unit).then(
      () => true,
      () => false,
    );
    return { error, hasUnit };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

it('says of a service that is stopped no such thing while its manager says it is active', async () => {
  const { error, hasUnit } = await stopped('active');
  expect(error).toMatchObject({ code: 'engine.failed', details: { release: 'abcdef12' } });
  expect(String(error)).toContain(`${unitOf('tiny', 'abcdef12')} still runs`);
  // it can be tried again
  expect(hasUnit).toBe(true);
  expect(await stopped('inactive')).toEqual({ error: undefined, hasUnit: false });
});
