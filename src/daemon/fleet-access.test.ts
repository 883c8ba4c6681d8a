import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Fleets } from './fleet-access.ts';

it('what a person has just written holds for the very next thing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-fleet-'));
  const surroundings = { folder, overrides: {}, sshConfigFile: join(folder, 'ssh-config') };
  try {
    await using fleets = new Fleets();
    const modeNow = async (): Promise<string> =>
      (await fleets.at(surroundings)).settings.values['policy.mode'];
    expect(await modeNow()).toBe('off');
    await writeFile(join(folder, 'deckhand.yaml'), 'policy: { mode: ask }\n');
    expect(await modeNow()).toBe('ask');
    await writeFile(join(folder, 'deckhand.yaml'), 'policy: { mode: auto }\n');
    await writeFile(surroundings.sshConfigFile, 'Host fresh\n  HostName 127.0.0.1\n');
    expect(await modeNow()).toBe('auto');
    const { inventory } = await fleets.at(surroundings);
    expect(inventory.hosts.map(({ name }) => name)).toEqual(['fresh']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
