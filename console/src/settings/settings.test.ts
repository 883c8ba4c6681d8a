import { expect, it } from 'vitest';
import type { SettingView } from 'deckhand/client';
import { commandOf, fitsSetting, givenValue, overruledBy, shownValue, typedValue } from './setting-text.ts';

const setting: SettingView = {
  name: 'runbooks',
  meaning: 'Further folders with runbooks.',
  form: { form: 'list' },
  value: ['/a', '/b c'],
  default: [],
  source: '/h/deckhand.yaml:3',
  layer: 'own',
  own: ['/a', '/b c'],
  environment: 'DECKHAND_RUNBOOKS',
};

it('lists are typed one to a line', () => {
  expect(typedValue(setting.value)).toBe('/a\n/b c');
  expect(givenValue(' /a\n\n/b c ', setting.form)).toEqual(['/a', '/b c']);
  expect(givenValue(' 30s ', { form: 'duration' })).toBe('30s');
  expect([shownValue([]), shownValue(5), shownValue(['x', 'y'])]).toEqual(['(empty)', '5', 'x, y']);
});

it('says what overrules the own file', () => {
  expect(overruledBy(setting)).toBeNull();
  const source = 'environment DECKHAND_RUNBOOKS';
  expect(overruledBy({ ...setting, layer: 'environment', source })).toBe(source);
  expect(overruledBy({ ...setting, layer: 'environment', own: null })).toBeNull();
});

it('is found by name, meaning and source, and has its command', () => {
  expect(['RUNB', 'folders', 'yaml:3', 'nothing'].map(text => fitsSetting(setting, text))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(commandOf('runbooks', setting.value)).toBe("deckhand settings set runbooks /a '/b c'");
  expect(commandOf('agent.model', '')).toBe("deckhand settings set agent.model ''");
});
