import { homedir } from 'node:os';
import type { OpenConsole } from '../../api/access-contract.ts';
import type { Surroundings } from '../../core/task.ts';
import { loadSettings } from '../../settings/load.ts';

/** Where the account's own settings want the console, and that it stands at home; null = nowhere. */
export async function consoleOfSettings(): Promise<(OpenConsole & { surroundings: Surroundings }) | null> {
  const home = homedir();
  const settings = await loadSettings({ folder: home, home, environment: process.env }).catch(() => null);
  // settings that cannot be read are told by whoever needs them
  const place = placeOfText(settings?.values['console.listen'] ?? '');
  return place && { ...place, surroundings: { folder: home, overrides: {} } };
}

/** `8791`, `127.0.0.1:8791`, `[::1]:8791`; empty = null. */
export function placeOfText(text: string): OpenConsole | null {
  const found = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  if (!found) return null;
  const address = (found[1] ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  return { address, port: Number(found[2]) };
}
