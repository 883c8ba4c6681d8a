import { useEffect, useRef, useState } from 'react';
import {
  type Answer,
  type DeckhandError,
  type ErrorRecord,
  type Question,
  type TaskView,
  toDeckhandError,
} from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { askRun } from '../engine/ask-run.ts';
import {
  entryOf,
  nameOf,
  type ServerForm,
  type Step,
  type StepName,
  stepsOfStages,
  targetOf,
} from './server-form.ts';

export interface Adding {
  readonly steps: ReadonlyMap<StepName, Step>;
  readonly question: { readonly question: Question; readonly answer: (answer: Answer) => void } | null;
  readonly error: ErrorRecord | DeckhandError | null;
  readonly busy: boolean;
  readonly start: (form: ServerForm) => void;
}

/** Adds a server step by step: nothing is written down before it let us in. */
export function useAdding(onAdded: (name: string) => void): Adding {
  const [steps, setSteps] = useState<ReadonlyMap<StepName, Step>>(new Map());
  const [question, setQuestion] = useState<Adding['question']>(null);
  const [error, setError] = useState<Adding['error']>(null);
  const [busy, setBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);

  const set = (...changed: readonly Step[]): void =>
    setSteps(old => new Map([...old, ...changed.map(step => [step.name, step] as const)]));
  const ask = async (kind: string, host: string): Promise<TaskView | null> =>
    await askRun(
      { kind, hosts: host, params: {}, surroundings: HERE },
      {
        signal: leaving.current.signal,
        onQuestion: async asked =>
          await new Promise<Answer>(resolve => {
            setQuestion({
              question: asked,
              answer: given => {
                setQuestion(null);
                resolve(given);
              },
            });
          }),
        onClosed: id => setQuestion(old => (old?.question.id === id ? null : old)),
      },
    );

  const carryOut = async (form: ServerForm): Promise<void> => {
    // a key file can only be named for a host that is known
    const knownFirst =
      form.identityFile !== '' || (form.user === '' && form.port === '' && !/[.:]/.test(form.address));
    if (knownFirst) await api.addHost(HERE, entryOf(form));
    const host = knownFirst ? nameOf(form) : targetOf(form);
    set({ name: 'reach', state: 'asking', text: 'connecting' });
    const test = await ask('ssh.connect', host);
    set(...stepsOfStages(test?.result ?? null).values());
    if (test?.state !== 'succeeded') {
      setError(test?.error ?? null);
      return;
    }
    set({ name: 'sudo', state: 'asking', text: 'looking' });
    set(sudoOf(await ask('host.facts', host)));
    if (!knownFirst) await api.addHost(HERE, entryOf(form));
    set({ name: 'ready', state: 'ok', text: `known as ${nameOf(form)}` });
    await api.submit({ kind: 'ssh.connect', hosts: nameOf(form), params: {}, surroundings: HERE });
    await api.submit({
      kind: 'host.facts',
      hosts: nameOf(form),
      params: { refresh: true },
      surroundings: HERE,
    });
    onAdded(nameOf(form));
  };
  const start = (form: ServerForm): void => {
    setSteps(new Map());
    setError(null);
    setBusy(true);
    carryOut(form)
      .catch((thrown: unknown) => setError(toDeckhandError(thrown)))
      .finally(() => setBusy(false));
  };
  return { steps, question, error, busy, start };
}

function sudoOf(task: TaskView | null): Step {
  const facts = task?.result?.['facts'] as { readonly sudo?: string } | undefined;
  const sudo = facts?.sudo ?? 'unknown';
  if (sudo === 'root' || sudo === 'passwordless') return { name: 'sudo', state: 'ok', text: sudo };
  const text =
    sudo === 'password-or-none'
      ? 'it asks for a password: what needs root will ask you'
      : `${sudo}: what needs root will fail`;
  return { name: 'sudo', state: 'warn', text };
}
