import { z } from '@hono/zod-openapi';
import type { Surroundings } from '../../core/task.ts';
import type { NamedEntry, SettingForm, SettingsView, SettingView } from '../settings-contract.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const text = z.union([z.string().max(10_000), z.number(), z.array(z.string().max(4096)).max(1000)]);
const settingView = z
  .object({
    name: z.string(),
    meaning: z.string(),
    form: z.union([
      z.object({ form: z.enum(['duration', 'size', 'number', 'text', 'list']) }),
      z.object({ form: z.literal('choice'), choices: z.array(z.string()) }),
    ]) satisfies z.ZodType<SettingForm>,
    value: text,
    default: text,
    source: z.string().describe('default, environment DECKHAND_X, flag --x, or FILE:LINE'),
    layer: z.enum(['default', 'own', 'project', 'environment', 'flag']),
    own: text.nullable().describe('what the file says that is changed from here'),
    environment: z.string(),
  })
  .openapi('Setting') satisfies z.ZodType<SettingView>;
const entry = z.object({
  kind: z.enum(['host', 'group', 'model server', 'preset']),
  name: z.string(),
  source: z.string(),
}) satisfies z.ZodType<NamedEntry>;
const settingsView = z
  .object({
    file: z.string(),
    files: z.array(z.string()),
    settings: z.array(settingView),
    entries: z.array(entry),
  })
  .openapi('Settings') satisfies z.ZodType<SettingsView>;
const changeBody = z.strictObject({
  surroundings: requests.surroundings,
  name: z.string().min(1).max(100),
  value: text.nullable().describe('null: taken out of the file'),
});

/** Settings with their sources, and changing one of the account's own. */
export function registerSettingsRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'settings',
    method: 'post',
    path: '/v1/settings/list',
    summary: 'Every setting, its meaning, and where its value came from.',
    body: requests.surroundingsBody,
    answer: settingsView,
    carryOut: async ({ body, api }) => await api.settings(requests.exact<Surroundings>(body.surroundings)),
  });
  register(parts, {
    id: 'changeSetting',
    method: 'post',
    path: '/v1/settings/change',
    summary: "Writes one setting into the account's settings file, or takes it out; checked as the file is.",
    body: changeBody,
    answer: settingView,
    carryOut: async ({ body, api, context }) => {
      context.set('subject', body.value === null ? `${body.name} taken out` : body.name);
      return await api.changeSetting(requests.exact<Surroundings>(body.surroundings), body.name, body.value);
    },
  });
}
