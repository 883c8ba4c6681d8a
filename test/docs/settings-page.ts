import { choicesOf, formOf, SETTING_MEANINGS, writtenValue } from '../../src/settings/meanings.ts';
import { DEFAULTS, environmentName, SETTING_NAMES, type SettingName } from '../../src/settings/schema.ts';

/** The whole of docs/settings.md. */
export function settingsPage(): string {
  return [
    '# Which settings are there?',
    '',
    'Nearest wins: flag, environment, `deckhand.yaml` in this folder or the nearest one above, your own',
    '`$XDG_CONFIG_HOME/deckhand/deckhand.yaml`, default. `deckhand settings list` and the console say where each value came',
    'from; `deckhand settings set` and the console write into your own file, checked as the file is, comments kept. A project',
    'can make the policy and the budgets stricter than you have them, never looser. Written by `npm run docs`.',
    '',
    '| setting | default | values | environment | meaning |',
    '|---|---|---|---|---|',
    ...SETTING_NAMES.map(rowOf),
    '',
  ].join('\n');
}

function rowOf(name: SettingName): string {
  const value = writtenValue(name, DEFAULTS[name]);
  const text = typeof value === 'object' ? value.join(', ') : String(value);
  const values = choicesOf(name)?.join(', ') ?? formOf(name);
  const shown = text === '' ? 'none' : `\`${text}\``;
  return `| \`${name}\` | ${shown} | ${values} | \`${environmentName(name)}\` | ${SETTING_MEANINGS[name]} |`;
}
