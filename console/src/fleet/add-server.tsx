import { type FormEvent, type JSX, useState } from 'react';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { TextField } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import type { StateLook } from '../parts/states.ts';
import { plainText } from '../parts/words.ts';
import { QuestionForm } from './question-form.tsx';
import { readPasted } from './read-pasted.ts';
import { EMPTY_FORM, nameOf, type ServerForm, STEP_NAMES, type Step } from './server-form.ts';
import { useAdding } from './use-adding.ts';

const LOOKS: Readonly<Record<Step['state'], StateLook>> = {
  open: { word: '', glyph: '○', tone: 'quiet' },
  asking: { word: '', glyph: '▸', tone: 'busy' },
  ok: { word: 'ok', glyph: '✓', tone: 'good' },
  warn: { word: 'note', glyph: '!', tone: 'warn' },
  fail: { word: 'failed', glyph: '✗', tone: 'bad' },
};
const FIELDS = [
  ['address', 'address'],
  ['user', 'account (empty: as ssh would)'],
  ['port', 'port (empty: as ssh would)'],
  ['name', 'name'],
  ['groups', 'groups'],
  ['identityFile', 'key file on this machine (empty: as ssh would)'],
] as const;

/** A new server, step by step. What was typed stays, whatever fails. */
export function AddServer({
  groups,
  onAdded,
  onClose,
}: {
  readonly groups: readonly string[];
  readonly onAdded: (name: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [form, setForm] = useState<ServerForm>(EMPTY_FORM);
  const adding = useAdding(onAdded);
  const onPaste = (text: string): void => {
    const pasted = readPasted(text);
    if (pasted) setForm(old => ({ ...old, ...pasted, name: '' }));
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    adding.start(form);
  };
  return (
    <Overlay shape="drawer" title="Add server" onClose={onClose}>
      <form className="space-y-3" onSubmit={onSubmit}>
        <TextField
          autoFocus
          label="paste user@host, an ssh command, or what a provider shows"
          placeholder="ssh -p 2222 root@203.0.113.7"
          onChange={event => onPaste(event.target.value)}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          {FIELDS.map(([field, label]) => (
            <TextField
              key={field}
              name={field}
              label={
                field === 'groups' && groups.length > 0
                  ? `groups (${plainText(groups.join(', '), 80)})`
                  : label
              }
              required={field === 'address'}
              placeholder={field === 'name' ? nameOf(form) : ''}
              value={form[field]}
              onChange={event => setForm({ ...form, [field]: event.target.value })}
            />
          ))}
        </div>
        <Button type="submit" look="main" busy={adding.busy}>
          {adding.error ? 'Try again' : 'Connect'}
        </Button>
      </form>
      <ol aria-label="steps" aria-live="polite" className="my-4 space-y-1">
        {STEP_NAMES.map(name => {
          const step = adding.steps.get(name) ?? { name, state: 'open' as const, text: '' };
          return (
            <li key={name} data-step={name} data-step-state={step.state} className="flex gap-3">
              <Badge look={LOOKS[step.state]} />
              <span className="w-16">{name}</span>
              <span className="min-w-0 text-muted">{plainText(step.text, 200)}</span>
            </li>
          );
        })}
      </ol>
      {adding.question ? (
        <QuestionForm
          key={adding.question.question.id}
          question={adding.question.question}
          onAnswer={adding.question.answer}
        />
      ) : null}
      {adding.error ? <Fault error={adding.error} /> : null}
    </Overlay>
  );
}
