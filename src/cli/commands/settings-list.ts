import { buildCommand } from '@stricli/core';
import type { SettingText, SettingView } from '../../api/settings-contract.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { oneLine, table } from '../layout.ts';

/** `deckhand settings list`. */
export const settingsListCommand = buildCommand<CommonFlags, [], CliContext>({
  docs: {
    brief: 'List every setting, its value and where it came from',
    fullDescription: `Example:
  deckhand settings list`,
  },
  parameters: { flags: commonFlags, aliases: commonAliases },
  async func(flags) {
    await withEngine(this, flags, async ({ tasks, base, result }) => {
      const view = await tasks.settings(base.surroundings);
      result({ ...view }, () => `${table(view.settings.map(rowOf))}\n`);
      return 0;
    });
  },
});

function rowOf({ name, value, source, meaning }: SettingView): readonly string[] {
  return [name, oneLine(settingText(value)), oneLine(source), meaning];
}

/** A value on one line. */
export function settingText(value: SettingText): string {
  const text = typeof value === 'object' ? value.join(', ') : String(value);
  return text === '' ? '(empty)' : text;
}
