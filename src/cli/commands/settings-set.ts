import { buildCommand } from '@stricli/core';
import type { SettingView } from '../../api/settings-contract.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { settingText } from './settings-list.ts';

const name = { parse: String, brief: 'Its name: timeouts.connect', placeholder: 'NAME' };

/** `deckhand settings set NAME VALUE…`. */
export const settingsSetCommand = buildCommand<CommonFlags, [string, string, ...string[]], CliContext>({
  docs: {
    brief: 'Write a setting into your settings file',
    fullDescription: `Checked as the file is; comments stay. Lists take several values.

Example:
  deckhand settings set timeouts.connect 30s
  deckhand settings set runbooks ~/runbooks /srv/runbooks`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'Its name, and its value', placeholder: 'NAME VALUE' },
      minimum: 2,
    },
  },
  async func(flags, setting, first, ...others) {
    await withEngine(this, flags, async session => {
      const { settings } = await session.tasks.settings(session.base.surroundings);
      const isList = settings.find(each => each.name === setting)?.form.form === 'list';
      const value = isList || others.length > 0 ? [first, ...others] : first;
      return told(session, await session.tasks.changeSetting(session.base.surroundings, setting, value));
    });
  },
});

/** `deckhand settings unset NAME`. */
export const settingsUnsetCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Take a setting out of your settings file',
    fullDescription: `Example:
  deckhand settings unset timeouts.connect`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: { kind: 'tuple', parameters: [name] },
  },
  async func(flags, setting) {
    await withEngine(this, flags, async session =>
      told(session, await session.tasks.changeSetting(session.base.surroundings, setting, null)),
    );
  },
});

function told({ result }: Pick<EngineSession, 'result'>, view: SettingView): number {
  result({ ...view }, () => `${view.name} is ${settingText(view.value)} (${view.source})\n`);
  return 0;
}
