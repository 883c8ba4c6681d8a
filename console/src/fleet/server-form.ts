import { namesIn } from '../parts/words.ts';
import { nameFor } from './read-pasted.ts';

/** What somebody typed about a new server. Pure. */
export interface ServerForm {
  readonly name: string;
  readonly address: string;
  readonly user: string;
  readonly port: string;
  readonly identityFile: string;
  /** Names, separated by commas or spaces. */
  readonly groups: string;
}

export const EMPTY_FORM: ServerForm = {
  name: '',
  address: '',
  user: '',
  port: '',
  identityFile: '',
  groups: '',
};

export function nameOf(form: ServerForm): string {
  return form.name.trim() === '' ? nameFor(form.address.trim()) : form.name.trim();
}

/** The host before it is known: `user@address:port`. */
export function targetOf({ address, user, port }: ServerForm): string {
  const plain = address.includes(':') ? `[${address}]` : address;
  const place = port === '' ? plain : `${plain}:${port}`;
  // a name alone would have to be known
  return user === '' ? place : `${user}@${place}`;
}

/** As the settings keep it. */
export function entryOf(form: ServerForm): {
  name: string;
  address: string;
  user?: string;
  port?: number;
  identityFile?: string;
  groups?: string[];
} {
  const groups = namesIn(form.groups)
    .map(group => group.replace(/^@/, ''))
    .filter(Boolean);
  return {
    name: nameOf(form),
    address: form.address.trim(),
    ...(form.user !== '' && { user: form.user }),
    ...(form.port !== '' && { port: Number(form.port) }),
    ...(form.identityFile !== '' && { identityFile: form.identityFile }),
    ...(groups.length > 0 && { groups }),
  };
}

export type StepName = 'reach' | 'trust' | 'sign in' | 'shell' | 'sudo' | 'ready';
export interface Step {
  readonly name: StepName;
  readonly state: 'open' | 'asking' | 'ok' | 'fail' | 'warn';
  readonly text: string;
}
export const STEP_NAMES: readonly StepName[] = ['reach', 'trust', 'sign in', 'shell', 'sudo', 'ready'];

const STAGES: Readonly<Record<string, StepName>> = {
  reachable: 'reach',
  'host key': 'trust',
  authentication: 'sign in',
  shell: 'shell',
};

/** The verdict of each step from the stages of a connection test. */
export function stepsOfStages(result: Readonly<Record<string, unknown>> | null): ReadonlyMap<StepName, Step> {
  const steps = new Map<StepName, Step>();
  const stages = result?.['stages'];
  if (!Array.isArray(stages)) return steps;
  for (const { name, ok, text } of stages as readonly { name: string; ok: boolean; text: string }[]) {
    const step = STAGES[name];
    if (step) steps.set(step, { name: step, state: ok ? 'ok' : 'fail', text });
  }
  return steps;
}
