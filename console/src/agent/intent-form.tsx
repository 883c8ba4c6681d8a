import { type FormEvent, type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, TextField, Tick } from '../parts/field.tsx';
import { shellWord } from '../parts/words.ts';

const MODES = [
  ['', 'as the settings say'],
  ['read-only', 'look only'],
  ['ask', 'ask before every change'],
  ['auto', 'harmless changes unasked'],
  ['allow-list', 'only what rules allow'],
] as const;

/** What is wanted, where, and how far it may go by itself. */
export function IntentForm({
  intent: given,
  hosts: on,
  policy: under,
}: {
  readonly intent: string;
  readonly hosts: string;
  readonly policy: string;
}): JSX.Element {
  const [, navigate] = useLocation();
  const hosts = useAnswer('hosts', () => api.listHosts(HERE, null));
  const [intent, setIntent] = useState(given);
  const [where, setWhere] = useState(on);
  const [policy, setPolicy] = useState(MODES.some(([mode]) => mode === under) ? under : '');
  const [steps, setSteps] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const submit = async (mode: 'preview' | 'run'): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const params = {
        intent,
        mode,
        confirm: steps ? 'steps' : 'plan',
        ...(policy === '' ? {} : { policy }),
      };
      const { tasks } = await api.submit({ kind: 'agent.run', hosts: where, params, surroundings: HERE });
      const [task] = tasks;
      if (task) navigate(`/agent/${task.id}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit('run');
  };
  const ready = intent.trim() !== '' && where.trim() !== '';
  return (
    <form onSubmit={onSubmit} className="space-y-2 border-b border-line px-4 py-3">
      <label className="block">
        <span className="text-xs text-muted">what should be so</span>
        <textarea
          required
          rows={2}
          maxLength={10_000}
          value={intent}
          placeholder="install nginx and serve a page saying hello on port 8080"
          onChange={event => setIntent(event.target.value)}
          className="w-full rounded border border-line bg-ground px-2 py-1"
        />
      </label>
      <div className="flex flex-wrap items-end gap-3">
        <TextField
          label="on which servers"
          required
          list="known-hosts"
          placeholder="web-1, @web"
          value={where}
          onChange={event => setWhere(event.target.value)}
        />
        <datalist id="known-hosts">
          {(hosts.value ?? []).map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Choices
          label="what may run unasked"
          value={policy}
          options={MODES}
          onChange={event => setPolicy(event.target.value)}
        />
        <Tick label="stop before each step" checked={steps} onChange={setSteps} className="min-h-8" />
        <Button busy={busy} disabled={!ready} onClick={() => void submit('preview')}>
          Only plan
        </Button>
        <Button type="submit" look="main" busy={busy} disabled={!ready}>
          Plan and ask me
        </Button>
        <CopyButton
          label="copy as CLI"
          text={`deckhand ask --host ${shellWord(where)}${policy === '' ? '' : ` --mode ${policy}`} ${shellWord(intent)}`}
        />
      </div>
      {error ? <Fault error={error} /> : null}
    </form>
  );
}
