import { homedir } from 'node:os';
import { newId } from '../core/ids.ts';
import { loadSettings } from '../settings/load.ts';
import { DEFAULTS } from '../settings/schema.ts';
import { auditLogBeside } from './policy-gate.ts';

/**
 * Lets go of lines of the audit log that are older than the account's own settings keep them: `audit.keep`; a
 * project's settings have no say. Throws `audit.broken`.
 */
export async function retireAudit(
  storeFile: string,
  { now, who }: { now: number; who: string },
): Promise<void> {
  const home = homedir();
  const settings = await loadSettings({ folder: home, home, environment: process.env }).catch(() => null);
  // settings that cannot be read are told by whoever needs them
  const keep = settings?.values['audit.keep'] ?? DEFAULTS['audit.keep'];
  if (keep === 0) return;
  await auditLogBeside(storeFile)?.retire(now - keep, { time: now, who, requestId: newId('request', now) });
}
