import type { SettingsApi } from '../settings-contract.ts';
import type { Ask } from './client.ts';

/** The calls about settings over HTTP. */
export function settingsCalls(ask: Ask): SettingsApi {
  return {
    settings: surroundings => ask('POST', '/v1/settings/list', { surroundings }),
    changeSetting: (surroundings, name, value) =>
      ask('POST', '/v1/settings/change', { surroundings, name, value }),
  };
}
