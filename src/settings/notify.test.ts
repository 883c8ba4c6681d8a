import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadNotifyRules, loadSettings } from './load.ts';
import { notifyRuleSchema } from './notify-schema.ts';
import { parseSettingsFile } from './settings-file.ts';

const RULE = 'notify:\n  - on: [run-failed]\n    webhook: {url: "https://example.org/x", secretFile: key}\n';

test('files are meant from where the settings are', () => {
  const { settings } = parseSettingsFile(RULE, '/etc/deckhand.yaml', '/home/me');
  expect(settings.notify?.[0]?.webhook?.secretFile).toBe('/etc/key');
});

test.each([
  [{ on: ['run-failed'] }, 'exactly one'],
  [{ on: [], log: '/x' }, 'on'],
  [{ on: ['everything'], log: '/x' }, 'on'],
  [{ on: ['run-failed'], log: '/x', webhook: { url: 'https://x', secretFile: 'k' } }, 'exactly one'],
  [{ on: ['run-failed'], webhook: { url: 'http://example.org', secretFile: 'k' } }, 'https'],
  [{ on: ['run-failed'], webhook: { url: 'file:///etc/passwd', secretFile: 'k' } }, 'https'],
  [{ on: ['run-failed'], webhook: { url: 'https://x' } }, 'secretFile'],
  [{ on: ['run-failed'], email: { smtp: 'smtp://x', from: 'a@b', to: 'a@b\r\nBcc: c@d' } }, 'to'],
])('%j is refused', (rule, word) => {
  const { error } = notifyRuleSchema.safeParse(rule);
  expect(JSON.stringify(error?.issues)).toContain(word);
});

test('a project may not have its address told of your work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-notify-settings-'));
  try {
    await writeFile(join(folder, 'deckhand.yaml'), RULE);
    const places = { folder, home: folder, environment: { XDG_CONFIG_HOME: join(folder, 'config') } };
    await expect(loadSettings(places)).rejects.toMatchObject({ code: 'settings.invalid' });
    expect(await loadNotifyRules(places)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
