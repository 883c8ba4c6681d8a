import type { SettingForm, SettingText, SettingView } from 'deckhand/client';
import { shellWord } from '../parts/words.ts';

/** A value as it is typed: lists one to a line. Pure. */
export function typedValue(value: SettingText): string {
  return typeof value === 'object' ? value.join('\n') : String(value);
}

/** What was typed, as the daemon takes it. */
export function givenValue(typed: string, { form }: SettingForm): SettingText {
  if (form !== 'list') return typed.trim();
  return typed
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

/** A value in one line. */
export function shownValue(value: SettingText): string {
  const text = typeof value === 'object' ? value.join(', ') : String(value);
  return text === '' ? '(empty)' : text;
}

const LAYERS: Readonly<Record<SettingView['layer'], string>> = {
  default: 'default',
  own: 'your file',
  project: 'project file',
  environment: 'environment',
  flag: 'flag',
};

export function layerText(layer: SettingView['layer']): string {
  return LAYERS[layer];
}

/** Why a value of one's own file does not hold; null = it holds, or there is none. */
export function overruledBy({ own, layer, source }: SettingView): string | null {
  return own === null || layer === 'own' ? null : source;
}

export function fitsSetting({ name, meaning, source }: SettingView, text: string): boolean {
  return `${name} ${meaning} ${source}`.toLowerCase().includes(text.trim().toLowerCase());
}

/** The command that sets it. */
export function commandOf(name: string, value: SettingText): string {
  const words = typeof value === 'object' ? value : [String(value)];
  return `deckhand settings set ${name} ${words.map(word => (word === '' ? "''" : shellWord(word))).join(' ')}`;
}
