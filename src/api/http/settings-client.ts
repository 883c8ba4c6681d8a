import type { PolicyApi } from '../policy-contract.ts';
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

/** The calls about rules of the policy over HTTP. */
export function policyCalls(ask: Ask): PolicyApi {
  return {
    policyRules: surroundings => ask('POST', '/v1/policy/rules', { surroundings }),
    addAllowRules: (surroundings, rules) => ask('POST', '/v1/policy/rules/add', { surroundings, rules }),
  };
}
