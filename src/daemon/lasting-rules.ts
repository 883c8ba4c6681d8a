import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AllowRule } from '../api/policy-contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { addYamlItem } from '../core/yaml-edit.ts';
import { lastingRuleFault, lastingRuleName } from '../policy/lasting-rule.ts';
import { readRules } from '../policy/rule-schema.ts';
import { changeSetting } from '../settings/change-setting.ts';
import { replaceFile } from '../settings/write-settings.ts';

/** Beside the account's settings file, where the settings name no file of rules yet. */
const FILE_NAME = 'policy.yaml';
/** How often a change is begun anew because somebody else wrote the file meanwhile. */
const MOST_TRIES = 5;

/** Where rules of a person's are kept. */
export interface RulesPlace {
  /** The value of `policy.rules`; empty: none yet. */
  readonly named: string;
  /** The account's settings file. */
  readonly settingsFile: string;
}

/**
 * Adds rules to a person's file, all or none; a new file is named in the settings. The whole file is read as it will
 * be, with every example, before it is written.
 * @throws DeckhandError `input.invalid`, `policy.rules-invalid` (the file was broken before).
 */
export async function addLastingRules(
  { named, settingsFile }: RulesPlace,
  rules: readonly AllowRule[],
): Promise<{ readonly file: string; readonly names: readonly string[] }> {
  for (const rule of rules) {
    const fault = lastingRuleFault(rule);
    if (fault !== null) throw invalid(`${rule.command}: ${fault}.`);
  }
  if (named !== '') return { file: named, names: await writeRules(named, rules) };
  const file = join(dirname(settingsFile), FILE_NAME);
  if (await stat(file).catch(() => null))
    throw invalid(`${file} is there, but policy.rules does not name it: read it, then name it.`);
  const names = await writeRules(file, rules);
  try {
    await changeSetting(settingsFile, 'policy.rules', file);
  } catch (error) {
    // it would hold for nobody, and be in the way of the next
    await rm(file, { force: true });
    throw error;
  }
  return { file, names };
}

async function writeRules(file: string, rules: readonly AllowRule[]): Promise<readonly string[]> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const before = await readFile(file, 'utf8').catch(() => '');
    const { text, names } = withRules(before, file, rules);
    if (await replaceFile(file, text, before)) return names;
  }
  throw invalid(`${file} is being written by somebody else; try again.`);
}

function withRules(
  before: string,
  file: string,
  rules: readonly AllowRule[],
): { readonly text: string; readonly names: readonly string[] } {
  const taken = new Set(before.trim() === '' ? [] : readRules(before, file).map(({ name }) => name));
  const names: string[] = [];
  let text = before;
  for (const { command, hosts, why, upTo, example } of rules) {
    const name = lastingRuleName(command, taken);
    taken.add(name);
    names.push(name);
    const rule = {
      name,
      decision: 'allow',
      command,
      hosts: [...hosts],
      why,
      ...(upTo === 'unknown' && { upTo }),
      match: [example],
    };
    text = addYamlItem(text, file, ['rules'], rule, 'policy.rules-invalid');
  }
  try {
    readRules(text, file);
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    // the file was valid a moment ago, so what was asked for is at fault
    throw invalid(error.message.replace(/^.*?:\d+: /, ''));
  }
  return { text, names };
}

function invalid(text: string): DeckhandError {
  return new DeckhandError('input.invalid', text, { details: { field: 'rules' } });
}
