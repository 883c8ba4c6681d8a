import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { meaningHash } from '../policy/approval.ts';
import { decide, POLICY_MODES } from '../policy/decide.ts';
import { judgeCommand } from '../policy/judge.ts';
import { lastingRules } from '../policy/lasting-rule.ts';
import { readRules } from '../policy/rule-schema.ts';
import { loadSettings } from '../settings/load.ts';
import type { SettingValues } from '../settings/schema.ts';
import { readAuditLog } from '../store/audit-log.ts';
import { placesOf } from './places.ts';
import { loadRules } from './policy-gate.ts';

/** What the command line asks of the policy; nothing is run and no daemon is needed. */
export const policyTools = {
  /** What a command may do, and what each mode makes of it. */
  async explain(command: string, host: string, folder: string) {
    const { values } = await loadSettings({ folder, home: homedir(), environment: process.env });
    return await explain(command, host, values);
  },

  /** Reads rules and tries their examples. Throws `policy.rules-invalid`, `local.file-missing`. */
  async test(file: string, folder: string) {
    const path = resolve(folder, file);
    const text = await readFile(path, 'utf8').catch((error: Error) => {
      throw new DeckhandError('local.file-missing', `${path} cannot be read: ${error.message}`, {
        cause: error,
        details: { file: path },
      });
    });
    const rules = readRules(text, path);
    const examples = rules.reduce((sum, rule) => sum + rule.match.length + rule['not-match'].length, 0);
    return { file: path, rules: rules.map(({ name, decision, why }) => ({ name, decision, why })), examples };
  },

  /** The audit log, every line checked. Throws `audit.broken`. */
  async audit() {
    const { folder } = placesOf(process.env);
    return { folder, records: await readAuditLog(folder) };
  },
};

/** What a command may do on a host, and what each mode makes of it under these settings. */
export async function explain(command: string, host: string, values: SettingValues) {
  const book = await loadRules(values['policy.rules']);
  const verdict = judgeCommand(command);
  const decisions = POLICY_MODES.map(mode => ({ mode, ...decide(verdict, mode, [host], book) }));
  return {
    command,
    verdict,
    hash: meaningHash([host], command, verdict),
    mode: values['policy.mode'],
    decisions,
    always: lastingRules(verdict),
  };
}
